#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Two commits' benches in turns, on made-up figures: bench/history/compare.py and compare.sh.
#
#     test/bench/test_compare.sh        from the repository root
command -v python3 >/dev/null || { echo "ok - two benches are compared # SKIP python3 is missing"; exit 0; }
source test/support/support.sh
root=$PWD
compare() { python3 "$root/bench/history/compare.py" "$@"; }
cd "$work" || exit 1

help='  machine     peak
  network     networks
  prepare     write weights

  --threads N        the most threads
  --network NAME     only this
  --precision NAME   fp32 or bf16
  --parts            each part
  --json FILE        results'
for name in base now; do
    cp "$root/test/bench/fake_bench.sh" $name
    echo "$help" >$name.help
done
values() { # values NAME FIGURE...: of the network, one a run; the peak stays
    local name=$1
    shift
    rm -f order
    printf '%s 100\n' "$@" >"$name.values"
}
row() { grep -E "^$1" "$stdout" | tr -s ' '; }

# The machine becomes twice as slow half way: only within a pair is the one to be seen beside the other.
values base 100 100 100 100 200 200 200 200 200
values now 90 91 89 90 180 182 178 180 180
check "nine pairs" 0 '^Made-up CPU' 'pair 9 of 9' compare ./base ./now machine network
# Sorted ratios: 0.89 0.89 0.90 0.90 0.90 0.90 0.90 0.91 0.91. Of nine values the second and the eighth hold the median with
# 96 % (Conover, Practical Nonparametric Statistics, table of the binomial for n = 9).
equal "the ratio is that of the pairs, its interval that of the ranks 2 and 8" \
    "$(row networks)" "networks densenet161, batch 4, 1 thread 200.000 178.000 ms 0.900 0.890 - 0.910 better"
equal "what is the same is no change" "$(row peak)" \
    "peak avx2, 1 thread 100.000 100.000 GFLOP/s 1.000 1.000 - 1.000"
equal "each is the first in turn" "$(cut -d' ' -f1 order | paste -sd' ')" \
    "base now now base base now now base base now now base base now now base base now"

values base 100 100 100 100 100 100 100 100 100
values now 101 98 103 99 100 97 104 102 99
check "noise" 0 '^networks' 'pair' compare ./base ./now
equal "noise is no change" "$(row networks)" "networks densenet161, batch 4, 1 thread 100.000 100.000 ms 1.000 0.980 - 1.030"

values base 100 100 100 100 100 100
printf '%s\n' '101 110' '102 110' '103 110' '104 110' '105 110' '106 110' >now.values
check "six pairs" 0 '^networks' 'pair' compare --pairs 6 ./base ./now
equal "more time is worse" "$(row networks)" \
    "networks densenet161, batch 4, 1 thread 100.000 103.500 ms 1.035 1.010 - 1.060 worse"
equal "more FLOP a second are better" "$(row peak)" "peak avx2, 1 thread 100.000 110.000 GFLOP/s 1.100 1.100 - 1.100 better"

values base 100 100 100 100 100
values now 50 50 50 50 50
check "five pairs tell nothing from noise" 0 'fewer than 6 pairs' 'pair 5 of 5' compare --pairs 5 ./base ./now
equal "and nothing is called a change" "$(row networks)" "networks densenet161, batch 4, 1 thread 100.000 50.000 ms 0.500 0.500 - 0.500"

# ---- a base that knows less ----
grep -v -e --parts -e machine <<<"$help" >base.help
values base 100 100
values now 50 50
check "a part and an option that the base has not" 0 '^base has no part machine: it is left out$' 'pair' \
    compare --pairs 1 ./base ./now --parts --threads=2 machine network
cp "$stdout" said
holds "the option is named" matches '^base has no --parts: it runs without$' said
equal "each is asked for what it knows" "$(paste -sd';' order)" "base --threads=2 network;now --parts --threads=2 network"
values base 100
values now 50
check "without parts, those that both have" 0 'no part machine' 'pair' compare --pairs 1 ./base ./now
equal "are named to both" "$(paste -sd';' order)" "base network;now network"
check "none in common" 1 'no part machine' 'base has none of the parts machine' compare --pairs 1 ./base ./now machine
grep -v -e --precision <<<"$help" >base.help
check "an option without which something else is measured" 1 '' 'base has no --precision, and without' \
    compare --pairs 1 ./base ./now --prec bf16 network
