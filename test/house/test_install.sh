#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The library as a stranger meets it: installed, and used by the documentation's programs outside the tree.
#
#     BUILD=build CC=gcc test/house/test_install.sh         from the repository root, after `make all` and the samples
source test/support/support.sh

BUILD=${BUILD:-build} # as make was given it
read -ra compiler <<<"${CC:-gcc}"
unset MAKEFLAGS MFLAGS MAKELEVEL # a make above this one is not this one's business

if [ -n "${SANITIZE:-}" ]; then
    echo "ok - installation # SKIP the sanitizers' build is not for installing"
    exit 0
fi

version=$(sed -n 's/^#define DN_VERSION_[A-Z]* \([0-9]*\)$/\1/p' core/status.h | paste -sd. -)
soversion=$(sed -n 's/^SOVERSION := //p' Makefile)
install_to() { make --no-print-directory BUILD="$BUILD" CC="${compiler[*]}" install "$@"; }
# Takes the program FILE.c out of a page's ```c blocks; a block's first line names it.
program() {
    awk -v name="/* $2 " '/^```/ { if (on) exit; inside = !inside; first = 1; next }
        inside && first { on = index($0, name) == 1; first = 0 } on' "$1" >"$work/$2"
    [ -s "$work/$2" ]
}

# ---- packaging: DESTDIR, nothing but what belongs there ----

