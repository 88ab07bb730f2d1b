# SPDX-License-Identifier: MIT
# Pictures for the tests of the installed packages, in a folder of their own: bright ones and dark ones.
#
# shellcheck shell=sh disable=SC2034
set -eu
export LC_ALL=C
source=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME="$work/cache" HOME="$work"
unset DENSENET_WEIGHTS TORCH_HOME

picture() { # FILE SEED BRIGHTNESS: a binary PPM, 40x40, of noise
    {
        printf 'P6 40 40 255\n'
        awk -v seed="$2" -v base="$3" 'BEGIN { srand(seed); for (i = 0; i < 4800; i++) printf "%c", base + int(60 * rand()) }'
    } >"$1"
}

seed=0
for split in train valid test; do
    for class in bright dark; do
        mkdir -p "$work/data/$split/$class"
        base=190
        if [ $class = dark ]; then base=10; fi
        for i in 1 2 3 4 5 6; do
            seed=$((seed + 1))
            picture "$work/data/$split/$class/$i.ppm" "$seed" "$base"
        done
    done
done

train() { # writes $work/model.safetensors; weights that are drawn need no download
    ftrain train "$work/data" -w random:1 --arch densenet121 --epochs 20 -o "$work/model.safetensors"
}
says() { # PATTERN FILE
    if ! grep -qE -- "$1" "$2"; then
        echo "not found: $1, in:" >&2
        cat "$2" >&2
        exit 1
    fi
}
