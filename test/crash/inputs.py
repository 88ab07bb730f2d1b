# SPDX-License-Identifier: MIT
"""What crash.py, full.py and kills.py work on: small pictures, and a web server that gives some."""
import contextlib
import http.server
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from pictures import data_set, picture  # noqa: E402

__all__ = ["CLASSES", "SMALL", "data_set", "picture", "web"]

# The smallest network on the smallest pictures: what it computes is of no use, and soon done.
SMALL = "-w random:7 --arch densenet121 --resize 36 --crop 32 -q".split()
CLASSES = {"dark": 30, "light": 160}


class Handler(http.server.BaseHTTPRequestHandler):
    """A picture of each address."""

    def log_message(self, *_):
        pass

    def do_GET(self):
        body = picture(self.path, side=8)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(ConnectionError):  # of a client that was killed
            self.wfile.write(body)


@contextlib.contextmanager
def web():
    """The address of a server on this machine, until the block ends."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
