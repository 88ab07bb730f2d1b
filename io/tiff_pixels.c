/* SPDX-License-Identifier: MIT */
/* Sample by sample. */
#include "io/tiff_pixels.h"

#include "io/cmyk.h"

#include <string.h>

static uint8_t wide_sample(const uint8_t *at, int bits) {
    uint16_t value;
    if (bits == 8) return *at;
    memcpy(&value, at, sizeof value);
    return (uint8_t)(value >> 8);
}

static unsigned packed_sample(const uint8_t *row, int x, int bits) {
    const unsigned at = (unsigned)x * (unsigned)bits;
    return row[at / 8] >> (8 - (unsigned)bits - at % 8) & ((1u << bits) - 1);
}

/* The colour before it was multiplied by alpha, rounded down and clipped as Pillow does. */
static uint8_t unmultiplied(uint8_t value, uint8_t alpha) {
    if (alpha == 0) return 0;
    const int level = value * 255 / alpha;
    return (uint8_t)(level < 255 ? level : 255);
}

static void to_rgb(uint8_t *rgb, const uint8_t *samples, const dni_tiff_samples *how) {
    switch (how->colour) {
    case DNI_TIFF_GREY:
        /* NOLINTNEXTLINE(clang-analyzer-*): a pixel has one sample at least */
        memset(rgb, how->is_inverted ? 255 - samples[0] : samples[0], 3);
        break;
    case DNI_TIFF_PALETTE:
        /* NOLINTNEXTLINE(clang-analyzer-*): a pixel has one sample at least */
        for (int c = 0; c < 3; c++) rgb[c] = (uint8_t)(how->map[c][samples[0]] >> 8);
        break;
    case DNI_TIFF_RGB:
        memcpy(rgb, samples, 3);
        break;
    case DNI_TIFF_CMYK:
        dni_cmyk_to_rgb(rgb, samples);
        break;
    }
    if (how->is_premultiplied)
        for (int c = 0; c < 3; c++) rgb[c] = unmultiplied(rgb[c], samples[how->used - 1]);
}

void dni_tiff_row_to_rgb(uint8_t *rgb, int width, const dni_tiff_samples *how, const uint8_t *const planes[],
                         size_t step) {
    enum { MOST_USED = 5 };
    uint8_t samples[MOST_USED];
    for (int x = 0; x < width; x++, rgb += 3) {
        if (how->bits < 8) {
            const unsigned value = packed_sample(planes[0], x, how->bits);
            samples[0] =
                (uint8_t)(how->colour == DNI_TIFF_PALETTE ? value : value * 255 / ((1u << how->bits) - 1));
        } else {
            for (int i = 0; i < how->used; i++)
                samples[i] = wide_sample(planes[i] + (size_t)x * step, how->bits);
        }
        to_rgb(rgb, samples, how);
    }
}
