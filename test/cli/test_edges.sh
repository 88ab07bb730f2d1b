#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What every command does where things are odd: nothing there, too much there, names that are hard to print, no room
# to write, a reader that has gone, Ctrl-C.
#
#     test/cli/test_edges.sh        from the repository root; BUILD names the folder of the build
source test/support/support.sh

small="-w random:7 --arch densenet121 --resize 32 --crop 32 -q"
dataset "$work/data" 4 60 160
cd "$work" || exit 1
# shellcheck disable=SC2086 # options are words
{
"$ftrain" train data $small --hidden 8 --epochs 2 -o model.safetensors >/dev/null 2>&1
"$ftrain" extract data $small -o features.store >/dev/null 2>&1

# ---- a full disk and a closed pipe ----
for command in "help" "--version" "train --help" "info" "info model.safetensors" "predict -m model.safetensors data/test" \
    "predict --format csv -m model.safetensors data/test" "predict --format json -m model.safetensors data/test" \
    "evaluate -m model.safetensors data -q" "evaluate -m model.safetensors data -q --json" "audit data -q" \
    "explain -m model.safetensors data/test" "baseline data --only dummy" "split data/train -o out -n" \
    "convert --list model.safetensors"; do
    check "$command to a full disk" 5 "" "cannot write to standard output" sh -c "$ftrain $command >/dev/full"
    holds "$command into a closed pipe" bash -c "$ftrain $command 2>err.pipe | head -c 1 >/dev/null; ! grep -i 'error\|sanitizer' err.pipe"
done
limited() { # BYTES COMMAND...: no file can grow beyond that, as on a full disk
    local bytes=$1
    shift
    prlimit --fsize="$bytes" "$ftrain" "$@"
}
for command in "train data $small --hidden 8 --epochs 1 -o big.safetensors" "extract data $small -o big.store" \
    "evaluate -m model.safetensors data -q --predictions big.csv" "audit data -q --report big.html"; do
    bytes=2000
    case $command in evaluate*) bytes=200 ;; audit*) bytes=8000 ;; esac # more than what it prints
    check_either "${command%% *} where files cannot grow ends with 5" 5 "big.*File too large" limited $bytes $command
done
equal "nothing half-written is left but what can be gone on with" \
    "$(find . -maxdepth 1 \( -name 'big*' -o -name '.big*' \) ! -name '*.journal' ! -name '*.checkpoint')" ""

# ---- names ----
mkdir -p odd
long=$(printf 'x%.0s' $(seq 240))
for name in "two words.ppm" "-q.ppm" $'new\nline.ppm' "naïve ☃.ppm" $'bad\xff.ppm' "a%sb%n.ppm" "$long.ppm" "'quote\".ppm"; do
    cp data/test/dark/1.ppm "odd/$name"
done
check "names that are hard to print are predicted" 0 "two words\.ppm	dark" "" "$ftrain" predict -m model.safetensors odd
check "a row of CSV each" 0 "^9$" "" sh -c "$ftrain predict --format csv -m model.safetensors odd | python3 -c 'import csv, sys; print(len(list(csv.reader(open(0, newline=\"\", errors=\"replace\")))))'"
check "an object of JSON each" 0 "^8$" "" sh -c "$ftrain predict --format json -m model.safetensors odd | python3 -c 'import json, sys; print(len([json.loads(l) for l in sys.stdin]))'"
check "a name that begins with a dash comes behind --" 0 "^-q\.ppm	dark" "" \
    sh -c "cd odd && $ftrain predict -m ../model.safetensors -- -q.ppm"
check "names from a list that ends in zero bytes" 0 "line\.ppm	dark" "" \
    sh -c "find odd -print0 -name '*line.ppm' | grep -z line | $ftrain predict -m model.safetensors -0 -"

# ---- little ----
mkdir -p none/train none/valid none/test lone/train/a lone/valid/a lone/test/a nothing
for split in train valid test; do cp data/test/dark/1.ppm lone/$split/a/; done
for command in "train nothing $small -o n.safetensors" "extract nothing $small -o n.store" "baseline nothing --only dummy" \
    "audit nothing -q" "evaluate -m model.safetensors nothing -q" "split nothing -o n"; do
    check "${command%% *} of an empty folder" 3 "" "nothing" "$ftrain" $command
done
for command in "train none $small -o n.safetensors" "extract none $small -o n.store" "baseline none --only dummy" "audit none -q"; do
    check "${command%% *} of empty splits" 3 "" "none" "$ftrain" $command
done
check "one class cannot be trained on" 3 "" "lone" "$ftrain" train lone $small -o n.safetensors
check "predict of an empty folder" 3 "" "nothing" "$ftrain" predict -m model.safetensors nothing
check "explain of an empty folder" 3 "" "nothing" "$ftrain" explain -m model.safetensors nothing
equal "and nothing is made" "$(ls -d n n.* 2>/dev/null)" ""
for command in "train data $small" "extract data $small"; do
    check "${command%% *} into a folder that is not there" 5 "" "no/such" "$ftrain" $command -o no/such/out
done

# ---- much ----
for part in train valid test; do
    seq -f "many/$part/c%g" 1000 | xargs mkdir -p
    awk -v part="$part" 'BEGIN {
        for (i = 1; i <= 1000; i++) {
            file = "many/" part "/c" i "/p.ppm"
            printf "P6 4 4 255\n" >file
            for (k = 0; k < 48; k++) printf "%c", 40 + (i * (k + 3)) % 150 + length(part) >file
            close(file)
        }
    }'
done
check "a thousand classes are learnt" 0 "^test accuracy " "" \
    sh -c "$ftrain train many $small --hidden none --epochs 1 -o many.safetensors 2>/dev/null"
check "judged" 0 "^accuracy " "" "$ftrain" evaluate -m many.safetensors many -q --calibrate-on none
holds "in lines that can be read" test "$(wc -L <"$stdout")" -lt 200
check "predicted, the most probable few" 0 "	c[0-9]* [01]\.[0-9]{4}, c[0-9]* [01]\.[0-9]{4}(	.*)?$" "own" \
    "$ftrain" predict -m many.safetensors --top 2 many/test/c7/p.ppm
check "and audited" 0 "^NOT JUDGED" "" "$ftrain" audit many/train -q

# ---- Ctrl-C ----
interrupt() { # WHAT COMMAND...: SIGINT as soon as it has begun to work
    local what=$1 found
    shift
    "$ftrain" "$@" >"$stdout" 2>"$stderr" </dev/null &
    local pid=$!
    sleep 0.15
    kill -INT $pid 2>/dev/null
    wait $pid
    found=$?
    if [ $found -eq 130 ]; then ok "$what"; else
        echo "exit code $found, expected 130" >>"$stderr"
        not_ok "$what"
    fi
}
set -m # so that SIGINT is not ignored by what runs in the background
rm -rf cache
interrupt "extract ends with 130" extract many -w random:8 --arch densenet161 -q -o broken.store
interrupt "audit, too" audit many -q --report broken.html
interrupt "baseline, too" baseline many -w random:8 -q
interrupt "evaluate, too" evaluate -m many.safetensors many -q --robustness --cache other
interrupt "predict, too" predict -m many.safetensors many
interrupt "explain, too" explain -m many.safetensors many -o maps
set +m
equal "and nothing half-written is left but the journal" \
    "$(find . -maxdepth 1 \( -name 'broken*' -o -name '.broken*' -o -name '.ftrain*' \) ! -name '*.journal')" ""
}
[ "$failures" -eq 0 ]
