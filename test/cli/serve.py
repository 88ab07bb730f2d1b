# SPDX-License-Identifier: MIT
"""The cases of test_serve.sh:  serve.py FTRAIN MODEL ROTATING TURNED PICTURE...

ROTATING is a model that was made with --exif-rotate, TURNED a picture that its EXIF turns.
Speaks to the server by plain sockets where a client of the standard library is too polite."""
import concurrent.futures
import contextlib
import http.client
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from answers import Answers  # noqa: E402
from cases import check, finish  # noqa: E402
from server import Server, content, is_near, multipart  # noqa: E402

ftrain, model, rotating, turned, *pictures = sys.argv[1:]
answers = Answers(ftrain)


def serve(*options, model=model, environment=None):
    """ftrain serve with these options, until the block ends."""
    return Server(ftrain, model, *options, environment=environment, answers=answers)


def predictions(*options, model=model, pictures=pictures, status=0):
    lines = subprocess.run([ftrain, "predict", "-m", model, "--json", *options, *pictures], capture_output=True, text=True)
    assert lines.returncode == status, lines.stderr
    return [json.loads(line) for line in lines.stdout.splitlines()]


# ---- what is answered ----

def judge(server):
    expected = predictions()
    found = [server.post(content(path)) for path in pictures]
    check("pictures are judged as predict does", all(
        status == 200 and answer["predictions"][0]["class"] == row["class"] and
        is_near(answer["predictions"][0]["probabilities"], row["probabilities"])
        for (status, answer), row in zip(found, expected)))
    status, answer = server.post(content(pictures[0]), "/v1/predict?name=caf%C3%A9.ppm&top=1")
    check("a name may be given, and how many classes are told",
          (status, answer["predictions"][0]["path"], len(answer["predictions"][0]["probabilities"])), (200, "café.ppm", 1))
    check("octets are a picture, too", server.post(content(pictures[0]), headers={"Content-Type": "application/octet-stream"})[0], 200)

    body, headers = multipart([("a.ppm", content(pictures[0])), ("broken.ppm", content(pictures[1])[:90]), ("c.ppm", content(pictures[2]))])
    status, answer = server.post(body, headers=headers)
    rows = answer["predictions"]
    check("several pictures at once have an outcome each, in their order",
          (status, [row["path"] for row in rows], ["error" in row for row in rows]),
          (200, ["a.ppm", "broken.ppm", "c.ppm"], [False, True, False]))
    check("and the same probabilities", is_near(rows[2]["probabilities"], expected[2]["probabilities"]))
    check("a broken one says why", (rows[1]["error"]["status"], "ends early" in rows[1]["error"]["message"]), (422, True))

    status, headers, png = server.ask("POST", "/v1/explain", content(pictures[0]), {"Content-Type": "image/x", "Accept": "image/png"})
    check("a map comes as PNG", (status, headers["Content-Type"], png[:8], struct.unpack(">II", png[16:24])),
          (200, "image/png", b"\x89PNG\r\n\x1a\n", (40, 40)))
    other = list(expected[0]["probabilities"])[-1]
    status, answer = server.post(content(pictures[0]), "/v1/explain?class=" + other)
    check("or as JSON with the prediction, for a class that is named",
          (status, answer["explained"], answer["map"][:22], is_near(answer["probabilities"], expected[0]["probabilities"])),
          (200, other, "data:image/png;base64,", True))
    check("a class that is none is named", server.post(content(pictures[0]), "/v1/explain?class=nobody")[1]["error"]["message"][:42],
          "class: 'nobody' is not a class of the mode")


def refuse_pictures(server):
    def status(body, **headers):
        code, answer = server.post(body, headers={name.replace("_", "-"): value for name, value in headers.items()})
        return code, answer["error"]["status"] == code and bool(answer["error"]["message"])

    bomb = b"P6 100000 100000 255\n" + bytes(1000)
    for what, body, code in [("no picture", b"hello" * 100, 415), ("half a picture", content(pictures[0])[:99], 422),
                             ("nothing", b"", 400), ("a picture of 10 gigapixels", bomb, 413)]:
        check(f"{what} is refused by {code}", status(body), (code, True))
    body, headers = multipart([("a", content(pictures[0]))])
    for what, body, type, code in [
            ("another type", b"{}", "application/json", 415), ("multipart without boundary", body, "multipart/form-data", 400),
            ("multipart that is cut", body[:-40], headers["Content-Type"], 400), ("multipart of nothing", b"", headers["Content-Type"], 400),
            ("multipart of noise", os.urandom(5000), headers["Content-Type"], 400)]:
        check(f"{what} is refused by {code}", status(body, Content_Type=type), (code, True))
    check("a wrong number is named", server.post(content(pictures[0]), "/v1/predict?top=none"),
          (400, {"error": {"status": 400, "message": "top: must be a number from 1 on, not 'none'"}}))
    check("two pictures are not explained at once",
          server.post(*multipart([("a", b"1"), ("b", b"2")])[:1], path="/v1/explain", headers=multipart([])[1])[0], 400)


