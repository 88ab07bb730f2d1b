#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Sets of the sizes that docs/limits.md tells of, for real: thousands of classes, long names, lists and files of decisions of
# 100 MB, 200,000 files. Each command has to end as it should and below a peak of memory; what it took is printed. Pictures
# are of 1x1 to 8x8 pixels, and the network's weights random.
#
#     test/sizes/sizes.sh [PART...]        from the repository root; BUILD names the folder of the build
#
# Parts: classes (CLASSES=10000), names, decisions, files (FILES=200000); without any, all.
source test/support/support.sh

small="-w random:1 --arch densenet121 --resize 36 --crop 32 -q"
cd "$work" || exit 1
clock=$(type -P time) || { # the program: bash has a keyword of that name
    echo "sizes: /usr/bin/time is missing: install Debian's package time" >&2
    exit 2
}

# A data set: every class has so many pictures in each split.
make_set() { # FOLDER CLASSES PICTURES SPLIT...
    python3 - "$@" <<'PYTHON'
import os, random, sys
folder, classes, pictures = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
draw = random.Random(1)
for split in sys.argv[4:]:
    for c in range(classes):
        inside = os.path.join(folder, split, "c%05d" % c)
        os.makedirs(inside)
        for p in range(pictures):
            width, height = draw.randint(1, 8), draw.randint(1, 8)
            with open("%s/%d.ppm" % (inside, p), "wb") as file:
                file.write(b"P6 %d %d 255\n" % (width, height) + draw.randbytes(3 * width * height))
PYTHON
}

# takes WHAT CODE MEGABYTES COMMAND...: ends so, below that peak; its standard output is in `out`.
takes() {
    local what=$1 code=$2 limit=$3 found peak='' user='' system=''
    shift 3
    rm -f figures
    "$clock" -f '%M %U %S' -o figures "$@" >out 2>err </dev/null
    found=$?
    read -r peak user system <<<"$(tail -n 1 figures 2>/dev/null)"
    if [ -z "$system" ]; then
        tail -n 3 err >"$stdout"
        echo "exit code $found; $clock has not said what it took: is there room in $PWD?" >"$stderr"
        not_ok "$what"
    elif [ "$found" -eq "$code" ] && [ $((peak / 1000)) -le "$limit" ]; then
        ok "$what: $((peak / 1000)) MB, $(awk "BEGIN { printf \"%.1f\", $user + $system }") s of CPU, $(($(wc -c <out) / 1000)) KB printed"
    else
        tail -n 3 err >"$stdout"
        echo "exit code $found, expected $code; $((peak / 1000)) MB, at most $limit" >"$stderr"
        not_ok "$what"
    fi
}

size() { # WHAT FILE MEGABYTES
    local bytes
    bytes=$(stat -c %s "$2" 2>"$stderr")
    if [ -n "$bytes" ] && [ $((bytes / 1000000)) -le "$3" ]; then ok "$1: $((bytes / 1000000)) MB"; else
        echo "${bytes:-no} bytes, at most $3 MB" >"$stdout"
        not_ok "$1"
    fi
}

