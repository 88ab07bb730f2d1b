# SPDX-License-Identifier: MIT
"""Every call of every command fails, one run for each:  faults.py FTRAIN FAULTS.SO [options]

    --cases N          so many of each command's cases, drawn by the seed from all calls alike; without it all of them
    --seed N           (default: by the clock; it is printed)
    --commands A,B     only these scenarios of scenarios.py
    --calls A,B        only these calls of faults.h
    --modes A,B        only error, short, delay or kill
    --every N          of a call that is made often, as malloc: every N-th of it alone
    --replay CASE      one case, as a failure names it: 'extract write 3 error ENOSPC 1'
    --jobs N           so many at a time (default: a core each)

A case is a scenario, a call, its number, and what happens to it. It holds when
  - the exit status is 0 or 5 (what is short, interrupted or late: 0), and no signal ended it;
  - a message names what failed, and why;
  - every file is as before or as after an undisturbed run, and there is no other: nothing half-written, no temporary;
  - with 0 all of it is as undisturbed, what is printed, too;
  - nothing is left open, and no memory that an undisturbed run frees;
  - the same command, run again undisturbed, gives all that it would have given."""
import argparse
import concurrent.futures
import dataclasses
import errno
import hashlib
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import cases  # noqa: E402
from scenarios import TEMPORARY, UNFINISHED, Base, scenarios, without_times  # noqa: E402

LIMIT = 60  # seconds of a run
# Whose memory has to be freed: the program's, and JSON that it holds. libzip and libturbojpeg lose blocks of their own where
# they get no more.
OURS = ("ftrain+", "libjansson")

# jansson's reader drops a byte where it gets no memory for it, and then reads and writes beyond its text (2.14).
SPARED = "libjansson"

# What each call can fail with; what is tried for good, too: from that call on every one fails.
ERRORS = {
    "malloc": ["ENOMEM"], "thread": ["EAGAIN"], "mmap": ["ENOMEM"],
    "open": ["EMFILE", "ENFILE", "EIO", "ENOMEM", "EINTR"], "opendir": ["EMFILE", "EIO", "ENOMEM"],
    "readdir": ["EIO", "ENOMEM"], "stat": ["EIO", "ENOMEM"], "read": ["EIO", "ENOMEM", "EINTR"],
    "write": ["ENOSPC", "EIO", "EDQUOT", "EINTR"], "fsync": ["EIO", "ENOSPC", "EINTR"], "truncate": ["EIO", "EINTR"],
    "close": ["EIO", "EINTR"], "rename": ["EIO", "EXDEV", "ENOSPC"], "link": ["EXDEV", "EMLINK", "EPERM", "EIO"],
    "unlink": ["EIO", "EACCES"], "mkdir": ["ENOSPC", "EACCES"], "lock": ["ENOLCK"], "fcntl": ["EMFILE"],
    "readlink": ["EIO", "EACCES"], "getrandom": ["EINTR", "ENOSYS"], "pipe": ["EMFILE"], "socket": ["EMFILE", "ENOBUFS"],
    "bind": ["EADDRINUSE", "EACCES"], "listen": ["EADDRINUSE"], "accept": ["EMFILE", "ECONNABORTED", "EINTR"],
    "connect": ["ECONNREFUSED", "ENETUNREACH", "ETIMEDOUT"], "recv": ["ECONNRESET", "EINTR"],
    "send": ["ECONNRESET", "ENOBUFS", "EINTR"], "poll": ["EINTR", "ENOMEM"],
}
FOR_GOOD = {"malloc": "ENOMEM", "stat": "EIO", "thread": "EAGAIN", "open": "EMFILE", "read": "EIO", "write": "ENOSPC", "fsync": "EIO"}
MODES = ("error", "short", "delay", "kill")
SHORT = {"read", "write", "recv", "send"}
LATE = {"thread", "open", "read", "write", "rename", "recv", "send"}
KILLED = {"open", "write", "fsync", "truncate", "close", "rename", "link", "unlink", "mkdir"}


@dataclasses.dataclass(frozen=True)
class Fault:
    call: str
    number: int
    mode: str = "error"
    error: str = "-"
    count: int = 1  # 0: from that one on

    def __str__(self):
        return f"{self.call} {self.number} {self.mode} {self.error} {self.count}"

    def environment(self):
        chosen = {"FAULT_CALLS": self.call, "FAULT_FIRST": str(self.number), "FAULT_MODE": self.mode, "FAULT_COUNT": str(self.count)}
        return {**chosen, "FAULT_ERRNO": self.error} if self.error != "-" else chosen

    def is_harmless(self):
        """Nothing is lost: the run has to end as if undisturbed."""
        return self.mode in ("short", "delay") or self.error == "EINTR"


