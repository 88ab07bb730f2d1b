#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# ftrain train beyond the plain run: schedules, early stopping, weights, views, checkpoints, sweeps, folds.
#
#     test/cli/test_train.sh        from the repository root; BUILD names the folder of the build
source test/support/support.sh

small="-w random:7 --arch densenet121 --resize 36 --crop 32 -q --hidden 32"

train() { "$ftrain" train "$data" $small "$@"; }

cd "$work" || exit 1
data=$work/data
dataset data 6 100 110
network="-w random:7 --arch densenet121 --resize 36 --crop 32"
check "extract keeps perturbed views, too" 0 "" untrained \
    "$ftrain" extract "$data" $network -q --augment jpeg:50,blur:1 -o v.features
check "12 pictures of train in 6 views, 24 others in one" 0 'views of pictures 96,' "" "$ftrain" info v.features

# ---- usage ----
refused() { # NAMED ARGUMENTS...
    local named=$1
    shift
    check "refused: $*" 2 "" "$named" train "$@" -o refused.safetensors
}
refused "--schedule: 'linear' is not one of constant\|step\|cosine\|plateau" --schedule linear
refused "--warmup: 30 is not below --epochs, 30" --warmup 30
refused "--schedule-floor: 0.5 is above --lr, 0.002" --schedule cosine --schedule-floor 0.5
refused "--schedule-factor: '1' is not a number from" --schedule step --schedule-factor 1
refused "--patience: '-1' is not a whole number" --patience -1
refused "--class-weights: '1,0' is not none, balanced, or a list" --class-weights 1,0
refused "--class-weights: 'equal' is not none" --class-weights equal
refused "--class-weights: '1,' is not none" --class-weights 1,
refused "--class-weights: '1,2,3': 3 numbers for 2 classes, the first of which is 'bright'" --class-weights 1,2,3 --cache early
refused "--class-weights: '1,2,3': 3 numbers for 2 classes" --sweep class-weights=balanced/1,2/1,2,3 --cache early
refused "--nesterov: Nesterov's momentum needs a --momentum above 0" --nesterov --momentum 0 --cache early
refused "--nesterov: Nesterov's momentum needs a --momentum above 0" --nesterov --sweep momentum=0.9/0 --cache early
holds "before any feature is computed" test ! -e early
refused "--label-smoothing: '1' is not a number from 0 to 0.99" --label-smoothing 1
refused "--augment: 'sepia' is not jpeg:QUALITY" --augment sepia
refused "--augment: 'jpeg:0': '0' is not a whole number from 1 to 100" --augment jpeg:0
refused "--sweep: 'lr' is not one of hidden, dropout" --sweep lr
refused "--sweep: 'seed' is not one of hidden, dropout" --sweep seed=1/2
refused "--lr: '-1' is not a number" --sweep lr=0.1/-1
refused "--lr: '' is not a number" --sweep lr=0.1/
refused "--optimizer: 'rprop' is not one of sgd\|adam" --sweep 'optimizer=sgd/rprop'
refused "--sweep: 'lr' is there twice" --sweep 'lr=0.1 lr=0.2'
refused "--sweep: ' ' names no option" --sweep ' '
refused "--checkpoint and --resume do not go with it" --sweep lr=0.1 --resume
check "refused: --folds with -o" 2 "" "--folds writes no model" train --folds 3 -o refused.safetensors
check "refused: --folds 2" 2 "" "--folds: '2' is not a whole number from 3 to 100" train --folds 2
holds "a refusal writes nothing" test ! -e refused.safetensors

# ---- schedules, early stopping, weights, smoothing, views ----
check "a schedule shows the learning rate of each epoch" 0 '^    6 +0.00117365 +[0-9.]+  ' untrained \
    train --epochs 10 --schedule cosine --warmup 1 -o cosine.safetensors
check "and is in the recipe" 0 '^recipe .*"schedule": \{"kind": "cosine", "warmup": 1, "floor": 0.0\}' "" \
    "$ftrain" info cosine.safetensors
check "--json tells it too" 0 '"epoch": 3, .*"learning_rate": 0.0005,' untrained \
    train --epochs 4 --schedule step --schedule-epochs 1 --json -o step.safetensors
check "patience ends a training early and says so" 0 '^stopped after epoch [0-9]+ of 500: no lower validation loss in 2$' \
    untrained train --epochs 500 --lr 0.05 --patience 2 -o patience.safetensors
