#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Names of files and classes that would act on a terminal: text output and messages show them escaped, on one line;
# JSON and CSV have the names themselves.
#
#     BUILD=build test/cli/test_names.sh          from the repository root
source test/support/support.sh

small="-w random:1 --arch densenet121 --resize 32 --crop 32 --hidden 8 --epochs 1 -q"
cd "$work" || exit
dataset data 2 40 160
odd=$'b\e[31m\nred\t\xe2\x80\xaetfel'                  # a colour, a line feed, a tab, writing from right to left
shown='b\\x1b\[31m\\nred\\t\\xe2\\x80\\xaetfel'       # as a pattern
for split in train valid test; do mv data/$split/bright "data/$split/$odd"; done
cp data/test/dark/1.ppm $'one\e[2J\n\xc2\x9b\xff.ppm'
mkdir -p raw/dark "raw/$odd"
for split in train valid test; do
    cp data/$split/dark/1.ppm raw/dark/$split.ppm
    cp "data/$split/$odd/1.ppm" "raw/$odd/$split.ppm"
done
printf 'P6 40 40 255\n' >"raw/$odd/"$'cut\e[1m\n.ppm'

shows() { # WHAT CODE STDOUT-PATTERN STDERR-PATTERN COMMAND...: check, and the streams are harmless
    check "$@"
    cp "$stdout" streams
    cat "$stderr" >>streams
    if LC_ALL=C grep -qaP '[^\n\t\x20-\x7e]' streams; then not_ok "$1: nothing acts on the terminal"; else ok "$1: nothing acts on the terminal"; fi
}

shows "train" 0 '^test accuracy' 'untrained' "$ftrain" train data $small -o $'m\e[1m.safetensors'
shows "train says where the model is" 0 '^wrote m\\x1b\[1m.safetensors$' 'untrained' \
    "$ftrain" train data $small -o $'m\e[1m.safetensors'
mv $'m\e[1m.safetensors' model.safetensors
shows "predict" 1 '^one\\x1b\[2J\\n\\xc2\\x9b\\xff.ppm	(dark|'"$shown"') [01]\.' '^ftrain: skipped: no\\x1b\[1m\\n: ' \
    "$ftrain" predict -m model.safetensors one* $'no\e[1m\n'
equal "a row each" "$(wc -l <"$stdout")" 2
check "JSON has the class itself" 0 '"b\\u001B\[31m\\nred\\t' "" "$ftrain" predict --json -m model.safetensors data/test/dark/1.ppm
"$ftrain" predict --format csv -m model.safetensors data/test/dark/1.ppm >rows.csv
holds "CSV, too" grep -qzF ",\"p_$odd\"" rows.csv
shows "evaluate" 0 "$shown" "" "$ftrain" evaluate -q -m model.safetensors data
shows "audit" 0 "$shown" "" "$ftrain" audit -q data
shows "explain" 0 '^one\\x1b\[2J\\n\\xc2\\x9b\\xff.ppm	' "" "$ftrain" explain -m model.safetensors one*
shows "explain of a class" 0 "$shown: " "" "$ftrain" explain -m model.safetensors --class "$odd" "data/test/$odd"
shows "info" 0 "^classes $shown, dark$" "" "$ftrain" info model.safetensors
shows "split" 1 "^split	$shown	dark	all$" "skipped: raw/$shown/cut" "$ftrain" split raw -o sets -q --train 1 --valid 1 --test 1
is_escaped() { grep -qF $'train\tb\\x1b[31m\\nred\\t\\xe2\\x80\\xaetfel\t' "$1" && ! grep -aqP '[^\n\t\x20-\x7e]' "$1"; }
holds "and its manifest" is_escaped sets/manifest.tsv
shows "an unknown command" 2 "" '^ftrain: .x\\x1b\[1m' "$ftrain" $'x\e[1m'
shows "an option's value" 2 "" '^ftrain: --top: .\\n' "$ftrain" predict --top $'\n' x
shows "convert" 4 "" '^ftrain: no\\x07: ' "$ftrain" convert $'no\a' out.safetensors
shows "a report's name" 0 "^wrote r\\\\x1b.html$" 'untrained' "$ftrain" train data $small -o model.safetensors --report $'r\e.html'

[ "$failures" -eq 0 ]
