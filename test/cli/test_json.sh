#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The JSON of every command, in all its forms, against docs/json/. The other scripts look at what it says; every
# object that they are printed is checked likewise (support.sh), and so are the transcripts' and the server's.
#
#     test/cli/test_json.sh        from the repository root; BUILD names the folder of the build
source test/support/support.sh

oracle=$(realpath test/cli/json_oracle.py)
small="-w random:7 --arch densenet121 --resize 36 --crop 32 -q"
kept=$work/kept # FOLDER/SCHEMA: all objects of that schema
mkdir "$kept"

# prints SCHEMA OBJECTS CODE COMMAND...: so many lines, each an object that the schema accepts; they are kept.
prints() {
    local schema=$1 objects=$2 code=$3 found
    shift 3
    "$ftrain" "$@" >"$stdout" 2>"$stderr" </dev/null
    found=$?
    cat "$stdout" >>"$kept/$schema"
    if [ "$found" -eq "$code" ] && [ "$(wc -l <"$stdout")" -eq "$objects" ] && accepts "$schema" "$stdout" 2>>"$stderr"; then
        ok "$*: $objects of $schema"
    else
        echo "exit code $found, expected $code; $(wc -l <"$stdout") lines, expected $objects" >>"$stderr"
        not_ok "$*: $objects of $schema"
    fi
}

cd "$work" || exit 1
dataset data 4 30 160
mkdir strangers
picture strangers/1.ppm 99 90
head -c 100 data/test/dark/1.ppm >broken.ppm
mkdir -p flat/bright flat/dark flat/green
for i in 1 2 3 4; do
    picture "flat/bright/$i.ppm" "6$i" 160
    picture "flat/dark/$i.ppm" "7$i" 60
    picture "flat/green/$i.ppm" "8$i" 120
done
picture flat/green/5.ppm 9 120
head -c 100 flat/green/5.ppm >flat/green/cut.ppm

# ---- train ----
# shellcheck disable=SC2086 # options are words
{
    prints train 3 0 train data $small --epochs 2 -o m.safetensors --checkpoint m.checkpoint --json
    prints train 3 0 train data $small --epochs 2 -o schedule.safetensors --schedule plateau --patience 1 --warmup 1 \
        --class-weights 1,2 --label-smoothing 0.1 --calibration-share 0.5 --no-picture-keys --augment grey \
        --recipe capstone --json
    prints train 3 0 train data $small --epochs 2 --sweep 'lr=0.001/0.002' -o swept.safetensors --json
    prints train 3 0 train data $small --epochs 20 --weight-decay 1 --sweep 'lr=0.001/100' -o diverged.safetensors --json
    prints train 4 0 train data $small --epochs 2 --folds 3 --json
    prints train 4 0 train data -q --epochs 2 --from m.safetensors -o on.safetensors --json
    prints train 4 0 train data -q --epochs 2 --from on.safetensors -o further.safetensors --json
    "$ftrain" extract data $small -o features.safetensors >"$stdout" 2>"$stderr" || not_ok "extract"
}