check "and the recipe has the epoch" 0 '^recipe .*"patience": 2, "stopped_epoch": [0-9]+\}' "" \
    "$ftrain" info patience.safetensors
check "class weights and smoothing are in the recipe" 0 '"class_weights": \[1.0, 3.5\], "label_smoothing": 0.1\}' "" \
    sh -c "$ftrain train $data $small --epochs 2 --class-weights 1,3.5 --label-smoothing 0.1 -o w.safetensors >/dev/null 2>&1 &&
           $ftrain info w.safetensors"
check "views are in the recipe" 0 '"views": \["plain", "flip", "jpeg:50", "jpeg:50 flip", "blur:1", "blur:1 flip"\]' "" \
    sh -c "$ftrain train $data $small --epochs 2 --augment jpeg:50,blur:1 -o v.safetensors >/dev/null 2>&1 &&
           $ftrain info v.safetensors"
check "without mirror images, too" 0 '"flip": false.*"views": \["plain", "jpeg:50"\]' "" \
    sh -c "$ftrain train $data $small --epochs 2 --augment jpeg:50 --no-flip -o v.safetensors >/dev/null 2>&1 &&
           $ftrain info v.safetensors"
"$ftrain" train "$data" $network --epochs 2 --augment jpeg:50,blur:1 --features v.features -o v.safetensors >v.txt 2>v.err
holds "with extract's file nothing is computed" sh -c "grep -q '^test accuracy' v.txt && ! grep -q '^features' v.err"

# ---- left and taken up again ----
long="--epochs 250 --batch 2 --hidden 512,256 --optimizer adam --schedule plateau --warmup 2 --augment jpeg:50 --label-smoothing 0.1"
train $long -o whole.safetensors >whole.txt 2>/dev/null
holds "a training that ends well leaves no checkpoint" test ! -e whole.safetensors.checkpoint

await() { # CONDITION...: up to a minute
    local i
    for i in $(seq 600); do
        "$@" 2>/dev/null && return 0
        sleep 0.1
    done
    return 1
}

"$ftrain" train "$data" $small $long -o stopped.safetensors >stopped.txt 2>stopped.err &
await grep -q '^    3 ' stopped.txt
kill -INT $!
wait $!
code=$?
holds "SIGINT ends a training with exit code 130" test "$code" -eq 130
holds "and says how to go on" grep -q \
    'interrupted after epoch [0-9]* of 250, which stopped.safetensors.checkpoint keeps: .*--resume' stopped.err
holds "and writes no model" test ! -e stopped.safetensors
check "a checkpoint of another recipe is refused by name" 4 "" \
    "stopped.safetensors.checkpoint: is of another training: 'label_smoothing' is 0.1 there and 0.0 here" \
    train $long --label-smoothing 0 -o stopped.safetensors --resume
check "one of other weights, too" 4 "" "'weights_source' is \"random:7\" there and \"random:8\" here" \
    train $long -w random:8 -o stopped.safetensors --resume
check "one of other views, too" 4 "" "'views' is .*jpeg:50.* there and .*blur:1.* here" \
    train $long --augment blur:1 -o stopped.safetensors --resume
cp -r data other
mv other/valid/dark/1.ppm other/test/dark/moved.ppm
check "one of other pictures, too" 4 "" "'valid pictures' is 12 there and 11 here" \
    "$ftrain" train other $small $long -o stopped.safetensors --resume
check "--resume goes on behind the last epoch" 0 '^  250 ' 'stopped.safetensors.checkpoint: going on after epoch [0-9]+ of 250' \
    train $long -o stopped.safetensors --resume
holds "to the same model, byte for byte" cmp whole.safetensors stopped.safetensors
holds "and takes the checkpoint away" test ! -e stopped.safetensors.checkpoint

for _ in 1 2 3; do
    "$ftrain" train "$data" $small $long -o killed.safetensors --checkpoint killed.state --resume >/dev/null 2>&1 &
    before=$(stat -c %i killed.state 2>/dev/null)
    changed() { [ -e killed.state ] && [ "$(stat -c %i killed.state)" != "$before" ]; }
    await changed
    kill -KILL $!
    wait $! 2>/dev/null
