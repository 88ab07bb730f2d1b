#!/usr/bin/env bash
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
check_either "one for each picture" 0 '^4$' sh -c "ls '$work/maps' | wc -l"
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
