#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every function of the public headers stands in the test of what calls do with NULL pointers.
#
#     test/house/check_contract.sh         from the repository root
source test/support/support.sh

headers() { sed -n '/^PUBLIC_HEADERS := /,/[^\\]$/{s/^PUBLIC_HEADERS := //;s/\\$//;p}' Makefile; }

# The functions that the headers declare. Options by value and version have no pointer, but stand there, too.
functions() {
    # shellcheck disable=SC2046  # names of files without spaces
    grep -hv '^ \*' $(headers) | grep -o '\bdn_[a-z_]*(' | grep -v '_t(' | tr -d '(' | sort -u
}

not_tested() {
    local name missing=0
    for name in $(functions); do
        grep -q "\b$name(" test/classifier/test_contract.c && continue
        echo "test/classifier/test_contract.c: $name() is not there"
        missing=1
    done
    return $missing
}

holds "every public function is called with NULL pointers in the test of the contract" not_tested
[ "$(functions | wc -l)" -gt 70 ] || { echo "not ok - the public functions are found in the headers"; failures=1; }

[ "$failures" -eq 0 ]
