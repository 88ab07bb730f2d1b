#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# ftrain weights against a server on loopback that can misbehave in every way named here. What is fetched is a
# densenet121 of zeros; torch's own files are not.
#
#     test/cli/test_weights.sh        from the repository root; BUILD names the folder of the build
command -v python3 >/dev/null || { echo "ok - weights are fetched # SKIP python3 is missing"; exit 0; }
source test/support/support.sh

server=
cleanup() {
    [ -z "$server" ] || kill "$server" 2>/dev/null
    remove_work
}
trap cleanup EXIT
trap 'exit 1' INT TERM
export no_proxy=127.0.0.1
unset http_proxy https_proxy all_proxy HTTPS_PROXY ALL_PROXY

python3 test/support/zero_weights.py "$work/good" || exit 1
# Each tensor's first value differs from all others. Prints the SHA-256 of all values, in the order of torchvision's module.
values=$(python3 - "$work/good" <<'EOT'
import hashlib, json, struct, sys
with open(sys.argv[1], "r+b") as file:
    length = struct.unpack("<Q", file.read(8))[0]
    tensors = json.loads(file.read(length))
    for number, tensor in enumerate(tensors.values()):
        file.seek(8 + length + tensor["data_offsets"][0])
        file.write(struct.pack("<f", (number + 1) / 1024))
    file.seek(8 + length)
    print(hashlib.sha256(file.read()).hexdigest())
EOT
)
cat >"$work/server.py" <<'EOT'
import http.server, sys, time
good = open(sys.argv[2], "rb").read()
files = {"wrong": good[:-1] + b"!", "bare": b"no weights at all", "page": b"  <!DOCTYPE html><title>Log in</title>", "empty": b""}
requests = {}
class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *arguments):
        with open(sys.argv[1], "a") as log:
            print(self.path, self.headers["Range"] or "whole", self.headers["If-Range"] or "-", file=log)
    def do_GET(self):
        kind = self.path.replace("http://weights.invalid", "").split("/")[1]
        n = requests[kind] = requests.get(kind, 0) + 1
        if kind.isdigit():
            self.send_response(int(kind))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if kind == "moved":
            self.send_response(302)
            self.send_header("Location", self.path.replace("/moved/", "/good/"))
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body, start = files.get(kind, good), 0
        tag = '"%s%d"' % (kind, n if kind == "changed" else 0)
        wanted = self.headers["Range"]
        same = self.headers["If-Range"] in (None, tag)
        if wanted and same and kind != "deaf":
            start = int(wanted[len("bytes="):-1])
            if start >= len(body):
                self.send_response(416)
                self.send_header("Content-Range", "bytes */%d" % len(body))
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(206)
            self.send_header("Content-Range", "bytes %d-%d/%d" % (start, len(body) - 1, len(body)))
        else:
            self.send_response(200)
        if kind != "untagged": self.send_header("ETag", tag)
        if kind == "html": self.send_header("Content-Type", "text/html; charset=utf-8")
        if kind != "endless": self.send_header("Content-Length", str(len(body) - start))
        self.end_headers()
        part = body[start:]
        if kind in ("cut", "deaf", "changed", "untagged") and n <= 2 or kind in ("always-cut", "later"): part = part[:1000000 * n]
        try:
            if kind == "slow" and n == 1:
                self.wfile.write(part[:5000000])
                self.wfile.flush()
                time.sleep(4)
            elif kind == "drip":
                for at in range(0, len(part), 100000):
                    self.wfile.write(part[at:at + 100000])
                    time.sleep(0.05)
            else:
                self.wfile.write(part)
        except OSError:
            pass
        self.close_connection = True
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
EOT
python3 "$work/server.py" "$work/log" "$work/good" >"$work/port" 2>/dev/null &
server=$!
tries=0
while [ ! -s "$work/port" ] && [ $tries -lt 200 ]; do sleep 0.05; tries=$((tries + 1)); done
at=http://127.0.0.1:$(cat "$work/port")
cd "$work" || exit 1
touch log

sum=$(sha256sum good | cut -d' ' -f1)
short=${sum:0:8}
name=densenet121-$short
cache=$work/cache/densenet
unknown="nothing says which SHA-256"

