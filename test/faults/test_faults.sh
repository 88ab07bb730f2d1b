#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Where no call fails, faults.py does not say that all is well; and it leaves nothing where it is ended.
#
#     test/faults/test_faults.sh        from the repository root; BUILD names the folder of the build
source test/support/support.sh

if ! command -v python3 >/dev/null; then
    ok "what has not failed is told # SKIP python3 is missing"
    exit 0
fi
if [ -n "${SANITIZE:-}" ]; then
    ok "what has not failed is told # SKIP not under sanitizers"
    exit 0
fi
faults() { python3 test/faults/faults.py "$ftrain" "$build/test/faults/faults.so" --jobs 1 "$@"; }

check "a call that nobody knows" 1 '' "^faults: --calls: 'rite' is none of malloc, " faults --calls write,rite
check "a way to fail that nobody knows" 1 '' "^faults: --modes: 'none' is none of error, " faults --modes none
check "a command that nobody knows" 1 '' "^faults: --commands: 'inform' is none of info, " faults --commands inform --cases 1
check "a call that is not reached" 1 '^    no call has failed' '' faults --replay 'info write 9999 error EIO 1'
check "an error that the library does not know" 1 '^    no call was made to fail, and yet: exit status 99' '' \
    faults --replay 'info write 1 error ENOTHING 1'
check "a library that cannot be loaded" 1 '' 'none.so.* cannot be preloaded' \
    python3 test/faults/faults.py "$ftrain" "$work/none.so" --commands info --cases 1

# ---- what is ended leaves nothing ----

mkdir "$work/tmp"
TMPDIR=$work/tmp python3 test/faults/faults.py "$ftrain" "$build/test/faults/faults.so" --commands info >"$stdout" 2>"$stderr" &
until [ -n "$(ls "$work/tmp")" ] || ! kill -0 $!; do sleep 0.1; done
kill -TERM $!
wait $!
equal "a run that is ended removes its folder" "$? $(ls "$work/tmp")" "143 "

[ "$failures" -eq 0 ]
