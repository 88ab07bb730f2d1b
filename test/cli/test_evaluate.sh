#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# ftrain evaluate from the outside: its numbers against scikit-learn's from the same predictions, perturbed
# pictures, and data sets that lack something. Pictures are noise at 40x40 whose brightness tells the class, badly.
#
#     test/cli/test_evaluate.sh        from the repository root; BUILD names the folder of the build
source test/support/support.sh

python=${PYTHON:-/usr/bin/python3}
small="-w random:7 --arch densenet121 --resize 36 --crop 32 -q"
cd "$work" || exit 1

also() { # WHAT PATTERN: standard output of the last check has such a line, too
    if matches "$2" out; then ok "$1"; else not_ok "$1"; fi
}

never() { # WHAT PATTERN: it has none
    if grep -qiE -- "$2" out; then not_ok "$1"; else ok "$1"; fi
}

varied_picture() { # FILE SEED BRIGHTNESS: a binary PPM, 40x40: noise of 60 levels above a brightness that varies by 80
    {
        printf 'P6 40 40 255\n'
        awk -v seed="$2" -v base="$3" 'BEGIN {
            srand(seed)
            base += int(80 * rand())
            for (i = 0; i < 4800; i++) printf "%c", base + int(60 * rand())
        }'
    } >"$1"
}

seed=0
varied_dataset() { # FOLDER PICTURES CLASS...: the classes from dark to bright
    local folder=$1 count=$2 split class base i
    shift 2
    for split in train valid test; do
        base=20
        for class in "$@"; do
            mkdir -p "$folder/$split/$class"
            for ((i = 1; i <= count; i++)); do
                seed=$((seed + 1))
                varied_picture "$folder/$split/$class/$i.ppm" $seed $base
            done
            base=$((20 + (base + 20) % 95))
        done
    done
}

varied_dataset data 12 bright dark 'a "b", c'
two="data-two"
varied_dataset $two 16 fake real
"$ftrain" train data $small -o three.safetensors >/dev/null 2>&1
"$ftrain" train $two $small -o two.safetensors >/dev/null 2>&1

# ---- usage ----
check "an unknown perturbation is named" 2 "" "--perturb: 'sepia:1' is not jpeg:QUALITY, blur:SIGMA" \
    "$ftrain" evaluate -m two.safetensors $two --perturb jpeg:75,sepia:1
check "an amount out of range names value and range" 2 "" "--perturb: 'jpeg:0': '0' is not a whole number from 1" \
    "$ftrain" evaluate -m two.safetensors $two --perturb jpeg:0
check "calibrating on the judged split is refused" 2 "" "--calibrate-on: 'test' is the split that is evaluated" \
    "$ftrain" evaluate -m two.safetensors $two --calibrate-on test
check "--split names one that is there" 2 "" \
    "--split: .*has no folder 'nope'; it has 'test', 'train', 'valid'$" \
    "$ftrain" evaluate -m two.safetensors $two --split nope
check "of a data set that is there" 3 "" "nowhere: cannot be listed" \
    "$ftrain" evaluate -m two.safetensors nowhere --split nope
check "a split to calibrate on must be there when it is named" 2 "" \
    "--calibrate-on: .*has no folder 'nowhere'; it has 'test', 'train', 'valid'$" \
    "$ftrain" evaluate -m two.safetensors $two --calibrate-on nowhere
check "a predictions file that cannot be written is told before the work" 5 "" "nowhere/p.csv: cannot be written" \
    "$ftrain" evaluate -m two.safetensors $two --predictions nowhere/p.csv

# ---- two classes ----
check "the first line is the accuracy" 0 \
    '^accuracy [01]\.[0-9]{4} \([0-9]+ of 32; 95 % interval [01]\.[0-9]{4} to [01]\.[0-9]{4}\), loss ' "" \
    "$ftrain" evaluate -m two.safetensors $two -q --predictions two.csv
if head -1 out | grep -q ^accuracy; then ok "indeed the first"; else not_ok "indeed the first"; fi
also "whether it can be told from guessing follows" \
    "^(better than always guessing the largest class \\(0\\.5000\\): p [<=] 0\\.[0-9]+|not told from guessing: [0-9]+ of 32 correct, always guessing 'fake' gives 16; p = [01])"
