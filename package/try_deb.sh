#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Installs the packages of `make deb` on this machine, runs their tests (debian/tests) as autopkgtest would, purges them,
# and looks whether anything is left. Needs root; packages that they depend on must be there already.
#
#     BUILD=build package/try_deb.sh         from the repository root, after package/deb.sh
set -eu

out=$(realpath "${BUILD:-build}")/deb
packages=(ftrain libdensenet-dev libdensenet0)
work=$(mktemp -d)
failures=0

if [ "$(id -u)" != 0 ]; then echo "try_deb: installing packages needs root" >&2; exit 1; fi
for package in "${packages[@]}"; do
    if dpkg-query -W "$package" >/dev/null 2>&1; then
        echo "try_deb: $package is installed here already and is left alone" >&2
        exit 1
    fi
done
purge() { dpkg --purge "${packages[@]}" >/dev/null; }
trap 'purge; rm -rf "$work"' EXIT

dpkg -i "$out"/ftrain_*.deb "$out"/libdensenet-dev_*.deb "$out"/libdensenet0_*.deb
dpkg -L "${packages[@]}" | sort -u | while read -r path; do [ -d "$path" ] || echo "$path"; done >"$work/files"
for test in $(sed -n 's/^Tests: //p' debian/tests/control); do
    if (env -i PATH=/usr/bin:/bin "debian/tests/$test") >"$work/log" 2>&1; then
        echo "ok - $test"
    else
        cat "$work/log"
        echo "not ok - $test"
        failures=1
    fi
done

purge
trap 'rm -rf "$work"' EXIT
while read -r path; do
    if [ -e "$path" ]; then
        echo "left: $path"
        failures=1
    fi
done <"$work/files"
echo "purged: $(wc -l <"$work/files") files were installed"
exit $failures
