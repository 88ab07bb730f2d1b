#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# docs/limits.md tells the limits that the code has: the number of each named constant, the range of each option, and words of
# the refusal that stand in the file.
#
#     test/house/check_limits.sh         from the repository root
source test/support/support.sh

compare() { # PAGE: prints every row that is not as the code says; fails where there is one, or too few rows
    python3 - "$1" <<'PYTHON'
import re, sys

def number(text):
    return int(text.replace(",", ""))

# The value of a constant's definition: numbers, casts, shifts and products.
def value(name, source):
    found = re.search(r"(?:#define\s+%s\s+|\b%s\s*=\s*)([^,;}\n]+)" % (name, name), source)
    if not found:
        return None
    text = re.sub(r"/\*.*|\((?:u?int\d*_t|size_t|uint64_t)\)", "", found[1])
    text = re.sub(r"(?<=[0-9])[uUlL]+\b", "", text)
    if not re.fullmatch(r"[0-9 ()*<+-]+", text):
        return None
    return eval(text)

def fails(cells):
    what, told, where = cells[0], cells[1], cells[2]
    at = re.fullmatch(r"`([^`]+)`, (\S+)", where)
    if not at:
        return "names no constant or option"
    name, path = at.groups()
    try:
        source = open(path).read()
    except OSError:
        return "names %s, which is not there" % path
    if name.startswith("--"):
        found = re.search(r'OPT_(?:INT|FLOAT)\("%s"(?:,[^,]+){3},\s*([0-9]+),\s*([0-9]+),' % name[2:], source)
        least, most = (number(n) for n in told.split(" to "))
        return None if found and (int(found[1]), int(found[2])) == (least, most) else "the code says %s" % (
            found and found[0])
    if value(name, source) != number(told):
        return "the code says %s" % value(name, source)
    joined = re.sub(r'"\s*\n\s*"', "", source)
    for part in re.split(r"\.\.\.", cells[3].strip("`")) if cells[3] != "-" else []:
        if part.strip() not in joined:
            return "%s does not say '%s'" % (path, part.strip())
    return None

rows, wrong = 0, 0
for line in open(sys.argv[1]):
    cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
    if not line.startswith("|") or cells[0] in ("what", "---"):
        continue
    rows += 1
    failure = fails(cells)
    if failure:
        wrong += 1
        print("%s: %s: %s" % (cells[0], cells[1], failure))
sys.exit(1 if wrong or rows < 50 else 0)
PYTHON
}

holds "docs/limits.md says what the code does" compare docs/limits.md

# Each kind of error is found.
finds() { # WHAT SED-SCRIPT PATTERN
    sed "$2" docs/limits.md >"$work/page.md"
    ! cmp -s "$work/page.md" docs/limits.md && ! compare "$work/page.md" >"$work/found" 2>&1 && grep -E "$3" "$work/found"
}
holds "another number is found" finds number 's/| 65,500 |/| 65,501 |/' 'side of a JPEG .*: the code says 65500'
holds "another range is found" finds range 's/| 0 to 1,024 |/| 0 to 1,023 |/' 'threads: .*: the code says'
holds "other words are found" finds words 's/a pickle of \.\.\. bytes/a pickled ... bytes/' "does not say 'a pickled'"
holds "a constant that is gone is found" finds gone 's/`MAX_RUNS`/`MOST_RUNS`/' 'combinations: .*: the code says None'

[ "$failures" -eq 0 ]
