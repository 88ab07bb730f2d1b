#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The tables of predict and evaluate as comma-separated values: by RFC 4180 to the letter, and as pandas reads them without
# being told anything.
#
#     test/cli/test_csv.sh        from the repository root; BUILD names the folder of the build
source test/support/support.sh

small="-w random:7 --arch densenet121 --resize 36 --crop 32 -q"
csv=$build/test/json/csv
odd='a "b", c
d'
cd "$work" || exit 1
dataset data 3 30 160
for split in train valid test; do mv "data/$split/bright" "data/$split/$odd"; done
cp data/train/dark/1.ppm 'again, "twice".ppm'
head -c 100 data/test/dark/1.ppm >'cut,
off.ppm'

# shellcheck disable=SC2086 # options are words
"$ftrain" train data $small --epochs 2 -o m.safetensors >"$stdout" 2>"$stderr" || not_ok "training"
# shellcheck disable=SC2086
"$ftrain" train data $small --epochs 2 -o bare.safetensors --no-picture-keys >"$stdout" 2>"$stderr" || not_ok "training"

# ---- the checker itself finds what is wrong ----
wrong() { # WHAT CONTENT MESSAGE
    printf '%b' "$2" >wrong.csv
    check "the checker finds $1" 1 '' "$3" sh -c "'$csv' wrong.csv >ignored"
}
wrong "a quote in the middle" 'a,b\n1,x"y\n' 'line 2: a quote'
wrong "text behind a quote" 'a,b\n1,"x"y\n' 'line 2: something follows'
wrong "a quote without an end" 'a,b\n1,"x\n' 'no end'
wrong "a short record" 'a,b\n1\n' 'line 2: another number'
wrong "two columns of one name" 'a,a\n1,2\n' 'line 1: two columns'
wrong "a last line without its end" 'a,b\n1,2' 'line 2: the last line'
printf 'a,"b ""c"", d"\n1,"x\ny"\n' >right.csv
check "and nothing in what is right" 0 '^a	b "c", d$' '' "$csv" right.csv

# ---- the tables ----
"$ftrain" predict -m m.safetensors --format csv data/test again* cut* >predict.csv 2>"$stderr"
"$ftrain" predict -m m.safetensors --json data/test again* cut* >predict.json 2>"$stderr"
"$ftrain" predict -m m.safetensors --format csv --coverage 0.8 --top 1 data/test cut* >top.csv 2>"$stderr"
"$ftrain" predict -m bare.safetensors --format csv data/test >bare.csv 2>"$stderr"
"$ftrain" evaluate -m m.safetensors data -q --predictions evaluate.csv >"$stdout" 2>"$stderr"
for table in predict top bare evaluate; do
    check "$table.csv is in order" 0 '' '' sh -c "'$csv' $table.csv >ignored"
done
same_names() { # FILE NAMES: the header's names, each with a zero byte behind it
    "$csv" --null "$1" | head -z -n "$(tr -cd '\0' <"$2" | wc -c)" | cmp - "$2"
}
printf '%s\0' path class error own near_copy "p_$odd" p_dark unfamiliar_percentile >names
holds "predict.csv has its columns" same_names predict.csv names
printf '%s\0' path class error own near_copy set "p_$odd" p_dark unfamiliar_percentile >names
holds "top.csv has its columns" same_names top.csv names
printf '%s\0' path class error "p_$odd" p_dark unfamiliar_percentile >names
holds "bare.csv has its columns" same_names bare.csv names
printf '%s\0' path truth class "p_$odd" p_dark unfamiliar_percentile >names
holds "evaluate.csv has its columns" same_names evaluate.csv names

# ---- pandas ----
if ! /usr/bin/python3 -c 'import pandas' 2>/dev/null; then
    ok "pandas reads the tables as they are # SKIP python3-pandas is not installed"
    [ "$failures" -eq 0 ]
    exit
fi
holds "pandas reads them as they are, with types" /usr/bin/python3 - "$odd" <<'EOT'
import json, sys
import pandas
odd = sys.argv[1]
found = pandas.read_csv("predict.csv")
rows = [json.loads(line) for line in open("predict.json")]
assert len(found) == len(rows) == 8, len(found)
assert found["path"].tolist() == [row["path"] for row in rows]
for name in ("p_" + odd, "p_dark", "unfamiliar_percentile"):
    assert found[name].dtype == float, (name, found[name].dtype)
good = found[found["error"].isna()]
assert len(good) == 7 and good["class"].isin([odd, "dark"]).all()
for at, row in good.iterrows():
    told = rows[at]
    assert row["class"] == told["class"]
    assert all(abs(row["p_" + name] - p) <= 6e-8 * p for name, p in told["probabilities"].items()), (row, told)
    assert abs(row["unfamiliar_percentile"] - told["unfamiliar_percentile"]) < 1e-6
cut = found[found["error"].notna()]
assert cut["path"].tolist() == ["cut,\noff.ppm"] and cut[["class", "own", "near_copy", "p_dark"]].isna().all(axis=None)
own = found[found["own"].notna()]
assert own["path"].tolist() == ['again, "twice".ppm'] and own["own"].tolist() == ["train"] and own["near_copy"].tolist() == [False]
top = pandas.read_csv("top.csv")
assert (top[["p_" + odd, "p_dark"]].notna().sum(axis=1)[:-1] == 1).all() and top["set"][:-1].str.match(r"\{.*\}", flags=16).all()
bare = pandas.read_csv("bare.csv")
assert bare["error"].isna().all() and not {"own", "near_copy", "set"} & set(bare)
told = pandas.read_csv("evaluate.csv")
assert told["truth"].tolist() == 3 * [odd] + 3 * ["dark"] and not told.isna().any(axis=None)
both = found.merge(told, on="path")
assert len(both) == 6 and (both["class_x"] == both["class_y"]).all() and (both["p_dark_x"] - both["p_dark_y"]).abs().max() < 1e-5
EOT
[ "$failures" -eq 0 ]
