# SPDX-License-Identifier: MIT
"""What crash.py and kills.py work on: small pictures, and a web server that gives some."""
import contextlib
import http.server
import os
import random
import threading

# The smallest network on the smallest pictures: what it computes is of no use, and soon done.
SMALL = "-w random:7 --arch densenet121 --resize 36 --crop 32 -q".split()


def picture(seed, base=0, side=40):
    noise = random.Random(seed)
    return b"P6 %d %d 255\n" % (side, side) + bytes(base + noise.randrange(60) for _ in range(3 * side * side))


def dataset(folder, count):
    """Two classes that brightness tells apart, `count` pictures of each in every split."""
    seed = 0
    for split in ("train", "valid", "test"):
        for base, name in ((30, "dark"), (160, "light")):
            os.makedirs(os.path.join(folder, split, name))
            for number in range(count):
                seed += 1
                with open(os.path.join(folder, split, name, f"{number + 1}.ppm"), "wb") as file:
                    file.write(picture(seed, base))


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
