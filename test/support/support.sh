# SPDX-License-Identifier: MIT
# What the scripts of test/ share: a folder of their own, cases, and pictures.
#
#     source test/support/support.sh        from the repository root, before anything else
#
# shellcheck shell=bash
# shellcheck disable=SC2034 # variables are for the scripts
set -u

build=$(realpath "${BUILD:-build}")
ftrain=$build/ftrain/ftrain
schemas=$PWD # docs/json/ is below it

# No cache, weights, tier of kernels or language of the user's takes part.
work=$(mktemp -d)
export XDG_CACHE_HOME=$work/cache LC_ALL=C
unset DENSENET_WEIGHTS TORCH_HOME DN_ISA

remove_work() {
    chmod -R u+w "$work"
    rm -rf "$work"
}
trap remove_work EXIT

# ---- cases: each prints a line that test/run.sh counts; a script ends with [ "$failures" -eq 0 ] ----

failures=0
stdout=$work/out stderr=$work/err # of the last command that a case ran

ok() { echo "ok - $1"; }
not_ok() {
    echo "not ok - $1"
    cat "$stdout" "$stderr" 2>/dev/null | sed 's/^/    /'
    failures=$((failures + 1))
}

# check WHAT CODE STDOUT-PATTERN STDERR-PATTERN COMMAND...: patterns are extended and must match a line; "" is
# an empty stream.
check() {
    local what=$1 code=$2 out=$3 err=$4 found
    shift 4
    "$@" >"$stdout" 2>"$stderr" </dev/null
    found=$?
    if [ "$found" -eq "$code" ] && matches "$out" "$stdout" && matches "$err" "$stderr" && fits_schema "$@"; then
        ok "$what"
    else
        echo "exit code $found, expected $code" >>"$stderr"
        not_ok "$what"
    fi
}

# accepts SCHEMA FILE: every line of the file is an object that docs/json/SCHEMA.schema.json accepts; else it says why
# on standard error.
accepts() {
    (cd "$schemas" && "$build/test/json/validate" "$1" "$(realpath "$2")") >&2
}

# What a command has printed on $stdout fits its schema, where it was asked for JSON. The command is the first word that is
# the name of one.
fits_schema() {
    local word
    case " $* " in *" --json "* | *" --format json "*) ;; *) return 0 ;; esac
    grep -q '^{' "$stdout" || return 0
    for word in "$@"; do
        if [[ $word =~ ^[a-z]+$ && -f $schemas/docs/json/$word.schema.json ]]; then
            accepts "$word" "$stdout" 2>>"$stderr"
            return
        fi
    done
}

matches() { # PATTERN FILE
    if [ -n "$1" ]; then grep -qE -- "$1" "$2"; else [ ! -s "$2" ]; fi
}

# check_either WHAT CODE PATTERN COMMAND...: the pattern must match a line of either stream; "" matches any.
check_either() {
    local what=$1 code=$2 pattern=$3 found
    shift 3
    "$@" >"$stdout" 2>&1 </dev/null
    found=$?
    echo "exit code $found, expected $code" >"$stderr"
    if [ "$found" -eq "$code" ] && grep -qE -- "$pattern" "$stdout"; then ok "$what"; else not_ok "$what"; fi
}

holds() { # WHAT COMMAND...: the command succeeds
    local what=$1
    shift
    if "$@" >"$stdout" 2>"$stderr"; then ok "$what"; else not_ok "$what"; fi
}

same() { # WHAT FILE FILE
    holds "$1" cmp "$2" "$3"
}

equal() { # WHAT FOUND EXPECTED
    if [ "$2" = "$3" ]; then ok "$1"; else
        printf 'found    %s\nexpected %s\n' "$2" "$3" >"$stdout"
        : >"$stderr"
        not_ok "$1"
    fi
}

# ---- pictures ----

picture() { # FILE SEED BRIGHTNESS: a binary PPM, 40x40, of noise in [brightness, brightness + 60)
    {
        printf 'P6 40 40 255\n'
        awk -v seed="$2" -v base="$3" 'BEGIN {
            srand(seed)
            for (i = 0; i < 4800; i++) printf "%c", base + int(60 * rand())
        }'
    } >"$1"
}

dataset() { # FOLDER PICTURES DARK BRIGHT: classes of two brightnesses, as many pictures in each of a split's
    local split class seed=0 base i
    for split in train valid test; do
        for class in bright dark; do
            mkdir -p "$1/$split/$class"
            base=$3
            if [ "$class" = bright ]; then base=$4; fi
            for ((i = 1; i <= $2; i++)); do
                seed=$((seed + 1))
                picture "$1/$split/$class/$i.ppm" "$seed" "$base"
            done
        done
    done
}
