# SPDX-License-Identifier: MIT
# Prints what doxygen does not look for: parameters of which no comment tells, and enumerators without one.
#
#     awk -f docs/reference/untold.awk HEADER...
#
# A parameter may be told of by the function's own comment, by that of a function which it names or goes on from ("The same
# ..."), or by the header's first one. The house's usual ones are told of once, in core/status.h, and so are objects whose type
# the function's name begins with.

function check(declaration, said,   name, inside, n, part, i, p, type) {
    match(declaration, /dn_[a-z0-9_]+\(/)
    name = substr(declaration, RSTART, RLENGTH - 1)
    inside = substr(declaration, RSTART + RLENGTH)
    sub(/\).*$/, "", inside)
    own[name] = said
    while (match(said, /dn_[a-z0-9_]+\(\)/)) {
        p = substr(said, RSTART, RLENGTH - 2)
        said = substr(said, 1, RSTART - 1) substr(said, RSTART + RLENGTH) " " own[p]
        if (length(said) > 20000) break
    }
    if (said ~ /^\/\* The same/) said = said " " own[before]
    own[name] = said
    before = name
    n = split(inside, part, ",")
    for (i = 1; i <= n; i++) {
        p = part[i]
        sub(/\[[0-9]*\]$/, "", p)
        if (p ~ /^ *void *$/ || !match(p, /[a-z_0-9]+$/)) continue
        type = p
        p = substr(p, RSTART)
        sub(/^ *(const )?/, "", type)
        sub(/[ *].*$/, "", type)
        if (p ~ /^(out|error|path|options|struct_size)$/ || index(name, type "_") == 1) continue
        if ((" " head said " ") !~ ("[^a-z_]" p "[^a-z_]")) print FILENAME ": " name "(): nothing is said of `" p "`"
    }
}

FNR == 1 { comment = head = declaration = ""; first = 1 }
/SPDX-License-Identifier/ { next }
/^\/\*/ { comment = ""; talking = 1 }
/^ +DN_[A-Z0-9_]+( = [0-9]+)?,?/ && !/\/\*/ { print FILENAME ": nothing is said of " $1 }
talking {
    comment = comment $0 "\n"
    if (/\*\//) {
        talking = 0
        if (first) head = comment
        first = 0
    }
    next
}
/^DN_API/ { declaring = 1 }
declaring {
    declaration = declaration " " $0
    if (/;/) {
        gsub(/ +/, " ", declaration)
        check(declaration, comment)
        declaration = comment = ""
        declaring = 0
    }
    next
}
/^$/ { comment = "" }
