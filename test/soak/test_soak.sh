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
fi
holds "predict has a row for each of many files" test/soak/soak.sh files --count 300

[ "$failures" -eq 0 ]
