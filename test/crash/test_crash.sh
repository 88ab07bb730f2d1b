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

for script in crash full; do
    check "$script.py: a scenario that nobody knows is refused" 1 '' "^'nothing' is none of: " "test/crash/$script.py" "$build" nothing
done

# A command that ends by itself with an error is told with its words, and not taken for one that has lost a file.
mkdir -p "$work/build/ftrain"
ln -s "$build/test" "$work/build/test"
cat >"$work/build/ftrain/ftrain" <<SCRIPT
#!/usr/bin/env bash
case \$1,\$*,\${RECORD_LOG-} in extract,*' -o f.safetensors',) echo 'ftrain: no room' >&2 && exit 5 ;; esac
exec '$ftrain' "\$@"
SCRIPT
chmod +x "$work/build/ftrain/ftrain"
check "a command that fails undisturbed" 1 'extract: extract .*: exit code 5 before it was killed: ftrain: no room' '' \
    test/crash/kills.py --kills 1 "$work/build"

[ "$failures" -eq 0 ]
