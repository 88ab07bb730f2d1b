#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A small part of `make crash`: power that fails, kills, and disks that are full, while a command writes.
#
#     test/crash/test_crash.sh        from the repository root; BUILD names the folder of the build
source test/support/support.sh

if ! command -v python3 >/dev/null; then
    ok "power that fails, kills and full disks # SKIP python3 is missing"
    exit 0
fi
if [ -n "${SANITIZE:-}" ]; then
    ok "power that fails, kills and full disks # SKIP the sanitizers want to be loaded before the recorder"
    exit 0
fi

# part SCRIPT OPTIONS...: its cases are this script's
part() {
    "test/crash/$1" "${@:2}" || failures=$((failures + 1))
}
part crash.py --few "$build"
part kills.py --kills 10 "$build"
part full.py --few "$build" "extract, adding" decisions collect prepare

[ "$failures" -eq 0 ]
