#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# ftrain export to C: a program that has the model in it, built against the installed library, predicts without files.
#
#     BUILD=build CC=gcc test/cli/test_export_c.sh        from the repository root, after `make all`
source test/support/support.sh

read -ra compiler <<<"${CC:-gcc}"
BUILD=${BUILD:-build} # as make was given it
root=$PWD
unset MAKEFLAGS MFLAGS MAKELEVEL # a make above this one is not this one's business
if [ -n "${SANITIZE:-}" ]; then
    ok "programs with a model in them # SKIP the sanitizers' build is not for installing"
    exit 0
fi

make --no-print-directory BUILD="$BUILD" CC="${compiler[*]}" install PREFIX="$work/usr" >"$stdout" 2>"$stderr" || not_ok "installation"
export PKG_CONFIG_PATH=$work/usr/lib/pkgconfig LD_LIBRARY_PATH=$work/usr/lib
read -ra cflags < <(pkg-config --cflags densenet)
read -ra flags < <(pkg-config --cflags --libs densenet)
awk '/^```/ { if (on) exit; inside = !inside; first = 1; next }
    inside && first { on = index($0, "/* main.c") == 1; first = 0 } on' docs/export.md >"$work/main.c"

small="--arch densenet121 --resize 36 --crop 32 --hidden 16 -q"
cd "$work" || exit 1
dataset data 4 30 160
"$ftrain" train data -w random:7 $small -o m.safetensors >/dev/null 2>err || not_ok "training"
"$ftrain" export m.safetensors w.safetensors >/dev/null
"$ftrain" train data -w w.safetensors --resize 36 --crop 32 --hidden 8 -q -o on-file.safetensors >/dev/null 2>err || not_ok "training"

# ---- names ----
export="$ftrain export m.safetensors"
check "three files are written and named" 0 '^wrote flowers.bin$' '' $export flowers.c
equal "and no other" "$(ls flowers.*)" "flowers.bin
flowers.c
flowers.h"
check "--json names them, too" 0 '^\{"path": "other.h", "format": "c", "beside": \["other.c", "other.bin"\], "backbone"' '' \
    $export other.h --json
mkdir taken.bin
check "where one cannot be written, none is" 5 '' '^ftrain: taken.bin: is not a regular file' $export taken.c
holds "and nothing is beside it" test ! -e taken.c -a ! -e taken.h
check "a name that is none in C is refused" 2 '' '^ftrain: 2nd.c: the name of a C file must begin with a letter' $export 2nd.c
check "so is one that the assembler would misread" 2 '' "begin with a letter" $export 'a"b.c'
check "so is another ending" 2 '' '^ftrain: flowers.cc: the name of a C file must end in .c or .h' $export flowers.cc --format c
same "the model file is in it as it is" <(head -c "$(stat -c %s m.safetensors)" flowers.bin) m.safetensors

# ---- programs ----

# try NAME MODEL OPTIONS...: the program of the documents with that model predicts as ftrain does, and needs no files
try() {
    local name=$1 model=$2
    shift 2
    rm -rf place && mkdir -p place/models
    "$ftrain" export "$model" place/models/flowers.c "$@" >/dev/null || return
    cp main.c place
    (
        cd place || exit 1
        "${compiler[@]}" -std=c11 -Wall -Wextra -Wpedantic -Werror -Imodels -c models/flowers.c "${cflags[@]}" -o flowers.o &&
            "${compiler[@]}" -std=c11 -Wall -Wextra -Wpedantic -Werror -Imodels main.c flowers.o "${flags[@]}" -o "../$name"
    ) || return
    rm -rf place
    "./$name" data/test/dark/1.ppm | sort >found &&
        "$ftrain" predict -m "$model" "$@" data/test/dark/1.ppm --format csv |
        awk -F, 'NR == 1 { split($0, names) } NR == 2 { for (i = 1; i <= NF; i++) if (names[i] ~ /^p_/) print substr(names[i], 3), $i }' |
            sort >expected && [ "$(wc -l <expected)" -eq 2 ] && diff found expected
}
holds "a program with a model on random weights" try random m.safetensors
holds "a program with a model and its weights" try whole on-file.safetensors -w w.safetensors
check "a picture that is none ends the program with a message" 1 '' '^none.jpg: ' ./whole none.jpg

# C++ takes the header, and a function of the object.
cat >main.cc <<'PROGRAM'
#include "flowers.h"
int main() {
    dn_classifier *classifier;
    if (flowers_open(&classifier, nullptr, nullptr)) return 1;
    const bool sound = flowers_model[0] != 0 && dn_classifier_get_info(classifier)->class_count == FLOWERS_CLASSES;
    dn_classifier_free(classifier);
    return sound ? 0 : 1;
}
PROGRAM
in_cxx() {
    "${compiler[@]}" -c flowers.c "${cflags[@]}" -o flowers.o &&
        "$cxx" -std=c++11 -Wall -Wextra -Wpedantic -Werror -I. main.cc flowers.o "${flags[@]}" -o cxx && ./cxx
}
cxx=$(command -v c++ || command -v g++ || command -v clang++)
if [ -z "$cxx" ]; then ok "a program in C++ # SKIP there is no C++ compiler"; else holds "a program in C++" in_cxx; fi

cd "$root" || exit 1
[ "$failures" -eq 0 ]
