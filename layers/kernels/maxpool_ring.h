/* SPDX-License-Identifier: MIT */
/* Max pooling 3x3, stride 2, padding 1, behind a convolution with ReLU. The convolution writes its rows into
 * a ring buffer of three rows, from which the pooled rows are computed while they are in the cache.
 *
 * The includer defines DNI_VECTOR_WIDTH. */
#ifndef DN_LAYERS_KERNELS_MAXPOOL_RING_H
#define DN_LAYERS_KERNELS_MAXPOOL_RING_H

#include "core/tensor.h"
#include "layers/kernels/vector.h"

/* Pooled row i needs the rows 2i-1, 2i and 2i+1 of the convolution. The next pooled row needs 2i+1 again. */
enum { RING_ROWS = 3 };

/* The convolution's row i lies at rows + i % RING_ROWS * row_floats, as dense (columns, channels). */
typedef struct maxpool_ring {
    float *rows;
    size_t row_floats;
    int64_t height, width; /* of the convolution */
    int channels;
} maxpool_ring;

static float *ring_row(const maxpool_ring *ring, int64_t row) {
    return ring->rows + (size_t)(row % RING_ROWS) * ring->row_floats;
}

/* The largest value of every channel in columns [left, right] of `count` rows. The search starts from 0,
 * because nothing is below 0 behind ReLU. */
static void pool_pixel(const maxpool_ring *ring, const float *const rows[RING_ROWS], int count, int64_t left,
                       int64_t right, float *to) {
    const int channels = ring->channels;
    int c = 0;
    for (; c + VW <= channels; c += VW) {
        vec largest = vec_zero();
        for (int i = 0; i < count; i++)
            for (int64_t x = left; x <= right; x++)
                largest = vec_max(largest, vec_load(rows[i] + x * channels + c));
        vec_store(to + c, largest);
    }
    for (; c < channels; c++) {
        float largest = 0.0f;
        for (int i = 0; i < count; i++)
            for (int64_t x = left; x <= right; x++)
                if (rows[i][x * channels + c] > largest) largest = rows[i][x * channels + c];
        to[c] = largest;
    }
}

/* Computes row `row` of image n of y. Rows beyond the edge of the image are left out. */
static void pool_row(const maxpool_ring *ring, const dni_tensor *y, int64_t n, int64_t row) {
    const float *rows[RING_ROWS];
    int count = 0;
    for (int64_t i = 2 * row - 1; i <= 2 * row + 1; i++)
        if (i >= 0 && i < ring->height) rows[count++] = ring_row(ring, i);
    float *to = (float *)y->data + n * y->stride[0] + row * y->stride[1];
    for (int64_t x = 0; x < y->shape[2]; x++, to += y->stride[2]) {
        const int64_t left = x > 0 ? 2 * x - 1 : 0;
        const int64_t right = 2 * x + 1 < ring->width ? 2 * x + 1 : ring->width - 1;
        pool_pixel(ring, rows, count, left, right, to);
    }
}

#endif
