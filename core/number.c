/* SPDX-License-Identifier: MIT */
/* Numbers in text, digit by digit, and numbers that are none, by their bits. */
#include "core/number.h"

#include <string.h>

const char *dni_number_at(const char *text, uint64_t *out) {
    uint64_t value = 0;
    const char *at = text;
    for (; *at >= '0' && *at <= '9'; at++)
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(*at - '0'), &value))
            return NULL;
    if (at == text) return NULL;
    *out = value;
    return at;
}

bool dni_parse_u64(const char *text, uint64_t *out) {
    uint64_t value;
    const char *const end = dni_number_at(text, &value);
    if (!end || *end) return false;
    *out = value;
    return true;
}

/* Infinities and NaN alone have all bits of the exponent set. Without a branch, so that the compiler takes
 * many at a time. */
bool dni_all_finite(const float *values, size_t count) {
    uint32_t found = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        found |= (bits & 0x7f800000u) == 0x7f800000u;
    }
    return !found;
}
