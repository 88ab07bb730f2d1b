#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Runs fuzzers, as many at a time as there are cores, and says of each what it has done.
#
#     test/fuzz/fuzz.sh FUZZER...           from the repository root; MINUTES=N for each, JOBS=N at a time
#     test/fuzz/fuzz.sh --keep FUZZER...    writes test/fuzz/corpus/ anew: a share of the inputs that reach the most
#
# A fuzzer begins with test/fuzz/corpus/DOOR, the goldens of that kind, and what earlier runs have left in corpus/DOOR
# beside it. An input on which it ends is kept in found/, and is named; then the status is 1. Its place, once the fault
# is mended, is test/fuzz/corpus/DOOR/found-WHAT.
set -u

JOBS=${JOBS:-$(getconf _NPROCESSORS_ONLN)}
MINUTES=${MINUTES:-1}

# Bytes of an input, megabytes that the process may have and that one block may: what the door needs. Pictures
# of 2^18 pixels take 30 bytes each.
limits() { # DOOR
    case $1 in
    model) echo 20480 2000 64 ;;
    picture | facts) echo 16384 2000 64 ;;
    weights | npz) echo 8192 2000 64 ;;
    pickle | safetensors | store | checkpoint | journal | server_mhd) echo 4096 2000 64 ;;
    *) echo 1024 1000 16 ;;
    esac
}

goldens() { # DOOR
    case $1 in
    picture | facts) echo test/golden/io ;;
    weights) echo test/golden/weights test/golden/ftrain ;;
    pickle | safetensors) echo test/golden/weights ;;
    npz) echo test/golden/ftrain ;;
    model) echo test/golden/versions ;;
    esac
}

dictionary() { # DOOR
    local words=test/fuzz/${1/weights/pickle}.dict # what is to be reached in a .pth is its pickle
    if [ -e "$words" ]; then echo "-dict=$words"; fi
}

fuzz() { # FUZZER
    local door log code bytes memory block
    door=$(basename "$1")
    log=$work/$door.log
    read -r bytes memory block < <(limits "$door")
    mkdir -p "$place/corpus/$door" "$work/$door"
    # shellcheck disable=SC2046 # several words, or none
    TMPDIR=$work/$door "$1" -max_total_time="$seconds" -timeout=20 \
        -max_len="$bytes" -rss_limit_mb="$memory" -malloc_limit_mb="$block" -print_final_stats=1 \
        -artifact_prefix="$place/found/$door-" $(dictionary "$door") \
        "$place/corpus/$door" "test/fuzz/corpus/$door" $(goldens "$door") >"$log" 2>&1
    code=$?
    report "$door" "$log"
    if [ $code -ne 0 ]; then
        grep -aE 'ERROR|SUMMARY|runtime error|does not hold|Test unit written' "$log" >&2
        touch "$work/failed"
    fi
}

report() { # DOOR LOG
    awk -v door="$1" '
        / cov: / {
            for (i = 1; i < NF; i++) {
                if ($i == "cov:") edges = $(i + 1)
                if ($i == "corp:") corpus = $(i + 1)
            }
        }
        /number_of_executed_units/ { runs = $2 }
        /average_exec_per_sec/ { rate = $2 }
        /peak_rss_mb/ { memory = $2 }
        END { printf "%-12s %12d %8d %7d %14s %6d\n", door, runs, rate, edges, corpus, memory }' "$2" |
        tee -a "$work/rows"
}

# Bytes of the inputs of a door that are kept. The smallest model file has 8192 for its head alone.
budget() { # DOOR
    case $1 in
    model) echo 64000 ;;
    store) echo 30000 ;;
    *) echo 13000 ;;
    esac
}

# What reaches more than the goldens do; of that, where it is too much or too many, of each size the same share.
keep() { # FUZZER
    local door merged
    door=$(basename "$1")
    merged=$work/merged/$door
    mkdir -p "$work/$door" "$merged" "test/fuzz/corpus/$door" "$place/corpus/$door"
    # shellcheck disable=SC2046
    if [ -n "$(goldens "$door")" ]; then
        find $(goldens "$door") -type f | while read -r file; do cp "$file" "$merged/${file//\//-}"; done
    fi
    TMPDIR=$work/$door "$1" -merge=1 -timeout=20 "$merged" "test/fuzz/corpus/$door" "$place/corpus/$door" \
        >"$work/$door.log" 2>&1 || { cat "$work/$door.log" && return 1; }
    find "test/fuzz/corpus/$door" -type f ! -name 'found-*' ! -name 'seed-*' -delete # what was found or chosen stays
    find "$merged" -type f -regex '.*/[0-9a-f]*' -printf '%s %p\n' | sort -n |
        awk -v budget="$(budget "$door")" '
            { size[NR] = $1; path[NR] = $2; sum += $1 }
            END {
                part = sum > budget ? budget / sum : 1
                if (part * NR > 60) part = 60 / NR
                for (i = 1; i <= NR; i++) {
                    share += size[i] * part
                    if (taken + size[i] <= share + 0.5) { taken += size[i]; print path[i] }
                }
            }' | while read -r file; do cp "$file" "test/fuzz/corpus/$door/$(basename "$file" | cut -c1-12)"; done
    echo "$door: $(find "test/fuzz/corpus/$door" -type f | wc -l) inputs"
}

main() {
    local keep="" fuzzer
    if [ "${1:-}" = --keep ]; then keep=1 && shift; fi
    if [ $# -eq 0 ]; then
        sed -n '3,10s/^# \{0,1\}//p' "$0" >&2
        exit 2
    fi
    seconds=$(awk -v minutes="$MINUTES" 'BEGIN { if (minutes ~ /^[0-9]*[.]?[0-9]+$/) print int(60 * minutes) }')
    if [ "${seconds:-0}" -lt 1 ]; then # no limit is what libFuzzer takes 0 for
        echo "MINUTES: '$MINUTES' is no number of minutes" >&2
        exit 2
    fi
    place=$(dirname "$(dirname "$1")")
    mkdir -p "$place/found"
    work=$(mktemp -d -p "$([ -w /dev/shm ] && echo /dev/shm || echo "${TMPDIR:-/tmp}")")
    trap 'rm -rf "$work"' EXIT
    trap 'kill $(jobs -p) 2>/dev/null; exit 130' INT TERM
    export ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1
    if [ -z "$keep" ]; then
        printf '%-12s %12s %8s %7s %14s %6s\n' door executions 'per s' edges corpus MB
    fi
    for fuzzer in "$@"; do
        while [ "$(jobs -pr | wc -l)" -ge "$JOBS" ]; do wait -n; done
        if [ -n "$keep" ]; then keep "$fuzzer" & else fuzz "$fuzzer" & fi
    done
    wait
    if [ -z "$keep" ]; then awk '{ runs += $2 } END { printf "%-12s %12d\n", "all", runs }' "$work/rows"; fi
    [ ! -e "$work/failed" ]
}

main "$@"; exit # at once: the file may have been edited meanwhile
