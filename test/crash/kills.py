#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""SIGKILL at moments drawn by chance: what crash.py asks of power that fails holds here as well, and a server that was killed
starts again at its port and answers as before.

    kills.py [--seed N] [--kills N] BUILD        from the repository root"""
import argparse
import contextlib
import http.client
import os
import random
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import disk  # noqa: E402
from cases import check, finish  # noqa: E402
from inputs import picture  # noqa: E402
from scenarios import Failure  # noqa: E402
from work import recorded, surroundings  # noqa: E402

# What is killed, in turns.
NAMES = ["extract", "train, its checkpoint", "split, copies", "collect", "decisions", "serve", "extract, adding", "prepare",
         "train, its cache", "export, two files"]


class Killed:
    """A scenario that is killed as often as is asked for."""

    def __init__(self, scenario, recorder, open_blocks):
        self.work = open_blocks.enter_context(recorded(scenario, recorder))
        _, self.seconds = self.play(1000)

    def play(self, seconds):
        """(commands that ended, seconds that it took): plays the scenario until then."""
        begun, done = time.monotonic(), 0
        disk.store(self.work.begin, self.work.root)
        for command in self.work.scenario.commands:
            with subprocess.Popen(command, cwd=self.work.root, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.PIPE) as process:
                try:
                    _, told = process.communicate(timeout=max(0, begun + seconds - time.monotonic()))
                except subprocess.TimeoutExpired:
                    process.kill()
                    break
            if process.returncode:
                text = told.decode(errors="replace").strip()
                raise Failure(f"{' '.join(command[1:])}: exit code {process.returncode} before it was killed: {text}")
            done += 1
        return done, time.monotonic() - begun

    def kill(self, rng):
        """Whether something was killed; raises Failure."""
        done, _ = self.play(rng.uniform(0, self.seconds))
        scenario = self.work.scenario
        self.work.judge(disk.Crash(self.work.content(), done if scenario.marks else 0, False, None))
        return done < len(scenario.commands)


class KilledServer:
    def __init__(self, around):
        self.command, self.port = [around.ftrain, "serve", "-m", around.model, "--threads", "1", "--port"], 0
        self.body = picture(1)
        process = self.start()
        try:
            self.expected = self.ask()
        finally:
            self.end(process)
        if self.expected[0] != 200:
            raise Failure(f"serve answers with {self.expected[0]}: {self.expected[1]}")

    def start(self):
        process = subprocess.Popen([*self.command, str(self.port)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = process.stdout.readline()
        if not line:
            raise Failure(f"serve does not start: {process.communicate()[1].strip()}")
        self.port = int(line.split()[-1].rstrip("/").rsplit(":", 1)[1])
        return process

    def ask(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        with contextlib.closing(connection):
            connection.request("POST", "/v1/predict", self.body)
            answer = connection.getresponse()
            return answer.status, answer.read()

    def end(self, process):
        process.send_signal(signal.SIGTERM)
        told = process.communicate(timeout=60)[1].strip()
        if process.returncode:
            raise Failure(f"serve ended with {process.returncode} after SIGTERM: {told}")

    def ask_until(self, stop):
        while not stop.is_set():
            with contextlib.suppress(OSError, http.client.HTTPException):  # of a server that is killed
                self.ask()

    def kill(self, rng):
        process, stop = self.start(), threading.Event()
        clients = [threading.Thread(target=self.ask_until, args=(stop,)) for _ in range(3)]
        for client in clients:
            client.start()
        time.sleep(rng.uniform(0, 0.3))
        process.kill()
        told = process.communicate()[1].strip()
        stop.set()
        for client in clients:
            client.join()
        if process.returncode != -signal.SIGKILL:
            raise Failure(f"serve ended with {process.returncode} before it was killed: {told}")
        process = self.start()
        try:
            if self.ask() != self.expected:
                raise Failure("serve answers otherwise than before")
        finally:
            self.end(process)
        return True


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("build")
    options = parser.parse_args()
    rng, killed, counts, wrong, begun = random.Random(options.seed), {}, {}, [], time.monotonic()
    with surroundings(options.build) as around, contextlib.ExitStack() as blocks:
        known = {scenario.name: scenario for scenario in around.scenarios}
        for turn in range(options.kills):
            name = NAMES[turn % len(NAMES)]
            try:
                if name not in killed:
                    killed[name] = KilledServer(around) if name == "serve" else Killed(known[name], around.recorder, blocks)
                counts[name] = counts.get(name, 0) + killed[name].kill(rng)
            except Failure as failure:
                wrong.append(f"{name}: {failure}")
    for why in wrong:
        print(f"    {why}")
    text = ", ".join(f"{name} {count}" for name, count in counts.items())
    check(f"{options.kills} kills, of which so many met work: {text}; {time.monotonic() - begun:.0f} s", len(wrong), 0)
    finish()


main()
