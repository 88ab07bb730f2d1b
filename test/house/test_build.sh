#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The Makefile builds for the machine that the compiler compiles for, with the caller's flags last, hardened, and the same
# bytes in any folder.
#
#     BUILD=build CC=gcc test/house/test_build.sh         from the repository root, after `make all`
source test/support/support.sh

CC=${CC:-gcc}
read -ra compiler <<<"$CC"
unset MAKEFLAGS MFLAGS MAKELEVEL CFLAGS CPPFLAGS LDFLAGS WERROR HARDEN # what is above this make is not its business
steps() { make --no-print-directory -n V=1 BUILD="$work/none" CC="$CC" "$@"; }

# ---- another machine ----

# A compiler that says that it compiles for another machine.
compiler_for() { # MACHINE
    printf '#!/bin/sh\nif [ "$*" = -dumpmachine ]; then echo %s; else exec %s "$@"; fi\n' "$1" "$CC" >"$work/$1-cc"
    chmod +x "$work/$1-cc"
}
kernels_of() { # MACHINE PATTERN: how many of the steps that compile the library match
    compiler_for "$1"
    steps CC="$work/$1-cc" "$work/none/libdensenet.a" "$work/none/bench/bench" >"$work/steps" || return
    grep -q 'core/rng\.c' "$work/steps" || return
    grep ' -c ' "$work/steps" | grep -cE -- "$2"
}
equal "no x86 kernel is compiled for aarch64" "$(kernels_of aarch64-linux-gnu '-mavx|_avx')" 0
equal "nor for riscv64" "$(kernels_of riscv64-linux-gnu '-mavx|_avx')" 0
holds "but for x86-64, by either of its names" \
    test "$(kernels_of x86_64-linux-gnu '-mavx|_avx')" -gt 5 -a "$(kernels_of amd64-unknown-openbsd '-mavx|_avx')" -gt 5
holds "those for NEON are compiled for aarch64, by either of its names" \
    test "$(kernels_of aarch64-linux-gnu '_neon\.c')" -gt 4 -a "$(kernels_of arm64-apple-darwin22 '_neon\.c')" -gt 4
equal "and for nothing else" "$(kernels_of x86_64-linux-gnu _neon)$(kernels_of riscv64-linux-gnu _neon)" 00

uses_caller_s_pkg_config() {
    printf '#!/bin/sh\necho -DASKED_ANOTHER\n' >"$work/pkg-config"
    chmod +x "$work/pkg-config"
    steps PKG_CONFIG="$work/pkg-config" "$work/none/core/rng.o" | grep -q -- -DASKED_ANOTHER
}
holds "pkg-config is the caller's" uses_caller_s_pkg_config

apple_s_linker_is_understood() {
    compiler_for arm64-apple-darwin22
    steps CC="$work/arm64-apple-darwin22-cc" "$work/none/libdensenet.so.$(version)" >"$work/steps" &&
        grep -q -- '-install_name' "$work/steps" && ! grep -qE -- '-soname|--no-undefined|-Wl,-z|ar rcsD' "$work/steps"
}
version() { sed -n 's/^#define DN_VERSION_[A-Z]* \([0-9]*\)$/\1/p' core/status.h | paste -sd. -; }
holds "Apple's linker gets the options that it knows" apple_s_linker_is_understood

# A 32-bit system's headers need a list of their own, which a 64-bit one has not: an empty one is as good here.
refuses_32_bits() {
    mkdir -p "$work/include/gnu"
    : >"$work/include/gnu/stubs-32.h"
    ! "${compiler[@]}" -m32 -std=c11 -I. -I"$work/include" -isystem "/usr/include/$("${compiler[@]}" -dumpmachine)" -D_DEFAULT_SOURCE -fsyntax-only core/memory.c 2>"$work/message" &&
        grep -q 'needs a 64-bit system' "$work/message"
}
if echo 'int x;' | "${compiler[@]}" -m32 -fsyntax-only -x c - 2>/dev/null; then
    holds "a 32-bit system is refused by name" refuses_32_bits
else
    echo "ok - a 32-bit system is refused by name # SKIP the compiler compiles for no such system"
fi

refuses_most_byte_first() {
    ! "${compiler[@]}" -w -U__BYTE_ORDER__ -D__BYTE_ORDER__=__ORDER_BIG_ENDIAN__ -std=c11 -I. -D_DEFAULT_SOURCE -fsyntax-only \
        core/memory.c 2>"$work/message" && grep -q 'needs a system that stores the least byte first' "$work/message"
}
holds "a system that stores the most byte first is refused by name" refuses_most_byte_first

# ---- the caller's flags ----

last_of() { # PATTERN STEPS...: the last word of the compiler's line that matches
    local pattern=$1
    shift
    steps "$@" | grep -- ' -c ' | tr ' ' '\n' | grep -xE -- "$pattern" | tail -1
}
equal "a caller's CFLAGS win" "$(last_of '-O.' CFLAGS=-O1 "$work/none/core/rng.o")" -O1
equal "also those of the environment" "$(CFLAGS=-O1 last_of '-O.' "$work/none/core/rng.o")" -O1
equal "a caller's CPPFLAGS win" \
    "$(last_of '-D_FORTIFY_SOURCE=.' CPPFLAGS='-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=1' "$work/none/core/rng.o")" -D_FORTIFY_SOURCE=1
