#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A signal is heard within moments in every phase of every command, nothing half-written is left, and a plain run
# afterwards gives what an undisturbed one gives.
#
#     test/cli/test_interrupt.sh [BUILD]        from the repository root
# shellcheck source=test/support/support.sh
source test/support/support.sh

data=$work/data
dataset "$data" 2 40 160
mkdir "$work/place"
cd "$work/place" || exit 1

large=(-w random:1 --arch densenet161 -q) # takes seconds to be drawn, measured and packed
small=(-w random:1 --arch densenet121 --resize 36 --crop 32 -q)
"$ftrain" train "$data" "${large[@]}" --resize 36 --crop 32 --epochs 1 -o "$work/model" >"$stdout" 2>"$stderr"
"$ftrain" extract "$data" "${small[@]}" -o "$work/good" >"$stdout" 2>"$stderr"

LIMIT=3 # seconds until a signal must have been heard, on a busy machine

# heard_after SECONDS MUST COMMAND...: one SIGINT; says what is wrong. MUST: whether the command must still be at work
heard_after() {
    local delay=$1 must=$2 begin code
    shift 2
    rm -rf "$work/cache" out*
    "$ftrain" "$@" >"$stdout" 2>"$stderr" </dev/null &
    local pid=$!
    sleep "$delay"
    kill -INT $pid 2>/dev/null
    begin=${EPOCHREALTIME/./}
    wait $pid
    code=$?
    if [ $((${EPOCHREALTIME/./} - begin)) -gt $((LIMIT * 1000000)) ]; then
        echo "after $delay s: heard only after $((${EPOCHREALTIME/./} - begin)) microseconds;"
    fi
    if [ $code -eq 0 ] && [ "$must" = no ]; then return; fi # a fast machine was done before
    [ $code -eq 130 ] || echo "after $delay s: exit code $code;"
    find "$work/place" "$work/cache" -name '.densenet-*' -o -name '.ftrain*' 2>/dev/null
}

# heard WHAT DELAYS COMMAND...
heard() {
    local what=$1 delays=$2 delay wrong='' must=yes
    shift 2
    for delay in $delays; do
        wrong+=$(heard_after "$delay" $must "$@")
        must=no
    done
    if [ -z "$wrong" ]; then ok "$what"; else
        echo "$wrong" >>"$stderr"
        not_ok "$what"
    fi
}

set -m # so that SIGINT is not ignored by what runs in the background
heard "train hears a signal while weights are drawn, measured and packed" '0.1 0.4 0.8 1.2' \
    train "$data" "${large[@]}" --cache "$work/cache" -o out
heard "extract, too" '0.2 0.6' extract "$data" "${large[@]}" --cache "$work/cache" -o out
heard "baseline, too" '0.2 0.6' baseline "$data" "${large[@]}" --cache "$work/cache" --report out.html
heard "audit, too" '0.6' audit "$data" "${large[@]}" --cache "$work/cache" --report out.html
heard "evaluate, too" '0.1 0.3' evaluate -m "$work/model" "$data" --cache "$work/cache" -q --report out.html
heard "predict, too" '0.1' predict -m "$work/model" "$data"
heard "explain, too" '0.1' explain -m "$work/model" "$data" -o outs
set +m

"$ftrain" extract "$data" "${small[@]}" -o out.small >"$stdout" 2>"$stderr"
same "a plain run afterwards gives what an undisturbed one gives" out.small "$work/good"

[ "$failures" -eq 0 ]
