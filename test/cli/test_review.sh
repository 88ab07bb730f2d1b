#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# ftrain review without a browser, and the commands that heed its decisions. Pictures are noise, drawn by awk.
#
#     test/cli/test_review.sh        from the repository root; BUILD names the folder of the build
source test/support/support.sh

review() { "$ftrain" review "$@"; }
cd "$work" || exit 1
mkdir .streams # away from the data sets
stdout=$work/.streams/out stderr=$work/.streams/err
dataset set 4 40 150
cp -r set pristine
file=set/decisions.tsv
tab=$(printf '\t')
lines() { tail -n +2 $file | wc -l; }
forget() { rm -f $file; }
train_options=(-w random:1 --arch densenet121 --crop 32 --resize 32 --hidden none --epochs 2 -q)

# ---- usage ----
check "help review gives usage and an example" 0 "^  ftrain review flowers --exclude train/rose/17.jpg" "" "$ftrain" help review
check "two decisions at once are refused" 2 "" "give one of --list, --exclude, --keep, --move and --undo" \
    review set --exclude --keep set/train/dark/1.ppm
check "a list takes no decision" 2 "" "give one of" review set --list --undo
check "a decision wants pictures" 2 "" "no pictures are named to exclude" review set --exclude
check "pictures want a decision" 2 "" "not what is decided on them" review set --list set/train/dark/1.ppm
check "a class that is none is named, and those that are" 2 "" \
    "^ftrain: --move: 'grey' is no class of set; it has 'bright', 'dark'$" review set --move grey set/train/dark/1.ppm
check "a set that is not there is a data error" 3 "" "nowhere" review nowhere --list
check "no decisions, no list" 0 "" "^ftrain: set/decisions.tsv: no decisions$" review set --list

# ---- deciding ----
check "a picture by its path" 0 "^excluded: 1$" "" review set --exclude set/train/dark/1.ppm
check "or inside the set" 0 "^excluded: 2$" "" review set --exclude train/dark/2.ppm train/dark/3.ppm
check "what is decided already is not written again" 0 "^excluded: 1; 2 were so already$" "" \
    review set --exclude train/dark/1.ppm train/dark/2.ppm set/valid/dark/4.ppm
equal "a line each" "$(lines)" 4
check "through a path with dots and links" 0 "^kept: 1$" "" review ./set/../set --keep set/train/./bright/../bright/1.ppm
ln -s set link
check "of the set by another name" 0 "^kept: 1$" "" review set --keep link/train/bright/2.ppm
rm link
forget
mkdir elsewhere
mv set/train/dark/1.ppm elsewhere/one.ppm
ln -s "$PWD/elsewhere/one.ppm" set/train/dark/1.ppm
mv set/test/dark elsewhere/dark
ln -s "$PWD/elsewhere/dark" set/test/dark
check "a picture that is a link out of the set, by other paths" 0 "^kept: 1$" "" \
    review set --keep ./set/train/dark/1.ppm "$PWD/set/train/dark/1.ppm" set/train/../train/dark/1.ppm
check "one in a folder that is a link, likewise" 0 "^kept: 1$" "" \
    review set --keep ./set/test/dark/2.ppm "$PWD//set/test/./dark/2.ppm"
check "the folder itself, too" 0 "^excluded: 4$" "" review set --exclude ./set/test/dark
check "and from inside of the set" 0 "^kept: 0; 1 were so already$" "" \
    sh -c "cd set/train/dark && '$ftrain' review ../.. --keep 1.ppm"
check "what a link leads to is no picture of the set" 3 "" "elsewhere/one.ppm: is no picture of set" \
    review set --keep elsewhere/one.ppm
rm set/train/dark/1.ppm set/test/dark
mv elsewhere/one.ppm set/train/dark/1.ppm
mv elsewhere/dark set/test/dark
rmdir elsewhere
forget
check "a picture named twice is decided on once" 0 "^moved: 1 to bright$" "" \
    review set --move bright train/dark/4.ppm set/train/dark/4.ppm
