# SPDX-License-Identifier: MIT
"""Keeps the figures of bench runs in a file, a line a run, and draws them.

    history.py check FILE                     can a line be appended there?
    history.py append FILE bench JSON         appends what `bench --json` wrote
    history.py append FILE bench-peers JSON   appends what bench/peers/compare.py wrote
    history.py draw FILE [--last N] [--part NAME] [--only TEXT]

The file is JSON Lines, a run each: `time` (UTC), `commit`, with a + where the tree had changes, `program`, `version`,
`cpu`, `cores`, `tier`, `precision`, `memory`, `compiler`, `figures` (bench/history/results.py), and for peers
`left_out`: those that could not be run, and why. Figures of several CPUs, tiers, precisions or uses of memory are drawn
apart, for they cannot be compared. The file lies outside the tree: there it would make every commit a changed one, or
go with `make clean`.
"""
import argparse
import datetime
import fcntl
import json
import os
import subprocess
import sys

import results

DRAWN = ("networks", "peers")  # the parts that are drawn where none is named
PLOT = 44  # columns


def refuse(message, code=1):
    print(f"bench-history: {message}", file=sys.stderr)
    sys.exit(code)


# ---- the file ----

def git(*words):
    """What git says, without the newline at its end; None where there is no git or no repository."""
    try:
        run = subprocess.run(["git", *words], capture_output=True, text=True)
    except OSError:
        return None
    return run.stdout.strip() if run.returncode == 0 else None


def commit():
    name = git("rev-parse", "--short=12", "HEAD")
    if name is None:
        return "unknown"
    return name + ("+" if git("status", "--porcelain") != "" else "")


def check(path):
    tree = os.path.realpath(git("rev-parse", "--show-toplevel") or os.getcwd())
    if os.path.commonpath([tree, os.path.realpath(path)]) == tree:
        refuse(f"BENCH_HISTORY: {path} lies inside the tree, {tree}; name a file outside of it", 2)
    try:
        with open(path, "ab"):
            pass
    except OSError as problem:
        refuse(f"BENCH_HISTORY: {path}: {problem.strerror}", 5)


