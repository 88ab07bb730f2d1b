#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The soaks of this room in little, so that they work when they are wanted; and the rules by which they judge.
#
#     test/soak/test_soak.sh        from the repository root; BUILD names the folder of the build
command -v python3 >/dev/null || { echo "ok - soaks # SKIP python3 is missing"; exit 0; }
source test/support/support.sh

python3 test/soak/rules.py || failures=1
if "$ftrain" info | grep -q '^server not available'; then
    echo "ok - serve bears all kinds of clients # SKIP ftrain was built without libmicrohttpd"
else
    holds "serve bears all kinds of clients" test/soak/soak.sh serve --minutes 0.08 --clients 4

    # A server that dies, and one that never serves: how it ended, and what it said, is told.
    mkdir -p "$work/build/ftrain"
    ln -s "$build/test" "$work/build/test"
    serve() { # LINE: in the place of `ftrain serve`
        cat >"$work/build/ftrain/ftrain" <<SCRIPT
#!/usr/bin/env bash
if [ "\$1" != serve ]; then exec '$ftrain' "\$@"; fi
$1
SCRIPT
        chmod +x "$work/build/ftrain/ftrain"
        BUILD=$work/build test/soak/soak.sh serve --minutes 0.05 --clients 1
    }
    end='echo its last words >&2; exit 7'
    check "a server that dies is told" 1 '^wrong: the server does not answer any more: ' '' \
        serve "timeout -s KILL 2 '$ftrain' \"\$@\"; $end"
    equal "with how it ended, and what it said" \
        "$(grep -cE '^wrong: the server ended with 7|its last words$' "$stdout")" 2
    check "so is one that does not begin" 1 '' 'serve ended with 7 before it listened: its last words' serve "$end"
fi
holds "predict has a row for each of many files" test/soak/soak.sh files --count 300

[ "$failures" -eq 0 ]