def all_formats(server):
    """What decoders do with pictures of every format does not end the server's sandbox, nor is it kept from them."""
    golden = os.path.join(os.path.dirname(turned), "..")
    files = [os.path.join(golden, folder, name) for folder in ("pictures", "heif", "tiff", "webp")
             for name in sorted(os.listdir(os.path.join(golden, folder))) if not name.endswith((".rgb", ".py", ".txt", ".json"))]
    expected = predictions(pictures=files, status=1)
    wrong = []
    for path, row in zip(files, expected):
        status, answer = server.post(content(path), headers={"Content-Type": "application/octet-stream"})
        if "error" in row:
            right = status in (413, 415, 422)
        else:
            right = status == 200 and is_near(answer["predictions"][0]["probabilities"], row["probabilities"])
        if not right:
            wrong.append((os.path.basename(path), status))
    check("pictures of every format are judged as predict does", (len(files) == len(expected) > 100, wrong), (True, []))


def rotate():
    with serve(model=rotating) as server:
        expected = predictions(model=rotating, pictures=[turned])[0]["probabilities"]
        answers = [server.post(content(turned), path)[1] for path in ("/v1/predict", "/v1/explain")]
        check("a picture is turned where the model asks for it", [is_near(found["probabilities"], expected) for found in
                                                                  (answers[0]["predictions"][0], answers[1])], [True, True])
        png = server.ask("POST", "/v1/explain", content(turned), {"Content-Type": "image/jpeg", "Accept": "image/png"})[2]
        check("and so is its map", struct.unpack(">II", png[16:24]), (45, 61))
        check("the model says so", json.loads(server.ask("GET", "/v1/model")[2])["preprocessing"]["exif_rotate"])


def sets():
    with serve("--coverage", 0.5) as server:
        expected = predictions("--coverage", "0.5")
        found = [server.post(content(path))[1]["predictions"][0] for path in pictures]
        check("sets of classes are those of predict", [row["set"] for row in found], [row["set"] for row in expected])
        check("the model tells their coverage", json.loads(server.ask("GET", "/v1/model")[2])["sets"],
              {"asked": 0.5, "per_class": False, "calibration_count": 8})


def describe(server):
    status, _, body = server.ask("GET", "/v1/model")
    about = json.loads(body)
    check("the model is described", (status, about["classes"], about["backbone"], about["weights_source"], about["preprocessing"]["crop"], about["recipe"]["name"]),
          (200, ["bright", "dark"], "densenet121", "random:1", 32, "default"))
    check("it is healthy", server.ask("GET", "/healthz")[::2], (200, b"ok\n"))
    status, headers, body = server.ask("GET", "/metrics")
    check("counts are in Prometheus's format", (status, headers["Content-Type"]), (200, "text/plain; version=0.0.4; charset=utf-8"))
    sample = re.compile(r'(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{([a-z]+="[^"]*",?)+\})? [0-9.e+-]+)')
    check("every line of them", [line for line in body.decode().splitlines() if not sample.fullmatch(line)], [])
    before = server.sample('ftrain_pictures_total{outcome="judged"}')
    server.post(content(pictures[0]))
    check("a judged picture is counted", server.sample('ftrain_pictures_total{outcome="judged"}'), before + 1)
    for path, type in [("/", "text/html; charset=utf-8"), ("/page.js", "text/javascript; charset=utf-8"),
                       ("/page.css", "text/css; charset=utf-8"), ("/style.css", "text/css; charset=utf-8")]:
        status, headers, body = server.ask("GET", path)
        check(f"{path} is there", (status, headers["Content-Type"], len(body) > 500), (200, type, True))
    policy = server.ask("GET", "/")[1]
    check("a page runs nothing but the server's own", "default-src 'none'; script-src 'self'" in policy["Content-Security-Policy"]
          and "unsafe" not in policy["Content-Security-Policy"])
    check("and is neither kept nor sniffed", (policy["Cache-Control"], policy["X-Content-Type-Options"], policy["Referrer-Policy"]),
          ("no-store", "nosniff", "no-referrer"))
    check("HEAD has no body", server.ask("HEAD", "/")[::2], (200, b""))
    status, headers, _ = server.ask("GET", "/v1/predict")
    check("another method is named", (status, headers["Allow"]), (405, "POST"))
    for path in ["/v1", "/v1/", "/../../../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/ftrain/serve/page.html", "/page.js/", "//"]:
        check(f"{path} leads nowhere", server.ask("GET", path)[0], 404)


# ---- who is turned away ----

