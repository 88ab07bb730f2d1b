#!/usr/bin/env bash
# ftrain explain from the outside.
#
#     test/test_ftrain_explain.sh        from the repository root; BUILD names the folder of the build
set -u

BUILD=$(realpath "${BUILD:-build}")
ftrain=$BUILD/ftrain/ftrain
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME=$work/cache LC_ALL=C
unset DENSENET_WEIGHTS TORCH_HOME DN_ISA
failures=0

# check WHAT CODE PATTERN COMMAND...: the exit code, and an extended pattern that a line of the output matches
check() {
    local what=$1 code=$2 pattern=$3 found
    shift 3
    "$@" >"$work/out" 2>&1 </dev/null
    found=$?
    if [ "$found" -eq "$code" ] && grep -qE -- "$pattern" "$work/out"; then
        echo "ok - $what"
    else
        sed 's/^/    /' "$work/out"
        echo "not ok - $what (exit code $found)"
        failures=1
    fi
}
is_png() { # FILE WIDTH HEIGHT, in hexadecimal
    [ "$(od -An -tx1 -N24 "$1" | tr -d ' \n')" = "89504e470d0a1a0a0000000d49484452$2$3" ] && echo png
}

"$BUILD/docs/demo/samples" "$work/data" --count 4,2,2 --size 80
"$ftrain" train "$work/data" -w random:1 --arch densenet121 --resize 72 --crop 64 --quiet -o "$work/m" >"$work/out" 2>&1
photo=$work/data/test/photo/000.jpg
check "a map is drawn, with its figure" 0 '000\.jpg	(photo|generated) [01]\.[0-9]+	(inside 0\.[0-9]+|no evidence)	.*one\.png$' \
    "$ftrain" explain -m "$work/m" "$photo" -o "$work/one.png" --outline
check "as large as the picture" 0 png is_png "$work/one.png" 00000050 00000050
check "or as asked for" 0 '' "$ftrain" explain -m "$work/m" "$photo" -o "$work/small.png" --size 40
check "which is smaller" 0 png is_png "$work/small.png" 00000028 00000028
check "a folder gets figures for each class" 0 'of the evidence inside the ellipse .* 0\.37[0-9] of the area' \
    "$ftrain" explain -m "$work/m" "$work/data/test"
check "and a folder of maps, none over another" 0 '' "$ftrain" explain -m "$work/m" "$work/data/test" -o "$work/maps"
check "one for each picture" 0 '^4$' sh -c "ls '$work/maps' | wc -l"
check "evidence for a class of one's choice" 0 '	generated [01]\.' "$ftrain" explain -m "$work/m" "$photo" --class generated
check "as JSON" 0 '"inside": (0\.[0-9]+|null), "area": 0\.37' "$ftrain" explain -m "$work/m" "$photo" --json
check "an unknown class is named" 2 "'tea' is not a class" "$ftrain" explain -m "$work/m" "$photo" --class tea
check "several pictures need a folder" 2 'maps\.png: for several pictures' \
    "$ftrain" explain -m "$work/m" "$photo" "$photo" -o "$work/maps.png"
printf 'no picture' >"$work/broken.jpg"
check "a broken picture is named, the others done" 1 'skipped: .*broken\.jpg' \
    "$ftrain" explain -m "$work/m" "$work/broken.jpg" "$photo"
check "a folder that cannot be written is named" 5 '/dev/null: is a file' \
    "$ftrain" explain -m "$work/m" "$work/data/test" -o /dev/null/maps
check "a model is needed" 2 '-m MODEL is missing' "$ftrain" explain "$photo"
exit $failures
