#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Other compilers, C libraries and processors, as far as this machine has them: what lacks is named and skipped. It takes
# half an hour, mostly for what is emulated.
#
#     BUILD=build test/portability/portability.sh [PART...]         from the repository root, after `make all`
#     BUILD=build test/portability/portability.sh --update          writes the digests of aarch64's features anew
#
# Parts: clang, lto, musl, aarch64, digests (of aarch64), big-endian, no-avx, hardening, bare; without any, all of them. Cross compilers come from
# Debian's gcc-aarch64-linux-gnu, gcc-s390x-linux-gnu and musl-tools, the emulator from qemu-user. They bring no other
# library: all of the sources are compiled, with this machine's headers of those libraries, and the tests of core/ and
# layers/, which need none, are linked and run. So is a network (network.c), of which the parts that need libraries are left
# out: files of weights (jansson, libzip), pictures (libjpeg, ...), heads (OpenBLAS).
source test/support/support.sh
unset MAKEFLAGS MFLAGS MAKELEVEL CFLAGS CPPFLAGS LDFLAGS WERROR

wrapper=${CCACHE:-} # such as ccache, before each compiler
update=
parts=("$@")
if [ $# -eq 0 ]; then parts=(clang lto musl aarch64 digests big-endian no-avx hardening bare); fi
if [ "$*" = --update ]; then update=--update parts=(digests); fi
out=$build/portability
tests=(test/core/test_*.c test/layers/test_*.c)

skip() { echo "ok - $1 # SKIP $2"; }
has() { command -v "$1" >/dev/null; }
builds() { # FOLDER COMPILER TARGETS AND VARIABLES...
    local folder=$out/$1 compiler=$2
    shift 2
    make --no-print-directory -s -j"$(getconf _NPROCESSORS_ONLN)" BUILD="$folder" CC="$wrapper $compiler" WERROR=-Werror "$@" \
        >/dev/null
}
runs_tests() { # FOLDER RUNNER...: all tests of core/ and layers/, each named where it fails
    local folder=$out/$1 test bad=0
    shift
    for test in "${tests[@]%.c}"; do
        timeout 3600 "$@" "$folder/$test" >"$work/log" 2>&1 && continue
        tail -n 20 "$work/log"
        echo "$test has failed"
        bad=1
    done
    return $bad
}

# This machine's headers of other libraries, behind those that the compiler brings; no library to link with, so that
# functions that call one have to be left out where nobody calls them.
foreign=(CPPFLAGS="-idirafter /usr/include -idirafter /usr/include/$(gcc -dumpmachine)"
    CFLAGS="-ffunction-sections -fdata-sections")
compiles_all() { # FOLDER COMPILER AR
    local objects
    mapfile -t objects < <(make -pn CC="$2" help 2>/dev/null | sed -nE 's/^(PROGRAM|BENCH)_SOURCES := //p' | tr ' ' '\n' |
        sed "s|^|$out/$1/|; s|c\$|o|")
    builds "$1" "$2" AR="$3" "${foreign[@]}" "$out/$1/libdensenet.a" "${objects[@]}"
}
# cmocka for it is test/portability/cmocka.c.
links_tests() { # FOLDER COMPILER AR FLAGS...
    local folder=$out/$1 compiler=$2 ar=$3 objects support test
    shift 3
    objects=("${tests[@]/#/$folder/}")
    mapfile -t support < <(find test/support -name '*.c' | sed "s|^|$folder/|; s|c\$|o|")
    builds "${folder##*/}" "$compiler" AR="$ar" "${foreign[@]}" "${objects[@]/%.c/.o}" "${support[@]}" \
        "$folder/test/portability/cmocka.o" || return
    rm -f "$folder/support.a"
    "$ar" rcs "$folder/support.a" "${support[@]}" "$folder/test/portability/cmocka.o"
    for test in "${tests[@]%.c}"; do
        "$compiler" "$@" -o "$folder/$test" "$folder/$test.o" "$folder/support.a" "$folder/libdensenet.a" -lm -pthread || return
    done
}
another_system() { # NAME FOLDER COMPILER AR RUNNER...
    local name=$1 folder=$2 compiler=$3 ar=$4
    shift 4
    holds "$name: all sources compile" compiles_all "$folder" "$compiler" "$ar"
    holds "$name: the tests of core and layers are linked" links_tests "$folder" "$compiler" "$ar" -static
    holds "$name: they pass" runs_tests "$folder" "$@"
}
# links_alone FOLDER COMPILER AR PROGRAM PART...: a program of test/ of these parts and of what it calls of the library, which
# must be nothing that needs another one.
links_alone() {
    local folder=$out/$1 compiler=$2 ar=$3 program=$4
    shift 4
    builds "${folder##*/}" "$compiler" AR="$ar" "${foreign[@]}" "$folder/libdensenet.a" "${@/#/$folder/}" &&
        "$compiler" -static -Wl,--gc-sections -o "$folder/$program" "${@/#/$folder/}" "$folder/libdensenet.a" -lm -pthread
}
# A network there and here: the same bits with portable kernels, and what float32 allows with the best ones.
network=test/portability/network
links_network() { # FOLDER COMPILER AR
    links_alone "$@" $network $network.o test/support/seeded_weights.o test/portability/xxhash.o
}
writes_features() { # TIER FILE PROGRAM...: with kernels of that tier
    local tier=$1 file=$2
    shift 2
    DN_ISA=$tier "$@" write "$file" && grep -q "^$tier: .*_${tier}_" "$stderr"
}
a_network() { # NAME FOLDER COMPILER AR TIER RUNNER...
    local name=$1 folder=$2 compiler=$3 ar=$4 tier=$5
    shift 5
    local here=$out/here/$network there=("$@" "$out/$folder/$network")
    holds "a network is linked here" links_network here gcc ar
    holds "$name: and there" links_network "$folder" "$compiler" "$ar"
    holds "portable kernels run here" writes_features portable "$work/here" "$here"
    holds "$name: and there" writes_features portable "$work/there" "${there[@]}"
    same "$name: to the same bits" "$work/here" "$work/there"
    holds "$name: kernels for $tier run" writes_features "$tier" "$work/best" "${there[@]}"
    holds "$name: to the same features" "$here" compare "$work/here" "$work/best"
}

# Pictures of two brightnesses: trained, evaluated and predicted.
end_to_end() { # FTRAIN...
    rm -rf "$work/data" "$work/model.safetensors"
    dataset "$work/data" 1 20 190
    "$@" train "$work/data" -w random:1 --arch densenet121 --epochs 20 --no-flip -o "$work/model.safetensors" &&
        "$@" predict -m "$work/model.safetensors" "$work/data/test/dark/1.ppm" | tee "$work/answer" &&
        grep -q dark "$work/answer"
}

part_clang() {
    has clang || { skip "clang" "there is no clang"; return; }
    holds "clang compiles all without a warning" builds clang clang all
    holds "its program works" end_to_end "$out/clang/ftrain/ftrain"
}

part_lto() {
    local programs=("${tests[@]/#/$out/lto/}")
    holds "gcc optimizes all at link time without a warning" builds lto gcc AR=gcc-ar CFLAGS=-flto=auto all "${programs[@]%.c}"
    holds "its tests of core and layers pass" runs_tests lto env
    holds "its program works" end_to_end "$out/lto/ftrain/ftrain"
    if ! has ld.lld || ! has llvm-ar; then
        skip "clang optimizes at link time" "there is no lld or no llvm-ar"
        return
    fi
    holds "clang optimizes all at link time without a warning" builds lto-clang clang AR=llvm-ar CFLAGS=-flto \
        LDFLAGS=-fuse-ld=lld all
    holds "its program works" end_to_end "$out/lto-clang/ftrain/ftrain"
}

part_musl() {
    has musl-gcc || { skip "musl" "there is no musl-gcc (musl-tools)"; return; }
    another_system musl musl musl-gcc ar env
}

part_aarch64() {
    has aarch64-linux-gnu-gcc || { skip "aarch64" "there is no aarch64-linux-gnu-gcc (gcc-aarch64-linux-gnu)"; return; }
    has qemu-aarch64 || { skip "aarch64" "there is no qemu-aarch64 (qemu-user)"; return; }
    another_system aarch64 aarch64 aarch64-linux-gnu-gcc aarch64-linux-gnu-ar qemu-aarch64
    a_network aarch64 aarch64 aarch64-linux-gnu-gcc aarch64-linux-gnu-ar neon qemu-aarch64
}

# Features keep their bits there, too: test/golden/digests.tsv, of which every row that is asked for must be known.
keeps_bits() { # RUNNER...
    "$@" "$out/aarch64/$digests" --once $update && { [ "$update" ] || ! grep 'there is no digest yet' "$stdout"; }
}
digests=test/densenet/test_digests
part_digests() {
    local cc=aarch64-linux-gnu-gcc parts=("$digests.o" test/support/{digests,model_code,seeded_weights,tiers}.o
        test/portability/{cmocka,xxhash}.o)
    has $cc || { skip "digests of aarch64" "there is no $cc (gcc-aarch64-linux-gnu)"; return; }
    has qemu-aarch64 || { skip "digests of aarch64" "there is no qemu-aarch64 (qemu-user)"; return; }
    holds "aarch64: the test of digests is linked" links_alone aarch64 $cc aarch64-linux-gnu-ar "$digests" "${parts[@]}"
    holds "aarch64: features have the bits that they had" keeps_bits qemu-aarch64
    holds "aarch64 without dot products: so they have" keeps_bits qemu-aarch64 -cpu cortex-a57
}

refuses_big_endian() {
    ! builds s390x s390x-linux-gnu-gcc AR=s390x-linux-gnu-ar "${foreign[@]}" "$out/s390x/libdensenet.a" 2>"$work/message" &&
        grep -q 'needs a system that stores the least byte first' "$work/message"
}
part_big-endian() {
    has s390x-linux-gnu-gcc || { skip "s390x" "there is no s390x-linux-gnu-gcc (gcc-s390x-linux-gnu)"; return; }
    holds "a big-endian system is refused by name" refuses_big_endian
}

part_no-avx() {
    has qemu-x86_64 || { skip "x86-64 without AVX" "there is no qemu-x86_64 (qemu-user)"; return; }
    local programs=("${tests[@]/#/$build/}")
    holds "the tests of core and layers are built" make --no-print-directory -s BUILD="$build" CC="$wrapper ${CC:-gcc}" "${programs[@]%.c}"
    local old=(qemu-x86_64 -cpu Nehalem)
    check "a processor without AVX takes the portable kernels" 0 'portable' '' "${old[@]}" "$ftrain" info
    out=${build%/*} holds "x86-64 without AVX: the tests of core and layers pass" runs_tests "${build##*/}" "${old[@]}"
    holds "x86-64 without AVX: the program works" end_to_end "${old[@]}" "$ftrain"
}

part_hardening() {
    has hardening-check || { skip "hardening-check" "there is none (devscripts)"; return; }
    # Whether a program's control flow is guarded is decided by the C library's own objects, too; Debian 12's are not.
    holds "hardening-check finds all that it looks for" hardening-check --nocfprotection "$ftrain" "$build"/libdensenet.so.*.*
}

# A root folder in which there is nothing but glibc's libraries and what `make static` gives.
part_bare() {
    local root=$work/root path folder
    holds "make static" make --no-print-directory BUILD="$build" static-built
    folder=$(find "$build/static" -mindepth 1 -maxdepth 1 -type d)
    mkdir -p "$root/tmp" "$root/lib64"
    cp -r "$folder" "$root/ftrain"
    ldd "$folder/ftrain" | grep -vF "$folder" | grep -oE '/[^ ]+' | while read -r path; do
        mkdir -p "$root${path%/*}" && cp -L "$path" "$root$path"
    done
    echo "$root: $(cd "$root" && find . -name '*.so*' ! -path './ftrain/*' | tr '\n' ' ')"
    if [ "$(id -u)" != 0 ]; then
        skip "it runs in a root without libraries" "that needs root"
        return
    fi
    dataset "$root/tmp/data" 1 20 190
    # No /proc is in it, by which glibc else finds the program's folder.
    in_root() { LD_ORIGIN_PATH=/ftrain HOME=/tmp XDG_CACHE_HOME=/tmp/cache chroot "$root" /ftrain/ftrain "$@"; }
    check "it trains in a root without libraries" 0 '.' '.' in_root train /tmp/data -w random:1 --arch densenet121 -o /tmp/m.safetensors
    check "and predicts there" 0 'dark' '' in_root predict -m /tmp/m.safetensors /tmp/data/test/dark/1.ppm
    check "a file of torch's is asked for, with libzip" 4 '' '/tmp/absent.pth' in_root convert /tmp/absent.pth /tmp/absent.safetensors
    check "a page is asked for, with libcurl" 5 '' '127.0.0.1' in_root weights 121 --url http://127.0.0.1:9/densenet121-00000000.pth
}

mkdir -p "$out"
for part in "${parts[@]}"; do
    case $part in
    clang | lto | musl | aarch64 | digests | big-endian | no-avx | hardening | bare) "part_$part" ;;
    *)
        echo "portability.sh: there is no part '$part'" >&2
        exit 2
        ;;
    esac
done
[ "$failures" -eq 0 ]
