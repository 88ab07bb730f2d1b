#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Lines and branches that the tests have run, a room a row, from the counts of a build with COVERAGE=1.

    test/house/coverage.py BUILD            from the repository root; `make coverage` does it after the tests

BUILD/coverage.info gets all counts, in lcov's format, which genhtml makes pages of. A line that no test has run, in a file
that reads other people's bytes, has to be explained in test/house/uncovered.txt; one that is not is named, and the status
is 1.
"""
import collections
import concurrent.futures
import fnmatch
import glob
import json
import os
import re
import subprocess
import sys

EXPLANATIONS = "test/house/uncovered.txt"
# The files whose lines are all run or explained: what comes from elsewhere is read there.
EXPLAINED = ["io/*.c", "weights/*.c", "head/classifier/load.c", "head/classifier/*_file.c", "head/trainer_file.c",
             "head/conformal.c"]
TIERS = ["avx512vnni", "avx512bf16", "avx512", "avxvnni", "avx2", "neondot", "neon", "portable"]


class Line:
    def __init__(self):
        self.count = 0
        self.branches = []


def read_counts(objects):
    """What gcov says of some objects: {object: {source: [(line, count, branch counts)]}}"""
    run = subprocess.run(["gcov", "--json-format", "--branch-probabilities", "--stdout", *objects], capture_output=True)
    if run.returncode:
        sys.exit(f"gcov ended with status {run.returncode}: {run.stderr.decode()[-1000:]}")
    found = {}
    # One document a line, in the order of the objects; data_file is the object's.
    for name, text in zip(objects, run.stdout.decode().splitlines()):
        found[name] = {
            os.path.normpath(file["file"]): [(line["line_number"], line["count"], [b["count"] for b in line["branches"]])
                                             for line in file["lines"]]
            for file in json.loads(text)["files"]}
    return found


def read_all(build):
    notes = sorted(note for note in glob.glob(f"{build}/**/*.gcno", recursive=True)
                   if not note.startswith((f"{build}/test/", f"{build}/docs/", f"{build}/bench/", f"{build}/onnx/")))
    if not notes:
        sys.exit(f"{build}: there is no object with counts; `make coverage` makes them")
    parts = [notes[i:i + 20] for i in range(0, len(notes), 20)]
    found = {}
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for part in pool.map(read_counts, parts):
            found.update(part)
    return found


def add_up(objects):
    """The counts of each source over all objects that it is a part of: {source: {number: Line}}"""
    sources = collections.defaultdict(lambda: collections.defaultdict(Line))
    for files in objects.values():
        for source, lines in files.items():
            if source.startswith("/") or not os.path.exists(source):  # the system's, or made by a tool
                continue
            own = collections.defaultdict(lambda: [0, []])  # a line is named once for each function that has a part of it
            for number, count, branches in lines:
                own[number][0] += count
                own[number][1] += branches
            for number, (count, branches) in own.items():
                line = sources[source][number]
                line.count += count
                # Of a header's or a kernel's body each object has branches of its own where its compiler saw others.
                if len(line.branches) == len(branches):
                    line.branches = [a + b for a, b in zip(line.branches, branches)]
                elif not line.branches or sum(map(bool, branches)) > sum(map(bool, line.branches)):
                    line.branches = branches
    return sources


def write_info(path, sources):
    with open(path, "w") as out:
        for source, lines in sorted(sources.items()):
            out.write(f"SF:{source}\n")
            for number, line in sorted(lines.items()):
                for place, count in enumerate(line.branches):
                    out.write(f"BRDA:{number},0,{place},{count if line.count else '-'}\n")
                out.write(f"DA:{number},{line.count}\n")
            out.write("end_of_record\n")


def share(part, whole):
    return f"{part:6} of {whole:6} {100 * part / whole:5.1f} %" if whole else f"{'-':>24}"


def print_rooms(sources):
    rooms = collections.defaultdict(lambda: [0, 0, 0, 0])
    for source, lines in sources.items():
        for room in (os.path.dirname(source), "all"):
            row = rooms[room]
            row[0] += sum(line.count > 0 for line in lines.values())
            row[1] += len(lines)
            row[2] += sum(count > 0 for line in lines.values() for count in line.branches)
            row[3] += sum(len(line.branches) for line in lines.values())
    print(f"{'room':24} {'lines':>24}   {'branches':>24}")
    for room in sorted(rooms, key=lambda name: (name == "all", name)):
        row = rooms[room]
        print(f"{room:24} {share(row[0], row[1])}   {share(row[2], row[3])}")


def print_tiers(objects):
    """Kernels share their bodies, so that lines alone do not tell for which instructions they ran."""
    ran, all_of = collections.Counter(), collections.Counter()
    for name, files in objects.items():
        tier = next((t for t in TIERS if name.endswith(f"_{t}.gcno")), None)
        if tier is None or "/layers/" not in name:
            continue
        all_of[tier] += 1
        ran[tier] += any(count for lines in files.values() for _, count, _ in lines)
    print("kernels that ran: " + ", ".join(f"{tier} {ran[tier]} of {all_of[tier]}" for tier in TIERS if all_of[tier]))


def read_explanations():
    """[(pattern of files, expression for lines, reason)]"""
    rows = []
    with open(EXPLANATIONS) as file:
        for number, text in enumerate(file, 1):
            text = text.rstrip("\n")
            if not text or text.startswith("#"):
                continue
            parts = text.split("\t")
            if len(parts) != 3 or not all(parts):
                sys.exit(f"{EXPLANATIONS}:{number}: is not FILE, LINE and REASON with a tab between them")
            rows.append((parts[0], re.compile(parts[1]), parts[2]))
    return rows


def check_explained(sources):
    explanations = read_explanations()
    unexplained, explained, used = [], 0, set()
    for source, lines in sorted(sources.items()):
        if not any(fnmatch.fnmatchcase(source, pattern) for pattern in EXPLAINED):
            continue
        text = open(source).read().split("\n")
        for number, line in sorted(lines.items()):
            if line.count:
                continue
            which = [i for i, (files, expression, _) in enumerate(explanations)
                     if fnmatch.fnmatchcase(source, files) and expression.search(text[number - 1])]
            used.update(which)
            if which:
                explained += 1
            else:
                unexplained.append(f"{source}:{number}: {text[number - 1].strip()}")
    # A line that ran this time need not the next time, but one that is no longer there needs no reason.
    stale = [f"{files}\t{expression.pattern}" for i, (files, expression, _) in enumerate(explanations) if i not in used and
             not any(expression.search(line) for name in sources if fnmatch.fnmatchcase(name, files)
                     for line in open(name).read().split("\n"))]
    gone = [pattern for pattern in EXPLAINED if not fnmatch.filter(sources, pattern)]
    print(f"readers of other people's bytes: {len(unexplained) + explained} lines did not run, {explained} of them explained in "
          f"{EXPLANATIONS}")
    for name in unexplained:
        print(f"not run and not explained: {name}")
    for name in stale:
        print(f"{EXPLANATIONS}: explains no line of any file: {name}")
    for pattern in gone:
        print(f"test/house/coverage.py: there is no file {pattern} with counts")
    return not unexplained and not stale and not gone


def main():
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} BUILD")
    build = sys.argv[1]
    objects = read_all(build)
    sources = add_up(objects)
    write_info(f"{build}/coverage.info", sources)
    print_rooms(sources)
    print_tiers(objects)
    sys.exit(not check_explained(sources))


if __name__ == "__main__":
    main()
