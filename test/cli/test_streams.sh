#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Standard streams that are closed, outputs that are full or that nobody reads: nothing is lost without a word, and no
# file of the program's takes a stream's place.
#
#     BUILD=build test/cli/test_streams.sh          from the repository root
source test/support/support.sh

small="-w random:1 --arch densenet121 --resize 32 --crop 32 --hidden 8 --epochs 4"
cd "$work" || exit
dataset data 2 40 160
# Nothing may wait for ever.
limited() { timeout 60 "$ftrain" "$@"; }

check "a model and its features" 0 '^test accuracy' 'untrained' \
    "$ftrain" train data $small -q -o model.safetensors
limited predict -m model.safetensors data/test >rows 2>/dev/null

# ---- closed ----

check "predict - names a standard input that is closed" 5 "" '^ftrain: standard input: cannot read: Bad file descriptor$' \
    sh -c "timeout 60 $ftrain predict -m model.safetensors - <&-"
check "a standard output that is closed is an error" 5 "" '^ftrain: cannot write to standard output$' \
    sh -c "timeout 60 $ftrain predict -m model.safetensors data/test >&-"
check "and with standard input closed as well" 5 "" '^ftrain: cannot write to standard output$' \
    sh -c "timeout 60 $ftrain predict -m model.safetensors data/test <&- >&-"
check "and for one line" 5 "" '^ftrain: cannot write to standard output$' sh -c "$ftrain --version >&-"
check "rows need no standard input" 0 '	bright [01]\.' "" \
    sh -c "timeout 60 $ftrain predict -m model.safetensors data/test <&-"
cp "$stdout" found
same "and are the same" rows found
check "nor standard error" 1 '	bright [01]\.' "" \
    sh -c "timeout 60 $ftrain predict -m model.safetensors data/test nowhere.jpg 2>&-"
# The first file that is opened must not become the stream: its content would be mixed with messages and results.
check "train writes its model with all three closed, and fails for its output" 5 "" "" \
    sh -c "timeout 60 $ftrain train data $small -q --cache new -o closed.safetensors <&- >&- 2>&-"
same "the same model" model.safetensors closed.safetensors
holds "and the same features" diff -r cache/densenet new

# ---- too large ----

leaves_nothing() { [ -z "$(find . -name '.densenet-*')" ]; }
check "a model that exceeds the limit of a file's size is told" 5 '^epoch' \
    '^ftrain: large.safetensors: cannot be written: File too large$' \
    prlimit --fsize=8192 timeout 60 "$ftrain" train data $small -q -o large.safetensors
holds "and leaves nothing" leaves_nothing
check "rows that exceed it, too" 5 "" '^ftrain: cannot write to standard output$' \
    sh -c "prlimit --fsize=60 timeout 60 $ftrain predict -m model.safetensors data/test >limited"
check "and a full disk" 5 "" '^ftrain: cannot write to standard output$' \
    sh -c "timeout 60 $ftrain predict -m model.safetensors data/test >/dev/full"

# ---- a reader that has gone ----

# piped COMMAND...: its exit status on standard output, while it writes to a pipe that is closed after one line.
piped() {
    { "$@"; echo "status $?" >status; } | head -n 1 >/dev/null
    cat status
}
check "train makes its model though nobody reads its lines" 0 '^status 141$' 'untrained' \
    piped timeout 60 "$ftrain" train data $small --epochs 400 -q -o piped.safetensors
"$ftrain" train data $small --epochs 400 -q -o read.safetensors >/dev/null 2>&1
same "the same model" read.safetensors piped.safetensors
ignoring() { (trap '' PIPE && piped "$@"); }
check "where the caller ignores SIGPIPE it is an error as others" 0 '^status 5$' '^ftrain: cannot write to standard output$' \
    ignoring "$ftrain" train data $small --epochs 400 -q -o ignored.safetensors

[ "$failures" -eq 0 ]