everything_is_in_place() {
    install_to DESTDIR="$work/stage" PREFIX=/usr || return
    (cd "$work/stage" && find . ! -type d | sort) >"$work/found"
    sort >"$work/expected" <<LIST
./usr/bin/ftrain
./usr/include/densenet.h
./usr/include/densenet/classifier.h
./usr/include/densenet/conformal.h
./usr/include/densenet/densenet.h
./usr/include/densenet/image.h
./usr/include/densenet/metrics.h
./usr/include/densenet/novelty.h
./usr/include/densenet/picture_keys.h
./usr/include/densenet/status.h
./usr/include/densenet/training.h
./usr/lib/cmake/densenet/densenetConfig.cmake
./usr/lib/cmake/densenet/densenetConfigVersion.cmake
./usr/lib/libdensenet.a
./usr/lib/libdensenet.so
./usr/lib/libdensenet.so.$soversion
./usr/lib/libdensenet.so.$version
./usr/lib/pkgconfig/densenet.pc
./usr/share/bash-completion/completions/ftrain
$(cd docs/json && printf './usr/share/densenet/json/%s\n' *.schema.json)
./usr/share/fish/vendor_completions.d/ftrain.fish
./usr/share/man/man1/ftrain.1
./usr/share/man/man3/libdensenet.3
./usr/share/zsh/site-functions/_ftrain
LIST
    diff "$work/expected" "$work/found"
}
staging_leaves_no_trace() {
    ! grep -rlF "$work" "$work/stage/usr/lib/pkgconfig" "$work/stage/usr/lib/cmake" "$work/stage/usr/include"
}
soname_has_the_soversion() {
    readelf -d "$work/stage/usr/lib/libdensenet.so" | grep -F "soname: [libdensenet.so.$soversion]"
}
headers_stand_alone() {
    local header
    for header in $(cd "$work/stage/usr/include" && echo densenet.h densenet/*.h); do
        echo "#include <$header>" >"$work/alone.c"
        "${compiler[@]}" -std=c11 -Wall -Wextra -Wpedantic -Wstrict-prototypes -Werror -fsyntax-only \
            -I"$work/stage/usr/include" "$work/alone.c" || return
        if [ "$1" = c++ ]; then
            c++ -x c++ -std=c++11 -Wall -Wextra -Wpedantic -Werror -fsyntax-only -I"$work/stage/usr/include" \
                "$work/alone.c" || return
        fi
    done
}
# The program in the comment that <densenet.h> begins with.
program_of_the_header() {
    sed -n '/^ \*     #include/,/^ \*     }$/s/^ \*     \{0,1\}//p' head/classifier/libdensenet.h >"$work/first.c"
    [ -s "$work/first.c" ]
}
program_of_the_page() { # the same one
    sed -n '/^\.EX$/,/^\.EE$/{/^\.E[XE]$/!{s/\\e/\\/g;p}}' docs/libdensenet.3 | diff -B "$work/first.c" -
}
nothing_is_left() {
    make --no-print-directory uninstall DESTDIR="$work/stage" PREFIX=/usr || return
    [ -z "$(find "$work/stage" ! -type d)" ] && [ ! -e "$work/stage/usr/include/densenet" ] &&
        [ ! -e "$work/stage/usr/lib/cmake/densenet" ]
}

holds "make install puts every file in its place" everything_is_in_place
holds "no installed text names the staging folder" staging_leaves_no_trace
holds "the shared library's soname has the Makefile's SOVERSION" soname_has_the_soversion
holds "each header compiles alone in C" headers_stand_alone c
if command -v c++ >/dev/null; then
    holds "each header compiles alone in C++" headers_stand_alone c++
else
    echo "ok - each header compiles alone in C++ # SKIP there is no C++ compiler"
fi
holds "make uninstall leaves nothing" nothing_is_left

# ---- folders whose names hold spaces ----

spaced="$work/a folder/it's here"
installs_below_spaces() { # nothing beside it, and every text names the folder as it is
    install_to DESTDIR="$work/a stage" PREFIX="/a b/c" LIBDIR="/a b/lib & more" || return
    (cd "$work/a stage" && find . ! -type d | sort) >"$work/found"
    sed -e 's|^\./usr|./a b/c|' -e 's|^\./a b/c/lib|./a b/lib \& more|' "$work/expected" | sort | diff - "$work/found" &&
        grep -qxF 'prefix=/a b/c' "$work/a stage/a b/lib & more/pkgconfig/densenet.pc" &&
        ! grep -rE '@[A-Z]+@' "$work/a stage/a b/lib & more/pkgconfig" "$work/a stage/a b/lib & more/cmake" &&
        grep -qxF 'libdir=/a b/lib & more' "$work/a stage/a b/lib & more/pkgconfig/densenet.pc" &&
        [ ! -e "$work/a" ] && [ ! -e stage ]
}
uninstalls_below_spaces() {
    make --no-print-directory uninstall DESTDIR="$work/a stage" PREFIX="/a b/c" LIBDIR="/a b/lib & more" &&
        [ -z "$(find "$work/a stage" ! -type d)" ] && [ ! -e "$work/a stage/a b/c/include/densenet" ]
}
compiles_below_spaces() { # pkg-config escapes what the shell would take apart
    install_to PREFIX="$spaced" && program README.md classify.c || return
    local flags
    flags=$(PKG_CONFIG_PATH="$spaced/lib/pkgconfig" pkg-config --cflags --libs densenet) || return
    (cd "$work" && eval "${compiler[*]} -std=c11 -o classify classify.c $flags") && rm "$work/classify"
}
holds "make install takes folders whose names hold spaces" installs_below_spaces
holds "and so does make uninstall" uninstalls_below_spaces
holds "and so does pkg-config" compiles_below_spaces

# ---- use: programs of the documentation, against the installed files alone ----

compiles() { # compiles NAME FLAGS...: in a folder outside the tree, with the flags of pkg-config
    local name=$1
    shift
    # shellcheck disable=SC2046 # words of flags
    (cd "$work" && "${compiler[@]}" -std=c11 -Wall -Wextra -Wpedantic -Werror $(pkg-config --cflags densenet) "$name.c" \
        -o "$name" $(pkg-config "$@" --libs densenet) -Wl,-rpath,"$work/prefix/lib")
}
links_library() {
    readelf -d "$work/$1" | grep -F "[libdensenet.so.$soversion]"
}
uses_shared_library() {
    compiles classify && links_library classify
}
trains() {
    "$work/train" "$work/model.safetensors" generated "$work"/pictures/train/generated/*.jpg -- photo \
        "$work"/pictures/train/photo/*.jpg && [ -s "$work/model.safetensors" ]
}
# Two lines, "generated P" and "photo Q", with P + Q = 1.
classifies() {
    "$work/classify" "$work/model.safetensors" "$work/pictures/test/photo/000.jpg" | tee "$work/answer"
    awk '{ names = names $1 " "; sum += $2 } END { exit !(names == "generated photo " && sum > 0.999 && sum < 1.001) }' \
        "$work/answer" &&
        "$work/first" "$work/model.safetensors" "$work/pictures/test/photo/000.jpg" | diff "$work/answer" -
}
refuses() { # the library's message reaches the user
    ! "$work/classify" "$work/absent.safetensors" "$work/pictures/test/photo/000.jpg" 2>"$work/answer" &&
        grep -F "$work/absent.safetensors" "$work/answer"
}
mapped_agrees() {
    [ -s "$work/answer" ] && "$work/mapped" "$work/model.safetensors" "$work/pictures/test/photo/000.jpg" | diff "$work/answer" -
}
# The classes of six pictures, by four threads, are those that classify gives one picture after the other.
threads_agree() {
    local pictures=("$work"/pictures/*/*/000.jpg) picture
    [ "${#pictures[@]}" -eq 6 ] || return
    for picture in "${pictures[@]}"; do
        echo "$("$work/classify" "$work/model.safetensors" "$picture" | sort -k2,2nr | head -1 | cut -d' ' -f1) $picture"
    done >"$work/one_by_one"
    "$work/threads" "$work/model.safetensors" "${pictures[@]}" | diff "$work/one_by_one" - &&
        ! "$work/threads" "$work/model.safetensors" "${pictures[@]}" "$work/absent.jpg" 2>"$work/refusal" &&
        grep -F "threads: $work/absent.jpg" "$work/refusal"
}
same_answer_without_shared_library() {
    cp "$work/answer" "$work/before"
    rm "$work"/prefix/lib/libdensenet.so* && compiles classify --static && compiles first --static &&
        ! links_library classify &&
        classifies && diff "$work/before" "$work/answer"
}

