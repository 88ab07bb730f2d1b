#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# predict --sandbox and the sandbox of serve: the same results as without, and nothing but what was named is read. What is
# forbidden in it: test/ftrain/test_sandbox_seccomp.c. Answers from it: test/cli/test_serve.sh, which is served in one.
#
#     test/cli/test_sandbox.sh        from the repository root; BUILD names the folder of the build
source test/support/support.sh

skip() {
    echo "ok - predict and serve in a sandbox # SKIP $1"
    exit 0
}
if "$ftrain" info | grep -q '^sandbox not available'; then skip "built without libseccomp"; fi
grep -q '^Seccomp:' /proc/self/status 2>/dev/null || skip "the kernel has no filters of system calls"

golden=$(realpath test/golden/io) zero_weights=$PWD/test/support/zero_weights.py
formats=("$golden"/{pictures,heif,tiff,webp,orientation})
cd "$work" || exit 1
dataset data 4 40 160
"$ftrain" train data -w random:1 --arch densenet121 --resize 36 --crop 32 --epochs 2 -q -o m.safetensors >"$stdout" 2>"$stderr" ||
    not_ok "training"
predict=("$ftrain" predict -m m.safetensors)

# ---- the same rows ----

# told FILE OPTION...: rows and messages on pictures of every format, with all that is wrong with some of them, and the end
told() {
    local to=$1
    shift
    "${predict[@]}" "$@" --json data/test "${formats[@]}" >"$to" 2>"$to.said" </dev/null
    echo "exit status $?" >>"$to.said"
}

# told_alike WHAT FILE FILE
told_alike() {
    same "$1: the same rows" "$2" "$3"
    same "$1: the same messages and status" "$2.said" "$3.said"
}

told free --threads 2
holds "there are rows of every kind" test "$(grep -c '"error"' free)" -gt 20 -a "$(wc -l <free)" -gt 200
for threads in 1 2 3; do
    told locked --threads $threads --sandbox
    told_alike "$threads threads" free locked
done
precisions=int8
if "$ftrain" info | grep -q '^bf16 available'; then precisions="int8 bf16"; fi
for precision in $precisions; do
    told free --precision "$precision"
    told locked --precision "$precision" --sandbox
    told_alike "$precision" free locked
done

# With less and less memory it ends as it does without: by itself, and never by the sandbox.
if [ -z "${SANITIZE:-}" ]; then
    ends=''
    for megabytes in 100 150 200 250 300 400 600; do
        (
            ulimit -v $((megabytes * 1024))
            exec "${predict[@]}" --sandbox --threads 2 data/test "$golden/webp" >"$stdout" 2>"$stderr"
        )
        code=$?
        case $code in 0 | 1 | 5 | 127) ;; *) ends+=" $megabytes MB: $code, $(tail -n 1 "$stderr");" ;; esac
    done
    equal "little memory is told as such" "$ends" ''
fi

# ---- what is read ----

mkdir links
picture elsewhere.ppm 7 100
cp elsewhere.ppm links/a.ppm
ln -s ../elsewhere.ppm links/out.ppm
ln -s a.ppm links/within.ppm
ln -s elsewhere.ppm named.ppm
check "without a sandbox links are followed" 0 '^links/out.ppm' "the model's own" "${predict[@]}" links
"${predict[@]}" --sandbox links --json >rows 2>said
if grep -q Landlock said; then
    ok "only what was named is read # SKIP the kernel has no Landlock"
else
    holds "a link that leads out of the folder is an input that cannot be used" \
        grep -qx 'ftrain: skipped: links/out.ppm: cannot be opened: Permission denied' said
    equal "a link that stays in the folder is followed" "$(grep -c '"class"' rows)" 2
fi
check "a link that is named itself is followed" 0 '^named.ppm' "the model's own" "${predict[@]}" --sandbox named.ppm
printf '%s\n' elsewhere.ppm links/out.ppm >list
holds "a list can name any picture" bash -c '"$@" <list' list "${predict[@]}" --sandbox -
check "what is missing is still told" 3 '' 'none.ppm: .*No such file' "${predict[@]}" --sandbox none.ppm --strict
check "also a model" 4 '' 'none: cannot be opened: No such file' "$ftrain" predict -m none --sandbox data/test

# Weights are found where they are found without: named, in the cache, by a link that leads out of it.
mkdir -p "$XDG_CACHE_HOME/densenet"
python3 "$zero_weights" weights.safetensors
for weights in weights.safetensors densenet121; do
    check "weights, by $weights" 0 'data/test/dark/1.ppm' '' "$ftrain" predict -w $weights --sandbox data/test/dark/1.ppm
    ln -sf "$work/weights.safetensors" "$XDG_CACHE_HOME/densenet/densenet121.safetensors"
done
check "by the environment" 0 'data/test/dark/1.ppm' '' \
    env DENSENET_WEIGHTS=weights.safetensors "$ftrain" predict -w weights.safetensors --sandbox data/test/dark/1.ppm

# ---- serve ----

# serves OPTION...: in which modes its threads are, what it says on standard error, and that it ends with 0
serves() {
    : >served
    "$ftrain" serve -m m.safetensors "$@" >served 2>said &
    local server=$!
    while kill -0 $server 2>/dev/null && ! grep -q '^serving' served; do sleep 0.1; done
    modes=$(cat /proc/$server/task/*/status 2>/dev/null | grep -E '^(Seccomp|NoNewPrivs):' | sort -u | tr -d '\t' | paste -sd' ' -)
    kill -TERM $server
    wait $server
    ended=$?
}
for option in '' --sandbox; do
    serves $option
    equal "serve $option is in a sandbox, with all threads" "$modes" "NoNewPrivs:1 Seccomp:2"
    equal "says so" "$(cat said)" "ftrain: in a sandbox: it opens no file, starts no program and makes no connection from here on"
    equal "and ends with 0" $ended 0
done
serves --no-sandbox
equal "serve --no-sandbox is in none" "$modes" "NoNewPrivs:0 Seccomp:0"
equal "and says so, too" "$(cat said)" "ftrain: without a sandbox: --no-sandbox was given"
check "it cannot be both" 2 '' '^ftrain: --sandbox and --no-sandbox: give one of them$' "$ftrain" serve -m m.safetensors --sandbox --no-sandbox

[ "$failures" -eq 0 ]
