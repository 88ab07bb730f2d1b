#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# ftrain explain from the outside.
#
#     test/cli/test_explain.sh        from the repository root; BUILD names the folder of the build
source test/support/support.sh

is_png() { # FILE WIDTH HEIGHT, in hexadecimal
    [ "$(od -An -tx1 -N24 "$1" | tr -d ' \n')" = "89504e470d0a1a0a0000000d49484452$2$3" ] && echo png
}

"$build/docs/demo/samples" "$work/data" --count 4,2,2 --size 80
"$ftrain" train "$work/data" -w random:1 --arch densenet121 --resize 72 --crop 64 --quiet -o "$work/m" >"$work/out" 2>&1
photo=$work/data/test/photo/000.jpg
check_either "a map is drawn, with its figure" 0 '000\.jpg	(photo|generated) [01]\.[0-9]+	(inside 0\.[0-9]+|no evidence)	.*one\.png$' \
    "$ftrain" explain -m "$work/m" "$photo" -o "$work/one.png" --outline
check_either "as large as the picture" 0 png is_png "$work/one.png" 00000050 00000050
check_either "or as asked for" 0 '' "$ftrain" explain -m "$work/m" "$photo" -o "$work/small.png" --size 40
check_either "which is smaller" 0 png is_png "$work/small.png" 00000028 00000028
check_either "a folder gets figures for each class" 0 'of the evidence inside the ellipse .* 0\.37[0-9] of the area' \
    "$ftrain" explain -m "$work/m" "$work/data/test"
check_either "and a folder of maps, none over another" 0 '' "$ftrain" explain -m "$work/m" "$work/data/test" -o "$work/maps"
check_either "one for each picture" 0 '^4$' sh -c "ls '$work/maps' | grep -c 'png$'"
index=$work/maps/index.html
holds "and an index of them" test -e "$index"
equal "with each map by its name" "$(grep -o '<img loading="lazy" [^>]*>' "$index" | sed 's/.*src="\([^"]*\)".*/\1/' | sort)" \
    "$(cd "$work/maps" && ls ./*.png | sed 's|./||' | sort)"
holds "nothing in it is from elsewhere" sh -c "! grep -qiE 'https?:|<script|<link|@import' '$index'"
holds "the key to the colours is there" grep -q '>most in this picture</text>' "$index"
"$ftrain" explain -m "$work/m" "$work/data/test" -o "$work/again" >"$work/lines"
holds "with what was printed of each: class, probability, share inside, path" \
    test "$(sed -n 's|</*strong>||g; s|.*<figcaption>\(.*\)<br>\(.*\)</figcaption>.*|\2 \1|p' "$index")" = \
    "$(awk -F'\t' 'NF == 4 { print $1, $2 ", " $3 } NF == 5 { print $1, $2 ", " $3 ", " $4 }' "$work/lines")"
holds "and of each class" sh -c "sed -n 's/^\([a-z]*\): \([0-9.]*\) of the evidence.*/\1 \2/p' '$work/lines' | while read -r class mean; do
    grep -q \"<tr><td>\$class</td><td class=.n.>[1-4]</td><td class=.n.>\$mean</td>\" '$index' || exit 1; done"
holds "random weights: what that means" grep -qF 'its weights are random numbers (random:1)' "$index"
holds "the outline is in the key only where it was drawn" sh -c "! grep -q 'outline of the ellipse' '$index'"
check_either "nothing in a folder is written over" 0 'wrote .*maps/index-2\.html' \
    "$ftrain" explain -m "$work/m" "$photo" -o "$work/maps" --outline
holds "a new index has the maps of its own run" \
    test "$(grep -c '<img' "$work/maps/index-2.html") $(grep -c 'src="000-[0-9]*.png"' "$work/maps/index-2.html")" = "1 1"
holds "and the outline in its key" grep -q 'outline of the ellipse' "$work/maps/index-2.html"
cp "$photo" "$work/50% #1?<b>.jpg"
"$ftrain" explain -m "$work/m" "$work/50% #1?<b>.jpg" -o "$work/odd" --json >"$work/lines"
holds "an odd name is an address" grep -qF 'src="50%25%20%231%3F%3Cb%3E.png"' "$work/odd/index.html"
holds "and a text" grep -qF '50% #1?&lt;b&gt;.jpg</figcaption>' "$work/odd/index.html"
equal "--json prints objects alone" "$(grep -vc '^{' "$work/lines")" 0
check_either "without usable pictures there is no index" 1 'skipped' "$ftrain" explain -m "$work/m" "$work/none.jpg" -o "$work/empty"
equal "in the folder" "$(ls "$work/empty")" ""
check_either "evidence for a class of one's choice" 0 '	generated [01]\.' "$ftrain" explain -m "$work/m" "$photo" --class generated
check_either "as JSON" 0 '"inside": (0\.[0-9]+|null), "area": 0\.37' "$ftrain" explain -m "$work/m" "$photo" --json
check_either "an unknown class is named" 2 "'tea' is not a class" "$ftrain" explain -m "$work/m" "$photo" --class tea
check_either "several pictures need a folder" 2 'maps\.png: for several pictures' \
    "$ftrain" explain -m "$work/m" "$photo" "$photo" -o "$work/maps.png"
for name in x.jpg x.JPEG x.webp; do
    check_either "a map is not written as $name" 2 "-o .*/$name: maps are written as PNG; name a file that ends in \.png, or a folder" \
        "$ftrain" explain -m "$work/m" "$photo" -o "$work/$name"
    holds "and no folder of that name is made" test ! -e "$work/$name"
done
check_either "nor is a folder for several named as a picture" 2 'maps\.jpg: for several pictures' \
    "$ftrain" explain -m "$work/m" "$photo" "$photo" -o "$work/maps.jpg"
check_either "PNG may be written in capitals" 0 'capital\.PNG$' "$ftrain" explain -m "$work/m" "$photo" -o "$work/capital.PNG"
check_either "and is a picture" 0 png is_png "$work/capital.PNG" 00000050 00000050
mkdir "$work/folder.jpg"
check_either "a folder that is there may be called as it likes" 0 'folder\.jpg/000\.png$' \
    "$ftrain" explain -m "$work/m" "$photo" -o "$work/folder.jpg"
printf 'no picture' >"$work/broken.jpg"
check_either "a broken picture is named, the others done" 1 'skipped: .*broken\.jpg' \
    "$ftrain" explain -m "$work/m" "$work/broken.jpg" "$photo"
check_either "a folder that cannot be written is named" 5 '/dev/null: is a file' \
    "$ftrain" explain -m "$work/m" "$work/data/test" -o /dev/null/maps
check_either "a model is needed" 2 '-m MODEL is missing' "$ftrain" explain "$photo"

[ "$failures" -eq 0 ]
