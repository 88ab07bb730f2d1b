#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# ftrain predict from the outside, and reading ahead as predict and extract show it: rows in the order of the
# paths, errors in their places, exit codes, lists on standard input. Pictures are noise at 40x40, dark and bright.
#
#     test/cli/test_predict.sh        from the repository root; BUILD names the folder of the build
source test/support/support.sh

small="-w random:7 --arch densenet121 --resize 36 --crop 32 -q"
cd "$work" || exit 1

# run COMMAND...: its streams in out and err, its exit code in $code; no run may wait for ever.
run() {
    timeout -k 5 120 "$@" >out 2>err
    code=$?
}

# expect WHAT CODE OUT ERR: of the last run; patterns are extended and must match a line, "" is an empty stream.
expect() {
    if [ "$code" -eq "$2" ] && matches "$3" out && matches "$4" err; then
        ok "$1"
    else
        echo "exit code $code, expected $2" >>err
        not_ok "$1"
    fi
}

reads() { # WHAT FILE: out is the same as FILE
    if diff "$2" out >err; then ok "$1"; else not_ok "$1"; fi
}

dataset data 4 30 160
"$ftrain" train data $small -o m.safetensors >/dev/null 2>err || not_ok "training"
predict="$ftrain predict -m m.safetensors"

# ---- one row each, in order ----
for picture in data/*/*/*.ppm; do $predict --format csv "$picture" 2>/dev/null | tail -n 1; done >alone
run $predict --format csv data/*/*/*.ppm
tail -n +2 out >together
same "a picture's row does not depend on the pictures beside it, to the last bit" alone together

mkdir many none
for i in $(seq 10 49); do
    case $i in
    10 | 11 | 25 | 30 | 31 | 48 | 49) head -c 900 data/test/dark/1.ppm >many/$i.ppm ;;
    *[02468]) cp data/test/dark/$((i % 4 + 1)).ppm many/$i.ppm ;;
    *) cp data/test/bright/$((i % 4 + 1)).ppm many/$i.ppm ;;
    esac
done
for i in $(seq 10 49); do
    case $i in
    10 | 11 | 25 | 30 | 31 | 48 | 49) echo "many/$i.ppm	error" ;;
    *[02468]) echo "many/$i.ppm	dark" ;;
    *) echo "many/$i.ppm	bright" ;;
    esac
done >expected
run $predict --top 1 many
expect "broken pictures everywhere have rows that say why, and give exit code 1" 1 \
    '^many/25.ppm	error: the picture file ends early' '^ftrain: skipped: many/49.ppm: '
mv out first
sed -E 's/(error|dark|bright).*/\1/' first >out
reads "rows come in the order of the files" expected
for threads in 1 2 5; do
    run $predict --threads $threads --top 1 many
    reads "and are the same with $threads threads" first
