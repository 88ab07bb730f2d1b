#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Runs the commands of a page as they are written there and compares what they print.
#
#     test/support/transcript.sh [--update] [--within SHARE] PAGE...        from the repository root; BUILD names the
#                                                                   folder of the build
#
# A page is Markdown; its ```console blocks hold transcripts:
#
#     $ ftrain convert nonsense.pth out.safetensors
#     [exit 4]
#
# A line behind "$ " is run by bash in an empty folder, one for each page, where `ftrain` and `samples` are
# found and no cache, weights or tier of kernels is set; one that ends in a backslash goes on in the next line. The lines
# below are its standard output, and [exit N] its status when that is not 0. "..." in an expected line stands for any
# text. --within is for pages of measured numbers: each may differ by that share of itself, or that much below 1, and
# spaces do not count. --update writes what was printed into the page, leaving every block that matches already. Lines of
# JSON that ftrain prints must be as docs/json/ has them.
set -u

BUILD=$(realpath "${BUILD:-build}")
export PATH=$BUILD/ftrain:$BUILD/docs/demo:$PATH LC_ALL=C
unset DENSENET_WEIGHTS TORCH_HOME DN_ISA
update='' within=''
if [ "${1:-}" = --update ]; then update=1; shift; fi
if [ "${1:-}" = --within ]; then within=$2; shift 2; fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

# near EXPECTED FOUND: the same words, and about the same numbers
near() {
    awk -v within="$within" '
        function about(a, b,   most) {
            most = b < 0 ? -b : b
            if (most < 1) most = 1
            return a - b <= within * most && b - a <= within * most
        }
        NR == FNR { expected[NR] = $0; next }
        {
            n = split(expected[FNR], was, /[ ,:;()]+/)
            if (n != split($0, is, /[ ,:;()]+/)) exit 1
            for (i = 1; i <= n; i++) {
                number = is[i] ~ /^[-+]?[0-9]+(\.[0-9]+)?$/ && was[i] ~ /^[-+]?[0-9]+(\.[0-9]+)?$/
                if (is[i] != was[i] && !(number && about(is[i] + 0, was[i] + 0))) exit 1
            }
        }' "$1" "$2"
}

# matches EXPECTED FOUND: line by line, "..." being anything
matches() {
    [ "$(wc -l <"$1")" -eq "$(wc -l <"$2")" ] || return
    if [ "$within" ]; then near "$1" "$2"; return; fi
    local pattern found
    while IFS= read -r pattern <&3 && IFS= read -r found <&4; do
        # shellcheck disable=SC2053
        [[ $found == $pattern ]] || return
    done 3< <(sed 's/[][*?\\]/\\&/g; s/\.\.\./*/g' "$1") 4<"$2"
}

# fits_schema: each line of JSON that was found is an object of the command's schema
fits_schema() {
    local name
    name=$(sed -n 's/.*ftrain \([a-z]*\) .*--json.*/\1/p' <<<"$command")
    if [ -z "$name" ] || ! grep '^{' "$work/found" >"$work/objects"; then return 0; fi
    "$BUILD/test/json/validate" "$name" "$work/objects"
}

finish() { # the command that was read last, with the lines expected of it
    if [ -z "$command" ]; then return; fi
    local status
    (cd "$work/page" && eval "$command") >"$work/found" 2>"$work/messages" </dev/null
    status=$?
    if [ "$status" -ne 0 ]; then echo "[exit $status]" >>"$work/found"; fi
    if ! fits_schema; then
        echo "not ok - $page: $command"
        failures=$((failures + 1))
        cat "$work/expected" >>"$work/new"
    elif matches "$work/expected" "$work/found"; then
        echo "ok - $page: $command"
        cat "$work/expected" >>"$work/new"
    else
        diff "$work/expected" "$work/found"
        cat "$work/messages"
        if [ "$update" ]; then echo "updated - $page: $command"; else echo "not ok - $page: $command"; fi
        failures=$((failures + 1))
        cat "$work/found" >>"$work/new"
    fi
    command=
}

for page in "$@"; do
    rm -rf "$work/page" "$work/new"
    mkdir "$work/page"
    export XDG_CACHE_HOME=$work/page/.cache HOME=$work/page
    inside='' command=''
    while IFS= read -r line <&5; do
        case $inside$line in
        '```console') inside=' ' ;;
        ' ```') finish; inside= ;;
        ' '*) if [ "${command%\\}" != "$command" ] && [ ! -s "$work/expected" ]; then
                 command+=$'\n'$line; printf '%s\n' "$line" >>"$work/new"; continue; fi ;;&
        ' $ '*) finish; command=${line#'$ '}; : >"$work/expected" ;;
        ' '*) if [ "$command" ]; then printf '%s\n' "$line" >>"$work/expected"; continue; fi ;;
        esac
        printf '%s\n' "$line" >>"$work/new"
    done 5<"$page"
    if [ "$update" ] && ! cmp -s "$work/new" "$page"; then cp "$work/new" "$page"; fi
done
[ "$update" ] || [ "$failures" -eq 0 ]
