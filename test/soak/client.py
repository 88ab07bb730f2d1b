# SPDX-License-Identifier: MIT
"""One client of a soaked server: its connections, and an account of what it was answered."""
import collections
import json
import os
import random
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from server import is_near  # noqa: E402

LONGEST = 60  # seconds that an answer may take
IDLE = 1  # seconds after which a connection is not used again: the server ends idle ones
MOST_WRONG = 20  # wrong answers that are told


class Wire:
    """One connection, and what came over it that belongs to the next answer."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=LONGEST)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.rest = b""
        self.used = time.monotonic()

    def send(self, data):
        self.socket.sendall(data)

    def receive(self):
        piece = self.socket.recv(1 << 16)
        if not piece:
            raise ConnectionResetError("the server has closed the connection")
        self.rest += piece

    def answer(self, is_head=False):
        """(status, fields, body) of the next answer, be it an interim one."""
        while b"\r\n\r\n" not in self.rest:
            self.receive()
        first, *lines = self.rest[:self.rest.index(b"\r\n\r\n")].decode("latin-1").split("\r\n")
        self.rest = self.rest[self.rest.index(b"\r\n\r\n") + 4:]
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        size = 0 if is_head else int(fields.get("content-length", 0))
        while len(self.rest) < size:
            self.receive()
        body, self.rest = self.rest[:size], self.rest[size:]
        self.used = time.monotonic()
        return int(first.split()[1]), fields, body

    def close(self):
        self.socket.close()

    def reset(self):
        """Ends the connection as a client does that was killed: with RST, and without what was not read."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


class Account:
    """What clients have asked and been answered. All of it can be added up."""

    def __init__(self):
        self.requests = collections.Counter()  # by kind
        self.answered = collections.Counter()  # by (path, status), as /metrics counts them; status "other": given up
        self.unread = collections.Counter()  # by path: requests whose answer nobody has read, if there was one
        self.noise = 0  # what may be requests, or not
        self.pictures = collections.Counter()  # by outcome, as /metrics counts them
        self.unread_pictures = 0
        self.turned_away = 0  # good requests that found the line full
        self.latencies = []  # of good requests: (when it ended, seconds), of time.monotonic()
        self.wrong = []  # what was not answered as it should

    def add(self, other):
        for name in ("requests", "answered", "unread", "noise", "pictures", "unread_pictures", "turned_away", "latencies", "wrong"):
            mine = getattr(self, name)
            if isinstance(mine, collections.Counter):
                mine.update(getattr(other, name))
            else:
                setattr(self, name, mine + getattr(other, name))


class Client:
    """Asks the server on `port` what the mix of requests has in store, until `end`. `gallery` is gallery.judged(). Everything
    that is drawn comes from `seed`."""

    def __init__(self, seed, port, token, gallery, end, timeout):
        self.random = random.Random(seed)
        self.port, self.token, self.end, self.timeout = port, token, end, timeout
        self.good = [(data, row["probabilities"]) for _, data, row in gallery if "probabilities" in row]
        self.broken = [data for _, data, row in gallery if "probabilities" not in row]
        self.account = Account()
        self.kept = None  # the connection that stays open
        self.slow = []  # connections that get a byte now and then: (Wire, when begun, path or None)

    # ---- connections ----

    def wire(self):
        """A connection of its own."""
        return Wire(self.port)

    def kept_wire(self):
        """The one that stays open from request to request."""
        if self.kept and time.monotonic() - self.kept.used > IDLE:
            self.drop()
        if not self.kept:
            self.kept = self.wire()
        return self.kept

    def drop(self):
        if self.kept:
            self.kept.close()
        self.kept = None

    # ---- requests ----

    def head(self, method, path, size=None, **fields):
        """A request's head; fields with a value of None are left out."""
        fields = {"Host": "localhost", "Authorization": "Bearer " + self.token,
                  **({} if size is None else {"Content-Length": size}), **fields}
        lines = [f"{name.replace('_', '-')}: {value}" for name, value in fields.items() if value is not None]
        return "\r\n".join([f"{method} {path} HTTP/1.1", *lines, "", ""]).encode("latin-1")

    def picture_request(self, data, path="/v1/predict", **fields):
        return self.head("POST", path, len(data), Content_Type="image/x", **fields) + data

    def saw(self, path, status):
        """Counts one answer where the server does."""
        route = path.split("?")[0]
        known = ("/", "/page.js", "/page.css", "/v1/predict", "/v1/explain", "/v1/model", "/healthz", "/metrics")
        self.account.answered[route if route in known else "other", status] += 1

    def object(self, what, body):
        """The object that an answer holds, which must be one."""
        try:
            return json.loads(body)
        except ValueError:
            self.complain(f"{what}: {body[:200]!r} is no JSON")
            return {}

    def complain(self, text):
        if len(self.account.wrong) < MOST_WRONG:
            self.account.wrong.append(text)

    def expect(self, what, found, allowed):
        if found not in allowed:
            self.complain(f"{what}: {found}, not {' or '.join(map(str, allowed))}")

    def right(self, what, row, expected):
        """A good picture's prediction is what predict says."""
        found = row.get("probabilities")
        if not found or not is_near(found, expected):
            self.complain(f"{what}: {str(row)[:300]}, not {expected}")

    def timed(self, begin):
        now = time.monotonic()
        self.account.latencies.append((now, now - begin))

    # ---- slow senders ----

    def begin_slowly(self, beginning, path):
        wire = self.wire()
        wire.send(beginning)
        self.slow.append((wire, time.monotonic(), path))

    def feed_slow(self):
        """A byte to each; the server must have ended those whose time is up."""
        now, left = time.monotonic(), []
        for wire, begun, path in self.slow:
            if self.is_fed(wire):
                left.append((wire, begun, path))
                if now - begun > 2 * self.timeout + 5:
                    self.complain(f"a slow sender is still heard after {now - begun:.0f} s; the limit is {self.timeout}")
            else:
                self.end_slow(wire, path)
        self.slow = left

    def is_fed(self, wire):
        try:
            wire.send(b"x")
            wire.socket.setblocking(False)
            return bool(wire.socket.recv(1 << 16))
        except BlockingIOError:
            wire.socket.settimeout(LONGEST)
            return True
        except ConnectionError:
            return False

    def end_slow(self, wire, path):
        wire.close()
        if path:
            self.account.answered[path, "other"] += 1

    # ---- all of it ----

    def run(self, kinds):
        """`kinds` are (weight, function of this client)."""
        weights = [weight for weight, _ in kinds]
        while time.monotonic() < self.end:
            kind = self.random.choices(kinds, weights)[0][1]
            self.account.requests[kind.__name__] += 1
            try:
                kind(self)
                self.feed_slow()
            except (OSError, ValueError) as error:
                self.complain(f"{kind.__name__}: {error!r}")
                self.drop()
        self.drop()
        for wire, _, path in self.slow:
            self.end_slow(wire, path)
        return self.account
