# SPDX-License-Identifier: MIT
"""Runs two bench programs in turns and tells what the one takes of the other's time.

    compare.py [--pairs N] [--names BASE,NOW] BASE NOW [bench's options and parts ...]

BASE and NOW are programs (bench/bench.c), of two commits as a rule; bench/history/compare.sh builds them. Each pair
runs both, one right after the other, BASE first in every second pair, so that whatever else the machine does falls on
both alike. Of each figure it prints the medians over all pairs and the median of the pairs' ratios, with the interval
that holds the true median with 95 % confidence, by the ranks of the ratios, whatever their distribution is. A figure is
called better or worse only where that interval leaves out 1; one in twenty does so by chance.

A part that BASE does not have is left out and named. An option that it does not have is left out where it only says
which figures there are; where it changes what is measured, nothing is compared.
"""
import argparse
import json
import math
import os
import re
import statistics
import subprocess
import sys
import tempfile

import results

CONFIDENCE = 0.95
# Options that say how much is measured. Any other one changes what a figure is of.
CHOOSING = ("--parts", "--network", "--kernel", "--threads", "--quick")


# ---- what a program can be asked for ----

class Program:
    """A bench program, with the options and parts that its help lists."""

    def __init__(self, path, name):
        self.path, self.name = path, name
        text = self.run(["--help"]).stdout
        self.options = {option: bool(value) for option, value in
                        re.findall(r"^  (--[a-z-]+)(?: ([A-Z]+))?", text, re.M)}
        self.parts = [part for part in re.findall(r"^  ([a-z]+)  ", text, re.M) if part != "prepare"]
        if "--json" not in self.options or not self.parts:
            sys.exit(f"bench-compare: {path} is no bench program that writes JSON")

    def run(self, arguments):
        try:
            return subprocess.run([self.path, *arguments], capture_output=True, text=True)
        except OSError as problem:
            sys.exit(f"bench-compare: {self.path}: {problem.strerror}")

    def option(self, text):
        """The option that a word of the command line means, which may be shortened as far as it is the only one."""
        found = [option for option in self.options if option.startswith(text)]
        return text if text in found else found[0] if len(found) == 1 else None


def split_arguments(program, arguments):
    """([(option, [words])], [part]) of a command line that the program understands."""
    options, parts, words = [], [], list(arguments)
    while words:
        word = words.pop(0)
        if not word.startswith("--"):
            if word not in program.parts:
                sys.exit(f"bench-compare: no such part: {word}")
            parts.append(word)
            continue
        option = program.option(word.split("=")[0])
        if option is None or option == "--json":
            sys.exit(f"bench-compare: {word.split('=')[0]} is no option for it")
        if program.options[option] and "=" not in word:
            if not words:
                sys.exit(f"bench-compare: {option} needs a value")
            options.append((option, [option, words.pop(0)]))
        else:
            options.append((option, [word]))
    return options, parts or program.parts


def arguments_for(base, options, parts):
    """What the base is asked for: all that it knows of what the other one is asked for."""
    words = []
    for option, given in options:
        if option in base.options:
            words += given
        elif option in CHOOSING:
            print(f"{base.name} has no {option}: it runs without")
        else:
            sys.exit(f"bench-compare: {base.name} has no {option}, and without that it measures something else")
    known = [part for part in parts if part in base.parts]
    for part in parts:
        if part not in known:
            print(f"{base.name} has no part {part}: it is left out")
    if not known:
        sys.exit(f"bench-compare: {base.name} has none of the parts {', '.join(parts)}")
    return words, known


# ---- runs ----

def measure(program, arguments, folder):
    path = os.path.join(folder, "bench.json")
    if os.path.exists(path):
        os.unlink(path)
    run = program.run(["--json", path, *arguments])
    if run.returncode != 0:
        sys.exit(f"bench-compare: {program.name} ended with status {run.returncode}: {run.stderr.strip()}")
    try:
        with open(path) as file:
            return json.load(file)
    except (OSError, ValueError) as problem:
        sys.exit(f"bench-compare: what {program.name} wrote cannot be read: {problem}")


def take_turns(programs, arguments, pairs):
    """A list of pairs of reports. The order within a pair changes from one pair to the next."""
    reports = []
    with tempfile.TemporaryDirectory() as folder:
        for pair in range(pairs):
            order = (0, 1) if pair % 2 == 0 else (1, 0)
            found = {which: measure(programs[which], arguments[which], folder) for which in order}
            reports.append((found[0], found[1]))
            print(f"bench-compare: pair {pair + 1} of {pairs}", file=sys.stderr)
    return reports


