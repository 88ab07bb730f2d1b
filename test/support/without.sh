# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What the tests of programs without an optional library share; sourced after test/support/support.sh.
#
# The absent part stands before the archives of all parts, from which the linker takes only what is still missing. So
# linking fails where the absent part lacks something: the linker then finds the real one, and its library is unknown.

# need_parts WHAT: ends the test where there is nothing to link
need_parts() {
    [ -f "$build/ftrain/parts.a" ] && return
    echo "ok - $1 # SKIP $build/ftrain/parts.a is not built"
    exit 0
}

# link_without "MODULE..." ABSENT.c...: $work/ftrain, with these parts absent and all libraries but these modules
link_without() {
    local compiler sanitize libraries module modules=(libcurl nettle openblas libjpeg libturbojpeg jansson libzip libxxhash)
    for module in libwebp libtiff-4 libheif libmicrohttpd libprotobuf-c ompi-c libseccomp; do
        [[ " $1 " == *" $module "* ]] || ! pkg-config --exists "$module" || modules+=("$module")
    done
    shift
    read -ra compiler <<<"${CC:-gcc}"
    read -ra libraries < <(pkg-config --libs "${modules[@]}" | tr '\n' ' ')
    read -ra sanitize < <(case ${SANITIZE:-} in "") ;; 1) echo -fsanitize=address,undefined ;; *) echo "-fsanitize=$SANITIZE" ;; esac)
    "${compiler[@]}" ${sanitize[@]+"${sanitize[@]}"} -std=c11 -I. -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE \
        -Wall -Wextra -Werror -o "$work/ftrain" "$@" "$build/ftrain/main.o" "$build/ftrain/parts.a" "$build/libdensenet.a" \
        "${libraries[@]}" -lsvm -lm -pthread
}

# compiles_absent VARIABLE PART ARCHIVE: make VARIABLE= compiles PART_absent.c, and not PART.c, for that archive
compiles_absent() {
    make -n -W "$2_absent.c" "$1=" BUILD="$build" "$3" >"$work/steps" &&
        grep -q "$2_absent\.[co]" "$work/steps" && ! grep -qE "$2(_mhd|_protobuf|_mpi|_seccomp)?\.[co]( |$)" "$work/steps"
}
