#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Power fails while a command writes: every writer of files against the states that the disk may then be in (disk.py).

    crash.py [--few] [--seed N] [--keep FOLDER] BUILD [NAME...]        from the repository root

For each state: the files hold the old or the new, never less; what the program had reported as done is there; and the same
command, given once more, needs nobody's hand and ends with the bytes of an undisturbed run, and without leftovers."""
import argparse
import os
import shutil
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import disk  # noqa: E402
from cases import check, finish  # noqa: E402
from scenarios import Failure  # noqa: E402
from work import surroundings, recorded  # noqa: E402


def keep_state(folder, scenario, crash, why):
    place = os.path.join(folder, scenario.name)
    if os.path.exists(place):
        return  # the first one will do
    os.makedirs(place)
    disk.store(crash.found, place)
    print(f"    {place} holds the state of: {why}")


def try_state(work, crash, options):
    """What is wrong, or None."""
    disk.store(crash.found, work.root)
    try:
        work.judge(crash)
    except Failure as failure:
        why = str(failure).replace(work.root + "/", "")
        if options.keep:
            keep_state(options.keep, work.scenario, crash, why)
        return why
    return None


def try_all(scenario, recorder, options):
    begun = time.monotonic()
    try:
        with recorded(scenario, recorder) as work:
            most = scenario.few if options.few else scenario.most
            found = disk.crashes(work.play(), work.log, options.seed, 2 if options.few else scenario.tries)
            chosen, count = disk.sample(found, most, options.seed)
            wrong = [why for crash in chosen if (why := try_state(work, crash, options))]
            operations = sum(1 for _ in disk.records(work.log))
    except Failure as failure:
        check(f"{scenario.name}: {failure}", False)
        return
    for why in sorted(set(wrong))[:10]:
        print(f"    {wrong.count(why)} x {why}")
    check(f"{scenario.name}: {len(chosen)} of {count} states, {operations} operations, {time.monotonic() - begun:.0f} s",
          len(wrong), 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--few", action="store_true", help="a small part of the states")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", metavar="FOLDER", help="where the first state that fails is kept, to look at")
    parser.add_argument("build")
    parser.add_argument("names", nargs="*", help="of scenarios; none: all")
    options = parser.parse_args()
    if options.keep:
        shutil.rmtree(options.keep, ignore_errors=True)
    with surroundings(options.build) as around:
        for scenario in around.scenarios:
            is_chosen = scenario.name in options.names if options.names else scenario.few or not options.few
            if is_chosen and scenario.is_small:
                try_all(scenario, around.recorder, options)
    finish()


main()
