# SPDX-License-Identifier: MIT
"""Cases of tests in Python, in the form that test/run.sh counts."""
import signal
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


def end_by_exception():
    """SIGTERM, which test/run.sh hands on, leaves the blocks that are open, so that temporary folders are removed."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


def finish():
    """Ends the program: 1 where a case has failed."""
    sys.exit(failures != 0)
