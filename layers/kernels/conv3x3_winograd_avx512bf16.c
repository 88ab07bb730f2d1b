/* SPDX-License-Identifier: MIT */
/* 3x3 convolution by Winograd's F(2x4, 3x3) with products of bfloat16 numbers: Lavin & Gray 2015, points 0,
 * 1, -1 and infinity for columns (F(2, 3)), and 0, 5/8, -5/8, 3/2, -3/2 and infinity for rows (F(4, 3)).
 *
 * y = A^T [ (G w G^T) . (B^T d B) ] A for every output tile of 2x4 pixels, d being its input tile, the 4x6
 * pixels that it depends on. These are 24 matrix products (tiles x in) * (in x out), 24 multiplications where
 * the direct form takes 72, which is 3 times fewer. x, y, the transforms and all sums are float32; only the
 * transformed factors are rounded.
 *
 * Why this form: the transforms enlarge the error of rounding the factors. With 192 channels the error (root
 * mean square, relative to the outputs) is 0.25 % in direct form, 0.35 % with F(2x2), 0.57 % here, 0.85 %
 * here with points 1 and 2, 0.95 % with F(4x4) (2.1 % with points 1 and 2) and 1.2 % with F(3x3), which takes
 * as many multiplications.
 *
 * Cache: tiles are computed in groups, such that their inputs, transformed inputs (9 KB for a tile of 192
 * channels) and products (5 KB) stay in the second-level cache beside the weights (442 KB for 192 -> 48
 * channels, 2.7 times the plain ones). While one component is multiplied, the weights of the next one are
 * prefetched.
 *
 * Registers: products are computed in register tiles of up to 8 tiles x 3 vectors of output channels, 24
 * sums. A 7x7 map has 8 tiles.
 *
 * Threads take ranges of tiles. */
#define DNI_VECTOR_WIDTH 16
#define MICRO_VECTORS    3
#include "layers/kernels/bf16.h"
#include "layers/kernels/winograd_4x3.inc"

#include "core/memory.h"
#include "layers/conv2d_kernels.h"

#include <string.h>

enum {
    OUT_ROWS = 2, /* of an output tile */
    OUT_COLUMNS = F4_OUT,
    IN_ROWS = OUT_ROWS + 2, /* and of its input tile */
    IN_COLUMNS = F4_IN,
    COMPONENTS = IN_ROWS * IN_COLUMNS,
    TAPS = 9,
    BLOCK_CHANNELS = MICRO_VECTORS * VW, /* the most output channels of a block */
    MICRO_ROWS = 8,                      /* the most tiles of a register tile */
    MIN_ROWS = 4,                        /* the fewest, unless there are fewer tiles in all */
    GROUP = 32,                          /* the most tiles of a group */
    LINE = DNI_ALIGNMENT / sizeof(bf16_pair),
    PREFETCH_PAIRS = 4, /* pairs of depth between prefetches; divides VW / 2 */
};

/* ---- weights: (component, block of output channels, pair of input channels, channels of the block) ---- */

static size_t component_weights(const dni_conv2d *conv) {
    return (size_t)(conv->in_channels / 2) * (size_t)conv->out_channels;
}

static size_t packed_size(const dni_conv2d *conv) {
    return COMPONENTS * component_weights(conv) * sizeof(bf16_pair);
}

/* to: (TAPS, width), of one input channel and `width` output channels, whose taps are `step` floats behind
 * those of the one before. */
static void gather_taps(const float *w, size_t step, size_t width, float to[TAPS][BLOCK_CHANNELS]) {
    for (size_t o = 0; o < width; o++)
        for (size_t tap = 0; tap < TAPS; tap++) to[tap][o] = w[o * step + tap];
}

typedef double doubles __attribute__((vector_size(VW / 2 * sizeof(double))));

/* F(2, 3)'s G times three taps of a column. */
DNI_INLINE void transform_down(doubles w0, doubles w1, doubles w2, doubles to[IN_ROWS]) {
    to[0] = w0;
    to[1] = 0.5 * (w0 + w2 + w1);
    to[2] = 0.5 * (w0 + w2 - w1);
    to[3] = w2;
}

