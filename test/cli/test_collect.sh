#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# ftrain collect against a server on loopback that can misbehave in every way named here.
#
#     test/cli/test_collect.sh        from the repository root; BUILD names the folder of the build
command -v python3 >/dev/null || { echo "ok - pictures are collected # SKIP python3 is missing"; exit 0; }
source test/support/support.sh

server=
cleanup() {
    [ -z "$server" ] || kill "$server" 2>/dev/null
    remove_work
}
trap cleanup EXIT
trap 'exit 1' INT TERM
export no_proxy=127.0.0.1

cat >"$work/server.py" <<'EOT'
import http.server, random, sys, time
requests = {}
def picture(seed):
    return b"P6 8 8 255\n" + random.Random(seed).randbytes(192)
class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *arguments):
        with open(sys.argv[1], "a") as log:
            print(time.time(), self.path, *filter(None, (self.headers["User-Agent"], self.headers["Authorization"])), file=log)
    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        headers.setdefault("Content_Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)
    def do_GET(self):
        path = self.path
        n = requests[path] = requests.get(path, 0) + 1
        kind = path.split("/")[1]
        if kind == "new": self.answer(200, picture(path + str(n)))
        elif kind == "twice": self.answer(200, picture(path + str(n // 2)))
        elif kind == "same": self.answer(200, picture(path))
        elif kind == "numbered": self.answer(200, picture(path)) if "/3.ppm" not in path else self.answer(404)
        elif kind == "busy" and n == 1: self.answer(429, Retry_After="1")
        elif kind == "long": self.answer(429, Retry_After="4000")
        elif kind == "down" and n <= 2: self.answer(503)
        elif kind == "always-down": self.answer(500)
        elif kind == "cut" and n == 1: self.answer(200, picture(path)[:90], Content_Length="203")
        elif kind == "page" and n % 2: self.answer(200, b"<html>busy</html>")
        elif kind == "half" and n == 1: self.answer(200, picture(path)[:90])
        elif kind == "huge": self.answer(200, b"P6 90 90 255\n" + bytes(24300))
        elif kind == "endless":
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"P6 90 90 255\n" + bytes(24300))
        elif kind == "header": self.answer(200, picture(path), X_Long="x" * 200000)
        elif kind == "headers": self.answer(200, picture(path), **{"X_" + str(i): "x" * 1000 for i in range(90)})
        elif kind == "size": self.answer(200, picture(path), Content_Length="9" * 30)
        elif kind == "never": self.answer(429, Retry_After="9" * 18)
        elif kind == "guest": self.answer(302, Location="http://guest:word@" + self.headers["Host"] + "/new/guest")
        elif kind == "slow" and n == 1: time.sleep(3)
        elif kind == "loop": self.answer(302, Location=path)
        elif kind == "moved": self.answer(301, Location="/new/moved")
        elif kind == "file": self.answer(302, Location="file:///etc/passwd")
        elif kind in ("busy", "down", "cut", "page", "half", "slow"): self.answer(200, picture(path + str(n)))
        else: self.answer(404)
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
EOT
python3 "$work/server.py" "$work/log" >"$work/port" 2>/dev/null &
server=$!
tries=0
while [ ! -s "$work/port" ] && [ $tries -lt 200 ]; do sleep 0.05; tries=$((tries + 1)); done
at=http://127.0.0.1:$(cat "$work/port")
cd "$work" || exit 1
touch log

collect() { # URL DIR COUNT OPTIONS...
    local url=$1 folder=$2 count=$3
    shift 3
    "$ftrain" collect "$url" -o "$folder" -n "$count" -q --delay 0 --backoff 0.02 "$@"
}
pictures() { find "$1" -name '*.ppm' | wc -l; }
requests() { grep -c " $1 " log; }

# ---- usage ----
check "help collect gives usage and an example" 0 "^  ftrain collect https://" "" "$ftrain" help collect
check "it needs -o" 2 "" "-o DIR" "$ftrain" collect $at/new -n 1
check "and -n" 2 "" "-n COUNT" "$ftrain" collect $at/new -o d
for url in file:///etc/passwd ftp://127.0.0.1/a.jpg nowhere; do
    check "$url is refused" 2 "" "'$url' is not an address that begins with http" collect $url d 1
done
equal "and nothing is made" "$(ls -d d 2>/dev/null)" ""

# ---- the main job ----
check "pictures are fetched until there are enough" 0 "^many/000005.ppm	$at/new/a$" "^ftrain: many holds 5 pictures; 0 duplicates" \
    collect $at/new/a many 5
equal "no more and no less" "$(pictures many) $(requests /new/a)" "5 5"
equal "under ftrain's name and version" "$(grep -c ' /new/a ftrain/[0-9.]*$' log)" 5
equal "with a line each in the manifest" "$(awk -F'\t' 'NR > 1 && NF == 5 && $4 == 203 && length($5) == 32' many/manifest.tsv | wc -l)" 5
check "enough is enough" 0 "" "many holds 5 pictures" collect $at/new/a many 5
equal "without a request" "$(requests /new/a)" 5
check "more are added to what is there" 0 "^many/000007.ppm" "many holds 7 pictures" collect $at/new/a many 7
check "--json prints an object a picture, with the path that the text has" 0 '^\{"path": "json/000001.ppm", "url": "http:.*/new/j", "bytes": 203\}$' "holds 1" \
    collect $at/new/j json 1 --json
check "duplicates are dropped and counted" 0 "^twice/000004" "twice holds 4 pictures; 2 duplicates" collect $at/twice twice 4
check "also of what was there before" 3 "" "3 answers in a row gave nothing new: giving up" \
    sh -c "mkdir old; $ftrain collect $at/same -o old -n 1 -q --delay 0 >/dev/null 2>&1; rm old/manifest.tsv; mv old/000001.ppm old/mine.ppm; exec $ftrain collect $at/same -o old -n 2 -q --delay 0 --give-up 3"
equal "and what is there stays" "$(ls old)" "manifest.tsv
mine.ppm"
check "{n} is a running number, and a page that is missing is skipped" 1 "^pages/000004.ppm	$at/numbered/5.ppm$" \
    "skipped: $at/numbered/3.ppm: the server answers with status 404" collect "$at/numbered/{n}.ppm" pages 4
check "it goes on behind the last page" 0 "^pages/000005.ppm	$at/numbered/6.ppm$" "holds" collect "$at/numbered/{n}.ppm" pages 5
check "--start is the first" 0 "/numbered/40.ppm$" "holds" collect "$at/numbered/{n}.ppm" late 1 --start 40
printf '000009.ppm\tcut o' >>late/manifest.tsv
check "a manifest that was cut off is gone on with" 0 "/numbered/41.ppm$" "holds" collect "$at/numbered/{n}.ppm" late 2
equal "on a line of its own" "$(tail -n 1 late/manifest.tsv | cut -f 1)" 000002.ppm
check "redirects are followed" 0 "^moved/000001" "holds" collect $at/moved moved 1
check "requests keep their distance" 0 "^polite/000003" "holds" \
    "$ftrain" collect $at/new/polite -o polite -n 3 -q --delay 0.5
equal "of the delay" "$(awk '/new\/polite/ { if (last && $1 - last < 0.5) print "too soon"; last = $1 }' log)" ""

# ---- servers that fail ----
check "429 is asked again" 0 "^busy/000001" "status 429; trying again in 1.0 s" collect $at/busy busy 1
equal "after the time it names" "$(awk '/\/busy/ { if (last && $1 - last < 1) print "too soon"; last = $1 }' log)" ""
check "a longer wait than ten minutes is left to the user" 5 "" "asks to wait for 4000 s" collect $at/long long 1
check "503 is asked again, and again" 0 "^down/000001" "status 503; trying again .*\(2 of 5\)" collect $at/down down 1
check "but not forever" 5 "" "/always-down: the server answers with status 500" collect $at/always-down d5 1 --retries 2
equal "only as often as --retries says" "$(requests /always-down)" 3
check "404 is final" 3 "" "skipped: $at/gone: the server answers with status 404" collect $at/gone d6 1
equal "at once" "$(requests /gone)" 1
check "a body that is cut short is fetched again" 0 "^cut/000001" "trying again" collect $at/cut cut 1
check "a slow answer is fetched again" 0 "^slow/000001" "trying again" collect $at/slow slow 1 --timeout 0.5
check "what is no picture is not kept" 1 "^page/000002" "skipped: $at/page: this seems to be an HTML page" collect $at/page page 2
check "nor half a picture" 1 "^half/000001" "skipped: $at/half: .*ends early" collect $at/half half 1
check "nor one above --max-bytes" 3 "" "skipped: $at/huge: more than 1000 bytes" collect $at/huge huge 1 --max-bytes 1000 --give-up 2
check "nor one that does not tell its size" 3 "" "skipped: $at/endless: more than 1000 bytes" \
    collect $at/endless endless 1 --max-bytes 1000 --give-up 2
check "redirects in a circle are final" 3 "" "skipped: $at/loop: Maximum .*redirects" collect $at/loop loop 1
check "redirects to files are refused" 3 "" "skipped: $at/file: Protocol .*file" collect $at/file file 1
equal "none of these left anything but the manifest" "$(find huge endless loop file d5 d6 long -type f ! -name manifest.tsv)" ""
check "nor one with a header of 200 KB" 3 "" "skipped: $at/header: a header of the answer is larger than" \
    collect $at/header header 1 --give-up 2
check "nor one of more bytes than numbers go" 3 "" "skipped: $at/size: more than 20000000 bytes" \
    collect $at/size size 1 --give-up 2
check "many headers are none of our business" 0 "^headers/000001" "holds" collect $at/headers headers 1
check "a wait of a lifetime is left to the user" 5 "" "asks to wait for [0-9]+ s" collect $at/never never 1

# ---- addresses with a password ----
with=http://me:se%20cret@127.0.0.1:$(cat "$work/port")
hidden() { # WHAT CODE STDOUT STDERR COMMAND...: as check, and the password is nowhere
    check "$@"
    if grep -rqE 'me:|cret|guest:word' "$stdout" "$stderr" kept*; then not_ok "$1: without the password"; else ok "$1: without the password"; fi
}
hidden "the password goes to the server" 0 "^kept/000001.ppm	$at/new/s$" "holds" collect "$with/new/s" kept 1
equal "as it should" "$(grep -c ' /new/s .*Basic bWU6c2UgY3JldA==$' log)" 1
hidden "JSON has the address" 0 "\"url\": \"$at/new/t\"" "holds" collect "$with/new/t" kept 2 --json
hidden "numbered pages are gone on with" 0 "/numbered/1.ppm$" "holds" collect "$with/numbered/{n}.ppm" kept4 1
hidden "behind the last" 0 "/numbered/2.ppm$" "holds" collect "$with/numbered/{n}.ppm" kept4 2
hidden "a refusal names the address" 3 "" "skipped: $at/gone: " collect "$with/gone" kept2 1
hidden "and so does a failure" 5 "" "ftrain: $at/always-down: " collect "$with/always-down" kept2 1 --retries 0
hidden "and what is no picture" 3 "" "skipped: $at/page/x: " sh -c "$ftrain collect $with/page/x -o kept3 -n 1 -q --delay 0 --give-up 1"
hidden "a redirect's password is not shown either" 0 "/guest$" "holds" collect $at/guest kept5 1
hidden "another kind of address is refused without it" 2 "" "'ftp://127.0.0.1/a' is not an address" \
    "$ftrain" collect ftp://me:secret@127.0.0.1/a -o kept6 -n 1

# ---- the manifest ----
mkdir fifo odd
mkfifo fifo/manifest.tsv
check "a manifest that is a FIFO is refused" 5 "" "fifo/manifest.tsv: is not a regular file" \
    timeout 20 "$ftrain" collect $at/new/f -o fifo -n 1
mkfifo pipe
mkdir linked null
ln -s ../pipe linked/manifest.tsv
check "also by a link" 5 "" "linked/manifest.tsv: is not a regular file" timeout 20 "$ftrain" collect $at/new/f -o linked -n 1
ln -s /dev/null null/manifest.tsv
check "and a device" 5 "" "null/manifest.tsv: is not a regular file" timeout 20 "$ftrain" collect $at/new/f -o null -n 1
printf 'file\turl\ttime\tbytes\txxh3\n' >odd/manifest.tsv
for number in 9223372036854775807 99999999999999999999 -5 +7 x; do
    printf '000001.ppm\t%s/numbered/%s.ppm\tt\t1\th\n' $at $number >>odd/manifest.tsv
done
check "page numbers beyond all bounds are not gone on from" 0 "/numbered/50.ppm$" "holds" \
    collect "$at/numbered/{n}.ppm" odd 1 --start 50
mkdir numbers
echo one >numbers/100000000.ppm
check "no file is overwritten, however large its number" 0 "^numbers/100000001.ppm" "holds" collect $at/new/n numbers 2
equal "and it stays" "$(cat numbers/100000000.ppm)" one
check "a manifest that cannot grow is told" 5 "^full/000001" "full/manifest.tsv: cannot be written: File too large" \
    prlimit --fsize=230 "$ftrain" collect $at/new/full -o full -n 5 -q --delay 0
check "an output that cannot be made is told" 5 "" "port: is a file where a folder should be" collect $at/new/o port/x 1

# ---- interruption ----
"$ftrain" collect $at/new/stop -o stop -n 1000 --delay 0.05 -q >job.stdout 2>job.stderr &
job=$!
tries=0
while [ "$(requests /new/stop)" -lt 4 ] && [ $tries -lt 200 ]; do sleep 0.05; tries=$((tries + 1)); done
check "two collections do not share a folder" 5 "" "stop/manifest.tsv: another collection" collect $at/new/stop stop 2000
kill -INT $job
wait $job
equal "Ctrl-C ends with 130" $? 130
equal "every picture is whole and in the manifest" \
    "$(find stop -name '*.ppm' -size 203c | wc -l) $(find stop -type f ! -name manifest.tsv | wc -l)" \
    "$(($(wc -l <stop/manifest.tsv) - 1)) $(($(wc -l <stop/manifest.tsv) - 1))"
had=$(pictures stop)
check "and it goes on from there" 0 "^stop/$(printf %06d $((had + 2))).ppm" "holds" collect $at/new/stop stop $((had + 2))

kill "$server"
wait "$server" 2>/dev/null
server=
check "a server that is gone is told, after the retries" 5 "" "trying again in .* s \(2 of 2\)" \
    collect $at/new/a many 9 --retries 2
equal "and all is kept" "$(pictures many)" 7

[ "$failures" -eq 0 ]
