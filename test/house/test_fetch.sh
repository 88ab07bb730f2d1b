#!/bin/sh
# weights/fetch.sh against a server on loopback. The true file cannot be made here, so a copy of the script that
# expects a small file's size and sum is tested; nothing else in it differs.
set -u

command -v python3 >/dev/null || { echo "ok - weights are fetched # SKIP python3 is missing"; exit 0; }
command -v curl >/dev/null || { echo "ok - weights are fetched # SKIP curl is missing"; exit 0; }

folder=$(mktemp -d "${TMPDIR:-/tmp}/densenet-fetch-XXXXXX") || exit 1
server=
cleanup() {
    [ -z "$server" ] || kill "$server" 2>/dev/null
    rm -rf "$folder"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

name=densenet161-8d451a50.pth
mkdir "$folder/www" "$folder/home"
printf 'stands in for the weights' >"$folder/www/right"
printf 'stands in for the WEIGHTS' >"$folder/www/wrong_sum"
printf '<html>not found</html>' >"$folder/www/page"
sum=$(sha256sum "$folder/www/right")
sed -e 's/^size=.*/size=25/' -e "s/^sha256_start=.*/sha256_start=$(printf %.8s "$sum")/" weights/fetch.sh \
    >"$folder/fetch.sh"

python3 -u - "$folder/www" >"$folder/port" 2>/dev/null <<'EOT' &
import functools, http.server, sys
class Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        if self.path != "/cut":
            return super().do_GET()
        self.send_response(200)
        self.send_header("Content-Length", "25")
        self.end_headers()
        self.wfile.write(b"stands in")
        self.close_connection = True
server = http.server.HTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=sys.argv[1]))
print(server.server_port)
server.serve_forever()
EOT
server=$!
tries=0
while [ ! -s "$folder/port" ] && [ $tries -lt 100 ]; do sleep 0.1; tries=$((tries + 1)); done
base=http://127.0.0.1:$(cat "$folder/port")

failures=0
# $1: what is tested; $2: expected exit status; $3: a word of the output; $4: the URL's last part.
expect() {
    output=$(env -u XDG_CACHE_HOME -u TORCH_HOME -u http_proxy HOME="$folder/home" \
        DENSENET_WEIGHTS_URL="$base/$4" sh "$folder/fetch.sh" 2>&1)
    status=$?
    if [ $status -ne "$2" ] || ! printf '%s' "$output" | grep -q "$3"; then
        echo "not ok - $1: status $status: $output"
        failures=$((failures + 1))
    else
        echo "ok - $1"
    fi
}
kept() { find "$folder/home" -type f | wc -l | tr -d ' '; }
# $1: how many files must be in the caches.
expect_kept() {
    if [ "$(kept)" = "$1" ]; then
        echo "ok - $1 files are kept"
    else
        echo "not ok - $(kept) files kept, not $1"
        failures=$((failures + 1))
    fi
}

expect "a missing file says what to do" 1 "put it here" absent
expect "an interrupted download is an error" 1 "put it here" cut
expect "a web page is not kept" 1 "22 bytes, not 25" page
expect "a wrong sum is not kept" 1 "SHA-256 begins" wrong_sum
expect_kept 0
expect "the right file is kept" 0 "downloaded, whole and right" right
expect "a second time nothing is downloaded" 0 "is there, whole and right" absent
expect_kept 1
printf broken >"$folder/home/.cache/densenet/$name"
expect "a broken copy is replaced" 0 "downloaded" right
rm "$folder/home/.cache/densenet/$name"
mkdir -p "$folder/home/.cache/torch/hub/checkpoints"
cp "$folder/www/right" "$folder/home/.cache/torch/hub/checkpoints/$name"
expect "torch hub's copy is used" 0 "torch/hub/checkpoints/$name: is there" absent
expect_kept 1
base=http://127.0.0.1:1
rm "$folder/home/.cache/torch/hub/checkpoints/$name"
expect "without a network it says what to do" 1 "on a machine that can" right
expect_kept 0

[ $failures -eq 0 ]