some_classes() { # COUNT MEGABYTES
    local count=$1 limit=$2 names
    make_set "k$count" "$count" 1 train valid test
    takes "$count classes: train" 0 "$limit" "$ftrain" train "k$count" $small --epochs 3 -o m.safetensors
    takes "$count classes: evaluate --json" 0 "$limit" "$ftrain" evaluate -m m.safetensors "k$count" --json -q
    takes "$count classes: evaluate --report" 0 "$limit" "$ftrain" evaluate -m m.safetensors "k$count" --report page.html -q
    size "$count classes: the page" page.html 10
    takes "$count classes: predict --top 5" 0 "$limit" "$ftrain" predict -m m.safetensors --top 5 "k$count/test"
    takes "$count classes: predict --json" 0 "$limit" "$ftrain" predict -m m.safetensors --json "k$count/test/c00000"
    takes "$count classes: info" 0 "$limit" "$ftrain" info m.safetensors
    takes "$count classes: export" 0 "$limit" "$ftrain" export m.safetensors whole.pth
    takes "$count classes: import --data" 0 "$limit" "$ftrain" import m.safetensors -w random:1 --arch densenet121 --resize 36 --crop 32 --data "k$count" --prefix classifier -o again.safetensors
    names=$(seq -f 'c%05.0f' -s, 0 $((count - 1)))
    if [ ${#names} -lt 131072 ]; then # what Linux takes as one argument
        takes "$count classes: import --classes" 0 "$limit" "$ftrain" import m.safetensors -w whole.pth --resize 36 --crop 32 --classes "$names" --prefix classifier -o again.safetensors
    fi
    rm -r "k$count"
}

part_classes() {
    local count=${CLASSES:-10000}
    if [ "$count" -gt 1000 ]; then some_classes 1000 400; fi
    some_classes "$count" $((count > 1000 ? 2500 : 400))
}

part_names() {
    local long
    make_set data 3 2 train valid test
    long=$(head -c 255 /dev/zero | tr '\0' n)
    for split in train valid test; do mv "data/$split/c00002" "data/$split/$long"; done
    takes "a class's name of 255 bytes: train" 0 200 "$ftrain" train data $small --epochs 1 -o n.safetensors
    takes "a class's name of 255 bytes: evaluate" 0 200 "$ftrain" evaluate -m n.safetensors data --report page.html -q
    seq -f 'missing/%090.0f.jpg' 0 999999 >names
    takes "a list of 100 MB: predict" 1 150 bash -c '"$0" predict -m n.safetensors - <names' "$ftrain"
    equal "a list of 100 MB: each name is told once" "$(grep -c '^ftrain: skipped: missing/' err)" 1000000
}

part_decisions() {
    make_set decided 100 2 train valid test
    awk 'BEGIN {
        print "path\txxh3\tbytes\tdecision\ttime"
        for (i = 0; i < 1000000; i++)
            printf "train/c%05d/p%d.jpg\t%032x\t%d\texclude\t2026-11-29T04:30:00Z\n", i % 100, i, i, 1000 + i
    }' >decided/decisions.tsv
    takes "a million decisions: train" 0 500 "$ftrain" train decided $small --epochs 1 -o d.safetensors
    takes "a million decisions: review --list --json" 0 400 "$ftrain" review decided --list --json
    takes "a million decisions: review --list" 0 400 "$ftrain" review decided --list
}

part_files() {
    local files=${FILES:-200000} class
    make_set once 10 20 all # 200 pictures, each linked as often as is needed
    for class in once/all/*; do
        mkdir -p "many/${class##*/}"
        for ((i = 0; i < files / 200; i++)); do
            mkdir "many/${class##*/}/$i"
            ln "$class"/* "many/${class##*/}/$i/"
        done
    done
    takes "$files files: split" 0 500 "$ftrain" split many -o parts
    takes "$files files: extract" 0 800 "$ftrain" extract parts $small -o f.safetensors
    takes "$files files: audit" 0 1500 "$ftrain" audit parts --json
    takes "$files files: audit --report" 0 1500 "$ftrain" audit parts --report page.html
    size "$files files: the page" page.html 80 # noise: 3.2 KB a picture; photographs take less than half
    equal "$files files: pictures on contact sheets" "$(sed '1,/id="sheets"/d' page.html | grep -c 'data:image/jpeg;base64')" \
        $((files < 20000 ? files : 20000))
}

[ $# -gt 0 ] || set -- classes names decisions files
for part; do
    case $part in
    classes | names | decisions | files) "part_$part" ;;
    *)
        echo "sizes: '$part' is none of classes, names, decisions, files" >&2
        exit 2
        ;;
    esac
done
[ "$failures" -eq 0 ]
