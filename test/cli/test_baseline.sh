#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# ftrain baseline from the outside, on pictures whose brightness tells the class.
#
#     test/cli/test_baseline.sh        from the repository root; BUILD names the folder of the build
source test/support/support.sh

small="-w random:7 --arch densenet121 --resize 36 --crop 32 --quiet"
dataset "$work/data" 4 30 160

# shellcheck disable=SC2086 # options are words
{
    check_either "dummies need neither weights nor pictures" 0 '^dummy, uniform +0\.5000 +expected +0\.5000' \
        "$ftrain" baseline "$work/data" --only dummy
    check_either "metadata say nothing of pictures made alike" 0 '^file metadata +C [0-9.e-]+ +0\.5000' \
        "$ftrain" baseline "$work/data" --only metadata --quiet
    cp "$work/out" "$work/cues"
    check_either "a row of cues that is the best says so" 0 \
        '^It learns from cues alone, without a look at the subject$' cat "$work/cues"
    check_either "pixel statistics tell bright from dark" 0 '^pixel statistics .* 1\.0000  0\.[0-9]{4} ' cat "$work/cues"
    check_either "and so do both" 0 '^metadata and statistics .* 1\.0000  0\.[0-9]{4} ' cat "$work/cues"
    check_either "raw pixels tell bright from dark" 0 '^SVM on pixels +C 0\.1 +1\.0000 .* 1\.0000 +-' \
        "$ftrain" baseline "$work/data" --only svm-pixels --resize 36 --crop 32 --quiet
    check_either "no more pictures than asked for" 0 '^SVM on pixels of 12 ' \
        "$ftrain" baseline "$work/data" --only svm-pixels --max-pictures 12 --resize 36 --crop 32 --quiet
    check_either "a model to compare with" 0 'wrote' "$ftrain" train "$work/data" $small -o "$work/m.safetensors"
    check_either "all rows, and the model's" 0 '^the model \* +[01]\.[0-9]{4} .* - +[0-9.]+$' \
        "$ftrain" baseline "$work/data" $small -m "$work/m.safetensors"
    cp "$work/out" "$work/table"
    check_either "the others are compared with it in pairs" 0 '^\* the model; p \(pairs\): each row against it' cat "$work/table"
    check_either "each by its p-value" 0 '^dummy, most frequent +0\.5000 .* (0\.[0-9]{4}|1\.0000) +[0-9.]+$' cat "$work/table"
    check_either "the model is told from guessing in a sentence" 0 \
        "^'the model' is (better than always guessing the largest class \(0\.5000\): p|not told from guessing: [0-9] of 8 correct)" cat "$work/table"
    check_either "and from the best that looks at cues alone, in pairs" 0 \
        "^It is (not told from|better than|worse than) '(pixel|metadata and) statistics', the best that looks at cues alone: of 8 pictures, [0-9] are right by it alone and [0-9] by the cues alone; p = " \
        cat "$work/table"
    check_either "but what is drawn at random" 0 '^dummy, uniform .* - +[0-9.]+$' cat "$work/table"
    check_either "logistic regression has its row" 0 '^logistic regression on features +C' cat "$work/table"
    check_either "it tells bright from dark by the features, too" 0 '^logistic .* 1\.0000  [0-9. to]* 1\.0000' \
        cat "$work/table"
    check_either "and support vectors rank them" 0 '^SVM on features .* 1\.0000 +- ' cat "$work/table"
    check_either "as JSON" 0 '"baseline": "SVM on features", "chosen": "C [0-9.]+", "accuracy": [01]' \
        "$ftrain" baseline "$work/data" $small --json
    cp "$work/out" "$work/rows"
    check_either "without a model in pairs with the best" 0 \
        '"baseline": "dummy, prior", .*"versus_reference": \{"baseline": "SVM on pixels", "count": 8, "only_this": 0, "only_reference": 4, "p_value": 0\.125\}' \
        cat "$work/rows"
    check_either "which itself has none" 0 '"baseline": "SVM on pixels", .*"versus_reference": null' cat "$work/rows"
    check_either "every row beside the largest class" 0 \
        '"baseline": "SVM on pixels", .*"versus_largest_class": \{"share": 0\.5, "p_value": 0\.0039[0-9]*, "better": true\}' cat "$work/rows"
    check_either "but what is drawn at random" 0 '"baseline": "dummy, uniform", .*"versus_largest_class": null' cat "$work/rows"
    check_either "what is undefined is null in JSON" 0 '"loss": null' grep -v nan "$work/rows"
    check_either "every row is one" 0 '^10$' grep -c '^{.*}$' "$work/rows"
    check_either "a model on other preprocessing is refused" 4 'm\.safetensors: was trained for other classes' \
        "$ftrain" baseline "$work/data" -w random:7 --arch densenet121 --resize 40 --crop 32 --quiet -m "$work/m.safetensors" --cache "$work/early"
    holds "before any feature is computed" test ! -e "$work/early"
    check_either "an unknown row is named" 2 "--only: 'tea' is not dummy" "$ftrain" baseline "$work/data" --only dummy,tea
    printf 'no picture' >"$work/data/train/dark/5.ppm"
    check_either "a broken picture is named and left out" 1 'skipped: .*train/dark/5\.ppm' \
        "$ftrain" baseline "$work/data" --only svm-pixels --resize 36 --crop 32
    rm "$work"/data/test/dark/*
    check_either "a class without pictures is named" 3 'test/dark' "$ftrain" baseline "$work/data" --only dummy
}

[ "$failures" -eq 0 ]
