#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What ftrain does at the sizes of docs/limits.md and just beyond them: it works up to a limit, and refuses what is beyond by
# the limit's number. Sets that are large for real are those of `make sizes`.
#
#     test/cli/test_sizes.sh        from the repository root; BUILD names the folder of the build
source test/support/support.sh

root=$PWD
cd "$work" || exit 1

# ---- classes: a head of so many outputs, which takes every picture for the first class ----

classes() { # COUNT: c00000,c00001,...
    seq -f 'c%05.0f' -s, 0 $(($1 - 1))
}

head_of() { # FILE COUNT
    python3 - "$@" <<'PYTHON'
import json, struct, sys
count = int(sys.argv[2])
header = {"weight": {"dtype": "F32", "shape": [count, 1024], "data_offsets": [0, 4096 * count]},
          "bias": {"dtype": "F32", "shape": [count], "data_offsets": [4096 * count, 4100 * count]}}
text = json.dumps(header).encode()
with open(sys.argv[1], "wb") as file:
    file.write(struct.pack("<Q", len(text)) + text)
    file.truncate(8 + len(text) + 4100 * count)
PYTHON
}

python3 "$root/test/support/zero_weights.py" zero.st || exit 1
model_of() { # COUNT
    head_of head.st "$1"
    "$ftrain" import head.st -w zero.st --resize 36 --crop 32 --classes "$(classes "$1")" -o "m$1.safetensors" >"$stdout" 2>"$stderr"
}
evaluate="$ftrain evaluate -w zero.st -q"
picture one.ppm 1 100
picture two.ppm 2 100
for class in $(classes 1001 | tr , ' '); do
    mkdir -p "pictures/$class"
    ln one.ppm "pictures/$class/1.ppm"
done
ln two.ppm pictures/c00007/2.ppm

holds "a model of 1000 classes" model_of 1000
mv pictures/c01000 .
check "whose confusion is a matrix" 0 '"confusion": \[\[1, 0, .*\], "reliability"' "" $evaluate -m m1000.safetensors pictures --json
mv c01000 pictures/
holds "a model of 1001 classes" model_of 1001
check "whose confusion is a list" 0 \
    '"confusion": null, "confused": \[\{"truth": "c00007", "class": "c00000", "count": 2\}, \{"truth": "c00001", "class": "c00000", "count": 1\},' \
    "" $evaluate -m m1001.safetensors pictures --json
check "as the text says" 0 '^the confusion matrix of 1001 classes is only in --json, as pairs; most often confused:$' "" \
    $evaluate -m m1001.safetensors pictures --report page.html
equal "and the page shows the first of it" "$(sed 's/<[^>]*>/ /g' page.html | grep . | grep -A 3 '^ *truth *predicted *pictures' | grep c000 | tr -s ' ')" \
    " c00007 c00000 2 
 c00001 c00000 1 "
check "predict tells the most probable classes" 0 '^pictures/c00003/1.ppm[[:space:]]+c00000 0.0010, c00001 0.0010$' "" \
    "$ftrain" predict -m m1001.safetensors -w zero.st --top 2 pictures/c00003/1.ppm

# ---- decisions ----

mkdir -p set/{train,valid,test}/{a,b}
for class in set/*/*; do ln one.ppm "$class/1.ppm"; done
printf 'path\txxh3\tbytes\tdecision\ttime\n' >header.tsv
{
    cat header.tsv
    head -c 8M /dev/zero | tr '\0' '\n'
} >set/decisions.tsv
# A place for each line end was made first, so that memory was said to be out.
in_little_memory() {
    (
        ulimit -v 500000
        "$@"
    )
}
if [ -n "${SANITIZE:-}" ]; then
    ok "decisions that are none # SKIP the sanitizers take terabytes of address space"
else
    check "lines that are no decisions are not taken for many" 3 "" "line 2: it has not the five columns" \
        in_little_memory "$ftrain" review set --list
fi
cp header.tsv set/decisions.tsv
truncate -s $(((1 << 30) + 1)) set/decisions.tsv
check "a file of decisions has a largest" 3 "" "1073741825 bytes are too large for a file of decisions; the limit is 1073741824" \
    "$ftrain" review set --list
rm set/decisions.tsv

# ---- files that are read into memory ----

truncate -s $(((1 << 30) + 1)) big.ppm
check "a picture's file has a largest" 1 "^big.ppm" "big.ppm: 1073741825 bytes are more than the 1073741824" "$ftrain" predict -m m1000.safetensors -w zero.st big.ppm

# ---- lists of paths ----

long_path() { head -c "$1" /dev/zero | tr '\0' a; }
listed() { # BYTES
    { long_path "$1" && echo; } | "$ftrain" predict -m m1000.safetensors -w zero.st -
}
check_list() { # WHAT CODE ERR BYTES
    listed "$4" >"$stdout" 2>"$stderr"
    local found=$?
    if [ "$found" -eq "$2" ] && matches "$3" "$stderr"; then ok "$1"; else not_ok "$1"; fi
}
check_list "a path of 65535 bytes is one that is not there" 1 "skipped: aaaaaaaaaaa" 65535
check_list "a longer one is refused" 1 "skipped: standard input: a path of more than 65535 bytes" 65536
seq -f 'missing/%06.0f.jpg' 0 9999 >names
"$ftrain" predict -m m1000.safetensors -w zero.st - <names >"$stdout" 2>"$stderr"
equal "each of many missing files is named once" "$(grep -c 'missing/[0-9]*.jpg: ' "$stderr")" 10000

# ---- options ----

check "threads" 2 "" "^ftrain: --threads: '1025' is not a whole number from 0 to 1024" "$ftrain" audit set --threads 1025
check "widths" 2 "" "at most 15 widths of 1 to 65536" "$ftrain" train set --hidden "$(seq -s, 16)" -o x.safetensors
check "a width" 2 "" "'65537' is not a whole number from 1 to 65536" "$ftrain" train set --hidden 65537 -o x.safetensors
check "combinations" 2 "" "more than 10000 combinations" "$ftrain" train set -o x.safetensors \
    --sweep "epochs=$(seq -s/ 50) batch=$(seq -s/ 50) warmup=$(seq -s/ 5)"
check "values of one option" 2 "" "more than 64 values of 'epochs" "$ftrain" train set -o x.safetensors --sweep "epochs=$(seq -s/ 65)"
check "perturbed views" 2 "" "--augment: .*more than 15 perturbations" "$ftrain" train set -o x.safetensors --augment "$(seq -f 'jpeg:%.0f' -s, 20 36)"
check "weights of classes" 2 "" "class-weights: a list of more than 1000 weights" "$ftrain" train set -o x.safetensors --class-weights "$(seq -s, 1001)"

[ "$failures" -eq 0 ]