forget
check "a folder is all pictures in it" 0 "^excluded: 4$" "" review set --exclude set/valid/bright
check "inside the set, too" 0 "^moved: 4 to dark$" "" review set --move dark valid/bright/
forget
find set/test -name '*.ppm' >.streams/list
check "a list on standard input" 0 "^excluded: 8$" "" sh -c "$ftrain review set --exclude - <.streams/list"
check "with paths inside the set" 0 "^kept: 1$" "" sh -c "echo test/dark/1.ppm | $ftrain review set --keep -"
forget
check "a file outside of the set is refused" 3 "" "pristine/train/dark/1.ppm: is no picture of set" \
    review set --exclude train/dark/1.ppm pristine/train/dark/1.ppm
check "and one that is not there" 3 "" "train/dark/77.ppm" review set --exclude train/dark/1.ppm train/dark/77.ppm
equal "and then nothing is written" "$(ls set)" "test
train
valid"
check "JSON says what was done" 0 \
    '^\{"decision": "move", "class": "bright", "count": 1, "unchanged": 0, "decisions_path": "set/decisions.tsv"\}$' "" \
    review set --move bright --json train/dark/1.ppm
check "a picture that is moved to where it lies is kept" 0 "^moved: 1 to dark$" "" review set --move dark train/dark/2.ppm
check "the list has it so" 0 "^train/dark/2.ppm  *keep  *20.*Z  *there$" "" review set --list
check "and what is moved" 0 "^train/dark/1.ppm  *move to bright  *20" "" review set --list
check "in JSON, too" 0 '^\{"path": "train/dark/1.ppm", "decision": "move", "class": "bright", "time": "20[^"]*Z", "state": "there", "xxh3": "[0-9a-f]{32}"\}$' "" \
    review set --list --json
