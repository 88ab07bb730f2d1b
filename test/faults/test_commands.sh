#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Calls of every command fail, a few of each, always the same ones. `make faults` draws others, and tries all.
#
#     test/faults/test_commands.sh        from the repository root; BUILD names the folder of the build
build=${BUILD:-build}
if ! command -v python3 >/dev/null; then
    echo "ok - calls of every command fail # SKIP python3 is missing"
elif [ -n "${SANITIZE:-}" ]; then
    echo "ok - calls of every command fail # SKIP not under sanitizers"
else
    exec python3 test/faults/faults.py "$build/ftrain/ftrain" "$build/test/faults/faults.so" --cases 10 --seed 1
fi
