#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The program under valgrind's memcheck, from pictures to a judgement, with the kernels that DN_ISA names.
#
#     test/sanitizers/memcheck_program.sh         from the repository root; BUILD names the folder of the build
tier=${DN_ISA-}
source test/support/support.sh
if [ -n "$tier" ]; then export DN_ISA=$tier; fi

memcheck=$(realpath test/sanitizers/memcheck.sh)
golden=$(realpath test/golden/io)
under() { "$memcheck" "$ftrain" "$@"; }
cd "$work" || exit 1
dataset data 2 40 160
small="-w random:1 --arch densenet121 --resize 36 --crop 32"
formats=("$golden"/orientation/large_6.jpg "$golden"/tiff/lzw.tif "$golden"/webp/lossy.webp)

check "it says what it is" 0 '^tier' '' under info
# shellcheck disable=SC2086 # several words
check "features are extracted" 0 '' 'random weights' under extract data $small --threads 2 -q -o features
# shellcheck disable=SC2086
check "a head is trained" 0 '^test accuracy' 'random weights' under train data $small --threads 2 --epochs 2 -q -o model
check "pictures of several formats are judged" 0 dark '' under predict -m model --threads 2 data/test/dark/1.ppm "${formats[@]}"
check "a broken one is named" 1 dark 'model: ' under predict -m model --json data/test/dark/1.ppm model
check "a judgement is explained" 0 '^data/test/dark/1.ppm' '' under explain -m model data/test/dark/1.ppm -o map.png
check "a model is evaluated" 0 accuracy '' under evaluate -m model data
check "a data set is audited" 0 '^Exact duplicates: 0' 'in [0-9.]+ s$' under audit data
check "weights are written for torch" 0 '^wrote out.pth' '' under export model out.pth
check "and read again" 0 '^out.safetensors: densenet121' 'left out 6 tensors' under convert out.pth out.safetensors

[ "$failures" -eq 0 ]
