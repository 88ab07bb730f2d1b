#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Writes one small file of each kind that a version of ftrain writes, for later versions to read.
#
#     test/golden/versions/make.sh FTRAIN FOLDER        from the repository root; FTRAIN is that version's program
set -eu

ftrain=$(realpath "$1")
inputs=$(realpath "$(dirname "$0")")/inputs.py
mkdir -p "$2"
folder=$(realpath "$2")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME=$work/cache LC_ALL=C
unset DENSENET_WEIGHTS TORCH_HOME DN_ISA
python3 "$inputs" "$work"
cd "$work"
from=(data -w weights.safetensors --resize 32 --crop 32 -q)
training=(train "${from[@]}" --features features.safetensors --hidden 3)

"$ftrain" extract "${from[@]}" -o features.safetensors
# The journal of an extract that came no further than 24 KB.
(ulimit -f 24 -c 0 && ! "$ftrain" extract "${from[@]}" --threads 1 -o part.safetensors) 2>/dev/null || true
"$ftrain" "${training[@]}" --epochs 20 -o model.safetensors >/dev/null
"$ftrain" predict -m model.safetensors -w weights.safetensors --json data/test/*/1.ppm >predictions.json
files=(features.safetensors part.safetensors.journal model.safetensors predictions.json)

if "$ftrain" extract --help | grep -q -- --store; then
    "$ftrain" extract "${from[@]}" --store bf16 -o bf16.safetensors
    files+=(bf16.safetensors)
fi
if "$ftrain" train --help | grep -q -- --checkpoint; then # killed as soon as there is one
    "$ftrain" "${training[@]}" --epochs 300 -o other.safetensors --checkpoint training.checkpoint >/dev/null 2>&1 &
    until [ -e training.checkpoint ] || ! kill -0 $! 2>/dev/null; do :; done
    kill -9 $!
    wait $! 2>/dev/null || true
    files+=(training.checkpoint)
fi
if "$ftrain" review --help >/dev/null 2>&1; then
    "$ftrain" review data --exclude data/train/dark/1.ppm >/dev/null
    "$ftrain" review data --move dark data/train/bright/2.ppm >/dev/null
    "$ftrain" review data --keep data/test/dark/1.ppm >/dev/null
    mv data/decisions.tsv .
    files+=(decisions.tsv)
fi
cp "${files[@]}" "$folder"
