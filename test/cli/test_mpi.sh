#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# extract and predict in several processes (docs/cluster.md): the same files and rows as in one, whatever the number of
# processes, and one end for all of them, whatever happens to one.
#
#     test/cli/test_mpi.sh        from the repository root; BUILD names the folder of the build
source test/support/support.sh

skip() {
    echo "ok - extract and predict in several processes # SKIP $1"
    exit 0
}
if "$ftrain" info | grep -q '^mpi not available'; then skip "built without MPI"; fi
command -v mpirun >/dev/null || skip "mpirun is not installed"
# Open MPI's own memory is never given back whole. Of two values of an option the last one counts.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
mpirun --oversubscribe -n 1 true >/dev/null 2>&1 || skip "mpirun cannot start a process here"

# ranks N COMMAND...: in N processes; none may wait for ever for another
ranks() {
    local count=$1
    shift
    timeout -k 5 120 mpirun --oversubscribe -n "$count" "$@"
}

# What mpirun says itself of how a process ended stands between lines of dashes.
own_words() { # FILE
    awk '/^-----/ { theirs = !theirs; next } !theirs' "$1"
}

options="-w random:3 --arch densenet121 --resize 36 --crop 32 --threads 1"
dataset "$work/data" 12 30 160
cd "$work" || exit 1

# ---- extract ----

"$ftrain" extract data $options -q -o one >said 2>told || not_ok "extract in one process"
for count in 1 2 3 5; do
    check "extract in $count processes" 0 '' 'features: 96 in ' ranks $count "$ftrain" extract data $options -o "by$count"
    equal "with one bar" "$(grep -c 'features: 96 to do' "$stderr")" 1
    same "and the same file" "by$count" one
done

mkdir -p odd && cp -r data/. odd
for i in 1 5 9; do head -c 900 data/train/dark/$i.ppm >odd/train/dark/$i.ppm; done
echo 'no picture' >odd/test/bright/3.jpg
ln -s nowhere odd/valid/dark/lost.ppm
"$ftrain" extract odd $options -q -o odd.one >out 2>odd.err
code=$?
check "pictures that cannot be used are named, and the exit status says so" $code '' '^ftrain: skipped: odd/test/bright/3.jpg: ' \
    ranks 3 "$ftrain" extract odd $options -q -o odd.three
equal "each is named once, as by one process" "$(own_words "$stderr" | sort)" "$(sort odd.err)"
same "and the same file" odd.three odd.one
check "--strict ends all of them" 3 '' '^ftrain: odd/' ranks 3 "$ftrain" extract odd $options --strict -q -o odd.strict

# ---- a process that is killed ----

# Far more work is left, once something is kept, than a busy machine does before the signal arrives: vectors of 224 pixels. A
# sanitizer's build takes as long for a third of them.
pictures=36
if [ -n "${SANITIZE:-}" ]; then pictures=12; fi
dataset many $pictures 30 160
large="-w random:3 --arch densenet121 --threads 1"
"$ftrain" extract many $large -q -o large.one >said 2>told || not_ok "extract of larger inputs"

journal() { # how many bytes it has
    stat -c %s "$1.journal" 2>/dev/null || echo 0
}

# ended WHAT SIGNAL WHOM: a run of three, of which WHOM (helper, mpirun) gets SIGNAL once something is kept
ended() {
    local whom pid code waited=0
    rm -f ended ended.journal
    mpirun --oversubscribe -n 3 "$ftrain" extract many $large -o ended >said 2>told &
    pid=$!
    while [ "$(journal ended)" -lt 20000 ] && [ $((waited++)) -lt 600 ]; do sleep 0.05; done
    whom=$pid
    if [ "$3" = helper ]; then whom=$(grep -lz '^OMPI_COMM_WORLD_RANK=2$' $(pgrep -P $pid | sed 's|.*|/proc/&/environ|') | cut -d/ -f3); fi
    kill -"$2" "$whom"
    wait $pid
    code=$?
    cp said "$stdout" && cp told "$stderr"
    if [ $code -ne 0 ] && [ -e ended.journal ] && [ ! -e ended ]; then ok "$1"; else not_ok "$1 (status $code)"; fi
}

goes_on() { # WHAT COMMAND...
    check "$1" 0 '' 'features: [0-9]+ in ' "${@:2}"
    holds "what is kept is not computed again" test "$(sed -n 's/.*features: \([0-9]*\) in .*/\1/p' "$stderr")" -lt $((8 * pictures))
    same "to the same file" ended large.one
}