def guard(server):
    body = content(pictures[0])
    for host in ["evil.example", f"evil.example:{server.port}", "localhost.evil.example", ""]:
        check(f"Host '{host}' is refused", server.ask("GET", "/", headers={"Host": host})[0], 421)
    for host in [f"localhost:{server.port}", f"[::1]:{server.port}", "127.0.0.1", "faces.lan"]:
        check(f"Host '{host}' is answered", server.ask("GET", "/", headers={"Host": host})[0], 200)
    own = f"http://127.0.0.1:{server.port}"
    page = server.ask("GET", "/")[2].decode()
    token = re.search('name="ftrain-token" content="([0-9a-f]{32})"', page)[1]
    for what, headers, code in [
            ("another site's page", {"Origin": "http://evil.example", "X-Ftrain-Token": token}, 403),
            ("another port's page", {"Origin": "http://127.0.0.1:1", "X-Ftrain-Token": token}, 403),
            ("a page of a file", {"Origin": "null", "X-Ftrain-Token": token}, 403),
            ("a page without the token", {"Origin": own}, 403),
            ("a page with a wrong token", {"Origin": own, "X-Ftrain-Token": "0" * 32}, 403),
            ("a browser that hides where it comes from", {"Sec-Fetch-Site": "cross-site"}, 403),
            ("the server's own page", {"Origin": own, "X-Ftrain-Token": token}, 200)]:
        check(f"a post of {what}: {code}", server.post(body, headers=headers)[0], code)


def limits(server):
    large = b"P6 700 700 255\n" + bytes(3 * 700 * 700)  # 1.4 MB
    check("too large a body is refused by 413", server.post(large)[0], 413)
    chunks = (large[i:i + 65536] for i in range(0, len(large), 65536))
    status, _, _ = server.ask("POST", "/v1/predict", chunks, {"Content-Type": "image/x"})
    check("also one that does not tell its size", status, 413)
    with server.connect() as waiting:
        waiting.sendall(b"POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\nExpect: 100-continue\r\n\r\n")
        check("a client that asks first is told at once", waiting.recv(100)[:12], b"HTTP/1.1 413")
    check("a GET has no body", server.ask("GET", "/v1/model", b"x" * 100)[0], 413)
    status = server.ask("GET", "/" + "a" * 60000)[0]
    check("too long an address is refused", status in (414, 431), True)
    try:
        status = server.ask("GET", "/", headers={f"X-{i}": "x" * 1000 for i in range(90)})[0]
    except (ConnectionError, http.client.HTTPException):
        status = 431
    check("too many headers are refused", status, 431)
    check("and it still answers", server.post(content(pictures[0]))[0], 200)


def slow(server):
    """Clients that send a byte now and then, in the headers and in the body; the time-out is 1 s."""
    for what, begin in [("headers", b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: "),
                        ("body", b"POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500\r\n\r\n")]:
        with server.connect() as client:
            client.sendall(begin)
            started, is_open = time.monotonic(), True
            client.settimeout(0.2)
            while is_open and time.monotonic() - started < 8:
                try:
                    client.sendall(b"x")
                    is_open = bool(client.recv(1))
                except TimeoutError:
                    pass
                except ConnectionError:
                    is_open = False
            check(f"a client that sends its {what} byte by byte is cut off", (is_open, time.monotonic() - started < 5), (False, True))
    idle = [server.connect() for _ in range(40)]
    check("clients that say nothing keep nobody out", server.ask("GET", "/healthz")[0], 200)
    time.sleep(2.5)
    check("and are let go of", server.sample("ftrain_http_requests_active"), 1)
    ended = 0
    for client in idle:
        with contextlib.suppress(ConnectionError):
            ended += client.recv(1) == b""
        client.close()
    check("all of them", ended, len(idle))


def access():
    with serve("--listen", "0.0.0.0") as server:
        token = re.search(r"\?token=([0-9a-f]{32})$", server.url)[1]
        check("beyond loopback a token is drawn and asked for", server.ask("GET", "/")[0], 401)
        check("also for addresses that are not there", server.ask("GET", "/nowhere")[0], 401)
        check("not for its health", server.ask("GET", "/healthz")[0], 200)
        check("a program bears it", server.post(content(pictures[0]), headers={"Authorization": "Bearer " + token})[0], 200)
        check("a wrong one is refused", server.post(content(pictures[0]), headers={"Authorization": "Bearer " + token[:-1] + "x"})[0], 401)
        check("a wrong one in the address, too", server.ask("GET", "/?token=" + token[:-1])[0], 401)
        status, headers, _ = server.ask("GET", "/?token=" + token)
        cookie = headers["Set-Cookie"]
        check("a visit leaves a cookie that no script and no other site gets",
              (status, headers["Location"], cookie.split("; ")[1:]), (303, "/", ["Path=/", "HttpOnly", "SameSite=Strict"]))
        check("with which the page is shown", server.ask("GET", "/", headers={"Cookie": cookie.split(";")[0]})[0], 200)
        check("but a post needs the page's token, too", server.post(content(pictures[0]), headers={"Cookie": cookie.split(";")[0]})[0], 403)
    with open("token", "w") as file:
        file.write("0123456789abcdefghij\n")
    with serve("--token-file", "token") as server:
        check("a token of a file is not printed", "token" in server.url, False)
        check("and asked for on loopback, too", [server.ask("GET", "/v1/model", headers=headers)[0] for headers in
                                                ({}, {"Authorization": "Bearer 0123456789abcdefghij"})], [401, 200])
    with serve(environment={"FTRAIN_TOKEN": "of-the-environment-1"}) as server:
        check("a token of the environment", [server.ask("GET", "/v1/model", headers=headers)[0] for headers in
                                             ({}, {"Authorization": "Bearer of-the-environment-1"})], [401, 200])


# ---- many at once, and the end ----

def together(server):
    def ask(i):
        return server.post(content(pictures[i % len(pictures)]))
    batches = server.sample("ftrain_batch_pictures_count")
    expected = predictions()
    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(ask, range(96)))
    check("96 requests of 32 clients get their own answers", all(
        status == 200 and is_near(answer["predictions"][0]["probabilities"], expected[i % len(pictures)]["probabilities"])
        for i, (status, answer) in enumerate(answers)))
    check("in fewer batches than pictures", server.sample("ftrain_batch_pictures_count") - batches < 96)
    client = http.client.HTTPConnection(server.address, server.port, timeout=30)
    before = server.sample("ftrain_http_connections_total")
    for _ in range(5):
        server.post(content(pictures[0]), client=client)
    client.close()
    check("a connection serves several requests", server.sample("ftrain_http_connections_total") - before, 2)


