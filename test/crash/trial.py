# SPDX-License-Identifier: MIT
"""What crash.py, full.py and kills.py share: the words of their command lines, and a case for each scenario."""
import argparse
import os
import sys
import time

from scenarios import Failure

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cases import check, finish  # noqa: E402

__all__ = ["case", "chosen", "finish", "parser"]
MOST_TOLD = 10


def parser(about, few):
    words = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--few", action="store_true", help=few)
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("build")
    words.add_argument("names", nargs="*", help="of scenarios; none: all")
    return words


def chosen(scenarios, names):
    """Those of these names, or all. Ends the program where there is none of a name: it would pass without a case."""
    known = {scenario.name: scenario for scenario in scenarios}
    if unknown := [name for name in names if name not in known]:
        sys.exit(f"'{unknown[0]}' is none of: {'; '.join(known)}")
    return [known[name] for name in names] if names else scenarios


def case(what, function, *arguments):
    """`function` gives (what is wrong, what was tried), or raises Failure."""
    begun = time.monotonic()
    try:
        wrong, tried = function(*arguments)
    except Failure as failure:
        wrong, tried = [str(failure)], "not tried to the end"
    for why in sorted(set(wrong))[:MOST_TOLD]:
        print(f"    {wrong.count(why)} x {why}")
    check(f"{what}: {tried}, {time.monotonic() - begun:.0f} s", len(wrong), 0)
