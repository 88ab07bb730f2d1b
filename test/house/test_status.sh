#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The public headers make a compiler warn wherever the status of a call is dropped, and warn of nothing else.
#
#     CC=gcc test/house/test_status.sh         from the repository root
source test/support/support.sh

read -ra compiler <<<"${CC:-gcc}"

# compiles STANDARD CODE: the body of a function that may call `dn_status call(void)`.
compiles() {
    printf '#include "head/classifier/libdensenet.h"\ndn_status call(void);\nint f(void);\nint f(void) { %s }\n' "$2" |
        "${compiler[@]}" "-std=$1" -I. -Wall -Wextra -Wpedantic -Werror -fsyntax-only -x c - 2>&1
}
dropped_is_refused() {
    local told
    told=$(compiles "$@") && return 1
    [[ $told == *unused-result* ]]
}

for standard in c99 c11; do
    holds "a status that is used compiles without a warning, as $standard" \
        compiles "$standard" 'return call();'
    holds "a status that is dropped is a warning, as $standard" \
        dropped_is_refused "$standard" 'call(); return 0;'
done

[ "$failures" -eq 0 ]
