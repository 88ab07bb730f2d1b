#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What lies in a data set and cannot be a picture (links that lead nowhere, pipes, files that cannot be examined) is
# named, counted as skipped and left out, by every command.
#
#     test/cli/test_left_out.sh [BUILD]        from the repository root
# shellcheck source=test/support/support.sh
source test/support/support.sh

clean=$work/clean data=$work/data
dataset "$clean" 3 40 160
cp -r "$clean" "$data"
ln -s absent/picture "$data/train/dark/gone.ppm"
ln -s itself.ppm "$data/train/bright/itself.ppm"
ln -s .. "$data/train/bright/up"
mkfifo "$data/valid/dark/pipe.ppm"
ln -s /dev/zero "$data/test/bright/device.ppm"
names='gone.ppm itself.ppm bright/up pipe.ppm device.ppm'

small=(--arch densenet121 --resize 36 --crop 32 -w random:1 -q)
run() { timeout 120 "$ftrain" "$@"; }

# left_out WHAT NAMES COMMAND...: ends with 1, and names all of them
left_out() {
    local what=$1 wanted=$2 name
    shift 2
    run "$@" >"$stdout" 2>"$stderr" </dev/null
    local code=$? missing=
    for name in $wanted; do grep -q "^ftrain: skipped: .*$name" "$stderr" || missing+=" $name"; done
    if [ $code -eq 1 ] && [ -z "$missing" ]; then ok "$what"; else
        echo "exit code $code, not named:$missing" >>"$stderr"
        not_ok "$what"
    fi
}

left_out "extract leaves them out" "$names" extract "$data" "${small[@]}" -o "$work/a.safetensors"
holds "and finds the same as without them" run extract "$clean" "${small[@]}" -o "$work/b.safetensors"
same "to the byte" "$work/a.safetensors" "$work/b.safetensors"
left_out "train leaves them out" "$names" train "$data" "${small[@]}" --epochs 2 -o "$work/a.model"
left_out "evaluate leaves them out" device.ppm evaluate -m "$work/a.model" "$data" -q
left_out "audit leaves them out" "$names" audit "$data" -q
left_out "baseline leaves them out, and does not count them" "$names" baseline "$data" --only dummy -q
without_seconds() { sed -E '/^ftrain/d; s/ [0-9]+\.[0-9]+$//' "$@"; }
without_seconds "$stdout" >"$work/a.txt"
run baseline "$clean" --only dummy -q 2>/dev/null | without_seconds >"$work/b.txt"
same "baseline's rows are those without them" "$work/a.txt" "$work/b.txt"
left_out "split leaves them out" 'gone.ppm itself.ppm bright/up' split "$data/train" -o "$work/split" \
    --train 1 --valid 1 --test 1 -q
left_out "predict leaves them out" "$names" predict -m "$work/a.model" "$data"

for command in extract baseline; do
    output=()
    if [ $command = extract ]; then output=(-o "$work/c.safetensors"); fi
    check "$command --strict stops at the first" 3 '' 'itself.ppm' \
        run $command "$data" "${small[@]}" --strict "${output[@]}"
done
check "evaluate --strict stops at the first" 3 '' 'device.ppm' run evaluate -m "$work/a.model" "$data" -q --strict
check "split --strict stops at the first" 3 '' 'itself.ppm' \
    run split "$data/train" -o "$work/none" --train 1 --valid 1 --test 1 -q --strict

holds "a hidden broken link is ignored as other hidden names are" ln -s absent "$clean/train/dark/.hidden"
check "so that nothing is skipped" 0 '' 'random weights' run extract "$clean" "${small[@]}" -o "$work/b.safetensors"

# ---- a file that cannot be examined ----

faults=$build/test/faults/faults.so
if [ -n "${SANITIZE:-}" ] || [ ! -e "$faults" ]; then
    ok "a file that cannot be examined is left out # SKIP not under sanitizers"
else
    for number in EACCES EIO; do
        run() {
            timeout 120 env LD_PRELOAD="$faults" FAULT_CALLS=stat FAULT_PATH=test/dark/1.ppm FAULT_ERRNO=$number \
                FAULT_COUNT=0 "$ftrain" "$@"
        }
        left_out "a file that cannot be examined ($number) is left out" dark/1.ppm \
            extract "$clean" "${small[@]}" -o "$work/d.safetensors"
    done
fi

[ "$failures" -eq 0 ]