set -m # so that SIGINT is not ignored by what runs in the background
ended "a helper that is killed ends the run, and what was computed is kept" KILL helper
goes_on "the same command goes on from there" ranks 3 "$ftrain" extract many $large -o ended
ended "so does Ctrl-C" INT mpirun
holds "rank 0 says what is kept" matches 'interrupted: [0-9]+ feature vectors are kept' told
equal "and no other" "$(grep -c interrupted told)" 1
goes_on "the same command goes on in one process, too" "$ftrain" extract many $large -o ended
set +m
# In what follows the rank that ends a run has said why before; mpirun need not wait a second for the others, twice.
export OMPI_MCA_odls_base_sigkill_timeout=0

# ---- predict ----

"$ftrain" train data -w random:3 --arch densenet121 --resize 36 --crop 32 -q -o model >said 2>told || not_ok "training"
"$ftrain" export model weights.safetensors >said 2>told || not_ok "weights as a file"
"$ftrain" extract data -w weights.safetensors --resize 36 --crop 32 -q -o file.one >said 2>told || not_ok "extract with a file"
check "weights of a file reach all ranks, and what it says of them is said once" 0 '' '^ftrain: weights.safetensors: ' \
    ranks 3 "$ftrain" extract data -w weights.safetensors --resize 36 --crop 32 --threads 1 -q -o file.three
equal "once" "$(cat "$stderr")" "$(cat told)"
same "and the file is the same" file.three file.one

for format in text csv json; do
    "$ftrain" predict -m model odd no-such.jpg odd/valid --format $format >rows.one 2>rows.err
    code=$?
    for count in 1 2 3 5; do
        ranks $count "$ftrain" predict -m model odd no-such.jpg odd/valid --format $format --threads 1 >rows 2>told
        equal "$format: $count processes end as one does" $? $code
        same "$format: $count processes give the rows of one, in order" rows rows.one
    done
    equal "$format: and its messages" "$(own_words told)" "$(cat rows.err)"
done
find data -name '*.ppm' | sort >paths
"$ftrain" predict -m model data >rows.one 2>told
ranks 3 "$ftrain" predict -m model - <paths >rows 2>told
equal "paths come from standard input" "$(sort rows)" "$(sort rows.one)"
check "--exit-status counts all rows" 10 'bright' . ranks 2 "$ftrain" predict -m model data/test/bright data/test/dark --exit-status bright
check "--strict" 3 . '^ftrain: odd/' ranks 2 "$ftrain" predict -m model odd --strict

# ---- errors ----

check "--sandbox is for one process" 2 '' '^ftrain: --sandbox: works in one process, and mpirun has started 2$' \
    ranks 2 "$ftrain" predict -m model odd --sandbox
check "what all find wrong is said once" 4 '' '^ftrain: nowhere: cannot be opened' ranks 3 "$ftrain" predict -m nowhere data
equal "once" "$(grep -c '^ftrain: ' "$stderr")" 1
check "a wrong option, too" 2 '' "option '--bogus' is unknown" ranks 3 "$ftrain" extract data --bogus -o none
equal "once" "$(grep -c '^ftrain: ' "$stderr")" 1
check "rank 0's failure ends the others" 3 '' '^ftrain: nowhere: ' ranks 3 "$ftrain" extract nowhere $options -o none

# one_differs RANK COMMAND...: on that rank a command of its own
cat >one_differs <<'S'
#!/bin/sh
if [ "$OMPI_COMM_WORLD_RANK" = "$1" ]; then eval "$2"; fi
shift 2
exec "$@"
S
chmod +x one_differs
if [ -n "${SANITIZE:-}" ]; then echo "ok - a helper that lacks the memory # SKIP the sanitizer takes it"; else
    check "a helper that lacks the memory ends the run, and is named" 5 '' '^ftrain: rank 2 on .*: .*out of memory' \
        ranks 3 ./one_differs 2 'ulimit -v 400000' "$ftrain" extract data -w random:3 --arch densenet161 --resize 36 --crop 32 --threads 1 -o none
fi
check "a helper that does not see the files, too" 5 '' '^ftrain: rank 1 on .*: .*No such file.*rank 0 sees it' \
    ranks 2 ./one_differs 1 'cd /' "$ftrain" extract data $options -o none
check "a helper without the model, too" 4 '' '^ftrain: rank 1 on .*: model: cannot be opened' \
    ranks 2 ./one_differs 1 'cd /' "$ftrain" predict -m model data

# ---- other commands ----

for command in "train data -w random:1 -o none" "evaluate -m model data" "audit data" "info"; do
    check "${command%% *} is refused" 2 '' "^ftrain: ${command%% *}: works in one process, and mpirun has started 2" ranks 2 "$ftrain" $command
done
check "but not in a single process" 0 '^version ' '' ranks 1 "$ftrain" info
check "help is printed once" 0 '^Usage: ftrain extract' '' ranks 2 "$ftrain" help extract
equal "once" "$(grep -c '^Usage' "$stdout")" 1

[ "$failures" -eq 0 ]
