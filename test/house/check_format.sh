#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# How the source is written: formatted by clang-format 14, lines of 110 columns at most, every file opened with what it
# is for, every header guarded by its own path's name.
#
#     test/house/check_format.sh                    from the repository root
set -u

failures=0
report() { # report WHAT FINDINGS: ok when there are none
    if [ -z "$2" ]; then
        echo "ok - $1"
    else
        printf '%s\n' "$2" | head -n 40
        echo "not ok - $1"
        failures=1
    fi
}

mapfile -t files < <(find core layers io weights densenet head ftrain bench test docs examples \
    -name '*.[ch]' -o -name '*.inc' -o -name '*.[ch]pp' | sort)

# Another version wraps lines in other places, so that only this one can tell.
if clang-format --version 2>/dev/null | grep -q 'version 14\.'; then
    report "clang-format would change nothing" \
        "$(clang-format --dry-run "${files[@]}" 2>&1 | grep -F 'warning:')"
else
    echo "ok - clang-format would change nothing # SKIP no clang-format 14"
fi

# Columns are characters: awk counts them so in a UTF-8 locale, and bytes elsewhere, which finds too much, never too little.
# Texts that users see stay whole, as they can then be searched for.
report "no line is longer than 110 columns, texts apart" \
    "$(LC_ALL=C.UTF-8 awk 'length($0) > 110 && !/"/ { print FILENAME ":" FNR ": " length($0) " columns" }' "${files[@]}")"

report "every file opens with what it is for" \
    "$(for file in "${files[@]}"; do
        grep -vm 1 SPDX-License "$file" | grep -qE '^(/\*|//) ' || echo "$file:1: does not begin with a comment"
    done)"

# DN_CORE_POOL_H or, in the program and the tests, FTRAIN_PAGE_HTML_H, TEST_SUPPORT_FILES_H.
guard_of() {
    local name=${1^^}
    name=${name//[\/.]/_}
    case $1 in ftrain/* | test/* | bench/*) echo "$name" ;; *) echo "DN_$name" ;; esac
}
report "every header's guard is its path" \
    "$(for file in "${files[@]}"; do
        [[ $file == *.h ]] || continue
        grep -qx "#ifndef $(guard_of "$file")" "$file" || echo "$file: expected #ifndef $(guard_of "$file")"
    done)"

report "no line ends in spaces" "$(grep -nE '[[:space:]]+$' "${files[@]}")"

exit $failures
