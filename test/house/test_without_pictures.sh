#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A program that was built without libwebp, libtiff and libheif (make WEBP= TIFF= HEIF=) works, says what is missing, and
# needs no such library.
#
#     CC=gcc BUILD=build test/house/test_without_pictures.sh         from the repository root
source test/support/support.sh
source test/support/without.sh

need_parts "a program without libraries for pictures"
holds "the program is linked without them" link_without "libwebp libtiff-4 libheif" io/webp_absent.c io/tiff_absent.c io/heif_absent.c
holds "make WEBP= compiles the absent codec in place of the real one" compiles_absent WEBP io/webp "$build/libdensenet.a"
holds "make TIFF= likewise" compiles_absent TIFF io/tiff "$build/libdensenet.a"
holds "make HEIF= likewise" compiles_absent HEIF io/heif "$build/libdensenet.a"
"$work/ftrain" info >"$work/machine"
for line in "WebP not available: built without libwebp" "TIFF not available: built without libtiff 4.5 or later" \
    "HEIC not available: built without libheif" "AVIF not available: built without libheif"; do
    holds "info says: $line" grep -qx "pictures $line" "$work/machine"
done
holds "and names what is there" grep -q '^pictures JPEG, PNG, GIF, BMP,' "$work/machine"

for class in a b; do
    mkdir -p "$work/data/train/$class" "$work/data/valid/$class" "$work/data/test/$class"
    for split in train valid test; do cp test/golden/io/pictures/rgb.png "$work/data/$split/$class/"; done
done
cp test/golden/io/webp/lossy.webp test/golden/io/tiff/raw.tif test/golden/io/heif/lossy.{heic,avif} "$work/data/train/a/"
"$work/ftrain" audit "$work/data" --report "$work/report.html" >"$work/audit" 2>&1
equal "pictures of these formats are left out" $? 1
while read -r file kind; do
    holds "$file is named, and why" grep -q "skipped: .*/$file: this is $kind" "$work/audit"
done <<'FILES'
lossy.webp a WebP picture, and this build has no libwebp$
raw.tif a TIFF picture, and this build has no libtiff 4.5 or later$
lossy.heic a HEIC picture, and this build has no libheif$
lossy.avif an AVIF picture, and this build has no libheif$
FILES

[ "$failures" -eq 0 ]
