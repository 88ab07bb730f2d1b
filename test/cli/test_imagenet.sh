#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# ftrain predict without a model: ImageNet's classes by a weights file. The file is a densenet121 of zeros, so that its
# logits are the bias of its classifier, whatever the picture.
#
#     test/cli/test_imagenet.sh        from the repository root; BUILD names the folder of the build
source test/support/support.sh

root=$PWD
cd "$work" || exit 1
picture dark.ppm 1 30
picture bright.ppm 2 160

check "random weights tell no classes of ImageNet" 2 "" \
    "-w random:1: random weights were not trained on ImageNet and cannot tell its classes" \
    "$ftrain" predict -w random:1 dark.ppm
check "a file that is missing is a model error" 4 "" "nowhere.pth: cannot be opened" \
    "$ftrain" predict -w nowhere.pth dark.ppm
check "without model and weights both are named" 2 "" "-m MODEL is missing; -w WEIGHTS without it tells ImageNet's classes" \
    "$ftrain" predict dark.ppm

if ! command -v python3 >/dev/null; then
    echo "ok - ImageNet's classes by a file # SKIP no python3"
    exit "$failures"
fi
# weights FILE [WITHOUT]: logits 3, 2, 1 for goldfish, tench and tabby, 0 for the others; or no classifier.
weights() { python3 "$root/test/support/zero_weights.py" "$@"; }
weights zeros.safetensors
weights bare.safetensors without
predict="$ftrain predict -w zeros.safetensors"

# exp(3), exp(2), exp(1) and 1 of a sum of 997 + 20.0855 + 7.3891 + 2.7183 = 1027.1929
row='goldfish 0\.0196, tench 0\.0072, tabby 0\.0026, great white shark 0\.0010, tiger shark 0\.0010$'
check "the five most probable classes are told with their names" 0 "^dark.ppm	$row" "" $predict dark.ppm
check "and of each picture" 0 "^bright.ppm	$row" "" $predict dark.ppm bright.ppm
check "--top says how many" 0 '^dark.ppm	goldfish 0\.0196, tench 0\.0072$' "" $predict --top 2 dark.ppm
check "--json tells them, too" 0 \
    '^\{"path": "dark.ppm", "class": "goldfish", "probabilities": \{"goldfish": 0\.0195[0-9]*, "tench": 0\.0071[0-9]*\}\}$' "" \
    $predict --top 2 --json dark.ppm
$predict --format csv dark.ppm >rows.csv 2>/dev/null
equal "CSV has a column for each of the 1000 classes" \
    "$(python3 -c 'import csv; print(*(len(row) for row in csv.reader(open("rows.csv"))))')" "1003 1003"
check "a class of ImageNet can be asked for" 0 goldfish "" $predict --exit-status goldfish dark.ppm
check "10 where it is another" 10 goldfish "" $predict --exit-status tabby dark.ppm
check "and one that it lacks is a usage error" 2 "" "--exit-status: 'cat' is not one of ImageNet's classes" \
    $predict --exit-status cat dark.ppm
check "a picture that is none has its row" 1 '^zeros.safetensors	error: ' "skipped: zeros.safetensors" \
    $predict zeros.safetensors dark.ppm
check "a file without the classifier is refused, the tensor named" 4 "" \
    "bare.safetensors: tensor 'classifier.weight' \(1000, 1024\) is missing: these weights of densenet121 came without" \
    "$ftrain" predict -w bare.safetensors dark.ppm

[ "$failures" -eq 0 ]
