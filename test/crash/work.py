# SPDX-License-Identifier: MIT
"""A scenario (scenarios.py) in a folder of its own: played undisturbed, and judged after a crash."""
import contextlib
import os
import re
import sys
import tempfile
import types

import disk
from scenarios import Failure, scenarios, succeed

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cases import end_by_exception  # noqa: E402

ROOM = 512 << 20  # for all that a scenario may hold


def fast_folder():
    """Where fsync() takes no time, if there is room; None: where temporary files are. What is on the disk is the model's to say."""
    place = "/dev/shm"
    if not os.access(place, os.W_OK | os.X_OK):
        return None
    state = os.statvfs(place)
    return place if state.f_bavail * state.f_frsize >= ROOM else None


def size_of(found):
    return "absent" if found is False else "a folder" if found is None else f"{len(found)} bytes"


class Work:
    def __init__(self, folder, scenario):
        self.root, self.log = os.path.join(folder, "root"), os.path.join(folder, "log")
        self.scenario = scenario
        os.mkdir(self.root)

    def record(self, recorder):
        """Plays the scenario; what was written down gives the files that are there, or it is not whole."""
        scenario = self.scenario
        for command in scenario.before:
            succeed(self.root, command)
        self.begin = self.content()
        for number, command in enumerate(scenario.commands):
            succeed(self.root, command, LD_PRELOAD=recorder, RECORD_LOG=self.log)
            if scenario.marks:
                disk.write_mark(self.log, number + 1)
        self.end = self.content()
        self.note_versions()

    def content(self):
        return disk.tree(disk.load(self.root))

    def play(self):
        """A disk as it was before the recording."""
        disk.store(self.begin, self.root)
        return disk.Disk(self.root)

    def note_versions(self):
        """What the folder held at each mark, and what each output was, whole, at it or at any moment behind it."""
        played, plain = self.play(), self.scenario.plain
        self.marked = {0: self.begin}
        self.seen = {0: {name: {plain(name, self.begin.get(name, False))} for name in self.scenario.outputs}}
        for record in disk.records(self.log):
            if not played.do(*record):
                continue
            live = played.live()
            if played.mark not in self.marked:
                self.marked[played.mark] = live
                self.seen[played.mark] = {name: set() for name in self.scenario.outputs}
            for name, seen in self.seen[played.mark].items():
                seen.add(plain(name, live.get(name, False)))
        if not played.mark:
            raise Failure("the recording has no mark: nothing would have to be there")
        if live != self.end:
            names = {name for name in {*live, *self.end} if live.get(name, 0) != self.end.get(name, 0)}
            raise Failure(f"the recording is not whole: {sorted(names)}")

    def judge(self, crash):
        """Raises Failure where the folder, which is as crash.found says, is less than it must be, or where another run does
        not mend it."""
        for name, seen in self.seen[crash.mark].items():
            found = crash.found.get(name, False)
            if self.scenario.plain(name, found) not in seen:
                raise Failure(f"{name}: is neither what it was before nor what it became ({size_of(found)})")
        self.scenario.look(self, crash)
        self.scenario.again(self, crash)
        now = self.content()
        for name in self.scenario.compared(self.end):
            found = now.get(name, False)
            if self.scenario.plain(name, found) != self.scenario.plain(name, self.end[name]):
                raise Failure(f"{name}: another run does not give the bytes of an undisturbed one ({size_of(found)})")
        left = sorted(name for name in now if re.search(r"(^|/)\.(densenet|ftrain)-|\.journal$", name))
        if left:
            raise Failure(f"left behind: {left[0]} and {len(left) - 1} more")


@contextlib.contextmanager
def surroundings(build):
    """What is tried, in a place where nothing is the user's: scenarios, recorder, ftrain, model."""
    build = os.path.realpath(build)
    end_by_exception()
    with tempfile.TemporaryDirectory(dir=fast_folder()) as inputs:
        os.environ.update(XDG_CACHE_HOME=os.path.join(inputs, "cache"), LC_ALL="C", no_proxy="127.0.0.1")
        for name in ("DENSENET_WEIGHTS", "TORCH_HOME", "DN_ISA"):
            os.environ.pop(name, None)
        yield types.SimpleNamespace(scenarios=scenarios(build, inputs), ftrain=os.path.join(build, "ftrain", "ftrain"),
                                    recorder=os.path.join(build, "test", "crash", "record.so"),
                                    model=os.path.join(inputs, "model"))


@contextlib.contextmanager
def recorded(scenario, recorder, place=None):
    """A Work of which the undisturbed run is known, in a folder of that place."""
    with tempfile.TemporaryDirectory(dir=place or fast_folder()) as folder:
        work = Work(folder, scenario)
        with scenario.around(work):
            work.record(recorder)
            yield work
