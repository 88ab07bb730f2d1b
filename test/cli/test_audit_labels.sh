#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# ftrain audit --labels from the outside: labels that were planted wrong are on the list, in text, JSON and on the page.
#
#     test/cli/test_audit_labels.sh        from the repository root; BUILD names the folder of the build
source test/support/support.sh
cd "$work" || exit 1

network=(-w random:1 --arch densenet121 --resize 32 --crop 32)
audit() { "$ftrain" audit -q "$@"; }
labels() { audit "$@" "${network[@]}" --labels; }

# Two brightnesses that any network tells apart, and two pictures in the wrong folder.
dataset set 10 60 180
mv set/train/dark/3.ppm set/train/bright/moved.ppm
mv set/test/bright/5.ppm set/test/dark/moved.ppm

check "the two pictures that were moved are listed, nothing else" 0 \
    "^Labels that are probably wrong: 2 of 60, by confident learning \(5 folds, C [0-9.e-]+\)$" "" labels set
cp out text
equal "each with split, path, given and likely class" \
    "$(sed -n '/^Labels/,$p' text | awk 'NR > 3 { print $1, $2, $3, $5 }' | sort | paste -sd';' -)" \
    "test set/test/dark/moved.ppm dark bright;train set/train/bright/moved.ppm bright dark"
check "the heads' accuracy is told from guessing" 0 \
    "^Heads that had not seen a picture gave its label in 0\.9[0-9]* of cases, better than always guessing" "" \
    labels set
labels set --threads 1 >one
labels set --threads 3 >three
same "the same for any number of threads" one three
check "without --labels there is no such list" 0 "^Outliers in features" "" audit set "${network[@]}"
holds "not a line of it" [ "$(grep -c '^Labels' out)" -eq 0 ]

if command -v python3 >/dev/null; then
    labels set --json >out.json 2>/dev/null
    check "JSON has the list, most doubtful first, and all other pictures by margin" 0 "^2 58$" "" python3 -c '
import json
found = json.load(open("out.json"))["labels"]
assert found["judged"] and found["count"] == 60 and found["folds"] == 5 and found["left_out"] == 0
assert found["doubt"] is None and found["estimated_wrong"] == 2
assert found["versus_largest_class"]["better"] and found["accuracy"] > 0.9
rows = found["suspected"]
assert {(r["split"], r["path"], r["given"], r["likely"]) for r in rows} == {
    ("train", "set/train/bright/moved.ppm", "bright", "dark"), ("test", "set/test/dark/moved.ppm", "dark", "bright")}
for r in rows:
    assert r["given_probability"] < 0.5 < r["likely_probability"], r
    assert abs(r["margin"] - (r["given_probability"] - r["likely_probability"])) < 1e-6, r
others = found["others"]
assert all(r["likely"] is None and r["likely_probability"] is None for r in others)
for part in rows, others:
    assert [r["margin"] for r in part] == sorted(r["margin"] for r in part)
print(len(rows), len(others))'
    audit set --json >out.json 2>/dev/null
    check "null where it was not asked for" 0 "^None$" "" python3 -c 'import json; print(json.load(open("out.json"))["labels"])'
else
    ok "JSON has the list # SKIP no python3"
fi

check "the page shows them with their pictures" 0 "^Labels" "" labels set --report page.html
equal "two of them" "$(sed -n '/id="labels"/,/<\/section>/p' page.html | grep -c 'data:image/jpeg;base64')" 2
equal "with both classes and probabilities" \
    "$(sed -n '/id="labels"/,/<\/section>/p' page.html | grep -cE '<figcaption>(dark 0\.[0-4][0-9]*; likely bright 0\.[5-9]|bright 0\.[0-4][0-9]*; likely dark 0\.[5-9])[0-9]*<br>(train|test)/')" 2

# ---- a copy does not vouch for its label: both stay in one fold ----
cp -r set copied
for n in 1 2 3 4; do cp copied/train/bright/moved.ppm "copied/train/bright/again$n.ppm"; done
check "copies of a wrong picture are all listed" 0 "^Labels that are probably wrong: [67] of 64" "" labels copied
equal "five of them" "$(grep -c 'train/bright/\(moved\|again.\).ppm  *bright .* dark ' out)" 5

# ---- classes that are too small ----
for split in train valid test; do
    mkdir "set/$split/rare"
    picture "set/$split/rare/1.ppm" 1 120
done
check "a class with too few pictures is left out and named" 0 \
    "^Not judged: 3 pictures of classes with fewer than 5 different pictures: 'rare'$" "" labels set
check "the others are judged" 0 "^Labels that are probably wrong: 2 of 60" "" labels set
mkdir -p small/a small/b
for n in 1 2 3 4 5 6; do picture "small/a/$n.ppm" "$n" 60; done
picture small/b/1.ppm 9 180
check "one class alone is not judged" 0 "^Labels: not judged: fewer than two classes have 5 different pictures$" "" \
    labels small

# ---- where features say nothing ----
dataset alike 10 90 90
check "a list without worth says so" 0 "^These features do not tell the classes apart: the list says little\.$" "" \
    labels alike

# A third of all labels is wrong, which no list can be sure of.
cp -r set doubtful
rm -r doubtful/*/rare
for n in 1 2 3; do
    for split in train valid test; do
        mv "doubtful/$split/dark/$((n + 5)).ppm" "doubtful/$split/bright/from-dark-$n.ppm"
        mv "doubtful/$split/bright/$((n + 6)).ppm" "doubtful/$split/dark/from-bright-$n.ppm"
    done
done
check "a list that is too long to be believed says so" 0 "^So many are suspected that either very many labels are wrong or" \
    "" labels doubtful

# ---- usage ----
check "--labels without weights says where they were looked for" 4 "" "^ftrain: no weights: give -w FILE" \
    "$ftrain" audit set --labels
for option in "arch densenet121" "cache $work" "resize 64" "crop 64"; do
    # shellcheck disable=SC2086 # an option and its value
    check "--${option% *} without weights is refused" 2 "" \
        "^ftrain: --${option% *}: .*-w WEIGHTS and --labels" "$ftrain" audit set --$option
done
[ "$failures" -eq 0 ]
