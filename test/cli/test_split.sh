#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# ftrain split from the outside. The pictures are noise and gradients, drawn by awk.
#
#     test/cli/test_split.sh        from the repository root; BUILD names the folder of the build
source test/support/support.sh

mkdir "$work/.streams" # away from the data set "out"
stdout=$work/.streams/out stderr=$work/.streams/err

gone() { # WHAT: neither data set nor anything half-done is there
    equal "$1" "$(find "$work" -maxdepth 1 \( -name out -o -name '.ftrain*' \))" ""
}

noise() { # FILE SEED: a binary PPM, 12x12
    {
        printf 'P6 12 12 255\n'
        awk -v seed="$2" 'BEGIN { srand(seed); for (i = 0; i < 432; i++) printf "%c", 40 + int(160 * rand()) }'
    } >"$1"
}

split() { "$ftrain" split "$@" -q; }
count() { find "$1" -type f | wc -l; }

cd "$work" || exit 1
mkdir -p src/cat src/dog/more
seed=0
for i in $(seq 20); do seed=$((seed + 1)); noise "src/cat/$i.ppm" $seed; done
for i in $(seq 8); do seed=$((seed + 1)); noise "src/dog/$i.ppm" $seed; done
for i in 1 2; do seed=$((seed + 1)); noise "src/dog/more/$i.ppm" $seed; done

# ---- usage ----
check "help split gives usage and an example" 0 "^  ftrain split photos -o flowers" "" "$ftrain" help split
check "split without -o is a usage error" 2 "" "-o DATA is missing" split src
check "fractions must sum to 1" 2 "" "--fractions: '0.5,0.2,0.2' is not three numbers" \
    split src -o out --fractions 0.5,0.2,0.2
check "fractions must be three" 2 "" "--fractions: '0.5,0.5'" split src -o out --fractions 0.5,0.5
check "fractions must not be negative" 2 "" "--fractions: '1.5,-0.25,-0.25'" split src -o out --fractions 1.5,-0.25,-0.25
check "counts go together" 2 "" "give --train, --valid and --test together" split src -o out --train 5
check "counts and fractions do not" 2 "" "not with --fractions" \
    split src -o out --train 5 --valid 1 --test 1 --fractions 0.8,0.1,0.1
check "a missing source is a data error" 3 "" "nowhere" split nowhere -o out
gone "and none of them makes anything"

# ---- the main job ----
check "fractions are those of every class" 0 "^train	14	7	21$" "" split src -o out
equal "by folders too" "$(count out/train/cat) $(count out/valid/cat) $(count out/test/cat) $(count out/test/dog)" "14 3 3 1"
equal "every picture is there once" "$(find out -name '*.ppm' -exec cksum {} + | cut -d' ' -f1 | sort)" \
    "$(find src -name '*.ppm' -exec cksum {} + | cut -d' ' -f1 | sort)"
equal "the files are hard links" "$(find out -name '*.ppm' -links 2 | wc -l)" 30
equal "base names that collide get numbers" "$(find out -path '*/dog/*' -name '*-2.ppm' | wc -l)" 2
equal "the manifest has a line for each" "$(tail -n +2 out/manifest.tsv | wc -l)" 30
equal "and says where it comes from" \
    "$(tail -n +2 out/manifest.tsv | while IFS=$'\t' read -r s c f from _ _; do cmp "out/$s/$c/$f" "$from" || echo bad; done)" ""
check "what is there is not overwritten" 2 "" "^ftrain: out: is there and is not an empty folder" split src -o out
equal "and stays" "$(count out)" 31
mkdir empty
check "an empty folder is filled" 0 "^all|^test	3	1	4$" "" split src -o empty/
equal "the same seed draws the same" "$(cmp out/manifest.tsv empty/manifest.tsv)" ""
check "another seed" 0 "^test	3	1	4$" "" split src -o seeded --seed 2
equal "draws another" "$(cmp -s out/manifest.tsv seeded/manifest.tsv; echo $?)" 1
check "folders above DATA are made" 0 "^test" "" split src -o deep/er/data
check "--copy makes copies" 0 "^test" "" split src -o copied --copy
equal "with links of their own" "$(find copied -type f -links 1 | wc -l)" 31
rm -rf out
check "--dry-run prints the counts" 0 "^valid	3	2	5$" "" split src -o out --dry-run
gone "and makes nothing"
check "--dry-run needs no -o" 0 "^train" "" split src --dry-run
check "--json prints an object a split" 0 '^\{"split": "test", "classes": \{"cat": 3, "dog": 1\}, "count": 4, "decisions": null\}$' "" \
    split src --dry-run --json
