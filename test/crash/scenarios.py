# SPDX-License-Identifier: MIT
"""The writers of files that crash.py tries: what they do, and what must hold of what a crash leaves of it."""
import contextlib
import os
import re
import subprocess

import disk
from inputs import CLASSES, SMALL, data_set, web


class Failure(Exception):
    """What is wrong with a state."""


def run(folder, command, **environment):
    return subprocess.run(command, cwd=folder, env={**os.environ, **environment}, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300)


def succeed(folder, command, **environment):
    done = run(folder, command, **environment)
    if done.returncode != 0:
        text = (done.stdout + done.stderr).decode(errors="replace").strip()
        raise Failure(f"{' '.join(command[1:])}: exit code {done.returncode}: {text}")
    return done.stdout.decode(errors="replace")


class Scenario:
    """Files that appear whole: each is what it was before or what it became, and another run gives the undisturbed bytes.

    `before` is done first, `commands` are recorded. `outputs` are files that each command replaces as a whole. `most` and `few`
    states are tried of those that are not at the end; `readers` are commands that must take whatever is there."""

    marks = True  # the end of each command is a mark
    tries = 12    # states drawn at each operation, beside the extremes
    is_command = True
    is_small = True

    def __init__(self, name, commands, outputs, before=(), most=150, few=3):
        self.name, self.commands, self.outputs, self.before = name, commands, outputs, before
        self.most, self.few = most, few

    def around(self, _work):
        return contextlib.nullcontext()

    def look(self, work, crash):
        """Raises Failure where a state is less than it must be."""

    def again(self, work, crash):
        for command in self.commands:
            succeed(work.root, command)

    def compared(self, end):
        return sorted(end)

    def plain(self, name, content):
        """The part of a file that is the same in every run: a page says when it was made."""
        return re.sub(rb"[-0-9]{10} [:0-9]{5} UTC", b"", content) if content and name.endswith(".html") else content


