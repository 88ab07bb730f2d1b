#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Stands in for a bench program: the figures that it writes are those that a file beside it names.
#
#     PROGRAM.values    lines of "MEDIAN PEAK": milliseconds of the network, GFLOP/s; a line a run
#     PROGRAM.help      options and parts of its help, as bench prints them
#     PROGRAM.tier      the tier that it says; avx2 where there is none
#     order             in its folder: gets PROGRAM's name and its arguments for each run
here=${0%/*} name=${0##*/}
if [ "$1" = --help ]; then
    cat "$0.help"
    exit
fi
echo "$name ${*:3}" >>"$here/order"
if [ -e "$0.broken" ]; then
    echo "bench: out of memory for a matrix product" >&2
    exit 1
fi
read -r median peak < <(sed -n "$(grep -c "^$name " "$here/order")p" "$0.values")
tier=$(cat "$0.tier" 2>/dev/null || echo avx2)
# As the bench was before it said how it uses memory: a figure more does no harm.
cat >"$2" <<END
{"setting": {"version": "0.2.0", "cpu": "Made-up CPU", "cores": 2, "tier": "$tier", "precision": "fp32"},
 "peak": [{"tier": "$tier", "threads": 1, "flops": ${peak}e9}],
 "networks": [{"network": "densenet161", "batch": 4, "threads": 1, "flops": 1.5e11,
               "seconds": {"min": 0.001, "q1": 0.001, "median": $(awk "BEGIN { print 4 * $median / 1000 }"), "q3": 9, "runs": 9}}]}
END