def append(path, line):
    """One line, behind whole lines alone: one that a full disk cut short stays a line of its own, and what this one
    wrote of itself is taken back where it does not get in whole. Others who append wait meanwhile."""
    data = (json.dumps(line) + "\n").encode()
    try:
        with open(path, "ab+", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            size = file.seek(0, os.SEEK_END)
            if size:
                file.seek(size - 1)
                if file.read(1) != b"\n":
                    data = b"\n" + data
            try:
                write_all(file, data)
                os.fsync(file.fileno())
            except OSError:
                file.truncate(size)
                raise
    except OSError as problem:
        refuse(f"{path}: {problem.strerror}", 5)


def write_all(file, data):
    while data:
        data = data[file.write(data):]


def is_run(run):
    return (isinstance(run, dict) and isinstance(run.get("time"), str) and isinstance(run.get("figures"), list) and
            all(isinstance(figure, dict) and isinstance(figure.get("part"), str) and
                isinstance(figure.get("unit"), str) and
                all(isinstance(figure.get(key, 0), (int, float)) for key in results.MEASURED) and "median" in figure
                for figure in run["figures"]))


def read_runs(path):
    """All runs; lines that are none are named."""
    runs = []
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            for number, line in enumerate(file, 1):
                if not line.strip():
                    continue
                try:
                    run = json.loads(line)
                except ValueError:
                    run = None
                if is_run(run):
                    runs.append(run)
                else:
                    print(f"bench-history: {path}:{number}: it is no run, and left out", file=sys.stderr)
    except OSError as problem:
        refuse(f"{path}: {problem.strerror}", 3)
    return runs


# ---- a run ----

def read_report(path):
    try:
        with open(path) as file:
            return json.load(file)
    except OSError as problem:
        refuse(f"{path}: {problem.strerror}", 3)
    except ValueError as problem:
        refuse(f"{path}: {problem}", 3)


def run_of(program, report):
    """The line of a run, or None of one that was only to show that everything runs."""
    setting = report.get("setting", {})
    if setting.get("quick"):
        return None
    line = {"time": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"), "commit": commit(),
            "program": program, "version": setting.get("version"), **results.setting(report),
            "cores": setting.get("cores"), "compiler": setting.get("compiler")}
    if program == "bench":
        return {**line, "figures": results.bench_figures(report)}
    return {**line, "left_out": report.get("left_out", {}), "figures": results.peer_figures(report)}


def record(path, program, json_path):
    line = run_of(program, read_report(json_path))
    if line is None:
        print("bench-history: a run with --quick is no measurement: nothing is appended")
    elif not line["figures"]:
        print("bench-history: this run has no figures to compare: nothing is appended")
    else:
        append(path, line)
        print(f"bench-history: {len(line['figures'])} figures of {line['commit']} appended to {path}")


# ---- drawing ----

def group_of(run):
    return tuple(str(run.get(key, "unknown")) for key in ("cpu", "tier", "precision", "memory"))


def series(runs, wanted):
    """{group: {figure's identity: [(run, figure)]}}, in the order of their first appearance."""
    found = {}
    for run in runs:
        for figure in run["figures"]:
            if wanted(figure):
                kinds = found.setdefault(group_of(run), {})
                kinds.setdefault(results.identity(figure), []).append((run, figure))
    return found


def spread(figure):
    return figure.get("q1", figure["median"]), figure["median"], figure.get("q3", figure["median"])


def plot(figure, low, high):
    """A line of text from `low` to `high`: the quartiles as a bar, the median as an o in it."""
    def column(value):
        return round((value - low) / (high - low) * (PLOT - 1)) if high > low else PLOT // 2
    first, middle, last = (column(value) for value in spread(figure))
    cells = [" "] * PLOT
    cells[first:last + 1] = "-" * (last + 1 - first)
    cells[middle] = "o"
    return "".join(cells)


def draw_series(points):
    figure = points[0][1]
    better = "more is better" if results.grows_better(figure) else "less is better"
    unit = "share of the other's time" if figure["unit"] == "ratio" else figure["unit"]
    low = min(spread(f)[0] for _, f in points)
    high = max(spread(f)[2] for _, f in points)
    print(f"\n  {results.label(figure)}, {unit}; {better}")
    print(f"  {'':<33} {'':>9}  {low:<{PLOT // 2}.4g}{high:>{PLOT // 2}.4g}")
    for run, of_run in points:
        print(f"  {run['time'][:16].replace('T', ' ')} {run.get('commit', 'unknown'):<16} "
              f"{of_run['median']:>9.4g} |{plot(of_run, low, high)}|")


def draw(path, last, part, only):
    def wanted(figure):
        return ((figure["part"] == part if part else figure["part"] in DRAWN) and
                (not only or only in results.label(figure)))

    runs = sorted(read_runs(path), key=lambda run: run["time"])
    found = series(runs, wanted)
    if not found:
        parts = sorted({figure["part"] for run in runs for figure in run["figures"]})
        refuse(f"{path}: none of its {len(runs)} runs has such figures; there are {', '.join(parts) or 'none'}", 3)
    for number, (group, kinds) in enumerate(found.items()):
        cpu, tier, precision, memory = group
        print(f"{chr(10) if number else ''}{cpu}; kernels {tier}, {precision}, memory {memory}")
        for points in kinds.values():
            draw_series(points[-last:])


# ---- the program ----

def read_command_line():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("check").add_argument("file")
    appending = commands.add_parser("append")
    appending.add_argument("file")
    appending.add_argument("program", choices=("bench", "bench-peers"))
    appending.add_argument("json")
    drawing = commands.add_parser("draw")
    drawing.add_argument("file")
    drawing.add_argument("--last", type=int, default=20, metavar="N", help="so many runs of each (default: 20)")
    drawing.add_argument("--part", help="figures of that part of the bench (default: networks and peers)")
    drawing.add_argument("--only", metavar="TEXT", help="figures with TEXT in their name")
    given = parser.parse_args()
    if given.command == "draw" and given.last < 1:
        parser.error(f"--last: at least 1, not {given.last}")
    return given


def main():
    given = read_command_line()
    if given.command == "check":
        check(given.file)
    elif given.command == "append":
        record(given.file, given.program, given.json)
    else:
        draw(given.file, given.last, given.part, given.only)


main()
