/* Escaping names for the terminal. */
#include "ftrain/shell/quote.h"

#include "io/json.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST_ESCAPE = 4 }; /* \xHH */

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
static size_t escape(char *out, unsigned char byte) {
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
    return LONGEST_ESCAPE;
}

/* Takes one character, or one byte that is none, from *text; writes it to `out` and returns how many bytes
 * that are. */
static size_t quote_next(char out[4 * LONGEST_ESCAPE], const unsigned char **text) {
    const unsigned char *from = *text;
    const size_t length = dni_utf8_length(from);
    const size_t taken = length ? length : 1;
    *text += taken;
    if (length && *from != '\\' && !acts_on_terminal(code_point(from, length))) {
        memcpy(out, from, length);
        return length;
    }
    size_t used = 0;
    for (size_t i = 0; i < taken; i++) used += escape(out + used, from[i]);
    return used;
}

void quote_write(FILE *to, const char *text) {
    char out[4 * LONGEST_ESCAPE];
    for (const unsigned char *from = (const unsigned char *)text; *from;)
        fwrite(out, 1, quote_next(out, &from), to);
}

char *quote_text(const char *text) {
    char *quoted = malloc(LONGEST_ESCAPE * strlen(text) + 1);
    if (!quoted) return NULL;
    size_t used = 0;
    for (const unsigned char *from = (const unsigned char *)text; *from;)
        used += quote_next(quoted + used, &from);
    quoted[used] = '\0';
    return quoted;
}
