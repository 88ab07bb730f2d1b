#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Long runs: what a process takes must not grow with time, and what it answers must not change.
#
#     test/soak/soak.sh serve --minutes N --clients N [--seed N]
#     test/soak/soak.sh files [--count N] [--seed N]
#
# From the repository root; BUILD names the folder of the build. serve: `ftrain serve` under clients good, broken and hostile
# (serve.py). files: `ftrain predict` on many files (files.py); bench/scale.sh compares the memory of all commands on data sets of
# two sizes.
source test/support/support.sh

part=${1:-}
shift
case $part in
serve | files) ;;
*)
    sed -n '5,6s/^# *//p' "$0" >&2
    exit 2
    ;;
esac
if [ "$part" = serve ] && "$ftrain" info | grep -q '^server not available'; then
    echo "soak: ftrain was built without libmicrohttpd" >&2
    exit 2
fi
unset FTRAIN_TOKEN
dataset "$work/data" 4 40 160
"$ftrain" train "$work/data" -w random:1 --arch densenet121 --resize 36 --crop 32 --epochs 2 -q -o "$work/model.safetensors" \
    >"$stdout" 2>"$stderr" || { cat "$stderr" >&2 && exit 1; }
python3 "test/soak/$part.py" "$ftrain" "$work/model.safetensors" "$work" "$@"
