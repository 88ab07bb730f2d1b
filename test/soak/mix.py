# SPDX-License-Identifier: MIT
"""The mix of requests: good ones, whose answers are known; pictures and requests that are refused by name; and what no decent
client does. Each is a function of a client, with a weight: kinds()."""
import glob
import os
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from server import content, multipart  # noqa: E402

MOST_PARTS = 12  # pictures of one request
QUEUE = 24  # pictures that the server takes at a time: what more than three such requests fill
MAX_BODY = 1 << 20

corpus = [content(path) for path in sorted(glob.glob("test/fuzz/corpus/server_mhd/*"))]
table = []


def kind(weight):
    def add(function):
        table.append((weight, function))
        return function
    return add


def kinds():
    return table


# ---- good requests ----

def take(client, wire, path, begin):
    """The body of a good request's answer, or None where the line was full. `begin` is when it was sent, or None where others
    came before it."""
    status, fields, body = wire.answer()
    client.saw(path, status)
    if status == 503 and fields.get("retry-after"):
        client.account.turned_away += 1
        return None
    if status != 200:
        client.complain(f"a good request to {path}: {status} {body[:200]!r}")
        return None
    if begin:
        client.timed(begin)
    return body


def judge(client, wire, request, expected, is_timed=True):
    """A good picture by itself: `request(wire)` sends it."""
    begin = time.monotonic() if is_timed else None
    request(wire)
    body = take(client, wire, "/v1/predict", begin)
    client.account.pictures["judged" if body else "turned_away"] += 1
    if body:
        client.right("/v1/predict", client.object("/v1/predict", body).get("predictions", [{}])[0], expected)


@kind(30)
def picture(client):
    data, expected = client.random.choice(client.good)
    judge(client, client.kept_wire(), lambda wire: wire.send(client.picture_request(data)), expected)


@kind(10)
def picture_alone_on_its_connection(client):
    data, expected = client.random.choice(client.good)
    wire = client.wire()
    judge(client, wire, lambda wire: wire.send(client.picture_request(data, Connection="close")), expected)
    wire.close()


@kind(4)
def picture_in_pieces(client):
    data, expected = client.random.choice(client.good)
    request = client.picture_request(data)

    def send(wire):
        at = 0
        while at < len(request):
            size = client.random.choice((1, 3, 50, 1460, 20000))
            wire.send(request[at:at + size])
            at += size
    judge(client, client.kept_wire(), send, expected)


@kind(4)
def picture_in_chunks(client):
    data, expected = client.random.choice(client.good)
    size = client.random.choice((100, 4000, 30000))
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(data[i:i + size]), data[i:i + size]) for i in range(0, len(data), size))
    head = client.head("POST", "/v1/predict", Transfer_Encoding="chunked")
    judge(client, client.kept_wire(), lambda wire: wire.send(head + chunks + b"0\r\n\r\n"), expected)


@kind(3)
def picture_that_asks_first(client):
    data, expected = client.random.choice(client.good)

    def send(wire):
        wire.send(client.head("POST", "/v1/predict", len(data), Expect="100-continue"))
        client.expect("a client that asks first", wire.answer()[0], (100,))
        wire.send(data)
    judge(client, client.kept_wire(), send, expected)


@kind(2)
def picture_before_a_half_close(client):
    data, expected = client.random.choice(client.good)
    wire = client.wire()

    def send(wire):
        wire.send(client.picture_request(data))
        wire.socket.shutdown(socket.SHUT_WR)
    judge(client, wire, send, expected)
    wire.close()


@kind(4)
def pictures_in_a_pipeline(client):
    """Several requests at once, before the first answer is read."""
    asked = client.random.choices(client.good, k=client.random.randint(2, 4))
    wire = client.kept_wire()
    wire.send(b"".join(client.picture_request(data) for data, _ in asked))
    for _, expected in asked:
        judge(client, wire, lambda wire: None, expected, is_timed=False)


@kind(8)
def several_pictures(client):
    count = client.random.randint(2, MOST_PARTS)
    asked = [client.random.choice(client.good if client.random.random() < 0.8 else [(data, None) for data in client.broken])
             for _ in range(count)]
    body, fields = multipart([(str(i), data) for i, (data, _) in enumerate(asked)])
    wire, begin = client.kept_wire(), time.monotonic()
    wire.send(client.head("POST", "/v1/predict", len(body), **fields) + body)
    answer = take(client, wire, "/v1/predict", begin)
    if not answer:
        client.account.pictures["turned_away"] += count
        return
    rows = client.object("several pictures", answer).get("predictions", [])
    client.expect("several pictures: outcomes", len(rows), (count,))
    for row, (_, expected) in zip(rows, asked):
        client.account.pictures["judged" if expected else "refused"] += 1
        if expected:
            client.right("one of several pictures", row, expected)
        else:
            client.expect("a broken picture of several", row.get("error", {}).get("status"), (413, 415, 422))


