#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Everything in the public headers is documented: functions and their parameters, structs and their members, enumerators.
#
#     test/house/check_reference.sh         from the repository root
source test/support/support.sh

# The folder with the headers as they are installed.
headers_are_there() { make --no-print-directory "$work/include" REFERENCE_HEADERS="$work/include"; }
unset MAKEFLAGS MFLAGS MAKELEVEL # a make above this one is not this one's business

# ---- parameters and enumerators, which doxygen does not look for ----

all_is_told() { ! awk -f docs/reference/untold.awk "$1"/densenet/*.h | grep .; }
finds_what_is_not_told() { # HEADER SED-SCRIPT WHAT
    mkdir -p "$work/silent/densenet" && sed "$2" "$work/include/densenet/$1" >"$work/silent/densenet/$1" &&
        ! all_is_told "$work/silent" >"$work/found" && grep -F "nothing is said of $3" "$work/found"
}

holds "the headers are laid out as they are installed" headers_are_there
holds "the comments tell of every parameter and enumerator" all_is_told "$work/include"
# shellcheck disable=SC2016 # backticks are the comment's
holds "a parameter that is not told of is found" finds_what_is_not_told image.h 's/`flip`/it/g' '`flip`'
holds "and so is an enumerator" finds_what_is_not_told status.h '/DN_ERR_MEMORY = /s|/\*.*||' DN_ERR_MEMORY

# ---- doxygen ----

reference() { docs/reference/reference.sh "$1" "$work/reference"; }
has_pages() { # what programs use is there, and nothing that they cannot use
    local name
    for name in dn_classifier_predict dn_session_forward_strided dn_weights_load_options_default DN_ERR_IMAGE_TOO_LARGE \
        DN_NOVELTY_LINE dn_executor; do
        grep -qrF "$name" "$work/reference/html" || { echo "$name is not in the pages"; return 1; }
    done
    ! grep -rlE 'dni_|DN_API|DN_MUST_CHECK' --include='*.html' "$work/reference/html"
}
lacks() { # HEADER LINE SED-SCRIPT: doxygen complains of LINE's name where the script takes its comment away
    rm -rf "$work/lacking" && cp -r "$work/include" "$work/lacking" && sed -i "$3" "$work/lacking/densenet/$1" &&
        ! cmp -s "$work/include/densenet/$1" "$work/lacking/densenet/$1" || return
    ! reference "$work/lacking" >"$work/found" 2>&1 && grep -E "$2.* is not documented" "$work/found"
}
if command -v doxygen >/dev/null; then
    holds "doxygen finds all of it documented" reference "$work/include"
    holds "and its pages have what is public alone" has_pages
    holds "a function without a comment is found" lacks densenet.h dn_model_size '/Bytes of prepared weights/d'
    holds "and so is a struct" lacks metrics.h 'dn_class_metrics' '/How good predictions are for one class/d'
    holds "and so is a member" lacks densenet.h precision '/dn_precision precision;/s|/\*.*||'
else
    echo "ok - doxygen finds all of it documented # SKIP there is no doxygen"
fi

[ "$failures" -eq 0 ]
