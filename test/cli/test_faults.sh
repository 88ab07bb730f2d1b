#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A call of the system that fails while a picture is read (no descriptors, no memory, a disk error) is never taken for
# the picture's fault: it is tried again, or the run ends with 5 and keeps nothing.
#
#     test/cli/test_faults.sh [BUILD]        from the repository root
# shellcheck source=test/support/support.sh
source test/support/support.sh

faults=$build/test/faults/faults.so
if [ -n "${SANITIZE:-}" ] || [ ! -e "$faults" ]; then
    ok "failing calls of the system # SKIP not under sanitizers"
    exit 0
fi

data=$work/data mark=$work/mark
dataset "$data" 2 40 160
small=(--arch densenet121 --resize 36 --crop 32 -w random:1 -q)

# fail CALLS ERROR FIRST COUNT COMMAND...: runs it with these calls on the data set's pictures failing
fail() {
    local calls=$1 number=$2 first=$3 count=$4
    shift 4
    rm -f "$mark"
    timeout 120 env LD_PRELOAD="$faults" FAULT_CALLS="$calls" FAULT_ERRNO="$number" FAULT_PATH=.ppm FAULT_FIRST="$first" \
        FAULT_COUNT="$count" FAULT_MARK="$mark" "$@" >"$stdout" 2>"$stderr" </dev/null
}

has_failed() { [ -e "$mark" ]; } # whether any call of the last run was made to fail

holds "an undisturbed run" "$ftrain" extract "$data" "${small[@]}" --cache "$work/good" -o "$work/good.safetensors"
holds "an undisturbed training" "$ftrain" train "$data" "${small[@]}" --cache "$work/good" --epochs 2 -o "$work/good.model"

# ---- every open and every read, one after the other: calibration, hashing, decoding ----

# each_call CALL ERROR: the run ends with 5 and no statistics and no features file, or gives the same bytes
each_call() {
    local k code wrong='' tried=0
    for ((k = 1; ; k++)); do
        rm -rf "$work/cache" "$work/out.safetensors"
        fail "$1" "$2" "$k" 1 "$ftrain" extract "$data" "${small[@]}" --threads 1 --cache "$work/cache" \
            -o "$work/out.safetensors"
        code=$?
        has_failed || break
        tried=$k
        case $code in
        0) cmp -s "$work/out.safetensors" "$work/good.safetensors" || wrong+=" $k: other features;" ;;
        5)
            [ ! -e "$work/out.safetensors" ] || wrong+=" $k: features kept;"
            [ -s "$stderr" ] || wrong+=" $k: no message;"
            ;;
        *) wrong+=" $k: exit code $code;" ;;
        esac
        for file in "$work"/cache/statistics-*; do
            if [ -e "$file" ] && ! cmp -s "$file" "$work/good/${file##*/}"; then wrong+=" $k: other statistics;"; fi
        done
    done
    if [ "$tried" -gt 10 ] && [ -z "$wrong" ]; then ok "no $1 of a picture that fails once ($2) changes anything"; else
        echo "$tried calls failed;$wrong" >"$stdout"
        not_ok "no $1 of a picture that fails once ($2) changes anything"
    fi
}
each_call open EIO
each_call read ENOMEM

# ---- for good: every command ends with 5 ----

# ends_with_five WHAT CALL ERROR COMMAND...
ends_with_five() {
    local what=$1 call=$2 number=$3 words
    shift 3
    case $number in
    ENOMEM) words='out of memory' ;;
    EMFILE) words='Too many open files' ;;
    *) words='Input/output error' ;;
    esac
    fail "$call" "$number" 3 0 "$@"
    local code=$?
    if [ $code -eq 5 ] && grep -qE "$words" "$stderr" && ! grep -q '^ftrain: skipped' "$stderr"; then ok "$what"; else
        echo "exit code $code, expected 5" >>"$stderr"
        not_ok "$what"
    fi
}
for number in EMFILE EIO; do
    ends_with_five "train ends with 5 ($number)" open $number \
        "$ftrain" train "$data" "${small[@]}" --cache "$work/new-$number" --epochs 2 -o "$work/new.model"
