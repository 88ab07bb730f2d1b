#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# No judging on what was learnt: a model knows the pictures that it was made from, by their bytes and by their look, and
# evaluate and predict tell them from others, with the figures without them.
#
#     test/cli/test_own_pictures.sh        from the repository root; BUILD names the folder of the build
source test/support/support.sh

python=${PYTHON:-/usr/bin/python3}
small="-w random:7 --arch densenet121 --resize 36 --crop 32 --epochs 2"
cd "$work" || exit 1

also() { # WHAT PATTERN: standard output of the last check has such a line, too
    if matches "$2" out; then ok "$1"; else not_ok "$1"; fi
}

never() { # WHAT PATTERN: it has none
    if grep -qE -- "$2" out; then not_ok "$1"; else ok "$1"; fi
}

"$build/docs/demo/samples" data --seed 5 --count 6,5,4 --size 48 >/dev/null

# ---- the keys ----
check "training keeps the keys of its pictures" 0 "^wrote m.safetensors" "features: " "$ftrain" train data $small -o m.safetensors
never "and says nothing of test, which has none of them" "of test, "
if grep -q "near copies" err; then not_ok "their looks come with the features"; else ok "their looks come with the features"; fi
check "info counts them" 0 "^picture keys 22: trained on 12, validated with 10$" "" "$ftrain" info m.safetensors
cp m.safetensors first.safetensors
looks=$XDG_CACHE_HOME/densenet/looks.safetensors
rm "$looks"
check "without the kept looks the pictures are decoded" 0 "^wrote" "near copies: 30 in" \
    "$ftrain" train data $small -o m.safetensors
same "to the same bytes" first.safetensors m.safetensors
check "once" 0 "^wrote" "random" "$ftrain" train data $small -q -o m.safetensors --threads 1
same "for any number of threads" first.safetensors m.safetensors

# ---- looks that a stopped run left in their journal ----
"$build/docs/demo/samples" few --seed 6 --count 2,2,2 --size 48 >/dev/null # whose file is longer than its journal
few_cache=$work/few.cache looks_of_few=$work/few.cache/densenet/looks.safetensors
XDG_CACHE_HOME=$few_cache "$ftrain" train few $small -q -o few.safetensors >/dev/null 2>&1
mv "$looks_of_few" whole
check "looks that cannot be merged are told" 5 "" "looks.safetensors: cannot be written: File too large" \
    env XDG_CACHE_HOME="$few_cache" prlimit --fsize=$(($(wc -c <whole) - 1)) "$ftrain" train few $small -q -o few.safetensors
holds "and stay in their journal" test -s "$looks_of_few.journal"
check "from which the next run merges them" 0 "^wrote" "random" env XDG_CACHE_HOME="$few_cache" "$ftrain" train few $small -q -o few.safetensors
same "to the same bytes as before" whole "$looks_of_few"
holds "and leaves no journal" test ! -e "$looks_of_few.journal"

check "--no-picture-keys keeps none" 0 "^wrote" "random" "$ftrain" train data $small -q -o none.safetensors --no-picture-keys
check "info shows that in the recipe" 0 '"picture_keys": false' "" "$ftrain" info none.safetensors
never "and counts none" "^picture keys"
holds "the keys are those of the files" "$python" - "$looks" <<'PY'
import glob, json, struct

data = open("m.safetensors", "rb").read()
size = struct.unpack("<Q", data[:8])[0]
header = json.loads(data[8:8 + size])


def tensor(name):
    begin, end = header[name]["data_offsets"]
    return data[8 + size + begin:8 + size + end]


keys, uses = tensor("pictures.keys"), tensor("pictures.uses")
assert len(keys) == 22 * 16 and len(tensor("pictures.looks")) == 22 * 8, header
assert len({keys[i:i + 16] for i in range(0, len(keys), 16)}) == 22
assert list(uses) == [0] * 12 + [1] * 10, list(uses)
PY
xxh=$(command -v xxh128sum || true)
if [ -n "$xxh" ]; then
    key=$(xxh128sum data/train/generated/000.jpg | cut -d' ' -f1)
    holds "in xxHash's own words" "$python" -c "
data = open('m.safetensors', 'rb').read()
assert bytes.fromhex('$key') in data"
else
    echo "ok - in xxHash's own words # SKIP there is no xxh128sum here"
fi

# ---- evaluate ----
check "test has none of them" 0 "^none of the 8 pictures is one of the 22 that the model was made from$" "" \
    "$ftrain" evaluate -m m.safetensors data -q
if head -1 out | grep -q ^accuracy; then ok "and the accuracy comes first"; else not_ok "and the accuracy comes first"; fi
check "its own training pictures come before all" 0 "^all 12 pictures are the model's own: trained on 12$" "" \
    "$ftrain" evaluate -m m.safetensors data --split train -q
