#!/bin/sh
# Downloads densenet161's ImageNet weights to where every command finds them, unless they are there already.
#
#   DENSENET_WEIGHTS_URL   another place to take the file from
#   XDG_CACHE_HOME, TORCH_HOME, HOME   where caches are
#
# The file is checked by size and by SHA-256, whose first eight digits its name bears. It is downloaded under
# another name and renamed last, so that an interrupted download is never taken for the file.
set -u

name=densenet161-8d451a50.pth
size=115730790
sha256_start=8d451a50
url=${DENSENET_WEIGHTS_URL:-https://download.pytorch.org/models/$name}
caches=${XDG_CACHE_HOME:-${HOME:?HOME is not set}/.cache}
folder=$caches/densenet
torch_copy=${TORCH_HOME:-$caches/torch}/hub/checkpoints/$name

# Whether the file is the one: says what is wrong with it otherwise.
check() {
    found=$(wc -c <"$1" | tr -d ' ')
    if [ "$found" != "$size" ]; then
        echo "$1: $found bytes, not $size" >&2
        return 1
    fi
    sum=$(sha256sum "$1" 2>/dev/null || shasum -a 256 "$1") || return 1
    case $sum in
    "$sha256_start"*) return 0 ;;
    esac
    echo "$1: its SHA-256 begins with $(printf %.8s "$sum"), not $sha256_start" >&2
    return 1
}

# $1: where to.
download() {
    if command -v curl >/dev/null; then
        curl --fail --location --progress-bar --output "$1" "$url"
    elif command -v wget >/dev/null; then
        wget --output-document="$1" "$url"
    else
        echo "neither curl nor wget is installed" >&2
        return 1
    fi
}

for there in "$folder/$name" "$torch_copy"; do
    if [ -f "$there" ] && check "$there"; then
        echo "$there: is there, whole and right"
        exit 0
    fi
done

mkdir -p "$folder" || exit 1
partial=$(mktemp "$folder/.download-XXXXXX") || exit 1
trap 'rm -f "$partial"' EXIT
trap 'exit 130' INT
trap 'exit 143' HUP TERM

if ! download "$partial"; then
    cat >&2 <<EOT
$url: cannot be downloaded. Get the file on a machine that can,
    curl -LO https://download.pytorch.org/models/$name
check that it is whole ($size bytes, SHA-256 beginning with $sha256_start),
    sha256sum $name
and put it here:
    $folder/$name
EOT
    exit 1
fi
if ! check "$partial"; then
    echo "$url: what came is not $name; nothing was kept" >&2
    exit 1
fi
chmod 644 "$partial" && mv -f "$partial" "$folder/$name" || exit 1
echo "$folder/$name: downloaded, whole and right"
