/* 3x3 convolution by Winograd's F(2x4, 3x3) with products of bfloat16 numbers: Lavin & Gray 2015, points 0, 1, -1 and
 * infinity down, 0, 5/8, -5/8, 3/2, -3/2 and infinity across.
 *
 * y = A^T [ (G w G^T) . (B^T d B) ] A for every patch of 2x4 outputs, d being the 4x6 inputs it sees: 24 matrix products
 * (patches x in) * (in x out) where the direct form has 72 multiplications a patch, 3 times as many. x, y, the transforms and
 * all sums are float32; what is rounded are the factors, transformed.
 *
 * Why this form: the transforms enlarge the error of that rounding. On 192 channels it is 0.25 % of the outputs (root
 * mean square) in direct form, 0.35 % with F(2x2), 0.57 % here, 0.85 % here with points 1 and 2, 0.95 % with F(4x4) (2.1 %
 * with points 1 and 2) and 1.2 % with F(3x3), which needs as many multiplications.
 *
 * Cache: patches are worked on in groups, such that their inputs, transformed inputs (9 KB a patch of 192 channels) and
 * products (5 KB) stay in the second level beside the weights (442 KB for 192 -> 48 channels, 2.7 times the plain ones).
 * While a component is multiplied, the next one's weights are fetched.
 *
 * Registers: products are tiles of up to 8 patches x 3 vectors of output channels, 24 sums; a 7x7 map has 8 patches.
 *
 * Threads take ranges of patches. */
#define DNI_VECTOR_WIDTH 16
#define TILE_VECTORS     3
#include "layers/kernels/bf16.h"
#include "layers/kernels/winograd_4x3.inc"

#include "core/memory.h"
#include "layers/conv2d_kernels.h"

#include <string.h>

enum {
    OUT_ROWS = 2, /* a patch's outputs */
    OUT_COLUMNS = 4,
    IN_ROWS = OUT_ROWS + 2, /* and the inputs they see */
    IN_COLUMNS = OUT_COLUMNS + 2,
    COMPONENTS = IN_ROWS * IN_COLUMNS,
    TAPS = 9,
    BLOCK_CHANNELS = TILE_VECTORS * VW, /* most output channels of a block */
    TILE_ROWS = 8,                      /* patches of a tile */
    LEAST_ROWS = 4, /* evenly divided tiles have no fewer, but where there are fewer patches */
    GROUP = 32,     /* most patches of a group */
    LINE = DNI_ALIGNMENT / sizeof(bf16_pair),
    FETCH_PAIRS = 4, /* of depth between fetches ahead; divides VW / 2 */
};

/* ---- weights: (component, block of output channels, pair of input channels, channels of the block) ---- */

static size_t component_weights(const dni_conv2d *conv) {
    return (size_t)(conv->in_channels / 2) * (size_t)conv->out_channels;
}

static size_t packed_size(const dni_conv2d *conv) {
    return COMPONENTS * component_weights(conv) * sizeof(bf16_pair);
}

/* G w G^T of one input channel and `width` output channels side by side, their taps being `step` floats apart. */
static void transform_weights(const float *w, size_t step, size_t width,
                              float to[COMPONENTS][BLOCK_CHANNELS]) {
    static const double down[IN_ROWS][3] = {{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}};
    const double at0 = 1 / (P * P * Q * Q);
    const double at_p = 1 / (2 * P * P * (P * P - Q * Q)), at_q = 1 / (2 * Q * Q * (Q * Q - P * P));
    const double across[IN_COLUMNS][3] = {{at0, 0, 0},
                                          {at_p, at_p * P, at_p * P * P},
                                          {at_p, -at_p * P, at_p * P * P},
                                          {at_q, at_q * Q, at_q * Q * Q},
                                          {at_q, -at_q * Q, at_q * Q * Q},
                                          {0, 0, 1}};
    for (int i = 0; i < IN_ROWS; i++)
        for (int j = 0; j < IN_COLUMNS; j++) {
            double g[TAPS];
            for (int tap = 0; tap < TAPS; tap++) g[tap] = down[i][tap / 3] * across[j][tap % 3];
            for (size_t o = 0; o < width; o++) {
                double sum = 0;
                for (int tap = 0; tap < TAPS; tap++) sum += g[tap] * (double)w[o * step + (size_t)tap];
                to[i * IN_COLUMNS + j][o] = (float)sum;
            }
        }
}

