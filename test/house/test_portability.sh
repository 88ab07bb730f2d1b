#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Sources that use what not every system or processor has compile where it is missing: each of their
# conditions, such as `#ifdef MADV_POPULATE_WRITE`, is tried with the macro undefined.
#
#     CC=gcc test/house/test_portability.sh         from the repository root
source test/support/support.sh

read -ra compiler <<<"${CC:-gcc}"
read -ra flags < <(pkg-config --cflags openblas libturbojpeg jansson libzip libxxhash libcurl nettle | tr '\n' ' ')

# FILE MACRO for every condition on a macro that neither the house nor the compiler's name decides.
conditions() {
    find core layers io weights densenet head ftrain -name '*.c' -exec \
        grep -nE '^[[:space:]]*#[[:space:]]*(if|elif)' {} + |
        sed -E 's,/\*.*,,; s,__has_include\(<[^>]*>\),,' |
        grep -oE '^[^:]*|[A-Za-z_][A-Za-z0-9_]*' |
        awk '/\// { file = $0; next }
            !/^(if|ifdef|ifndef|elif|defined|DNI?_.*|__clang__|__GNUC__|__cplusplus)$/ { print file, $0 }' | sort -u
}

# The system's headers first, whole; then the file, as if they had not the macro.
compiles_without() { # FILE MACRO
    {
        echo '#define _GNU_SOURCE'
        grep -hE '^[[:space:]]*#[[:space:]]*include <' core/*.h layers/*.h "$1" | grep -v immintrin
        printf '#undef _GNU_SOURCE\n#undef %s\n#include "%s"\n' "$2" "$1"
    } | "${compiler[@]}" -std=c11 -I. "${flags[@]}" -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE -Wall -Wextra \
        -Werror -fsyntax-only -x c -
}

conditions >"$work/conditions"
while read -r file macro; do
    holds "$file compiles without $macro" compiles_without "$file" "$macro"
done <"$work/conditions"
holds "conditions are found" grep -q '^core/memory.c MADV_POPULATE_WRITE$' "$work/conditions"

[ "$failures" -eq 0 ]