/* The rows of F(4, 3)'s G for the points +-`point`; `other` is the other point. */
DNI_INLINE void across_points(const doubles w[3], double point, double other, doubles *plus, doubles *minus) {
    const double scale = g_factor(point, other);
    const doubles even = scale * w[0] + scale * point * point * w[2], odd = scale * point * w[1];
    *plus = even + odd;
    *minus = even - odd;
}

DNI_INLINE void store_as_floats(float *to, doubles from) {
    _mm256_storeu_ps(to, _mm512_cvtpd_ps(from));
}

/* G w G^T of one input channel and `width` output channels. In double: the only rounding that counts is that
 * to bfloat16. */
static void transform_weights(float w[TAPS][BLOCK_CHANNELS], size_t width,
                              float to[COMPONENTS][BLOCK_CHANNELS]) {
    for (size_t o = 0; o < width; o += VW / 2) {
        doubles taps[TAPS], columns[3][IN_ROWS], out[IN_COLUMNS];
        DNI_UNROLL for (int i = 0; i < TAPS; i++) taps[i] = _mm512_cvtps_pd(_mm256_loadu_ps(&w[i][o]));
        DNI_UNROLL for (int x = 0; x < 3; x++) transform_down(taps[x], taps[3 + x], taps[6 + x], columns[x]);
        DNI_UNROLL for (int i = 0; i < IN_ROWS; i++) {
            const doubles row[3] = {columns[0][i], columns[1][i], columns[2][i]};
            out[0] = g_zero * row[0];
            across_points(row, P, Q, &out[1], &out[2]);
            across_points(row, Q, P, &out[3], &out[4]);
            out[5] = row[2];
            DNI_UNROLL for (int j = 0; j < IN_COLUMNS; j++)
                store_as_floats(&to[i * IN_COLUMNS + j][o], out[j]);
        }
    }
}

static void pack(const dni_conv2d *conv, const dni_conv2d_params *params, void *packed) {
    const size_t in = (size_t)conv->in_channels;
    bf16_pair *to = packed;
    for (int block = 0; block < block_count(conv); block++) {
        const size_t first = (size_t)block_start(conv, block) * VW;
        const size_t width = (size_t)(block_start(conv, block + 1) * VW) - first;
        for (size_t c = 0; c < in; c += 2, to += width) {
            float taps[TAPS][BLOCK_CHANNELS];
            float even[COMPONENTS][BLOCK_CHANNELS], odd[COMPONENTS][BLOCK_CHANNELS];
            const float *weight = params->weight + (first * in + c) * TAPS;
            gather_taps(weight, in * TAPS, width, taps);
            transform_weights(taps, width, even);
            gather_taps(weight + TAPS, in * TAPS, width, taps);
            transform_weights(taps, width, odd);
            for (size_t i = 0; i < COMPONENTS; i++)
                for (size_t o = 0; o < width; o += VW)
                    bf16_store_pairs(to + i * component_weights(conv) + o, vec_load(&even[i][o]),
                                     vec_load(&odd[i][o]));
        }
    }
}

/* ---- geometry ---- */

typedef struct work {
    const dni_conv2d *conv;
    const bf16_pair *weight; /* as packed */
    const dni_tensor *x, *y;
    int64_t rows, columns; /* tiles of an image */
    int64_t tiles;         /* of all images */
    int threads;
    /* From one component to the next, of transformed inputs (pairs) and of products (floats). They are not
     * powers of two, which would put the components of a tile into the same cache sets. */
    size_t v_stride, m_stride;
    size_t zeros_size; /* bytes of a pixel of zeros */
    size_t v_size;     /* bytes of the transformed inputs of a thread */
    size_t area;       /* bytes of these and of the thread's products */
    int64_t capacity;  /* tiles for which a thread's area has space */
    char *scratch;
} work;