check "counts are those of every class" 0 "^train	6	6	12$" "10 pictures are in no split" \
    split src -o out --train 6 --valid 3 --test 1
equal "exactly" "$(count out/train/cat) $(count out/valid/dog) $(count out/test/cat)" "6 3 1"
rm -rf out
check "more than there is names class, wanted and available" 3 "" \
    "class 'dog': 12 pictures wanted \(train 8, valid 2, test 2\), 10 available" split src -o out --train 8 --valid 2 --test 2
check "a split of none is not made" 0 "^test	0	0	0$" "" split src -o out --fractions 0.8,0.2,0
equal "at all" "$(ls out)" "manifest.tsv
train
valid"
rm -rf out

# ---- copies ----
cp -r src copies
for i in 2 3 4 5; do cp copies/cat/1.ppm "copies/cat/copy$i.ppm"; done
cp copies/dog/1.ppm copies/dog/again.ppm
together=
for seed in 1 2 3 4 5 6 7 8; do
    split copies -o out --seed $seed >/dev/null 2>"$work/.streams/err"
    together+=$(awk -F'\t' 'NR > 1 && $5 in seen && seen[$5] != $1 { print "apart" } { seen[$5] = $1 }' out/manifest.tsv)
    together+=$(awk -F'\t' 'NR > 1 { n[$6]++ } END { for (g in n) if (n[g] > 1) print n[g] }' out/manifest.tsv |
        tr ' ' '\n' | sort | tr '\n' ' ')
    rm -rf out
done
equal "files of the same bytes stay together, whatever the seed" "$together" "2 5 2 5 2 5 2 5 2 5 2 5 2 5 2 5 "
check "their number is told" 0 "^train" "5 pictures are copies of another" split copies -o out
rm -rf out
cp copies/cat/7.ppm copies/dog/cat.ppm
check "a picture in two classes is named and left out" 1 "^train" \
    "copies/cat/7.ppm \('cat'\) has the same bytes as copies/dog/cat.ppm \('dog'\)" split copies -o out
equal "of both" "$(grep -cE 'cat/7.ppm|dog/cat.ppm' out/manifest.tsv)" 0
rm -rf out
check "--strict makes it an error" 3 "" "2 files are of pictures in two classes" split copies -o out --strict
gone "that leaves nothing"
mkdir -p same/a same/b
for i in 1 2 3 4; do cp src/cat/1.ppm same/a/$i.ppm; noise same/b/$i.ppm 7$i; done
check "copies alone do not fill three splits" 3 "" "class 'a', .*: .* could be placed, for copies stay together" \
    split same -o out
check "nor do two pictures" 3 "" "class 'few': 2 pictures are too few" \
    sh -c "cp -r src some; mkdir some/few; cp src/cat/1[01].ppm some/few; rm some/cat/1[01].ppm; $ftrain split some -o out -q"

# ---- likeness ----
scene() { # FILE SIDE PHASE LEVEL
    {
        printf 'P6 %d %d 255\n' "$2" "$2"
        awk -v side="$2" -v phase="$3" -v level="$4" 'BEGIN {
            srand(phase)
            for (i = 0; i < 6; i++) { u[i] = 20 * rand(); v[i] = 20 * rand(); w[i] = 6 * rand() }
            for (y = 0; y < side; y++)
                for (x = 0; x < side; x++) {
                    value = level
                    for (i = 0; i < 6; i++) value += 14 * cos(u[i] * (x + .5) / side + v[i] * (y + .5) / side + w[i])
                    printf "%c%c%c", value, value, value
                }
        }'
    } >"$1"
}
mkdir -p near/a near/b
for phase in 1 2 3 4; do
    scene near/a/$phase.ppm 96 $phase 120
    scene near/a/$phase-small.ppm 48 $phase 120
    scene near/b/$phase-bright.ppm 96 $phase 130
    scene near/b/$phase-tiny.ppm 64 $phase 125
done
for level in 20 60 100 140; do # one colour: alike to every hash, yet different pictures
    { printf 'P6 4 4 255\n'; head -c 48 /dev/zero | tr '\0' "\\$(printf %o $level)"; } >near/a/flat$level.ppm
    { printf 'P6 4 4 255\n'; head -c 48 /dev/zero | tr '\0' "\\$(printf %o $((level + 9)))"; } >near/b/flat$level.ppm