echo "$help" >base.help

# ---- what goes wrong ----
echo portable >base.tier
values base 100
values now 100
check "tiers that differ" 1 '' 'base measured tier portable, now avx2' compare --pairs 1 ./base ./now network
rm base.tier
values now 100
touch now.broken
check "a bench that fails" 1 '' 'now ended with status 1: bench: out of memory for a matrix product' \
    compare --pairs 1 ./base ./now network
rm now.broken
check "no such part" 1 '' 'no such part: netwrok' compare ./base ./now netwrok
check "no such option" 1 '' '--fast is no option' compare ./base ./now --fast
check "an option without its value" 1 '' '--threads needs a value' compare ./base ./now --threads
check "no program" 1 '' './none: No such file' compare ./none ./now
check "no pairs" 2 '' '--pairs: at least 1, not 0' compare --pairs 0 ./base ./now

# ---- commits ----
if ! command -v git >/dev/null; then
    echo "ok - commits are built and compared # SKIP git is missing"
    [ "$failures" -eq 0 ]
    exit
fi
git() { command git -c user.name=a -c user.email=a@example.org -c init.defaultBranch=main "$@"; }
mkdir -p "$work/repo/bench"
cd "$work/repo" || exit 1
git init -q .
cp -r "$root/bench/history" bench/
cp "$work/now" bench/fake
cp "$work/now.help" bench/fake.help
echo '/build/' >.gitignore
# What it makes as its bench runs the one in a folder outside.
cat >Makefile <<'END'
BUILD ?= build
$(BUILD)/bench/bench: bench/fake
	mkdir -p $(@D)
	printf '#!/bin/sh\nexec %s/bench/fake "$$@"\n' '$(KEPT)' >$@
	chmod +x $@
END
git add -A && git commit -qm one
mkdir -p "$work/kept" && cp -r bench "$work/kept/"
first=$(git rev-parse --short=10 HEAD)
make -s KEPT="$work/kept" || exit 1
echo changed >>Makefile.notes
git add -A && git commit -qm two
second=$(git rev-parse --short=10 HEAD)
echo mine >uncommitted
git status --porcelain >"$work/before"
ls -A build >"$work/build_before"
run_compare() { # as make does it: variables of its command line reach the base's make
    MAKEFLAGS=" -- KEPT=$work/kept BUILD=elsewhere" BUILD=build MAKE=make PYTHON=python3 PAIRS=1 \
        bench/history/compare.sh "$@"
}
printf '100 100\n80 100\n' >"$work/kept/bench/fake.values"
check "a commit is built and compared" 0 '^ratio: ' 'pair 1 of 1' run_compare "$first" network
cp "$stdout" "$work/table"
equal "the ratio is of the two" "$(row networks | cut -d' ' -f6-10)" "thread 100.000 80.000 ms 0.800"
holds "the columns are the commits, with a + where the tree has changes" grep -E "^ +$first +$second\+ " "$work/table"
git status --porcelain >"$work/after"
same "the tree is as it was" "$work/before" "$work/after"
ls -A build >"$work/build_after"
same "nothing is left in the build" "$work/build_before" "$work/build_after"
equal "nor in git's list of worktrees" "$(git worktree list | wc -l)" 1
check "no such commit" 2 '' 'git knows no commit nowhere' run_compare nowhere
check "no commit" 2 '' 'BASE=HEAD~1' run_compare ''
echo '$(error it cannot be built)' >Makefile
git commit -qam three
git checkout -q "$second" -- Makefile
check "a commit that cannot be built" 1 '^building' 'HEAD makes no build/bench/bench here' run_compare HEAD network
ls -A build >"$work/build_after"
same "leaves nothing either" "$work/build_before" "$work/build_after"
[ "$failures" -eq 0 ]
