#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# ftrain train --from: a training that goes on from a model, with the model's weights, sizes and layers, for its classes or
# for others.
#
#     test/cli/test_train_from.sh        from the repository root; BUILD names the folder of the build
source test/support/support.sh

zero_weights=$PWD/test/support/zero_weights.py
network="-w random:7 --arch densenet121 --resize 36 --crop 32 --exif-rotate"
cd "$work" || exit 1
pictures() { # FOLDER SEED TRAIN VALID TEST: pictures of classes that differ in brightness, so many of each
    local seed=$2 class base split i
    for split in train:$3 valid:$4 test:$5; do
        for class in bright dark; do
            mkdir -p "$1/${split%:*}/$class"
            base=100
            if [ "$class" = bright ]; then base=106; fi
            for ((i = 0; i < ${split#*:}; i++)); do
                seed=$((seed + 1))
                picture "$1/${split%:*}/$class/$i.ppm" "$seed" "$base"
            done
        done
    done
}
pictures data 0 8 6 5
pictures more 1000 9 7 6

train() { # DATA ARGUMENTS...
    local folder=$1
    shift
    "$ftrain" train "$folder" -q "$@"
}
value() { # NAME: of the last line of standard output, which is JSON
    tail -1 out | grep -oE "\"$1\": [^,}]+" | head -1 | cut -d' ' -f2
}
also() { # WHAT PATTERN: standard output of the last check has such a line, too
    if matches "$2" out; then ok "$1"; else not_ok "$1"; fi
}
never() { # WHAT PATTERN FILE
    if grep -qE -- "$2" "$3"; then not_ok "$1"; else ok "$1"; fi
}

train data $network --hidden 16,8 --dropout 0.3 --epochs 4 -o base.safetensors >base.txt 2>/dev/null

# ---- refusals ----
refused() { # NAMED ARGUMENTS...
    local named=$1
    shift
    check "refused: $*" 2 "" "$named" train more "$@" --cache early
}
refused "--hidden: is the model's with --from" --from base.safetensors -o n.safetensors --hidden 16,8
refused "--arch: is the model's with --from" --from base.safetensors -o n.safetensors --arch densenet121
refused "--resize: is the model's with --from" --from base.safetensors -o n.safetensors --resize 255
refused "--crop: is the model's with --from" --from base.safetensors -o n.safetensors --crop 32
refused "--exif-rotate: is the model's with --from" --from base.safetensors -o n.safetensors --exif-rotate
refused "--sweep: 'hidden' is the model's with --from" --from base.safetensors -o n.safetensors --sweep hidden=8/none
refused "--folds judges pictures by heads that have not seen them" --from base.safetensors --folds 3
refused "--from needs -o, .*: 'base.safetensors' is not replaced unasked" --from base.safetensors
refused "--new-classes goes with --from alone" --new-classes -o n.safetensors
refused "-w random:7: a model on random weights carries what it needs" --from base.safetensors -o n.safetensors -w random:7
check "a model that is not there is an error of the model" 4 "" "nowhere: cannot be opened" \
    train more --from nowhere -o n.safetensors
check "so is a file that is none" 4 "" "base.txt: " train more --from base.txt -o n.safetensors
holds "a refusal computes nothing" test ! -e early
holds "and writes nothing" test ! -e n.safetensors

# ---- training on ----
check "training goes on, and begins with what the model reaches" 0 "^    0 +[0-9.]+ +[0-9.]+ +[0-9.]+  best$" "" \
    train more --from base.safetensors --epochs 4 --lr 0.01 -o next.safetensors
also "the result has it, too" "^before, as in base.safetensors: validation loss [0-9.]+, accuracy [0-9.]+; test accuracy"
check "--json has epoch 0" 0 '^\{"epoch": 0, .*"learning_rate": 0.0, "best": true\}$' "" \
    train more --from base.safetensors --epochs 4 --lr 0.01 -o next2.safetensors --json
cp out next.json
same "the same training gives the same bytes" next.safetensors next2.safetensors
for split in valid test; do "$ftrain" evaluate -m base.safetensors more --split $split -q --json >$split.json 2>/dev/null; done
holds "epoch 0 is the model as evaluate finds it, and the end is better" python3 - <<'PY'
import json

rows = [json.loads(line) for line in open("next.json")]
valid, test = (json.load(open(split + ".json")) for split in ("valid", "test"))
start, end = rows[0], rows[-1]
# in another batch and with the standardisation unfolded: rounding of float32
assert abs(start["valid_loss"] - valid["loss"]) < 1e-5, (start, valid)
assert abs(end["before"]["valid_loss"] - valid["loss"]) < 1e-5, (end, valid)
assert abs(end["before"]["test_loss"] - test["loss"]) < 1e-5, (end, test)
assert end["before"]["test_correct"] == test["correct"], (end, test)
assert end["best_epoch"] > 0 and end["valid_loss"] < start["valid_loss"], rows
PY
check "layers, dropout, weights and sizes are the model's" 0 '^resize 36, crop 32, EXIF rotation applied$' "" \
    "$ftrain" info next.safetensors
also "dropout" '^recipe .*"hidden": \[16, 8\], "dropout": 0.3,'
equal "weights" "$("$ftrain" info next.safetensors | grep -o 'densenet121, weights.*')" \
    "$("$ftrain" info base.safetensors | grep -o 'densenet121, weights.*')"
"$ftrain" info next.safetensors >out
hash=$("$ftrain" info next.safetensors | grep -oE '^trained on from base.safetensors, hash [0-9a-f]{32}$' | grep -oE '[0-9a-f]{32}')
also "so does the recipe" "\"from\": \{\"model\": \"base.safetensors\", \"xxh3\": \"$hash\", \"recipe\": \{\"name\": \"default\", \"dropout\": 0.3, .*\"epochs\": 4,"
holds "info tells the model that it came from" test -n "$hash"
xxh=$(command -v xxh128sum || true)
if [ -n "$xxh" ]; then
    equal "by the hash of its file" "$(xxh128sum base.safetensors | cut -d' ' -f1)" "$hash"
else
    echo "ok - by the hash of its file # SKIP there is no xxh128sum here"
fi
check "--dropout is ours to choose" 0 '"dropout": 0.1, .*"learning_rate": 0.002,' "" sh -c "
    $ftrain train more -q --from base.safetensors --epochs 1 --dropout 0.1 -o d.safetensors >/dev/null 2>&1 &&
    $ftrain info d.safetensors"
check "steps that are too long leave the head as it was" 0 "^best epoch 0: " "" \
    train data --from base.safetensors --epochs 2 --lr 50 -o kept.safetensors
also "and that is said" "^no epoch has a lower validation loss than the model it began with, whose head is kept$"
never "without a second line of the same" "^before" out
"$ftrain" predict -m base.safetensors data/test --json 2>/dev/null >base.json
"$ftrain" predict -m kept.safetensors data/test --json 2>/dev/null >kept.json
holds "its predictions are the model's" python3 - <<'PY'
import json

for a, b in zip(open("base.json"), open("kept.json")):
    a, b = json.loads(a), json.loads(b)
    assert a["path"] == b["path"] and a["class"] == b["class"], (a, b)
    # the standardisation is unfolded and folded again, in double: weights differ in their last bits
    for name, p in a["probabilities"].items():
        assert abs(p - b["probabilities"][name]) < 1e-5, (a, b)
PY
check "a third generation knows both" 0 "^trained on from next.safetensors, hash [0-9a-f]{32}; that one from base.safetensors, hash $hash$" \
    "" sh -c "$ftrain train data -q --from next.safetensors --epochs 1 -o third.safetensors >/dev/null 2>&1 &&
    $ftrain info third.safetensors"
check "Adam goes on from a model of SGD" 0 "^test accuracy" "" \
    train more --from base.safetensors --recipe capstone -o adam.safetensors
check "a sweep starts every run from the model" 0 "^before, as in base.safetensors" "" \
    train more --from base.safetensors --sweep 'lr=0.01/0.003 dropout=0/0.3' --epochs 4 -o swept.safetensors
check "its run of the same options is the same training" 0 '"test_loss"' "" \
    train more --from base.safetensors --sweep 'lr=0.01' --epochs 4 --json -o swept.safetensors
swept=$(value test_loss)
check "as that without a sweep" 0 '"test_loss"' "" \
    train more --from base.safetensors --lr 0.01 --epochs 4 --json -o alone.safetensors
equal "to the last digit" "$swept" "$(value test_loss)"
check "a page tells where the training went on from" 0 "^wrote page.html" "" \
    train more --from base.safetensors --lr 0.01 --epochs 4 -o paged.safetensors --report page.html
holds "in words" grep -q "The training went on from the head of <code>base.safetensors</code>. As it was, it classified" page.html
holds "and of its first point" grep -q "Epoch 0 is the model that the training went on from" page.html
check "the model's own file may be replaced where -o says so" 0 "^wrote copy.safetensors" "" \
    sh -c "cp base.safetensors copy.safetensors && $ftrain train more -q --from copy.safetensors --epochs 1 -o copy.safetensors"

# ---- stop and resume ----
train more --from base.safetensors --epochs 6 -o whole.safetensors >/dev/null 2>&1
train more --from base.safetensors --epochs 2 --checkpoint state -o part.safetensors >/dev/null 2>&1
check "--resume goes on" 0 "^    6 " "state: going on after epoch 2 of 6" \
    train more --from base.safetensors --epochs 6 --checkpoint state --resume -o part.safetensors
never "and does not begin with epoch 0 again" "^    0 " out
same "to the same bytes" whole.safetensors part.safetensors
check "a checkpoint of another model's training is refused" 4 "" "'from' is \"$hash\" there and \"[0-9a-f]{32}\" here" \
    train more --from next.safetensors --epochs 6 --checkpoint state --resume -o part.safetensors
check "one of a training without a model, too" 4 "" "is of another training: " \
    train more $network --hidden 16,8 --dropout 0.3 --epochs 6 --checkpoint state --resume -o part.safetensors

# ---- the model's own pictures ----
check "the pictures of both trainings are the new model's own" 0 "^picture keys 60: trained on 34, validated with 26$" "" \
    "$ftrain" info next.safetensors
check "the first ones' are known" 0 "^all 16 pictures are the model's own: trained on 16$" "" \
    "$ftrain" evaluate -m next.safetensors data --split train -q
check "those that are trained on twice are counted once" 0 "^picture keys 28: trained on 16, validated with 12$" "" \
    sh -c "$ftrain train data -q --from base.safetensors --epochs 1 -o again.safetensors >/dev/null 2>&1 &&
    $ftrain info again.safetensors"
cp -r more leaky
cp data/train/bright/0.ppm leaky/valid/bright/0.ppm
cp data/train/bright/1.ppm leaky/test/bright/0.ppm
cp data/valid/bright/0.ppm leaky/train/bright/0.ppm
check "a picture of test that the model was trained on is told" 0 "^of test, 1 of the 12 pictures is the model's own: trained on 1" \
    "--from base.safetensors: was trained on 1 of the 14 pictures of valid" \
    train leaky --from base.safetensors --epochs 1 -o leaky.safetensors
check "what was validated with and is trained on now counts as trained on" 0 "^all 18 pictures are the model's own: trained on 18$" "" \
    "$ftrain" evaluate -m leaky.safetensors leaky --split train -q
train data $network --epochs 1 --no-picture-keys -o silent.safetensors >/dev/null 2>&1
check "where the model does not know its pictures, the new one does not either" 0 "^wrote" \
    "--from silent.safetensors: keeps no keys of the pictures" train more --from silent.safetensors --epochs 1 -o s.safetensors
"$ftrain" info s.safetensors >out
never "and keeps none" "^picture keys" out

# ---- classes ----
cp -r more other
for split in train valid test; do mv other/$split/bright other/$split/snapshot; done
check "other classes are refused with both lists" 3 "" \
    "--from base.safetensors: its classes are not the data's: in the model alone 'bright', in the data alone 'snapshot'; with --new-classes" \
    train other --from base.safetensors -o n.safetensors --cache early
holds "before anything is computed" test ! -e early
check "with --new-classes the new model has the data's" 0 "^wrote other.safetensors" \
    "--from base.safetensors: its classes are changed: in the model alone 'bright', in the data alone 'snapshot'" \
    train other --from base.safetensors --new-classes --epochs 3 -o other.safetensors
never "and nothing is compared with before" "^before" out
check "info has them" 0 "^classes dark, snapshot$" "" "$ftrain" info other.safetensors
also "and the recipe how many" '"classes": \{"kept": 1, "added": 1, "left_out": 1\}'
cp -r more three
for split in train valid test; do cp -r data/$split/bright three/$split/third; done
check "a third class is learnt beside the others" 0 "^wrote three.safetensors" "in the model alone none, in the data alone 'third'" \
    train three --from base.safetensors --new-classes --epochs 3 -o three.safetensors
check "and one of three goes" 0 "^before, as in three.safetensors" "in the model alone 'third', in the data alone none" \
    train more --from three.safetensors --new-classes --epochs 3 -o two.safetensors
train data $network --hidden none --epochs 1 -o flat.safetensors >/dev/null 2>&1
cp -r more strange
for split in train valid test; do
    mv strange/$split/bright strange/$split/x
    mv strange/$split/dark strange/$split/y
done
check "a model of one layer has nothing for other classes" 3 "" "flat.safetensors: nothing of it could be trained on" \
    train strange --from flat.safetensors --new-classes -o n.safetensors
# The same model with its classes in the other order: the library writes such files.
python3 - <<'PY'
import json, struct

data = open("base.safetensors", "rb").read()
size = struct.unpack("<Q", data[:8])[0]
header, body = json.loads(data[8:8 + size]), bytearray(data[8 + size:])
last = max(int(name.split(".")[1]) for name in header if name.startswith("classifier."))
for part in "weight", "bias":
    begin, end = header["classifier.%d.%s" % (last, part)]["data_offsets"]
    middle = (begin + end) // 2
    body[begin:end] = body[middle:end] + body[begin:middle]
metadata = header["__metadata__"]
for key in [key for key in metadata if key.startswith("novelty")]:
    del metadata[key]
metadata["classes"] = json.dumps(json.loads(metadata["classes"])[::-1])
for name in [name for name in header if name.startswith(("conformal.", "novelty."))]:
    del header[name]
kept, offset = {}, 0
for name, tensor in header.items():
    if name == "__metadata__":
        continue
    begin, end = tensor["data_offsets"]
    kept[name] = bytes(body[begin:end])
    tensor["data_offsets"] = [offset, offset + end - begin]
    offset += end - begin
text = json.dumps(header).encode()
text += b" " * (-len(text) % 8)
open("turned.safetensors", "wb").write(struct.pack("<Q", len(text)) + text + b"".join(kept.values()))
PY
check "classes in another order are the same set" 0 "^    0 " "" \
    train more --from turned.safetensors --epochs 4 --lr 0.01 -o turned-next.safetensors
grep -E '^ +[0-9]+ |^best|^test' out >turned.txt
train more --from base.safetensors --epochs 4 --lr 0.01 -o next.safetensors 2>/dev/null | grep -E '^ +[0-9]+ |^best|^test' >straight.txt
same "and give the same training" straight.txt turned.txt

# ---- a model on a weights file ----
python3 "$zero_weights" zero.safetensors
small="--resize 36 --crop 32 --hidden 8 --epochs 1"
train data -w zero.safetensors $small -o file.safetensors >/dev/null 2>&1
check "without its weights it is not trained on" 4 "" "file.safetensors: needs the weights it was trained with: densenet121, 'zero.safetensors'" \
    train more --from file.safetensors --epochs 1 -o f.safetensors
check "with them it is" 0 "^wrote f.safetensors" "" train more --from file.safetensors -w zero.safetensors --epochs 1 -o f.safetensors
check "they are found as predict finds them" 0 "^wrote f2.safetensors" "" \
    env DENSENET_WEIGHTS=zero.safetensors "$ftrain" train more -q --from file.safetensors --epochs 1 -o f2.safetensors
same "to the same bytes" f.safetensors f2.safetensors
printf '\1' | dd of=zero.safetensors bs=1 seek=1000000 conv=notrunc 2>/dev/null
check "others are refused by their hash" 4 "" "file.safetensors: was trained on the features of densenet121, weights 'zero.safetensors'" \
    train more --from file.safetensors -w zero.safetensors --epochs 1 -o f.safetensors
[ "$failures" -eq 0 ]
