#!/usr/bin/env bash
# A program that was built without libwebp, libtiff and libheif (make WEBP= TIFF= HEIF=) works, says what is missing, and
# needs no such library.
#
#     CC=gcc BUILD=build test/house/test_without_pictures.sh         from the repository root
source test/support/support.sh

read -ra compiler <<<"${CC:-gcc}"
modules=(libcurl nettle openblas libjpeg libturbojpeg jansson libzip libxxhash)
for module in libmicrohttpd libprotobuf-c; do pkg-config --exists "$module" && modules+=("$module"); done
read -ra libraries < <(pkg-config --libs "${modules[@]}" | tr '\n' ' ')
if [ ! -f "$build/ftrain/parts.a" ]; then
    echo "ok - a program without libraries for pictures # SKIP $build/ftrain/parts.a is not built"
    exit 0
fi

# The absent codecs stand before the archives, from which the linker takes only what is still missing: where one of them
# lacks something, the real one is taken, and its library is unknown.
link() {
    read -ra sanitize < <(case ${SANITIZE:-} in "") ;; 1) echo -fsanitize=address,undefined ;; *) echo "-fsanitize=$SANITIZE" ;; esac)
    "${compiler[@]}" ${sanitize[@]+"${sanitize[@]}"} -std=c11 -I. -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE \
        -Wall -Wextra -Werror -o "$work/ftrain" io/webp_absent.c io/tiff_absent.c io/heif_absent.c "$build/ftrain/main.o" \
        "$build/ftrain/parts.a" "$build/libdensenet.a" "${libraries[@]}" -lsvm -lm -pthread
}
compiles() { # VARIABLE FILE: the absent codec in place of the real one
    make -n -W "io/$2_absent.c" "$1=" BUILD="$build" "$build/libdensenet.a" >"$work/steps" &&
        grep -q "$2_absent\.[co]" "$work/steps" && ! grep -qE "/$2\.[co]" "$work/steps"
}
holds "the program is linked without them" link
holds "make WEBP= compiles the absent codec in place of the real one" compiles WEBP webp
holds "make TIFF= likewise" compiles TIFF tiff
holds "make HEIF= likewise" compiles HEIF heif
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
