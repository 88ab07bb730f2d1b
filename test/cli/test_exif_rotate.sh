#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# --exif-rotate: off by default, kept in the model, heeded by whoever uses it.
#
#     test/cli/test_exif_rotate.sh        from the repository root; BUILD names the folder of the build
source test/support/support.sh

golden=$(realpath test/golden/io/orientation)
small="-w random:7 --arch densenet121 --resize 36 --crop 32 -q"
cd "$work" || exit 1

# A picture that was taken with the camera turned, and the same as Pillow turns it.
cp "$golden/large_6.jpg" turned.jpg
{ printf 'P6 45 61 255\n' && tail -c +9 "$golden/large_6.jpg.rgb"; } >upright.ppm
dataset data 4 30 160
cp turned.jpg data/train/dark/turned.jpg
cp turned.jpg data/valid/dark/turned.jpg

holds "train takes --exif-rotate" "$ftrain" train data $small --exif-rotate -o rotating.safetensors
holds "and does without it" "$ftrain" train data $small -o plain.safetensors
equal "a model without it has no word of it" "$(grep -c exif_rotate plain.safetensors)" 0
check "info tells it of a model" 0 '^resize 36, crop 32, EXIF rotation applied$' "" "$ftrain" info rotating.safetensors
check "and of no other" 0 '^resize 36, crop 32$' "" "$ftrain" info plain.safetensors

row() { # MODEL PICTURE: the row without the path
    "$ftrain" predict -m "$1.safetensors" "$2" 2>/dev/null | cut -f 2
}
equal "predict turns by the model" "$(row rotating turned.jpg)" "$(row rotating upright.ppm)"
if [ "$(row plain turned.jpg)" != "$(row plain upright.ppm)" ]; then ok "and else does not"; else not_ok "and else does not"; fi

size_of() { # PNG: width and height, of its header
    od -An -tu1 -j16 -N8 "$1" | awk '{ print $3 * 256 + $4, $7 * 256 + $8 }'
}
mkdir rotating plain
for model in rotating plain; do
    "$ftrain" explain -m $model.safetensors turned.jpg -o $model >/dev/null 2>&1
done
equal "explain shows the picture turned" "$(size_of rotating/*.png)" "45 61"
equal "or as it is stored" "$(size_of plain/*.png)" "61 45"

holds "extract keeps features of turned pictures" "$ftrain" extract data $small --exif-rotate -o features.safetensors
check "and never among others" 4 "" 'features.safetensors: .*"exif_rotate": true' "$ftrain" extract data $small -o features.safetensors
check "baseline takes it" 0 '^the model \* ' 'random weights' "$ftrain" baseline data $small --exif-rotate -m rotating.safetensors --only logistic
check "and refuses a model of other preprocessing" 4 "" "another --resize, --crop or --exif-rotate" \
    "$ftrain" baseline data $small -m rotating.safetensors

[ "$failures" -eq 0 ]
