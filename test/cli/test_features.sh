#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The way of features out of the program: extract says which picture each record is of, export writes that as .npy with a
# table and as CSV.
#
#     test/cli/test_features.sh        from the repository root; BUILD names the folder of the build
source test/support/support.sh

small="-w random:7 --arch densenet121 --resize 36 --crop 32 -q"
cd "$work" || exit 1
dataset data 3 30 160
extract() { # FEATURES [OPTIONS]: of data
    local features=$1
    shift
    "$ftrain" extract data $small -o "$features" "$@" 2>/dev/null
}
export="$ftrain export"
column() { # FILE NAME: of a table, without its header
    awk -F '\t' -v name="$2" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i; next } { print $at }' "$1"
}

# ---- an array and its table ----
extract f.safetensors
check ".npy with a table beside it" 0 '^wrote f.npy$' '' $export f.safetensors f.npy
equal "the header is numpy's own" "$(head -c 128 f.npy | od -An -c | tr -d ' \n')" \
    "$({ printf "\223NUMPY\1\0v\0{'descr': '<f4', 'fortran_order': False, 'shape': (24, 1024), }%54s\n" ''; } | od -An -c | tr -d ' \n')"
equal "and the array as large as it says" "$(stat -c %s f.npy)" $((128 + 24 * 1024 * 4))
equal "the table names its columns" "$(head -1 f.tsv)" "path	split	class	label	view	xxh3"
equal "a row for each view" "$(tail -n +2 f.tsv | wc -l)" 24
equal "in the order of the data set" "$(column f.tsv path | uniq)" \
    "$(cd data && printf '%s\n' train/*/* valid/*/* test/*/*)"
equal "with the class of each" "$(awk -F '\t' 'NR > 1 { split($1, part, "/"); if (part[1] != $2 || part[2] != $3 || $4 != (part[2] == "dark")) print }' f.tsv)" ""
equal "mirrored pictures are those of train" "$(column f.tsv view | sort | uniq -c | tr -s ' ')" " 6 flip
 18 plain"
rows() { # FILE NUMBER: the bytes of that row
    tail -c +$((129 + ($2 - 1) * 4096)) "$1" | head -c 4096 | od -An -v -tx4
}
check "one split and view" 0 '^wrote train.tsv$' '' $export f.safetensors train.npy --split train --view flip
equal "of them alone" "$(column train.tsv split | sort -u) $(column train.tsv view | sort -u) $(column train.tsv view | wc -l)" "train flip 6"
equal "which are rows of the whole" "$(rows train.npy 2)" "$(rows f.npy 4)"
check "two views" 0 '"rows": 12, .*"count": 6, "views": \["plain", "flip"\], .*"beside": \["two.tsv"\]' '' $export f.safetensors two.npy --view flip,plain --split train --json

# ---- vectors of bf16 ----
check "extract --store bf16" 0 "" untrained $ftrain extract data $small -o n.safetensors --store bf16
check "info says so" 0 '^views of pictures 24, features 1024, kept as bf16$' "" "$ftrain" info n.safetensors
check "as JSON, too" 0 '"store": "bf16"' "" "$ftrain" info n.safetensors --json
check "and of fp32" 0 '"store": "fp32"' "" "$ftrain" info f.safetensors --json
equal "half the disk" "$(($(stat -c %s f.safetensors) - $(stat -c %s n.safetensors)))" $((24 * 1024 * 2))
check "export widens" 0 '^wrote n.npy$' '' $export n.safetensors n.npy
equal "to numbers whose lower half is zero" "$(tail -c +129 n.npy | od -An -v -w4 -tx4 | cut -c6-9 | sort -u)" 0000
values() { tail -c +129 "$1" | od -An -v -w4 -tf4; }
values f.npy >wide
values n.npy >narrow
equal "within half a unit of eight bits" "$(paste wide narrow | awk '{ d = $1 - $2; a = $1 < 0 ? -$1 : $1; if (d < 0) d = -d; if (d > a / 256) bad++ } END { print NR, bad + 0 }')" "24576 0"
check "fp32 of it is refused by name" 4 "" "n.safetensors: keeps features as BF16, not as F32" \
    "$ftrain" extract data $small -o n.safetensors --store fp32
check "train reads it as it is" 0 "^test accuracy" untrained "$ftrain" train data $small --features n.safetensors -o n-model.safetensors
"$ftrain" train data $small --features n.safetensors --store bf16 -o n-again.safetensors >/dev/null 2>&1
equal "asked for or not" "$(cksum <n-again.safetensors)" "$(cksum <n-model.safetensors)"
"$ftrain" train data $small --cache cache16 --store bf16 -o n-cached.safetensors >/dev/null 2>&1
equal "and from a cache of its own" "$(cksum <n-cached.safetensors)" "$(cksum <n-model.safetensors)"
check "audit has nothing to keep without features" 2 "" "--store: is of the network's features" "$ftrain" audit data --store bf16
equal "which is another file than fp32's" "$(ls cache16/features | sed 's/^[0-9a-f]*//')" -2-bf16.safetensors

# ---- CSV ----
check ".csv" 0 '^wrote f.csv$' '' $export f.safetensors f.csv
equal "with the table's columns first" "$(cut -d , -f 1-6 f.csv)" "$(tr '\t' , <f.tsv)"
equal "then the features" "$(head -1 f.csv | cut -d , -f 7,1030)" "f0,f1023"
tail -n +2 f.csv | cut -d , -f 7- | tr , '\n' >csv-values
tail -c +129 f.npy | od -An -v -w4 -tf4 >npy-values
equal "which are the array's" "$(paste csv-values npy-values | awk '{ d = $1 - $2; if (d < 0) d = -d; if (d > 1e-7 * ($1 < 0 ? -$1 : $1)) bad++ } END { print NR, bad + 0 }')" "24576 0"