done
holds "SIGKILL leaves the checkpoint of the last whole epoch" test -e killed.state
check "a checkpoint that is none is refused" 4 "" "whole.safetensors: not a checkpoint: metadata 'format' is" \
    train $long -o refused.safetensors --checkpoint whole.safetensors --resume
check "a training killed three times goes on, too" 0 '^test accuracy' 'killed.state: going on after epoch' \
    train $long -o killed.safetensors --checkpoint killed.state --resume
holds "to the same model" cmp whole.safetensors killed.safetensors
check "--resume without a checkpoint begins anew" 0 '^test accuracy' 'new.safetensors.checkpoint: there is no checkpoint' \
    train --epochs 2 -o new.safetensors --resume

# ---- made longer ----
train --epochs 9 --schedule plateau --warmup 1 -o whole.safetensors >whole.txt 2>/dev/null
train --epochs 4 --schedule plateau --warmup 1 --checkpoint grown.state -o grown.safetensors >/dev/null 2>&1
holds "a checkpoint that was asked for stays when the training is done" test -e grown.state
check "from it the training is made longer" 0 '^    9 ' 'grown.state: going on after epoch 4 of 9' \
    train --epochs 9 --schedule plateau --warmup 1 --checkpoint grown.state --resume -o grown.safetensors
holds "to the model of a training of so many epochs, byte for byte" cmp whole.safetensors grown.safetensors
check "but it is not made shorter" 4 "" "'epochs' is 9 there and 8 here" \
    train --epochs 8 --schedule plateau --warmup 1 --checkpoint grown.state --resume -o grown.safetensors
train --epochs 3 --schedule cosine --checkpoint cosine.state -o cosine.safetensors >/dev/null 2>&1
check "a cosine cannot be made longer" 4 "" \
    'cosine.state: is of a training of 3 epochs, which cannot be made longer, to 5: with the cosine schedule' \
    train --epochs 5 --schedule cosine --checkpoint cosine.state --resume -o cosine.safetensors
check "a checkpoint that cannot be written is told" 5 "" 'nowhere/state' \
    sh -c "$ftrain train $data $small -o n.safetensors --checkpoint nowhere/state >/dev/null"

# ---- sweeps ----
list='lr=0.0005/0.002 hidden=8,4/none optimizer=sgd/adam'
check "a sweep ranks its runs and names the winner's test accuracy once" 0 '^test accuracy' untrained \
    train --epochs 5 --sweep "$list" -o swept.safetensors
train --epochs 5 --sweep "$list" -o swept.safetensors --threads 1 >one.txt 2>/dev/null
train --epochs 5 --sweep "$list" -o swept.safetensors --threads 2 >two.txt 2>/dev/null
holds "one thread or two print the same" cmp one.txt two.txt
holds "one line a run under the titles" test "$(grep -cE '^[1-8]( tied)? +0\.(0005|002) ' one.txt)" = 8
check "the sweep is in the recipe" 0 '"sweep": \{"list": "lr=0.0005/0.002 hidden=8,4/none optimizer=sgd/adam", "runs": 8\}' "" \
    "$ftrain" info swept.safetensors
best=$(sed -n 2p one.txt | awk '{ print "--lr " $(NF - 6) " --hidden " $(NF - 5) " --optimizer " $(NF - 4) }')
train --epochs 5 $best -o alone.safetensors >alone.txt 2>/dev/null
"$ftrain" predict -m swept.safetensors --json data/test >swept.predictions 2>/dev/null
"$ftrain" predict -m alone.safetensors --json data/test >alone.predictions 2>/dev/null
holds "the winner is what its options alone train ($best)" cmp swept.predictions alone.predictions
check "without hidden layers dropout makes no difference: a tie" 0 '^1 tied ' 'runs tie for the lowest' \
    train --epochs 2 --sweep 'hidden=none dropout=0/0.5' -o tie.safetensors
check "what is the same is trained only once: without hidden layers for any dropout, with Adam for any momentum" 0 \
    '^test accuracy' '^sweep: 3 to do$' "$ftrain" train "$data" $network --hidden 32 --epochs 2 -o same.safetensors \
    --sweep 'hidden=8/none dropout=0/0.5 optimizer=adam momentum=0.9/0.5 lr=0.002/0.0020'
holds "and stands in the table for each" [ "$(grep -c 'adam' out)" -eq 16 ]
check "--json prints a line a run" 0 '^\{"rank": 1, "tied": false, "options": \{"lr": "0.002"\}, "epochs": 2, ' untrained \
    train --epochs 2 --sweep 'lr=0.0001/0.002' --json -o json.safetensors
