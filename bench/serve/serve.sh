#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Requests a second of ftrain serve, and how long they take, beside the bare network's rate.
#
#   bench/serve/serve.sh [--quick] [SECONDS [ROUNDS]]
#
# A model of DenseNet-161 on drawn pictures of 500 pixels, served on all cores. In each round the network alone, at
# batches of 1, 8 and 16, and then the server with 1, 8 and 64 clients, each for SECONDS (default 20); ROUNDS of them
# (default 5), and of every column the median is printed, with the least and the largest. Clients and server share the
# cores: what the clients take is part of the result. --quick only tries whether everything runs.
#
# Variables: BUILD (build).
set -eu

BUILD=${BUILD:-build}
architecture=densenet161
if [ "${1:-}" = --quick ]; then
    architecture=densenet121
    set -- 2 1
fi
seconds=${1:-20} rounds=${2:-5}
work=$(mktemp -d)
server=
cleanup() {
    if [ "$server" ]; then kill "$server" 2>/dev/null; fi
    rm -rf "$work"
}
trap cleanup EXIT
export XDG_CACHE_HOME=$work/cache

"$BUILD/docs/demo/samples" "$work/data" --seed 1 --count 8,4,4 --size 500 >/dev/null
"$BUILD/ftrain/ftrain" train "$work/data" -w random:1 --arch $architecture --epochs 2 -q -o "$work/model" >/dev/null 2>&1
pictures=("$work"/data/*/*/*.jpg)

"$BUILD/ftrain/ftrain" serve -m "$work/model" >"$work/address" 2>"$work/err" &
server=$!
until grep -q '^serving' "$work/address"; do
    kill -0 $server 2>/dev/null || { cat "$work/err" >&2; exit 1; }
    sleep 0.1
done
port=$(sed -E 's/.*:([0-9]+)\/$/\1/' "$work/address")

for ((round = 1; round <= rounds; round++)); do
    for batch in 1 8 16; do
        echo "bare $batch $("$BUILD/bench/serve/load" bare "$work/model" $batch "$seconds")"
    done
    for clients in 1 8 64; do
        echo "clients $clients $("$BUILD/bench/serve/load" clients "$port" $clients "$seconds" "${pictures[@]}")"
    done
done >"$work/results"

"$BUILD/ftrain/ftrain" info | sed -n 's/^cpu /CPU: /p; s/^tier /tier: /p; s/^threads /threads: /p'
awk -v architecture=$architecture -v seconds="$seconds" -v rounds="$rounds" '
    function sorted(key, list, count,    i, k, value) { # insertion
        count = split(values[key], list, " ")
        for (i = 2; i <= count; i++)
            for (k = i; k > 1 && list[k - 1] + 0 > list[k] + 0; k--) { value = list[k]; list[k] = list[k - 1]; list[k - 1] = value }
        return count
    }
    function show(key,    list, count) {
        count = sorted(key, list)
        return sprintf("%.2f (%.2f to %.2f)", list[int((count + 1) / 2)], list[1], list[count])
    }
    { for (i = 3; i <= NF; i++) values[$1 " " $2 " " i] = values[$1 " " $2 " " i] " " $i }
    END {
        printf "%s, %s s a cell, %s rounds: median (least to largest)\n\n", architecture, seconds, rounds
        print "| | pictures/s | p50 ms | p99 ms | refused |\n| --- | --- | --- | --- | --- |"
        split("1 8 16", batches, " ")
        for (i = 1; i <= 3; i++) printf "| network alone, batch %d | %s | | | |\n", batches[i], show("bare " batches[i] " 3")
        split("1 8 64", clients, " ")
        for (i = 1; i <= 3; i++)
            printf "| serve, %d client%s | %s | %s | %s | %s |\n", clients[i], (clients[i] == 1 ? "" : "s"),
                show("clients " clients[i] " 3"), show("clients " clients[i] " 4"), show("clients " clients[i] " 5"), show("clients " clients[i] " 6")
    }' "$work/results"
