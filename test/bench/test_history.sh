#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The file that keeps what benches measured, on made-up figures: bench/history/history.py.
#
#     test/bench/test_history.sh        from the repository root
command -v python3 >/dev/null || { echo "ok - figures are kept # SKIP python3 is missing"; exit 0; }
source test/support/support.sh
root=$PWD
history() { python3 "$root/bench/history/history.py" "$@"; }
cd "$work" || exit 1

report() { # report MILLISECONDS [MEMBER OF THE SETTING]...: of a pass of 2 pictures on stdout
    local median=$1 more=
    shift
    if [ $# -ne 0 ]; then more=$(printf ', %s' "$@"); fi
    cat <<END
{"setting": {"version": "0.2.0", "cpu": "Made-up CPU", "cores": 2, "tier": "avx2", "compiler": "cc 1"$more},
 "errors": [{"kernel": "k", "worst": 1e-6}],
 "networks": [{"network": "densenet161", "batch": 2, "threads": 1,
   "seconds": {"min": 0.001, "q1": $(awk "BEGIN { print 2 * ($median - 10) / 1000 }"), "median": $(awk "BEGIN { print 2 * $median / 1000 }"),
               "q3": $(awk "BEGIN { print 2 * ($median + 10) / 1000 }"), "runs": 9}}],
 "training": [{"recipe": "adam", "threads": 2, "epoch": {"min": 0.1, "q1": 0.1, "median": 0.25, "q3": 0.5, "runs": 9}}]}
END
}
members() { # members EXPRESSION OF run...: of each line of h.jsonl
    python3 -c 'import json, sys
for line in open("h.jsonl"):
    if line.strip().startswith("{\"time"):
        run = json.loads(line)
        print(*[eval(e) for e in sys.argv[1:]])' "$@"
}

# ---- bench ----
report 100 >a.json
check "a run is appended" 0 '2 figures of unknown appended to h.jsonl$' '' history append h.jsonl bench a.json
equal "with what it was measured with" \
    "$(members 'run["program"]' 'run["cpu"]' 'run["tier"]' 'run["precision"]' 'run["memory"]' 'run["version"]' 'run["compiler"]')" \
    "bench Made-up CPU avx2 fp32 fast 0.2.0 cc 1"
equal "its figures are an image's, in milliseconds" "$(members 'sorted(run["figures"][0].items())')" \
    "[('batch', 2), ('median', 100.0), ('network', 'densenet161'), ('part', 'networks'), ('q1', 90.0), ('q3', 110.0), ('threads', 1), ('unit', 'ms')]"
written=$(date -d "$(members 'run["time"]')" +%s)
holds "the time is now, in UTC" [ $(($(date +%s) - written)) -lt 600 ]
report 100 '"quick": true' >quick.json
check "a quick run is none" 0 'no measurement: nothing is appended' '' history append h.jsonl bench quick.json
echo '{"setting": {"cpu": "c"}, "errors": []}' >none.json
check "nor is one without figures" 0 'no figures' '' history append h.jsonl bench none.json
equal "neither is in the file" "$(wc -l <h.jsonl)" 1

lists() { # of the JSON that the bench writes, as its sources name them
    cat "$root"/bench/*.c | tr -d '\n' | grep -oE 'bench_report_add\([^"]*"[a-z_]+"' | grep -oE '"[a-z_]+"' | tr -d '"' | sort -u
}
holds "the bench's lists are found" [ "$(lists | wc -l)" -gt 8 ]
equal "each list that holds times is known" "$(lists | grep -vxE 'errors|samples' | paste -sd' ')" "$(PYTHONPATH=$root/bench/history \
    python3 -c 'import results; print(*sorted(results.LISTS))')"

# ---- peers ----
cat >peers.json <<'END'
{"setting": {"cpu": "Made-up CPU", "cores": 2, "quick": false, "version": "0.2.0", "tier": "avx2", "precision": "fp32", "memory": "fast"},
 "left_out": {"onednn": "libdnnl-dev (Debian) is missing"},
 "settings": [{"batch": 1, "threads": 2, "engines": {
   "ours": {"median": 50, "q1": 49, "q3": 52, "ratios": [1, 1, 1]},
   "torch": {"median": 125, "q1": 120, "q3": 130, "ratios": [0.38, 0.40, 0.44]}}}]}
END
check "a run beside peers is appended" 0 '3 figures' '' history append h.jsonl bench-peers peers.json
equal "with its ratios, the quartiles those of the turns" \
    "$(members '[(f["engine"], round(f["q1"], 9), f["median"], round(f["q3"], 9)) for f in run["figures"] if f["unit"] == "ratio"]' | tail -n 1)" \
    "[('ours/torch', 0.39, 0.4, 0.42)]"
equal "and who was left out, and why" "$(members 'run.get("left_out")' | tail -n 1)" \
    "{'onednn': 'libdnnl-dev (Debian) is missing'}"

# ---- the file ----
for i in 1 2 3 4 5 6 7 8; do history append h.jsonl bench a.json >/dev/null & done
wait
equal "of eight at a time, each writes a line" "$(members 'run["program"]' | wc -l)" 10
printf '{"time": "2030-01-01T00:0' >>h.jsonl
history append h.jsonl bench a.json >/dev/null
equal "behind a line that was cut short, a whole one" "$(members 'run["program"]' 2>/dev/null | tail -n 1; tail -n 1 h.jsonl | cut -c1-8)" \
    "$(printf 'bench\n{"time":')"
echo '{"time": "2030-01-01T00:00:00Z", "figures": [{"part": "networks", "unit": "ms", "median": "fast"}]}' >>h.jsonl
check "the cut one is named, when drawn" 0 'densenet161' 'h.jsonl:11: it is no run' history draw h.jsonl
check "and one whose figures are none" 0 'densenet161' 'h.jsonl:13: it is no run' history draw h.jsonl

head -c 900 /dev/zero | tr '\0' '\n' >full
cp full full_before
check "a disk that is full" 5 '' 'full: File too large' bash -c 'ulimit -f 1; exec python3 "$0" append full bench a.json' \
    "$root/bench/history/history.py"
same "leaves the file as it was" full full_before
check "no such folder" 5 '' 'none/h.jsonl: No such file' history append none/h.jsonl bench a.json
check "no such results" 3 '' 'none.json.: No such file|none: No such file' history append h.jsonl bench none
echo '{' >broken.json
check "results that are none" 3 '' 'broken.json: ' history append h.jsonl bench broken.json

# ---- before a run ----
mkdir folder
cd folder || exit 1
check "what can be written is told before a run" 0 '' '' history check ../new.jsonl
check "what cannot, too" 5 '' 'BENCH_HISTORY: ../none/h: No such file' history check ../none/h
cd ..
if command -v git >/dev/null; then
    mkdir -p tree/below
    cd tree || exit 1
    git init -q .
    echo 1 >file
    git add file
    git -c user.name=a -c user.email=a@example.org commit -qm one
    check "a file inside the tree is refused" 2 '' 'below/h lies inside the tree' history check below/h
    check "one beside it is not" 0 '' '' history check ../tree.jsonl
    check "a run is of a commit" 0 "of $(git rev-parse --short=12 HEAD) appended" '' history append ../t.jsonl bench ../a.json
    echo 2 >file
    check "or of one with changes" 0 "of $(git rev-parse --short=12 HEAD)\\+ appended" '' history append ../t.jsonl bench ../a.json
    cd ..
fi

# ---- drawing ----
line() { # line TIME COMMIT CPU Q1 MEDIAN Q3
    printf '{"time": "%s", "commit": "%s", "program": "bench", "cpu": "%s", "tier": "avx2", "precision": "fp32", "memory": "fast", ' "$1" "$2" "$3"
    printf '"figures": [{"part": "networks", "network": "densenet161", "batch": 1, "threads": 2, "unit": "ms", '
    printf '"q1": %s, "median": %s, "q3": %s}, {"part": "training", "recipe": "adam", "unit": "ms", "median": 7}]}\n' "$4" "$5" "$6"
}
{
    line 2030-01-03T10:00:00Z ccc A 100 102 104
    line 2030-01-01T10:00:00Z aaa A 120 130 143
    line 2030-01-02T10:00:00Z bbb+ A 110 110 110
    line 2030-01-04T10:00:00Z ddd B 50 60 70
} >drawn.jsonl
# 44 columns from 100 to 143: a column is a millisecond.
cat >expected <<'END'
A; kernels avx2, fp32, memory fast

  networks densenet161, batch 1, 2 threads, ms; less is better
                                               100                                      143
  2030-01-01 10:00 aaa                    130 |                    ----------o-------------|
  2030-01-02 10:00 bbb+                   110 |          o                                 |
  2030-01-03 10:00 ccc                    102 |--o--                                       |

B; kernels avx2, fp32, memory fast

  networks densenet161, batch 1, 2 threads, ms; less is better
                                               50                                        70
  2030-01-04 10:00 ddd                     60 |----------------------o---------------------|
END
history draw drawn.jsonl >found 2>"$stderr"
same "runs are drawn in the order of their times, each CPU's apart" found expected
history draw drawn.jsonl --last 1 | grep -c '^  20' >found
echo 2 >expected
same "the last of each" found expected
check "another part" 0 '^  training adam, ms; less' '' history draw drawn.jsonl --part training
if grep -q networks "$stdout"; then not_ok "and no other"; else ok "and no other"; fi
check "figures by their names" 3 '' 'none of its 4 runs has such figures; there are networks, training' \
    history draw drawn.jsonl --only densenet121
check "no file" 3 '' 'none: No such file' history draw none
check "no runs" 2 '' '--last: at least 1, not 0' history draw drawn.jsonl --last 0
[ "$failures" -eq 0 ]
