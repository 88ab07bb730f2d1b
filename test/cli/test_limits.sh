#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# ftrain where the system gives it few threads, descriptors or little memory: every command ends, and says what was missing.
#
#     test/cli/test_limits.sh        from the repository root; BUILD names the folder of the build
source test/support/support.sh

small="-w random:7 --arch densenet121 --resize 36 --crop 32 -q"
heic=$PWD/test/golden/io/heif/lossy.heic
cd "$work" || exit 1
dataset data 4 30 160
"$ftrain" train data $small -o m.safetensors >/dev/null 2>err || not_ok "training"

# ---- one thread a user: root has no such limit, so the program is run as somebody else ----

mkdir -m 777 open
chmod 755 "$work"
cp "$ftrain" open/ftrain # where everybody may read it

with_threads() { # COUNT WORD...: no more of them than that, the first one included
    local as=() count=$1
    shift
    if [ "$(id -u)" -eq 0 ]; then as=(setpriv --reuid 65534 --regid 65534 --clear-groups); fi
    HOME=$work/open XDG_CACHE_HOME=$work/open/cache timeout -k 5 60 "${as[@]}" prlimit --nproc="$count" open/ftrain "$@"
}
with_one_thread() { with_threads 1 "$@"; }
if ! command -v prlimit >/dev/null || ! command -v setpriv >/dev/null; then
    ok "threads # SKIP there is no prlimit or setpriv here"
elif [ -n "${SANITIZE:-}" ]; then
    ok "threads # SKIP the sanitizers need a thread of their own"
elif [ -n "${COVERAGE:-}" ]; then
    ok "threads # SKIP another user cannot write the counts of what has run"
else
    check "nothing that is loaded starts a thread" 0 "^ftrain [0-9.]+$" "" with_one_thread --version
    refused="thread [0-9]+ of [0-9]+.*: cannot be started: "
    check "split ends when threads are refused" 5 "" "$refused" with_one_thread split data/train -o open/split --threads 3
    check "audit ends when threads are refused" 5 "" "$refused" with_one_thread audit data --threads 3
    check "extract ends when threads are refused" 5 "" "$refused" \
        with_one_thread extract data $small --threads 3 -o open/f.safetensors
    check "train ends when threads are refused" 5 "" "$refused" \
        with_one_thread train data $small --threads 3 -o open/m.safetensors
    check "evaluate ends when threads are refused" 5 "" "$refused" \
        with_one_thread evaluate data -m m.safetensors -q --threads 3
    check "baseline ends when threads are refused" 5 "" "$refused" with_one_thread baseline data $small --threads 3
    check "predict ends when threads are refused" 5 "" "$refused" \
        with_one_thread predict data/test/dark/1.ppm -m m.safetensors --threads 3
    cp "$heic" open/
    if "$ftrain" info | grep -q '^pictures HEIC not available'; then
        ok "a decoder that is refused its thread # SKIP ftrain was built without libheif"
    else
        check "predict ends when a decoder is refused its thread" 5 "" "thread.*: cannot be started: " \
            with_threads 2 predict open/lossy.heic -m m.safetensors --threads 1
    fi
    check "explain ends when threads are refused" 5 "" "$refused" \
        with_one_thread explain data/test/dark/1.ppm -m m.safetensors -o open/map.png --threads 3
fi

# ---- few descriptors: three are the standard streams, one is left ----

few="ulimit -n 4; exec \"\$@\""
for command in "predict -m m.safetensors data/test/dark" "explain -m m.safetensors data/test/dark" \
    "review data --keep data/test/dark/1.ppm" "train data $small -o n.safetensors"; do
    check "${command%% *} says that descriptors are missing" 5 "" "Too many open files" bash -c "$few" few "$ftrain" $command
done

# ---- little address space ----

# ends KILOBYTES COMMAND...: with 0, or with 5 and a reason; or it cannot even be loaded.
ends() {
    (
        ulimit -v "$1"
        shift
        exec timeout -k 5 60 "$ftrain" "$@"
    ) >"$stdout" 2>"$stderr" </dev/null
    case $? in
    0) ;;
    5) grep -qE "out of memory|cannot be started|Cannot allocate memory" "$stderr" ;;
    127) grep -q "error while loading shared libraries" "$stderr" ;;
    *) return 1 ;;
    esac
}
in_any_memory() { # COMMAND...
    local size
    for size in 60000 80000 100000 120000 150000 180000 220000 260000 300000 400000; do
        ends "$size" "$@" || {
            echo "with $size KB" >>"$stderr"
            return 1
        }
    done
}
everything_in_any_memory() {
    in_any_memory --version && in_any_memory info &&
        in_any_memory predict -m m.safetensors data/test/dark/1.ppm &&
        in_any_memory explain -m m.safetensors data/test/dark/1.ppm &&
        in_any_memory evaluate -m m.safetensors -q data &&
        in_any_memory export m.safetensors out.pth &&
        in_any_memory export m.safetensors out.onnx &&
        in_any_memory export m.safetensors out.c
}
if [ -n "${SANITIZE:-}" ]; then
    ok "memory # SKIP the sanitizers take terabytes of address space"
else
    if everything_in_any_memory; then ok "every command ends in any memory"; else not_ok "every command ends in any memory"; fi
fi

[ "$failures" -eq 0 ]