static void pack(const dni_conv2d *conv, const dni_conv2d_params *params, void *packed) {
    const size_t in = (size_t)conv->in_channels;
    bf16_pair *to = packed;
    for (int block = 0; block < block_count(conv); block++) {
        const size_t first = (size_t)(block_start(conv, block) * VW);
        const size_t width = (size_t)(block_start(conv, block + 1) * VW) - first;
        for (size_t c = 0; c < in; c += 2, to += width) {
            float even[COMPONENTS][BLOCK_CHANNELS], odd[COMPONENTS][BLOCK_CHANNELS];
            const float *weight = params->weight + (first * in + c) * TAPS;
            transform_weights(weight, in * TAPS, width, even);
            transform_weights(weight + TAPS, in * TAPS, width, odd);
            for (size_t i = 0; i < COMPONENTS; i++)
                for (size_t o = 0; o < width; o++)
                    to[i * component_weights(conv) + o] = bf16_pair_of(even[i][o], odd[i][o]);
        }
    }
}

/* ---- geometry ---- */

typedef struct work {
    const dni_conv2d *conv;
    const bf16_pair *weight; /* as packed */
    const dni_tensor *x, *y;
    int64_t rows, columns; /* patches of an image */
    int64_t patches;       /* of all images */
    int threads;
    /* Between components of transformed inputs (pairs) and of products (floats): no powers of two, which would put a
     * patch's components into the same cache sets. */
    size_t v_stride, m_stride;
    size_t zeros_size, v_size,
        area;     /* bytes: a pixel of zeros; a thread's transformed inputs, and these with its products */
    int64_t room; /* patches of a thread's area */
    char *scratch;
} work;

static work plan(const dni_conv2d *conv, const dni_tensor *x, int threads) {
    work w = {.conv = conv, .x = x, .threads = threads};
    w.rows = (x->shape[1] + OUT_ROWS - 1) / OUT_ROWS;
    w.columns = (x->shape[2] + OUT_COLUMNS - 1) / OUT_COLUMNS;
    w.patches = x->shape[0] * w.rows * w.columns;
    const int64_t share = (w.patches + threads - 1) / threads;
    w.room = share > GROUP ? GROUP : share < LEAST_ROWS ? LEAST_ROWS : share;
    w.v_stride = (size_t)w.room * (size_t)conv->in_channels / 2 + 3 * LINE;
    w.m_stride = (size_t)w.room * (size_t)conv->out_channels + LINE;
    w.zeros_size = dni_align_up((size_t)conv->in_channels * sizeof(float));
    w.v_size = dni_align_up(COMPONENTS * w.v_stride * sizeof(bf16_pair));
    w.area = w.v_size + dni_align_up(COMPONENTS * w.m_stride * sizeof(float));
    return w;
}

static size_t scratch_size(const dni_conv2d *conv, const dni_tensor *x, int threads) {
    const work w = plan(conv, x, threads);
    return w.zeros_size + (size_t)threads * w.area;
}

/* Where a patch lies: its image, and its top left output. */
typedef struct place {
    int64_t n, y, x;
} place;

static place place_of(const work *w, int64_t patch) {
    const int64_t in_image = patch % (w->rows * w->columns);
    return (place){patch / (w->rows * w->columns), in_image / w->columns * OUT_ROWS,
                   in_image % w->columns * OUT_COLUMNS};
}

/* ---- B^T d B ---- */

typedef const float *inputs[IN_ROWS][IN_COLUMNS]; /* the first channel of each of a patch's inputs */

/* Whether an input along an axis is in the image or its border. */
static bool readable(const work *w, int64_t at, int64_t size) {
    return at >= -w->conv->border && at < size + w->conv->border;
}