check "a run that diverges is last" 0 '^diverged +100 +- ' untrained \
    train --epochs 20 --sweep 'lr=0.002/100' --weight-decay 1 -o d.safetensors
"$ftrain" train "$data" $network --epochs 1000 --batch 1 --sweep 'hidden=8/512,512/512,511/512,510' -o slow.safetensors \
    >slow.txt 2>slow.err &
await grep -q '^sweep: 4 to do' slow.err
kill -INT $!
wait $!
code=$?
holds "SIGINT ends a sweep with exit code 130 and what is done" \
    sh -c "test $code -eq 130 && grep -q 'interrupted: [0-4] of 4 runs are done; no model is written' slow.err"
holds "and writes no model" test ! -e slow.safetensors

# ---- beside guessing ----
check "below the test accuracy stands whether it can be told from guessing" 0 \
    "^(better than always guessing the largest class \\(0\\.5000\\): p [<=] 0\\.[0-9]+|not told from guessing: [0-9]+ of 12 correct, always guessing 'bright' gives 6; p = [01][0-9.]*)\$" \
    untrained train --epochs 3 -o guess.safetensors
check "in JSON, too" 0 '"versus_largest_class": \{"share": 0\.5, "p_value": [0-9.e-]+, "better": (true|false)\}, "nothing_learnt": ' \
    untrained train --epochs 3 --json -o guess.safetensors
check "and in the model's metrics" 0 '^metrics .*"versus_largest_class": \{"share": 0\.5' "" "$ftrain" info guess.safetensors
dataset apart 6 30 160
check "classes that lie apart are better than guessing" 0 \
    '^better than always guessing the largest class \(0\.5000\): p = 0\.00024$' untrained \
    "$ftrain" train apart $small -o apart.safetensors
holds "and something was learnt" sh -c '! grep -q "nothing was learnt" "$1"' sh "$stdout"
cp -r apart swapped # what train teaches is wrong in valid: each epoch is worse than the one before
mv swapped/valid/dark swapped/valid/was-dark
mv swapped/valid/bright swapped/valid/dark
mv swapped/valid/was-dark swapped/valid/bright
check "nothing was learnt where the first epoch is the best and no better than guessing" 0 \
    "^nothing was learnt: epoch 1 of 4 was the best, and its validation accuracy, 0\\.[0-5][0-9]{3}, is no higher than always guessing 'bright' gives, 0\\.5000\$" \
    untrained "$ftrain" train swapped $small --epochs 4 -o swapped.safetensors --report swapped.html
holds "the page says so, too" grep -q "<p>In this training nothing was learnt: epoch 1 of 4 " swapped.html
check "JSON, too" 0 '"nothing_learnt": true' untrained "$ftrain" train swapped $small --epochs 4 --json -o swapped.safetensors

# ---- folds ----
check "folds print a line each, mean and deviation" 0 '^mean +[01]\.[0-9]{4} +[0-9.]+$' untrained train --epochs 3 --folds 3
holds "and judge every training and validation picture once" \
    test "$(awk '/^[1-3] / { sum += $2 } END { print sum }' "$work/out")" = 24
check "and all folds together beside guessing" 0 \
    "^(better than always|not told from guessing: [0-9]+ of 24 correct, always guessing 'bright' gives 12; p = )" \
    untrained train --epochs 3 --folds 3
check "in the object of their means, too" 0 \
    '"correct": [0-9]+, "count": 24, "versus_largest_class": \{"share": 0\.5, "p_value": ' untrained train --epochs 3 --folds 3 --json
check "--json prints an object a fold" 0 '^\{"fold": 3, "count": [0-9]+, "best_epoch": [1-3], "accuracy": ' untrained \
    train --epochs 3 --folds 3 --json
check "too many folds for the pictures are told" 3 "" "class 0 has 12 different pictures, too few for 13 folds" \
    train --epochs 3 --folds 13
for class in bright dark; do cp data/train/$class/1.ppm other/valid/$class/copy.ppm; done
check "pictures of one content are one" 3 "" "class 0 has 12 different pictures, too few for 13 folds" \
    "$ftrain" train other $small --epochs 3 --folds 13

[ "$failures" -eq 0 ]
