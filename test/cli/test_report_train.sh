#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The pages of ftrain train --report and ftrain baseline --report.
#
#     test/cli/test_report_train.sh        from the repository root; BUILD names the folder of the build
source test/support/support.sh

small="-w random:7 --arch densenet121 --resize 36 --crop 32 -q"

writes() { # WHAT COMMAND...: the command succeeds; what it prints is kept in the file `printed`
    holds "$@"
    cp "$stdout" printed
}

# shellcheck disable=SC2086 # options are words
train() { "$ftrain" train "$data" $small --hidden 16 "$@"; }
# shellcheck disable=SC2086
baseline() { "$ftrain" baseline "$data" $small "$@"; }

has_sections() { # PAGE ID...: these, in this order, each listed at the top, and no others
    local page=$1
    shift
    [ "$(sed -n 's/.*<section id="\([a-z]*\)">.*/\1/p' "$page" | paste -sd' ' -)" = "$*" ] &&
        [ "$(grep -o '<a href="#[a-z]*">[^<]*</a></li>' "$page" | sed 's/.*"#\([a-z]*\)".*/\1/' | paste -sd' ' -)" = "$*" ]
}

loads_nothing() { ! grep -qiE 'https?:|<script|<link|<iframe|@import|url\([^#]' "$1" && ! grep -oE 'src=.{12}' "$1" | grep -qv '^src="data:image/$'; }

well_formed() {
    python3 - "$1" <<'PY'
import html.parser, sys

class Checker(html.parser.HTMLParser):
    open = []
    ids = set()

    def handle_starttag(self, tag, attributes):
        if tag not in ("meta", "!doctype", "img", "input", "br"):
            self.open.append(tag)
        for name, value in attributes:
            if name == "id":
                assert value not in self.ids, f"id {value} is there twice"
                self.ids.add(value)

    def handle_startendtag(self, tag, attributes):
        pass

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, f"</{tag}> at {self.getpos()}, open: {self.open}"
        self.open.pop()

checker = Checker()
checker.feed(open(sys.argv[1], encoding="utf-8").read())
checker.close()
assert not checker.open, checker.open
PY
}

page_holds() { # WHAT PAGE ID...: what is true of every page
    local what=$1 page=$2
    shift 2
    holds "$what: all its sections" has_sections "$page" "$@"
    holds "$what: loads nothing from elsewhere" loads_nothing "$page"
    holds "$what: a class named like markup is text" sh -c "grep -qF '&lt;b&gt;&amp;' '$page' && ! grep -qF '<b>' '$page'"
    if command -v python3 >/dev/null; then
        holds "$what: every tag is closed" well_formed "$page"
    else
        echo "ok - $what: every tag is closed # SKIP no python3"
    fi
}

cd "$work" || exit 1
data=$work/data
dataset "$data" 4 30 140
for split in train valid test; do mv "$data/$split/bright" "$data/$split/<b>&"; done

# ---- refused before the work ----
check "a page that cannot be written is told before any picture is read" 5 "" 'nowhere/r.html' \
    train -o m.safetensors --report nowhere/r.html
holds "and nothing was computed or written" sh -c 'test ! -e m.safetensors && test ! -e cache'
check "of baseline, too" 5 "" 'nowhere/r.html' baseline --report nowhere/r.html
holds "before the features" test ! -e cache
check "a page in the model's place is refused" 2 "" "--report: 'm' is the file of -o, too" train -o m --report m
check "or in the checkpoint's" 2 "" "--report: 'c' is the file of --checkpoint, too" train --checkpoint c --report c
check "or in that of baseline's model" 2 "" "--report: 'm' is the file of -m, too" baseline -m m --report m

# ---- train ----
writes "train writes a page" train --epochs 6 --schedule cosine -o m.safetensors --report plain.html
holds "and says so" grep -qx 'wrote plain.html' printed
accuracy=$(awk '/^test accuracy/ { printf "%.1f", 100 * $3 }' printed)
best=$(awk '/^best epoch/ { print $3 + 0 }' printed)
page_holds "train" plain.html result curves classes confusion errors data recipe provenance
holds "the page tells the test accuracy that was printed" grep -qF "<p class=\"headline\">$accuracy % correct</p>" plain.html
holds "and whether it is better than guessing" grep -qE '^<p>This is (better than always guessing|not told from guessing: )' plain.html
holds "random weights: what that means" grep -qF 'its weights are random numbers (random:7)' plain.html
holds "a line at the largest class" sh -c "sed -n '/<strong>Accuracy on valid</,/<\/figure>/p' plain.html | grep -q '>always the largest class</text>'"
section() { sed -n "/<section id=\"$2\">/,/<\/section>/p" "$1"; }
"$ftrain" evaluate -m m.safetensors data -q --json --report test.html >test.json
holds "class by class, as evaluate has it" test "$(section plain.html classes | grep '^<tr><td')" = "$(section test.html classes | grep '^<tr><td')"
holds "the confusion, too" test "$(section plain.html confusion)" = "$(section test.html confusion)"
holds "and the wrong pictures with their maps" test "$(section plain.html errors | grep -v 'surest first')" = "$(section test.html errors | grep -v 'surest first')"
holds "of which there are some" grep -q '<details><summary>map of evidence' plain.html
holds "--maps 0 draws none" sh -c "
    '$ftrain' train data $small --hidden 16 --epochs 6 --schedule cosine -o m.safetensors --report bare.html --maps 0 &&
    grep -q '^<figure class=\"truth' bare.html && ! grep -q 'map of evidence' bare.html"
holds "marks the best epoch" grep -qF ">best epoch $best</text>" plain.html
holds "has a chart of loss, accuracy and learning rate" test "$(grep -c '<figure>' plain.html)" -eq 3
holds "a line of each of six epochs" test "$(sed -n '/<summary>All epochs/,/<\/details>/p' plain.html | grep -c '^<tr><td')" -eq 6
holds "the pictures of each class" grep -qF '<tr><td>dark</td><td class="n">4</td><td class="n">4</td><td class="n">4</td></tr>' plain.html
holds "the recipe" grep -qF '<tr><td>learning rate</td><td>0.002</td></tr>' plain.html
holds "the weights" grep -qF '<tr><td>weights</td><td>random:7</td></tr>' plain.html
train --epochs 6 --schedule cosine -o again.safetensors >/dev/null 2>&1
holds "a page makes no other model" cmp m.safetensors again.safetensors
holds "without a schedule there is no chart of it" sh -c "
    '$ftrain' train '$data' $small --hidden 16 --epochs 2 -o m.safetensors --report constant.html &&
    test \$(grep -c '<figure>' constant.html) -eq 2"
holds "--json prints JSON alone" sh -c "
    '$ftrain' train '$data' $small --hidden 16 --epochs 2 -o m.safetensors --report json.html --json | grep -v '^{' | wc -l | grep -qx 0"

# ---- sweep ----
writes "a sweep writes a page" train --epochs 3 --sweep 'lr=0.001/0.002/100 hidden=8/none' -o m.safetensors --report sweep.html
page_holds "sweep" sweep.html result curves sweep classes confusion errors data recipe provenance
holds "with a line of each run" test "$(sed -n '/<section id="sweep">/,/<\/section>/p' sweep.html | grep -c '^<tr><td')" -eq 6
holds "and the winner's epochs" test "$(sed -n '/<summary>All epochs/,/<\/details>/p' sweep.html | grep -c '^<tr><td')" -eq 3
first=$(sed -n 2p printed | awk '{ print $1 $2 $3 }')
holds "the first in the table is the first that was printed" test \
    "$(sed -n '/<section id="sweep">/,/<\/section>/p' sweep.html | grep -m1 '^<tr><td' | sed 's/<[^>]*>/ /g' | awk '{ print $1 $2 $3 }')" = "$first"

# ---- folds ----
writes "folds write a page" train --epochs 3 --folds 3 --report folds.html
page_holds "folds" folds.html folds data recipe provenance
pooled=$(sed -n 's/^all folds together: accuracy \([0-9.]*\) (.*interval \([0-9.]*\) to \([0-9.]*\))$/\1 \2 \3/p' printed)
percent() { awk -v n="$1" 'BEGIN { printf "%.1f", 100 * n }'; }
read -r accuracy low high <<<"$pooled"
holds "the accuracy of all folds together" grep -qF "<p class=\"headline\">$(percent "$accuracy") % correct</p>" folds.html
holds "and its interval, as printed" grep -qF "come out between $(percent "$low") % and $(percent "$high") % (Wilson" folds.html
"$ftrain" train data $small --hidden 16 --epochs 3 --folds 3 --json >folds.json 2>/dev/null
holds "--json has them, too" sh -c "tail -n 1 folds.json | python3 -c '
import json, sys
last = json.load(sys.stdin)
found = \"%.4f %.4f %.4f\" % (last[\"accuracy\"], last[\"accuracy_low\"], last[\"accuracy_high\"])
assert found == \"$pooled\", found
assert last[\"accuracy\"] == last[\"correct\"] / last[\"count\"]'"
holds "with all folds beside guessing" grep -qE '^<p>This is (better than always guessing|not told from guessing: )' folds.html
holds "and a line at the largest class" grep -qF '>always the largest class</text>' folds.html
holds "with the mean that was printed" grep -qF \
    "<tr><td>mean</td><td class=\"n\"></td><td class=\"n\"></td><td class=\"n\">$(awk '/^mean/ { print $2 }' printed)</td>" folds.html

# ---- interrupted, and taken up again ----
long="--epochs 250 --batch 2 --hidden 512,256"
# shellcheck disable=SC2086
"$ftrain" train "$data" $small $long -o long.safetensors --report long.html >long.txt 2>long.err &
for _ in $(seq 600); do
    grep -q '^    3 ' long.txt 2>/dev/null && break
    sleep 0.1
done
kill -INT $!
wait $!
holds "an interrupted training writes no page" test ! -e long.html
holds "but a checkpoint" test -e long.safetensors.checkpoint
reached=$(sed -n 's/.*interrupted after epoch \([0-9]*\) of 250.*/\1/p' long.err)
# shellcheck disable=SC2086
holds "--resume writes it" train $long -o long.safetensors --report long.html --resume
page_holds "resume" long.html result curves classes confusion errors data recipe provenance
holds "which says that its curves begin behind epoch $reached" \
    grep -qF "The curves begin with epoch $((reached + 1)): the training was resumed from a checkpoint" long.html
holds "and has all epochs from there" test "$(sed -n '/<summary>All epochs/,/<\/details>/p' long.html | grep -c '^<tr><td')" -eq $((250 - reached))

# ---- baseline ----
writes "baseline writes a page" baseline -m m.safetensors --report base.html
page_holds "baseline" base.html accuracy table rows data provenance
holds "with a bar for each row" test "$(grep -c '<rect' base.html)" -eq 11
holds "and a whisker for each but the two expectations" test "$(grep -c 'stroke-width="1.5"' base.html)" -eq 27
holds "in the table, too" grep -qF '<tr><td>the model *</td>' base.html
holds "and the others are compared with it in pairs" grep -qF 'p (pairs): how probably a row would differ so much, or more, from <em>the model</em>' base.html
holds "the model's bar is marked" sh -c "grep -A1 '<g font-weight=.bold.>' base.html | grep -q '>the model</text>'"
holds "and a line stands at the largest class" grep -qF '>always the largest class of test</text>' base.html
holds "every row is explained" test "$(grep -c '<dt>' base.html)" -eq 11
holds "the table has the accuracy that was printed" grep -qF "<tr><td>SVM on pixels</td><td>$(awk '/^SVM on pixels/ { print $4, $5 }' printed)</td><td class=\"n\">$(awk '/^SVM on pixels/ { print $6 }' printed)</td>" base.html
holds "dummies alone need no weights for it" "$ftrain" baseline "$data" --only dummy --report dummy.html
holds "and name none" sh -c "! grep -q '<td>backbone</td>' dummy.html"
page_holds "dummies" dummy.html accuracy table rows data provenance
holds "no temporary file is left" sh -c "! ls -A | grep -vE '^(data|cache|out|err|printed|long.txt|long.err|.*[.]html|.*[.]json|.*[.]safetensors)\$'"

[ "$failures" -eq 0 ]
