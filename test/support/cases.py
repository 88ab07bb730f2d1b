# SPDX-License-Identifier: MIT
"""Cases of tests in Python, in the form that test/run.sh counts."""
import sys

failures = 0


def check(what, found, expected=True):
    """A case: `found` is `expected`."""
    global failures
    if found == expected:
        print(f"ok - {what}", flush=True)
        return
    failures += 1
    print(f"    found    {found!r}\n    expected {expected!r}\nnot ok - {what}", flush=True)


def finish():
    """Ends the program: 1 where a case has failed."""
    sys.exit(failures != 0)
