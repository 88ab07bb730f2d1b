#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Runs a program under valgrind's memcheck; it ends with 99 where memcheck has found something.
#
#     test/sanitizers/memcheck.sh PROGRAM [ARGUMENT...]         from the repository root; BUILD names the folder of the build
#
# A leak is a block that nothing points to any more. In a test that forks, leaks are not looked for: a child process ends in
# the middle of a test, with all that its parent had. make asan looks for them there.
set -eu
options=(--quiet --error-exitcode=99 --num-callers=30 --suppressions="$(dirname "$(realpath "$0")")/memcheck.supp")
source=${1#"${BUILD:-build}/"}.c
if ! { [ -e "$source" ] && grep -q 'fork()' "$source"; }; then
    kinds=definite,possible
    options+=(--leak-check=full "--show-leak-kinds=$kinds" "--errors-for-leak-kinds=$kinds")
fi
exec valgrind "${options[@]}" "$@"
