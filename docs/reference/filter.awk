# SPDX-License-Identifier: MIT
# Turns a public header's comments into doxygen's, so that the headers stay free of its marks: doxygen reads each of them
# through this (INPUT_FILTER).
#
#     awk -f docs/reference/filter.awk HEADER
#
# What it takes a comment for:
#   at the head of the file          the file's; of <densenet.h>, also the front page, with the headers that it includes
#   ---- text ---- at the margin     the heading of what follows, up to the next one
#   at the margin, before a line     that line's
#   at the margin, before no line    between the parts: left out
#   behind a member or a function    its own
#   before a member of a struct      the member's; before one of an enum, a heading: left out
# An inline function has the comment of the function before it, which it calls. Nothing else inherits one: what has none is
# then doxygen's to complain of. Lines that are indented in a comment are shown as they are.

function prose(text) {
    gsub(/\\/, "\\\\", text)
    gsub(/&/, "\\&amp;", text)
    gsub(/</, "\\&lt;", text)
    gsub(/>/, "\\&gt;", text)
    gsub(/[@#%]/, "\\\\&", text)
    gsub(/"/, "\\&quot;", text)
    while (match(text, /`[^`]*`/)) # <tt>: what stands between backticks
        text = substr(text, 1, RSTART - 1) "<tt>" substr(text, RSTART + 1, RLENGTH - 2) "</tt>" substr(text, RSTART + RLENGTH)
    gsub(/--/, "\\--", text) # no dash
    gsub(/ et al\. /, " et al.\\ ", text) # no end of a sentence
    gsub(/ \.\. /, " \\&hellip; ", text)
    sub(/^ *- /, "\\&minus; ", text)
    return text
}
# The comment that begins in line `at`, as lines of text in said[1 .. n]; `at` is then its last line.
function take(   text, n) {
    delete said
    text = line[at]
    sub(/^.*\/\*/, "", text)
    for (;;) {
        if (text ~ /\*\//) {
            sub(/ *\*\/.*$/, "", text)
            said[++n] = text
            return n
        }
        said[++n] = text
        if (++at > lines) return n
        text = line[at]
        sub(/^ *\*( |$)/, " ", text)
        if (text ~ /^ \*\/$/) text = "*/"
    }
}
# A doxygen comment of said[1 .. n]; `mark` opens it.
function document(mark, n,   out, i, plain) {
    out = mark
    for (i = 1; i <= n; i++) {
        if (said[i] ~ /^   / && !plain && (said[i - 1] ~ /^ *$/ || said[i - 1] ~ /:$/)) {
            out = out "\n\\verbatim"
            plain = 1
        } else if (plain && said[i] !~ /^   / && !(said[i] ~ /^ *$/ && said[i + 1] ~ /^   /)) {
            out = out "\n\\endverbatim"
            plain = 0
        }
        out = out "\n" (plain ? said[i] : prose(said[i]))
    }
    return out (plain ? "\n\\endverbatim" : "") " */"
}
function blank(i) { return i > lines || line[i] ~ /^[ \t]*$/ }
function close_group() {
    if (grouped) print "/** \\} */"
    grouped = 0
}
# `int width, height;` as a line for each, so that both have the comment.
function members(code,   n, names, i, type, out) {
    if (code !~ /^ +[a-z]/ || code ~ /[({]/ || code !~ /,/) return code
    n = split(code, names, ",")
    type = names[1]
    sub(/\*?[a-z_0-9]+(\[[0-9]+\])? *$/, "", type)
    out = names[1]
    for (i = 2; i <= n; i++) out = out "; MEMBER_COMMENT\n" type names[i]
    return out
}
function first_comment(   n, i, part, text) {
    n = take()
    if (FILENAME ~ /\/densenet\/[a-z_]*\.h$/) {
        print document("/** \\file", n)
        return
    }
    # Its file is called as another one is, so that it has no page but this.
    text = document("/** \\mainpage libdensenet", n)
    sub(/ \*\/$/, "\n", text)
    print text
    for (i = 1; i <= lines; i++)
        if (line[i] ~ /^#include <densenet\/.*\/\*/) {
            split(line[i], part, /[<>]/)
            text = line[i]
            gsub(/^.*\/\* | \*\/$/, "", text)
            print "\\li \\ref " part[2] " \"&lt;" part[2] "&gt;\": " prose(text)
        }
    print "*/"
}

!/SPDX-License-Identifier/ { line[++lines] = $0 }
END {
    for (last = lines; last > 0 && line[last] != "#endif";) last--
    at = 1
    first_comment()
    for (at++; at <= lines; at++) {
        text = line[at]
        if (at == last || text ~ /^#(ifndef|define) DN_[A-Z_]*_H$/) continue
        if (text ~ /^#if defined\(/) { # how compilers are told of attributes is nobody's business
            while (line[at] != "#endif") at++
            continue
        }
        if (text ~ /^(typedef |DN_EXTENSION typedef )?struct .*\{$/) inside = "struct"
        if (text ~ /enum .*\{$/) inside = "enum"
        if (text ~ /^\}/) inside = ""
        if (text ~ /^#include/) continue
        if (text ~ /^\/\* ---- .* ---- \*\/$/) {
            close_group()
            gsub(/^\/\* ---- | ---- \*\/$/, "", text)
            print "/** \\name " toupper(substr(text, 1, 1)) prose(substr(text, 2)) " */\n/** \\{ */"
            grouped = 1
        } else if (text ~ /^ *\/\*/) {
            n = take()
            if (blank(at + 1) || inside == "enum" || line[at + 1] ~ /^#if/) continue
            comment = document("/**", n)
            print comment
            documented = at + 1
        } else if (text ~ /\/\*/) {
            code = text
            sub(/ *\/\*.*$/, "", code)
            n = take()
            comment = document("/**<", n)
            code = members(code)
            gsub(/MEMBER_COMMENT/, comment, code)
            print code " " comment
        } else {
            if (text ~ /^static inline/ && documented != at) print kept
            print text
        }
        if (documented == at + 1) kept = comment
    }
    close_group()
}