holds "a kernel has its instructions whatever the CFLAGS" \
    test "$(CFLAGS=-mno-avx2 last_of '-m(no-)?avx2' CC="$work/x86_64-linux-gnu-cc" "$work/none/layers/kernels/conv2d_blocked_avx2.o")" = -mavx2
equal "without an optimizer nothing is fortified, since that would be a warning for each file" \
    "$(last_of '-D_FORTIFY_SOURCE=.' CFLAGS=-O0 "$work/none/core/rng.o")" ""
equal "warnings stop no user's build" "$(last_of '-Werror' "$work/none/core/rng.o")" ""
equal "but that of who asks for it" "$(last_of '-Werror' WERROR=-Werror "$work/none/core/rng.o")" -Werror
equal "make test asks for it" "$(last_of '-Werror' TESTS=core test)" -Werror
equal "unless the caller wants none" "$(last_of '-Werror' TESTS=core WERROR= test)" ""

# ---- hardening ----

is_hardened() { # FILE
    readelf -lW "$1" | grep -q GNU_RELRO && readelf -dW "$1" | grep -qE 'BIND_NOW|FLAGS_1.*NOW' &&
        readelf -lW "$1" | awk '/GNU_STACK/ { found = 1; if (/RWE/) bad = 1 } END { exit !found || bad }' &&
        readelf -sW "$1" | grep -q '__stack_chk_fail' && readelf -sW "$1" | grep -qE '__[a-z]+_chk@'
}
is_position_independent() {
    readelf -hW "$ftrain" | grep -q 'Type: *DYN' && readelf -dW "$ftrain" | grep -q 'FLAGS_1.*PIE'
}
if [ -n "${SANITIZE:-}" ]; then
    echo "ok - hardening # SKIP the sanitizers' build is not for installing"
else
    holds "the program is hardened: relocations, binding, stack, fortified calls" is_hardened "$ftrain"
    holds "and so is the shared library" is_hardened "$build/libdensenet.so.$(version)"
    holds "the program can lie at any address" is_position_independent
fi

# ---- the same bytes ----

unset SANITIZE BUILD # AddressSanitizer keeps the names of sources in objects; what follows is about releases, in their own folder

# A copy of the tree that has one room of the library, and a page of the program: the same rules, a hundredth of the time.
room_in() { # FOLDER BUILD
    mkdir -p "$1/ftrain" && cp -r Makefile core "$1" && cp -r ftrain/server ftrain/serve "$1/ftrain" &&
        make -s --no-print-directory -C "$1" BUILD="$2" CC="$CC" LIBRARY_PACKAGES= "$2/libdensenet.a" \
            "$2/libdensenet.so.$(version)" "$2/ftrain/serve/page.html.o"
}
builds_same() { # FOLDER BUILD: as in the first folder
    room_in "$1" "$2" || return
    local made=$2
    case $made in /*) ;; *) made=$1/$2 ;; esac
    cmp "$work/first/build/libdensenet.a" "$made/libdensenet.a" &&
        cmp "$work/first/build/ftrain/serve/page.html.o" "$made/ftrain/serve/page.html.o" &&
        cmp "$work/first/build/libdensenet.so.$(version)" "$made/libdensenet.so.$(version)"
}
holds "one room builds alone" room_in "$work/first" build
list_objects() { make --no-print-directory -C "$work/first" CC="$CC" LIBRARY_PACKAGES= "$@" build/objects >/dev/null; }
linked_anew() { # VARIABLE=VALUE: whether make would archive the library again that was made with HEIF=libheif
    list_objects HEIF=libheif && touch "$work/first/build/libdensenet.a" && list_objects "$@" &&
        [ "$work/first/build/objects" -nt "$work/first/build/libdensenet.a" ]
}
nothing_is_linked_anew() { ! linked_anew HEIF=libheif; }
cp -r io "$work/first"
holds "what is left out is left out of a library that is there" linked_anew HEIF=
holds "and nothing is linked again for nothing" nothing_is_linked_anew
rm -r "$work/first/io"
holds "another folder gives the same bytes" builds_same "$work/a much longer name/second" build
holds "and so does another folder for what is built" builds_same "$work/third" "$work/elsewhere"
holds "and so does one below the tree" builds_same "$work/fourth" builds/second
names_no_folder() { ! grep -qF "$work" "$work/first/build/libdensenet.a"; }
holds "no object names the folder in which it was made" names_no_folder

# ---- make dist ----

unpacks_and_builds() {
    local release
    release=densenet-$(git show HEAD:core/status.h | sed -n 's/^#define DN_VERSION_[A-Z]* \([0-9]*\)$/\1/p' | paste -sd. -)
    git clone -q --shared . "$work/clone" && (cd "$work/clone" && make -s dist) && mkdir "$work/unpacked" &&
        tar -xzf "$work/clone/$release.tar.gz" -C "$work/unpacked" && cd "$work/unpacked/$release" &&
        [ ! -e .git ] && make -n all >"$work/steps" && grep -q 'ftrain/main' "$work/steps" &&
        make -s CC="$CC" build/core/rng.o && [ -s build/core/rng.o ]
}
if git rev-parse HEAD >/dev/null 2>&1; then
    holds "make dist packs a tree that builds without git" unpacks_and_builds
else
    echo "ok - make dist packs a tree that builds without git # SKIP this tree is no repository"
fi

[ "$failures" -eq 0 ]
