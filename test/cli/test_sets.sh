#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Sets of classes from the outside: train calibrates, predict and evaluate --coverage tell sets, both as the formulas
# of split conformal prediction give them from what the model file holds.
#
#     test/cli/test_sets.sh        from the repository root; BUILD names the folder of the build
source test/support/support.sh

python=${PYTHON:-/usr/bin/python3}
small="-w random:7 --arch densenet121 --resize 36 --crop 32 -q --epochs 4"
cd "$work" || exit 1

also() { # WHAT PATTERN: standard output of the last check has such a line, too
    if matches "$2" out; then ok "$1"; else not_ok "$1"; fi
}

never() { # WHAT PATTERN: it has none
    if grep -qE -- "$2" out; then not_ok "$1"; else ok "$1"; fi
}

# Two classes whose pictures are hard to tell apart, so that sets of none, one and both occur.
dataset data 14 60 80

check "train tells what the sets are calibrated on" 0 \
    "^sets of --coverage are calibrated on 28 pictures of valid, which chose the epoch, too" "random" \
    "$ftrain" train data $small -o m.safetensors
check "--calibration-share keeps a part of each class apart" 0 \
    "^sets of --coverage are calibrated on 14 pictures of valid, which did not choose the epoch$" "random" \
    "$ftrain" train data $small -o apart.safetensors --calibration-share 0.5
check "the recipe has it" 0 '"calibration_share": 0.5' "" "$ftrain" info apart.safetensors
also "and the metrics" '"calibration": \{"count": 14, "apart": true\}'
check "a share that rounds to none takes one of each class" 0 "calibrated on 2 pictures" "random" \
    "$ftrain" train data $small -o x.safetensors --calibration-share 0.01
check "one that rounds to all leaves one" 0 "calibrated on 26 pictures" "random" \
    "$ftrain" train data $small -o x.safetensors --calibration-share 0.99
check "the same seed gives the same bytes" 0 "" "random" \
    bash -c "'$ftrain' train data $small -o again.safetensors --calibration-share 0.5 --threads 1 >/dev/null"
same "for any number of threads" apart.safetensors again.safetensors
check "a sweep calibrates its winner" 0 "calibrated on 14 pictures .* did not choose" "random" \
    "$ftrain" train data $small -o x.safetensors --calibration-share 0.5 --sweep 'lr=0.001/0.01'
check "folds have no use for it" 2 "" "--folds writes no model: --calibration-share does not go" \
    "$ftrain" train data $small --folds 3 --calibration-share 0.5
dataset one 1 20 200
check "one picture cannot be divided" 3 "" "--calibration-share: valid/bright: one picture cannot be divided" \
    "$ftrain" train one $small -o x.safetensors --calibration-share 0.5

# ---- a checkpoint knows the share ----
begin() { # an interrupted training leaves its checkpoint
    "$ftrain" train data $small --epochs 100000 -o x.safetensors --checkpoint c "$@" >begun 2>&1 &
    local process=$!
    until [ -e c ] || ! kill -0 $process 2>/dev/null; do sleep 0.05; done
    kill -INT $process
    wait $process
    [ -e c ]
}
holds "a training is interrupted" begin --calibration-share 0.5
check "it goes on only with the same share" 4 "" "'calibration_share' is 0.5 there and 0.25 here" \
    "$ftrain" train data $small --epochs 100000 -o x.safetensors --checkpoint c --resume --calibration-share 0.25
check "and not without" 4 "" "'calibration_share' is 0.5 there and missing here" \
    "$ftrain" train data $small --epochs 100000 -o x.safetensors --checkpoint c --resume

# ---- the sets themselves ----
cat >oracle.py <<'PY'
"""Sets from the model file's calibration and the probabilities that ftrain printed, by the formulas."""
import csv, json, math, struct, sys
from decimal import Decimal, ROUND_CEILING