def check_settings(programs, reports):
    base, now = (results.setting(report) for report in reports)
    for key, value in base.items():
        if now[key] != value:
            sys.exit(f"bench-compare: {programs[0].name} measured {key} {value}, {programs[1].name} {now[key]}: "
                     "these figures are not of the same thing")


# ---- the table ----

def rank(count):
    """The largest k for which the k-th value from below and the k-th from above hold the median with CONFIDENCE; 0:
    there are too few values."""
    k, outside = 0, 0.0
    while k < count:
        outside += 2 * math.comb(count, k) / 2 ** count
        if outside > 1 - CONFIDENCE:
            break
        k += 1
    return k


def interval(values):
    """(low, high, whether it is one of CONFIDENCE): of too few values, all of them."""
    ordered = sorted(values)
    k = rank(len(ordered))
    return (ordered[k - 1], ordered[-k], True) if k else (ordered[0], ordered[-1], False)


def verdict(figure, low, high, firm):
    if not firm or low <= 1 <= high:
        return ""
    return "better" if (low > 1) == results.grows_better(figure) else "worse"


def rows(reports):
    """[(figure, median of the base, median now, ratio, low, high, verdict)] of what both have in all pairs."""
    pairs = [tuple({results.identity(f): f for f in results.bench_figures(report)} for report in pair)
             for pair in reports]
    found = []
    for key, figure in pairs[0][1].items():
        if not all(key in base and key in now for base, now in pairs):
            continue
        base, now = ([pair[which][key]["median"] for pair in pairs] for which in (0, 1))
        if min(base) <= 0:
            continue
        ratios = [b / a for a, b in zip(base, now)]
        low, high, firm = interval(ratios)
        found.append((figure, statistics.median(base), statistics.median(now), statistics.median(ratios), low, high,
                      verdict(figure, low, high, firm)))
    return found


def print_table(table, names, pairs):
    width = max(len(results.label(row[0])) for row in table)
    base, now = (name[:16] for name in names)
    print(f"\n{'':<{width}}  {base:>16}  {now:>16}  {'':<7}  {'ratio':>6}  {'interval':>15}")
    for figure, before, after, ratio, low, high, said in table:
        spread = f"{low:.3f} - {high:.3f}"
        line = (f"{results.label(figure):<{width}}  {before:>16.3f}  {after:>16.3f}  {figure['unit']:<7}  "
                f"{ratio:>6.3f}  {spread:>15}  {said}")
        print(line.rstrip())
    if rank(pairs):
        print(f"\nratio: {now} to {base}, the median of {pairs} pairs, and its 95 % interval; \"better\" and \"worse\" "
              "where that leaves out 1")
    else:
        print(f"\nratio: {now} to {base}, the median of {pairs} pair{'s' if pairs > 1 else ''}, and the least and the "
              "largest; fewer than 6 pairs tell no change from noise")


# ---- the program ----

def read_command_line():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=9)
    parser.add_argument("--names", default="base,now", help="what the two are called in the table")
    parser.add_argument("base", help="a bench program")
    parser.add_argument("now", help="another one")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="what both are asked for")
    given = parser.parse_args()
    if given.pairs < 1:
        parser.error(f"--pairs: at least 1, not {given.pairs}")
    if given.names.count(",") != 1:
        parser.error(f"--names: two names with a comma between them, not {given.names}")
    return given


def main():
    given = read_command_line()
    names = given.names.split(",")
    programs = [Program(given.base, names[0]), Program(given.now, names[1])]
    options, parts = split_arguments(programs[1], given.arguments)
    words, known = arguments_for(programs[0], options, parts)
    arguments = [[*words, *known], [word for _, given_words in options for word in given_words] + known]
    reports = take_turns(programs, arguments, given.pairs)
    check_settings(programs, reports[0])
    setting = results.setting(reports[0][1])
    print(f"{setting['cpu']}, {os.cpu_count()} cores; kernels {setting['tier']}, {setting['precision']}, memory "
          f"{setting['memory']}; bench {' '.join(arguments[1])}")
    table = rows(reports)
    if not table:
        sys.exit(f"bench-compare: {names[0]} and {names[1]} have no figure in common")
    print_table(table, names, given.pairs)


try:
    main()
except KeyboardInterrupt:
    sys.exit(130)
