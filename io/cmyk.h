/* SPDX-License-Identifier: MIT */
/* CMYK to RGB with Pillow's rounding. */
#ifndef DN_IO_CMYK_H
#define DN_IO_CMYK_H

#include <stdint.h>

/* 255 is full ink. `rgb` and `cmyk` may overlap. */
static inline void dni_cmyk_to_rgb(uint8_t rgb[3], const uint8_t cmyk[4]) {
    /* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): all four are set */
    const int white = 255 - cmyk[3];
    uint8_t result[3];
    for (int channel = 0; channel < 3; channel++) {
        const int product = cmyk[channel] * white + 128;
        result[channel] = (uint8_t)(white - ((product + (product >> 8)) >> 8));
    }
    for (int channel = 0; channel < 3; channel++) rgb[channel] = result[channel];
}

#endif