def full():
    with serve("--queue", 2) as server:
        check("more pictures than ever fit are refused for good", server.post(*multipart([("a", b"x")] * 3)[:1], headers=multipart([])[1])[0], 413)
        body, headers = multipart([(path, content(path)) for path in pictures[:2]])

        def ask(_):
            status, answered, _ = server.ask("POST", "/v1/predict", body, headers)
            return status, answered["Retry-After"]
        answers = set()
        for _ in range(5):
            with concurrent.futures.ThreadPoolExecutor(16) as pool:
                answers |= set(pool.map(ask, range(48)))
            if len(answers) > 1:
                break
        check("a full line turns away, and says when to come again", answers, {(200, None), (503, "1")})
        check("who was turned away is counted", server.sample('ftrain_pictures_total{outcome="turned_away"}') > 0)
        check("and the line is empty afterwards", server.sample("ftrain_queue_pictures"), 0)


def ending():
    server = serve()
    body, headers = multipart([(str(i), content(pictures[i % len(pictures)])) for i in range(100)])
    idle = server.connect()
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        asked = pool.submit(server.ask, "POST", "/v1/predict", body, headers)
        while not asked.done() and server.sample("ftrain_queue_pictures") == 0:
            pass
        code = pool.submit(server.end)
        status, answered, text = asked.result()
        check("what has begun when SIGTERM comes is answered", (status, len(json.loads(text)["predictions"])), (200, 100))
        check("and the server ends with 0, whoever is still connected", code.result(), 0)
    idle.close()
    refused = False
    try:
        server.connect().close()
    except ConnectionRefusedError:
        refused = True
    check("then nobody is answered", refused)


def interrupt():
    server = serve()
    server.process.send_signal(signal.SIGINT)
    check("Ctrl-C ends it with 0, too", server.process.wait(timeout=30), 0)
    server.process.stdout.close()


def descriptors(server):
    server.ask("GET", "/healthz")
    time.sleep(0.3)
    before = server.descriptors()
    for i in range(60):
        with server.connect() as client:  # a request that is given up half-way
            client.sendall(b"POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500\r\n\r\nxxx"[:20 + i])
        server.post(b"no picture")
    time.sleep(0.5)
    check("no descriptor is left open", server.descriptors(), before)


def six():
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        print("ok - the loopback address of IPv6 # SKIP there is no IPv6")
        return
    with serve("--listen", "::1") as server:
        check("the loopback address of IPv6", (server.url, server.ask("GET", "/healthz")[0]), (f"http://[::1]:{server.port}/", 200))


with serve("--host", "faces.lan", "--timeout", 30, "--max-size", 1) as server:
    for cases in (judge, refuse_pictures, all_formats, describe, guard, limits, together, descriptors):
        cases(server)
with serve("--timeout", 1) as server:
    slow(server)
for cases in (rotate, sets, access, full, ending, interrupt, six):
    cases()
check("all answers are as docs/json/ has them", answers.wrong(), ([], ["serve-error", "serve-explain", "serve-model", "serve-predict"]))
finish()
