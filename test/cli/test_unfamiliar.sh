#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Unfamiliar pictures from the outside: trained, told, refused, counted. The set is noise at 40x40, dark and bright;
# a stranger is a picture of stripes.
#
#     test/cli/test_unfamiliar.sh        from the repository root; BUILD names the folder of the build
source test/support/support.sh

small="-w random:7 --arch densenet121 --resize 36 --crop 32 -q"
cd "$work" || exit 1

stripes() { # FILE WIDTH: black and white, as binary PPM
    {
        printf 'P6 40 40 255\n'
        awk -v width="$2" 'BEGIN { for (i = 0; i < 4800; i++) printf "%s", int(i / 3 % 40 / width) % 2 ? "~" : "!" }'
    } >"$1"
}

member() { # NAME: its value in the JSON of $stdout
    /usr/bin/python3 -c 'import json, sys; print(json.load(open(sys.argv[2])).get(sys.argv[1], "absent"))' "$1" "$stdout"
}

dataset data 20 30 160
mkdir strangers
for i in 1 2 3 4; do stripes strangers/$i.ppm $i; done
stripes stranger.ppm 5
"$ftrain" train data $small -o m.safetensors >"$stdout" 2>"$stderr" || not_ok "training"
ftrain_with() { "$ftrain" "$1" -m m.safetensors "${@:2}"; }

# ---- predict ----
check "a stranger is marked, with its percentile" 0 $'^stranger.ppm\t.*\tunfamiliar 100.0 %$' "" \
    ftrain_with predict stranger.ppm
check "a picture of the training set is not" 0 $'^data/train/dark/1.ppm\t[^\t]*\town: train$' "own" \
    ftrain_with predict data/train/dark/1.ppm
check "JSON has both members" 0 '"unfamiliar": true, "unfamiliar_percentile": 100.0' "" \
    ftrain_with predict --json stranger.ppm
check "JSON has them of a familiar picture, too" 0 '"unfamiliar": false, "unfamiliar_percentile": [0-9.]+\}' "own" \
    ftrain_with predict --json data/train/dark/1.ppm
check "CSV has a column" 0 '^path,class,error,own,near_copy,p_bright,p_dark,unfamiliar_percentile$' "" \
    ftrain_with predict --format csv stranger.ppm
holds "every row of it has as many fields, errors, too" bash -c "
    : >empty.jpg
    '$ftrain' predict -m m.safetensors --refuse-unfamiliar 100 --format csv stranger.ppm empty.jpg data/test 2>/dev/null |
        tee rows | awk -F, 'NF != 8 { exit 1 } END { exit NR < 43 }'"

# ---- refusal ----
check "a refused picture's row has the reason in place of a class" 1 \
    $'^stranger.ppm\terror: refused as unfamiliar: 100.0 % of the validation pictures' \
    'skipped: stranger.ppm: refused as unfamiliar' ftrain_with predict --refuse-unfamiliar 99 stranger.ppm
check "as JSON, too" 1 '^\{"path": "stranger.ppm", "error": \{"message": "refused' 'skipped' \
    ftrain_with predict --refuse-unfamiliar 99 --json stranger.ppm
check "familiar ones keep their class" 0 $'^data/train/dark/1.ppm\t(dark|bright) ' "own" \
    ftrain_with predict --refuse-unfamiliar 100 data/train/dark/1.ppm
check "0 refuses all" 1 'error: refused' 'skipped' ftrain_with predict --refuse-unfamiliar 0 data/train/dark/1.ppm
check "--strict stops there" 3 "" 'refused as unfamiliar' ftrain_with predict --strict --refuse-unfamiliar 99 stranger.ppm
check "more than 100 percent is no line" 2 "" "refuse-unfamiliar" ftrain_with predict --refuse-unfamiliar 101 stranger.ppm
check "without a model there is nothing familiar" 2 "" 'needs -m MODEL' \
    "$ftrain" predict -w weights.pth --refuse-unfamiliar 99 stranger.ppm

