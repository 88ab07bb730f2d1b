# SPDX-License-Identifier: MIT
# Reads the public headers, preprocessed without the system's, and writes a C program that prints what a program is
# compiled against: prototypes, sizes of structs, places of their members, values of enumerators. check_abi.sh runs it.
#
# It reads C as the house writes it: one declaration a statement, structs and enums as typedefs, no struct within one.

function trim(text) {
    gsub(/[ \t\n]+/, " ", text)
    gsub(/^ | $/, "", text)
    return text
}
function fail(text) {
    print "abi.awk: cannot read: " text >"/dev/stderr"
    failed = 1
    exit 1
}
function quoted(text) {
    gsub(/["\\]/, "\\\\&", text)
    gsub(/%/, "%%", text)
    return text
}
# Splits at commas that stand outside of all brackets; gives the number of parts.
function split_outside(text, parts,   i, c, depth, n) {
    delete parts
    n = 1
    for (i = 1; i <= length(text); i++) {
        c = substr(text, i, 1)
        if (c ~ /[([]/) depth++
        if (c ~ /[])]/) depth--
        if (c == "," && !depth) n++
        else parts[n] = parts[n] c
    }
    return n
}
function name_of(declarator) {
    if (match(declarator, /\(\*[A-Za-z0-9_]+\)/)) return substr(declarator, RSTART + 2, RLENGTH - 3)
    sub(/\[.*/, "", declarator)
    if (!match(declarator, /[A-Za-z0-9_]+ *$/)) fail(declarator)
    return trim(substr(declarator, RSTART, RLENGTH))
}
function body_of(text) {
    sub(/^[^{]*\{/, "", text)
    sub(/\}[^}]*$/, "", text)
    return text
}
function struct_of(text, name,   members, n, i, parts, m, j, type, one) {
    printf "    printf(\"struct %s: %%zu bytes\\n\", sizeof(%s));\n", name, name
    if (body_of(text) ~ /\{/) fail(text)
    n = split(body_of(text), members, ";")
    for (i = 1; i <= n; i++) {
        if (!trim(members[i])) continue
        m = split_outside(trim(members[i]), parts)
        type = parts[1]
        sub(/[ *]*[A-Za-z0-9_]+(\[[^]]*\])* *$/, "", type)
        for (j = 1; j <= m; j++) {
            one = j == 1 ? trim(parts[j]) : type " " trim(parts[j])
            printf "    printf(\"    %%4zu %s\\n\", offsetof(%s, %s));\n", quoted(one), name, name_of(parts[j])
        }
    }
}
function enum_of(text, name,   constants, n, i) {
    printf "    printf(\"enum %s: %%zu bytes\\n\", sizeof(%s));\n", name ? name : "without a name", name ? name : "int"
    n = split(body_of(text), constants, ",")
    for (i = 1; i <= n; i++) {
        if (!trim(constants[i])) continue
        sub(/=.*/, "", constants[i])
        printf "    printf(\"    %%4d %s\\n\", (int)%s);\n", trim(constants[i]), trim(constants[i])
    }
}
function statement(text,   name) {
    text = trim(text)
    name = text
    sub(/^.*\}/, "", name)
    name = trim(name)
    if (text ~ /^typedef struct [A-Za-z0-9_]+ \{/) struct_of(text, name)
    else if (text ~ /^(typedef )?enum [A-Za-z0-9_]* ?\{/) enum_of(text, name)
    else if (text ~ /^typedef /) printf "    puts(\"%s\");\n", text
    else if (text ~ /^static inline /) return # compiled into the program, and of what is listed here
    else if (text ~ /\)$/) printf "    puts(\"%s\");\n", text
    else if (text) fail(text)
}

BEGIN {
    print "#include \"head/classifier/libdensenet.h\"\n#include <stddef.h>\n#include <stdio.h>\n\nint main(void) {"
}
{ all = all " " $0 }
END {
    if (failed) exit 1
    for (i = 1; i <= length(all); i++) {
        c = substr(all, i, 1)
        if (c == "{") depth++
        if (c == "}") depth--
        if (c == ";" && !depth) { statement(one); one = ""; continue }
        one = one c
        if (c == "}" && !depth && trim(one) ~ /^static inline /) one = ""
    }
    if (trim(one)) fail(one)
    print "    return 0;\n}"
}
