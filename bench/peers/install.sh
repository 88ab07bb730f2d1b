#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs the engines that are compared with ours, as far as Debian's packages and the npm registry give them:
#   bench/peers/install.sh FOLDER [THING...]        (FOLDER gets npm's packages; THING: torch, onednn, onnx, onnxruntime,
#                                                   pandas or sklearn; without any, all that the comparison needs)
# What cannot be had is named; the comparison and the tests go on without it.
folder=$1
shift
if [ $# -eq 0 ]; then set -- torch onednn onnxruntime onnx; fi

root=
if [ "$(id -u)" != 0 ]; then root=sudo; fi

# need THING PACKAGE...: installs the packages unless the test of that name says that the thing is there.
need() {
    thing=$1
    shift
    if "has_$thing"; then return; fi
    echo "installing $*"
    if ! $root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" >/dev/null 2>&1; then
        $root apt-get update -qq >/dev/null 2>&1
        $root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" >/dev/null
    fi
    if ! "has_$thing"; then echo "missing: $thing (Debian: $*)"; fi
}

has_torch() { /usr/bin/python3 -c 'import torch, torchvision' 2>/dev/null; }
has_pandas() { /usr/bin/python3 -c 'import numpy, pandas' 2>/dev/null; }
has_sklearn() { /usr/bin/python3 -c 'import sklearn' 2>/dev/null; }
has_onnx() { /usr/bin/python3 -c 'import onnx' 2>/dev/null; }
has_onednn() { [ -e /usr/include/dnnl.h ]; }
has_node() { command -v node >/dev/null; }
has_npm() { command -v npm >/dev/null; }

for thing; do
    case $thing in
    torch) need torch python3-torch python3-torchvision ;;
    onnx) need onnx python3-onnx ;;
    pandas) need pandas python3-numpy python3-pandas ;;
    sklearn) need sklearn python3-sklearn ;;
    onednn) need onednn libdnnl-dev ;;
    onnxruntime)
        need node nodejs
        need npm npm
        if [ ! -d "$folder/node_modules/onnxruntime-node" ] && has_npm; then
            echo "installing onnxruntime-node"
            mkdir -p "$folder"
            # The CPU library is in the package; its install script would only fetch GPU providers.
            if ! npm install --prefix "$folder" --no-audit --no-fund --ignore-scripts --silent onnxruntime-node; then
                echo "missing: onnxruntime-node (npm)"
            fi
        fi
        ;;
    esac
done
exit 0