def faults_of(call, number):
    yield from (Fault(call, number, "error", error) for error in ERRORS[call])
    if call in FOR_GOOD:
        yield Fault(call, number, "error", FOR_GOOD[call], 0)
    for mode, calls in (("short", SHORT), ("delay", LATE), ("kill", KILLED)):
        if call in calls:
            yield Fault(call, number, mode)


@dataclasses.dataclass
class Run:
    code: int
    out: str
    err: str
    answers: list
    tree: dict
    calls: dict
    leaks: dict
    fired: str  # what the call that failed was about; "": none has


class Driver:
    def __init__(self, options, folder):
        self.ftrain, self.preload = os.path.abspath(options.ftrain), os.path.abspath(options.faults)
        self.folder = folder
        self.environment = {"PATH": os.environ["PATH"], "LC_ALL": "C", "no_proxy": "127.0.0.1", "FAULT_SPARE": SPARED,
                            "HOME": str(folder / "home")}
        (folder / "home").mkdir()

    # ---- one run ----

    def run(self, scenario, place, fault=None):
        """Runs the scenario's command in the folder `place`; with a fault, or just counting."""
        report, mark = place.with_suffix(".report"), place.with_suffix(".mark")
        for path in (report, mark):
            path.unlink(missing_ok=True)
        environment = {**self.environment, "LD_PRELOAD": self.preload, "FAULT_REPORT": str(report), "FAULT_MARK": str(mark),
                       **(fault.environment() if fault else {})}
        process = subprocess.Popen([self.ftrain, *scenario.words], cwd=place, env=environment, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace")
        answers, first = [], ""
        timer = threading.Timer(LIMIT, process.kill)
        timer.start()
        begin = time.monotonic()
        if scenario.drive:
            first = process.stdout.readline()
            answers = scenario.drive(process, first) if first.startswith("http") or "http://" in first else []
        out, err = process.communicate()
        timer.cancel()
        code = process.returncode if time.monotonic() - begin < LIMIT else "limit"
        calls, leaks = read_report(report)
        out = without_times(out.encode()).decode()
        return Run(code, out, err, answers, read_tree(place), calls, leaks, mark.read_text() if mark.exists() else "")

    def undisturbed(self, scenario, name):
        place = self.folder / name
        place.mkdir()
        scenario.fill(place)
        before = read_tree(place)
        run = self.run(scenario, place)
        shutil.rmtree(place)
        return before, run


def read_tree(place):
    """{name: hash of the content}, a folder with None."""
    tree = {}
    for path in sorted(place.rglob("*")):
        name = str(path.relative_to(place))
        content = None if path.is_dir() else without_times(path.read_bytes()).replace(os.fsencode(place), b"PLACE")
        tree[name] = hashlib.blake2b(content).hexdigest() if content is not None else None
    return tree


def read_report(path):
    calls, leaks = {}, {}
    for line in path.read_text().splitlines() if path.exists() else []:
        kind, name, rest = (line.split(" ", 2) + [""])[:3]
        if kind == "call":
            calls[name] = int(rest)
        elif kind == "descriptor" or os.path.basename(name).startswith(OURS):
            what = f"memory of {os.path.basename(name)}" if kind == "memory" else f"descriptor of {re.sub(':.*', '', rest)}"
            leaks[what] = leaks.get(what, 0) + 1
    return calls, leaks


# ---- what is wrong with a run ----

def is_of_streams(run):
    """Whether the call was on a standard stream, which is a pipe here."""
    return " pipe:" in run.fired


def leaves_out(run, fault, scenario):
    """Whether an input was left out, as it should be then, and was named."""
    return (fault.call, fault.error) in scenario.skips and run.code in scenario.skipped and why(fault) in run.err


def why(fault):
    return "out of memory" if fault.error == "ENOMEM" else os.strerror(getattr(errno, fault.error))


def wrong_status(run, fault, scenario, good):
    if fault.mode == "kill":
        return [] if run.code == -9 else [f"exit status {run.code} of a process that was to be killed"]
    if run.code == good.code or leaves_out(run, fault, scenario):
        return []
    if run.code == 5 and (not fault.is_harmless() or is_of_streams(run)):
        return []
    return ["it hangs" if run.code == "limit" else f"exit status {run.code}"]


def wrong_message(run, fault, scenario, good):
    if fault.mode != "error" or run.code == good.code or leaves_out(run, fault, scenario) or is_of_streams(run):
        return []
    if fault.call == "write" and not fault.count:
        return []  # the message is not written either
    if not any(line.startswith("ftrain: ") for line in run.err.splitlines()):
        return ["no message"]
    if fault.call in ("mmap", "malloc") and os.strerror(errno.EAGAIN) in run.err:
        return []  # it was a thread's
    if fault.error == "ENOMEM" and re.search("insufficient memory|memory allocation", run.err, re.IGNORECASE):
        return []  # in the words of libjpeg
    if fault.error == "ENOMEM" and os.strerror(errno.ENOMEM) in run.err:
        return []
    return [] if why(fault) in run.err else [f"no message says '{why(fault)}'"]


def wrong_files(run, fault, scenario, before, good):
    found = []
    for name in sorted({*run.tree, *before, *good.tree}):
        have = run.tree.get(name, "")
        if have in (before.get(name, ""), good.tree.get(name, "")):
            continue
        if any(pattern.search(name) for pattern in scenario.partial):
            continue
        if (fault.mode == "kill" or not fault.count) and re.search(f"{TEMPORARY}|{UNFINISHED}", name):
            continue  # who is killed removes nothing, and neither does who cannot make that call any more
        is_known = name in before or name in good.tree
        found.append(f"neither old nor new: {name}" if is_known else f"left: {re.sub('/.*', '/...', name)}")
    return list(dict.fromkeys(found))


def wrong_result(run, fault, scenario, good):
    """Of a run that says that all is well."""
    if run.code != good.code:
        return []
    if fault.call == "unlink":  # what could not be removed is left, and is no harm
        run = dataclasses.replace(run, tree={name: content for name, content in run.tree.items() if name in good.tree})
    found = [f"other than undisturbed: {name}" for name in sorted({*run.tree, *good.tree})
             if run.tree.get(name, "") != good.tree.get(name, "")]
    if run.out != good.out:
        found.append("other output")
    if scenario.drive and fault.count and sum(answer not in good.answers for answer in run.answers) > 1:
        found.append(f"more than one answer is spoilt: {run.answers}")
    found += [f"an answer is {answer}" for answer in run.answers if answer.startswith("unsafe")]
    return found


def wrong_report(run, good):
    """What is left; a process that was killed tells nothing of it."""
    if run.code in range(256) and not run.calls:
        return ["no report of what is left"]
    return [f"left: {what} ({count - good.leaks.get(what, 0)} times)" for what, count in sorted(run.leaks.items())
            if count > good.leaks.get(what, 0)]


class Trial:
    """A scenario, its undisturbed run, and its cases."""

    def __init__(self, driver, scenario):
        self.driver, self.scenario = driver, scenario
        self.before, self.good = driver.undisturbed(scenario, scenario.name)
        _, again = driver.undisturbed(scenario, scenario.name)
        self.known, self.lock, self.fired = {}, threading.Lock(), 0
        if self.good.code != 0 or (again.tree, again.out) != (self.good.tree, self.good.out):
            raise SystemExit(f"faults: {scenario.name} undisturbed: exit status {self.good.code}, or not twice the same: {self.good.err}")
        if not self.good.calls:
            raise SystemExit(f"faults: {driver.preload} has not reported what was called: {self.good.err}")

    def cases(self, options):
        for call, count in self.good.calls.items():
            if options.calls and call not in options.calls:
                continue
            for number in range(1, count + 1, options.every if count > 10 * options.every else 1):
                yield from (fault for fault in faults_of(call, number) if not options.modes or fault.mode in options.modes)

    def judge(self, index, fault):
        """(what is wrong, the run); None for a case in which nothing has failed."""
        place = self.driver.folder / f"{self.scenario.name}-{index}"
        place.mkdir()
        try:
            self.scenario.fill(place)
            run = self.driver.run(self.scenario, place, fault)
            if not run.fired and run.code != self.good.code:
                return [f"no call was made to fail, and yet: exit status {run.code}"], run
            if not run.fired or "anon_inode:" in run.fired:
                return None, run  # what the system has only within itself fails by no such error
            wrong = [*wrong_status(run, fault, self.scenario, self.good),
                     *wrong_message(run, fault, self.scenario, self.good), *wrong_report(run, self.good)]
            if not leaves_out(run, fault, self.scenario):
                wrong += wrong_files(run, fault, self.scenario, self.before, self.good)
                wrong += wrong_result(run, fault, self.scenario, self.good) + self.wrong_afterwards(place, run)
            return wrong, run
        finally:
            shutil.rmtree(place)
            for ending in (".report", ".mark"):
                place.with_suffix(ending).unlink(missing_ok=True)

    def wrong_afterwards(self, place, run):
        """The command once more; what is left by many faults is tried once."""
        if run.tree in (self.before, self.good.tree):
            return []
        state = tuple(sorted(run.tree.items(), key=str))
        with self.lock:
            if state in self.known:
                return self.known[state]
        again = self.driver.run(self.scenario, place)
        wrong = [] if again.code == self.good.code else [f"run again: exit status {again.code}: {again.err}"]
        wrong += [f"run again: other {name}" for name in sorted({*again.tree, *self.good.tree})
                  if again.tree.get(name, "") != self.good.tree.get(name, "")
                  and not any(pattern.search(name) for pattern in self.scenario.again)]
        with self.lock:
            self.known[state] = wrong
        return wrong


# ---- all of them ----

def words(text):
    return text.split(",")


def refuse_unknown(option, wanted, known):
    """Ends the program where one of the words that are wanted is not known: it would pass without a case."""
    if unknown := [word for word in wanted or () if word not in known]:
        raise SystemExit(f"faults: {option}: '{unknown[0]}' is none of {', '.join(known)}")


def options_of(arguments):
    parser = argparse.ArgumentParser()
    parser.add_argument("ftrain")
    parser.add_argument("faults")
    parser.add_argument("--cases", type=int)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--replay")
    for name in ("--commands", "--calls", "--modes"):
        parser.add_argument(name, type=words)
    options = parser.parse_args(arguments)
    refuse_unknown("--calls", options.calls, ERRORS)
    refuse_unknown("--modes", options.modes, MODES)
    return options


def draw(faults, count, chance):
    """So many, of all calls as many as there are: most are of malloc, and all others would hardly be drawn."""
    of_call = {}
    for fault in faults:
        of_call.setdefault(fault.call, []).append(fault)
    drawn = [chance.sample(those, min(count, len(those))) for those in of_call.values()]
    chance.shuffle(drawn)
    rounds = [those[i] for i in range(count) for those in drawn if i < len(those)]
    return rounds[:count]


def judge_all(trial, faults, jobs):
    """{what is wrong: [(fault, run)]}, and how many calls have failed."""
    found, fired = {}, 0
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for fault, (wrong, run) in zip(faults, pool.map(trial.judge, range(len(faults)), faults)):
            fired += wrong is not None
            for each in wrong or []:
                found.setdefault(each, []).append((fault, run))
    return found, fired


def tell(scenario, found):
    """The first case of each fault, and how many more there are."""
    for what, those in found.items():
        fault, run = those[0]
        print(f"    {what}\n        --replay '{scenario.name} {fault}' and {len(those) - 1} more; the call: {run.fired.strip()}")
        print("".join(f"        {line}\n" for line in run.err.splitlines()[-3:]), end="")


def main():
    options = options_of(sys.argv[1:])
    cases.end_by_exception()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "base").mkdir()
        driver = Driver(options, folder)
        base = Base(folder / "base", driver.ftrain, driver.preload)
        chosen = scenarios(base)
        replay = options.replay.split() if options.replay else None
        wanted = replay[:1] if replay else options.commands
        refuse_unknown("--replay" if replay else "--commands", wanted, [scenario.name for scenario in chosen])
        print(f"seed {options.seed}")
        for scenario in chosen:
            if wanted and scenario.name not in wanted:
                continue
            trial = Trial(driver, scenario)
            faults = list(trial.cases(options))
            whole = len(faults)
            if replay:
                faults = [Fault(replay[1], int(replay[2]), replay[3], replay[4], int(replay[5]))]
            elif options.cases and options.cases < whole:
                faults = draw(faults, options.cases, random.Random(f"{options.seed} {scenario.name}"))
            begin = time.monotonic()
            found, fired = judge_all(trial, faults, options.jobs)
            tell(scenario, found)
            if faults and not fired:
                print("    no call has failed")
            cases.check(f"{scenario.name}: {sum(trial.good.calls.values())} calls, {fired} of {whole} cases ({time.monotonic() - begin:.0f} s)",
                        not found and bool(fired or not faults))
    cases.finish()


main()
