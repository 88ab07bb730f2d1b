#!/usr/bin/env bash
# A program that was built without protobuf-c (make ONNX=) works, says what is missing, and needs no such library.
#
#     CC=gcc BUILD=build test/house/test_without_onnx.sh         from the repository root
source test/support/support.sh

read -ra compiler <<<"${CC:-gcc}"
modules=(libcurl nettle openblas libjpeg libturbojpeg jansson libzip libxxhash)
for module in libwebp libtiff-4 libheif libmicrohttpd; do pkg-config --exists "$module" && modules+=("$module"); done
read -ra libraries < <(pkg-config --libs "${modules[@]}" | tr '\n' ' ')
if [ ! -f "$build/ftrain/parts.a" ]; then
    echo "ok - a program without protobuf-c # SKIP $build/ftrain/parts.a is not built"
    exit 0
fi

# The absent graph stands before the archive of all parts, from which the linker takes only what is still missing. So this
# fails where the absent graph lacks something: the linker then finds the real one, and protobuf-c is unknown.
link() {
    read -ra sanitize < <(case ${SANITIZE:-} in "") ;; 1) echo -fsanitize=address,undefined ;; *) echo "-fsanitize=$SANITIZE" ;; esac)
    "${compiler[@]}" ${sanitize[@]+"${sanitize[@]}"} -std=c11 -I. -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE \
        -Wall -Wextra -Werror -o "$work/ftrain" ftrain/onnx/graph_absent.c "$build/ftrain/main.o" "$build/ftrain/parts.a" \
        "$build/libdensenet.a" "${libraries[@]}" -lsvm -lm -pthread
}

holds "the program is linked without protobuf-c" link
holds "make ONNX= compiles the absent graph in place of the real one" \
    bash -c "make -n -W ftrain/onnx/graph_absent.c ONNX= BUILD='$build' '$build/ftrain/onnx/graph_absent.o' | grep -q graph_absent.c"
check "info says so" 0 '^onnx not available: built without protobuf-c$' '' "$work/ftrain" info
dataset "$work/data" 2 40 160
"$work/ftrain" train "$work/data" -w random:1 --arch densenet121 --resize 36 --crop 32 -q -o "$work/m.safetensors" >/dev/null 2>&1
check "export says what to do" 2 '' 'built without protobuf-c and cannot write ONNX; with .*libonnx-dev' \
    "$work/ftrain" export "$work/m.safetensors" "$work/m.onnx"
holds "and writes other formats" "$work/ftrain" export "$work/m.safetensors" "$work/m.pth"

[ "$failures" -eq 0 ]