model, rows, coverage, per_class = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4] == "per-class"
data = open(model, "rb").read()
size = struct.unpack("<Q", data[:8])[0]
header = json.loads(data[8:8 + size])


def tensor(name, form):
    begin, end = header[name]["data_offsets"]
    bytes_ = data[8 + size + begin:8 + size + end]
    return struct.unpack("<%d%s" % (len(bytes_) // struct.calcsize(form), form), bytes_)


counts, p = tensor("conformal.counts", "q"), tensor("conformal.probabilities", "f")
of_class = [p[sum(counts[:c]):sum(counts[:c + 1])] for c in range(len(counts))]


def largest(p):
    """The k-th largest score allowed, as a probability."""
    rank = int(((len(p) + 1) * Decimal(coverage)).to_integral_value(ROUND_CEILING))
    return sorted(p, reverse=True)[rank - 1] if rank <= len(p) else 0.0


t = [largest(of_class[c] if per_class else p) for c in range(len(counts))]
names = json.loads(header["__metadata__"]["classes"])
for row in csv.DictReader(open(rows)):
    q = [float(row["p_" + name]) for name in names]
    held = sorted((c for c in range(len(q)) if q[c] >= t[c]), key=lambda c: -q[c])
    print(row["path"] + "\t{" + "|".join(names[c] for c in held) + "}")
PY
for coverage in 0.3 0.5 0.8 0.9; do
    for kind in pooled per-class; do
        flag=
        if [ $kind = per-class ]; then flag=--coverage-per-class; fi
        "$ftrain" predict -m apart.safetensors --coverage $coverage $flag data/test --format csv >rows.csv 2>err
        "$python" oracle.py apart.safetensors rows.csv $coverage $kind >expected
        "$python" -c 'import csv
for r in csv.DictReader(open("rows.csv")): print(r["path"] + "\t" + r["set"])' >found
        same "sets at $coverage, $kind, are the formulas'" expected found
        cut -f2 found >>all-sets
    done
done
holds "some are empty" grep -qxF '{}' all-sets
holds "some have one class" grep -qxE '\{(bright|dark)\}' all-sets
holds "some have both, the most probable first" grep -qxE '\{(bright\|dark|dark\|bright)\}' all-sets
first=data/test/bright/1.ppm
check "text tells the set behind the classes" 0 "bright [01].[0-9]+.*	set: (none|bright|dark|bright, dark|dark, bright)$" "" \
    "$ftrain" predict -m m.safetensors --coverage 0.8 $first
check "JSON as an array" 0 '"set": \[("(bright|dark)"(, )?)*\],' "" \
    "$ftrain" predict -m m.safetensors --coverage 0.8 --json $first
check "an empty set is told" 0 "	set: none$" "" "$ftrain" predict -m m.safetensors --coverage 0.001 data/test
check "without --coverage none is told" 0 "bright [01]" "" "$ftrain" predict -m m.safetensors $first
never "indeed" 'set:'
check "--top 1 does not shorten the set" 0 "set: (bright, dark|dark, bright)$" "needs 99 calibration pictures, the model has 28" \
    "$ftrain" predict -m m.safetensors --coverage 0.99 --top 1 $first
mkdir odd
printf 'no picture' >odd/x.jpg
check "a row with an error has an empty field" 1 "^odd/x.jpg,,.*,,,$" "x.jpg" \
    "$ftrain" predict -m m.safetensors --coverage 0.8 --format csv odd

# ---- too few, none, wrong ----
check "too few of a class are named with what is needed" 0 "set: " \
    "--coverage 0.9: every set has 'dark': that needs 9 calibration pictures of it, the model has 7" \
    "$ftrain" predict -m apart.safetensors --coverage 0.9 --coverage-per-class $first
check "--coverage-per-class alone" 2 "" "--coverage-per-class: --coverage P is missing" \
    "$ftrain" predict -m m.safetensors --coverage-per-class $first
check "--coverage without a model" 2 "" "--coverage: only a model is calibrated for it, and -m MODEL is missing" \
    "$ftrain" predict -w m.safetensors --coverage 0.9 $first
check "a coverage out of range" 2 "" "--coverage: '1' is not a number from 0.001 to 0.999" \
    "$ftrain" evaluate -m m.safetensors data --coverage 1
cat >strip.py <<'PY'
"""Writes a model file without the tensors whose names begin so."""
import json, struct, sys

source, goal, prefix = sys.argv[1:]
data = open(source, "rb").read()
size = struct.unpack("<Q", data[:8])[0]
header, body, at = json.loads(data[8:8 + size]), b"", 0
kept = {"__metadata__": header.pop("__metadata__")}
for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
    begin, end = entry["data_offsets"]
    if not name.startswith(prefix):
        kept[name] = dict(entry, data_offsets=[len(body), len(body) + end - begin])
        body += data[8 + size + begin:8 + size + end]
text = json.dumps(kept).encode()
text += b" " * (-len(text) % 64)
open(goal, "wb").write(struct.pack("<Q", len(text)) + text + body)
PY
"$python" strip.py m.safetensors old.safetensors conformal.
check "a model without a calibration predicts" 0 "bright" "" "$ftrain" predict -m old.safetensors $first
for command in predict evaluate; do
    check "but $command --coverage says what it lacks" 4 "" "^ftrain: old.safetensors: was not calibrated for --coverage;" \
        "$ftrain" $command -m old.safetensors --coverage 0.9 data
done

# ---- evaluate ----
check "evaluate tells coverage, interval and size" 0 \
    "^[01]\.[0-9]{4} hold the true class \([0-9]+ of 28; 95 % interval [01]\.[0-9]{4} to [01]\.[0-9]{4}\), mean size [0-2]\.[0-9]{4}, [0-9]+ empty$" \
    "" "$ftrain" evaluate -m apart.safetensors data -q --coverage 0.8 --report page.html
also "of each class, too" '^dark +14 +[01]\.[0-9]{4} '
also "and whether the pictures chose the epoch" \
    '^sets at coverage 0.8, calibrated on 14 pictures that did not choose the epoch:$'
holds "so does the page" grep -q 'sets at coverage 0.8, calibrated on 14 pictures' page.html
for kind in pooled per-class; do
    flag=
    if [ $kind = per-class ]; then flag=--coverage-per-class; fi
    "$ftrain" evaluate -m m.safetensors data -q --coverage 0.8 $flag --predictions rows.csv --json >found.json 2>err
    "$python" oracle.py m.safetensors rows.csv 0.8 $kind >expected
    holds "JSON counts the formulas' sets, $kind" "$python" - <<'PY'
import csv, json

found = json.load(open("found.json"))["sets"]
truth = {row["path"]: row["truth"] for row in csv.DictReader(open("rows.csv"))}
sets = [line.rstrip("\n").split("\t") for line in open("expected")]
sets = [(truth[path], [name for name in text[1:-1].split("|") if name]) for path, text in sets]


def check(row, of):
    assert row["count"] == len(of) and row["held"] == sum(t in s for t, s in of), row
    assert abs(row["coverage"] - row["held"] / len(of)) < 1e-8 and row["coverage_low"] <= row["coverage"], row
    assert abs(row["mean_size"] - sum(len(s) for _, s in of) / len(of)) < 1e-8, row
    assert row["empty"] == sum(not s for _, s in of) and row["several"] == sum(len(s) > 1 for _, s in of), row


check(found, sets)
for row in found["classes"]:
    check(row, [(t, s) for t, s in sets if t == row["class"]])
assert found["asked"] == 0.8 and found["calibration_count"] == 28 and found["calibrated_apart"] is False, found
PY
done
check "without --coverage evaluate says nothing of sets" 0 "^accuracy" "" "$ftrain" evaluate -m m.safetensors data -q
never "indeed" 'sets at'

[ "$failures" -eq 0 ]
