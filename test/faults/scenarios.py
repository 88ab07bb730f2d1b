# SPDX-License-Identifier: MIT
"""What is run with failing calls: every command of ftrain on a tiny data set, most in well under a tenth of a second."""
import contextlib
import http.client
import http.server
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from pictures import data_set  # noqa: E402

NETWORK = ["--resize", "36", "--crop", "32", "--threads", "1"]


class Scenario:
    """A command in a folder of its own.

    `words`: the command line. `start`: what lies in the folder before it: names there and where they are copied from.
    `partial`: patterns of files that a run that fails may leave unfinished, and that the next run completes. `again`: those
    that the next run may make otherwise than an undisturbed one. `skips`: calls and errors that are, by design, told of one
    input, which is left out; `skipped`: the exit statuses then, 3 where too few are left over. `drive`: speaks with a process
    that does not end by itself."""

    def __init__(self, name, words, start=None, partial=(), again=(), skips=(), skipped=(1, 3), drive=None):
        self.name, self.words, self.start = name, list(map(str, words)), dict(start or {})
        self.partial, self.again = [re.compile(each) for each in partial], [re.compile(each) for each in again]
        self.skips, self.skipped, self.drive = skips, skipped, drive

    def fill(self, folder):
        for name, source in self.start.items():
            goal = folder / name
            goal.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, goal)
            else:
                shutil.copyfile(source, goal)


# ---- the data ----

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "golden" / "io"
PICTURES = [GOLDEN / name for name in ("pictures/photo.jpg", "pictures/rgb.png", "pictures/palette.gif",
                                           "webp/lossy.webp", "tiff/deflate.tif")]


class Base:
    """What all scenarios share, made once: data, weights, models, features; nothing of it is written to later."""

    def __init__(self, folder, ftrain, preload):
        self.folder, self.ftrain, self.preload = folder, ftrain, preload
        self.data, self.weights = folder / "data", folder / "w.safetensors"
        self.model, self.features, self.cache = folder / "m.safetensors", folder / "f.safetensors", folder / "cache"
        data_set(self.data, 2, {"bright": 160, "dark": 40})
        self.make_weights()
        self.run("extract", self.data, *self.network(self.cache), "-o", self.features)
        training = ["train", self.data, *self.network(self.cache), "--hidden", "8", "--epochs", "2", "-o"]
        self.run(*training, self.model)
        # killed when it was about to keep the second epoch
        self.run(*training, folder / "unfinished", "--checkpoint", folder / "kept.checkpoint", ends_with=-9,
                 LD_PRELOAD=preload, FAULT_CALLS="rename", FAULT_PATH="kept.checkpoint", FAULT_FIRST="2", FAULT_MODE="kill")
        self.run("review", self.data, "--exclude", "train/dark/1.ppm", "--decisions", folder / "decisions.tsv")
        for number, golden in enumerate(PICTURES):
            (folder / "pictures").mkdir(exist_ok=True)
            shutil.copyfile(golden, folder / "pictures" / f"{number}{golden.suffix}")

    def make_weights(self):
        random_network = ["-w", "random:1", "--arch", "densenet121", *NETWORK, "-q", "--cache", self.folder / "other"]
        model = self.folder / "r.safetensors"
        self.run("train", self.data, *random_network, "--hidden", "none", "--epochs", "1", "-o", model)
        for ending in ("safetensors", "pth"):
            self.run("export", model, self.folder / f"whole.{ending}")
        self.run("convert", self.folder / "whole.safetensors", self.weights)

    def run(self, *words, ends_with=0, **environment):
        run = subprocess.run([self.ftrain, *map(str, words)], capture_output=True, text=True, cwd=self.folder,
                             env={**os.environ, **environment})
        if run.returncode != ends_with:
            raise SystemExit(f"faults: {words[0]} of what the scenarios need ended with {run.returncode}: {run.stderr}")

    def network(self, cache):
        return ["-w", self.weights, *NETWORK, "-q", "--cache", cache]


