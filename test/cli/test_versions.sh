#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What earlier versions have written is read, or refused with what to do: test/golden/versions/.
#
#     test/cli/test_versions.sh        from the repository root; BUILD names the folder of the build
source test/support/support.sh

versions=$PWD/test/golden/versions
command -v python3 >/dev/null || { echo "ok - files of earlier versions # SKIP there is no python3"; exit 0; }
python3 "$versions/inputs.py" "$work" || exit 1
cd "$work" || exit 1
from=(data -w weights.safetensors --resize 32 --crop 32)
pictures=(data/test/bright/1.ppm data/test/dark/1.ppm)

takes_all() { # STORE: extract finds every vector there, and computes none
    "$ftrain" extract "${from[@]}" -o "$1" && ! grep -q 'to do' "$stderr"
}

# Class and probability of each picture, to three digits: float32's differences between tiers are a hundredth of that.
answers() {
    python3 -c 'import json, sys
for line in sys.stdin:
    answer = json.loads(line)
    print(answer["path"], answer["class"], "%.3f" % answer["probabilities"][answer["class"]])'
}

reads_model() { # FOLDER
    check "$version: info tells of the model" 0 '"classes": *\["bright", "dark"\]' '' "$ftrain" info --json "${1}model.safetensors"
    "$ftrain" predict -m "${1}model.safetensors" -w weights.safetensors --json "${pictures[@]}" >answers.json
    equal "$version: its model answers as it did then" "$(answers <answers.json)" "$(answers <"${1}predictions.json")"
}

reads_store() { # FOLDER
    cp "${1}features.safetensors" store.safetensors
    holds "$version: its features are taken, and none is computed" takes_all store.safetensors
    cp "${1}part.safetensors.journal" part.safetensors.journal
    check "$version: of a journal, all but those that are not in it" 0 '' '^features: 11 to do$' \
        "$ftrain" extract "${from[@]}" -o part.safetensors
    same "$version: both come to the same" <(keys store.safetensors) <(keys part.safetensors)
    rm part.safetensors
}

keys() { # STORE: what its header says of it
    "$ftrain" info --json "$1" | sed 's/"path": "[^"]*"//'
}

goes_on() { # FOLDER: from its checkpoint, with the features of then
    cp "${1}features.safetensors" "${1}training.checkpoint" .
    check "$version: a training goes on from its checkpoint" 0 '.' '^ftrain: training.checkpoint: going on after epoch [0-9]+ of 300$' \
        "$ftrain" train "${from[@]}" --features features.safetensors --hidden 3 --epochs 300 -o went_on.safetensors \
        --checkpoint training.checkpoint --resume
    check "$version: to a model that answers" 0 '[[:space:]]dark 1\.0' '' \
        "$ftrain" predict -m went_on.safetensors -w weights.safetensors data/test/dark/1.ppm
}

heeds_decisions() { # FOLDER
    cp "${1}decisions.tsv" data/decisions.tsv
    check "$version: decisions are listed" 0 'train/bright/2.ppm +move to dark .* there$' '' "$ftrain" review data --list
    equal "$version: all three" "$("$ftrain" review data --list --json | grep -c '"there"')" 3
    rm data/decisions.tsv
}

for folder in "$versions"/*/; do
    version=$(basename "$folder")
    reads_model "$folder"
    if [ "$version" = 1ad91bd ]; then continue; fi
    reads_store "$folder"
    goes_on "$folder"
    heeds_decisions "$folder"
    if [ -e "$folder/bf16.safetensors" ]; then
        cp "$folder/bf16.safetensors" bf16.safetensors
        holds "$version: its features in bfloat16 are taken" takes_all bf16.safetensors
    fi
done

# Stores of the first form had both views in one record.
cp "$versions/1ad91bd/features.safetensors" "$versions/1ad91bd/part.safetensors.journal" .
check "1ad91bd: its features are refused" 4 '' \
    "features.safetensors: is a 'densenet feature store 1', not a 'densenet feature store 2': remove it and make it anew with 'ftrain extract'" \
    "$ftrain" extract "${from[@]}" -o features.safetensors
same "1ad91bd: and left as they are" features.safetensors "$versions/1ad91bd/features.safetensors"
check "1ad91bd: its journal is refused" 4 '' "part.safetensors.journal: holds .* in another form .*: remove it" \
    "$ftrain" extract "${from[@]}" -o part.safetensors
same "1ad91bd: and left as it is" part.safetensors.journal "$versions/1ad91bd/part.safetensors.journal"

[ "$failures" -eq 0 ]