done
check "--group-near tells what it compared by bytes alone" 0 "^train" "8 pictures are of one colour" \
    split near -o out --group-near --fractions 0.4,0.3,0.3
equal "and keeps each scene in one split, over classes" \
    "$(awk -F'\t' '$3 ~ /^[1-4]/ { split($3, n, "[-.]"); print n[1], $1, $6 }' out/manifest.tsv | sort -u | wc -l)" 4
equal "and one-coloured pictures apart" "$(awk -F'\t' '$3 ~ /^flat/ { print $6 }' out/manifest.tsv | sort -u | wc -l)" 8
rm -rf out
check "without it they are not compared" 0 "^train" "" split near -o out
rm -rf out
check "--near-distance says how alike" 0 "^train" "pictures are copies of another" split near -o out --near-distance 6 \
    --fractions 0.4,0.3,0.3
rm -rf out

# ---- what cannot be used ----
cp -r src broken
head -c 100 src/cat/1.ppm >broken/cat/1.ppm
echo "a note" >broken/dog/notes.txt
: >broken/dog/8.ppm
check "what is no picture is named and left out" 1 "^train	13	6	19$" "skipped: broken/dog/notes.txt" split broken -o out
rm -rf out
check "--strict stops at it" 3 "" "broken/cat/1.ppm" split broken -o out --strict
gone "and leaves nothing"
mkdir -p one/only none/a none/b blank
cp src/cat/1.ppm one/only
check "one class is too few" 3 "" "one: has 1 class folder; at least two" split one -o out
check "an empty folder has none" 3 "" "blank: has 0 class folders" split blank -o out
check "a class without files is named" 3 "" "none/a: a class without files" split none -o out
check "a data set is not split again" 3 "" "empty: holds folders train and test" split empty -o out
mkdir odd odd/a odd/b
for i in 1 2 3; do cp src/cat/$i.ppm "odd/a/tab	$i.ppm"; cp src/dog/$i.ppm "odd/b/$i"; done
check "odd file names are taken" 0 "^train	1	1	2$" "" split odd -o out
equal "and escaped in the manifest" "$(grep -cF 'tab\t1.ppm' out/manifest.tsv)" 1
rm -rf out
if [ "$(id -u)" -ne 0 ]; then
    mkdir locked && chmod a-w locked
    check "a folder that cannot be written is told" 5 "" "locked/" split src -o locked/out
else
    check "a goal inside a file is told" 5 "" "src/cat/1.ppm" split src -o src/cat/1.ppm/out
fi

# ---- Ctrl-C ----
mkdir -p many/a many/b
{ printf 'P6 600 600 255\n'; head -c 1080000 /dev/zero; } >black.ppm
for i in $(seq 50); do
    { cat black.ppm; echo $i; } >many/a/$i.ppm
    { cat black.ppm; echo 1$i; } >many/b/1$i.ppm
done
"$ftrain" split many -o out --copy >"$work/.streams/out" 2>"$work/.streams/err" &
SECONDS=0
until [ -e .ftrain-split-0.tmp ] || [ $SECONDS -gt 60 ]; do :; done # the copying has begun
kill -INT $! 2>/dev/null
wait $!
equal "Ctrl-C ends with 130" $? 130
gone "and leaves nothing"

# ---- what a killed run left ----
mkdir later
"$ftrain" split many -o later/killed --copy >"$work/.streams/out" 2>"$work/.streams/err" &
SECONDS=0
until [ -e later/.ftrain-split-0.tmp/manifest.tsv ] || [ -e later/.ftrain-split-0.tmp/train ] || [ $SECONDS -gt 60 ]; do :; done
kill -KILL $! 2>/dev/null
wait $! 2>/dev/null
mkdir -p later/.ftrain-split-3.tmp/train # and another one, with whom it was at work
holds "a run that is killed leaves what it had begun" test -d later/.ftrain-split-0.tmp
check "the next one for that folder removes it" 0 "." "" "$ftrain" split src -o later/out -q
equal "and all that such runs left" "$(ls -A later)" out
exec 9>later/.ftrain-split-0.lock
flock 9 # as a run does that is at work
mkdir later/.ftrain-split-0.tmp
check "what is at work" 0 "." "" "$ftrain" split src -o later/other -q
equal "is left alone" "$(ls -Am later)" ".ftrain-split-0.lock, .ftrain-split-0.tmp, other, out"
exec 9>&-

[ "$failures" -eq 0 ]
