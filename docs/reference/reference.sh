#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The reference of the public headers, as pages of HTML: docs/reference/reference.sh HEADERS OUT
#
# HEADERS is a folder with densenet.h and densenet/ as they are installed; the pages are then OUT/html. From the root of the
# tree. What is not documented, or not as doxygen understands it, is told, and the exit status is not 0.
set -eu

if [ $# -ne 2 ]; then echo "usage: docs/reference/reference.sh HEADERS OUT" >&2; exit 2; fi
if ! command -v doxygen >/dev/null; then
    echo "reference: there is no doxygen here; Debian's package is named so" >&2
    exit 1
fi
REFERENCE_HEADERS=$(realpath "$1")
REFERENCE_OUT=$(realpath -m "$2")
REFERENCE_VERSION=$(sed -n 's/^#define DN_VERSION_[A-Z]* \([0-9]*\)$/\1/p' core/status.h | paste -sd. -)
export REFERENCE_HEADERS REFERENCE_OUT REFERENCE_VERSION
rm -rf "$REFERENCE_OUT/html"
mkdir -p "$REFERENCE_OUT"
doxygen docs/reference/Doxyfile