# ---- servers ----

class Pages(http.server.BaseHTTPRequestHandler):
    """What collect and weights fetch: /N.ppm is a picture by its number, all else a file of the base."""
    protocol_version = "HTTP/1.1"
    folder = None

    def log_message(self, *_):
        pass

    def do_GET(self):
        name = self.path.lstrip("/")
        if re.fullmatch(r"\d+\.ppm", name):
            body = b"P6 8 8 255\n" + random.Random(name).randbytes(192)
        else:
            body = (self.folder / name).read_bytes()
        start = int((re.match(r"bytes=(\d+)-", self.headers["Range"] or "") or [0, 0])[1])
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        self.send_header("ETag", '"whole"')
        self.send_header("Content-Length", str(len(body) - start))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(body[start:])


class PageServer(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass  # a client that was killed, or whose call failed


def start_pages(folder):
    """Serves until the program ends; the address."""
    Pages.folder = folder
    server = PageServer(("127.0.0.1", 0), Pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


# What keeps a browser safe, of every answer that is none of libmicrohttpd's own.
GUARDS = ("Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy", "Cross-Origin-Resource-Policy", "Cache-Control")


def ask(address, method, path, body):
    """"STATUS: BODY", or why there is none; "unsafe" where a header of a page is missing."""
    host, port = re.search(r"http://([^:/]+):(\d+)/", address).groups()
    connection = http.client.HTTPConnection(host, int(port), timeout=20)
    try:
        connection.request(method, path, body)
        answer = connection.getresponse()
        missing = [name for name in GUARDS if answer.status == 200 and not answer.headers[name]]
        return f"unsafe, without {missing}" if missing else f"{answer.status}: {answer.read().decode()}"
    except (OSError, http.client.HTTPException) as error:
        return f"no answer: {error!r}"
    finally:
        connection.close()


def asks_twice(method, path, body=None):
    """A driver: the same request two times, of which a failing call can spoil one. What was answered, a line each."""

    def drive(process, first_line):
        answers = [ask(first_line, method, path, body) for _ in range(2)]
        process.send_signal(signal.SIGTERM)
        return answers

    return drive


# ---- the commands ----

TEMPORARY = r"(^|/)\.densenet-[0-9a-f]+-\d+\.tmp$"  # of a killed process; the next one at the same file removes it
STORE = [r"\.safetensors(\.journal)?$"]  # it keeps what was computed
UNFINISHED = r"^\.ftrain-[a-z]+-\d+\.(tmp|lock)(/|$)"  # likewise, of a whole folder
# By design: a picture or folder whose drive does not answer is left out and named.
LEAVES_OUT = {("stat", "EIO")}


def without_times(text):
    """Moments, and seconds at the end of a line."""
    text = re.sub(rb"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\dZ| \d\d:\d\d UTC)", b"TIME", text)
    return re.sub(rb"(?m) \d+\.\d\d$", b" SECONDS", text)


def text_commands(base):
    """Those that work on files."""
    whole = base.folder / "whole.safetensors"
    yield Scenario("info", ["info", "--json"])
    yield Scenario("info-file", ["info", base.model])
    yield Scenario("convert", ["convert", base.folder / "whole.pth", "out.safetensors"])
    for ending in ("pth", "onnx", "c"):
        yield Scenario(f"export-{ending}", ["export", base.model, f"out.{ending}", "-w", base.weights])
    for ending in ("npy", "csv"):
        yield Scenario(f"export-{ending}", ["export", base.features, f"out.{ending}"])
    yield Scenario("import", ["import", whole, "-w", base.weights, "--resize", "36", "--crop", "32", "--prefix", "classifier",
                              "--classes", "bright,dark", "-o", "out.safetensors"])


def picture_commands(base):
    """Those that work on pictures alone."""
    yield Scenario("split", ["split", base.data / "train", "-o", "out", "--train", "1", "--valid", "1", "--test", "0", "-q",
                             "--threads", "1"], skips=LEAVES_OUT)
    yield Scenario("prepare", ["prepare", base.data, "-o", "out", "--side", "32", "-q", "--threads", "1"], skips=LEAVES_OUT)
    yield Scenario("audit", ["audit", base.data, "-q", "--threads", "1", "--report", "out.html"], skips=LEAVES_OUT)
    yield Scenario("review-exclude", ["review", base.data, "--exclude", "train/bright/1.ppm", "train/dark/2.ppm", "--decisions",
                                      "decisions.tsv"], partial=[r"^decisions\.tsv$"], skips=LEAVES_OUT)
    yield Scenario("review-list", ["review", base.data, "--list", "--decisions", base.folder / "decisions.tsv"],
                   skips=LEAVES_OUT)


def network_commands(base):
    """Those that run the network, or read what it gave."""
    warm = {"cache": base.cache}
    here = base.network("cache")
    shared = dict(partial=STORE, skips=LEAVES_OUT)
    judging = ["-m", base.model, "-w", base.weights, "--threads", "1"]
    yield Scenario("extract", ["extract", base.data, *here, "-o", "out.safetensors"], **shared)
    yield Scenario("extract-warm", ["extract", base.data, *here, "-o", "out.safetensors"], warm, **shared)
    training = ["train", base.data, *here, "--hidden", "8", "--epochs", "2", "-o", "out.safetensors"]
    yield Scenario("train", [*training, "--report", "out.html"], warm, partial=[*STORE, r"\.checkpoint$"], skips=LEAVES_OUT)
    yield Scenario("train-resume", [*training, "--checkpoint", "kept.checkpoint", "--resume"],
                   {**warm, "kept.checkpoint": base.folder / "kept.checkpoint"}, partial=[*STORE, r"\.checkpoint$"],
                   skips=LEAVES_OUT, skipped=(1, 3, 4))  # with one picture less it is another training than the checkpoint's
    yield Scenario("evaluate", ["evaluate", base.data, *judging, "-q", "--cache", "cache", "--report", "out.html"], warm, **shared)
    yield Scenario("baseline", ["baseline", base.data, *here], warm, **shared)
    yield Scenario("audit-labels", ["audit", base.data, *here, "--labels", "--json"], warm, **shared)
    yield Scenario("predict", ["predict", *judging, base.folder / "pictures", "--json"], skips=LEAVES_OUT)
    yield Scenario("explain", ["explain", *judging, base.data / "test" / "dark", "-o", "out"],
                   again=["^out/"], skips=LEAVES_OUT)  # nothing is written over: further maps are out/1-2.png and so on


def net_commands(base):
    """Those that fetch, and those that serve."""
    address = start_pages(base.folder)
    patience = ["--retries", "1", "--backoff", "0.01", "-q"]
    yield Scenario("collect", ["collect", address + "/{n}.ppm", "-o", "out", "-n", "3", "--delay", "0", *patience],
                   partial=[r"^out/\d+\.ppm$", r"^out/manifest\.tsv$"],
                   again=[r"^out/manifest\.tsv$"])  # a picture may be there without its line
    yield Scenario("weights", ["weights", "121", "--timeout", "2", "--url", address + "/w.safetensors", "-o", "out.safetensors", *patience],
                   partial=[r"^out\.safetensors\.part$"])
    picture_bytes = (base.data / "test" / "dark" / "1.ppm").read_bytes()
    yield Scenario("serve", ["serve", "--no-sandbox", "-m", base.model, "-w", base.weights, "--threads", "1"],
                   drive=asks_twice("POST", "/v1/predict", picture_bytes))
    yield Scenario("review-page", ["review", base.data, "--no-open", "--no-search", "--threads", "1", "-q", "--decisions",
                                   "decisions.tsv"], drive=asks_twice("GET", "/page.css"), skips=LEAVES_OUT)


def scenarios(base):
    return [*text_commands(base), *picture_commands(base), *network_commands(base), *net_commands(base)]