also "ranking follows" '^balanced accuracy [01]\.[0-9]+, ROC-AUC [01]\.[0-9]+, average precision [01]\.[0-9]+$'
also "a class has its line" '^real +16 +[01]\.[0-9]{4} +[01]\.[0-9]{4} '
also "a temperature is fitted on valid" '^temperature [0-9.]+, fitted on valid \(32 pictures\)'
also "so is a threshold" '^threshold 0\.[0-9]{4}: above it real; the one of highest balanced accuracy on valid'
also "and the test is judged at it" '^at that threshold +[01]\.[0-9]{4} '
cp two.csv first.csv
check "--calibrate-on none leaves both out" 0 '^accuracy' "" \
    "$ftrain" evaluate -m two.safetensors $two -q --calibrate-on none
never "and says nothing of them" 'temperature|threshold'
check "judging valid itself calibrates on nothing" 0 '^accuracy' "" \
    "$ftrain" evaluate -m two.safetensors $two -q --split valid
never "and says nothing of it" 'temperature|threshold'
check "a folder of class folders is judged without calibration" 0 '^accuracy .* of 32;' "" \
    "$ftrain" evaluate -m two.safetensors $two/test -q
never "as it has no valid" 'temperature|threshold'


# ---- other names of valid, and what is missing ----
mkdir named
ln -s "$(realpath $two)/test" "$(realpath $two)/train" named/
ln -s "$(realpath $two)/valid" named/val
check "val is taken as valid to calibrate on" 0 '^temperature [0-9.]+, fitted on valid \(32 pictures\)' "" \
    "$ftrain" evaluate -m two.safetensors named -q
for name in val valid validation; do
    check "and by --split $name, calibrated on nothing" 0 '^accuracy .* of 32;' "" \
        "$ftrain" evaluate -m two.safetensors named -q --split $name
    never "as it is valid itself" 'temperature|threshold'
done
check "--calibrate-on validation is the split that --split val evaluates" 2 "" "--calibrate-on: 'valid' is the split" \
    "$ftrain" evaluate -m two.safetensors named --split val --calibrate-on validation
mv named/val named/validation
check "so is validation" 0 '^temperature ' "" "$ftrain" evaluate -m two.safetensors named -q
ln -s validation named/val
check "both at once are an error that names them" 3 "" "named: 'val' and 'validation' both stand for the validation split" \
    "$ftrain" evaluate -m two.safetensors named -q
rm named/val named/test
check "a test split that is missing is named with what is there" 3 "" "named: has no folder 'test'; it has 'train', 'validation'$" \
    "$ftrain" evaluate -m two.safetensors named -q

# ---- robustness ----
check "--robustness judges thirteen perturbations of 32 pictures" 0 '^jpeg:30 +[+-][01]\.[0-9]{4} +[01]\.[0-9]{4} ' \
    'features: 416 in' "$ftrain" evaluate -m two.safetensors $two --robustness
if [ "$(grep -cE '^(jpeg|blur|resize|zoom):[0-9.]+ |^grey ' out)" -eq 13 ]; then
    ok "all of them"
else
    not_ok "all of them"
fi
cp out robust
check "a second run takes their features from the store" 0 '^grey ' "" \
    "$ftrain" evaluate -m two.safetensors $two --robustness
if cmp -s out robust; then ok "and prints the same"; else not_ok "and prints the same"; fi
check "--perturb chooses, --json tells recall of each class and the change" 0 \
    '"robustness": \[\{"accuracy": [^]]*"perturbation": "zoom:2", "change": -?[0-9.]+, .*"recall": \{"fake": [0-9.]+, "real": [0-9.]+\}\}, \{.*"perturbation": "grey"' \
    "" "$ftrain" evaluate -m two.safetensors $two --perturb zoom:2,grey --json
cp out two.json
check "a perturbation that changes nothing changes no answer" 0 '^zoom:1 +\+0\.0000 ' "" \
    "$ftrain" evaluate -m two.safetensors $two -q --perturb zoom:1,resize:1

