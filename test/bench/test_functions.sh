#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Which functions samples lie in, on made-up samples: bench/functions.py.
#
#     test/bench/test_functions.sh        from the repository root
command -v python3 >/dev/null || { echo "ok - samples are told by functions # SKIP python3 is missing"; exit 0; }
source test/support/support.sh
functions=$PWD/bench/functions.py
cd "$work" || exit 1
mkdir bin

# A bench with 400 samples in 100 ms a picture, and what addr2line says of its addresses: the innermost function first.
cat >bin/bench <<'END'
#!/bin/sh
echo "$*" >>asked
cp samples.json "$5"
END
cat >samples.json <<'END'
{"samples": [{"network": "densenet161", "batch": 16, "threads": 1, "seconds_an_image": 0.1, "elsewhere": 20,
              "addresses": [[16, 150], [17, 50], [32, 100], [48, 60], [64, 20]]}]}
END
cat >bin/addr2line <<'END'
#!/bin/sh
cat >addresses
cat <<TEXT
0x0000000000000010
micro_kernel
./layers/kernels/microkernel.h:50
multiply_ahead
./layers/kernels/conv1x1_strassen_tile.inc:80 (discriminator 3)
multiply_7
./layers/kernels/conv1x1_strassen_tile.inc:130
0x0000000000000011
micro_kernel
./layers/kernels/microkernel.h:51
multiply_7
./layers/kernels/conv3x3_winograd4_product.inc:40
0x0000000000000020
vec_load
./layers/kernels/vector.h:44
gather_row
./layers/kernels/conv1x1_strassen_gather.inc:90
convolve_tiles
./layers/kernels/conv1x1_strassen.inc:150
0x0000000000000030
dni_all_finite
./core/number.c:10
0x0000000000000040
??
??:0
TEXT
END
chmod +x bin/*
export PATH=$work/bin:$PATH

check "samples are counted by kernel and function" 0 'densenet161, batch 16, 1 thread: 100.00 ms an image, 400 samples' '' \
    python3 "$functions" bin/bench --network densenet161
# Of 400: 150 and 100 in Strassen's, 50 in Winograd's, 60, 20 and 20 elsewhere. 95 % of a share p of n: 1.96 sqrt(p (1 - p) / n).
equal "innermost in a kernel, helpers with whoever calls them" "$(tail -n +3 "$stdout" | tr -s ' ')" \
" conv1x1_strassen 62.50 ms 62.5 % (+-4.7)
 micro_kernel 37.50 ms 37.5 % (+-4.7)
 gather_row 25.00 ms 25.0 % (+-4.2)
 other 25.00 ms 25.0 % (+-4.2)
 dni_all_finite 15.00 ms 15.0 % (+-3.5)
 other libraries 5.00 ms 5.0 % (+-2.1)
 ?? 5.00 ms 5.0 % (+-2.1)
 conv3x3_winograd4 12.50 ms 12.5 % (+-3.2)
 micro_kernel 12.50 ms 12.5 % (+-3.2)"
equal "of the addresses that the bench gives" "$(paste -sd' ' addresses)" "0x10 0x11 0x20 0x30 0x40"
equal "which is asked for one thread" "$(sed 's| /[^ ]*| FILE|' asked)" \
    "--threads 1 --samples --json FILE --network densenet161 network"

echo '{"samples": [{"network": "densenet121", "batch": 1, "threads": 1, "seconds_an_image": 0.1, "elsewhere": 0, "addresses": []}]}' \
    >samples.json
check "no samples" 1 '' 'no samples of densenet121, batch 1' python3 "$functions" bin/bench
printf '#!/bin/sh\necho "bench: no" >&2\nexit 1\n' >bin/bench
check "a bench that fails" 1 '' 'bin/bench ended with status 1' python3 "$functions" bin/bench
check "no bench" 1 '' 'none: No such file' python3 "$functions" none
check "no program" 2 'functions.py PROGRAM' '' python3 "$functions"
[ "$failures" -eq 0 ]