static void find_inputs(const work *w, int64_t patch, inputs pixel) {
    const dni_tensor *x = w->x;
    const place p = place_of(w, patch);
    const float *image = (const float *)x->data + p.n * x->stride[0];
    for (int64_t i = 0; i < IN_ROWS; i++)
        for (int64_t j = 0; j < IN_COLUMNS; j++) {
            const int64_t row = p.y + i - 1, column = p.x + j - 1;
            const bool there = readable(w, row, x->shape[1]) && readable(w, column, x->shape[2]);
            pixel[i][j] = there ? image + row * x->stride[1] + column * x->stride[2]
                                : (const float *)(void *)w->scratch;
        }
}

/* One row of B^T d times B: six components, rounded. */
DNI_INLINE void store_row(const vec d[IN_COLUMNS], bf16_pair *to, size_t stride) {
    const vec even_p = vec_axpy(-q2, d[2], d[4]), odd_p = vec_axpy(-q2, d[1], d[3]);
    const vec even_q = vec_axpy(-p2, d[2], d[4]), odd_q = vec_axpy(-p2, d[1], d[3]);
    bf16_store_half(to, vec_axpy(p2q2, d[0], vec_axpy(-p2_plus_q2, d[2], d[4])));
    bf16_store_half(to + stride, vec_axpy(p1, odd_p, even_p));
    bf16_store_half(to + 2 * stride, vec_axpy(-p1, odd_p, even_p));
    bf16_store_half(to + 3 * stride, vec_axpy(q1, odd_q, even_q));
    bf16_store_half(to + 4 * stride, vec_axpy(-q1, odd_q, even_q));
    bf16_store_half(to + 5 * stride, vec_axpy(p2q2, d[1], vec_axpy(-p2_plus_q2, d[3], d[5])));
}

/* A vector of channels, from c on. */
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

static void transform_patches(const work *w, int64_t first, int64_t end, bf16_pair *v) {
    for (int64_t patch = first; patch < end; patch++, v += w->conv->in_channels / 2) {
        inputs pixel;
        find_inputs(w, patch, pixel);
        for (int c = 0; c < w->conv->in_channels; c += VW) transform_vector(pixel, c, v + c / 2, w->v_stride);
    }
}

/* ---- the products ---- */

/* One tile's product: m (rows, vectors * VW of `m_row` floats) = v (rows, pairs) * weight (pairs, vectors * VW).
 * Meanwhile `lines` cache lines from `next` on are fetched every FETCH_PAIRS; nothing is read there, so the last fetch
 * may reach beyond the weights. */
typedef struct product {
    const bf16_pair *v, *weight, *next;
    float *m;
    int pairs, m_row, lines;
} product;

DNI_INLINE void multiply(const product *p, const int rows, const int vectors) {
    vec sum[TILE_ROWS][TILE_VECTORS];
    DNI_UNROLL for (int r = 0; r < rows; r++) DNI_UNROLL for (int j = 0; j < vectors; j++) sum[r][j] =
        vec_zero();
    const bf16_pair *next = p->next;
    for (int k = 0; k < p->pairs; k += FETCH_PAIRS) {
        for (int i = 0; i < p->lines; i++, next += LINE) __builtin_prefetch(next, 0, 2);
        bf16_multiply(sum, p->v + k, (size_t)p->pairs, p->weight + k * vectors * VW, FETCH_PAIRS, rows,
                      vectors);
    }
    DNI_UNROLL for (int r = 0; r < rows; r++) DNI_UNROLL for (int j = 0; j < vectors; j++)
        vec_store(p->m + r * p->m_row + j * VW, sum[r][j]);
}

#define MULTIPLY_ROWS(rows)                                                                                  \
    static void multiply_##rows(const product *p, int vectors) {                                             \
        if (vectors == 1)                                                                                    \
            multiply(p, rows, 1);                                                                            \
        else if (vectors == 2)                                                                               \
            multiply(p, rows, 2);                                                                            \
        else                                                                                                 \
            multiply(p, rows, TILE_VECTORS);                                                                 \
    }

MULTIPLY_ROWS(4)
MULTIPLY_ROWS(5)
MULTIPLY_ROWS(6)
MULTIPLY_ROWS(7)
MULTIPLY_ROWS(8)

static void (*const multiply_of[])(const product *p, int vectors) = {multiply_4, multiply_5, multiply_6,
                                                                     multiply_7, multiply_8};

/* m = v * weight in every component; rows beyond the last patch, where there are fewer than LEAST_ROWS, hold
 * nothing and are not looked at. */
