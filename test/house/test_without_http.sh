#!/usr/bin/env bash
# A program that was built without libmicrohttpd (make HTTP=) works, says what is missing, and needs no such library.
#
#     CC=gcc BUILD=build test/house/test_without_http.sh         from the repository root
source test/support/support.sh

read -ra compiler <<<"${CC:-gcc}"
modules=(libcurl nettle openblas libjpeg libturbojpeg jansson libzip libxxhash)
for module in libwebp libtiff-4 libheif libprotobuf-c; do pkg-config --exists "$module" && modules+=("$module"); done
read -ra libraries < <(pkg-config --libs "${modules[@]}" | tr '\n' ' ')
if [ ! -f "$build/ftrain/parts.a" ]; then
    echo "ok - a program without libmicrohttpd # SKIP $build/ftrain/parts.a is not built"
    exit 0
fi

# The absent server stands before the archive of all parts, from which the linker takes only what is still missing. So
# this fails where the absent server lacks something: the linker then finds the real one, and libmicrohttpd is unknown.
link() {
    read -ra sanitize < <(case ${SANITIZE:-} in "") ;; 1) echo -fsanitize=address,undefined ;; *) echo "-fsanitize=$SANITIZE" ;; esac)
    "${compiler[@]}" ${sanitize[@]+"${sanitize[@]}"} -std=c11 -I. -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE \
        -Wall -Wextra -Werror -o "$work/ftrain" ftrain/server/server_absent.c "$build/ftrain/main.o" "$build/ftrain/parts.a" \
        "$build/libdensenet.a" "${libraries[@]}" -lsvm -lm -pthread
}

holds "the program is linked without libmicrohttpd" link
holds "make HTTP= compiles the absent server in place of the real one" \
    bash -c "make -n -W ftrain/server/server_absent.c HTTP= BUILD='$build' '$build/ftrain/server/server_absent.o' | grep -q server_absent.c"
check "info says so" 0 '^server not available: built without libmicrohttpd$' '' "$work/ftrain" info
check "serve says what to do" 2 '' 'built without libmicrohttpd and cannot serve; with .*libmicrohttpd-dev' \
    "$work/ftrain" serve -m none
check "and is still explained" 0 '^Usage: ftrain serve' '' "$work/ftrain" help serve

[ "$failures" -eq 0 ]
