/* SPDX-License-Identifier: MIT */
/* bfloat16: the upper half of a float32. */
#ifndef DN_CORE_BF16_H
#define DN_CORE_BF16_H

#include <stdint.h>
#include <string.h>

/* Rounds to the nearest, ties to even, as the CPU does; a NaN stays a NaN. */
static inline uint16_t dni_bf16_of(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    if (value != value) return 0x7fc0;
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static inline float dni_bf16_value(uint16_t upper) {
    const uint32_t bits = (uint32_t)upper << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

#endif
