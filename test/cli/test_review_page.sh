#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The server of ftrain review's page from the outside, without a browser. The cases lie in review.py.
#
#     test/cli/test_review_page.sh        from the repository root; BUILD names the folder of the build
command -v python3 >/dev/null || { echo "ok - pictures are decided on over HTTP # SKIP python3 is missing"; exit 0; }
source test/support/support.sh
if "$ftrain" info | grep -q '^server not available'; then
    mkdir -p "$work/data/a" "$work/data/b"
    check "without libmicrohttpd the page is missing, and why" 2 '' 'built without libmicrohttpd' \
        "$ftrain" review "$work/data"
    echo "ok - pictures are decided on over HTTP # SKIP ftrain was built without libmicrohttpd"
    [ "$failures" -eq 0 ]
    exit
fi

cases=$(realpath test/cli/review.py)
cd "$work" || exit 1
unset FTRAIN_TOKEN DISPLAY WAYLAND_DISPLAY
dataset data 4 40 160
"$ftrain" train data -w random:1 --arch densenet121 --resize 36 --crop 32 --epochs 2 -q -o m.safetensors >"$stdout" \
    2>"$stderr" || not_ok "training"
cp data/train/dark/1.ppm data/test/dark/twin.ppm
head -c 100 data/train/dark/2.ppm >data/valid/dark/broken.ppm
cp -r data pristine
python3 "$cases" "$ftrain" m.safetensors data || failures=1
holds "no picture was touched" diff -r -x decisions.tsv data pristine

# ---- what is refused before anything is served ----
check "a set that is not there" 3 '' 'nowhere' "$ftrain" review nowhere
check "a model that is not there" 4 '' 'none: ' "$ftrain" review data -m none
check "weights that are none" 4 '' 'none' "$ftrain" review data -w none
check "a name is no address to listen on" 2 '' "--listen: 'example.com' is no IP address" \
    "$ftrain" review data --listen example.com
printf 'path\txxh3\tbytes\tdecision\ttime\nnonsense\n' >bad.tsv
check "a file of decisions that cannot be read" 3 '' 'bad.tsv: line 2: it has not the five columns' \
    "$ftrain" review data --decisions bad.tsv
[ "$failures" -eq 0 ]
