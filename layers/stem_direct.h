/* The stem: a strided convolution of few input channels with bias, ReLU and max pooling, without im2col.
 *
 * The includer defines DNI_VECTOR_WIDTH, TILE_VECTORS and TILE_ROWS, and makes a dni_conv2d_kernel of the
 * functions below.
 *
 * With channels innermost, the taps of one kernel row are one run of kernel * in numbers of a padded input row
 * (7 x 3 = 21), and the next output's run begins stride * in numbers (6) on. So an input row is itself the
 * matrix that im2col would make, rows overlapping: a tile of TILE_ROWS outputs x TILE_VECTORS vectors of
 * channels is `kernel` products of depth kernel * in, whose sums stay in registers from bias to ReLU.
 *
 * Cache: input rows are copied with zeros around into a ring of `kernel` rows (7 x 2.8 KB), weights are 56 KB
 * (7x7x3 -> 96), and the convolution's rows go into a ring of three (43 KB each), from which each pooled row is
 * taken: what a stem reads and writes of memory is the image and the pooled result. Tiles reach over the right
 * edge, where both rings have room; no pooled pixel looks there.
 *
 * Threads take ranges of pooled rows; each range begins with a row of the convolution that its neighbour
 * computes too. */
#include "layers/tile.h"

#include "core/memory.h"
#include "layers/conv2d_kernels.h"
#include "layers/maxpool_ring.h"

#include <string.h>

enum { MOST_CHANNELS = 16, MOST_KERNEL = 16 };

static bool accepts(const dni_conv2d *conv) {
    return conv->prologue == DNI_PROLOGUE_NONE && conv->epilogue == DNI_EPILOGUE_BIAS_RELU_MAXPOOL &&
           conv->in_channels <= MOST_CHANNELS && conv->kernel <= MOST_KERNEL && conv->out_channels % VW == 0;
}

/* ---- packed parameters: bias, then (block, kernel row, kernel column, in, channels of the block) ---- */

static int out_vectors(const dni_conv2d *conv) {
    return conv->out_channels / VW;
}

static int block_count(const dni_conv2d *conv) {
    return tile_blocks(out_vectors(conv));
}

static int block_start(const dni_conv2d *conv, int i) {
    return tile_block_start(out_vectors(conv), i);
}

static size_t bias_floats(const dni_conv2d *conv) {
    return dni_align_up((size_t)conv->out_channels * sizeof(float)) / sizeof(float);
}

static int depth_of(const dni_conv2d *conv) {
    return conv->kernel * conv->kernel * conv->in_channels;
}

static size_t packed_size(const dni_conv2d *conv) {
    return (bias_floats(conv) + (size_t)depth_of(conv) * (size_t)conv->out_channels) * sizeof(float);
}

static void pack(const dni_conv2d *conv, const dni_conv2d_params *params, void *packed) {
    const int in = conv->in_channels, taps = conv->kernel * conv->kernel;
    float *to = packed;
    memset(to, 0, bias_floats(conv) * sizeof *to);
    memcpy(to, params->bias, (size_t)conv->out_channels * sizeof *to);
    to += bias_floats(conv);
    for (int block = 0; block < block_count(conv); block++)
        for (int tap = 0; tap < taps; tap++)
            for (int c = 0; c < in; c++)
                for (int o = block_start(conv, block) * VW; o < block_start(conv, block + 1) * VW; o++)
                    *to++ = params->weight[(o * in + c) * taps + tap];
}

/* ---- geometry ---- */

typedef struct work {
    const dni_conv2d *conv;
    const float *bias, *weight;
    const dni_tensor *x, *y;
    int64_t height, width; /* of the convolution */
    int64_t tiles;         /* of one of its rows */
    size_t input_floats;   /* of a padded input row */
    size_t ring_floats;    /* of a row of the convolution */
    char *scratch;
    size_t scratch_each;
    int threads;
} work;

static work plan(const dni_conv2d *conv, const dni_tensor *x, int threads) {
    work w = {.conv = conv, .x = x, .threads = threads};
    w.height = (x->shape[1] + 2 * conv->pad - conv->kernel) / conv->stride + 1;
    w.width = (x->shape[2] + 2 * conv->pad - conv->kernel) / conv->stride + 1;
    w.tiles = (w.width + TILE_ROWS - 1) / TILE_ROWS;
    const int64_t outputs = w.tiles * TILE_ROWS;
    const int64_t seen = (outputs - 1) * conv->stride + conv->kernel; /* input pixels that the tiles see */
    w.input_floats = (size_t)(seen * conv->in_channels);
    w.ring_floats = (size_t)(outputs * conv->out_channels);
    w.scratch_each = dni_align_up(RING_ROWS * w.ring_floats * sizeof(float)) +
                     dni_align_up((size_t)conv->kernel * w.input_floats * sizeof(float));
    return w;
}

static size_t scratch_size(const dni_conv2d *conv, const dni_tensor *x, int threads) {
    return plan(conv, x, threads).scratch_each * (size_t)threads;
}

/* ---- rows ---- */

/* What one thread holds. */
typedef struct state {
    float *input; /* a ring of `kernel` padded rows */
    maxpool_ring ring;
} state;

