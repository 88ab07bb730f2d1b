# SPDX-License-Identifier: MIT
"""ftrain predict on many files: a row each, in their order, what it takes at the same height from begin to end.

    test/soak/files.py FTRAIN MODEL FOLDER [--count N] [--seed N]      from the repository root

Twice N files (200,000) in folders of 1000: first all good, then one in a hundred that cannot be used, in one of many ways.
The files are hard links of few, of all formats, so that they take no room. Status 1 where a row, a message, the exit
status, memory or descriptors are not as they should be (verdict.py)."""
import argparse
import itertools
import json
import os
import subprocess
import sys
import time

import gallery
import verdict
import watch

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from server import is_near  # noqa: E402

FOLDER = 1000  # files of one
EACH_BROKEN = 100  # one in so many
LARGEST = 10000  # bytes of a good file: many are wanted, not large ones
MOST_WRONG = 20  # that are told


def no_file_of_a_picture(folder):
    """Paths under which there is none that can be read: (path, what predict says of it)."""
    dangling, loop, pipe, empty = (os.path.join(folder, name) for name in ("dangling", "loop", "pipe", "empty"))
    os.symlink("nowhere", dangling)
    os.symlink(os.path.abspath(loop), loop)  # its links elsewhere lead back here
    os.mkfifo(pipe)
    open(empty, "w").close()
    return [(dangling, "cannot be opened: No such file or directory"), (loop, "cannot be opened: Too many levels of symbolic links"),
            (pipe, "is not a regular file"), (empty, "the file is empty")]


def make(folder, count, good, broken):
    """[expected row] by number of the file."""
    expected = []
    good, broken = itertools.cycle(good), itertools.cycle(broken or good)
    for i in range(count):
        inside = os.path.join(folder, f"{i // FOLDER:06d}")
        if i % FOLDER == 0:
            os.makedirs(inside)
        source, row = next(broken) if i % EACH_BROKEN == EACH_BROKEN // 2 else next(good)
        path = os.path.join(inside, f"{i % FOLDER:03d}")
        os.link(source, path, follow_symlinks=False)
        expected.append((path, row))
    return expected


def wrong_rows(lines, expected):
    """Sentences about rows that are not as expected."""
    wrong, count = [], 0
    for line, (path, row) in itertools.zip_longest(lines, expected, fillvalue=(None, None)):
        count += line != (None, None)
        found = json.loads(line) if isinstance(line, str) else {}
        is_right = found.get("path") == path and (
            is_near(found.get("probabilities", {}), row["probabilities"]) if row and "probabilities" in row
            else row and found.get("error", {}).get("message") == row["error"]["message"])
        if not is_right and len(wrong) < MOST_WRONG:
            wrong.append(f"{path}: {found}, not {row}")
    if count != len(expected):
        wrong.append(f"{count} rows for {len(expected)} files")
    return wrong


def wrong_messages(told, expected):
    skipped = [line for line in told if line.startswith("ftrain: skipped: ")]
    wanted = [f"ftrain: skipped: {path}: {row['error']['message']}" for path, row in expected if "error" in row]
    return [f"'{found}', not '{line}'" for found, line in itertools.zip_longest(skipped, wanted) if found != line][:MOST_WRONG]


def soak(what, ftrain, model, folder, expected):
    """What was wrong with one run; a line tells what it took."""
    begin = time.monotonic()
    with open(os.path.join(folder, "..", "told"), "w+") as errors:
        with subprocess.Popen([ftrain, "predict", "-m", model, "--json", folder], stdout=subprocess.PIPE, stderr=errors,
                              text=True) as process, watch.Watch(process.pid) as watched:
            wrong = wrong_rows(process.stdout, expected)
        seconds = time.monotonic() - begin
        errors.seek(0)
        wrong += wrong_messages(errors.read().splitlines(), expected)
    code = int(any("error" in row for _, row in expected))
    if process.returncode != code:
        wrong.append(f"predict ended with {process.returncode}, not {code}")
    samples = watched.samples
    if seconds >= verdict.SHORTEST:
        wrong += verdict.memory(samples, begin, seconds) + verdict.descriptors(samples, begin, seconds)
    if samples:
        print(f"{what}: {len(expected)} files in {seconds:.0f} s; at most {max(sample.rss for sample in samples) / 1024:.1f} MB, "
              f"{verdict.rise(verdict.half(samples, begin, seconds)):+.0f} KB a minute over the second half; at most "
              f"{max(sample.descriptors for sample in samples)} descriptors"
              f"{'' if seconds >= verdict.SHORTEST else '; too short a run to judge by them'}", flush=True)
    return [f"{what}: {sentence}" for sentence in wrong]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("ftrain")
    parser.add_argument("model")
    parser.add_argument("folder")
    parser.add_argument("--count", type=int, default=200000)
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    sources = os.path.join(wanted.folder, "gallery")
    pictures = [(path, row) for path, _, row in gallery.judged(wanted.ftrain, wanted.model, sources, wanted.seed)]
    good = [(path, row) for path, row in pictures if "probabilities" in row and os.path.getsize(path) <= LARGEST]
    # the few that are no files come first, so that a short run has them
    broken = [(path, {"error": {"message": why}}) for path, why in no_file_of_a_picture(sources)]
    broken += [(path, row) for path, row in pictures if "error" in row]
    wrong = []
    for what, others in (("good files", []), ("one in a hundred broken", broken)):
        folder = os.path.join(wanted.folder, what.replace(" ", "-"))
        wrong += soak(what, wanted.ftrain, wanted.model, folder, make(folder, wanted.count, good, others))
    for sentence in wrong:
        print("wrong: " + sentence)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
