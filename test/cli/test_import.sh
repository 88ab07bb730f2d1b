#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# ftrain import: a head comes in and predicts as it did where it came from; what is no such head is refused by name. Heads
# of torch and scikit-learn are compared with theirs in test/ftrain/test_import.c and test/interop/.
#
#     test/cli/test_import.sh        from the repository root; BUILD names the folder of the build
source test/support/support.sh

golden=$(realpath test/golden/ftrain)
small="--arch densenet121 --resize 36 --crop 32"
cd "$work" || exit 1
dataset data 3 30 160
"$ftrain" train data -w random:7 $small --hidden 16 --epochs 2 -q -o m.safetensors >/dev/null 2>&1 || not_ok "training"
import() { # HEAD [OPTIONS]
    local head=$1
    shift
    "$ftrain" import "$head" -w random:7 $small --data data "$@"
}
rows() { # MODEL [OPTIONS]: what it says of each picture, but for whether that is familiar to it
    "$ftrain" predict -m "$@" data/test 2>/dev/null | cut -f 1,2
}

# ---- a head of torch's: that of a model file is one ----
check "a head comes in" 0 '^wrote i.safetensors$' 'random weights|left out' import m.safetensors -o i.safetensors --prefix classifier
equal "and predicts as before" "$(rows i.safetensors)" "$(rows m.safetensors)"
check "info tells where it is from" 0 '^recipe \{"name": "import", "source": "m.safetensors", "xxh3": "[0-9a-f]{32}", "hidden": \[16\], "format": "torch", "layers": \["classifier.0.weight", "classifier.3.weight"\]\}$' \
    '' "$ftrain" info i.safetensors
check "--json" 0 '^\{"path": "j.safetensors", "backbone": "densenet121", "weights_hash": "[0-9a-f]{32}", "classes": \["bright", "dark"\], "widths": \[1024, 16, 2\]\}$' \
    'random weights' import m.safetensors -o j.safetensors --prefix classifier --json
same "the same bytes again" i.safetensors j.safetensors
check "names of one's own" 0 '^wrote n.safetensors$' 'random weights' import m.safetensors -o n.safetensors --prefix classifier --classes 'light,no light'
equal "are the model's" "$(rows n.safetensors | cut -f 2 | sed 's/no light/dark/g; s/light/bright/g')" "$(rows m.safetensors | cut -f 2)"

# ---- a whole network ----
"$ftrain" export m.safetensors whole.pth >/dev/null
check "a network on this backbone" 0 '^wrote w.safetensors$' 'left out .* outside the head: ' import whole.pth -o w.safetensors
equal "gives its head" "$(rows w.safetensors)" "$(rows m.safetensors)"
check "with its own backbone, too" 0 '^wrote f.safetensors$' 'left out' "$ftrain" import whole.pth -w whole.pth --resize 36 --crop 32 --classes bright,dark -o f.safetensors
equal "which the model then needs" "$(rows f.safetensors -w whole.pth)" "$(rows m.safetensors)"
check "on another one it is refused" 4 '' "whole.pth: holds a backbone, and it is not that of random:8; -w whole.pth takes it" \
    "$ftrain" import whole.pth -w random:8 $small --data data -o x.safetensors

# ---- commands take what has come in ----
check "evaluate" 0 '^accuracy ' 'wrong pictures' "$ftrain" evaluate -m i.safetensors data --report page.html
check "explain" 0 '	map/1.png$' '' "$ftrain" explain -m i.safetensors data/test/dark/1.ppm -o map
check "baseline" 0 '^the model \* ' 'random weights' "$ftrain" baseline data -w random:7 $small -m i.safetensors --only logistic -q
check "export" 0 '^wrote out.pth$' '' "$ftrain" export i.safetensors out.pth
check "predict --json" 0 '^\{"path": "data/test/dark/1.ppm", "class": ' '' "$ftrain" predict -m i.safetensors data/test/dark/1.ppm --json
check "--coverage needs a calibration" 4 '' 'was not calibrated for --coverage' "$ftrain" predict -m i.safetensors data/test --coverage 0.9

# ---- what is refused ----
refused() { # WHAT CODE PATTERN HEAD [OPTIONS]
    local what=$1 code=$2 pattern=$3
    shift 3
    check "$what" "$code" '' "$pattern" import "$@" -o x.safetensors
}
check "a model in the place of weights" 4 '' "^ftrain: i.safetensors: not a network's weights: metadata 'format' is 'densenet classifier 1'" \
    "$ftrain" import m.safetensors -w i.safetensors --data data -o x.safetensors
refused "a head for other features" 4 'sequential.pth: its head takes 20 features, densenet121 has 1024' "$golden/sequential.pth"
refused "of scikit-learn, too" 4 'fortran.npz: its head takes 20 features' "$golden/fortran.npz"
refused "more classes than outputs" 4 'its head has 2 outputs for 3 classes' m.safetensors --prefix classifier --classes a,b,c
refused "an empty name" 2 "^ftrain: --classes: the name of class 1 is empty" m.safetensors --prefix classifier --classes a,
refused "a name twice" 2 "^ftrain: --classes: classes 1 and 2 have the same name, 'a'" m.safetensors --prefix classifier --classes b,a,a
refused "other names than the head has" 2 "^ftrain: --classes: class 1 is 'b', but 'bee, .*' in " "$golden/logistic.npz" --classes ant,b,c
refused "batch norm" 4 "tensor '1.weight' is not of a linear layer" "$golden/batch_norm.pth"
refused "layers without an activation between them" 4 "no place for ReLU between '0.weight' and '1.weight'" "$golden/adjacent.pth"
refused "layers that do not fit each other" 4 "tensor '2.weight' is \(3, 7\), but '0.weight' before it has 8 outputs" "$golden/broken_chain.pth"
refused "several heads" 4 "the prefix of one says which are the head's" "$golden/two_heads.pth"
refused "Python objects" 4 "array 'classes_': holds Python objects" "$golden/objects.npz"
refused "big-endian numbers" 4 "array 'coef_': elements of type '>f8'" "$golden/big_endian.npz"
refused "--prefix with .npz" 2 '--prefix is of no use with .npz' "$golden/fortran.npz" --prefix a
refused "a picture" 4 'data/test/dark/1.ppm: is neither safetensors nor .pth' data/test/dark/1.ppm
refused "a file that is not there" 4 '^ftrain: none.pth: cannot be opened' none.pth
head -c 700 "$golden/fortran.npz" >cut.npz
refused "an archive cut short" 4 'cut.npz' cut.npz
check "no name for the result" 2 '' 'import: -o MODEL is missing' import m.safetensors
check "nothing that says the classes" 2 '' 'import: --classes or --data is missing: what the 2 outputs of m.safetensors stand for' \
    "$ftrain" import m.safetensors -w whole.pth --prefix classifier -o x.safetensors
check "random weights without pictures" 2 '' '^ftrain: random:7: --data is missing' "$ftrain" import m.safetensors -w random:7 $small --classes a,b --prefix classifier -o x.safetensors
check "decisions without a data set" 2 '' '^ftrain: import: --no-decisions is of no use without --data' \
    "$ftrain" import m.safetensors --no-decisions --prefix classifier --classes a,b -o x.safetensors
holds "nothing of these is left" test ! -e x.safetensors

[ "$failures" -eq 0 ]