@kind(8)
def explanation(client):
    data, expected = client.random.choice(client.good)
    as_picture = client.random.random() < 0.4
    wire, begin = client.kept_wire(), time.monotonic()
    wire.send(client.picture_request(data, "/v1/explain", Accept="image/png" if as_picture else None))
    body = take(client, wire, "/v1/explain", begin)
    client.account.pictures["explained" if body else "turned_away"] += 1
    if body and as_picture:
        client.expect("a map's first bytes", body[:8], (b"\x89PNG\r\n\x1a\n",))
    elif body:
        row = client.object("/v1/explain", body)
        client.right("/v1/explain", row, expected)
        client.expect("a map's beginning", str(row.get("map"))[:22], ("data:image/png;base64,",))


@kind(6)
def page(client):
    method = client.random.choice(("GET", "GET", "HEAD"))
    path = client.random.choice(("/", "/page.js", "/page.css", "/style.css", "/v1/model", "/healthz", "/metrics"))
    wire = client.kept_wire()
    wire.send(client.head(method, path))
    status, _, body = wire.answer(method == "HEAD")
    client.saw(path, status)
    client.expect(f"{method} {path}", (status, bool(body)), ((200, method == "GET"),))


# ---- refused by name ----

@kind(12)
def broken_picture(client):
    wire = client.kept_wire()
    path = client.random.choice(("/v1/predict", "/v1/explain"))
    wire.send(client.picture_request(client.random.choice(client.broken), path))
    status, _, body = wire.answer()
    client.saw(path, status)
    client.account.pictures["turned_away" if status == 503 else "refused"] += 1
    client.expect("a broken picture", status, (413, 415, 422, 503))
    client.expect("its object", client.object("a broken picture", body).get("error", {}).get("status"), (status,))


def refusals(client):
    """(what, status, method, path, fields, body): refused before a picture is looked at."""
    data = client.random.choice(client.good)[0]
    parts, type = multipart([("a", data), ("b", data)])
    image = {"Content_Type": "image/x"}
    own = {"Origin": f"http://localhost:{client.port}", "Host": f"localhost:{client.port}"}
    predict, explain = "/v1/predict", "/v1/explain"
    many = multipart([("x", b"")] * (QUEUE + 1))[0]
    return [
        ("no body", 400, "POST", predict, image, b""),
        ("another type", 415, "POST", predict, {"Content_Type": "application/json"}, b"{}"),
        ("no number", 400, "POST", predict + "?top=none", image, data),
        ("no class of the model's", 400, "POST", explain + "?class=nobody", image, data),
        ("two pictures to explain", 400, "POST", explain, type, parts),
        ("no boundary", 400, "POST", predict, {"Content_Type": "multipart/form-data"}, parts),
        ("parts that are cut", 400, "POST", predict, type, parts[:-30]),
        ("parts of noise", 400, "POST", predict, type, client.random.randbytes(3000)),
        ("more parts than ever fit", 413, "POST", predict, type, many),
        ("a part with a long name", 400, "POST", predict, type,
         b'--xYzZY\r\nContent-Disposition: form-data; name="' + b"a" * 70000 + b'"\r\n\r\nx\r\n--xYzZY--\r\n'),
        ("too large a body", 413, "POST", predict, image, bytes(MAX_BODY + 1)),
        ("another method", 405, "GET", predict, {}, b""),
        ("an unknown method", 405, "BREW", "/", {}, b""),
        ("nowhere", 404, "GET", "/../../etc/passwd", {}, b""),
        ("a body of a GET", 413, "GET", "/v1/model", {}, b"x" * 100),
        ("a wrong token", 401, "POST", predict, {"Authorization": "Bearer " + client.token[:-1]}, data),
        ("no token", 401, "GET", "/v1/model", {"Authorization": None}, b""),
        ("a token of another kind", 401, "GET", "/", {"Authorization": "Basic " + client.token}, b""),
        ("another's name", 421, "GET", "/", {"Host": "evil.example"}, b""),
        ("another's page", 403, "POST", predict, {"Origin": "http://evil.example"}, data),
        ("a page without its token", 403, "POST", explain, own, data),
        ("a page with a wrong token", 403, "POST", predict, {**own, "X-Ftrain-Token": "0" * 32}, data),
        ("a browser that hides its page", 403, "POST", predict, {"Sec-Fetch-Site": "cross-site"}, data),
    ]


@kind(12)
def refused_request(client):
    what, expected, method, path, fields, body = client.random.choice(refusals(client))
    wire = client.kept_wire()
    wire.send(client.head(method, path, len(body) if body or method == "POST" else None, **fields) + body)
    status, fields, answer = wire.answer()
    client.saw("other" if status in (404, 405) else path, status)
    client.expect(what, status, (expected,))
    client.expect(what, client.object(what, answer).get("error", {}).get("status"), (status,))
    if fields.get("connection", "").lower() == "close":
        client.drop()


