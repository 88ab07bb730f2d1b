/* SPDX-License-Identifier: MIT */
/* Escaping names, and back. */
#include "io/escape.h"

#include "io/json.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The code point of a valid UTF-8 sequence. */
static uint32_t code_point(const unsigned char *text, size_t length) {
    static const unsigned char masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t code = text[0] & masks[length];
    for (size_t i = 1; i < length; i++) code = code << 6 | (text[i] & 0x3f);
    return code;
}

static bool acts_on_terminal(uint32_t code) {
    return code < 0x20 || (code >= 0x7f && code <= 0x9f) || code == 0x061c || code == 0x200e ||
           code == 0x200f || (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

/* Writes one byte's escape to `out` and returns its length. */
static size_t escape_byte(char *out, unsigned char byte) {
    static const char digits[] = "0123456789abcdef";
    const char letter = byte == '\n'   ? 'n'
                        : byte == '\t' ? 't'
                        : byte == '\r' ? 'r'
                        : byte == '\\' ? '\\'
                                       : 'x';
    out[0] = '\\';
    out[1] = letter;
    if (letter != 'x') return 2;
    out[2] = digits[byte >> 4];
    out[3] = digits[byte & 15];
    return 4;
}

size_t dni_escape_next(char out[DNI_LONGEST_ESCAPE], const char **text) {
    const unsigned char *from = (const unsigned char *)*text;
    const size_t length = dni_utf8_length(from);
    const size_t taken = length ? length : 1;
    *text += taken;
    if (length && *from != '\\' && !acts_on_terminal(code_point(from, length))) {
        memcpy(out, from, length);
        return length;
    }
    size_t used = 0;
    for (size_t i = 0; i < taken; i++) used += escape_byte(out + used, from[i]);
    return used;
}

char *dni_escape(const char *name) {
    char *escaped = malloc(4 * strlen(name) + 1 + DNI_LONGEST_ESCAPE);
    if (!escaped) return NULL;
    size_t used = 0;
    while (*name) used += dni_escape_next(escaped + used, &name);
    escaped[used] = '\0';
    return escaped;
}

static int digit_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Takes the escape at text[*at], a backslash; 0: it is none. */
static unsigned char unescape_byte(const char *text, size_t size, size_t *at) {
    static const char letters[] = "ntr\\", bytes[] = "\n\t\r\\";
    const size_t left = size - *at;
    const char *letter = left >= 2 && text[*at + 1] ? strchr(letters, text[*at + 1]) : NULL;
    if (letter) {
        *at += 2;
        return (unsigned char)bytes[letter - letters];
    }
    if (left < 4 || text[*at + 1] != 'x') return 0;
    const int high = digit_value(text[*at + 2]), low = digit_value(text[*at + 3]);
    if (high < 0 || low < 0) return 0;
    *at += 4;
    return (unsigned char)(16 * high + low);
}

long dni_unescape(char *text, size_t size) {
    size_t used = 0;
    for (size_t at = 0; at < size;) {
        const unsigned char byte =
            text[at] == '\\' ? unescape_byte(text, size, &at) : (unsigned char)text[at++];
        if (!byte) return -1;
        text[used++] = (char)byte;
    }
    text[used] = '\0';
    return (long)used;
}