# ---- explain, evaluate, info ----
check "explain marks it" 0 $'\tunfamiliar 100.0 %$' "" ftrain_with explain stranger.ppm
check "explain has it in JSON" 0 '"unfamiliar": true' "" ftrain_with explain --json stranger.ppm
holds "the index of maps marks it" bash -c "
    '$ftrain' explain -m m.safetensors stranger.ppm data/test/dark -o maps >/dev/null &&
        grep -q '<strong>unfamiliar 100.0 %</strong>' maps/index.html"
check "evaluate counts" 0 '^unfamiliar: [0-9]+ of 40 pictures \([0-9.]+ %; of the validation pictures 5 % are\)$' "" \
    ftrain_with evaluate data -q
check "validation has 5 in a hundred" 0 '^unfamiliar: 2 of 40 pictures \(5.0 %' "" \
    ftrain_with evaluate data -q --split valid
check "evaluate --unfamiliar tells them apart" 0 \
    '^unfamiliar in strangers: 4 of 4 pictures \(100.0 %\); ROC-AUC of these against the evaluated ones 1.0000$' "" \
    ftrain_with evaluate data -q --unfamiliar strangers --predictions p.csv --report r.html
holds "the CSV has the percentile" grep -q '^path,truth,class,p_bright,p_dark,unfamiliar_percentile$' p.csv
holds "the page tells it" grep -q 'Of the pictures in strangers, which are of another kind, 4 of 4' r.html
check "so does JSON" 0 '"strangers": \{"folder": "strangers", "count": 4, "unfamiliar_count": 4, "roc_auc": 1.0\}' "" \
    ftrain_with evaluate data -q --json --unfamiliar strangers
check "a folder that is not there is named" 3 "" 'nowhere' ftrain_with evaluate data -q --unfamiliar nowhere
mkdir nothing
check "so is one without pictures" 3 "" 'nothing' ftrain_with evaluate data -q --unfamiliar nothing
check "info says that it is there" 0 '^unfamiliar pictures are told, by 40 validation pictures, in [0-9]+ bytes$' "" \
    "$ftrain" info m.safetensors

# ---- the same seed, the same bits, for any number of threads ----
"$ftrain" train data $small --threads 3 -o again.safetensors >"$stdout" 2>"$stderr" || not_ok "training again"
same "three threads give the same file" m.safetensors again.safetensors

# ---- a model of before ----
/usr/bin/python3 - <<'PYTHON'
import json
import struct

with open("m.safetensors", "rb") as file:
    data = file.read()
size = struct.unpack("<Q", data[:8])[0]
header, numbers = json.loads(data[8:8 + size]), data[8 + size:]
del header["__metadata__"]["novelty_neighbour"]
kept, at = b"", 0
for name in [n for n in header if n != "__metadata__"]:
    begin, end = header[name]["data_offsets"]
    if name.startswith("novelty."):
        del header[name]
        continue
    header[name]["data_offsets"] = [len(kept), len(kept) + end - begin]
    kept += numbers[begin:end]
text = json.dumps(header).encode()
text += b" " * (-len(text) % 64)
with open("old.safetensors", "wb") as file:
    file.write(struct.pack("<Q", len(text)) + text + kept)
PYTHON
check "an old model predicts, and does not say what it does not know" 0 $'^stranger.ppm\t[^\t]*$' "" \
    "$ftrain" predict -m old.safetensors stranger.ppm
"$ftrain" predict -m old.safetensors --json stranger.ppm >"$stdout"
equal "its JSON has no such member" "$(member unfamiliar)" absent
check "its CSV has no such column" 0 '^path,class,error,own,near_copy,p_bright,p_dark$' "" \
    "$ftrain" predict -m old.safetensors --format csv stranger.ppm
check "it cannot refuse, and says why" 4 "" '--refuse-unfamiliar: old.safetensors has no numbers' \
    "$ftrain" predict -m old.safetensors --refuse-unfamiliar 99 stranger.ppm
check "nor set strangers apart" 4 "" '--unfamiliar: old.safetensors has no numbers' \
    "$ftrain" evaluate -m old.safetensors data -q --unfamiliar strangers
"$ftrain" evaluate -m old.safetensors data -q --json >"$stdout" 2>"$stderr"
equal "evaluate leaves it out" "$(member unfamiliar)" absent

[ "$failures" -eq 0 ]
