#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A disk that is full, on a small file system of its own, and a quota (RLIMIT_FSIZE): every command that writes ends with 5 and
a message that names the file, keeps what was there, leaves nothing half-written, and does all with room again.

    full.py [--few] [--seed N] BUILD [NAME...]        from the repository root; a file system of its own needs root"""
import os
import random
import re
import resource
import subprocess
import sys
import tempfile

import disk
import trial
from scenarios import Failure, run
from work import recorded, surroundings

SIZE = 128 << 20  # of the file system
MACHINE = 5       # exit code


class Quota:
    """No file may grow beyond what is left."""

    errors = "File too large"

    def most(self, work):
        return max((len(content) for content in work.end.values() if content), default=0)

    def run(self, work, command, room):
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))  # the command inherits it; nothing is written here meanwhile
        try:
            return run(work.root, command)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


class Disk:
    """A file system that has no room but what is left."""

    errors = "No space left on device"

    def __init__(self, folder):
        self.filler = os.path.join(folder, "filler")

    def most(self, work):
        return sum(len(content) + 4096 for content in work.end.values() if content is not None)

    def run(self, work, command, room):
        state = os.statvfs(work.root)
        with open(self.filler, "wb") as filler:
            os.posix_fallocate(filler.fileno(), 0, max(1, state.f_bavail * state.f_bsize - room))
        try:
            return run(work.root, command)
        finally:
            os.unlink(self.filler)


def is_named(work, message):
    """Whether the message is of a file that the work is about."""
    names = {part for name in {*work.end, *work.seen[0]} for part in name.split("/")}
    return any(name in message for name in names) or re.search(r"\.(densenet|ftrain)-|\.journal", message)


def squeeze(work, limit, room):
    """Whether the room was too small; raises Failure."""
    disk.store(work.begin, work.root)
    done = 0
    for command in work.scenario.commands:
        ended = limit.run(work, command, room)
        if ended.returncode:
            break
        done += 1
    found, text = work.content(), ended.stderr.decode(errors="replace")
    if ended.returncode not in (0, MACHINE):
        raise Failure(f"{room} bytes: exit code {ended.returncode}: {text}")
    if ended.returncode:
        last = text.strip().split("\n")[-1]
        if limit.errors not in text or not any(is_named(work, line) for line in text.split("\n") if limit.errors in line):
            raise Failure(f"{room} bytes: the message does not say what is full: {last}")
        if left := [name for name in found if re.search(r"(^|/)\.(densenet|ftrain)-", name)]:
            raise Failure(f"{room} bytes: left behind: {left}")
    work.judge(disk.Crash(found, done if work.scenario.marks else 0, False, None))
    return ended.returncode != 0


def try_sizes(scenario, recorder, limit, folder, options):
    """(what is wrong, what was tried)"""
    wrong, full, count = [], 0, 2 if options.few else 10
    rng = random.Random(options.seed)
    with recorded(scenario, recorder, folder) as work:
        most = limit.most(work)
        for turn in range(count):
            room = 0 if turn == 0 else rng.randrange(most)
            try:
                full += squeeze(work, limit, room)
            except Failure as failure:
                wrong.append(str(failure).replace(work.root + "/", ""))
    if not full and not wrong:
        wrong.append("there was always room")
    return wrong, f"{count} sizes, {full} too small"


def main():
    parser = trial.parser(__doc__, "few sizes")
    parser.add_argument("--mounted", metavar="FOLDER", help="for the program itself")
    options = parser.parse_args()
    limit = Disk(options.mounted) if options.mounted else Quota()
    with surroundings(options.build) as around:
        commands = [scenario for scenario in around.scenarios if scenario.is_command]
        for scenario in trial.chosen(commands, options.names):
            trial.case(f"{scenario.name}, {type(limit).__name__.lower()}", try_sizes, scenario, around.recorder, limit,
                       options.mounted, options)
    if options.mounted:
        trial.finish()
    with tempfile.TemporaryDirectory() as folder:
        # in a mount namespace of its own, where it ends with the last process
        mount = ["unshare", "-m", "sh", "-c", 'mount -t tmpfs -o "size=$0" tmpfs "$1" && shift && exec "$@"', str(SIZE), folder]
        if subprocess.run([*mount, "true"], stderr=subprocess.DEVNULL, check=False).returncode:
            print("ok - a full disk # SKIP a file system can be made only by root, and not in every container")
            trial.finish()
        ended = subprocess.run([*mount, sys.executable, *sys.argv, "--mounted", folder], check=False)
        trial.check("a full disk ends all that write as it should", ended.returncode, 0)
    trial.finish()


main()
