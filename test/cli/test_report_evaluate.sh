#!/usr/bin/env bash
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
sections() { sed -n 's/.*<section id="\([a-z]*\)">.*/\1/p' "$1" | paste -sd' '; }
pictures() { sed '1,/id="pictures"/d' "$1" | grep -o 'data:image/jpeg;base64' | wc -l; }

evaluate >plain
holds "--report writes a page" evaluate --report page.html
cp "$stdout" printed
same "and prints what is printed without" printed plain
equal "with its sections" "$(sections page.html)" \
    "result classes confusion ranking calibration pictures recipe provenance"
right=$(sed -n '1s/.*(\([0-9]*\) of 16.*/\1/p' plain)
least() { if [ "$1" -lt 6 ]; then echo "$1"; else echo 6; fi; }
equal "each picture beside its map: right, wrong, least sure" "$(pictures page.html)" \
    $((2 * ($(least "$right") + $(least $((16 - right))) + 6)))
in_bins() { # TITLE: the sum over the bars of that chart, of which a description says "0.53 to 0.60: 3."
    grep -A1 "<title[^>]*>$1</title>" page.html | grep -o 'to [01]\.[0-9]*: [0-9]*\.' |
        awk '{ sum += $3 } END { print sum }'
}
equal "the reliability diagram says how many pictures each bin holds" "$(in_bins 'Pictures in each bin')" 16
equal "at the fitted temperature, too" "$(in_bins 'Pictures in each bin, at the fitted temperature')" 16
check "perturbations have a section of their own" 0 "^grey" "" evaluate --perturb grey,blur:1 --report robust.html
holds "with the recall of every class" grep -q "Recall of bright" robust.html
equal "before the pictures" "$(sections robust.html)" \
    "result classes confusion ranking calibration robustness pictures recipe provenance"
holds "it tells whether the accuracy is better than guessing, here and at the threshold" test \
    "$(grep -c '^<p>This is \(better than always guessing the largest class (0.5000): p\|not told from guessing: \)' page.html)" -eq 2
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
for page in "page.html", "robust.html":
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