done
equal "and writes no model" "$(ls "$work/new.model"* 2>/dev/null)" ''
ends_with_five "evaluate ends with 5" read ENOMEM "$ftrain" evaluate -m "$work/good.model" "$data" --cache "$work/e" -q
ends_with_five "predict ends with 5" read ENOMEM "$ftrain" predict -m "$work/good.model" "$data"
ends_with_five "explain ends with 5" open EIO "$ftrain" explain -m "$work/good.model" "$data"
ends_with_five "audit ends with 5" read ENOMEM "$ftrain" audit "$data" -q
ends_with_five "split ends with 5" open EIO "$ftrain" split "$data/train" -o "$work/split" --train 1 --valid 1 --test 0 -q
ends_with_five "baseline on pixels ends with 5" open EIO "$ftrain" baseline "$data" --only svm-pixels -q --crop 32 --resize 36
ends_with_five "baseline on metadata ends with 5" open EIO "$ftrain" baseline "$data" --only metadata -q

# ---- reads of the feature store, which training makes from its beginning to its end ----

# on_store K COUNT COMMAND...: with the K-th and following reads of the store failing
on_store() {
    local first=$1 count=$2
    shift 2
    rm -f "$mark"
    timeout 120 env LD_PRELOAD="$faults" FAULT_CALLS=read FAULT_ERRNO=EIO FAULT_PATH=-2.safetensors FAULT_FIRST="$first" \
        FAULT_COUNT="$count" FAULT_MARK="$mark" "$@" >"$stdout" 2>"$stderr" </dev/null
}
told_of_store() { grep -qE '^ftrain: .*-2\.safetensors(\.journal)?: .*Input/output error$' "$stderr"; }
on_stored=("$ftrain" train "$data" "${small[@]}" --cache "$work/good" --epochs 2)
wrong=''
for ((k = 1; ; k++)); do
    rm -f "$work/out.model"*
    on_store "$k" 1 "${on_stored[@]}" -o "$work/out.model"
    code=$?
    has_failed || break
    { [ $code -eq 5 ] && told_of_store && [ ! -e "$work/out.model" ]; } || wrong+=" $k: exit code $code;"
done
[ -z "$wrong" ] || cp "$stderr" "$stdout"
equal "every read of the store that fails ends training with 5, and its file is named" "$((k > 60 ? 1 : 0))$wrong" 1
same "with none that fails it is the same model" "$work/out.model" "$work/good.model"

# Near the end of the second of two epochs; the first is kept.
on_store $((k - 12)) 0 "${on_stored[@]}" -o "$work/out2.model" --checkpoint "$work/kept.checkpoint"
equal "a read that fails in an epoch" "$?$(told_of_store && echo ' told')" '5 told'
"${on_stored[@]}" -o "$work/out2.model" --checkpoint "$work/kept.checkpoint" --resume >"$stdout" 2>&1
same "loses that epoch alone, and --resume gives the same model" "$work/out2.model" "$work/good.model"
for what in evaluate baseline; do
    words=(-m "$work/good.model")
    [ $what = evaluate ] || words+=("${small[@]}" --only logistic)
    on_store 8 0 "$ftrain" $what "$data" "${words[@]}" -q --cache "$work/good"
    equal "$what tells it likewise" "$?$(has_failed && told_of_store && echo ' told')" '5 told'
done

# ---- JSON: whole or not at all, whatever allocation fails ----

"$ftrain" info --json >"$work/whole.json"
wrong=''
for ((k = 1; ; k += 23)); do
    { fail malloc ENOMEM $k 1 "$ftrain" info --json; } 2>/dev/null && ! cmp -s "$stdout" "$work/whole.json" && wrong+=" $k"
    has_failed || break
done
equal "no member is left out for lack of memory" "$((k > 1000 ? 1 : 0))$wrong" 1

# ---- for a moment ----

fail open,read EAGAIN 3 2 "$ftrain" predict -m "$work/good.model" "$data"
code=$?
cp "$stdout" "$work/after.txt"
equal "what passes after a moment is waited for" "$code" 0
"$ftrain" predict -m "$work/good.model" "$data" >"$work/good.txt"
same "and predicts the same" "$work/after.txt" "$work/good.txt"

[ "$failures" -eq 0 ]
