#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# ftrain prepare from the outside: one form for all, by which no class can be told; names, manifest, what is left out.
#
#     test/cli/test_prepare.sh        from the repository root; BUILD names the folder of the build
source test/support/support.sh

root=$PWD
cd "$work" || exit 1
prepare="$ftrain prepare -q"

# ---- the alarm and its cure ----
# Both classes show the same scenes; one is kept as PNG, the other in small files of a low quality.
holds "pictures are drawn" "$build/docs/demo/samples" drawn --count 60,60,1 --size 96
mkdir -p left/drawn right/compressed
cp drawn/train/photo/* left/drawn
cp drawn/valid/photo/* right/compressed
$prepare left -o as-png --format png --side 96 >out 2>err || not_ok "prepare writes PNG"
$prepare right -o as-jpeg --quality 60 --subsampling 420 --side 96 >out 2>err || not_ok "prepare writes JPEG"
mkdir trap
mv as-png/drawn as-jpeg/compressed trap
check "formats and qualities that differ raise audit's alarm" 10 '^file metadata +1\.000 .* ALARM$' "" \
    "$ftrain" audit trap -q --exit-status
check "prepare gives them one form" 0 '^wrote even: 48 x 48, JPEG of qualities 75 to 95$' "" $prepare trap -o even --side 48
check "and there is no alarm any more" 0 '^file metadata .* no$' "" "$ftrain" audit even -q --exit-status
equal "all are JPEG" "$(find even -type f | sed 's/.*\.//' | sort | uniq -c | tr -s ' \n' ' ')" " 120 jpg 1 tsv "

# ---- the same for all threads and places ----
holds "one thread does the same" $prepare trap -o even1 --side 48 --threads 1
holds "to the byte" diff -r even even1
mkdir -p other/first other/second
cp trap/drawn/000.png other/second/renamed
cp trap/compressed/000.jpg other/first/001.jpg
holds "elsewhere, under other names" $prepare other -o moved --side 48
same "a picture is given the same bytes" moved/second/renamed.jpg even/drawn/000.jpg
holds "with another seed" $prepare trap -o seeded --side 48 --seed 2
if ! diff -rq even seeded >/dev/null; then ok "other ones"; else not_ok "other ones"; fi
# 120 draws of 21 qualities and 2 subsamplings; the chance that a class lacks one of the subsamplings is 2^-59
equal "subsampling is drawn for each class" \
    "$(tail -n +2 even/manifest.tsv | cut -f 2,12 | sort -u | tr '\t\n' ' ,')" "compressed 420,compressed 444,drawn 420,drawn 444,"

# ---- manifest ----
equal "a line a picture says where it comes from and what was done" \
    "$(awk -F'\t' '$3 == "000.jpg" && $2 == "drawn" { print $1, $4, $7, $8, $9, $10 }' even/manifest.tsv)" \
    "- trap/drawn/000.png 1 96 96 0.5000"
equal "the split is told where there is one" \
    "$($prepare drawn -o splits --side 32 >/dev/null 2>&1; cut -f 1 splits/manifest.tsv | sort -u | tr '\n' ' ')" "split test train valid "
holds "and kept as a folder" test -f splits/train/photo/000.jpg

# ---- turning, cropping, colour ----
mkdir -p turned/a turned/b
cp "$root/test/golden/io/orientation/large_6.jpg" turned/a/one.jpg
cp "$root/test/golden/io/orientation/large_6.jpg" turned/b/one.png
size_of() { # PNG: width and height, of its header
    od -An -tu1 -j16 -N8 "$1" | awk '{ print $3 * 256 + $4, $7 * 256 + $8 }'
}
$prepare turned -o ratio --side 32 --no-crop --format png >out 2>err
equal "a picture is turned by its EXIF and keeps its ratio with --no-crop" "$(size_of ratio/a/one.png)" "32 43"
$prepare turned -o square --side 32 --format png >out 2>err
equal "else the middle square is cut out" "$(size_of square/a/one.png)" "32 32"
equal "the manifest has the orientation" "$(awk -F'\t' '$2 == "a" { print $7, $8, $9, $11 }' square/manifest.tsv)" "6 45 61 -"
$prepare turned -o grey --side 32 --grey --format png >out 2>err
if ! cmp -s grey/a/one.png square/a/one.png; then ok "--grey removes the colour"; else not_ok "--grey removes the colour"; fi
if grep -q Exif trap/drawn/* turned/a/one.jpg && ! grep -rqE 'Exif|ICC|http' even moved; then
    ok "no metadata is left"
else
    not_ok "no metadata is left"
fi

# ---- names ----
mkdir -p names/a names/b
for name in a/1.ppm a/1.png a/1-2.ppm a/noise b/1.ppm; do picture names/$name $RANDOM 90; done
mkdir names/a/inner
picture names/a/inner/1.ppm 5 90
$prepare names -o named --side 32 >out 2>err
equal "names that meet are numbered, in the order of the paths" "$(cd named/a && ls | tr '\n' ' ')" "1-2.jpg 1-3.jpg 1-4.jpg 1.jpg noise.jpg "
equal "each has its source" "$(tail -n +2 named/manifest.tsv | wc -l)" 6

# ---- what is left out ----
mkdir -p mixed/a mixed/b
picture mixed/a/1.ppm 1 30
picture mixed/b/1.ppm 2 90
cp even/drawn/000.jpg mixed/a/large.jpg
cp even/drawn/001.jpg mixed/b/large.jpg
echo nonsense >mixed/a/text.jpg
check "a picture that would be enlarged is named and left out" 1 '^a	1$' \
    'skipped: mixed/a/1.ppm: 40 x 40 pixels: too small for --side 48' $prepare mixed -o left-out --side 48
check "a side that takes all is told" 1 . '^ftrain: 2 pictures are too small for --side 48; --side 40 takes all of them' \
    $prepare mixed -o left-out2 --side 48
check "--enlarge takes them" 1 '^a	2$' 'skipped: mixed/a/text.jpg: ' $prepare mixed -o enlarged --side 48 --enlarge
check "--strict ends at the first" 3 "" 'mixed/a/1.ppm: 40 x 40' $prepare mixed -o strict --side 48 --strict
check "a class without any picture left is an error" 3 "" '^ftrain: a: no picture that can be used is left$' \
    $prepare mixed -o empty --side 64
equal "and nothing is left of these" "$(ls -d strict empty .ftrain* 2>/dev/null)" ""
check "--json tells the counts" 1 '"classes": \{"a": 1, "b": 1\}, "skipped": 3, "side": 48' 'skipped' \
    $prepare mixed -o told --side 48 --json

# ---- mistakes ----
check "an output that is there is not touched" 2 "" "even: is there and is not an empty folder" $prepare trap -o even
check "-o is needed" 2 "" "-o DST is missing" $prepare trap
check "PNG has no quality" 2 "" "--quality goes with --format jpeg only" $prepare trap -o x --format png --quality 80
check "nor subsampling" 2 "" "--subsampling goes with --format jpeg only" $prepare trap -o x --format png --subsampling 444
for quality in 0 101 95-75 80-101 "80 -90" 80- -3 high; do
    check "--quality '$quality' is refused" 2 "" "--quality: '$quality' is neither" $prepare trap -o x "--quality=$quality"
done
check "a folder without classes is told" 3 "" "even/drawn: holds no class folders" $prepare even/drawn -o x
equal "nothing was made" "$(ls -d x .ftrain* 2>/dev/null)" ""

# ---- interrupted, and a disk that is full ----
$prepare drawn -o stopped --side 32 >out 2>err &
until [ -e .ftrain-prepare-0.tmp ] || [ $SECONDS -gt 60 ]; do :; done
kill -INT $!
wait $!
equal "interrupted, it ends with 130" $? 130
equal "and leaves nothing" "$(ls -d stopped .ftrain* 2>/dev/null)" ""

[ "$failures" -eq 0 ]
