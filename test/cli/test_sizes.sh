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

[ "$failures" -eq 0 ]