equal "the key is that of split's manifest" "$(review set --list --json | sed -n 's/.*dark.1.ppm.*"xxh3": "\([^"]*\)".*/\1/p')" \
    "$(mkdir -p one/a one/b; cp set/train/dark/*.ppm one/a; cp set/train/bright/*.ppm one/b
       "$ftrain" split one -o one.out -q >/dev/null; sed -n "s/.*one.a.1.ppm$tab\([0-9a-f]*\).*/\1/p" one.out/manifest.tsv)"
holds "no picture was touched" diff -r -x decisions.tsv set pristine

# ---- undo ----
forget
review set --exclude train/dark/1.ppm >/dev/null
review set --move bright train/dark/1.ppm >/dev/null
check "undo takes back the last decision" 0 "^undone: 1$" "" review set --undo train/dark/1.ppm
check "so that the one before counts" 0 "^train/dark/1.ppm  *exclude " "" review set --list
check "once more" 0 "^undone: 1$" "" review set --undo train/dark/1.ppm train/dark/1.ppm
check "and none counts" 0 "" "no decisions" review set --list
check "what is not decided is not undone" 3 "" "train/dark/1.ppm: nothing is decided" review set --undo train/dark/1.ppm
equal "lines are appended, none is taken away" "$(lines)" 4

# ---- files that change ----
forget
review set --exclude train/dark/1.ppm train/dark/2.ppm train/dark/3.ppm >/dev/null
mv set/train/dark/1.ppm set/train/dark/renamed.ppm
cp pristine/valid/dark/1.ppm set/train/dark/2.ppm
rm set/train/dark/3.ppm
check "a renamed file is listed as such" 0 "^train/dark/1.ppm .* renamed$" "" review set --list
check "a changed one" 0 "^train/dark/2.ppm .* changed$" "" review set --list
check "and one that is gone" 0 "^train/dark/3.ppm .* missing$" "" review set --list
check "a new name is excluded already" 0 "^excluded: 0; 1 were so already$" "" review set --exclude train/dark/renamed.ppm
check "and undone under it" 0 "^undone: 1$" "" review set --undo train/dark/renamed.ppm
check "of a file that is gone the decision can be taken back" 0 "^undone: 1$" "" review set --undo train/dark/3.ppm
review set --exclude train/dark/renamed.ppm >/dev/null
review set --exclude train/dark/4.ppm >/dev/null
mv set/train/dark/4.ppm set/train/dark/gone
"$ftrain" audit set -q >.streams/out 2>.streams/err
equal "what does not apply is told, with its line" "$(grep -c "line 3: train/dark/2.ppm has changed since; the decision no longer applies" .streams/err)" 1
rm -r set
cp -r pristine set

# ---- a bad file ----
review set --exclude train/dark/1.ppm >/dev/null
cp $file .streams/good
printf 'train/dark/2.ppm\tabc\n' >>$file
printf 'train/dark/3.ppm\t' >>$file
for command in "review set --list" "review set --exclude train/dark/2.ppm" "audit set" "split set/train -o out --decisions $file" \
    "train set -o m.safetensors -w random:1" "extract set -o f.safetensors -w random:1" "baseline set --only dummy"; do
    check "${command%% *}: a bad line ends the run, with its number" 3 "" \
        "^ftrain: set/decisions.tsv: line 3: it has not the five columns of a decision$" "$ftrain" $command
done
cp .streams/good $file
printf 'train/dark/2.ppm\tabc' >>$file
check "a last line that was cut off is passed over" 0 "^train/dark/1.ppm" "" review set --list
check "and mended" 0 "^excluded: 1$" "" review set --exclude train/dark/3.ppm
equal "by the next decision" "$(cut -f1 $file)" "path
train/dark/1.ppm
train/dark/3.ppm"
chmod a-w $file
if [ ! -w $file ]; then
    check "a file that may not be written is the machine's failure" 5 "" "set/decisions.tsv: cannot be written" \
        review set --exclude train/dark/2.ppm
fi
forget

# ---- train and the others heed it ----
check "no file, nothing said" 0 "^test accuracy" "random weights" "$ftrain" train set -o plain.safetensors "${train_options[@]}"
equal "of decisions" "$(grep -c decisions .streams/err)" 0
equal "nor in the recipe" "$("$ftrain" info plain.safetensors | grep -c decisions)" 0
review set --exclude train/dark/1.ppm test/bright/2.ppm >/dev/null
review set --move dark train/bright/3.ppm >/dev/null
check "train says what it left out and moved" 0 "^test accuracy .* of 7;" \
    "^ftrain: set/decisions.tsv: 2 pictures left out, 1 moved to another class$" \
    "$ftrain" train set -o model.safetensors "${train_options[@]}"
hash=$("$ftrain" info model.safetensors | sed -n 's/.*"decisions": {"xxh3": "\([0-9a-f]*\)", "left_out": 2, "moved": 1}.*/\1/p')
equal "the recipe has the hash of the file" "${#hash}" 32
mkdir -p as_it_should_be
cp -r set/. as_it_should_be
rm as_it_should_be/{decisions.tsv,train/dark/1.ppm,test/bright/2.ppm}
mv as_it_should_be/train/bright/3.ppm as_it_should_be/train/dark/0.ppm
"$ftrain" train as_it_should_be -o moved.safetensors "${train_options[@]}" >.streams/moved 2>/dev/null
"$ftrain" train set -o model.safetensors "${train_options[@]}" >.streams/decided 2>/dev/null
equal "it trains as on a set without them" "$(grep accuracy .streams/decided)" "$(grep accuracy .streams/moved)"
check "--no-decisions takes all" 0 "^test accuracy .* of 8;" "random weights" \
    "$ftrain" train set -o all.safetensors "${train_options[@]}" --no-decisions
equal "and says nothing" "$(grep -c decisions .streams/err)" 0
holds "and gives the model of before, bit for bit" cmp all.safetensors plain.safetensors
check "a file of one's own" 0 "^test accuracy .* of 7;" "^ftrain: .streams/copy: 2 pictures left out, 1 moved" \
    sh -c "mv $file .streams/copy; $ftrain train set -o other.safetensors --decisions .streams/copy ${train_options[*]}"
holds "gives the same model" cmp other.safetensors model.safetensors
cp .streams/copy $file
check "one that is not there is an error" 3 "" "^ftrain: --decisions: nowhere.tsv: is not there" \
    "$ftrain" train set -o x.safetensors --decisions nowhere.tsv "${train_options[@]}"
check "both options exclude one another" 2 "" "--no-decisions exclude one another" \
    "$ftrain" train set -o x.safetensors --decisions $file --no-decisions "${train_options[@]}"
check "train --json has them" 0 "\"decisions\": \{\"xxh3\": \"$hash\", \"left_out\": 2, \"moved\": 1\}" "left out" \
    "$ftrain" train set -o x.safetensors --json "${train_options[@]}"
check "evaluate" 0 "^accuracy .* of 7;" "set/decisions.tsv: 1 picture left out, 0 moved" \
    "$ftrain" evaluate -m model.safetensors set -q
check "evaluate --json" 0 "\"decisions\": \{\"xxh3\": \"$hash\", \"left_out\": 1, \"moved\": 0\}" "left out" \
    "$ftrain" evaluate -m model.safetensors set --json -q
check "evaluate --no-decisions" 0 "\"decisions\": null" "" \
    "$ftrain" evaluate -m model.safetensors set --json -q --no-decisions
check "extract" 0 "" "set/decisions.tsv: 2 pictures left out, 1 moved" \
    "$ftrain" extract set -o f.safetensors -w random:1 --arch densenet121 --crop 32 --resize 32 -q
check "baseline" 0 "^dummy" "set/decisions.tsv: 2 pictures left out, 1 moved" "$ftrain" baseline set --only dummy -q
check "audit" 0 "." "set/decisions.tsv: 2 pictures left out, 1 moved" "$ftrain" audit set -q
check "audit --json" 0 "\"decisions\": \{\"xxh3\": \"$hash\"" "left out" "$ftrain" audit set -q --json
check "a class that a model lacks is named" 3 "" "line 4: moves train/bright/3.ppm to 'dark', which is not a class here" \
    sh -c "mkdir half; cp -r set/train/bright half; cp $file half; $ftrain audit half -q"
review set --exclude valid/dark >/dev/null
check "a class of which nothing is left is named" 3 "" "valid/dark: no picture that can be used is left" \
    "$ftrain" train set -o x.safetensors "${train_options[@]}"
cp .streams/copy $file

# ---- split ----
mkdir -p src
cp -r set/train/bright set/train/dark src
review src --exclude dark/1.ppm >/dev/null
review src --move bright dark/2.ppm >/dev/null
check "split leaves out and moves" 0 "^train	4	1	5$" "^ftrain: src/decisions.tsv: 1 picture left out, 1 moved to another class$" \
    "$ftrain" split src -o out -q --fractions 0.8,0.2,0
equal "into the other class's folders" "$(cut -f2,4 out/manifest.tsv | grep 'dark/2')" "bright${tab}src/dark/2.ppm"
equal "and not what is excluded" "$(grep -c 'dark/1.ppm' out/manifest.tsv)" 0
rm -r out
check "split --no-decisions takes all" 0 "^train	3	3	6$" "" "$ftrain" split src -o out -q --fractions 0.8,0.2,0 --no-decisions
"$ftrain" split src -o whole -q --fractions 0.5,0.25,0.25 --no-decisions >/dev/null 2>&1
check "decisions on the source are for the set made of it, by content" 0 "." \
    "^ftrain: src/decisions.tsv: 1 picture left out, 1 moved to another class$" \
    "$ftrain" audit whole -q --decisions src/decisions.tsv

# ---- odd names ----
mkdir -p odd/a odd/b
for name in $'tab\there' $'line\nend' 'back\slash' $'bad\xffbyte' 'a b'; do
    picture "odd/a/$name" "$((RANDOM))" 50
done
for i in 1 2 3; do picture odd/b/$i 9$i 90; done
check "names of any bytes are decided on" 0 "^excluded: 5$" "" review odd --exclude odd/a
equal "and listed, one line each" "$(review odd --list | tail -n +2 | wc -l)" 5
check "and come back" 0 "^excluded: 0; 5 were so already$" "" review odd --exclude a
[ "$failures" -eq 0 ]
