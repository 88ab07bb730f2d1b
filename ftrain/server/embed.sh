#!/bin/sh
# SPDX-License-Identifier: MIT
# Turns a file into a C array, on standard output, in the form that ftrain/server/asset.h describes.
#
#     ftrain/server/embed.sh ftrain/serve/page.html >build/ftrain/serve/page.html.c
set -eu

case $1 in
*.html) type='text/html; charset=utf-8' ;;
*.css) type='text/css; charset=utf-8' ;;
*.js) type='text/javascript; charset=utf-8' ;;
*)
    echo "embed.sh: $1: of no known type" >&2
    exit 1
    ;;
esac
name=asset_$(printf %s "${1#ftrain/}" | tr -c 'a-z0-9' _)

echo '#include "ftrain/server/asset.h"'
# A page is longer than the 4095 characters that ISO C promises for a string.
echo '#pragma GCC diagnostic ignored "-Woverlength-strings"'
echo 'static const char text[] ='
od -An -v -to1 "$1" | sed 's/ *\([0-7]\{3\}\)/\\\1/g; s/.*/"&"/'
echo ';'
echo "extern const asset $name;"
echo "const asset $name = {\"$type\", text, sizeof text - 1};"
