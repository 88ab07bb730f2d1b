#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What grows with the number of pictures: memory and time of the commands on data sets of several sizes.
#
#   bench/scale.sh [--sizes 20000,200000] [--steps LIST] [--side N] [--work FOLDER]
#
# Makes data sets of small pictures (bench/small_pictures.py) and runs each step on each of them, with random weights of
# densenet121 at 32x32 pixels, so that as little as possible is the network's. Steps, in this order: split, extract,
# train (with the features of extract), retrain (the same again), evaluate, predict, audit; --steps names some of them,
# with commas; each needs those before it that it takes its input from. --work keeps data and results in that folder, and
# takes what is there already; without it they are in a temporary one, which is removed. 200,000 pictures take 3 GB.
#
# A row a step: for each size the peak of the resident memory in MB and the processor's milliseconds a picture (user and
# system), which other processes disturb less than the clock; then the last size's divided by the first's. Nothing should
# be far from 1.
#
# Variables: BUILD (build), PYTHON (/usr/bin/python3).
set -eu

BUILD=${BUILD:-build}
PYTHON=${PYTHON:-/usr/bin/python3}
sizes=20000,200000
steps=split,extract,train,retrain,evaluate,predict,audit
side=32
work=
while [ $# -gt 0 ]; do
    case $1 in
    --sizes) sizes=$2; shift 2 ;;
    --steps) steps=$2; shift 2 ;;
    --side) side=$2; shift 2 ;;
    --work) work=$2; shift 2 ;;
    *) echo "scale: $1: --sizes, --steps, --side and --work are the options" >&2; exit 2 ;;
    esac
done
if ! command -p time --version >/dev/null 2>&1; then
    echo "scale: GNU time is missing: the Debian package 'time' has it" >&2
    exit 2
fi
ftrain=$(realpath "$BUILD/ftrain/ftrain")
if [ "$work" ]; then
    mkdir -p "$work"
else
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
fi
small=(-w random:7 --arch densenet121 --resize 36 --crop 32 -q)
IFS=, read -ra size_list <<<"$sizes"
IFS=, read -ra step_list <<<"$steps"

# run STEP: on data in the working folder.
run() {
    case $1 in
    split) rm -rf divided && "$time" "$ftrain" split data/train -o divided -q ;;
    extract) rm -f f.safetensors && "$time" "$ftrain" extract data "${small[@]}" -o f.safetensors ;;
    train | retrain) "$time" "$ftrain" train data "${small[@]}" --features f.safetensors --epochs 5 -o m.safetensors ;;
    evaluate) "$time" "$ftrain" evaluate data -m m.safetensors --features f.safetensors -q ;;
    predict) "$time" "$ftrain" predict -m m.safetensors data/train data/valid data/test --format csv ;;
    audit) "$time" "$ftrain" audit data -q ;;
    *) echo "scale: '$1' is no step" >&2; exit 2 ;;
    esac
}

# measure SIZE STEP: a line "STEP SIZE MB MS".
measure() {
    local pictures=$1
    [ "$2" != split ] || pictures=$(($1 * 8 / 10)) # those of train
    if ! (cd "$work/$1" && export XDG_CACHE_HOME=$PWD/cache && run "$2") >"$work/$1/$2.out" 2>"$work/$1/$2.err"; then
        echo "scale: $2 of $1 pictures failed:" >&2
        tail -n 5 "$work/$1/$2.err" >&2
        exit 1
    fi
    awk -v step="$2" -v size="$1" -v n="$pictures" \
        '/^measured / { printf "%s %d %.1f %.3f\n", step, size, $2 / 1024, ($3 + $4) * 1000 / n }' "$work/$1/$2.err"
}

time=$work/measured
printf '#!/bin/sh\nexec time -f "measured %%M %%U %%S" "$@"\n' >"$time"
chmod +x "$time"
time=$(realpath "$time")
for size in "${size_list[@]}"; do
    mkdir -p "$work/$size"
    [ -e "$work/$size/made" ] || "$PYTHON" bench/small_pictures.py "$work/$size/data" "$size" --side "$side"
    touch "$work/$size/made"
    for step in "${step_list[@]}"; do measure "$size" "$step"; done
done >"$work/figures"

awk -v sizes="${size_list[*]}" -v steps="${step_list[*]}" '
    { mb[$1, $2] = $3; ms[$1, $2] = $4 }
    END {
        n = split(sizes, size, " "); m = split(steps, step, " ")
        printf "%-10s", "pictures"
        for (i = 1; i <= n; i++) printf "%10d MB %6s", size[i], "ms"
        printf "   MB ratio   ms ratio\n"
        for (k = 1; k <= m; k++) {
            printf "%-10s", step[k]
            for (i = 1; i <= n; i++) printf "%13.1f %6.2f", mb[step[k], size[i]], ms[step[k], size[i]]
            printf "%11.2f%11.2f\n", mb[step[k], size[n]] / mb[step[k], size[1]], ms[step[k], size[n]] / ms[step[k], size[1]]
        }
    }' "$work/figures"
