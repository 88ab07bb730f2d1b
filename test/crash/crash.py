#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Power fails while a command writes: every writer of files against the states that the disk may then be in (disk.py).

    crash.py [--few] [--seed N] [--keep FOLDER] BUILD [NAME...]        from the repository root

For each state: the files hold the old or the new, never less; what the program had reported as done is there; and the same
command, given once more, needs nobody's hand and ends with the bytes of an undisturbed run, and without leftovers."""
import os
import shutil

import disk
import trial
from scenarios import Failure
from work import recorded, surroundings


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


def try_states(scenario, recorder, options):
    """(what is wrong, what was tried)"""
    with recorded(scenario, recorder) as work:
        most = scenario.few if options.few else scenario.most
        found = disk.crashes(work.play(), work.log, options.seed, 2 if options.few else scenario.tries)
        chosen, count = disk.sample(found, most, options.seed)
        wrong = [why for crash in chosen if (why := try_state(work, crash, options))]
        operations = sum(1 for _ in disk.records(work.log))
    return wrong, f"{len(chosen)} of {count} states, {operations} operations"


def main():
    parser = trial.parser(__doc__, "a small part of the states")
    parser.add_argument("--keep", metavar="FOLDER", help="where the first state that fails is kept, to look at")
    options = parser.parse_args()
    if options.keep:
        shutil.rmtree(options.keep, ignore_errors=True)
    with surroundings(options.build) as around:
        small = [scenario for scenario in around.scenarios if scenario.is_small]
        for scenario in trial.chosen(small, options.names):
            if options.names or scenario.few or not options.few:
                trial.case(scenario.name, try_states, scenario, around.recorder, options)
    trial.finish()


main()
