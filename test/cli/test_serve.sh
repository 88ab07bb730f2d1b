#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# ftrain serve from the outside: what it answers, whom it turns away, and how it ends. The cases lie in serve.py.
#
#     test/cli/test_serve.sh        from the repository root; BUILD names the folder of the build
command -v python3 >/dev/null || { echo "ok - pictures are judged over HTTP # SKIP python3 is missing"; exit 0; }
source test/support/support.sh
if "$ftrain" info | grep -q '^server not available'; then
    echo "ok - pictures are judged over HTTP # SKIP ftrain was built without libmicrohttpd"
    exit 0
fi

cases=$(realpath test/cli/serve.py)
golden=$(realpath test/golden/io/orientation)
cd "$work" || exit 1
unset FTRAIN_TOKEN
dataset data 4 40 160
"$ftrain" train data -w random:1 --arch densenet121 --resize 36 --crop 32 --epochs 2 -q -o m.safetensors >"$stdout" \
    2>"$stderr" || not_ok "training"
"$ftrain" train data -w random:1 --arch densenet121 --resize 36 --crop 32 --epochs 1 -q --exif-rotate -o rotating.safetensors \
    >"$stdout" 2>"$stderr" || not_ok "training with --exif-rotate"
python3 "$cases" "$ftrain" m.safetensors rotating.safetensors "$golden/large_6.jpg" data/test/*/*.ppm || failures=1

# ---- what is refused before anything is served ----
check "a model is needed" 2 '' 'serve: -m MODEL is missing' "$ftrain" serve
check "a name is no address to listen on" 2 '' "--listen: 'example.com' is no IP address" \
    "$ftrain" serve -m m.safetensors --listen example.com
echo short >token
check "a token must be long enough" 2 '' 'token: an access token has 16 to 200 letters' \
    "$ftrain" serve -m m.safetensors --token-file token
check "also one of the environment" 2 '' 'FTRAIN_TOKEN: an access token has 16 to 200 letters' \
    env FTRAIN_TOKEN='with a blank in it' "$ftrain" serve -m m.safetensors
check "a token's file that is not there is named" 2 '' 'none: ' "$ftrain" serve -m m.safetensors --token-file none
check "an address that is not this machine's is the machine's failure" 5 '' 'cannot listen on 192.0.2.1' \
    "$ftrain" serve -m m.safetensors --listen 192.0.2.1
check "a model that is not there is named" 4 '' 'none: ' "$ftrain" serve -m none

[ "$failures" -eq 0 ]
