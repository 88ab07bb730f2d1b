#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The page of ftrain evaluate --report.
#
#     test/cli/test_report_evaluate.sh        from the repository root; BUILD names the folder of the build
source test/support/support.sh

small="-w random:7 --arch densenet121 --resize 36 --crop 32 -q"
dataset "$work/data" 8 60 120
for split in train valid test; do mv "$work/data/$split/dark" "$work/data/$split/<b>&"; done
cd "$work" || exit 1
# shellcheck disable=SC2086 # options are words
"$ftrain" train data $small --hidden 8 --epochs 2 -o model.safetensors >/dev/null 2>&1

evaluate() { "$ftrain" evaluate -m model.safetensors data -q "$@"; }
sections() { sed -n 's/.*<section id="\([a-z]*\)">.*/\1/p' "$1" | paste -sd' ' -; }
pictures() { sed '1,/id="pictures"/d' "$1" | grep -o 'data:image/jpeg;base64' | wc -l; }

evaluate >plain
holds "--report writes a page" evaluate --report page.html
cp "$stdout" printed
same "and prints what is printed without" printed plain
equal "with its sections" "$(sections page.html)" \
    "result classes confusion ranking calibration errors pictures recipe provenance"
holds "random weights: what that means" grep -qF 'its weights are random numbers (random:7)' page.html
right=$(sed -n '1s/.*(\([0-9]*\) of 16.*/\1/p' plain)
wrong=$((16 - right))
least() { if [ "$1" -lt 6 ]; then echo "$1"; else echo 6; fi; }
in_bins() { # TITLE: the sum over the bars of that chart, of which a description says "0.53 to 0.60: 3."
    grep -A1 "<title[^>]*>$1</title>" page.html | grep -o 'to [01]\.[0-9]*: [0-9]*\.' |
        awk '{ sum += $3 } END { print sum }'
}
equal "the reliability diagram says how many pictures each bin holds" "$(in_bins 'Pictures in each bin')" 16
equal "at the fitted temperature, too" "$(in_bins 'Pictures in each bin, at the fitted temperature')" 16
equal "the surest right ones and the least sure beside their maps" "$(pictures page.html)" $((2 * ($(least "$right") + 6)))
errors() { sed -n '/<section id="errors">/,/<\/section>/p' "$1"; }
holds "there are wrong ones to look at" test "$wrong" -ge 2
equal "all wrong ones are there" "$(errors page.html | grep -c '^<figure class="truth-[01] predicted-[01]">')" "$wrong"
equal "each with a map to open" "$(errors page.html | grep -c '<details><summary>map of evidence</summary><img')" "$wrong"
equal "the surest first" "$(errors page.html | grep '^<figure' | sed 's/.*<figcaption>[^ ]* \([0-9.]*\),.*/\1/' | sort -rn)" \
    "$(errors page.html | grep '^<figure' | sed 's/.*<figcaption>[^ ]* \([0-9.]*\),.*/\1/')"
"$ftrain" evaluate -m model.safetensors data -q --predictions all.csv >/dev/null
equal "those of --predictions, by their paths in the set" \
    "$(errors page.html | sed -n 's/.*<br>\(test[^<]*\)<.*/\1/p' | sed 's/&lt;/</;s/&gt;/>/;s/&amp;/\&/' | sort)" \
    "$(awk -F, 'NR > 1 && $2 != $3 { sub("^data/", "", $1); print $1 }' all.csv | sort)"
check "--maps draws so many" 0 "^accuracy" "" evaluate --report few.html --maps 1
equal "and says of how many there is none" "$(errors few.html | grep -c '<details>') $(errors few.html | grep -c "^<p class=\"dim\">$((wrong - 1)) of them")" "1 1"
check "--maps 0 draws none at all" 0 "^accuracy" "" evaluate --report none.html --maps 0
equal "of no picture" "$(grep -c 'its map of evidence' none.html)" 0
equal "but shows them" "$(errors none.html | grep -c '^<figure')" "$wrong"
check "perturbations have a section of their own" 0 "^grey" "" evaluate --perturb grey,blur:1 --report robust.html
holds "with the recall of every class" grep -q "Recall of bright" robust.html
equal "before the pictures" "$(sections robust.html)" \
    "result classes confusion ranking calibration robustness errors pictures recipe provenance"
holds "it tells whether the accuracy is better than guessing, here and at the threshold" test \
    "$(grep -c '^<p>This is \(better than always guessing the largest class (0.5000): p\|not told from guessing: \)' page.html)" -eq 2
