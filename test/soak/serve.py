# SPDX-License-Identifier: MIT
"""ftrain serve under clients of all kinds, and what is left of it afterwards.

    test/soak/serve.py FTRAIN MODEL FOLDER --minutes N --clients N [--seed N]      from the repository root

Each client is a process that asks what mix.py has in store, drawn from the seed. A row a minute tells how good requests
fared and what the server took; then the sentences of verdict.py, and status 1 where there are any."""
import argparse
import collections
import http.client
import math
import multiprocessing
import os
import re
import sys
import time

import client
import gallery
import mix
import verdict
import watch

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from server import Server  # noqa: E402

TIMEOUT = 5  # seconds, the server's --timeout
TOKEN = "soaked-0123456789abcdef"
REST_SECONDS = 30  # within which a server that nobody asks anything must have let go of all clients


def run_client(seed, port, pictures, end, results):
    results.send(client.Client(seed, port, TOKEN, pictures, end, TIMEOUT).run(mix.kinds()))
    results.close()


def soak(server, pictures, wanted, begin):
    """The account of all clients together."""
    ends, processes = [], []
    for number in range(wanted.clients):
        mine, theirs = multiprocessing.Pipe(duplex=False)
        processes.append(multiprocessing.Process(target=run_client, args=(f"{wanted.seed}/{number}", server.port, pictures,
                                                                           begin + 60 * wanted.minutes, theirs)))
        processes[-1].start()
        theirs.close()
        ends.append(mine)
    account = client.Account()
    for number, (end, process) in enumerate(zip(ends, processes)):
        try:
            account.add(end.recv())
        except EOFError:
            account.wrong.append(f"client {number} has ended before its time")
        process.join()
    return account


# ---- the server, when nobody asks it anything ----

Rest = collections.namedtuple("Rest", "sample requests pictures waiting")  # of watch.py; of /metrics


class Reader:
    """Reads /metrics, and counts how often: whoever asks for them is counted himself, from the next time on."""

    def __init__(self, server):
        self.server, self.asked = server, 0

    def read(self):
        self.asked += 1
        text = self.server.ask("GET", "/metrics", headers={"Authorization": "Bearer " + TOKEN})[2].decode()
        return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in text.splitlines() if line[0] != "#")}

    def at_rest(self, before=None):
        """As soon as nobody else is answered, and no more descriptors and threads are there than `before`; or when the time for
        it is up."""
        end = time.monotonic() + REST_SECONDS
        while True:
            found, sample = self.read(), watch.look(self.server.process.pid)
            if not sample:
                raise ConnectionError("its process has ended")
            is_idle = found["ftrain_http_requests_active"] == 1 and (
                not before or sample.descriptors <= before.descriptors and sample.threads <= before.threads)
            if is_idle or time.monotonic() > end:
                return Rest(sample, counted_requests(found), counted_pictures(found), found["ftrain_queue_pictures"])
            time.sleep(0.1)


def counted_requests(found):
    """{(path, status): number}"""
    counted = {}
    for name, value in found.items():
        labels = re.fullmatch(r'ftrain_http_requests_total\{method="[^"]*",path="([^"]*)",code="([^"]*)"\}', name)
        if labels:
            counted[labels[1], int(labels[2]) if labels[2].isdigit() else labels[2]] = int(value)
    return counted


def counted_pictures(found):
    return {outcome: int(found[f'ftrain_pictures_total{{outcome="{outcome}"}}']) for outcome in verdict.OUTCOMES}


def since(now, before):
    return {key: value - before.get(key, 0) for key, value in now.items()}


# ---- what is told ----

def print_minutes(account, samples, begin, minutes):
    print("| minute | good requests | p50 ms | p99 ms | MB | descriptors | threads |\n| --- | --- | --- | --- | --- | --- | --- |")
    for minute in range(math.ceil(minutes)):
        def is_in(when):
            return minute <= (when - begin) / 60 < minute + 1
        latencies = [value for when, value in account.latencies if is_in(when)]
        taken = [sample for sample in samples if is_in(sample.time)]
        if latencies and taken:
            print(f"| {minute + 1} | {len(latencies)} | {1e3 * verdict.percentile(latencies, 0.5):.1f} | "
                  f"{1e3 * verdict.percentile(latencies, 0.99):.1f} | {max(sample.rss for sample in taken) / 1024:.1f} | "
                  f"{max(sample.descriptors for sample in taken)} | {max(sample.threads for sample in taken)} |")


def print_sums(account, samples, begin, seconds):
    kinds = ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in account.requests.most_common())
    print(f"\n{sum(account.requests.values())} requests: {kinds}\n"
          f"good requests turned away for a full line: {account.turned_away}\n"
          f"memory over the second half: {verdict.rise(verdict.half(samples, begin, seconds)):+.0f} KB a minute"
          f"{'' if seconds >= verdict.SHORTEST else '; too short a run to judge memory and times'}")


# ---- all of it ----

def judge(account, before, reader):
    """What was wrong when the clients were gone."""
    try:
        after = reader.at_rest(before.sample)
    except (OSError, http.client.HTTPException) as error:
        return [*account.wrong, f"the server does not answer any more: {error!r}"]
    account.answered["/metrics", 200] += reader.asked - 1  # the last reading has not counted itself
    return (account.wrong + verdict.requests(account, since(after.requests, before.requests)) +
            verdict.pictures(account, since(after.pictures, before.pictures)) +
            verdict.nothing_left("descriptors", before.sample.descriptors, after.sample.descriptors) +
            verdict.nothing_left("threads", before.sample.threads, after.sample.threads) +
            verdict.nothing_left("pictures in the line", 0, after.waiting))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("ftrain")
    parser.add_argument("model")
    parser.add_argument("folder")
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--clients", type=int, required=True)
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    if wanted.minutes <= 0 or not 1 <= wanted.clients <= 16:
        parser.error("there must be some time, and 1 to 16 clients")
    return wanted


def main():
    wanted = arguments()
    seconds = 60 * wanted.minutes
    pictures = gallery.judged(wanted.ftrain, wanted.model, os.path.join(wanted.folder, "gallery"), wanted.seed)
    options = ("--timeout", TIMEOUT, "--queue", mix.QUEUE, "--max-size", mix.MAX_BODY >> 20)
    with open(os.path.join(wanted.folder, "errors"), "w+") as errors:
        with Server(wanted.ftrain, wanted.model, *options, environment={"FTRAIN_TOKEN": TOKEN}, errors=errors) as server:
            reader = Reader(server)
            before = reader.at_rest()
            said_at_start = os.fstat(errors.fileno()).st_size
            begin = time.monotonic()
            with watch.Watch(server.process.pid) as watched:
                account = soak(server, pictures, wanted, begin)
            wrong = judge(account, before, reader)
            code = server.end()
        errors.seek(said_at_start)
        told = errors.read()
    if code != 0:
        wrong.append(f"the server ended with {code}, not with 0 after SIGTERM")
    if told:
        wrong.append("the server said on standard error: " + told[-2000:])
    if seconds >= verdict.SHORTEST:
        wrong += verdict.memory(watched.samples, begin, seconds) + verdict.times(account.latencies, begin, seconds)
    print_minutes(account, watched.samples, begin, wanted.minutes)
    print_sums(account, watched.samples, begin, seconds)
    for sentence in wrong:
        print("wrong: " + sentence)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
