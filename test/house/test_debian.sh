#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What debian/ says of the tree is so: versions, the number in the library's name, libraries, tests.
#
#     test/house/test_debian.sh         from the repository root
source test/support/support.sh

# The words of a variable of the Makefile.
variable() { env -u MAKEFLAGS make -pn help 2>/dev/null | sed -n "s/^$1 := //p" | tr -s ' ' '\n' | grep .; }
# The names in a field of debian/control: of the source, or of a package.
field() { # FIELD [PACKAGE]
    awk -v field="$1" -v package="${2:-}" '
        /^Package: / { at = $2 }
        /^[A-Z]/ { inside = at == package && $1 == field ":"; sub(/^[^:]*:/, "") }
        inside' debian/control | tr ',' '\n' | awk '{ print $1 }' | grep .
}
lists_all() { # WHERE NAMES...: each of the names read is in the file
    local name missing=0
    while read -r name; do
        if ! grep -qx -- "$name" "$1"; then echo "debian/control: $name is missing, of $2"; missing=1; fi
    done
    return $missing
}

version=$(sed -n 's/^#define DN_VERSION_[A-Z]* \([0-9]*\)$/\1/p' core/status.h | paste -sd. -)
soversion=$(sed -n 's/^SOVERSION := //p' Makefile)
equal "the newest package is of this version" "$(sed -n '1s/^densenet (\(.*\)-[^-]*) .*/\1/p' debian/changelog)" "$version"
holds "the library's package bears its number" grep -qx "Package: libdensenet$soversion" debian/control

builds_with_what_the_makefile_asks_for() {
    { echo gcc; echo make; field Build-Depends; } >"$work/build"
    variable DEBIAN_PACKAGES | lists_all "$work/build" "the Makefile's DEBIAN_PACKAGES"
}
holds "the packages that the Makefile asks for are built with" builds_with_what_the_makefile_asks_for

# A module's package; openblas's is one of several that libopenblas-dev stands for.
package_of() { dpkg -S "$(realpath "$(pkg-config --variable=pcfiledir "$1")/$1.pc")" | cut -d: -f1 | sed 's/^libopenblas-.*-dev$/libopenblas-dev/'; }
brings_the_library_s_libraries() {
    local module
    field Depends libdensenet-dev >"$work/depends"
    for module in $(variable LIBRARY_PACKAGES); do package_of "$module" || return; done >"$work/needed"
    lists_all "$work/depends" "the library's modules" <"$work/needed"
}
if command -v dpkg >/dev/null && package_of jansson >"$work/out" 2>&1; then
    holds "libdensenet-dev brings what the static library is linked with" brings_the_library_s_libraries
else
    echo "ok - libdensenet-dev brings what the static library is linked with # SKIP this is no Debian"
fi

# What `make install` writes is in one of the packages, by the patterns of debian/*.install.
packages_hold_all() {
    local file pattern bad=0
    env -u MAKEFLAGS make -n uninstall PREFIX=/usr LIBDIR=/usr/lib/machine | sed -n 's/^rm -f //p' | tr -d "'" | tr ' ' '\n' |
        grep . >"$work/installed"
    [ -s "$work/installed" ] || return
    while read -r file; do
        for pattern in $(cat debian/*.install); do
            # shellcheck disable=SC2254 # it is a pattern
            case $file in /$pattern | /$pattern/*) continue 2 ;; esac
        done
        echo "debian: $file is in no package"
        bad=1
    done <"$work/installed"
    return $bad
}
holds "each installed file is in a package" packages_hold_all

tests_can_be_run() {
    local name
    for name in $(sed -n 's/^Tests: //p' debian/tests/control); do [ -x "debian/tests/$name" ] || return; done
}
holds "each of the package's tests is a script" tests_can_be_run

[ "$failures" -eq 0 ]
