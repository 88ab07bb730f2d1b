/* Base64: three bytes become four characters. */
#include "io/base64.h"

#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

static void encode(char *out, const unsigned char *bytes, size_t size) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < size; i += 3) {
        const unsigned long three = (unsigned long)bytes[i] << 16 |
                                    (unsigned long)(i + 1 < size ? bytes[i + 1] : 0) << 8 |
                                    (i + 2 < size ? bytes[i + 2] : 0);
        *out++ = digits[three >> 18];
        *out++ = digits[three >> 12 & 63];
        *out++ = i + 1 < size ? digits[three >> 6 & 63] : '=';
        *out++ = i + 2 < size ? digits[three & 63] : '=';
    }
    *out = '\0';
}

char *dni_base64(const char *prefix, const void *bytes, size_t size) {
    const size_t before = strlen(prefix);
    size_t whole;
    if (!dni_size_mul(size / 3 + 1, 4, &whole) || !dni_size_add(whole, before + 1, &whole)) return NULL;
    char *out = malloc(whole);
    if (!out) return NULL;
    memcpy(out, prefix, before);
    encode(out + before, bytes, size);
    return out;
}