holds "and the accuracy beside a line at the largest class" sh -c \
    "sed -n '/<strong>Accuracy</,/<\/figure>/p' robust.html | grep -q '>always the largest class</text>'"

# ---- more classes: filters, and a curve each ----
for split in train valid test; do
    for ((c = 1; c <= 12; c++)); do
        mkdir -p "many/$split/c$c"
        for i in 1 2 3; do picture "many/$split/c$c/$i.ppm" $((1000 * c + i)) $((15 * c)); done
    done
    mkdir -p "three/$split"
    cp -r "many/$split/c1" "many/$split/c2" "many/$split/c12" "three/$split"
done
# shellcheck disable=SC2086
for set in three many; do
    "$ftrain" train $set $small --hidden none --epochs 1 -o $set.safetensors >/dev/null 2>&1
    "$ftrain" evaluate -m $set.safetensors $set -q --report $set.html >$set.txt
done
ranking() { sed -n '/<section id="ranking">/,/<\/section>/p' "$1"; }
legend() { ranking "$1" | sed -n 's/.*<\/svg> \(.*\)<\/span>/\1/p'; }
equal "three classes have a curve each" "$(legend three.html | sed 's/, .*//' | paste -sd' ' -)" "c1 c12 c2 c1 c12 c2"
area=$("$ftrain" evaluate -m three.safetensors three -q --json | python3 -c '
import json, sys
print(" ".join("%.3f" % c["roc_auc"] for c in json.load(sys.stdin)["classes"]))' 2>/dev/null)
[ -z "$area" ] || equal "with the area that is printed" "$(legend three.html | sed -n 's/.*, area //p' | paste -sd' ' -)" "$area"
equal "of twelve there are the mean and the five worst" "$(legend many.html | grep -c ', area ')" 6
holds "the mean first" sh -c "grep -m1 ', area ' many.html | grep -q 'mean over all classes, area'"
holds "and the page says so" grep -qF 'Of the 12 classes these are the 5 with the smallest area' many.html
wrong=$(errors many.html | grep -c '^<figure')
equal "the errors are filtered by the true class" \
    "$(errors many.html | sed -n 's/^<input type="radio" name="truth".*for="truth-[0-9].* \([0-9]*\)<\/label>/\1/p' | awk "{ n += \$1 } END { print n }")" "$wrong"
equal "and by the predicted one" \
    "$(errors many.html | sed -n 's/^<input type="radio" name="predicted".*for="predicted-[0-9].* \([0-9]*\)<\/label>/\1/p' | awk "{ n += \$1 } END { print n }")" "$wrong"
for id in $(errors many.html | grep -o 'id="\(truth\|predicted\)-[0-9]*"' | cut -d'"' -f2); do
    grep -qF "#$id:checked~.pictures>:not(.$id){display:none}" many.html || echo "$id"
done >without
equal "each by a rule of style" "$(cat without)" ""

holds "a class's name is escaped" grep -q '&lt;b&gt;&amp;' page.html
holds "everywhere" sh -c '! grep -q "<b>&" page.html'
holds "nothing comes from elsewhere" sh -c '! grep -qE "(src|href)=\"?https?:|<script|<link|@import" page.html'
holds "the model's provenance is there" grep -q "random:7" page.html
if command -v python3 >/dev/null; then
    check "every tag is closed" 0 "^closed$" "" python3 -c '
from html.parser import HTMLParser
import sys
VOID = {"meta", "br", "img", "hr", "link", "input"}
class P(HTMLParser):
    stack = []
    def handle_starttag(self, tag, attrs):
        if tag not in VOID: self.stack.append(tag)
    def handle_startendtag(self, tag, attrs):
        pass
    def handle_endtag(self, tag):
        assert self.stack.pop() == tag, tag
p = P()
for page in "page.html", "robust.html", "three.html", "many.html":
    p.feed(open(page).read())
    assert not p.stack, p.stack
print("closed")'
else
    ok "every tag is closed # SKIP no python3"
fi
check "train's split, without calibration" 0 "^accuracy" "" \
    evaluate --split train --calibrate-on none --report train.html
check "a page that cannot be written is told before the work" 5 "" "no/such/page\.html" \
    "$ftrain" evaluate -m model.safetensors nowhere -q --report no/such/page.html

[ "$failures" -eq 0 ]
