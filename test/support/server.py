# SPDX-License-Identifier: MIT
"""ftrain serve under a test: the process, requests to it, and what they are compared with."""
import http.client
import json
import os
import re
import signal
import socket
import subprocess


class Server:
    """ftrain serve of this model with these options, until the block ends. What it answers is added to `answers`; what it
    says on standard error goes to the file `errors`."""

    def __init__(self, ftrain, model, *options, environment=None, answers=None, errors=None):
        self.process = subprocess.Popen([ftrain, "serve", "-m", model, *map(str, options)], stdout=subprocess.PIPE, stderr=errors,
                                        text=True, env={**os.environ, **(environment or {})})
        self.answers = answers
        line = self.process.stdout.readline()
        if not line:
            self.process.stdout.close()
            told = ": " + content(errors.name).decode(errors="replace").strip() if errors else ""
            raise RuntimeError(f"serve ended with {self.process.wait()} before it listened{told}")
        self.url = line.split()[-1]
        self.port = int(re.search(r":(\d+)/", self.url)[1])
        self.address = "::1" if "[" in self.url else "127.0.0.1"
        self.code = None

    def __enter__(self):
        return self

    def end(self):
        if self.code is None:
            self.process.send_signal(signal.SIGTERM)
            self.code = self.process.wait(timeout=60)
            self.process.stdout.close()
        return self.code

    def __exit__(self, *_):
        self.end()

    def connect(self):
        return socket.create_connection((self.address, self.port), timeout=30)

    def ask(self, method, path, body=None, headers=None, client=None):
        """(status, headers, body) of one request."""
        connection = client or http.client.HTTPConnection(self.address, self.port, timeout=60)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            read = answer.read()
            if self.answers:
                self.answers.add(method, path, answer, read)
            return answer.status, answer.headers, read
        finally:
            if not client:
                connection.close()

    def post(self, body, path="/v1/predict", headers=None, **options):
        """(status, JSON) of one picture's request."""
        status, _, answer = self.ask("POST", path, body, {"Content-Type": "image/x-portable-pixmap", **(headers or {})}, **options)
        return status, json.loads(answer)

    def sample(self, name):
        """A sample of /metrics."""
        text = self.ask("GET", "/metrics")[2].decode()
        return float(re.search("^" + re.escape(name) + " (.*)$", text, re.M)[1])

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))


def content(path):
    with open(path, "rb") as file:
        return file.read()


def multipart(parts, boundary="xYzZY"):
    body = b"".join(b'--%s\r\nContent-Disposition: form-data; name="%d"; filename="%s"\r\nContent-Type: image/jpeg\r\n\r\n%s\r\n'
                    % (boundary.encode(), i, name.encode(), data) for i, (name, data) in enumerate(parts))
    return body + b"--%s--\r\n" % boundary.encode(), {"Content-Type": "multipart/form-data; boundary=" + boundary}


def is_near(found, expected):
    """The same classes in the same order. Probabilities within 2e-6: kernels for batches sum in another order."""
    return list(found) == list(expected) and all(abs(found[name] - expected[name]) < 2e-6 for name in expected)
