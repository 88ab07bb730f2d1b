#!/usr/bin/env bash
# Runs test programs and scripts, one after the other, and counts their cases.
#
#     test/run.sh PROGRAM-OR-SCRIPT...        from the repository root
#
# A program speaks cmocka's language. A script (*.sh, *.py) prints "ok - WHAT", "not ok - WHAT" or
# "ok - WHAT # SKIP WHY" for each of its cases. A program or script that ends otherwise than it says (killed, a
# leak found at exit, too long) counts as one more failure. Nothing stops at a failure; the last line is
# "N passed, N failed, N skipped".
set -u

LIMIT=1800 # seconds for one program or script
export UBSAN_OPTIONS="print_stacktrace=1${UBSAN_OPTIONS:+:$UBSAN_OPTIONS}"
export ASAN_OPTIONS="detect_leaks=1${ASAN_OPTIONS:+:$ASAN_OPTIONS}"

log=$(mktemp)
trap 'rm -f "$log"' EXIT
passed=0 failed=0 skipped=0
guilty=()

lines() { # how many lines of the log match
    grep -cE "$1" "$log"
}

# cmocka names a skipped case when it happens and again in its summary.
count_program() {
    local cases ok skip
    cases=$(awk '/^\[=+\] Running [0-9]+ test/ { sum += $3 } END { print sum + 0 }' "$log")
    ok=$(lines '^\[ *OK \]')
    skip=$(sed -n 's/^\[  SKIPPED \] \([A-Za-z0-9_]*\)$/\1/p' "$log" | sort -u | wc -l)
    echo "$ok $((cases - ok - skip)) $skip"
}

count_script() {
    local skip
    skip=$(lines '^ok - .* # SKIP')
    echo "$(($(lines '^ok - ') - skip)) $(lines '^not ok - ') $skip"
}

for test in "$@"; do
    printf '\n== %s\n' "$test"
    timeout -k 10 "$LIMIT" "$test" </dev/null 2>&1 | tee "$log"
    code=${PIPESTATUS[0]}
    case $test in
    *.sh | *.py) read -r good bad skip <<<"$(count_script)" ;;
    *) read -r good bad skip <<<"$(count_program)" ;;
    esac
    if [ "$bad" -eq 0 ] && { [ "$code" -ne 0 ] || [ $((good + skip)) -eq 0 ]; }; then
        echo "$test: ended with status $code after $good passed and $skip skipped cases"
        bad=1
    fi
    if [ "$bad" -ne 0 ]; then guilty+=("$test ($bad)"); fi
    passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + skip))
done

echo
if [ ${#guilty[@]} -ne 0 ]; then printf 'failed: %s\n' "${guilty[@]}"; fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ $((passed + skipped)) -ne 0 ]
