/* SPDX-License-Identifier: MIT */
/* pHash: 32x32 brightness, its discrete cosine transform, the 8x8 lowest frequencies, one bit each.
 *
 * Zauner leaves out all frequencies that are 0 on one of the axes. Here only (0, 0), the mean, is left out,
 * so that pictures of bands, or of a sky above land, still have a hash. The bit of the mean is always 0. */
#include "io/perceptual_hash.h"

#include "core/error.h"
#include "io/stb_resize.h"

#include <math.h>
#include <stdlib.h>

enum { SIDE = 32, LOW = 8, BITS = LOW * LOW };

/* When even the strongest wave has an amplitude below one level, compression and rounding decide the bits:
 * such a picture is flat. A wave of amplitude a has the coefficient a * SIDE / 2. */
static const float flat_below = 1.0f * SIDE / 2;

static float luma(const uint8_t *rgb) {
    return 0.299f * (float)rgb[0] + 0.587f * (float)rgb[1] + 0.114f * (float)rgb[2]; /* ITU-R BT.601 */
}

/* The orthonormal DCT-II: row k is frequency k. */
static void fill_cosines(float cosines[LOW][SIDE]) {
    const double pi = 3.14159265358979323846;
    for (int k = 0; k < LOW; k++)
        for (int x = 0; x < SIDE; x++)
            cosines[k][x] = (float)(sqrt((k ? 2.0 : 1.0) / SIDE) * cos(pi * k * (2 * x + 1) / (2 * SIDE)));
}

/* low[v * LOW + u]: the coefficient of frequency v down and u across. */
static void transform(const uint8_t *rgb, float low[BITS]) {
    float cosines[LOW][SIDE], across[SIDE][LOW];
    fill_cosines(cosines);
    for (int y = 0; y < SIDE; y++)
        for (int u = 0; u < LOW; u++) {
            across[y][u] = 0;
            for (int x = 0; x < SIDE; x++) across[y][u] += cosines[u][x] * luma(rgb + 3 * (y * SIDE + x));
        }
    for (int v = 0; v < LOW; v++)
        for (int u = 0; u < LOW; u++) {
            low[v * LOW + u] = 0;
            for (int y = 0; y < SIDE; y++) low[v * LOW + u] += cosines[v][y] * across[y][u];
        }
}

static int by_value(const void *a, const void *b) {
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static float median_of_frequencies(const float low[BITS]) {
    float sorted[BITS - 1];
    for (int i = 1; i < BITS; i++) sorted[i - 1] = low[i];
    qsort(sorted, BITS - 1, sizeof *sorted, by_value);
    return sorted[(BITS - 1) / 2];
}

dn_status dni_perceptual_hash(uint64_t *out, const dn_image *image, dn_error *error) {
    uint8_t small[3 * SIDE * SIDE];
    *out = DNI_PERCEPTUAL_FLAT;
    if (!dni_stb_resize(image, SIDE, SIDE, &(dni_window){0, 0, SIDE, SIDE}, small, 3 * SIDE))
        return dni_no_memory(error, "resizing a picture of %d x %d pixels", image->width, image->height);
    float low[BITS];
    transform(small, low);
    const float median = median_of_frequencies(low);
    float strongest = 0;
    uint64_t hash = 0;
    for (int i = 1; i < BITS; i++) {
        strongest = fmaxf(strongest, fabsf(low[i]));
        if (low[i] > median) hash |= (uint64_t)1 << i;
    }
    if (strongest >= flat_below) *out = hash;
    return DN_OK;
}

int dni_perceptual_distance(uint64_t a, uint64_t b) {
    return __builtin_popcountll(a ^ b);
}
