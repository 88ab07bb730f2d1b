#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# No command writes over what it reads, nor two results into one file, whatever names lead there; and - is none.
#
#     test/cli/test_outputs.sh        from the repository root; BUILD names the folder of the build
source test/support/support.sh

small="--arch densenet121 --resize 36 --crop 32 --hidden 16 -q"
cd "$work" || exit 1
dataset data 4 30 160
"$ftrain" train data -w random:7 $small -o m.safetensors >/dev/null 2>err || not_ok "training"
"$ftrain" extract data -w random:7 ${small/--hidden 16/} -o features.safetensors 2>err || not_ok "extracting"
"$ftrain" export m.safetensors network.pth >/dev/null
"$ftrain" convert network.pth weights.safetensors >/dev/null 2>&1
"$ftrain" explain -m m.safetensors data/test/dark/1.ppm -o picture.png >/dev/null
touch decisions.tsv
ln -s m.safetensors link
mkdir before
cp -- *.safetensors *.pth *.png *.tsv before

# stays OPTION FILE OTHER COMMAND...: the command refuses FILE, which is OTHER's
stays() {
    local option=$1 file=$2 other=$3
    check "$4: $option $file, which is $other's" 2 '' "^ftrain: $option: '$file' is the file of $other, too$" "$ftrain" "${@:4}"
}
stays -o weights.safetensors -w train data -w weights.safetensors -o weights.safetensors
stays -o ./weights.safetensors -w train data -w weights.safetensors -o ./weights.safetensors
stays -o features.safetensors --features train data --features features.safetensors -o features.safetensors
stays -o decisions.tsv --decisions train data -o decisions.tsv --decisions decisions.tsv
stays --checkpoint m.safetensors --from train data --from m.safetensors -o new --checkpoint m.safetensors
stays --report link --from train data --from m.safetensors -o new --report link
stays --checkpoint x -o train data -o x --checkpoint x
stays --report ./x -o train data -o x --report ./x
stays --report "$work/x" --checkpoint train data --checkpoint x --report "$work/x"
stays --report weights.safetensors -w train data -w weights.safetensors --folds 3 --report weights.safetensors
stays --predictions link -m evaluate -m m.safetensors data --predictions link
stays --report x --predictions evaluate -m m.safetensors data --predictions x --report x
stays --report weights.safetensors -w evaluate -m m.safetensors data -w weights.safetensors --report weights.safetensors
stays --report m.safetensors -m baseline data -m m.safetensors --report m.safetensors
stays --report decisions.tsv --decisions audit data --decisions decisions.tsv --report decisions.tsv
stays -o picture.png PATH explain -m m.safetensors picture.png -o picture.png
stays OUT network.pth IN convert network.pth network.pth
stays OUT link IN export m.safetensors link --format pth
stays OUT weights.safetensors -w export m.safetensors weights.safetensors -w weights.safetensors
stays -o network.pth HEAD import network.pth -w random:7 --data data -o network.pth
stays -o weights.safetensors -w import network.pth -w weights.safetensors --data data -o weights.safetensors

for command in "train data" "extract data" "convert network.pth" "export m.safetensors --format pth" \
    "import network.pth" "evaluate data -m m.safetensors --report" "audit data --report"; do
    case $command in train* | extract* | import*) option=-o ;; *) option= ;; esac
    check "$command $option - is refused" 2 '' "^ftrain: '-' names no file to write" "$ftrain" $command $option -
done

for file in before/*; do same "${file#before/} is as before" "$file" "${file#before/}"; done
holds "and nothing new is there" test ! -e x -a ! -e new -a ! -e ./-

"$ftrain" train data --from m.safetensors -q -o m.safetensors >/dev/null 2>err || not_ok "--from and -o may be one file"

[ "$failures" -eq 0 ]
