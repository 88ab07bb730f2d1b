#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The examples, built and run as a user would: copied out of the tree, with what `make install` has installed alone.
#
#     BUILD=build CC=gcc test/house/test_examples.sh         from the repository root, after `make all` and the samples
source test/support/support.sh

BUILD=${BUILD:-build} # as make was given it
unset MAKEFLAGS MFLAGS MAKELEVEL # a make above this one is not this one's business

if [ -n "${SANITIZE:-}" ]; then
    echo "ok - the examples # SKIP the sanitizers' build is not for installing"
    exit 0
fi

prefix=$work/prefix
model=$work/model.safetensors
strict='-O1 -Wall -Wextra -Wpedantic -Werror'
example=$work/examples
photo=$work/pictures/test/photo/000.jpg

install_library() { make --no-print-directory BUILD="$BUILD" CC="${CC:-gcc}" install PREFIX="$prefix"; }
builds() { # NAME VARIABLE...: by the example's own Makefile
    local folder=$example/$1
    shift
    (cd "$folder" && make "$@")
}
train() {
    "$prefix/bin/ftrain" train "$work/pictures" -w random:1 --arch densenet121 --epochs 5 --cache "$work/store" -o "$model"
}

holds "the library is installed" install_library
cp -r examples "$example"
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig LD_LIBRARY_PATH=$prefix/lib
holds "sample pictures" "$BUILD/docs/demo/samples" "$work/pictures" --count 6,2,3
holds "the installed program trains a model" train
: >"$work/empty.jpg"


# ---- classify, in three languages: what ftrain predicts ----

