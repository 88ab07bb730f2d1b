#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A program that was built without libseccomp (make SECCOMP=) works, says what is missing, and needs no such library.
#
#     CC=gcc BUILD=build test/house/test_without_seccomp.sh         from the repository root
source test/support/support.sh
source test/support/without.sh

need_parts "a program without libseccomp"
holds "the program is linked without libseccomp" link_without "libseccomp" ftrain/sandbox/sandbox_absent.c
holds "make SECCOMP= compiles the absent sandbox in place of the real one" \
    compiles_absent SECCOMP ftrain/sandbox/sandbox "$build/ftrain/parts.a"
check "info says so" 0 '^sandbox not available: built without libseccomp$' '' "$work/ftrain" info
for command in serve predict; do
    words=("$work/ftrain" "$command" -m none --sandbox)
    if [ "$command" = predict ]; then words+=(none); fi
    check "$command --sandbox says what to do" 2 '' '^ftrain: --sandbox: this ftrain was built without libseccomp .*libseccomp-dev' "${words[@]}"
done

dataset "$work/data" 2 40 160
"$work/ftrain" train "$work/data" -w random:1 --arch densenet121 --resize 36 --crop 32 -q -o "$work/m.safetensors" >/dev/null 2>&1
if "$work/ftrain" info | grep -q '^server not available'; then
    ok "serve without a sandbox # SKIP ftrain was built without libmicrohttpd"
else
    "$work/ftrain" serve -m "$work/m.safetensors" >"$stdout" 2>"$stderr" &
    server=$!
    while kill -0 $server 2>/dev/null && ! grep -q '^serving' "$stdout"; do sleep 0.1; done
    kill -TERM $server
    wait $server
    equal "serve works without" $? 0
    equal "and says so" "$(cat "$stderr")" "ftrain: without a sandbox: this ftrain was built without libseccomp"
fi

[ "$failures" -eq 0 ]
