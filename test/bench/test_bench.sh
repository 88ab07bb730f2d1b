#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The bench runs and says what it measured. How long anything takes is nobody's business here.
#
#     test/bench/test_bench.sh        from the repository root; BUILD names the folder of the build
if [ -n "${SANITIZE-}" ]; then echo "ok - the bench runs # SKIP it takes minutes with sanitizers"; exit 0; fi
source test/support/support.sh
bench=$build/bench/bench root=$PWD
cd "$work" || exit 1

check "help" 0 '^  --parts ' '' "$bench" --help
check "no such part" 2 '' 'bench: no such part: netwrok' "$bench" netwrok
check "each part of a network" 0 '^      block 4 3x3 .* GFLOP/s ' '' \
    "$bench" --quick --threads 1 --network densenet121 --parts --json found.json network

if ! command -v python3 >/dev/null; then
    echo "ok - the parts are all of the network # SKIP python3 is missing"
    [ "$failures" -eq 0 ]
    exit
fi
of() { # of EXPRESSION: of the rows of parts
    python3 -c 'import json, sys
report = json.load(open("found.json"))
rows = report["network_parts"]
print(eval(sys.argv[1]))' "$1"
}
equal "by their names" "$(of '", ".join(row["of"] for row in rows)')" \
    "stem, block 1 1x1, block 1 3x3, block 1 transition, block 2 1x1, block 2 3x3, block 2 transition, block 3 1x1, \
block 3 3x3, block 3 transition, block 4 1x1, block 4 3x3, norm5, pooling, classifier, all"
# 2.83 billion multiplications with an addition: torchvision's documentation of densenet121.
equal "their work is all of the network's" "$(of 'round(sum(row["flop_an_image"] for row in rows[:-1]) / 2e9, 2)')" 2.83
equal "as much as they say" "$(of 'abs(rows[-1]["flop_an_image"] - sum(row["flop_an_image"] for row in rows[:-1])) < 1')" True
equal "each takes time, and none more than all" \
    "$(of 'all(0 < row["seconds"]["median"] <= rows[-1]["seconds"]["median"] for row in rows)')" True
# A pass's parts add up to the pass; the fastest of each are no slower than those of the fastest pass.
equal "together they take what a pass takes" \
    "$(of 'sum(row["seconds"]["min"] for row in rows[:-1]) <= 1.0001 * rows[-1]["seconds"]["min"]')" True
equal "with what they were measured" "$(of 'report["setting"]["quick"], report["setting"]["memory"], report["setting"]["threads"]')" \
    "(True, 'fast', 1)"
check "and the history reads them" 0 '^True$' '' python3 -c '
import json, sys
sys.path.insert(0, sys.argv[1])
import results
print("network_parts densenet121, batch 1, 1 thread, block 2 3x3" in
      [results.label(figure) for figure in results.bench_figures(json.load(open("found.json")))])' "$root/bench/history"

check "many cores, of items that run on one" 0 '^    64 threads .* ms at best ' '' \
    "$bench" --quick --network densenet121 --json scaling.json scaling
equal "from two to 64, on which nothing takes no time" "$(python3 -c 'import json
rows = json.load(open("scaling.json"))["scaling"]
print([row["threads"] for row in rows], all(0 < row["seconds_at_best"] < row["seconds_of_items"] for row in rows))')" \
    "[2, 4, 8, 16, 32, 64] True"

if ! command -v addr2line >/dev/null; then
    echo "ok - the functions that a network's time is spent in # SKIP there is no addr2line"
elif [[ $(uname -sm) != Linux\ @(x86_64|aarch64) ]]; then
    check "samples are refused" 1 '' '--samples: only on Linux' "$bench" --quick --threads 1 --network densenet121 --samples network
else
    check "the functions that a network's time is spent in" 0 '^    micro_kernel .* ms ' '' \
        python3 "$root/bench/functions.py" "$bench" --quick --network densenet121
    cp "$stdout" functions
    holds "in each kind of kernel" bash -c 'for kind in stem conv1x1 conv3x3; do grep -q "^  $kind.* ms " "$0" || exit 1; done' functions
fi
[ "$failures" -eq 0 ]