weights() { "$ftrain" weights --backoff 0.02 -q "$@"; } # OPTIONS...
from() { weights 121 --url "$at/$1/$name.pth" "${@:2}"; } # KIND OPTIONS...
requests() { grep -c "/$1/" log; }
afresh() { rm -rf "$cache"; }
kept() { (cd "$cache" 2>/dev/null && echo *); }

# ---- usage ----
check "help weights gives usage and an example" 0 "^  ftrain weights 121 --url" "" "$ftrain" help weights
check "a network that is none is refused" 2 "" "weights: '50' is none of 121, 161, 169 and 201" weights 50
check "an address of another kind is refused" 2 "" "--url: 'ftp://127.0.0.1/a' is not an address that begins" weights --url ftp://me:word@127.0.0.1/a
check "and none" 2 "" "--url: '' is not an address" weights --url ''
check "a SHA-256 that is none is refused" 2 "" "--sha256: '123' is not a SHA-256: 64 hex" weights --url $at/good/x --sha256 123
check "no folder is told" 5 "" "no folder for weights: set HOME or XDG_CACHE_HOME, or give -o FILE" \
    env -u HOME -u XDG_CACHE_HOME "$ftrain" weights 121
equal "nothing was asked of the server" "$(cat log)" ""

# ---- the main job ----
check "weights are fetched and checked" 0 "^$cache/$name.safetensors: densenet121, downloaded and checked, SHA-256 $sum$" "" from good
equal "and are all that is kept" "$(kept)" "$name.safetensors"
said() { head -c 100000 "$1" | grep -aoE "\"$2\": *\"[^\"]*\"" | cut -d'"' -f4; } # FILE KEY: of the metadata
equal "with the hash of the file, that of its values, and the address" \
    "$(for key in source_sha256 values_sha256 source; do said "$cache/$name.safetensors" $key; done | tr '\n' ' ')" \
    "$sum $values $at/good/$name.pth "
check "as every command reads them" 0 "^densenet121, 1024 features" "" "$ftrain" info "$cache/$name.safetensors"
check "also by the network's name" 0 "goldfish" "" sh -c "printf 'P6 40 40 255\n%04800d' 0 >a.ppm; exec $ftrain predict -w densenet121 a.ppm"
check "a name without weights says what to do" 4 "" "-w densenet169: there is no such file.*'ftrain weights densenet169' fetches" "$ftrain" predict -w densenet169 a.ppm
check "what is there and sound is not fetched again" 0 "^$cache/$name.safetensors: densenet121, is there and sound$" "" from good
check "nor in JSON" 0 "^\{\"path\": \"$cache/$name.safetensors\", \"network\": \"densenet121\", \"sha256\": \"$sum\", \"downloaded\": false\}$" "" from good --json
equal "there was one request" "$(requests good)" 1
printf X | dd of="$cache/$name.safetensors" bs=1 seek=20000001 conv=notrunc 2>/dev/null
check "a flipped byte is found, and the file fetched anew" 0 "downloaded and checked" "the SHA-256 of its values is [0-9a-f]{64}, not " from good
truncate -s 20M "$cache/$name.safetensors"
check "a file that was cut is fetched anew" 0 "downloaded and checked" "$name.safetensors: " from good
equal "with a request each" "$(requests good)" 3
check "--json tells it all" 0 "^\{\"path\": \"$work/o.st\", \"network\": \"densenet121\", \"sha256\": \"$sum\", \"downloaded\": true, \"url\": \"$at/good/$name.pth\", \"sha256_was_known\": true\}$" \
    "" from good -o "$work/o.st" --json
