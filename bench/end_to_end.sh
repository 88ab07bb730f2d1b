#!/bin/bash
# SPDX-License-Identifier: MIT
# The capstone's job by ftrain and by plain PyTorch: same pictures, same weights, both in this one run.
#
#   bench/end_to_end.sh [--data DATA] [--quick] [options of bench/capstone.py]
#
# DATA holds {train,valid,test}/<class>/; the default is the shared faces where they are. --quick takes 16
# pictures of each class and split. Times are wall-clock seconds of whole processes. ftrain runs twice: with an
# empty cache, and again with the features that the first run stored. Both use all cores (PyTorch is told so: its
# own guess is one thread on some virtual machines).
#
# Variables: BUILD (build), PYTHON (/usr/bin/python3), DN_SHARED (../shared).
set -eu

BUILD=${BUILD:-build}
PYTHON=${PYTHON:-/usr/bin/python3}
data=${DN_SHARED:-../shared}/data/faces
quick=
options=()
while [ $# -gt 0 ]; do
    case $1 in
    --data) data=$2; shift 2 ;;
    --quick) quick=1; shift ;;
    *) options+=("$1"); shift ;;
    esac
done
if [ ! -d "$data/train" ]; then
    echo "end_to_end: $data has no train folder: name a data set with --data" >&2
    exit 2
fi

weights=$BUILD/peers/weights.safetensors
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# ftrain keeps its features below this; it is empty, whatever ran before.
export XDG_CACHE_HOME=$work/cache
mkdir "$XDG_CACHE_HOME"

# The first 16 pictures of each class and split, as links.
if [ "$quick" ]; then
    for class in "$data"/*/*/; do
        class=${class%/}
        goal=$work/data/${class#"$data"/}
        mkdir -p "$goal"
        find -L "$(realpath "$class")" -maxdepth 1 -type f | sort | head -n 16 | xargs -I{} ln -s {} "$goal"
    done
    data=$work/data
fi

# seconds NAME COMMAND...: runs it, its output to files of that name, and prints wall-clock seconds.
seconds() {
    local name=$1 begin=$EPOCHREALTIME
    shift
    if ! "$@" >"$work/$name.out" 2>"$work/$name.err"; then
        echo "end_to_end: $name failed: $*" >&2
        tail -n 20 "$work/$name.err" >&2
        exit 1
    fi
    echo "$begin $EPOCHREALTIME" | awk '{ printf "%.2f", $2 - $1 }'
}

# The page cache holds pictures and weights for all alike.
cat "$weights" "$data"/*/*/* >/dev/null

ftrain=("$BUILD/ftrain/ftrain" train "$data" -w "$weights" --recipe capstone -o "$work/model.safetensors")
first=$(seconds first "${ftrain[@]}")
second=$(seconds second "${ftrain[@]}")
torch=$(seconds torch "$PYTHON" bench/capstone.py --data "$data" --weights "$weights" --threads "$(nproc)" \
    ${options+"${options[@]}"})

echo "The capstone's job on $data"
echo "$first $second $torch" | awk '{
    printf "  ftrain, empty cache       %8.2f s\n", $1
    printf "  ftrain, stored features   %8.2f s\n", $2
    printf "  plain PyTorch             %8.2f s\n", $3
    printf "  PyTorch / ftrain          %8.2f (first run)  %.1f (second run)\n", $3 / $1, $3 / $2
}'
echo "  test accuracy: PyTorch $(sed 's/.*"test_accuracy": \([0-9.]*\).*/\1/' "$work/torch.out"), ftrain says:"
sed 's/^/    /' "$work/first.out"
printf '{"data": "%s", "ftrain_first": %s, "ftrain_second": %s, "pytorch": %s}\n' \
    "$data" "$first" "$second" "$torch" >"$BUILD/bench-capstone.json"
