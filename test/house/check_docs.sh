#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Manual pages have no fault that mandoc or groff finds, and are of this version; links in the documents lead somewhere.
#
#     test/house/check_docs.sh         from the repository root
source test/support/support.sh

version=$(sed -n 's/^#define DN_VERSION_[A-Z]* \([0-9]*\)$/\1/p' core/status.h | paste -sd. -)
pages=(docs/*.[1-9])

if command -v mandoc >/dev/null; then
    # How long the source's lines are is the house's business.
    equal "mandoc finds no fault in the manual pages" \
        "$(mandoc -T lint "${pages[@]}" | grep -v 'STYLE: input text line longer than 80 bytes')" ""
else
    echo "ok - mandoc finds no fault in the manual pages # SKIP there is no mandoc"
fi
if command -v groff >/dev/null; then
    equal "groff warns of nothing in them" "$(groff -ww -man -Tutf8 "${pages[@]}" 2>&1 >/dev/null)" ""
else
    echo "ok - groff warns of nothing in them # SKIP there is no groff"
fi
equal "they have a date, and the library's version" \
    "$(head -qn 1 "${pages[@]}" | grep -vE "^\.TH [A-Z_]+ [1-9] \"20[0-9]{2}-[01][0-9]-[0-3][0-9]\" \"libdensenet $version\" ")" ""

# Names of the library in its page that no header has, and functions and statuses that the page has not.
page_names() { grep -ohE '\b(dn|DN)_[A-Za-z0-9_]*[A-Za-z0-9]\b' "$@" | sort -u; }
mapfile -t headers < <(make -pn help 2>/dev/null | sed -n 's/^PUBLIC_HEADERS := //p' | tr ' ' '\n' | grep .)
equal "docs/libdensenet.3 names nothing that the headers have not" \
    "$(comm -23 <(page_names docs/libdensenet.3) <({ page_names "${headers[@]}"; echo DN_ISA; } | sort))" ""
equal "and it has all functions and statuses" \
    "$(comm -13 <(page_names docs/libdensenet.3) \
        <(grep -ohE '\bdn_[a-z0-9_]*\(|\bDN_(OK|ERR_[A-Z_]*)$' test/house/abi.txt | tr -d '(' | sort -u))" ""

# FILE: TARGET for each link to a file that is not there; a page's own sections apart.
dangling() {
    local page target
    find . -name build\* -prune -o -name '*.md' -print | while read -r page; do
        grep -oE '\]\([^) ]+\)' "$page" | sed 's/^](//; s/)$//; s/#.*//' | grep -vE '^(https?:|$)' | while read -r target; do
            [ -e "$(dirname "$page")/$target" ] || echo "$page: $target"
        done
    done
}
equal "each link in a document leads to a file" "$(dangling)" ""

# libtiff-4 is libtiff, libxxhash xxHash.
without_licence() {
    local module name
    for module in $(env -u MAKEFLAGS make -pn help 2>/dev/null | sed -n 's/^\(LIBRARY\|PROGRAM\)_PACKAGES := //p'); do
        name=${module#lib}
        grep -qi "^|.*${name%%-[0-9]*}.*|" docs/third-party.md || echo "$module"
    done
}
equal "docs/third-party.md has each library that is linked with" "$(without_licence)" ""

[ "$failures" -eq 0 ]