# ---- what is refused ----
check "features are no network" 2 '' 'a feature file can be written as npy, csv, not as pth' $export f.safetensors out.pth
check "another view is refused, with those that are there" 2 '' "^ftrain: --view: 'blur:1' is none of the views in f.safetensors: plain, flip" $export f.safetensors out.npy --view plain,blur:1
check "an empty one, too" 2 '' "^ftrain: --view: '' is none" $export f.safetensors out.npy --view plain,
check "nothing to write" 3 '' 'holds no features of the split that was asked for in these views' $export f.safetensors out.npy --split test --view flip
check "-w says nothing here" 2 '' '-w is of no use with a feature file' $export f.safetensors out.npy -w random:7
check "a folder that is missing is named" 5 '' '^ftrain: none/out.npy: cannot be written' $export f.safetensors none/out.npy
holds "nothing of these is left" test ! -e out.npy -a ! -e out.tsv
mkdir folder.tsv
check "a table that cannot be written" 5 '' '^ftrain: folder.tsv: is not a regular file' $export f.safetensors folder.npy
holds "leaves no array" test ! -e folder.npy

full() { # COMMAND...: where a file can have 20 KB at most
    (ulimit -f 20 && "$@")
}
check "no room for the array" 5 '' '^ftrain: full.npy: cannot be written' full $export f.safetensors full.npy
check "nor for CSV" 5 '' '^ftrain: full.csv: cannot be written' full $export f.safetensors full.csv
equal "leaves nothing" "$(ls -A | grep -e full -e tmp)" ""

# ---- pictures come, change and go: not those of train, on which random weights are calibrated ----
cp f.safetensors before.safetensors
extract f.safetensors
same "the same pictures give the same bytes" f.safetensors before.safetensors
cp data/train/dark/1.ppm "data/valid/dark/a	copy.ppm"
mv data/test/dark/2.ppm data/test/dark/moved.ppm
rm data/test/dark/3.ppm
picture data/test/bright/1.ppm 99 160
printf 'no picture' >data/test/bright/2.ppm
extract f.safetensors
$export f.safetensors after.npy >/dev/null
equal "the table is the last run's" "$(column after.tsv path | uniq | grep -e test/ -e copy)" \
    'valid/dark/a\tcopy.ppm
test/bright/1.ppm
test/bright/3.ppm
test/dark/1.ppm
test/dark/moved.ppm'
equal "a copy has its picture's rows" "$(rows after.npy 19)" "$(rows after.npy 7)"
equal "and key" "$(grep -c "$(grep '^train/dark/1.ppm	.*plain' after.tsv | cut -f 6)" after.tsv)" 3
rm -rf data
dataset data 3 30 160
extract f.safetensors
$export f.safetensors again.npy >/dev/null
same "pictures that are back are as they were" again.npy f.npy
same "and so is the table" again.tsv f.tsv

key=$(grep '^valid/dark/2.ppm	' f.tsv | cut -f 6)
excluded=$(grep '^valid/dark/3.ppm	' f.tsv | cut -f 6)
{
    printf 'path\txxh3\tbytes\tdecision\ttime\n'
    printf 'valid/dark/2.ppm\t%s\t%s\tmove:bright\t2026-01-01T00:00:00Z\n' "$key" "$(stat -c %s data/valid/dark/2.ppm)"
    printf 'valid/dark/3.ppm\t%s\t%s\texclude\t2026-01-01T00:00:00Z\n' "$excluded" "$(stat -c %s data/valid/dark/3.ppm)"
} >data/decisions.tsv
extract f.safetensors
$export f.safetensors decided.npy --split valid >/dev/null
equal "decisions are heeded" "$(cut -f 1-4 decided.tsv | grep -e dark/2 -e dark/3)" "valid/dark/2.ppm	valid	bright	0"
rm data/decisions.tsv

"$ftrain" train data $small --features f.safetensors --augment blur:1 --hidden 16 --epochs 1 -o m.safetensors >/dev/null 2>&1 || not_ok "training"
$export f.safetensors kept.npy --split valid >/dev/null
same "train adds records and leaves the table" kept.tsv decided.tsv
same "whose rows it follows" kept.npy decided.npy

# ---- files without a table ----
"$ftrain" train data $small --hidden 16 --epochs 1 -o m.safetensors >/dev/null 2>&1 || not_ok "training"
cp cache/densenet/features/*-2.safetensors cache.safetensors
check "train's own features say no names" 0 '^wrote cache.npy$' '^ftrain: cache.safetensors: does not say which pictures its records are of: their hashes alone' \
    $export cache.safetensors cache.npy
equal "hashes are there" "$(cut -f 1-5 cache.tsv | sort | uniq -c | tr -s ' ')" " 24 -	-	-	-	-
 1 path	split	class	label	view"
equal "each once" "$(column cache.tsv xxh3 | sort -u | wc -l)" 24
check "and no split" 2 '' '^ftrain: --split: cache.safetensors does not say which pictures' $export cache.safetensors out.npy --split train
check "nor view" 2 '' '^ftrain: --view: cache.safetensors does not say which pictures' $export cache.safetensors out.npy --view plain
holds "CSV of hashes" $export cache.safetensors cache.csv
equal "leaves fields empty" "$(tail -1 cache.csv | cut -d , -f 1-5)" ",,,,"

[ "$failures" -eq 0 ]
