#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every source says its licence in a line of its own, in the form of SPDX, at its beginning.
#
#     test/house/check_licence.sh [--add]         from the repository root; --add, or `make format`, writes the missing lines
set -u

line='SPDX-License-Identifier: MIT'
# What is written by hand and can hold a comment. Documents, pictures and expected values are under LICENSE as well.
sources() {
    find bench core debian densenet docs examples ftrain head io layers package test weights -type f \
        \( -name '*.[ch]' -o -name '*.[ch]pp' -o -name '*.inc' -o -name '*.sh' -o -name '*.py' -o -name '*.awk' \
        -o -name '*.css' -o -name '*.js' -o -name '*.html' -o -name Makefile -o -path 'docs/completion/*' -o -path debian/rules \
        -o -path 'debian/tests/*' \)
    find Makefile ./*.in test/run.sh .ci/run .github -type f
}
without() { sources | sort -u | while read -r file; do head -n 3 "$file" | grep -qF "$line" || echo "$file"; done; }

add() { # FILE: as its first line, or behind one that must be the first
    local text="# $line" after=0
    case $1 in
    *.[ch] | *.[ch]pp | *.inc | *.css) text="/* $line */" ;;
    *.js) text="// $line" ;;
    *.html) text="<!-- $line -->" ;;
    esac
    if head -n 1 "$1" | grep -qE '^(#!|#compdef|<!DOCTYPE|<!doctype)'; then after=1; fi
    { head -n $after "$1"; printf '%s\n' "$text"; tail -n +$((after + 1)) "$1"; } >"$1.licensed" && cat "$1.licensed" >"$1"
    rm -f "$1.licensed"
}

if [ "${1:-}" = --add ]; then
    without | while read -r file; do add "$file"; done
    exit
fi
missing=$(without)
if [ -z "$missing" ]; then
    echo "ok - every source says its licence"
else
    printf '%s\n' "$missing" | head -n 40
    echo "\`make format\` adds the line \"$line\""
    echo "not ok - every source says its licence"
    exit 1
fi