/* Padded row i is the image's row i - pad. */
static float *input_row(const work *w, const state *s, int64_t padded) {
    return s->input + (size_t)(padded % w->conv->kernel) * w->input_floats;
}

static void copy_input_row(const work *w, const state *s, int64_t n, int64_t padded) {
    const dni_tensor *x = w->x;
    const int64_t row = padded - w->conv->pad, in = w->conv->in_channels;
    const int64_t seen = (int64_t)w->input_floats / in - w->conv->pad;
    const int64_t columns = x->shape[2] < seen ? x->shape[2] : seen;
    float *to = input_row(w, s, padded);
    memset(to, 0, w->input_floats * sizeof *to);
    if (row < 0 || row >= x->shape[1]) return;
    const float *from = (const float *)x->data + n * x->stride[0] + row * x->stride[1];
    to += w->conv->pad * in;
    for (int64_t i = 0; i < columns; i++, from += x->stride[2])
        for (int64_t c = 0; c < in; c++) *to++ = from[c];
}

/* TILE_ROWS outputs of a row by a block of channels; `inputs` are the kernel's rows at the first of them. */
DNI_INLINE void convolve_tile(const work *w, const float *const *inputs, int64_t offset, const float *bias,
                              const float *weight, float *to, const int vectors) {
    const dni_conv2d *conv = w->conv;
    const int depth = conv->kernel * conv->in_channels;
    const size_t step = (size_t)(conv->stride * conv->in_channels);
    vec sum[TILE_ROWS][TILE_VECTORS];
    DNI_UNROLL for (int r = 0; r < TILE_ROWS; r++) DNI_UNROLL for (int j = 0; j < vectors; j++) sum[r][j] =
        vec_load(bias + j * VW);
    for (int i = 0; i < conv->kernel; i++, weight += depth * vectors * VW)
        tile_multiply(sum, inputs[i] + offset, step, weight, depth, TILE_ROWS, vectors);
    DNI_UNROLL for (int r = 0; r < TILE_ROWS; r++) DNI_UNROLL for (int j = 0; j < vectors; j++)
        vec_store(to + r * conv->out_channels + j * VW, vec_relu(sum[r][j]));
}

static void convolve_row(const work *w, const state *s, int64_t row) {
    const dni_conv2d *conv = w->conv;
    const float *inputs[MOST_KERNEL];
    for (int i = 0; i < conv->kernel; i++) inputs[i] = input_row(w, s, row * conv->stride + i);
    for (int block = 0; block < block_count(conv); block++) {
        const int vector = block_start(conv, block), vectors = block_start(conv, block + 1) - vector;
        const float *bias = w->bias + vector * VW, *weight = w->weight + depth_of(conv) * vector * VW;
        for (int64_t tile = 0; tile < w->tiles; tile++) {
            const int64_t offset = tile * TILE_ROWS * conv->stride * conv->in_channels;
            float *to = ring_row(&s->ring, row) + tile * TILE_ROWS * conv->out_channels + vector * VW;
            if (vectors == 1)
                convolve_tile(w, inputs, offset, bias, weight, to, 1);
            else if (vectors == 2)
                convolve_tile(w, inputs, offset, bias, weight, to, 2);
            else
                convolve_tile(w, inputs, offset, bias, weight, to, TILE_VECTORS);
        }
    }
}

/* One thread's pooled rows, counted through all images. */
static void run_rows(void *context, size_t thread) {
    const work *w = context;
    const dni_tensor *y = w->y;
    const int64_t rows = y->shape[0] * y->shape[1], stride = w->conv->stride;
    const int64_t first = rows * (int64_t)thread / w->threads,
                  end = rows * (int64_t)(thread + 1) / w->threads;
    char *scratch = w->scratch + thread * w->scratch_each;
    state s = {.ring = {.rows = (void *)scratch,
                        .row_floats = w->ring_floats,
                        .height = w->height,
                        .width = w->width,
                        .channels = w->conv->out_channels}};
    s.input = (void *)(scratch + dni_align_up(RING_ROWS * w->ring_floats * sizeof(float)));
    int64_t next = 0, next_input = 0; /* rows of the convolution and of the padded input */
    for (int64_t i = first; i < end; i++) {
        const int64_t n = i / y->shape[1], pooled = i % y->shape[1];
        const int64_t last = 2 * pooled + 1 < w->height ? 2 * pooled + 1 : w->height - 1;
        if (i == first || pooled == 0) {
            next = pooled > 0 ? 2 * pooled - 1 : 0;
            next_input = next * stride;
        }
        for (; next <= last; next++) {
            if (next_input < next * stride) next_input = next * stride;
            for (; next_input < next * stride + w->conv->kernel; next_input++)
                copy_input_row(w, &s, n, next_input);
            convolve_row(w, &s, next);
        }
        pool_row(&s.ring, y, n, pooled);
    }
}

static void run(const dni_conv2d *conv, const void *packed, const dni_tensor *x, const dni_tensor *y,
                void *scratch, dni_pool *pool) {
    work w = plan(conv, x, dni_pool_threads(pool));
    w.bias = packed;
    w.weight = w.bias + bias_floats(conv);
    w.y = y;
    w.scratch = scratch;
    dni_pool_run(pool, run_rows, &w, (size_t)w.threads);
}
