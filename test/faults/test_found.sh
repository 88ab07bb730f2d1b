#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What failing calls have found, each by the call that it hung on: no failure of the machine is taken for the input's or
# passed over, whatever it is that fails.
#
#     test/faults/test_found.sh        from the repository root; BUILD names the folder of the build
# shellcheck source=test/support/support.sh
source test/support/support.sh

faults=$build/test/faults/faults.so
if [ -n "${SANITIZE:-}" ]; then
    ok "what failing calls have found # SKIP not under sanitizers"
    exit 0
fi
cd "$work" || exit 1
dataset data 2 40 160
small=(--arch densenet121 --resize 36 --crop 32 -w random:1 -q --threads 1)

# failing CALL ERROR PATH FIRST COUNT COMMAND...: as FAULT_... of test/faults/faults.c
failing() {
    local chosen=(FAULT_CALLS="$1" FAULT_ERRNO="$2" FAULT_PATH="$3" FAULT_FIRST="$4" FAULT_COUNT="$5")
    shift 5
    timeout 60 env LD_PRELOAD="$faults" FAULT_SPARE=libjansson "${chosen[@]}" "$ftrain" "$@"
}

# ---- a call that fails is not an answer ----

holds "a decision" "$ftrain" review data --exclude train/dark/1.ppm
renamed=data/train/dark/renamed.ppm
mv data/train/dark/1.ppm $renamed
check "an excluded picture that was renamed stays out" 0 '' '1 picture left out' "$ftrain" extract data "${small[@]}" -o x.safetensors
k=1
while [ $k -lt 6 ]; do
    failing stat EIO $renamed $k 1 extract data "${small[@]}" -o y$k.safetensors >"$stdout" 2>"$stderr"
    code=$?
    case $code in
    0 | 1) if [ -e y$k.safetensors ]; then cmp -s x.safetensors y$k.safetensors || break; fi ;;
    5) ;;
    *) break ;;
    esac
    k=$((k + 1))
done
equal "and does not come back where a disk fails" $k 6
rm data/decisions.tsv
mv $renamed data/train/dark/1.ppm

check "a class folder that a drive does not show is no class that is missing" 5 '' '^ftrain: data/test/dark: .*Input/output error' \
    failing stat EIO data/test/dark 1 0 extract data "${small[@]}" -o z.safetensors
check "one that may not be listed is named" 3 '' 'a class without files; left out: data/test/dark: .*Permission denied' \
    failing opendir EACCES data/test/dark 1 0 extract data "${small[@]}" -o z.safetensors
check "and a split is no split that is missing" 5 '' '^ftrain: data/valid: .*Input/output error' \
    failing stat EIO data/valid 1 1 extract data "${small[@]}" -o z.safetensors
check "a file that cannot be compared with the result is not written over" 5 '' '^ftrain: x.safetensors: cannot be examined: ' \
    failing stat EIO x.safetensors 1 1 export x.safetensors other.csv
holds "a model" "$ftrain" train data "${small[@]}" --hidden 4 --epochs 1 -o m.safetensors
mkdir maps && echo mine >maps/1.png
check "a map that cannot be examined is not written over" 5 '' '^ftrain: maps/1.png: cannot be examined: ' \
    failing stat EIO maps/1.png 1 1 explain -m m.safetensors data/test/dark/1.ppm data/test/dark/2.ppm -o maps
equal "and is there" "$(cat maps/1.png)" mine

# ---- locks and names ----

check "a store whose journal cannot be examined is told, and not waited for" 5 '' 'journal: cannot open: Input/output error' \
    failing stat EIO z.safetensors.journal 2 0 extract data "${small[@]}" -o z.safetensors
check "so is a file of decisions" 5 '' 'decisions.tsv: cannot be locked: Input/output error' \
    failing stat EIO decisions.tsv 2 0 review data --exclude data/train/dark/1.ppm

# ---- what cannot be written is no fault of a picture's ----

check "prepare ends where it cannot write" 5 '' '^ftrain: .*1.jpg: cannot be written: Permission denied' \
    failing open EACCES .tmp/train/bright 1 1 prepare data -o prepared --side 32 -q --threads 1
equal "and leaves nothing" "$(ls -d prepared .ftrain* 2>/dev/null)" ''

# of a run that was killed; its folder cannot be looked through now, and the next place is taken
mkdir .ftrain-prepare-0.tmp
check "prepare goes on beside a folder that it cannot remove" 0 'wrote prepared' '' \
    failing stat ENOMEM prepare-0.tmp 1 1 prepare data -o prepared --side 32 -q --threads 1
equal "and leaves no lock" "$(ls -d .ftrain*lock 2>/dev/null)" ''
rm -r prepared .ftrain-prepare-0.tmp
check "a folder that cannot be examined when it is made" 5 '' 'prepare-0.tmp: cannot be examined: Cannot allocate memory' \
    failing stat ENOMEM prepare-0.tmp 2 1 prepare data -o prepared --side 32 -q --threads 1
equal "is removed" "$(ls -d prepared .ftrain* 2>/dev/null)" ''

# ---- memory that is missing while a picture is encoded ----

# each_malloc STEP COMMAND...: with 0 the files a and b are the same but for their times
each_malloc() {
    local step=$1 k code wrong='' mark=$work/mark
    shift
    for ((k = 1; ; k += step)); do
        rm -f out.* "$mark"
        FAULT_MARK=$mark failing malloc ENOMEM '' $k 1 "$@" >"$stdout" 2>"$stderr"
        code=$?
        [ -e "$mark" ] || break
        case $code in
        0) without_time out.[hp]* | cmp -s - good || wrong+=" $k: another file;" ;;
        5) [ "$(ls out.* .densenet* 2>/dev/null)" = '' ] || wrong+=" $k: something is left;" ;;
        *) wrong+=" $k: exit code $code;" ;;
        esac
    done
    echo "$((k > step))$wrong"
}
without_time() { sed -E 's/[0-9-]{10} [0-9:]{5} UTC//' "$@"; }

audit=(audit data -q --threads 1 --report out.html)
"$ftrain" "${audit[@]}" >"$stdout" 2>&1
without_time out.html >good
equal "audit's page has all its pictures, or is not written" "$(each_malloc 11 "${audit[@]}")" 1
explain=(explain -m m.safetensors data/test/dark/1.ppm -o out.png --size 32 --threads 1)
"$ftrain" "${explain[@]}" >"$stdout" 2>&1
cp out.png good
equal "a PNG file is whole, or there is none, and the process goes on" "$(each_malloc 499 "${explain[@]}")" 1

[ "$failures" -eq 0 ]
