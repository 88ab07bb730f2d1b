#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The sizes of this room in little, so that they work when they are wanted; and that what goes wrong there is told.
#
#     test/sizes/test_sizes.sh        from the repository root; BUILD names the folder of the build
source test/support/support.sh

if [ -n "${SANITIZE:-}" ]; then
    ok "sets of all sizes # SKIP the sanitizers take memory of their own"
    exit 0
fi
sizes() { CLASSES=2 FILES=200 test/sizes/sizes.sh "$@"; }

if type -P time >/dev/null; then
    holds "small sets of all kinds are taken" sizes classes files
else
    ok "small sets of all kinds are taken # SKIP /usr/bin/time is missing"
fi

# ---- another program in the place of /usr/bin/time ----

# with_time LINE COMMAND...: its script is that line
with_time() {
    mkdir -p "$work/bin"
    printf '#!/usr/bin/env bash\n%s\n' "$1" >"$work/bin/time"
    chmod +x "$work/bin/time"
    PATH=$work/bin:$PATH "${@:2}"
}
check "a peak that was not measured is not below its limit" 1 '^not ok - 2 classes: info' '' \
    with_time '"${@:5}"' sizes classes
check_either "where one command fails, all others are tried" 1 '^not ok - 200 files: pictures on contact sheets' \
    with_time 'echo 1 1 1 >figures; exit 1' sizes classes files

# ---- without it ----

cp -rs "$(realpath /usr/bin)" "$work/without" && rm -f "$work/without/time"
check "where time is missing, nothing is said to be well" 2 '' 'time is missing' \
    env PATH="$work/without" CLASSES=2 test/sizes/sizes.sh classes

[ "$failures" -eq 0 ]