same "-o writes the same file" o.st "$cache/$name.safetensors"
check "where it is there, it is sound, too" 0 "^o.st: densenet121, is there and sound" "" from good -o o.st
check "redirects are followed" 0 "downloaded and checked" "" from moved -o moved.st
check "--sha256 is the hash where the name has none" 0 "downloaded and checked" "" weights --url $at/good/model.safetensors --sha256 "${sum^^}" -o named.st
check "without either it is said" 0 ": densenet121, downloaded, SHA-256 $sum" "$unknown $at/good/model.safetensors must have" weights --url $at/good/model.safetensors
equal "and the file has its hash in its name" "$(kept)" "$name.safetensors"
hidden=http://me:word@${at#http://}
check "a password is not shown" 0 "\"url\": \"$at/good/x\"" "$unknown $at/good/x" weights --url "$hidden/good/x" -o secret.st --json
equal "nor kept" "$(said secret.st source)" $at/good/x
check "a proxy is used" 0 "downloaded and checked" "" env http_proxy=$at no_proxy= "$ftrain" weights -q --url "http://weights.invalid/good/$name.pth" -o proxy.st
equal "for the whole address" "$(grep -c '^http://weights.invalid/good/' log)" 1
check "progress is in megabytes" 0 "downloaded" "^megabytes: 32 in " "$ftrain" weights --url "$at/good/$name.pth" -o progress.st
check "weights that commands would not find are told" 0 "downloaded" "elsewhere.pth is what commands find first; for this file give -w $cache" \
    env DENSENET_WEIGHTS=elsewhere.pth bash -c "rm -r '$cache'; exec $ftrain weights -q --url $at/good/$name.pth"

# ---- connections that fail ----
afresh
check "a connection that is cut is gone on with" 0 "downloaded and checked" "trying again in .*\(2 of 10\)" from cut
equal "from where it stopped" "$(grep /cut/ log | cut -d' ' -f2- | tr '\n' ,)" 'whole -,bytes=1000000- "cut0",bytes=3000000- "cut0",'
afresh
check "also without an ETag" 0 "downloaded and checked" "trying again" from untagged
check "a server that knows no ranges begins again" 0 "downloaded and checked" "trying again" from deaf -o deaf.st
check "and so does a file that has changed" 0 "downloaded and checked" "trying again" from changed -o changed.st
check "a connection that stalls is made again" 0 "downloaded and checked" "trying again in .*\(1 of 10\)" from slow -o slow.st --timeout 1
afresh
check "but not forever" 5 "" "$at/always-cut/$name.pth: " from always-cut --retries 2
check_either "then it says how to go on without" 5 "'ftrain convert DOWNLOADED $cache/$name.safetensors'" from always-cut --retries 0
equal "what came is kept" "$(kept)" "$name.part"
check "and another run, of any mirror, goes on with it" 0 "downloaded and checked" "" from good
equal "from there" "$(grep /good/ log | tail -n 1 | cut -d' ' -f2)" bytes=10000000-
equal "and leaves nothing behind" "$(kept)" "$name.safetensors"
afresh
mkdir -p "$cache"
cp good "$cache/$name.part"
check "a part that is whole is taken as it is" 0 "downloaded and checked" "" from good
cp good "$cache/$name.part"
echo more >>"$cache/$name.part"
rm "$cache/$name.safetensors"
check "one that is too long is fetched again" 0 "downloaded and checked" "no beginning of the file; trying again" from good
afresh
mkdir -p "$cache"
{ head -c 2000000 good; head -c 70000 /dev/zero; } >"$cache/$name.part" # as a power cut leaves it
check "one with a hole is fetched again from its start" 0 "downloaded and checked" "fetched again from its start" from good
equal "with two requests" "$(grep /good/ log | tail -n 2 | cut -d' ' -f2 | tr '\n' ,)" bytes=2070000-,whole,
afresh
check "what has no hash is never gone on with" 5 "" "$at/later/x: " weights --url $at/later/x --retries 0
check "but begun again" 5 "" "$at/later/x: " weights --url $at/later/x --retries 0
equal "from the start" "$(grep /later/ log | cut -d' ' -f2 | tr '\n' ,)" whole,whole,
check "503 is asked again" 5 "" "status 503; trying again .*\(1 of 1\)" from 503 --retries 1
equal "as often as --retries says" "$(requests 503)" 2

# ---- what is not the file ----
afresh
for kind in 404 403 401; do
    check "status $kind is told" 4 "" "^ftrain: $at/$kind/$name.pth: the server answers with status $kind$" from $kind
    equal "at once" "$(requests $kind)" 1
