#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Runs test programs and scripts, as many at a time as there are cores, and counts their cases.
#
#     test/run.sh PROGRAM-OR-SCRIPT...        from the repository root; JOBS=N: so many at a time
#                                             RUN_WITH=COMMAND: programs are run by it, as by valgrind; scripts are not
#
# A program speaks cmocka's language. A script (*.sh, *.py) prints "ok - WHAT", "not ok - WHAT" or
# "ok - WHAT # SKIP WHY" for each of its cases. A program or script that ends otherwise than it says (killed, a
# leak found at exit, too long) counts as one more failure. What each has printed is shown whole, once it has
# ended. Nothing stops at a failure; the last line is "N passed, N failed, N skipped".
set -u
# Every job in a process group of its own: it is not born with SIGINT ignored, and can be killed with its children.
set -m

LIMIT=1800 # seconds for one program or script
JOBS=${JOBS:-$(getconf _NPROCESSORS_ONLN)}
export UBSAN_OPTIONS="print_stacktrace=1${UBSAN_OPTIONS:+:$UBSAN_OPTIONS}"
export ASAN_OPTIONS="detect_leaks=1${ASAN_OPTIONS:+:$ASAN_OPTIONS}"
# A child process may go on after threads were there. What is not reported, and what new memory holds: test/sanitizers/.
export TSAN_OPTIONS="die_after_fork=0:suppressions=$PWD/test/sanitizers/thread.supp${TSAN_OPTIONS:+:$TSAN_OPTIONS}"
export MSAN_OPTIONS="poison_in_malloc=0:poison_in_free=0${MSAN_OPTIONS:+:$MSAN_OPTIONS}"

work=$(mktemp -d)
passed=0 failed=0 skipped=0
guilty=()
running=() # indices into $@ of what has been started and not yet counted

stop() {
    local job
    for job in $(jobs -p); do kill -TERM -- "-$job" 2>/dev/null; done
    rm -rf "$work"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

lines() { # how many lines of the log match
    grep -cE "$2" "$1"
}

# cmocka names a skipped case when it happens and again in its summary.
count_program() {
    local cases ok skip
    cases=$(awk '/^\[=+\] Running [0-9]+ test/ { sum += $3 } END { print sum + 0 }' "$1")
    ok=$(lines "$1" '^\[ *OK \]')
    skip=$(sed -n 's/^\[  SKIPPED \] \([A-Za-z0-9_]*\)$/\1/p' "$1" | sort -u | wc -l)
    echo "$ok $((cases - ok - skip)) $skip"
}

count_script() {
    local skip
    skip=$(lines "$1" '^ok - .* # SKIP')
    echo "$(($(lines "$1" '^ok - ') - skip)) $(lines "$1" '^not ok - ') $skip"
}

# Its output, then its status and the seconds, by which the others see that it has ended. --foreground keeps it in the job's group.
run() { # INDEX TEST
    local code begin=$SECONDS command=("$2")
    case $2 in *.sh | *.py) ;; *) command=(${RUN_WITH:+"$RUN_WITH"} "$2") ;; esac
    timeout --foreground -k 10 "$LIMIT" "${command[@]}" </dev/null >"$work/$1.log" 2>&1
    code=$?
    echo "$code $((SECONDS - begin))" >"$work/$1.new" && mv "$work/$1.new" "$work/$1.status"
    if [ $code -eq 124 ]; then # what it has started ends, too, and may remove its folders before
        trap '' TERM
        kill -TERM -- "-$BASHPID"
        sleep 2
        kill -KILL -- "-$BASHPID"
    fi
}

count() { # INDEX TEST
    local log=$work/$1.log code took good bad skip
    read -r code took <"$work/$1.status"
    printf '\n== %s (%d s)\n' "$2" "$took"
    cat "$log"
    case $2 in
    *.sh | *.py) read -r good bad skip <<<"$(count_script "$log")" ;;
    *) read -r good bad skip <<<"$(count_program "$log")" ;;
    esac
    if [ "$bad" -eq 0 ] && { [ "$code" -ne 0 ] || [ $((good + skip)) -eq 0 ]; }; then
        echo "$2: ended with status $code after $good passed and $skip skipped cases"
        bad=1
    fi
    if [ "$bad" -ne 0 ]; then guilty+=("$2 ($bad)"); fi
    passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + skip))
}

# Counts all that have ended; waits for one where none has.
settle() {
    local index left=()
    wait -n 2>/dev/null
    for index in "${running[@]}"; do
        if [ -e "$work/$index.status" ]; then count "$index" "${!index}"; else left+=("$index"); fi
    done
    running=("${left[@]+"${left[@]}"}")
}

tests=("$@")
for ((i = 1; i <= ${#tests[@]}; i++)); do
    while [ ${#running[@]} -ge "$JOBS" ]; do settle "$@"; done
    run "$i" "${tests[i - 1]}" &
    running+=("$i")
done
while [ ${#running[@]} -gt 0 ]; do settle "$@"; done

echo
if [ ${#guilty[@]} -ne 0 ]; then printf 'failed: %s\n' "${guilty[@]}"; fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ $((passed + skipped)) -ne 0 ]