static work plan(const dni_conv2d *conv, const dni_tensor *x, int threads) {
    work w = {.conv = conv, .x = x, .threads = threads};
    w.rows = (x->shape[1] + OUT_ROWS - 1) / OUT_ROWS;
    w.columns = (x->shape[2] + OUT_COLUMNS - 1) / OUT_COLUMNS;
    w.tiles = x->shape[0] * w.rows * w.columns;
    const int64_t share = (w.tiles + threads - 1) / threads;
    w.capacity = share > GROUP ? GROUP : share < MIN_ROWS ? MIN_ROWS : share;
    w.v_stride = (size_t)w.capacity * (size_t)conv->in_channels / 2 + 3 * LINE;
    w.m_stride = (size_t)w.capacity * (size_t)conv->out_channels + LINE;
    w.zeros_size = dni_align_up((size_t)conv->in_channels * sizeof(float));
    w.v_size = dni_align_up(COMPONENTS * w.v_stride * sizeof(bf16_pair));
    w.area = w.v_size + dni_align_up(COMPONENTS * w.m_stride * sizeof(float));
    return w;
}

static size_t scratch_size(const dni_conv2d *conv, const dni_tensor *x, int threads) {
    const work w = plan(conv, x, threads);
    return w.zeros_size + (size_t)threads * w.area;
}

/* The image of a tile, and the row and column of its top left output pixel. */
typedef struct place {
    int64_t n, y, x;
} place;

static place place_of(const work *w, int64_t tile) {
    const int64_t in_image = tile % (w->rows * w->columns);
    return (place){tile / (w->rows * w->columns), in_image / w->columns * OUT_ROWS,
                   in_image % w->columns * OUT_COLUMNS};
}

/* ---- B^T d B ---- */

typedef const float *inputs[IN_ROWS][IN_COLUMNS]; /* the first channel of each pixel of an input tile */

/* Whether row, or column, `at` is in the image of `size` rows, or columns, or in its border. */
static bool readable(const work *w, int64_t at, int64_t size) {
    return at >= -w->conv->border && at < size + w->conv->border;
}

static void find_inputs(const work *w, int64_t tile, inputs pixel) {
    const dni_tensor *x = w->x;
    const place p = place_of(w, tile);
    const float *image = (const float *)x->data + p.n * x->stride[0];
    for (int64_t i = 0; i < IN_ROWS; i++)
        for (int64_t j = 0; j < IN_COLUMNS; j++) {
            const int64_t row = p.y + i - 1, column = p.x + j - 1;
            const bool there = readable(w, row, x->shape[1]) && readable(w, column, x->shape[2]);
            pixel[i][j] = there ? image + row * x->stride[1] + column * x->stride[2]
                                : (const float *)(void *)w->scratch;
        }
}

/* Multiplies a row of B^T d, six vectors, by B, and stores the six components, rounded. */
DNI_INLINE void store_row(const vec d[IN_COLUMNS], bf16_pair *to, size_t stride) {
    vec plus, minus;
    bf16_store_half(to, bt_outer_row(d[0], d[2], d[4]));
    bt_inner_rows(d[1], d[2], d[3], d[4], p1, q2, &plus, &minus);
    bf16_store_half(to + stride, plus);
    bf16_store_half(to + 2 * stride, minus);
    bt_inner_rows(d[1], d[2], d[3], d[4], q1, p2, &plus, &minus);
    bf16_store_half(to + 3 * stride, plus);
    bf16_store_half(to + 4 * stride, minus);
    bf16_store_half(to + 5 * stride, bt_outer_row(d[1], d[3], d[5]));
}

/* Transforms a vector of channels, from c on. */
static void transform_vector(inputs pixel, int c, bf16_pair *to, size_t stride) {
    vec first[IN_COLUMNS], plus[IN_COLUMNS], minus[IN_COLUMNS], last[IN_COLUMNS];
    DNI_UNROLL for (int j = 0; j < IN_COLUMNS; j++) {
        const vec d0 = vec_load(pixel[0][j] + c), d1 = vec_load(pixel[1][j] + c);
        const vec d2 = vec_load(pixel[2][j] + c), d3 = vec_load(pixel[3][j] + c);
        first[j] = d0 - d2;
        plus[j] = d1 + d2;
        minus[j] = d2 - d1;
        last[j] = d3 - d1;
    }
    store_row(first, to, stride);
    store_row(plus, to + IN_COLUMNS * stride, stride);
    store_row(minus, to + 2 * IN_COLUMNS * stride, stride);
    store_row(last, to + 3 * IN_COLUMNS * stride, stride);
}