done
check "a page of HTML is told" 4 "" "$at/html/$name.pth: a page of HTML comes instead of a file" from html
check "also when it does not say so" 4 "" "$at/page/$name.pth: a page of HTML comes instead of a file" from page
check "an empty answer is told" 4 "" "$at/empty/$name.pth: the answer is empty" from empty
wrong=$(sha256sum <(head -c -1 good; printf '!') | cut -d' ' -f1)
check "a wrong hash is told, with the right one" 4 "" "what came has the SHA-256 $wrong, which should begin with $short; it is not kept" from wrong
check "also with --sha256" 4 "" "has the SHA-256 $wrong, which should be $sum;" weights --url $at/wrong/x --sha256 $sum
check "what is no weights file is told" 4 "" "^ftrain: $at/bare/x: what came cannot be used$" weights --url $at/bare/x
check "another network is told" 4 "" "what came is densenet121, not densenet169; it is not kept" weights 169 --url $at/good/x
equal "nothing of these is kept" "$(kept)" "*"

# ---- the machine ----
check "a full disk is told" 5 "" "$name.part: cannot be written: File too large; what has come is kept" prlimit --fsize=3000000 "$ftrain" weights -q --url $at/good/$name.pth -o "$work/cache/$name"
equal "and what was there stays" "$(cd cache && ls)" "densenet
$name.part"
check "when there is room, it goes on" 0 "downloaded and checked" "" from good -o "$work/cache/$name"
equal "from there" "$(grep /good/ log | tail -n 1 | cut -d' ' -f2)" bytes=3000000-
check "an output that cannot be made is told" 5 "" "nowhere/o.st" from good -o nowhere/o.st
echo mine >mine.st
check "a download that fails leaves the old file" 4 "" "status 404" from 404 -o mine.st
equal "as it was" "$(cat mine.st)" mine
"$ftrain" weights -q --url $at/drip/$name.pth >job.stdout 2>job.stderr &
job=$!
tries=0
while [ ! -s "$cache/densenet121-$short.part" ] && [ ! -s "$(echo "$cache"/weights-*.part)" ] && [ $tries -lt 200 ]; do sleep 0.05; tries=$((tries + 1)); done
check "two runs do not fill one file" 5 "" "part: another download seems to fill this file" weights --url $at/drip/$name.pth
kill -INT $job
wait $job
equal "Ctrl-C ends with 130" $? 130
holds "and says how to go on" grep -q "interrupted; run the command again to go on" job.stderr
check "and it goes on" 0 "downloaded and checked" "" weights --url $at/good/$name.pth

# ---- copies of torch hub's ----
afresh
hub=$work/cache/torch/hub/checkpoints
mkdir -p "$cache" "$hub"
echo broken >"$cache/$name.pth"
check "a broken copy of torch's name is told" 4 "" "$name.pth: the SHA-256 of what it is made of is [0-9a-f]{64}, not $short" from 404
equal "and stays until there is a better one" "$(kept)" "$name.pth"
check "then it is removed, so that commands find the new one" 0 "$name.safetensors: densenet121, downloaded and checked" \
    "$name.pth: is removed, as it is broken" from good
equal "alone" "$(kept)" "$name.safetensors"
afresh
cp good "$hub/$name.pth"
before=$(requests 404)
check "torch hub's copy is used" 0 "^$hub/$name.pth: densenet121, is there and sound" "" from 404
mkdir -p "$cache"
cp good "$cache/$name.pth"
check "and one in our own cache" 0 "^$cache/$name.pth: densenet121, is there and sound" "" from 404
equal "without a request" "$(requests 404)" "$before"

kill "$server"
wait "$server" 2>/dev/null
server=
check "a server that is gone is told, after the retries" 5 "" "trying again in .* s \(2 of 2\)" from good -o gone.st --retries 2
check_either "and what to do" 5 "fetch $at/good/$name.pth on a machine that has one, and here 'ftrain convert DOWNLOADED gone.st'" from good -o gone.st --retries 0

[ "$failures" -eq 0 ]