class Store(Scenario):
    """The feature store by itself, judged inside of one process: thousands of states."""

    marks = False  # the program makes its own
    tries = 200
    is_command = False

    @contextlib.contextmanager
    def around(self, work):
        command = [self.commands[0][0], "judge", "f.safetensors"]
        with subprocess.Popen(command, cwd=work.root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as self.judge:
            yield
            self.judge.stdin.close()

    def again(self, work, crash):
        self.judge.stdin.write(f"{crash.mark}\n")
        self.judge.stdin.flush()
        answer = self.judge.stdout.readline()
        if answer != "ok\n":
            raise Failure(answer.strip() or "the judge has died")


class Large(Scenario):
    """Files of which the states would be too many bytes: only kills and full disks are tried."""

    is_small = False


class Timed(Large):
    """A page with the seconds that something took."""

    def plain(self, name, content):
        content = super().plain(name, content)
        return content and re.sub(rb'<td class="n">\d+\.\d\d</td>', b"", content)


class Decisions(Scenario):
    """decisions.tsv: what was decided stays. Of lines that were written together and that nobody was told of, some may be
    there: the next run adds the others behind them, and passes over what is left of those that are torn."""

    tries = 1000

    def lines(self, content):
        return [line for line in (content or b"").split(b"\n")[1:-1] if b"\0" not in line]

    def look(self, work, crash):
        listed = succeed(work.root, [*self.commands[0][:5], "--list"])
        for line in self.lines(work.marked[crash.mark].get("decisions.tsv")):
            if line.split(b"\t")[0].decode() not in listed:
                raise Failure(f"decisions.tsv: what was decided is lost: {line}")

    def plain(self, _name, content):
        return sorted(re.sub(rb"\t[-0-9]{10}T[:0-9]{8}Z$", b"", line) for line in self.lines(content))


class Collection(Scenario):
    """collect: every picture is there once; a line of the manifest may be missing, as collect's folder.c says, and none is
    of a picture that is not there."""

    tries = 1000

    @contextlib.contextmanager
    def around(self, work):
        with web() as address:
            self.commands = [[word.replace("WEB", address) for word in command] for command in self.commands]
            yield

    def compared(self, end):
        return [name for name in sorted(end) if name.endswith(".ppm")]

    def manifest(self, found):
        return [line.split(b"\t") for line in (found.get("got/manifest.tsv") or b"").split(b"\n")[:-1]]

    def look(self, work, crash):
        expected = [line[0] for line in self.manifest(work.marked[crash.mark])]
        found = [line[0] for line in self.manifest(crash.found)]
        if lost := [name for name in expected if name not in found]:
            raise Failure(f"manifest.tsv: lines are lost: {lost}")

    def again(self, work, crash):
        super().again(work, crash)
        found = disk.tree(disk.load(work.root))
        lines = self.manifest(found)
        if not lines or lines[0] != [b"file", b"url", b"time", b"bytes", b"xxh3"]:
            raise Failure(f"manifest.tsv: its first line is not that of columns: {lines[:1]}")
        for line in lines[1:]:
            if len(line) != 5 or "got/" + os.fsdecode(line[0]) not in found:
                raise Failure(f"manifest.tsv: a line is of no picture: {line}")
        if len({line[0] for line in lines}) != len(lines):
            raise Failure("manifest.tsv: a picture is there twice")


class Whole(Scenario):
    """A folder that appears whole or not at all; one that is there is never made again."""

    def made(self, found):
        return {name: content for name, content in found.items() if name.split("/")[0] == "made"}

    def look(self, work, crash):
        found = self.made(crash.found)
        if found and found != self.made(work.end):
            raise Failure(f"made: is there, but not whole: {len(found)} of {len(self.made(work.end))} entries")
        if not found and crash.mark:
            raise Failure("made: was reported as made, and is not there")

    def again(self, work, crash):
        if not self.made(crash.found):
            super().again(work, crash)
            return
        # a later run, for another folder, takes what is left away, and leaves what is there
        for command in self.commands:
            succeed(work.root, ["other" if word == "made" else word for word in command])


def scenarios(build, inputs):
    ftrain, store = os.path.join(build, "ftrain", "ftrain"), os.path.join(build, "test", "crash", "store")
    data, part, model, features, weights = (os.path.join(inputs, name)
                                            for name in ("data", "part", "model", "features", "weights"))
    data_set(data, 4, CLASSES)
    data_set(part, 2, CLASSES)
    train = [ftrain, "train", data, *SMALL, "--hidden", "8"]
    succeed(inputs, [ftrain, "extract", data, *SMALL, "-o", features])
    succeed(inputs, [*train, "--features", features, "--epochs", "2", "-o", model])
    succeed(inputs, [ftrain, "export", model, weights, "--format", "safetensors"])  # random ones hang on the pictures
    taught = [*train, "--features", features]
    extract = [ftrain, "extract", "-w", weights, "--resize", "36", "--crop", "32", "-q", "-o", "f.safetensors"]
    old = [*taught, "--epochs", "1", "--seed", "2", "-o", "m.safetensors"]
    review = [ftrain, "review", data, "--decisions", "decisions.tsv"]
    export = [ftrain, "export"]
    test = os.path.join(data, "test")
    return [
        Store("feature store", [[store, "work", "f.safetensors"]], ["f.safetensors"], most=20000, few=400),
        Scenario("extract", [[ftrain, "extract", data, *SMALL, "-o", "f.safetensors"]], ["f.safetensors"], few=1),
        Scenario("extract, adding", [[*extract, data]], ["f.safetensors"], before=[[*extract, part]], few=1),
        Scenario("train, its cache", [[*train, "--epochs", "2", "--cache", "cache/new", "-o", "m.safetensors"]],
                 ["m.safetensors"], few=0),
        Scenario("train, over a model", [[*taught, "--epochs", "2", "-o", "m.safetensors", "--report", "m.html"]],
                 ["m.safetensors", "m.html"], before=[old], few=0),
        Scenario("train, its checkpoint",
                 [[*taught, "--epochs", "5", "--checkpoint", "state", "--resume", "-o", "m.safetensors"]],
                 ["m.safetensors", "state"], before=[old], few=1),
        Decisions("decisions", [[*review, "--exclude", os.path.join(test, "dark", "1.ppm")],
                                [*review, "--move", "light", os.path.join(test, "dark", "2.ppm")],
                                [*review, "--keep", *(os.path.join(data, split) for split in ("train", "valid"))]], [], few=6),
        Collection("collect", [[ftrain, "collect", "WEB/{n}.ppm", "-o", "got", "-n", "3", "-q", "--delay", "0"],
                               [ftrain, "collect", "WEB/{n}.ppm", "-o", "got", "-n", "5", "-q", "--delay", "0"]], [], few=6),
        Whole("split, links", [[ftrain, "split", os.path.join(data, "train"), "-o", "made", "-q"]], [], few=6),
        Whole("split, copies", [[ftrain, "split", os.path.join(data, "train"), "-o", "made", "-q", "--copy"]], [], few=2),
        Whole("prepare", [[ftrain, "prepare", data, "-o", "made", "-q", "--side", "32"]], [], few=3),
        Scenario("export, two files", [[*export, features, "f.npy"]], ["f.npy", "f.tsv"], few=1),
        Scenario("export, three files", [[*export, model, "m.c"]], ["m.c", "m.h", "m.bin"], most=30, few=0),
        Scenario("evaluate", [[ftrain, "evaluate", "-m", model, data, "-q", "--predictions", "e.csv", "--report", "e.html"]],
                 ["e.csv", "e.html"], most=40, few=0),
        Large("export, safetensors", [[*export, model, "m.safetensors"]], ["m.safetensors"], before=[old]),
        Large("export, pth", [[*export, model, "m.pth"]], ["m.pth"]),
        Large("export, onnx", [[*export, model, "m.onnx"]], ["m.onnx"]),
        Large("export, csv", [[*export, features, "f.csv"]], ["f.csv"]),
        Large("convert", [[ftrain, "convert", weights, "w.safetensors"]], ["w.safetensors"]),
        Large("explain", [[ftrain, "explain", "-m", model, os.path.join(test, "dark", "1.ppm"), "-o", "map.png"]], ["map.png"]),
        Large("audit, its page", [[ftrain, "audit", data, "-q", "--report", "a.html"]], ["a.html"]),
        Timed("baseline, its page", [[ftrain, "baseline", data, *SMALL, "--report", "b.html"]], ["b.html"]),
    ]