static void transform_inputs(const work *w, int64_t first, int64_t end, bf16_pair *v) {
    for (int64_t tile = first; tile < end; tile++, v += w->conv->in_channels / 2) {
        inputs pixel;
        find_inputs(w, tile, pixel);
        for (int c = 0; c < w->conv->in_channels; c += VW) transform_vector(pixel, c, v + c / 2, w->v_stride);
    }
}

/* ---- the products ---- */

/* The product of one register tile: m (rows, vectors * VW; `m_row` floats from row to row) = v (rows, pairs)
 * * weight (pairs, vectors * VW). Meanwhile `lines` cache lines from `next` on are prefetched every
 * PREFETCH_PAIRS pairs. A prefetch reads nothing, so the last ones may reach beyond the weights. */
typedef struct product {
    const bf16_pair *v, *weight, *next;
    float *m;
    int pairs, m_row, lines;
} product;

DNI_INLINE void multiply(const product *p, const int rows, const int vectors) {
    vec sum[MICRO_ROWS][MICRO_VECTORS];
    DNI_UNROLL for (int r = 0; r < rows; r++) {
        DNI_UNROLL for (int j = 0; j < vectors; j++) {
            sum[r][j] = vec_zero();
        }
    }
    const bf16_pair *next = p->next;
    for (int k = 0; k < p->pairs; k += PREFETCH_PAIRS) {
        for (int i = 0; i < p->lines; i++, next += LINE) __builtin_prefetch(next, 0, 3);
        bf16_micro_kernel(sum, p->v + k, (size_t)p->pairs, p->weight + k * vectors * VW, PREFETCH_PAIRS, rows,
                          vectors);
    }
    DNI_UNROLL for (int r = 0; r < rows; r++) {
        DNI_UNROLL for (int j = 0; j < vectors; j++) {
            vec_store(p->m + r * p->m_row + j * VW, sum[r][j]);
        }
    }
}

#define MULTIPLY_ROWS(rows)                                                                                  \
    static void multiply_##rows(const product *p, int vectors) {                                             \
        if (vectors == 1)                                                                                    \
            multiply(p, rows, 1);                                                                            \
        else if (vectors == 2)                                                                               \
            multiply(p, rows, 2);                                                                            \
        else                                                                                                 \
            multiply(p, rows, MICRO_VECTORS);                                                                \
    }

MULTIPLY_ROWS(4)
MULTIPLY_ROWS(5)
MULTIPLY_ROWS(6)
MULTIPLY_ROWS(7)
MULTIPLY_ROWS(8)

static void (*const multiply_of[])(const product *p, int vectors) = {multiply_4, multiply_5, multiply_6,
                                                                     multiply_7, multiply_8};

/* m = v * weight in every component. Where there are fewer than MIN_ROWS tiles, the rows of the register tile
 * beyond the last tile have undefined contents, which nobody reads. */
static void multiply_tiles(const work *w, int64_t tiles, const bf16_pair *v, float *m) {
    const int pairs = w->conv->in_channels / 2, out = w->conv->out_channels, blocks = block_count(w->conv);
    const int64_t register_tiles = (tiles + MICRO_ROWS - 1) / MICRO_ROWS;
    const int64_t steps = register_tiles * blocks * (pairs / PREFETCH_PAIRS);
    product p = {.pairs = pairs, .m_row = out};
    p.lines = (int)(((int64_t)(component_weights(w->conv) / LINE) + steps - 1) / steps);
    for (size_t i = 0; i < COMPONENTS; i++) {
        const bf16_pair *weight = w->weight + i * component_weights(w->conv);
        p.next = weight + component_weights(w->conv);
        for (int block = 0; block < blocks; block++) {
            const int vector = block_start(w->conv, block);
            const int vectors = block_start(w->conv, block + 1) - vector;
            p.weight = weight + vector * VW * pairs;
            for (int64_t t = 0; t < register_tiles; t++) {
                const int64_t tile = tiles * t / register_tiles;
                const int64_t rows = tiles * (t + 1) / register_tiles - tile;
                p.v = v + i * w->v_stride + (size_t)(tile * pairs);
                p.m = m + i * w->m_stride + (size_t)(tile * out + vector * VW);
                multiply_of[rows > MIN_ROWS ? rows - MIN_ROWS : 0](&p, vectors);
                p.next += p.lines * (pairs / PREFETCH_PAIRS) * (int)LINE;
            }
        }
    }
}

