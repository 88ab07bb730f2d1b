#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The whole job on pictures of the project's own: make them, train a classifier, use it. `make demo` runs this.
# Everything is written below $BUILD/demo; a second run finds its features there and takes seconds.
set -eu

BUILD=${BUILD:-build}
ftrain=$BUILD/ftrain/ftrain
pictures=$BUILD/demo/pictures
model=$BUILD/demo/model.safetensors

# Whether ImageNet weights lie where ftrain looks by itself.
weights_are_there() {
    local cache=${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}
    local torch=${TORCH_HOME:-$cache/torch}
    [ -n "${DENSENET_WEIGHTS:-}" ] ||
        [ -n "$(find "$cache/densenet" "$torch/hub/checkpoints" -maxdepth 1 \
            \( -name 'densenet161*.pth' -o -name 'densenet161*.safetensors' \) 2>/dev/null)" ]
}

say() { printf '\n%s\n' "$*"; }
run() { # shows a command as one would type it, then runs it
    printf '$ %s\n' "$*"
    "$@"
}

say "1. Pictures: photograph-like ones, and ones as a generator network leaves them."
mkdir -p "$BUILD/demo"
rm -rf "$pictures"
run "$BUILD/docs/demo/samples" "$pictures" --seed 1 --count 120,30,40

if weights_are_there; then
    say "2. Training, with DenseNet-161's ImageNet weights."
    run "$ftrain" train "$pictures" -o "$model" --cache "$BUILD/demo/cache"
else
    say "2. Training, with random weights: the features are untrained; 'ftrain weights' fetches ImageNet's."
    run "$ftrain" train "$pictures" -w random:1 -o "$model" --cache "$BUILD/demo/cache"
fi

say "3. The classifier at work, on two pictures of the test split."
run "$ftrain" predict -m "$model" "$pictures/test/generated/000.jpg" "$pictures/test/photo/000.jpg"

say "Now with pictures of your own, in DATA/{train,valid,test}/CLASS/:"
echo "  $ftrain train DATA -o my-model.safetensors"
echo "  $ftrain predict -m my-model.safetensors PICTURE..."