export PKG_CONFIG_PATH="$work/prefix/lib/pkgconfig"
holds "make install with a prefix of one's own" install_to PREFIX="$work/prefix"
holds "the README has classify.c" program README.md classify.c
holds "densenet.h has a program" program_of_the_header
holds "docs/libdensenet.3 has the same" program_of_the_page
holds "docs/library.md has features.c" program docs/library.md features.c
holds "docs/library.md has train.c" program docs/library.md train.c
holds "docs/library.md has threads.c" program docs/library.md threads.c
holds "docs/library.md has mapped.c" program docs/library.md mapped.c
holds "sample pictures" "$BUILD/docs/demo/samples" "$work/pictures" --count 8,1,1
holds "features.c compiles" compiles features
holds "classify.c compiles and uses the shared library" uses_shared_library
holds "the program of densenet.h compiles" compiles first
holds "train.c compiles" compiles train
holds "train.c trains a model" trains
holds "a missing model is refused by name" refuses
holds "classify.c gives a probability for each class" classifies
holds "mapped.c compiles" compiles mapped
holds "mapped.c judges as classify.c does" mapped_agrees
holds "threads.c compiles" compiles threads
holds "threads.c judges as classify.c does" threads_agree
holds "the same answer with the static library alone" same_answer_without_shared_library

# ---- CMake: find_package, and the module of pkg-config as docs/library.md shows them ----

cmake_project() { # FILE: a program of the documentation, and its CMakeLists.txt out of the page
    mkdir -p "$work/$1" && cp "$work/classify.c" "$work/$1" &&
        awk '/^```cmake/ { inside = 1; next } /^```/ { inside = 0 } inside' docs/library.md >"$work/$1/CMakeLists.txt" &&
        [ -s "$work/$1/CMakeLists.txt" ]
}
configures() { # FOLDER OPTIONS...
    local folder=$1
    shift
    cmake -S "$work/$folder" -B "$work/$folder/build" -DCMAKE_C_COMPILER="$(command -v "${compiler[-1]}")" "$@"
}
cmake_builds() { # what it makes answers as before
    cmake_project "$1" && { [ -z "$2" ] || sed -i "$2" "$work/$1/CMakeLists.txt"; } &&
        configures "$1" -DCMAKE_PREFIX_PATH="$work/cmake prefix" && cmake --build "$work/$1/build" &&
        [ -s "$work/answer" ] && "$work/$1/build/classify" "$work/model.safetensors" "$work/pictures/test/photo/000.jpg" |
            diff "$work/answer" -
}
refuses_version() {
    cmake_project other && sed -i "s/find_package(densenet [0-9.]*/find_package(densenet $1/" "$work/other/CMakeLists.txt" &&
        ! configures other -DCMAKE_PREFIX_PATH="$work/cmake prefix" 2>"$work/refusal" &&
        grep -q 'compatible with requested version' "$work/refusal"
}
stage_is_found() { # a tree that was staged for /usr, as for another system's root
    install_to DESTDIR="$work/root" PREFIX=/usr && cmake_project staged &&
        configures staged -DCMAKE_PREFIX_PATH="$work/root/usr" && cmake --build "$work/staged/build"
}
if command -v cmake >/dev/null; then
    holds "make install for CMake, below a folder whose name holds a space" install_to PREFIX="$work/cmake prefix"
    holds "find_package finds it" cmake_builds shared ''
    holds "and the static library" cmake_builds static 's/densenet::densenet/densenet::static/'
    holds "a program of the latter needs no shared library" test -z "$(readelf -d "$work/static/build/classify" | grep libdensenet)"
    holds "find_package refuses a newer version" refuses_version 99.0
    holds "and, before 1.0, an older MINOR" refuses_version 0.1.0
    holds "a staged tree is found where it lies" stage_is_found
else
    echo "ok - find_package finds the library # SKIP there is no cmake"
fi

[ "$failures" -eq 0 ]