done
rm expected
ls many/* >names
run $predict --top 1 - <names
reads "and from a list on standard input" first
run $predict many/10.ppm many/11.ppm
expect "without a good picture there are rows and exit code 1" 1 '^many/11.ppm	error: ' 'skipped: many/10.ppm'
run $predict data/test/dark/1.ppm
expect "one picture is one row" 0 '^data/test/dark/1.ppm	dark [01]\.[0-9]{4}, bright [01]\.[0-9]{4}$' ""
run $predict --strict many
expect "--strict ends at the first broken one" 3 "" '^ftrain: many/10.ppm: '

# ---- formats ----
cp data/test/dark/1.ppm 'a "b", c.ppm'
cp many/10.ppm broken.ppm
run $predict --format csv 'a "b", c.ppm' broken.ppm
expect "CSV has a header" 1 '^path,class,error,own,near_copy,p_bright,p_dark,unfamiliar_percentile$' "broken.ppm"
expect "CSV quotes names" 1 '^"a ""b"", c.ppm",dark,,,,0\.[0-9]+,0\.[0-9]+,[0-9.]+$' "broken.ppm"
expect "CSV keeps the columns of an error's row" 1 '^broken.ppm,,the picture file ends early,,,,,$' "broken.ppm"
run $predict --format csv --top 1 data/test/dark/1.ppm
expect "--top leaves columns empty" 0 '^data/test/dark/1.ppm,dark,,,,,0\.[0-9]+,[0-9.]+$' ""
run $predict --format json 'a "b", c.ppm' broken.ppm
expect "JSON has classes and probabilities" 1 \
    '^\{"path": "a \\"b\\", c.ppm", "class": "dark", "probabilities": \{"dark": [0-9.]+, "bright": [0-9.]+\}, "unfamiliar": (true|false), "unfamiliar_percentile": [0-9.]+\}$' "broken"
expect "JSON has errors" 1 '^\{"path": "broken.ppm", "error": \{"message": "the picture file ends early"\}\}$' "broken"
mv out first
run $predict --json 'a "b", c.ppm' broken.ppm
reads "--json is --format json" first
run $predict --format xml broken.ppm
expect "an unknown format is refused" 2 "" "--format: 'xml' is not one of text\|csv\|json"

# ---- lists on standard input ----
printf 'data/test/dark/1.ppm\n\nnone\ndata/test/bright' >names
run $predict --top 1 broken.ppm - data/test/dark/4.ppm <names
expect "an empty folder is told" 1 broken.ppm 'skipped: none: a folder without files'
cut -f 1 out >paths
mv paths out
printf '%s\n' broken.ppm data/test/dark/1.ppm data/test/bright/{1,2,3,4}.ppm data/test/dark/4.ppm >expected
reads "a list stands where the hyphen is, empty lines are none, folders are walked" expected
rm expected
cp data/test/dark/1.ppm $'two\nlines.ppm'
find . -name 'two*' -print0 >names
run $predict --json -0 - <names
expect "-0 reads names with line feeds" 0 '^\{"path": "./two\\nlines.ppm", "class": "dark"' ""
run $predict --top 1 - <names
expect "without -0 they are refused, not cut at the first" 1 '^-	error: standard input: a line with a zero byte' 'need -0'
run $predict none
expect "an empty folder alone is a data error" 3 "" 'none: a folder without files'
run $predict - </dev/null
expect "so is an empty list" 3 "" 'no pictures'
head -c 70000 /dev/zero | tr '\0' x >names
run $predict - <names
expect "a line that is no path ends the list" 1 '^-	error: standard input: a path of more than' 'skipped: standard input'
mkfifo list
: >out # what the last run has printed is no row of this one
timeout -k 5 120 $predict --top 1 - <list >out 2>err &
exec 3>list
echo data/test/dark/1.ppm >&3
for _ in $(seq 300); do
    if [ -s out ]; then break; fi
    sleep 0.1
done
code=0
expect "a row comes before the list has ended" 0 '^data/test/dark/1.ppm	dark' ""
exec 3>&-
wait $!
code=$?
expect "and the list's end is the end" 0 '^data/test/dark/1.ppm	dark' ""
timeout -k 5 120 $predict --strict - <list >out 2>err &
exec 3>list
echo broken.ppm >&3
wait $!
code=$?
expect "an error ends the program while the list is open" 3 "" 'broken.ppm: '
exec 3>&-

# ---- exit status by class ----
run $predict --exit-status dark data/test/dark
expect "--exit-status is 0 when all are of the class" 0 dark ""
run $predict --exit-status dark data/test/dark data/test/bright/1.ppm
expect "10 when one is not" 10 dark ""
run $predict --exit-status dark broken.ppm data/test/dark/1.ppm
expect "1 when one cannot be told" 1 dark broken.ppm
run $predict --exit-status dark broken.ppm data/test/bright/1.ppm
expect "10 when one is not and one cannot be told" 10 bright broken.ppm
run $predict --exit-status green data/test/dark
expect "a class that the model lacks is a usage error" 2 "" "--exit-status: 'green' is not a class of m.safetensors"

# ---- weights of a file ----
# The same head in a model file that names a file of weights instead of a seed, and so has no statistics.
if command -v python3 >/dev/null; then
    python3 - <<'END'
import json, struct
data = open("m.safetensors", "rb").read()
size = struct.unpack("<Q", data[:8])[0]
header, body, out = json.loads(data[8:8 + size]), data[8 + size:], b""
header["__metadata__"]["weights_source"] = "deep.pth"
for name in sorted(name for name in header if name != "__metadata__"):
    if name.startswith("features."):
        del header[name]
        continue
    begin, end = header[name]["data_offsets"]
    header[name]["data_offsets"] = [len(out), len(out) + end - begin]
    out += body[begin:end]
text = json.dumps(header).encode()
text += b" " * (-len(text) % 8)
open("filed.safetensors", "wb").write(struct.pack("<Q", len(text)) + text + out)
END
    run "$ftrain" info m.safetensors
    hash=$(grep -oE '[0-9a-f]{32}' out | head -1)
    run "$ftrain" predict -m filed.safetensors data/test/dark/1.ppm
    expect "without weights, the file that the model needs is named with its hash" 4 "" \
        "filed.safetensors: needs the weights it was trained with: densenet121, 'deep.pth', hash $hash; give that file by -w"
    run "$ftrain" predict -m filed.safetensors -w random:1 data/test/dark/1.ppm
    expect "random weights for it are told to be others" 2 "" \
        "-w random:1: filed.safetensors: needs the weights it was trained with: densenet121, 'deep.pth', hash $hash; random weights are others"
    run "$ftrain" predict -m m.safetensors -w random:1 data/test/dark/1.ppm
    expect "a model on random weights needs none" 2 "" "-w random:1: a model on random weights carries what it needs"
else
    echo "ok - weights of a file # SKIP no python3"
fi

# ---- output that ends ----
run $predict many
sed -n 1p out >first
set +e
$predict many 2>err | head -n 1 >out
reads "the first line is there for head" first
if grep -v '^ftrain: skipped' err; then not_ok "and nobody complains"; else ok "and nobody complains"; fi
if [ -e /dev/full ]; then
    $predict many >/dev/full 2>err
    code=$?
    : >out
    expect "a full disk is told" 5 "" 'cannot write to standard output'
fi

# ---- reading ahead in extract: broken pictures first, last, and nothing else ----
cp -r data broken
for picture in train/bright/1 train/bright/2 train/dark/4 test/dark/3 test/dark/4; do
    head -c 900 data/$picture.ppm >broken/$picture.ppm
done
run "$ftrain" extract broken $small -o broken.safetensors
expect "extract leaves broken pictures out and names them" 1 "" 'skipped: broken/test/dark/4.ppm: '
grep '^ftrain: skipped' err | cut -d ' ' -f 3 | tr -d : >out
printf 'broken/%s.ppm\n' train/bright/1 train/bright/2 train/dark/4 test/dark/3 test/dark/4 >expected
reads "in their order" expected
rm expected
run "$ftrain" info broken.safetensors
expect "and keeps the others" 0 '^views of pictures 24, features 1024$' ""
run "$ftrain" extract data -w random:7 --arch densenet121 --resize 128 --crop 128 -q -o whole.safetensors
cp whole.safetensors first
"$ftrain" extract data -w random:7 --arch densenet121 --resize 128 --crop 128 -q -o stopped.safetensors >out 2>err &
for _ in $(seq 1000); do
    if [ -s stopped.safetensors.journal ]; then break; fi
    sleep 0.01
done
kill -INT $!
wait $!
code=$?
expect "Ctrl-C ends it with exit code 130 and tells what is kept" 130 "" 'interrupted: [0-9]+ feature vectors are kept'
run "$ftrain" extract data -w random:7 --arch densenet121 --resize 128 --crop 128 -q -o stopped.safetensors
cp stopped.safetensors out
reads "and the next run completes the same file" first
for file in data/*/*/*.ppm; do head -c 900 "$file" >short && mv short "$file"; done
run "$ftrain" extract data $small -o nothing.safetensors
expect "a data set of broken pictures alone is a data error" 3 "" 'can be decoded'
run "$ftrain" evaluate -m m.safetensors -q data
expect "as it is for evaluate" 3 "" 'no picture that can be used is left'

[ "$failures" -eq 0 ]
