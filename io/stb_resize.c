/* SPDX-License-Identifier: MIT */
/* Resizing by stb_image_resize.
 *
 * Shrinking to less than half is two calls, the vertical pass and then the horizontal one, each over columns
 * of bytes: of the picture, and then of its transposed copy. Columns go through as vectors, and transposing
 * costs less than what the horizontal pass gains. Elsewhere one call does both: the sums between the passes
 * must not be rounded there, and transposing floats costs what it would gain. */
#include "io/stb_resize.h"

#include "core/cpu.h"
#include "io/stb_passes.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Every tier gives the same bits, so a DN_ISA that cannot be used is nothing to fail for. */
static const dni_stb_passes *choose_passes(void) {
#if defined(__x86_64__)
    dni_isa isa;
    if (dni_cpu_choose_isa(&isa, NULL) == DN_OK && isa >= DNI_ISA_AVX2) return &dni_stb_passes_avx2;
#endif
    return &dni_stb_passes_portable;
}

/* Pixels from `begin` up to, but not including, `end`. */
typedef struct range {
    int begin, end;
} range;

/* The pixels that a pass may read. A triangle reaches as far as the larger of two pixels, one before and one
 * after scaling; two more are left for rounding. */
static range pixels_read(const dni_axis *axis) {
    const double scale = (double)axis->scale, reach = fmax(1 / scale, 1) + 2;
    const double begin = floor(axis->first / scale - reach);
    const double end = ceil((axis->first + axis->count) / scale + reach);
    return (range){.begin = begin > 0 ? (int)begin : 0, .end = end < axis->size ? (int)end : axis->size};
}

/* Scales columns of bytes, as many as there are. */
static bool scale_columns(const dni_stb_passes *passes, const uint8_t *in, int in_row_bytes, int bytes,
                          const dni_axis *y, uint8_t *out, int out_row_bytes) {
    bool done = true;
    for (int at = 0; done && at < bytes; at += DNI_STB_STRIP)
        done = passes->columns(in + at, in_row_bytes, bytes - at < DNI_STB_STRIP ? bytes - at : DNI_STB_STRIP,
                               y, out + at, out_row_bytes);
    return done;
}

/* Columns of `in` become rows of `out`. The rows are taken in groups, so that what is read side by side stays
 * in the first cache. */
static void transpose(const uint8_t *in, int in_row_bytes, int width, int height, uint8_t *out,
                      int out_row_bytes) {
    enum { GROUP = 32 };
    for (int top = 0; top < height; top += GROUP) {
        const int rows = height - top < GROUP ? height - top : GROUP;
        for (int x = 0; x < width; x++) {
            const uint8_t *from = in + (size_t)top * (size_t)in_row_bytes + 3 * (size_t)x;
            uint8_t *to = out + (size_t)x * (size_t)out_row_bytes + 3 * (size_t)top;
            for (int row = 0; row < rows; row++, from += in_row_bytes, to += 3) memcpy(to, from, 3);
        }
    }
}

/* The horizontal pass over rows of `shortened`: `width` pixels from column x_begin of the picture. The result
 * takes their place before it is turned back. */
static bool narrow(const dni_stb_passes *passes, uint8_t *shortened, int row_bytes, int width, int rows,
                   uint8_t *transposed, const dni_axis *x, int x_begin, uint8_t *out, int out_row_bytes) {
    const int column_bytes = 3 * rows;
    transpose(shortened, row_bytes, width, rows, transposed + (size_t)column_bytes * (size_t)x_begin,
              column_bytes);
    if (!scale_columns(passes, transposed, column_bytes, column_bytes, x, shortened, column_bytes))
        return false;
    transpose(shortened, column_bytes, rows, x->count, out, out_row_bytes);
    return true;
}

/* Only columns that the horizontal pass reads go through the vertical one. A transposed copy has room for all
 * of them, because the horizontal pass counts from the first. It is made of half of the rows at a time: with
 * all of them, the C library gave the memory back to the system after each picture of some sizes. */
static bool shrink(const dni_stb_passes *passes, const dn_image *image, const dni_axis *x, const dni_axis *y,
                   uint8_t *out, int out_row_bytes) {
    const range read = pixels_read(x);
    const int width = read.end - read.begin, half = (y->count + 1) / 2;
    const int row_bytes = 3 * (width > x->count ? width : x->count);
    const size_t shortened_bytes = (size_t)row_bytes * (size_t)y->count;
    uint8_t *const shortened = malloc(shortened_bytes + 3 * (size_t)half * (size_t)image->width);
    if (!shortened) return false;
    bool done = scale_columns(passes, image->rgb + 3 * (size_t)read.begin, 3 * image->width, 3 * width, y,
                              shortened, row_bytes);
    for (int top = 0; done && top < y->count; top += half)
        done = narrow(passes, shortened + (size_t)row_bytes * (size_t)top, row_bytes, width,
                      top ? y->count - half : half, shortened + shortened_bytes, x, read.begin,
                      out + (size_t)out_row_bytes * (size_t)top, out_row_bytes);
    free(shortened);
    return done;
}

bool dni_stb_resize(const dn_image *image, int full_width, int full_height, const dni_window *window,
                    uint8_t *out, int out_row_bytes) {
    const dni_axis x = {.size = image->width,
                        .first = window->left,
                        .count = window->width,
                        .scale = (float)full_width / (float)image->width};
    const dni_axis y = {.size = image->height,
                        .first = window->top,
                        .count = window->height,
                        .scale = (float)full_height / (float)image->height};
    const dni_stb_passes *const passes = choose_passes();
    if (full_height < image->height / 2) return shrink(passes, image, &x, &y, out, out_row_bytes);
    return passes->both(image->rgb, 0, &x, &y, out, out_row_bytes);
}
