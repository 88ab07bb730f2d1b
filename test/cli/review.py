# SPDX-License-Identifier: MIT
"""The cases of test_review_page.sh:  review.py FTRAIN MODEL DATA: what the page's server answers, and what stands in the file."""
import concurrent.futures
import contextlib
import http.client
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from answers import Answers  # noqa: E402
from cases import check, finish  # noqa: E402

ftrain, model, data = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
file = data / "decisions.tsv"
faults = pathlib.Path(ftrain).parent.parent / "test" / "faults" / "faults.so"
answers = Answers(ftrain)


class Page:
    """ftrain review with these options, until the block ends."""

    def __init__(self, *options, environment=None):
        self.process = subprocess.Popen([ftrain, "review", str(data), "-q", *options], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, stderr=subprocess.DEVNULL, env={**os.environ, **(environment or {})})
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write("typed on the terminal\n")
            self.process.stdin.close()
        self.first_line = self.process.stdout.readline()
        self.port = int(re.search(r":(\d+)/", self.first_line)[1])
        self.code = None
        try:
            self.status, self.headers, body = self.ask("GET", "/")
        except (OSError, http.client.HTTPException):
            self.end(signal.SIGTERM)
            raise
        found = re.search(rb'name="ftrain-token" content="([0-9a-f]+)"', body)
        self.token = found[1].decode() if found else ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end(signal.SIGTERM)

    def end(self, by):
        if self.code is None:
            self.process.send_signal(by)
            self.code = self.process.wait(timeout=60)
            self.process.stdout.close()
        return self.code

    def ask(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        found = answer.status, answer.headers, answer.read()
        connection.close()
        answers.add(method, path, answer, found[2])
        return found

    def post(self, path, body=None, token=None):
        return self.ask("POST", path, body, {"X-Ftrain-Token": self.token if token is None else token})

    def decide(self, pictures, decision, **more):
        status, _, body = self.post("/decide", json.dumps({"pictures": pictures, "decision": decision, **more}))
        return status, json.loads(body)

    def set(self):
        return json.loads(self.ask("GET", "/set")[2])


def lines():
    return [line.split("\t") for line in file.read_text().splitlines()[1:]] if file.exists() else []


def is_jpeg(found, longest):
    """Whether it is a JPEG file whose sides are at most that long."""
    status, headers, body = found
    at = 2
    while body[at + 1] not in (0xC0, 0xC2):
        at += 2 + int.from_bytes(body[at + 2:at + 4], "big")
    sides = int.from_bytes(body[at + 5:at + 7], "big"), int.from_bytes(body[at + 7:at + 9], "big")
    return status == 200 and headers["Content-Type"] == "image/jpeg" and max(sides) <= longest


def test_what_is_shown(page):
    found = page.set()
    paths = [picture["path"] for picture in found["pictures"]]
    check("the first line names set and address", bool(re.match(rf"reviewing {re.escape(str(data))} on http://127.0.0.1:\d+/$",
                                                               page.first_line)))
    check("all pictures are listed, by split and class", (found["splits"], found["classes"], len(paths), paths[0]),
          (["train", "valid", "test"], ["bright", "dark"], len(list(data.glob("*/*/*.ppm"))), "train/bright/1.ppm"))
    twins = [picture["path"] for picture in found["pictures"] if picture.get("same")]
    check("copies are told, across splits", twins, ["train/dark/1.ppm", "test/dark/twin.ppm"])
    broken = [number for number, picture in enumerate(found["pictures"]) if picture.get("broken")]
    check("so is what cannot be used", [paths[number] for number in broken], ["valid/dark/broken.ppm"])
    check("a thumbnail is a small JPEG file", is_jpeg(page.ask("GET", "/thumbnail?id=0"), 192))
    check("the same the second time", page.ask("GET", "/thumbnail?id=0")[2], page.ask("GET", "/thumbnail?id=0")[2])
    check("a picture is a larger one", is_jpeg(page.ask("GET", "/picture?id=0"), 1024))
    status, _, body = page.ask("GET", f"/thumbnail?id={broken[0]}")
    check("one that cannot be decoded says why", (status, b"broken.ppm" in body), (422, True))
    for number in ("", "-1", "999", "0x1", "1e0", "../../etc/passwd", "18446744073709551616"):
        check(f"'{number}' is the number of no picture", page.ask("GET", "/thumbnail?id=" + number)[0], 404)
    check("no path leads to a file", page.ask("GET", "/train/bright/1.ppm")[0], 404)
    status, headers, body = page.post("/map?id=0")
    check("a map is a picture with class and probability", (is_jpeg((status, headers, body), 640), headers["X-Ftrain-Class"] in "01",
                                                            0.5 <= float(headers["X-Ftrain-Probability"]) <= 1), (True, True, True))


def test_decisions(page):
    check("a decision is answered", page.decide([0], "exclude"), (200, {"pictures": [{"id": 0, "decision": ["exclude"]}]}))
    check("and stands in the file", [(line[0], line[3]) for line in lines()], [("train/bright/1.ppm", "exclude")])
    check("several at once", page.decide([1, 2], "move", **{"class": 1})[1]["pictures"],
          [{"id": 1, "decision": ["move", 1]}, {"id": 2, "decision": ["move", 1]}])
    check("an undo leaves what was before", page.decide([0], "keep") and page.decide([0], "undo")[1]["pictures"],
          [{"id": 0, "decision": ["exclude"]}])
    check("the list has it so", [picture["decision"] for picture in page.set()["pictures"][:4]],
          [["exclude"], ["move", 1], ["move", 1], None])
    before = lines()
    check("an undo of nothing is refused", page.decide([3], "undo")[0], 409)
    check("also of one among others, and then none is done", page.decide([0, 3], "undo")[0], 409)
    wrong = [("{", "JSON"), ("[]", "decision"), ('{"decision": "burn", "pictures": [1]}', "decision"),
             ('{"decision": "keep"}', "pictures"), ('{"decision": "keep", "pictures": []}', "pictures"),
             ('{"decision": "keep", "pictures": [999]}', "pictures"), ('{"decision": "keep", "pictures": [-1]}', "pictures"),
             ('{"decision": "undo", "pictures": [1, 2, 1]}', "1 is there twice"), ('{"decision": "keep", "pictures": ["1"]}', "pictures"), ('{"decision": "move", "pictures": [1]}', "class"),
             ('{"decision": "move", "class": 2, "pictures": [1]}', "class"),
             ('{"decision": "move", "class": "dark", "pictures": [1]}', "class")]
    for body, word in wrong:
        status, _, answer = page.post("/decide", body)
        check(f"{body} is refused, and why", (status, word in json.loads(answer)["error"]["message"]), (400, True))
    check("without the page's token nothing is decided", page.post("/decide", '{"decision": "keep", "pictures": [1]}', "")[0], 403)
    check("nor from another page", page.ask("POST", "/decide", '{"decision": "keep", "pictures": [1]}',
                                            {"X-Ftrain-Token": page.token, "Origin": "http://evil.example"})[0], 403)
    check("nor by GET", page.ask("GET", "/decide")[0], 405)
    check("and nothing of this is in the file", lines(), before)
    subprocess.run([ftrain, "review", str(data), "--exclude", "test/bright/1.ppm"], check=True, stdout=subprocess.DEVNULL)
    check("what another process decides is listed", [picture["path"] for picture in page.set()["pictures"]
                                                      if picture["decision"] == ["exclude"]],
          ["train/bright/1.ppm", "test/bright/1.ppm"])
    check("and undone", page.decide([number for number, picture in enumerate(page.set()["pictures"])
                                     if picture["path"] == "test/bright/1.ppm"], "undo")[1]["pictures"][0]["decision"], None)


def test_sigkill():
    """What was answered is in the file, whatever becomes of the process."""
    with Page("--no-search", "--no-open") as page:
        before, answered = len(lines()), 0
        for number in range(4, 8):
            answered += page.decide([number], "keep")[0] == 200
        page.end(signal.SIGKILL)
        check("what was answered survives SIGKILL", len(lines()), before + answered)
    with Page("--no-search", "--no-open") as page:
        check("and is there again", [picture["decision"] for picture in page.set()["pictures"][4:8]], 4 * [["keep"]])
        check("without a search there are no reasons", [page.set()["searched"], any("same" in picture for picture in
                                                                                    page.set()["pictures"])], [False, False])
        check("nor a map without a model", page.post("/map?id=0")[0], 404)


def test_renamed():
    """What counts after an undo is what every other command takes for it: a decision on the same bytes under an older name, too."""
    old, new = data / "train/bright/4.ppm", data / "train/bright/renamed.ppm"
    for path, decision in ((old, "exclude"), (new, "keep")):
        subprocess.run([ftrain, "review", str(data), "--" + decision, str(path)], check=True, stdout=subprocess.DEVNULL)
        if path == old:
            old.rename(new)
    with Page("--no-search", "--no-open") as page:
        number = [picture["path"] for picture in page.set()["pictures"]].index("train/bright/renamed.ppm")
        check("an undo leaves what was decided before the file was renamed", page.decide([number], "undo"),
              (200, {"pictures": [{"id": number, "decision": ["exclude"]}]}))
        check("as the list has it", page.set()["pictures"][number]["decision"], ["exclude"])
        check("an undo of that leaves nothing", page.decide([number], "undo")[1]["pictures"][0]["decision"], None)
    new.rename(old)


def failing(call, error, first, **more):
    """The environment in which one call fails: test/faults/faults.c."""
    return {"LD_PRELOAD": str(faults), "FAULT_SPARE": "libjansson", "FAULT_CALLS": call, "FAULT_ERRNO": error, "FAULT_COUNT": "1",
            "FAULT_FIRST": str(first), **more}


def test_unreadable():
    """A decision that is written, but whose file cannot be read again, is not answered as one that was not made."""
    before = len(lines())
    with Page("--no-search", "--no-open", environment=failing("open", "EIO", 3, FAULT_PATH="decisions.tsv")) as page:
        status, answer = page.decide([8], "keep")
        check("what is written and cannot be read again is said to be decided",
              (status, answer["error"]["message"][:38], len(lines()) - before), (500, "it is decided, but what counts now can", 1))
        check("and what comes next knows of it", page.decide([8], "undo"), (200, {"pictures": [{"id": 8, "decision": None}]}))


def test_headers():
    """An answer for which memory runs out has all that keeps a browser safe, or is none."""
    guards = ("Content-Type", "Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy", "Cross-Origin-Resource-Policy")
    report, answered, unsafe = data.parent / "report", 0, set()
    with Page("--no-search", "--no-open", environment=failing("malloc", "ENOMEM", 1 << 30, FAULT_REPORT=str(report))) as page:
        page.end(signal.SIGTERM)
    asked = int(re.search(r"^call malloc (\d+)", report.read_text(), re.M)[1])
    for first in range(asked - 34, asked + 1): # those of the one request, the last ones of the beginning among them
        with contextlib.suppress(OSError, http.client.HTTPException, TypeError): # TypeError: it did not begin
            with Page("--no-search", "--no-open", environment=failing("malloc", "ENOMEM", first)) as page:
                if page.status == 200:
                    answered += 1
                    unsafe |= {name for name in guards if not page.headers[name]}
    check("some answers are given though memory has run out once", answered > 0)
    check("and none lacks what keeps a browser safe", unsafe, set())


def png(side):
    """A grey picture, of which the file is small and the pixels are not."""
    def chunk(kind, body):
        return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")
    head = side.to_bytes(4, "big") + side.to_bytes(4, "big") + bytes([8, 2, 0, 0, 0])
    lines = zlib.compress((b"\0" + 3 * side * b"\x80") * side, 1)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", lines) + chunk(b"IEND", b"")


def test_memory():
    """However many clients ask for large pictures, few are decoded at the same time."""
    def peak(process):
        return int(re.search(r"VmHWM:\s+(\d+) kB", pathlib.Path(f"/proc/{process.pid}/status").read_text())[1]) << 10
    side, large = 3000, data / "train/dark/large.png"
    one = 2 * 3 * side * side # the lines of the file, and the pixels that are made of them
    large.write_bytes(png(side))
    with Page("--no-search", "--no-open") as page:
        number = [picture["path"] for picture in page.set()["pictures"]].index("train/dark/large.png")
        page.ask("GET", f"/picture?id={number}")
        before = peak(page.process)
        with concurrent.futures.ThreadPoolExecutor(24) as pool:
            found = list(pool.map(lambda _: page.ask("GET", f"/picture?id={number}")[0], range(24)))
        check("24 clients get a large picture at once", set(found), {200})
        check("in the memory of 12 at most", peak(page.process) - before < 12 * one)
    large.unlink()


def test_browser(folder):
    """xdg-open, or what stands for it here, is asked to open the address where there is a display."""
    asked = folder / "asked"
    (folder / "xdg-open").write_text("#!/bin/sh\nread -r line && exit # what is typed is not for it\n"
                                   f"{{ echo \"$@\"; ps -o pgid= -p $$; grep SigIgn /proc/$$/status; }} >{asked}.part\n"
                                   f"mv {asked}.part {asked}\n")
    (folder / "xdg-open").chmod(0o755)
    environment = {"PATH": f"{folder}:{os.environ['PATH']}", "DISPLAY": ":77", "WAYLAND_DISPLAY": ""}
    with Page("--no-search", environment=environment) as page:
        end = time.monotonic() + 20
        while not asked.exists() and time.monotonic() < end:
            time.sleep(0.05)
        address, group, ignored = (asked.read_text() if asked.exists() else "\n0\n 0").splitlines()
        check("the browser is asked to open the page", address, page.first_line.split()[-1])
        check("Ctrl-C, which ends the server, is none for a browser", int(group) == os.getpgid(page.process.pid), False)
        check("it ignores no signals because the server does", [number for number in (signal.SIGPIPE, signal.SIGXFSZ)
                                                                 if int(ignored.split()[-1], 16) >> (number - 1) & 1], [])
    asked.unlink()
    for options, change in ((["--no-open"], {}), ([], {"DISPLAY": ""})):
        with Page("--no-search", *options, environment={**environment, **change}):
            time.sleep(0.3)
    check("but not with --no-open, nor without a display", asked.exists(), False)


def main():
    with Page("-m", model, "--no-open") as page:
        test_what_is_shown(page)
        test_decisions(page)
    check("it ends with 0 after SIGTERM", page.code, 0)
    test_sigkill()
    test_renamed()
    if os.environ.get("SANITIZE") or not faults.exists():
        print("ok - what fails in the machine, and the memory that is taken # SKIP not under sanitizers")
    else:
        test_unreadable()
        test_headers()
        test_memory()
    test_browser(data.parent)
    check("errors are as docs/json/ has them", answers.wrong(), ([], ["serve-error"]))
    finish()


main()
