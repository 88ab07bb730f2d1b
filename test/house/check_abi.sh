#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What programs are compiled against is what is written down: prototypes, structs, enumerators and exported symbols.
#
#     BUILD=build CC=gcc test/house/check_abi.sh [--update]         from the repository root, after `make all`
#
# test/house/abi.txt is the list, debian/libdensenet0.symbols tells since which version each symbol is there. --update, or
# `make abi`, writes both anew from the headers.
source test/support/support.sh

read -ra compiler <<<"${CC:-gcc}"
list=test/house/abi.txt
soversion=$(sed -n 's/^SOVERSION := //p' Makefile)
version=$(sed -n 's/^#define DN_VERSION_[A-Z]* \([0-9]*\)$/\1/p' core/status.h | paste -sd. -)
symbols=debian/libdensenet$soversion.symbols

headers() { sed -n '/^PUBLIC_HEADERS := /,/[^\\]$/{s/^PUBLIC_HEADERS := //;s/\\$//;p}' Makefile; }

# Neither the system's headers nor a compiler's attributes are part of the list.
present() { # writes $work/present
    local header
    for header in $(headers); do sed '/^#include/d' "$header"; done >"$work/headers.h"
    "${compiler[@]}" -E -P -U__GNUC__ -U__clang__ -x c "$work/headers.h" | awk -f test/house/abi.awk >"$work/abi.c" &&
        "${compiler[@]}" -std=c11 -I. -o "$work/abi" "$work/abi.c" && "$work/abi" >"$work/present"
}
functions() { grep -oE '\bdn_[a-z0-9_]*\(' "$1" | tr -d '(' | sort -u; } # of a list

# A symbol that is in the file already keeps its version.
symbols_of() { # LIST: as dpkg-gensymbols has them
    echo "libdensenet.so.$soversion libdensenet$soversion #MINVER#"
    echo "* Build-Depends-Package: libdensenet-dev"
    { echo "LIBDENSENET_$soversion"; functions "$1"; } | LC_ALL=C sort | while read -r name; do
        since=$(sed -n "s/^ $name@LIBDENSENET_$soversion //p" "$symbols" 2>/dev/null)
        echo " $name@LIBDENSENET_$soversion ${since:-$version}"
    done
}

is_listed() {
    diff -u "$list" "$work/present" && return
    cat <<TELL
$list is not what the headers say.
New functions and enumerators, and new members at the end of a struct that begins with struct_size, need only \`make abi\`.
Whatever else is gone or changed, other than a parameter's name, breaks programs that are compiled already: unless the last
release had another SOVERSION, raise it in the Makefile; say in CHANGELOG.md what has changed; then \`make abi\`.
TELL
    return 1
}
symbols_are_listed() {
    symbols_of "$list" | diff -u "$symbols" - && return
    echo "$symbols is not of $list: \`make abi\` writes it"
    return 1
}
exports_are_listed() {
    nm -D --defined-only "$build/libdensenet.so.$version" | awk '$2 != "A" { print $3 }' | sort >"$work/exported"
    functions "$list" | sed "s/\$/@@LIBDENSENET_$soversion/" | sort | diff - "$work/exported"
}
finds_what_breaks() { # SED-SCRIPT: a list that is changed so differs
    sed "$1" "$work/present" >"$work/broken" && ! cmp -s "$work/broken" "$work/present" &&
        (list=$work/broken && ! is_listed)
}

if ! present 2>"$work/err"; then
    if [ -x "$work/abi" ] && ! "$work/abi" >"$work/out" 2>&1; then
        echo "ok - the binary interface # SKIP what ${compiler[0]} compiles does not run here"
        exit 0
    fi
    not_ok "the public headers can be read"
    exit 1
fi

if [ "${1:-}" = --update ]; then
    cp "$work/present" "$list"
    symbols_of "$list" >"$work/symbols"
    cp "$work/symbols" "$symbols"
    exit 0
fi

holds "the binary interface is the written one" is_listed
holds "a struct that grows is found" finds_what_breaks '/^struct dn_image:/s/[0-9]* bytes/16 bytes/'
holds "and so is a function that is gone" finds_what_breaks '/dn_classifier_load(/d'
holds "and so is an enumerator that has another value" finds_what_breaks 's/ 20 DN_ERR_MEMORY/ 21 DN_ERR_MEMORY/'
holds "Debian's list of symbols is of it" symbols_are_listed
if [ -n "${SANITIZE:-}" ] || ! nm -D --defined-only "$build/libdensenet.so.$version" >"$work/out" 2>&1; then
    echo "ok - the shared library exports what the headers declare # SKIP no ELF library for installing is built"
else
    holds "the shared library exports what the headers declare and no more" exports_are_listed
fi

[ "$failures" -eq 0 ]
