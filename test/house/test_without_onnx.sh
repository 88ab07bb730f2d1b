#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A program that was built without protobuf-c (make ONNX=) works, says what is missing, and needs no such library.
#
#     CC=gcc BUILD=build test/house/test_without_onnx.sh         from the repository root
source test/support/support.sh
source test/support/without.sh

need_parts "a program without protobuf-c"
holds "the program is linked without protobuf-c" link_without "libprotobuf-c" ftrain/onnx/graph_absent.c
holds "make ONNX= compiles the absent graph in place of the real one" compiles_absent ONNX ftrain/onnx/graph "$build/ftrain/parts.a"
check "info says so" 0 '^onnx not available: built without protobuf-c$' '' "$work/ftrain" info
dataset "$work/data" 2 40 160
"$work/ftrain" train "$work/data" -w random:1 --arch densenet121 --resize 36 --crop 32 -q -o "$work/m.safetensors" >/dev/null 2>&1
check "export says what to do" 2 '' 'built without protobuf-c and cannot write ONNX; with .*libonnx-dev' \
    "$work/ftrain" export "$work/m.safetensors" "$work/m.onnx"
holds "and writes other formats" "$work/ftrain" export "$work/m.safetensors" "$work/m.pth"

[ "$failures" -eq 0 ]
