# SPDX-License-Identifier: MIT
"""What a process takes while it runs, from /proc, each second."""
import collections
import os
import threading
import time

Sample = collections.namedtuple("Sample", "time rss descriptors threads")  # time.monotonic(), KB


def look(pid):
    """A sample now; None: the process has ended."""
    try:
        with open(f"/proc/{pid}/status") as file:
            fields = dict(line.split(":", 1) for line in file)
        return Sample(time.monotonic(), int(fields["VmRSS"].split()[0]), len(os.listdir(f"/proc/{pid}/fd")),
                      int(fields["Threads"]))
    except (OSError, KeyError):
        return None


class Watch:
    """Samples of a process, until the block ends or the process does."""

    def __init__(self, pid, interval=1.0):
        self.pid, self.interval, self.samples = pid, interval, []
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.is_over.wait(self.interval):
            sample = look(self.pid)
            if not sample:
                break
            self.samples.append(sample)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        self.thread.join()