# ---- what files and this machine are ----
prints info 1 0 info --json
DN_ISA=portable prints info 1 0 info --json
for file in m schedule swept diverged on further features; do prints info 1 0 info "$file.safetensors" --json; done
for file in cache/densenet/features/*-2.safetensors; do prints info 1 0 info "$file" --json; done
prints info 1 0 info m.checkpoint --json
for file in m schedule swept diverged on further; do "$ftrain" info "$file.safetensors" --json; done >models
for what in recipe metrics; do
    holds "$what of the model files" sh -c "cd '$schemas' && '$build/test/json/validate' --at $what $what '$work/models'"
done

# ---- judging ----
prints predict 4 1 predict -m m.safetensors --json data/test/dark/[12].ppm broken.ppm data/train/dark/1.ppm
prints predict 2 0 predict -m m.safetensors --json --top 1 --coverage 0.8 data/test/dark/[12].ppm
prints predict 2 1 predict -m schedule.safetensors --format json data/test/dark/1.ppm broken.ppm
prints evaluate 1 0 evaluate -m m.safetensors data -q --json
prints evaluate 1 0 evaluate -m m.safetensors data --split train -q --json --calibrate-on none
prints evaluate 1 0 evaluate -m m.safetensors data -q --json --coverage 0.8 --perturb grey,blur:1 --unfamiliar strangers
prints evaluate 1 0 evaluate -m schedule.safetensors data/test -q --json --coverage 0.8 --coverage-per-class
mkdir -p one/bright && cp data/test/bright/1.ppm one/bright
prints evaluate 1 0 evaluate -m m.safetensors one -q --json --perturb grey --coverage 0.8
prints explain 3 0 explain -m m.safetensors --json data/test/dark/[12].ppm
prints explain 3 0 explain -m m.safetensors --json --class bright -o maps data/test/dark/[12].ppm
prints export 1 0 export m.safetensors out.safetensors --json
prints export 1 0 export schedule.safetensors out.pth --json
prints export 1 0 export features.safetensors out.npy --json
prints export 1 0 export features.safetensors out.csv --json
# shellcheck disable=SC2086
prints import 1 0 import m.safetensors -o imported.safetensors -w random:7 --arch densenet121 --resize 36 --crop 32 \
    --prefix classifier --data data --json
prints info 1 0 info imported.safetensors --json
prints explain 1 0 explain -m schedule.safetensors --json data/test/dark/1.ppm

# ---- sets ----
prints split 3 1 split flat --dry-run --json
prints prepare 1 1 prepare flat -o even --side 32 --json
prints prepare 1 1 prepare flat -o large --side 36 --format png --no-crop --grey --json
cp broken.ppm data/train/dark/broken.ppm
prints audit 1 1 audit data -q --json
rm data/train/dark/broken.ppm
prints audit 1 1 audit flat -q --json
# shellcheck disable=SC2086
{
    prints audit 1 0 audit data $small --labels --json
    prints audit 1 0 audit one -q --json
    prints baseline 11 0 baseline data $small -m m.safetensors --json
    prints baseline 4 0 baseline data --only dummy --json
}

# ---- decisions: those that are made, and what the other commands say of them ----
prints review 1 0 review data --move bright --json train/dark/1.ppm
prints review 1 0 review data --exclude --json train/dark/2.ppm
prints review 1 0 review data --exclude --json train/dark/2.ppm
prints review 2 0 review data --list --json
heeds() { # OBJECTS COMMAND...: the last of its objects tells what came of the decisions
    local objects=$1 name=$2
    shift
    prints "$name" "$objects" 0 "$@"
    tail -n 1 "$stdout" >last
    holds "$1 has what came of the decisions" \
        grep -qE '"decisions": \{"xxh3": "[0-9a-f]{32}", "left_out": 1, "moved": 1\}' last
}
# shellcheck disable=SC2086
{
    heeds 1 audit data -q --json
    heeds 4 baseline data --only dummy --json
    heeds 4 train data $small --epochs 1 --folds 3 --json
    heeds 2 train data $small --epochs 1 -o again.safetensors --json
    heeds 1 prepare data -o evener --side 32 --json
}
cp -r flat loose
rm loose/green/cut.ppm
picture loose/dark/5.ppm 75 60
"$ftrain" review loose --move bright --json dark/1.ppm >>"$kept/review" 2>"$stderr"
"$ftrain" review loose --exclude --json dark/2.ppm >>"$kept/review" 2>"$stderr"
heeds 3 split loose --dry-run --json

# ---- where a command fails, standard output stays empty ----
for command in "predict --json" "export none none.pth --json" "predict -m none --json data" "evaluate -m none data --json" "train none --json" \
    "explain -m none --json broken.ppm" "baseline none --json" "audit none --json" "info none --json" "split none --json --dry-run" \
    "prepare none -o x --json" "review none --list --json" "collect ftp:/x -o y -n 1 --json" "weights 1 --json"; do
    # shellcheck disable=SC2086
    "$ftrain" $command >failed.out 2>failed.err </dev/null
    code=$?
    holds "$command fails, and says so on standard error alone" test "$code" -gt 1 -a ! -s failed.out -a -s failed.err
done

# ---- the examples of docs/json/README.md, on a set of that name ----
examples() { # all but those that ask the network
    sed -n 's/^    \(ftrain .*| jq .*\)/\1/p' "$schemas/docs/json/README.md" | grep -v 'ftrain \(weights\|collect\)'
}
equal "docs/json/README.md has examples" "$(($(examples | wc -l) > 12))" 1
if command -v jq >/dev/null; then
    mkdir bin examples
    printf '#!/bin/sh\ncase $1 in train) exec "%s" "$@" -w random:7 --arch densenet121 --resize 36 --crop 32;; *) exec "%s" "$@";; esac\n' \
        "$ftrain" "$ftrain" >bin/ftrain
    chmod +x bin/ftrain
    cp -r data examples/flowers
    rm examples/flowers/decisions.tsv
    mkdir examples/flowers/{train,valid,test}/photo
    for i in 1 2 3; do
        for split in train valid test; do picture "examples/flowers/$split/photo/00$i.ppm" "5$i" 99; done
    done
    mv examples/flowers/train/photo/001.ppm examples/flowers/train/photo/001.jpg
    cp -r flat examples/photos
    rm examples/photos/green/cut.ppm
    while read -r example; do
        (cd examples && PATH=$work/bin:$PATH && set -o pipefail && eval "$example") >"$work/example" 2>"$stderr" </dev/null
        code=$?
        holds "$example" sh -c "test $code -eq 0 && ! grep -q null '$work/example'"
    done < <(examples)
else
    ok "the examples with jq # SKIP there is no jq"
fi

# ---- numbers ----
holds "no number is NaN or infinite" sh -c "! grep -rhoiE '[:[ ]-?(nan|inf)' '$kept'"

# ---- the oracle ----
if /usr/bin/python3 -c 'import jsonschema, sys; sys.exit(not hasattr(jsonschema, "Draft202012Validator"))' 2>/dev/null; then
    /usr/bin/python3 "$oracle" "$build/test/json/validate" "$kept" || failures=1
else
    ok "python3-jsonschema says the same # SKIP it is not installed"
fi
[ "$failures" -eq 0 ]