mkdir keep
"$ftrain" evaluate -m two.safetensors $two -q --robustness --cache keep >interrupted 2>err &
until [ -n "$(find keep -name '*.journal' -size +200k)" ] || ! kill -0 $! 2>/dev/null; do sleep 0.02; done
kill -INT $! 2>/dev/null
wait $!
code=$?
cat interrupted >out
if [ $code -eq 130 ] && grep -q 'interrupted: [0-9]* feature vectors are kept' err; then
    ok "interrupted, it says what is kept"
else
    echo "exit code $code" >>err
    not_ok "interrupted, it says what is kept"
fi
check "and goes on from there" 0 '^grey ' "" "$ftrain" evaluate -m two.safetensors $two -q --robustness --cache keep
if cmp -s out robust; then ok "to the same result"; else not_ok "to the same result"; fi

# ---- three classes, one with an awkward name ----
check "predictions are written as CSV" 0 '^wrote three.csv$' "" \
    "$ftrain" evaluate -m three.safetensors data -q --predictions three.csv
if head -1 three.csv | grep -qxF 'path,truth,class,"p_a ""b"", c",p_bright,p_dark,unfamiliar_percentile' &&
    [ "$(wc -l <three.csv)" -eq 37 ] && ! grep -q $'\r' three.csv; then
    ok "quoted by RFC 4180, a line a picture"
else
    cat three.csv >out
    not_ok "quoted by RFC 4180, a line a picture"
fi
"$ftrain" evaluate -m three.safetensors data -q --json >three.json

compare='
import csv, json, sys
import numpy as np
from scipy.stats import binomtest
from sklearn import metrics
with open(sys.argv[1], newline="") as f:
    header, *rows = csv.reader(f)
report = json.load(open(sys.argv[2]))
names = [c["class"] for c in report["classes"]]
assert header[3:] == [f"p_{name}" for name in names] + ["unfamiliar_percentile"], header
truth = np.array([names.index(r[1]) for r in rows])
said = np.array([names.index(r[2]) for r in rows])
p = np.array([[float(v) for v in r[3:-1]] for r in rows])
one_hot = np.eye(len(names))[truth]
auc = [metrics.roc_auc_score(one_hot[:, c], p[:, c]) for c in range(len(names))]
ap = [metrics.average_precision_score(one_hot[:, c], p[:, c]) for c in range(len(names))]
precision, recall, f1, count = metrics.precision_recall_fscore_support(truth, said)
expected = dict(accuracy=metrics.accuracy_score(truth, said), balanced_accuracy=metrics.balanced_accuracy_score(truth, said),
                loss=metrics.log_loss(truth, p), brier=((p - one_hot) ** 2).sum(1).mean(), roc_auc=np.mean(auc),
                average_precision=np.mean(ap))
for key, value in expected.items():
    assert abs(report[key] - value) < 1e-6, (key, report[key], value)
for c, of in enumerate(report["classes"]):
    for key, value in dict(precision=precision[c], recall=recall[c], f1=f1[c], roc_auc=auc[c], average_precision=ap[c], count=count[c]).items():
        assert abs(of[key] - value) < 1e-6, (names[c], key, of[key], value)
def check_guessing(of):
    guess = of["versus_largest_class"]
    share = np.bincount(truth).max() / len(truth)
    p = binomtest(of["correct"], of["count"], share, alternative="greater").pvalue
    assert abs(guess["share"] - share) < 1e-9 and abs(guess["p_value"] - p) < 1e-9, (guess, share, p)
    assert guess["better"] == (p < 0.05), guess
check_guessing(report)
if len(names) == 2:
    check_guessing(report["threshold"])
    assert len(report["robustness"]) == 2
    for row in report["robustness"]: check_guessing(row)
assert report["confusion"] == metrics.confusion_matrix(truth, said).tolist()
'
for what in two three; do
    if ! "$python" -c 'import sklearn' 2>/dev/null; then
        ok "scikit-learn finds the same from the predictions of $what classes # SKIP no scikit-learn"
    else
        check "scikit-learn finds the same from the predictions of $what classes" 0 "" "" \
            "$python" -c "$compare" $what.csv $what.json
    fi
done

