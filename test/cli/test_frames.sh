#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Files with more than one picture: the first is used, and that is said once a run, by each command that decodes.
#
#     test/cli/test_frames.sh        from the repository root; BUILD names the folder of the build
source test/support/support.sh

golden=$PWD/test/golden/io/pictures
cd "$work" || exit 1
small="-w random:7 --arch densenet121 --resize 36 --crop 32 -q"
dataset data 4 30 160
cp "$golden/animated.gif" data/train/dark/film.gif

said() { grep -E 'frames' "$stderr" | sed 's/^ftrain: //'; }
one="data/train/dark/film.gif: of its 2 frames the first alone is used"
check "training says it" 0 '^test accuracy' "$one" "$ftrain" train data $small --epochs 2 --hidden 8 -o m.safetensors
equal "once, although the picture has two views" "$(said)" "$one"
"$ftrain" train data $small --epochs 2 --hidden 8 -o n.safetensors >rows 2>"$stderr"
equal "of features that are kept nothing is said" "$(said)" ""

cp "$golden/animated.png" film.png
cp "$golden/animated.gif" film.gif
"$ftrain" predict -m m.safetensors film.png film.gif data/test/dark/1.ppm >rows 2>"$stderr"
equal "predict says it of the first" "$(said)" "film.png: of its 3 frames the first alone is used, and so of 1 more file"
equal "and has a row for each" "$(wc -l <rows)" 3
check "of pictures of one frame nothing is said" 0 'dark' '' "$ftrain" predict -m m.safetensors data/test/dark/1.ppm
"$ftrain" explain -m m.safetensors film.gif >rows 2>"$stderr"
equal "explain says it" "$(said)" "film.gif: of its 2 frames the first alone is used"
"$ftrain" prepare data -o prepared --side 32 --enlarge -q >rows 2>"$stderr"
equal "prepare says it" "$(said)" "$one"

[ "$failures" -eq 0 ]