static void multiply_patches(const work *w, int64_t patches, const bf16_pair *v, float *m) {
    const int pairs = w->conv->in_channels / 2, out = w->conv->out_channels, blocks = block_count(w->conv);
    const int64_t tiles = (patches + TILE_ROWS - 1) / TILE_ROWS;
    const int64_t steps = tiles * blocks * (pairs / FETCH_PAIRS);
    product p = {.pairs = pairs, .m_row = out};
    p.lines = (int)(((int64_t)(component_weights(w->conv) / LINE) + steps - 1) / steps);
    for (size_t i = 0; i < COMPONENTS; i++) {
        const bf16_pair *weight = w->weight + i * component_weights(w->conv);
        p.next = weight + component_weights(w->conv);
        for (int block = 0; block < blocks; block++) {
            const int vector = block_start(w->conv, block),
                      vectors = block_start(w->conv, block + 1) - vector;
            p.weight = weight + vector * VW * pairs;
            for (int64_t t = 0; t < tiles; t++) {
                const int64_t patch = patches * t / tiles, rows = patches * (t + 1) / tiles - patch;
                p.v = v + i * w->v_stride + (size_t)(patch * pairs);
                p.m = m + i * w->m_stride + (size_t)(patch * out + vector * VW);
                multiply_of[rows > LEAST_ROWS ? rows - LEAST_ROWS : 0](&p, vectors);
                p.next += p.lines * (pairs / FETCH_PAIRS) * (int)LINE;
            }
        }
    }
}

/* ---- A^T m A ---- */

DNI_INLINE void transform_line(const vec m[IN_COLUMNS], vec out[OUT_COLUMNS]) {
    const vec p = m[1] + m[2], q = m[1] - m[2], r = m[3] + m[4], s = m[3] - m[4];
    out[0] = m[0] + p + r;
    out[1] = vec_axpy(q1, s, q * p1);
    out[2] = vec_axpy(q2, r, p * p2);
    out[3] = vec_axpy(q3, s, vec_axpy(p3, q, m[5]));
}

/* A vector of channels of a patch; of its outputs only `rows` x `columns` lie in the image. */
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
    transform_line(upper, out);
    DNI_UNROLL for (int j = 0; j < OUT_COLUMNS; j++) if (j < columns) vec_store(y + j * right, out[j]);
    if (rows < 2) return;
    transform_line(lower, out);
    DNI_UNROLL for (int j = 0; j < OUT_COLUMNS; j++) if (j < columns) vec_store(y + down + j * right, out[j]);
}

static void write_patches(const work *w, int64_t first, int64_t end, const float *m) {
    const dni_tensor *y = w->y;
    const int out = w->conv->out_channels;
    for (int64_t patch = first; patch < end; patch++, m += out) {
        const place p = place_of(w, patch);
        float *to = (float *)y->data + p.n * y->stride[0] + p.y * y->stride[1] + p.x * y->stride[2];
        for (int c = 0; c < out; c += VW)
            transform_output(m + c, w->m_stride, to + c, y->stride[2], y->stride[1], y->shape[1] - p.y,
                             y->shape[2] - p.x);
    }
}

/* ---- threads ---- */

/* One thread's patches, group by group. */
static void run_groups(void *context, size_t thread) {
    const work *w = context;
    const int64_t begin = w->patches * (int64_t)thread / w->threads;
    const int64_t count = w->patches * (int64_t)(thread + 1) / w->threads - begin;
    const int64_t groups = (count + w->room - 1) / w->room;
    char *area = w->scratch + w->zeros_size + thread * w->area;
    bf16_pair *v = (void *)area;
    float *m = (void *)(area + w->v_size);
    for (int64_t g = 0; g < groups; g++) {
        const int64_t first = begin + count * g / groups, end = begin + count * (g + 1) / groups;
        transform_patches(w, first, end, v);
        multiply_patches(w, end - first, v, m);
        write_patches(w, first, end, m);
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

/* factors rounded by up to 2^-8, and that enlarged by the transforms */
DNI_CONV2D_KERNEL(conv3x3_bf16_avx512_winograd2x4, AVX512, 2e-2, .bf16 = true);
