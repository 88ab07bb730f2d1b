/* SPDX-License-Identifier: MIT */
/* Samples of a TIFF to RGB. */
#ifndef DN_IO_TIFF_PIXELS_H
#define DN_IO_TIFF_PIXELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum dni_tiff_colour { DNI_TIFF_GREY, DNI_TIFF_PALETTE, DNI_TIFF_RGB, DNI_TIFF_CMYK } dni_tiff_colour;

typedef struct dni_tiff_samples {
    dni_tiff_colour colour;
    int bits;    /* a sample: 8 or 16; 1, 2 or 4 where a pixel has one sample */
    int samples; /* a pixel, extra ones included */
    int used;    /* of these: the colour's, and behind them alpha where the colour was multiplied by it */
    bool is_inverted;       /* grey: 0 is white */
    bool is_premultiplied;  /* by the sample behind the colour's */
    const uint16_t *map[3]; /* palette: red, green, blue of each index */
} dni_tiff_samples;

/* One row of `width` pixels. planes[i] is where sample i of the first pixel lies, `step` bytes before
 * that of the next pixel; samples of less than 8 bits are packed, the first in the highest bits. Those
 * of 16 bits are in the machine's order; of them the high byte counts. */
void dni_tiff_row_to_rgb(uint8_t *rgb, int width, const dni_tiff_samples *how, const uint8_t *const planes[],
                         size_t step);

#endif