predicted() { # its lines as the examples write them
    "$prefix/bin/ftrain" predict -m "$model" "$@" | sed 's/,//g; s/\tunfamiliar.*/ (unfamiliar)/; s/\t/: /'
}
pictures=("$work"/pictures/test/*/*.jpg)
predicted "${pictures[@]}" >"$work/expected"

agrees() { # COMMAND...: and what cannot be judged is named, without an end to the rest
    "$@" "$model" "${pictures[0]}" "$work/empty.jpg" "$work/absent.jpg" "${pictures[@]:1}" >"$work/found" 2>"$work/told"
    [ $? -eq 1 ] && [ -s "$work/expected" ] && diff "$work/expected" "$work/found" && grep -F "$work/empty.jpg" "$work/told" &&
        grep -F "$work/absent.jpg" "$work/told" && [ "$(wc -l <"$work/told")" -eq 2 ]
}
export_network() { "$prefix/bin/ftrain" export "$model" "$work/network.safetensors" && "$prefix/bin/ftrain" convert \
    "$work/network.safetensors" "$work/weights.safetensors"; }
# The weights that the model file names are taken, another file is refused.
takes_weights() { # COMMAND...
    "$@" "$model" -w "$work/weights.safetensors" "${pictures[0]}" >"$work/found" && head -n 1 "$work/expected" | diff - "$work/found" &&
        { "$@" "$model" -w "$photo" "${pictures[0]}" 2>"$work/told"; [ $? -eq 2 ]; } && grep -F "$photo" "$work/told"
}
refuses_model() { # COMMAND...
    "$@" "$work/absent.safetensors" "$photo" 2>"$work/told"
    [ $? -eq 2 ] && grep -F "$work/absent.safetensors" "$work/told"
}
classifies() { # WHAT COMMAND...
    local what=$1
    shift
    holds "$what says what ftrain does" agrees "$@"
    holds "$what takes the model's weights" takes_weights "$@"
    holds "$what names a model that is missing" refuses_model "$@"
}

holds "the network's weights are there as a file" export_network
holds "classify in C builds" builds classify CFLAGS="$strict -Wconversion"
classifies "classify in C" "$example/classify/classify"

if command -v c++ >/dev/null; then
    holds "classify in C++ builds" builds cpp CXX=c++ CXXFLAGS="$strict"
    sed -i 's/ (unfamiliar)//' "$work/expected" # which it does not ask for
    classifies "classify in C++" "$example/cpp/classify"
    predicted "${pictures[@]}" >"$work/expected"
else
    echo "ok - classify in C++ # SKIP there is no C++ compiler"
fi

# ---- Python ----

python=
for candidate in ${PYTHON:-/usr/bin/python3 python3}; do
    if "$candidate" -c 'import numpy' 2>/dev/null; then python=$candidate; break; fi
done

# A class of ctypes for each struct: sizes and places are the compiler's.
layouts_are_the_compiler_s() {
    (cd "$example/python" && "$python" - <<'PYTHON') >"$work/layouts.c" || return
import ctypes, densenet
structs = [v for k, v in vars(densenet).items() if k.startswith("dn_") and isinstance(v, type)]
assert len(structs) > 8
print("#include <densenet.h>\n#include <stddef.h>")
for s in structs:
    print(f'_Static_assert(sizeof({s.__name__}) == {ctypes.sizeof(s)}, "{s.__name__}");')
    for name, *_ in s._fields_:
        print(f'_Static_assert(offsetof({s.__name__}, {name}) == {getattr(s, name).offset}, "{s.__name__}.{name}");')
PYTHON
    # shellcheck disable=SC2046 # words of flags
    ${CC:-gcc} -std=c11 -fsyntax-only $(pkg-config --cflags densenet) "$work/layouts.c"
}
# Views of one picture give one input; features go into a table's columns, and nothing else of it is written to.
arrays_are_taken_where_they_lie() {
    (cd "$example/python" && "$python" - "$work/weights.safetensors" "$model" "$photo") <<'PYTHON'
import sys, numpy as np, densenet
weights, model, photo = sys.argv[1:]
picture = densenet.read_picture(photo)
assert picture.shape[2] == 3 and picture.dtype == np.uint8

network = densenet.Network(weights, batch=2, threads=1)
padded = np.full((picture.shape[0], picture.shape[1] + 5, 4), 77, np.uint8)
padded[:, 2:-3, :3] = picture
upside_down = np.ascontiguousarray(picture[::-1])
inputs = network.inputs([picture, padded[:, 2:-3], upside_down[::-1]])
assert np.isfinite(inputs).all() and inputs.std() > 0.1
assert (inputs[0] == inputs[1]).all() and (inputs[0] == inputs[2]).all()

inputs[1] = 0
dense = network.forward(inputs)
table = np.full((3, network.features + 20), -1, np.float32)
assert network.forward(inputs, out=table[:, 10:-10]).base is table
assert (table[:, 10:-10] == dense).all() and (table[:, :10] == -1).all() and (table[:, -10:] == -1).all()
assert (dense[0] == dense[2]).all() and (dense[0] != dense[1]).any()

classifier = densenet.Classifier(model, batch=2)
nothing = np.empty((0, 0, 3), np.uint8)
probabilities, unfamiliarity, statuses = classifier.judge([picture, nothing, picture])
assert statuses[0] == statuses[2] == 0 and statuses[1] != 0 and np.isnan(probabilities[1]).all(), statuses
assert (probabilities[0] == probabilities[2]).all() and abs(probabilities[0].sum() - 1) < 1e-5
assert np.isfinite(unfamiliarity[[0, 2]]).all()
try:
    densenet.Network(photo)
    sys.exit("a picture was taken for weights")
except densenet.Error as error:
    assert photo in str(error) and error.name.startswith("DN_ERR_"), error
for wrong in (picture[:, ::2], picture.astype(float)):
    try:
        network.inputs([wrong])
        sys.exit("what the library cannot read was taken")
    except ValueError:
        pass
PYTHON
}
if [ -n "$python" ]; then
    export PYTHONDONTWRITEBYTECODE=1
    classifies "classify in Python" "$python" "$example/python/classify.py"
    holds "Python's structs are C's" layouts_are_the_compiler_s
    holds "Python's arrays are read and written where they lie" arrays_are_taken_where_they_lie
else
    echo "ok - classify in Python # SKIP there is no Python with numpy"
fi

# ---- frames: raw pixels from a pipe ----

# A picture's pixels, of 40x40, after the header of its file: as BGRA in rows of 168 bytes, bottom to top.
picture "$work/bright.ppm" 1 190
picture "$work/dark.ppm" 2 10
raw() { tail -c 4800 "$1"; }
bgra_upwards() {
    raw "$1" | od -An -v -tu1 -w120 | awk '{ row[NR] = $0 } END {
        for (y = NR; y; y--) {
            split(row[y], v, " ")
            for (x = 0; x < 40; x++) printf "%c%c%c%c", v[3 * x + 3], v[3 * x + 2], v[3 * x + 1], 9
            printf "paddings"
        } }'
}
most_probable() { "$example/classify/classify" "$model" "$@" | awk '{ print $2, $3 }'; }
judges_every_frame() {
    most_probable "$work/bright.ppm" "$work/dark.ppm" "$work/dark.ppm" "$work/bright.ppm" | awk '{ print NR, $0 }' >"$work/lines"
    [ "$(wc -l <"$work/lines")" -eq 4 ] || return
    { raw "$work/bright.ppm"; raw "$work/dark.ppm"; raw "$work/dark.ppm"; raw "$work/bright.ppm"; } |
        "$example/frames/frames" -a "$model" 40 40 rgb | diff "$work/lines" - || return
    { bgra_upwards "$work/bright.ppm"; bgra_upwards "$work/dark.ppm"; bgra_upwards "$work/dark.ppm"; bgra_upwards "$work/bright.ppm"; } |
        "$example/frames/frames" -a -s -168 -w "$work/weights.safetensors" "$model" 40 40 bgra | diff "$work/lines" -
}
# Fifty at once: the network cannot keep up, and still the last one is judged, and each is accounted for.
passes_over_old_frames() {
    { for ((i = 1; i < 50; i++)); do raw "$work/bright.ppm"; done; raw "$work/dark.ppm"; } >"$work/stream"
    "$example/frames/frames" "$model" 40 40 rgb <"$work/stream" >"$work/found" 2>"$work/told" || return
    [ "$(tail -n 1 "$work/found")" = "50 $(most_probable "$work/dark.ppm")" ] &&
        awk '{ sum = $2 == 50 && $4 + $6 == 50 && $6 > 0 } END { exit !sum }' "$work/told" &&
        awk '$1 <= last { exit 1 } { last = $1 }' "$work/found"
}
names_a_cut_frame() {
    raw "$work/bright.ppm" | head -c 4000 | "$example/frames/frames" "$model" 40 40 rgb 2>"$work/told"
    [ $? -eq 1 ] && grep -F '4000 of 4800 bytes' "$work/told"
}
refuses_short_rows() {
    "$example/frames/frames" -s 100 "$model" 40 40 rgb </dev/null 2>"$work/told"
    [ $? -eq 2 ] && grep -F usage: "$work/told"
}
holds "frames builds" builds frames CFLAGS="$strict -Wconversion"
holds "frames -a judges every frame as its picture, in any layout" judges_every_frame
holds "frames passes over what is old, and judges the newest" passes_over_old_frames
holds "frames names a frame that is cut short" names_a_cut_frame
holds "frames refuses rows that are shorter than their pixels" refuses_short_rows

# ---- folder: threads that share a network ----

judges_a_folder() {
    local threads
    mkdir "$work/folder" && cp "$work"/pictures/train/photo/*.jpg "$work/folder" && cp "$work/empty.jpg" "$work/folder/002a.jpg" || return
    "$example/classify/classify" "$model" "$work"/folder/*.jpg 2>/dev/null | awk -v OFS='\t' '{ sub(/:$/, "", $1); print $1, $2, $3 }' >"$work/lines"
    [ "$(wc -l <"$work/lines")" -eq 6 ] || return
    for threads in 1 3; do
        "$example/folder/folder" -j $threads "$model" "$work/folder" >"$work/found" 2>"$work/told"
        [ $? -eq 1 ] && diff "$work/lines" "$work/found" && grep -F "$work/folder/002a.jpg" "$work/told" || return
    done
    rm "$work/folder/002a.jpg"
    "$example/folder/folder" -w "$work/weights.safetensors" "$model" "$work/folder" | diff "$work/lines" -
}
refuses_a_folder() {
    "$example/folder/folder" "$model" "$work/absent" 2>"$work/told"
    [ $? -eq 2 ] && grep -F "$work/absent" "$work/told"
}
holds "folder builds" builds folder CFLAGS="$strict -Wconversion"
holds "folder judges each picture as classify does, in order" judges_a_folder
holds "folder names a folder that is missing" refuses_a_folder

[ "$failures" -eq 0 ]