/* ---- A^T m A ---- */

/* Transforms a vector of channels of a tile. Only `rows` x `columns` of its output pixels lie in the
 * image. */
static void transform_output(const float *m, size_t stride, float *y, int64_t right, int64_t down,
                             int64_t rows, int64_t columns) {
    vec upper[IN_COLUMNS], lower[IN_COLUMNS], out[OUT_COLUMNS];
    DNI_UNROLL for (int j = 0; j < IN_COLUMNS; j++) {
        const float *column = m + (size_t)j * stride;
        const vec m0 = vec_load(column), m1 = vec_load(column + IN_COLUMNS * stride);
        const vec m2 = vec_load(column + 2 * IN_COLUMNS * stride),
                  m3 = vec_load(column + 3 * IN_COLUMNS * stride);
        upper[j] = m0 + m1 + m2;
        lower[j] = m1 - m2 + m3;
    }
    at_transform(upper, out);
    DNI_UNROLL for (int j = 0; j < OUT_COLUMNS; j++) if (j < columns) vec_store(y + j * right, out[j]);
    if (rows < 2) return;
    at_transform(lower, out);
    DNI_UNROLL for (int j = 0; j < OUT_COLUMNS; j++) if (j < columns) vec_store(y + down + j * right, out[j]);
}

static void write_tiles(const work *w, int64_t first, int64_t end, const float *m) {
    const dni_tensor *y = w->y;
    const int out = w->conv->out_channels;
    for (int64_t tile = first; tile < end; tile++, m += out) {
        const place p = place_of(w, tile);
        float *to = (float *)y->data + p.n * y->stride[0] + p.y * y->stride[1] + p.x * y->stride[2];
        for (int c = 0; c < out; c += VW)
            transform_output(m + c, w->m_stride, to + c, y->stride[2], y->stride[1], y->shape[1] - p.y,
                             y->shape[2] - p.x);
    }
}

/* ---- threads ---- */

/* The tiles of one thread, group by group. */
static void run_groups(void *context, size_t thread) {
    const work *w = context;
    const int64_t begin = w->tiles * (int64_t)thread / w->threads;
    const int64_t count = w->tiles * (int64_t)(thread + 1) / w->threads - begin;
    const int64_t groups = (count + w->capacity - 1) / w->capacity;
    char *area = w->scratch + w->zeros_size + thread * w->area;
    bf16_pair *v = (void *)area;
    float *m = (void *)(area + w->v_size);
    for (int64_t g = 0; g < groups; g++) {
        const int64_t first = begin + count * g / groups, end = begin + count * (g + 1) / groups;
        transform_inputs(w, first, end, v);
        multiply_tiles(w, end - first, v, m);
        write_tiles(w, first, end, m);
    }
}

static void run(const dni_conv2d *conv, const void *packed, const dni_tensor *x, const dni_tensor *y,
                void *scratch, dni_pool *pool) {
    work w = plan(conv, x, dni_pool_threads(pool));
    w.weight = packed;
    w.y = y;
    w.scratch = scratch;
    memset(w.scratch, 0, w.zeros_size);
    dni_pool_run(pool, run_groups, &w, (size_t)w.threads);
}

/* The tolerance: factors are rounded by up to 2^-8, and the transforms enlarge that error. */
DNI_CONV2D_KERNEL(conv3x3_bf16_avx512_winograd2x4, AVX512, 2e-2, .precision = DNI_PRECISION_BF16,
                  .features = DNI_CPU_AVX512_BF16);
