/* SPDX-License-Identifier: MIT */
/* stb_image_resize with its triangle filter, compiled for each tier. All tiers give the same bits. */
#ifndef DN_IO_STB_PASSES_H
#define DN_IO_STB_PASSES_H

#include <stdbool.h>
#include <stdint.h>

/* Of the pixels that `size` pixels become when they are scaled, `count` from the one with number `first`. */
typedef struct dni_axis {
    int size, first, count;
    float scale;
} dni_axis;

#define DNI_STB_CHANNELS 4096 /* of one pixel, at most */

/* The most bytes of a row that `columns` takes. */
enum { DNI_STB_STRIP = 3 * DNI_STB_CHANNELS };

/* Both functions return false when out of memory. */
typedef struct dni_stb_passes {
    /* Scales RGB pixels in both directions, and rounds once. */
    bool (*both)(const uint8_t *in, int in_row_bytes, const dni_axis *x, const dni_axis *y, uint8_t *out,
                 int out_row_bytes);
    /* Scales columns of single bytes, `bytes` of them side by side, a multiple of 3 up to DNI_STB_STRIP. */
    bool (*columns)(const uint8_t *in, int in_row_bytes, int bytes, const dni_axis *y, uint8_t *out,
                    int out_row_bytes);
} dni_stb_passes;

extern const dni_stb_passes dni_stb_passes_portable;
#if defined(__x86_64__)
extern const dni_stb_passes dni_stb_passes_avx2;
#endif

#endif