# ---- data that lack something ----
mkdir -p one/test one/valid
cp -r $two/test/real one/test
cp -r $two/valid/* one/valid
check "one class in the split leaves open what needs two" 0 'ROC-AUC -, average precision -$' "" \
    "$ftrain" evaluate -m two.safetensors one -q
also "nothing is told from guessing then" "^not told from guessing: every picture is of the class 'real'$"
also "the class that is alone has no ranking" '^real +16 .* - +-$'
also "the absent class is all dashes" '^fake +0 +[0-9.-]+ +- +- +- +[0-9.-]+ +- +-$'
check "in JSON it is null" 0 '"class": "fake", "count": 0, .*"recall": null' "" \
    "$ftrain" evaluate -m two.safetensors one -q --json --perturb grey
also "so is what cannot be ranked" '"roc_auc": null, "average_precision": null|"average_precision": null, .*"roc_auc": null'
never "and nothing is NaN" 'nan|"average_precision": 1'
rm -r one/valid/fake
check "one class in valid gives no threshold" 0 '^no threshold: valid has pictures of one class alone' "" \
    "$ftrain" evaluate -m two.safetensors one -q
rm -f one/test/real/*[2-9].ppm one/test/real/1?.ppm
check "one picture is enough" 0 '^accuracy [01]\.0000 \([01] of 1;' "" \
    "$ftrain" evaluate -m two.safetensors one -q --robustness
mkdir one/valid/oil
check "a valid that does not fit is told and left out" 0 '^accuracy' "not calibrated: .*'oil' is extra" \
    "$ftrain" evaluate -m two.safetensors one -q
check "unless it was named" 3 "" "'oil' is extra" "$ftrain" evaluate -m two.safetensors one -q --calibrate-on valid
mkdir one/test/water
check "an unknown class folder is named" 3 "" "one/test: .*'water' is extra" \
    "$ftrain" evaluate -m two.safetensors one -q
rmdir one/test/water
mkdir one/test/fake
check "a class folder without files is named" 3 "" "one/test/fake: a class without files" \
    "$ftrain" evaluate -m two.safetensors one -q
mkdir -p empty/test
check "an empty folder is an error" 3 "" "empty/test: no class folders" \
    "$ftrain" evaluate -m two.safetensors empty -q
cp -r $two broken
: >broken/test/fake/3.ppm
head -c 1000 $two/valid/real/5.ppm >broken/valid/real/5.ppm
check "broken pictures are named and left out" 1 '^accuracy .* of 31;' 'skipped: broken/test/fake/3.ppm' \
    "$ftrain" evaluate -m two.safetensors broken -q --predictions broken.csv --perturb grey
if [ "$(grep -c 'skipped:' err)" -eq 2 ]; then ok "once each"; else not_ok "once each"; fi
rounded() { # FILE: paths inside the data set, five decimals: the head's sums go by the number of pictures
    sed -e 's,^[a-z-]*/,,' -e 's/\(0\.[0-9]\{5\}\)[0-9]*/\1/g' "$1" | grep -v '^test/fake/3.ppm'
}
rounded first.csv >expected
rounded broken.csv >out
if cmp -s out expected; then
    ok "and the others keep their predictions"
else
    not_ok "and the others keep their predictions"
fi
check "--strict stops at the first" 3 "" 'broken/test/fake/3.ppm' \
    "$ftrain" evaluate -m two.safetensors broken -q --strict
rm -r broken/test/*/*
: >broken/test/fake/1.ppm
: >broken/test/real/1.ppm
check "no usable picture is an error" 3 "" 'no picture that can be used is left' \
    "$ftrain" evaluate -m two.safetensors broken -q

# ---- many classes ----
mapfile -t names < <(seq -f 'class%03g' 1 42)
varied_dataset many 1 "${names[@]}"
"$ftrain" train many $small --epochs 2 -o many.safetensors >/dev/null 2>&1
check "of many classes the worst are listed" 0 \
    '^the 20 classes of lowest recall; --json has all 42$' "" "$ftrain" evaluate -m many.safetensors many -q
also "and the most confused pairs instead of the matrix" \
    '^the confusion matrix of 42 classes is only in --json; most often confused:$'
if [ "$(wc -l <out)" -lt 60 ]; then ok "on a page"; else not_ok "on a page"; fi

[ "$failures" -eq 0 ]
