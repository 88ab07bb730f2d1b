#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The demo's pictures: reproducible, and not to be told apart by what has nothing to do with their making.
#
#     BUILD=build test/house/test_samples.sh                from the repository root, after the samples were built
source test/support/support.sh

samples=$build/docs/demo/samples

counts_are_kept() {
    [ "$(find "$work/one" -type f | wc -l)" = 14 ] &&
        [ "$(cd "$work/one" && echo */*)" = "test/generated test/photo train/generated train/photo valid/generated valid/photo" ] &&
        [ "$(cd "$work/one/train/photo" && echo *)" = "000.jpg 001.jpg 002.jpg 003.jpg" ]
}
another_seed_gives_other_pictures() {
    "$samples" "$work/other" --seed 8 --count 4,1,2 --size 64 &&
        ! cmp -s "$work/one/train/photo/000.jpg" "$work/other/train/photo/000.jpg"
}
all_pictures_differ() {
    [ -z "$(find "$work/one" -type f -exec md5sum {} + | cut -d' ' -f1 | sort | uniq -d)" ]
}
more_pictures_change_none() {
    "$samples" "$work/more" --seed 7 --count 5,2,3 --size 64 && ! diff -rq "$work/one" "$work/more" | grep -v "^Only in $work/more"
}
framing_changes_photos_alone() {
    "$samples" "$work/wide" --seed 7 --count 4,1,2 --size 64 --framing 1.5 &&
        diff -r "$work/one/train/generated" "$work/wide/train/generated" &&
        ! cmp -s "$work/one/train/photo/000.jpg" "$work/wide/train/photo/000.jpg"
}
usage_is_refused() {
    local arguments
    for arguments in "" "a b" "a --seed x" "a --seed -1" "a --count 1,2" "a --count 1,2,3,4" "a --count 0,1,1" \
        "a --size 66" "a --size 2000" "a --framing 0.5" "a --framing wide" "a --colour"; do
        # shellcheck disable=SC2086 # words of arguments
        (cd "$work" && "$samples" $arguments)
        [ $? = 2 ] || { echo "not refused: $arguments"; return 1; }
    done
    [ ! -e "$work/a" ]
}
unwritable_is_named() {
    "$samples" "$work/absent/folder" --count 1,1,1 2>"$work/message"
    [ $? = 5 ] && grep -F "$work/absent/folder" "$work/message"
}
bytes() { # the mean size of a class's files
    find "$work/many/train/$1" -type f -printf '%s\n' | awk '{ sum += $1 } END { print sum / NR }'
}
# One encoder at one quality, and as much to encode: within 15 %, where single files differ by as much.
sizes_do_not_tell_classes() {
    "$samples" "$work/many" --count 40,1,1 || return
    awk -v a="$(bytes photo)" -v b="$(bytes generated)" 'BEGIN { print a, b; exit !(a / b < 1.15 && b / a < 1.15) }'
}

holds "pictures are made" "$samples" "$work/one" --seed 7 --count 4,1,2 --size 64
holds "as many as asked for, in a data set's folders" counts_are_kept
holds "again" "$samples" "$work/two" --seed 7 --count 4,1,2 --size 64
holds "the same seed gives the same bytes" diff -r "$work/one" "$work/two"
holds "another seed gives other pictures" another_seed_gives_other_pictures
holds "no picture occurs twice" all_pictures_differ
holds "asking for more changes none of the first ones" more_pictures_change_none
holds "a wider framing changes the photos alone" framing_changes_photos_alone
holds "wrong arguments are refused and nothing is written" usage_is_refused
holds "a folder that cannot be made is named" unwritable_is_named
holds "file sizes do not tell the classes apart" sizes_do_not_tell_classes

[ "$failures" -eq 0 ]