@kind(1)
def too_long_a_body_to_wait_for(client):
    """Answered before it is sent."""
    wire = client.wire()
    wire.send(client.head("POST", "/v1/predict", 3 * MAX_BODY))
    status, _, _ = wire.answer()
    client.saw("/v1/predict", status)
    client.expect("a long body", status, (413,))
    wire.close()


# ---- hostile ones ----

@kind(4)
def body_that_is_cut(client):
    """The connection ends decently in the middle of the body: the request was given up."""
    data = client.random.choice(client.good)[0]
    path = client.random.choice(("/v1/predict", "/v1/explain"))
    wire = client.wire()
    wire.send(client.head("POST", path, len(data)) + data[:client.random.randrange(len(data))])
    wire.close()
    client.saw(path, "other")


@kind(4)
def reset(client):
    """Somewhere in a request, or behind it; or before the answer is read. Maps are asked for, so that what is predicted can
    be counted to a picture."""
    request = client.picture_request(client.random.choice(client.good)[0], "/v1/explain")
    size = client.random.choice((0, 1, 40, len(request) // 2, len(request), len(request)))
    wire = client.wire()
    wire.send(request[:size])
    if client.random.random() < 0.5:
        time.sleep(client.random.random() * 0.05)
    client.account.unread["/v1/explain"] += 1
    client.account.unread_pictures += size == len(request)
    wire.reset()


@kind(1)
def answers_that_nobody_reads(client):
    requests = [client.picture_request(client.random.choice(client.good)[0], "/v1/explain") for _ in range(20)]
    wire = client.wire()
    wire.socket.settimeout(1)
    try:
        wire.send(b"".join(requests))
    except TimeoutError:
        pass
    client.account.unread["/v1/explain"] += len(requests)
    client.account.unread_pictures += len(requests)
    wire.close()


@kind(2)
def noise_behind_a_picture(client):
    """The picture is judged; what is no request ends the connection."""
    data, expected = client.random.choice(client.good)
    wire = client.wire()
    judge(client, wire, lambda wire: wire.send(client.picture_request(data) + b"\1" + client.random.randbytes(300)), expected)
    wire.reset()
    client.account.noise += 1


@kind(3)
def slow_sender(client):
    if len(client.slow) >= 3:
        return
    data = client.random.choice(client.good)[0]
    if client.random.random() < 0.5:
        client.begin_slowly(client.head("GET", "/v1/model")[:-2] + b"X-Slow: ", None)
    else:
        client.begin_slowly(client.head("POST", "/v1/predict", len(data) + (1 << 19)) + data, "/v1/predict")


@kind(1)
def idle_connections(client):
    wires = [client.wire() for _ in range(12)]
    for wire in wires:
        client.random.choice((wire.close, wire.reset))()


def malformed(client):
    """Requests that are none: libmicrohttpd refuses them, and the server hears nothing of them."""
    authorized = f"Host: localhost\r\nAuthorization: Bearer {client.token}\r\n".encode()
    post, get = b"POST /v1/predict HTTP/1.1\r\n" + authorized, b"GET /healthz HTTP/1.1\r\n" + authorized
    return [
        post + b"Content-Length: many\r\n\r\nx", post + b"Content-Length: -1\r\n\r\nx",
        post + b"Content-Length: 99999999999999999999999\r\n\r\nx",
        post + b"Transfer-Encoding: chunked\r\n\r\nnonsense\r\nx\r\n",
        post + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffffffff\r\nx\r\n",
        get + b"".join(b"X-%d: %s\r\n" % (i, b"a" * 1000) for i in range(100)) + b"\r\n",
        get + b"X: " + b"a" * 100000 + b"\r\n\r\n", b"GET /" + b"a" * 60000 + b" HTTP/1.1\r\n" + authorized + b"\r\n",
        b"GET /healthz\r\n\r\n", b"GET /healthz HTTP/9.9\r\n\r\n", b"GET\r\n\r\n", b"\r\n" * 50, b"\0" * 100,
        get + b"no colon\r\n\r\n", get + b"\0: \0\r\n\r\n", get + b"X: a\r\n b\r\n\tc\r\n\r\n", get.replace(b"\r\n", b"\n") + b"\n",
        b"GET /healthz HTTP/1.1\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(30),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + client.random.randbytes(500), client.random.randbytes(2000),
        client.random.choice(corpus),
    ]


@kind(8)
def malformed_request(client):
    """Read to the end of what comes back, which may be nothing: the server may end the connection at any time, but it must not
    leave it open."""
    wire = client.wire()
    client.account.noise += 1
    try:
        wire.send(client.random.choice(malformed(client)))
        wire.socket.shutdown(socket.SHUT_WR)
        while wire.socket.recv(1 << 16):
            pass
    except TimeoutError:
        client.complain("a malformed request is neither answered nor refused")
    except OSError:
        pass
    wire.close()
