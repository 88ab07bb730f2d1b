#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Debian's packages of the last commit, built in a folder of their own, and looked over by lintian.
#
#     BUILD=build package/deb.sh         from the repository root; DEB_BUILD_OPTIONS=nocheck leaves out the tests
#
# The source is what `make dist` packs, with debian/ apart, so nothing that is not committed has a part in it. The packages,
# their source and the log lie in BUILD/deb.
set -eu

out=$(realpath -m "${BUILD:-build}")/deb
version=$(git show HEAD:core/status.h | sed -n 's/^#define DN_VERSION_[A-Z]* \([0-9]*\)$/\1/p' | paste -sd. -)
unset MAKEFLAGS MFLAGS MAKELEVEL BUILD # a make above this one is not this one's business

if [ -n "$(git status --porcelain)" ]; then echo "deb: what is not committed is left out" >&2; fi
rm -rf "$out"
mkdir -p "$out"
git archive --format=tar.gz --prefix="densenet-$version/" --output="$out/densenet_$version.orig.tar.gz" HEAD ':(exclude)debian'
tar -xzf "$out/densenet_$version.orig.tar.gz" -C "$out"
git archive --prefix="densenet-$version/" HEAD debian | tar -x -C "$out"
cd "$out/densenet-$version"
dpkg-buildpackage -us -uc -Jauto >"$out/log" 2>&1 || {
    tail -n 40 "$out/log" >&2
    echo "deb: dpkg-buildpackage has failed; $out/log has all of it" >&2
    exit 1
}
cd "$out"
rm -rf "$out/densenet-$version"
if command -v lintian >/dev/null; then
    # root may run it, too: the packages are this tree's own
    lintian --display-info --fail-on error,warning --allow-root ./*.changes
else
    echo "deb: there is no lintian here to look the packages over" >&2
fi
ls "$out"/*.deb
