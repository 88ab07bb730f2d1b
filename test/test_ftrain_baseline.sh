#!/usr/bin/env bash
# ftrain baseline from the outside, on pictures whose brightness tells the class.
#
#     test/test_ftrain_baseline.sh        from the repository root; BUILD names the folder of the build
set -u

ftrain=$PWD/${BUILD:-build}/ftrain/ftrain
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME=$work/cache LC_ALL=C
unset DENSENET_WEIGHTS TORCH_HOME DN_ISA
small="-w random:7 --arch densenet121 --resize 36 --crop 32 --quiet"
failures=0

# check WHAT CODE PATTERN COMMAND...: the exit code, and an extended pattern that a line of the output matches
check() {
    local what=$1 code=$2 pattern=$3 found
    shift 3
    "$@" >"$work/out" 2>&1 </dev/null
    found=$?
    if [ "$found" -eq "$code" ] && grep -qE -- "$pattern" "$work/out"; then
        echo "ok - $what"
    else
        sed 's/^/    /' "$work/out"
        echo "not ok - $what (exit code $found)"
        failures=1
    fi
}

picture() { # FILE SEED BRIGHTNESS: a binary PPM, 40x40, of noise in [brightness, brightness + 60)
    {
        printf 'P6 40 40 255\n'
        awk -v seed="$2" -v base="$3" 'BEGIN {
            srand(seed)
            for (i = 0; i < 4800; i++) printf "%c", base + int(60 * rand())
        }'
    } >"$1"
}

seed=0
for split in train valid test; do
    for class in bright dark; do
        mkdir -p "$work/data/$split/$class"
        base=30
        if [ "$class" = bright ]; then base=160; fi
        for i in 1 2 3 4; do
            seed=$((seed + 1))
            picture "$work/data/$split/$class/$i.ppm" "$seed" "$base"
        done
    done
done

# shellcheck disable=SC2086 # options are words
{
    check "dummies need neither weights nor pictures" 0 '^dummy, uniform +0\.5000  expected +0\.5000' \
        "$ftrain" baseline "$work/data" --only dummy
    check "raw pixels tell bright from dark" 0 '^SVM on pixels +C 0\.1 +1\.0000 .* 1\.0000 +-' \
        "$ftrain" baseline "$work/data" --only svm-pixels --resize 36 --crop 32 --quiet
    check "no more pictures than asked for" 0 '^SVM on pixels of 12 ' \
        "$ftrain" baseline "$work/data" --only svm-pixels --max-pictures 12 --resize 36 --crop 32 --quiet
    check "a model to compare with" 0 'wrote' "$ftrain" train "$work/data" $small -o "$work/m.safetensors"
    check "all rows, and the model's" 0 '^the model +[01]\.[0-9]{4}' \
        "$ftrain" baseline "$work/data" $small -m "$work/m.safetensors"
    cp "$work/out" "$work/table"
    check "logistic regression has its row" 0 '^logistic regression on features +C' cat "$work/table"
    check "as JSON" 0 '"baseline": "SVM on features", "chosen": "C [0-9.]+", "accuracy": [01]' \
        "$ftrain" baseline "$work/data" $small --json
    cp "$work/out" "$work/rows"
    check "what is undefined is null in JSON" 0 '"loss": null' grep -v nan "$work/rows"
    check "every row is one" 0 '^7$' grep -c '^{.*}$' "$work/rows"
    check "a model on other preprocessing is refused" 4 'm\.safetensors: was trained for other classes' \
        "$ftrain" baseline "$work/data" -w random:7 --arch densenet121 --resize 40 --crop 32 --quiet -m "$work/m.safetensors"
    check "an unknown row is named" 2 "--only: 'tea' is not dummy" "$ftrain" baseline "$work/data" --only dummy,tea
    printf 'no picture' >"$work/data/train/dark/5.ppm"
    check "a broken picture is named and left out" 1 'skipped: .*train/dark/5\.ppm' \
        "$ftrain" baseline "$work/data" --only svm-pixels --resize 36 --crop 32
    rm "$work"/data/test/dark/*
    check "a class without pictures is named" 3 'test/dark' "$ftrain" baseline "$work/data" --only dummy
}
exit $failures