if head -1 out | grep -q "^all 12 "; then ok "indeed"; else not_ok "indeed"; fi
also "with nothing left" "^without them: nothing is left to judge it by$"
check "so do those that chose the epoch" 0 "^all 10 pictures are the model's own: validated with 10$" "" \
    "$ftrain" evaluate -m m.safetensors data --split valid -q

mkdir -p mixed/generated mixed/photo
cp data/train/generated/00[0-3].jpg mixed/generated
cp data/test/photo/00[0-3].jpg mixed/photo
mv mixed/photo/000.jpg mixed/photo/renamed
cp data/valid/photo/000.jpg mixed/photo/v.jpg
"$python" - <<'PY'
from PIL import Image

Image.open("data/train/photo/000.jpg").save("mixed/photo/again.jpg", quality=60)
picture = Image.open("data/valid/generated/001.jpg")
picture.resize((picture.width // 2, picture.height // 2)).save("mixed/generated/half.png")
PY
"$ftrain" predict -m m.safetensors mixed --json >rows 2>/dev/null
check "a part is counted, near copies, too" 0 \
    "^7 of the 11 pictures are the model's own: trained on 5, validated with 2; 2 are near copies$" "" \
    "$ftrain" evaluate -m m.safetensors mixed -q --report page.html
if head -1 out | grep -q "^7 of the 11 "; then ok "first of all"; else not_ok "first of all"; fi
also "with the accuracy of the others" "^without them: accuracy [01]\.[0-9]{4} \([0-9] of 4; 95 % interval"
also "beside it" "^without the model's own +[01]\.[0-9]{4} "
holds "the page says so, too" grep -q "7 of the 11 pictures are the model&#39;s own\|7 of the 11 pictures are the model's own" page.html
holds "with both rows" grep -q "without the model" page.html
check "JSON has both" 0 '"own": \{"keys": 22, "count": 11, "train": 5, "valid": 2, "near": 2, "without": \{"accuracy"' "" \
    "$ftrain" evaluate -m m.safetensors mixed -q --json
cp out found.json
holds "the figures without them are those of the other rows" "$python" - <<'PY'
import json

rows = [json.loads(line) for line in open("rows")]
others = [row for row in rows if "own" not in row]
correct = sum(row["path"].split("/")[1] == row["class"] for row in others)
without = json.load(open("found.json"))["own"]["without"]
assert without["count"] == len(others) == 4 and without["correct"] == correct, (without, others)
assert abs(without["accuracy"] - correct / 4) < 1e-8, without
PY
check "a model without keys says that it cannot tell" 0 "^whether the model was made from these pictures is not known: it keeps no keys$" "" \
    "$ftrain" evaluate -m none.safetensors mixed -q
check "in JSON as null" 0 '"own": null' "" "$ftrain" evaluate -m none.safetensors mixed -q --json

# ---- predict ----
check "predict marks them" 0 "mixed/generated/000.jpg	.*	own: train$" \
    "^ftrain: 7 of the 11 pictures are the model's own: trained on 5, validated with 2; 2 are near copies;" \
    "$ftrain" predict -m m.safetensors mixed
also "by their look" "mixed/photo/again.jpg	.*	own: train \(near copy\)$"
also "also half as large" "mixed/generated/half.png	.*	own: valid \(near copy\)$"
also "and the epoch's" "mixed/photo/v.jpg	.*	own: valid$"
equal "and no other" "$(grep -c 'own: ' out)" 7
check "CSV has a column" 0 "^path,class,error,own,near_copy,p_generated,p_photo,unfamiliar_percentile$" "7 of the 11" \
    "$ftrain" predict -m m.safetensors --format csv mixed
also "of words" "^mixed/photo/again.jpg,[a-z]+,,train,true,0\."
also "or empty" "^mixed/photo/renamed,[a-z]+,,,,0\."
check "JSON two members" 0 '"own": "train", "near_copy": true,' "7 of the 11" \
    "$ftrain" predict -m m.safetensors --json mixed
also "near or not" '"own": "valid", "near_copy": false,'
check "of new pictures alone nothing is said" 0 "photo" "" "$ftrain" predict -m m.safetensors data/test
never "indeed" "own"
check "nor by a model without keys" 0 "photo" "" "$ftrain" predict -m none.safetensors mixed
never "indeed" "own"

# ---- a test split that holds copies ----
cp -r data leaky
cp data/train/photo/001.jpg leaky/test/photo/000.jpg
check "training tells of its own pictures in test" 0 \
    "^of test, 1 of the 8 pictures is the model's own: trained on 1: 'ftrain audit' lists the copies$" "random" \
    "$ftrain" train leaky $small -q -o leaky.safetensors

[ "$failures" -eq 0 ]
