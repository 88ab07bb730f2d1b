#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A folder with ftrain and the libraries that it is linked with, which runs where none of them is installed: any Linux of this
# processor whose glibc is not older than this machine's.
#
#     package/static.sh PROGRAM NAME         from the repository root: PROGRAM is linked to look for libraries in lib/ beside
#                                     it; NAME is that of the folder and of the .tar.gz, both made where PROGRAM is
#
# One file it cannot be on Debian: libzip is there as a shared library alone, and so is what libcurl and libmicrohttpd are
# linked with (nghttp2, ssh2, Kerberos, p11-kit). glibc stays the system's, since it must fit the system's kernel and names.
set -eu

program=$1 out=${1%/*}/$2
glibc='^(ld-linux.*|libc|libm|libmvec|libpthread|libdl|librt|libresolv|libutil|libanl|libnss_.*)\.so\.[0-9]+$'

rm -rf "$out" "$out.tar.gz"
mkdir -p "$out/lib" "$out/licences"
cp "$program" "$out/ftrain"
strip "$out/ftrain"
ldd "$program" | awk '$2 == "=>" { print $1, $3 }' | while read -r name path; do
    [[ $name =~ $glibc ]] && continue
    cp "$path" "$out/lib/$name"
    path=$(realpath "$path")
    # On a Debian with merged folders a package may know a file by its former place.
    package=$({ dpkg -S "$path" || dpkg -S "${path#/usr}"; } 2>/dev/null | head -n 1 | cut -d: -f1)
    if [ -n "$package" ]; then
        cp "/usr/share/doc/$package/copyright" "$out/licences/$package"
    else
        echo "static: no package has $path, so that its licence is not beside it" >&2
    fi
done
cp LICENSE "$out/licences/ftrain"
cp docs/ftrain.1 "$out"

# What it will find where no other library is.
missing=$(env -i "$out/ftrain" info >/dev/null && env -i ldd "$out/ftrain" | awk '$2 == "=>" { print $1, $3 }' |
    while read -r name path; do
        [[ $name =~ $glibc ]] || [ "$(realpath "${path%/*}")" = "$(realpath "$out/lib")" ] || echo "$name"
    done)
if [ -n "$missing" ]; then
    echo "static: not found in $out/lib: $missing" >&2
    exit 1
fi

needs=$(objdump -T "$out/ftrain" "$out"/lib/* | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -n 1)
cat >"$out/README" <<TEXT
ftrain, with all that it needs but glibc ($needs or newer): run ./ftrain from here, or link to it from a folder of your PATH.
ftrain.1 is its manual page (man ./ftrain.1); licences/ has those of the libraries in lib/, as Debian writes them.

'ftrain weights' and 'ftrain collect' speak https with the certificates in /etc/ssl/certs: where there are none, install the
system's package of them (Debian: ca-certificates) or name a file in SSL_CERT_FILE.
TEXT
tar -czf "$out.tar.gz" --sort=name --owner=0 --group=0 --numeric-owner -C "${out%/*}" "${out##*/}"
du -sh "$out.tar.gz"
echo "static: runs with $needs or newer; Debian has no static library of libzip, nor of what libcurl and libmicrohttpd need," \
    "so lib/ lies beside the program"
