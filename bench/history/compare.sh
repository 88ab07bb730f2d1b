#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The bench of another commit beside that of this tree, in turns: make bench-compare BASE=commit
#
#     bench/history/compare.sh BASE [bench's options and parts ...]      from the repository root
#
# BUILD, MAKE, PYTHON and PAIRS as make has them. BASE is built from git's archive in a folder of its own below BUILD, with the
# variables of this make; neither the tree nor git's list of worktrees is touched. This tree's program is copied there first, so
# that work can go on meanwhile. The folder is removed at the end, however it comes.
set -u

say() {
    echo "bench-compare: $1" >&2
    exit "$2"
}

base=${1-}
shift
if [ -z "$base" ]; then say "name the commit to compare with: make bench-compare BASE=HEAD~1" 2; fi
commit=$(git rev-parse --verify --quiet --end-of-options "$base^{commit}") || say "BASE: git knows no commit $base" 2
prefix=$(git rev-parse --show-prefix) || exit 1
if [ -n "$prefix" ]; then say "run it in the root of the repository, not in $prefix" 2; fi
if [ $# -eq 0 ]; then set -- --network densenet161 network; fi

# shellcheck disable=SC2153 # the caller sets it
build=$(realpath "$BUILD") || exit 1
folder=$(mktemp -d "$build/bench-compare.XXXXXX") || exit 1
remove() { rm -rf "$folder"; }
trap remove EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

name_of() { git rev-parse --short=10 "$1"; }
now=$(name_of HEAD)
if [ -n "$(git status --porcelain)" ]; then now+=+; fi
cp "$build/bench/bench" "$folder/now" || exit 1

echo "building $(name_of "$commit") in $folder"
mkdir "$folder/tree" || exit 1
set -o pipefail
git archive --format=tar "$commit" | tar -x -C "$folder/tree" || say "$base cannot be unpacked" 5
if ! "$MAKE" -s --no-print-directory -C "$folder/tree" BUILD=build build/bench/bench; then
    say "$base makes no build/bench/bench here" 1
fi
cp "$folder/tree/build/bench/bench" "$folder/base" || exit 1
rm -rf "$folder/tree"

"$PYTHON" bench/history/compare.py --pairs "${PAIRS:-9}" --names "$(name_of "$commit"),$now" "$folder/base" "$folder/now" "$@"
