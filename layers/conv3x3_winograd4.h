/* 3x3 convolution by Winograd's F(4x4, 3x3): Lavin & Gray 2015, points 0, 1, -1, 2, -2 and infinity.
 *
 * The includer defines DNI_VECTOR_WIDTH, TILE_VECTORS and TILE_ROWS, and makes a dni_conv2d_kernel of the
 * functions below.
 *
 * y = A^T [ (G w G^T) . (B^T d B) ] A for every patch of 4x4 outputs, d being the 6x6 inputs it sees. Summed
 * over input channels, the product . is 36 matrix products, one a component: (patches x in) * (in x out).
 * They cost 36 multiplications where the direct form has 144, so 4 times fewer; rounding costs about one and
 * a half decimal digits, for B^T's rows weigh inputs with up to 5 and A^T's with up to 8.
 *
 * Registers: the products are tiles of up to TILE_ROWS patches x TILE_VECTORS vectors of output channels,
 * depth = input channels in one go. Both transforms work on a vector of channels at a time: the input's
 * computes two rows of B^T d that share terms, then those rows times B, and so stores each of the 36 results
 * once and keeps nothing; the output's holds 4 x 6 vectors.
 *
 * Cache: patches are worked on in groups whose transformed inputs and products stay in the second level (28
 * patches of 192 + 48 channels: 970 KB at most, less where a feature map has fewer). The transformed weights
 * (1.3 MB for 192 -> 48 channels, 4 times the plain ones) stream through once a group.
 *
 * Threads take ranges of patches. Where that would leave a thread with few rows to a tile (7x7 has 4
 * patches), they share all patches instead and take ranges of patches, then components, then patches again.
 *
 * Patches that reach over the image's edge are first copied with zeros around; no border of x is needed. */
#include "layers/tile.h"

#include "core/memory.h"
#include "layers/conv2d_kernels.h"

#include <string.h>

enum {
    OUT = 4,                   /* a patch's outputs are OUT x OUT */
    IN = OUT + 2,              /* and the inputs they see IN x IN */
    COMPONENTS = IN * IN,      /* of a transformed patch */
    GROUP = 28,                /* most patches of a group */
    FEW_PATCHES = 4,           /* a thread: fewer, and components are shared instead */
    LINE = 64 / sizeof(float), /* a cache line */
};

static bool accepts(const dni_conv2d *conv) {
    return conv->kernel == 3 && conv->stride == 1 && conv->pad == 1 && conv->in_channels % VW == 0 &&
           conv->out_channels % VW == 0 && conv->prologue == DNI_PROLOGUE_NONE &&
           conv->epilogue == DNI_EPILOGUE_NONE;
}

/* ---- weights: (component, block of output channels, in, channels of the block) ---- */

static int out_vectors(const dni_conv2d *conv) {
    return conv->out_channels / VW;
}

static int block_count(const dni_conv2d *conv) {
    return (out_vectors(conv) + TILE_VECTORS - 1) / TILE_VECTORS;
}

/* The first vector of block i of the output channels: blocks differ by one vector at most. */
static int block_start(const dni_conv2d *conv, int i) {
    return out_vectors(conv) * i / block_count(conv);
}

static size_t component_weights(const dni_conv2d *conv) {
    return (size_t)conv->in_channels * (size_t)conv->out_channels;
}

static size_t packed_size(const dni_conv2d *conv) {
    return COMPONENTS * component_weights(conv) * sizeof(float);
}

/* G w G^T in double precision, rounded once. */
static void transform_weight(const float w[9], float out[COMPONENTS]) {
    static const double g[IN][3] = {{1.0 / 4, 0, 0},
                                    {-1.0 / 6, -1.0 / 6, -1.0 / 6},
                                    {-1.0 / 6, 1.0 / 6, -1.0 / 6},
                                    {1.0 / 24, 1.0 / 12, 1.0 / 6},
                                    {1.0 / 24, -1.0 / 12, 1.0 / 6},
                                    {0, 0, 1}};
    double rows[IN][3] = {{0}};
    for (int i = 0; i < IN; i++)
        for (int x = 0; x < 3; x++)
            for (int y = 0; y < 3; y++) rows[i][x] += g[i][y] * (double)w[y * 3 + x];
    for (int i = 0; i < IN; i++) {
        for (int j = 0; j < IN; j++) {
            double sum = 0;
            for (int x = 0; x < 3; x++) sum += rows[i][x] * g[j][x];
            out[i * IN + j] = (float)sum;
        }
    }
}

static void pack(const dni_conv2d *conv, const dni_conv2d_params *params, void *packed) {
    const size_t in = (size_t)conv->in_channels;
    for (int block = 0; block < block_count(conv); block++) {
        const size_t first = (size_t)(block_start(conv, block) * VW);
        const size_t end = (size_t)(block_start(conv, block + 1) * VW);
        for (size_t o = first; o < end; o++) {
            for (size_t c = 0; c < in; c++) {
                float transformed[COMPONENTS];
                transform_weight(params->weight + (o * in + c) * 9, transformed);
                float *to = (float *)packed + first * in + c * (end - first) + (o - first);
                for (size_t i = 0; i < COMPONENTS; i++) to[i * component_weights(conv)] = transformed[i];
            }
        }
    }
}

/* ---- geometry ---- */

typedef struct work {
    const dni_conv2d *conv;
    const float *weight;
    const dni_tensor *x, *y;
    int64_t rows, columns; /* patches of an image */
    int64_t patches;       /* of all images */
    int threads;
    int64_t room;    /* patches a scratch area holds */
    size_t v_stride; /* floats between components of transformed inputs ... */
    size_t m_stride; /* ... and of products; neither a power of two */
    float *scratch;  /* an area a thread, or one for all */
    size_t area;     /* floats of one */
} work;

static int64_t least(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static bool shares_patches(const work *w) {
    return w->threads > 1 && w->patches < (int64_t)w->threads * FEW_PATCHES;
}

static work plan(const dni_conv2d *conv, const dni_tensor *x, int threads) {
    work w = {.conv = conv, .x = x, .threads = threads};
    w.rows = (x->shape[1] + OUT - 1) / OUT;
    w.columns = (x->shape[2] + OUT - 1) / OUT;
    w.patches = x->shape[0] * w.rows * w.columns;
    w.room = shares_patches(&w) ? w.patches : least(GROUP, (w.patches + threads - 1) / threads);
    w.v_stride = (size_t)w.room * (size_t)conv->in_channels + 3 * LINE;
    w.m_stride = (size_t)w.room * (size_t)conv->out_channels + LINE;
    w.area = COMPONENTS * (w.v_stride + w.m_stride);
    return w;
}

static size_t scratch_size(const dni_conv2d *conv, const dni_tensor *x, int threads) {
    const work w = plan(conv, x, threads);
    return w.area * sizeof(float) * (shares_patches(&w) ? 1 : (size_t)threads);
}

/* ---- B^T d B ---- */

/* One row of B^T d, six vectors, times B: six components. */
DNI_INLINE void store_components(const vec d[IN], float *to, size_t stride) {
    const vec a = vec_axpy(-4, d[2], d[4]), b = vec_axpy(-4, d[1], d[3]), c = d[4] - d[2], e = d[3] - d[1];
    vec_store(to, vec_axpy(4, d[0], vec_axpy(-5, d[2], d[4])));
    vec_store(to + stride, a + b);
    vec_store(to + 2 * stride, a - b);
    vec_store(to + 3 * stride, vec_axpy(2, e, c));
    vec_store(to + 4 * stride, vec_axpy(-2, e, c));
    vec_store(to + 5 * stride, vec_axpy(4, d[1], vec_axpy(-5, d[3], d[5])));
}

/* A vector of channels of the patch d, whose pixels are `right` and `down` floats apart. */
static void transform_input(const float *d, int64_t right, int64_t down, float *to, size_t stride) {
    vec first[IN], second[IN];
    DNI_UNROLL for (int j = 0; j < IN; j++) {
        const float *at = d + j * right;
        const vec d0 = vec_load(at), d2 = vec_load(at + 2 * down), d4 = vec_load(at + 4 * down);
        first[j] = vec_axpy(4, d0, vec_axpy(-5, d2, d4));
    }
    store_components(first, to, stride);
    DNI_UNROLL for (int j = 0; j < IN; j++) {
        const float *at = d + j * right;
        const vec d1 = vec_load(at + down), d2 = vec_load(at + 2 * down), d3 = vec_load(at + 3 * down),
                  d4 = vec_load(at + 4 * down);
        const vec even = vec_axpy(-4, d2, d4), odd = vec_axpy(-4, d1, d3);
        first[j] = even + odd;
        second[j] = even - odd;
    }
    store_components(first, to + IN * stride, stride);
    store_components(second, to + 2 * IN * stride, stride);
    DNI_UNROLL for (int j = 0; j < IN; j++) {
        const float *at = d + j * right;
        const vec d1 = vec_load(at + down), d2 = vec_load(at + 2 * down), d3 = vec_load(at + 3 * down),
                  d4 = vec_load(at + 4 * down);
        const vec even = d4 - d2, odd = d3 - d1;
        first[j] = vec_axpy(2, odd, even);
        second[j] = vec_axpy(-2, odd, even);
    }
    store_components(first, to + 3 * IN * stride, stride);
    store_components(second, to + 4 * IN * stride, stride);
    DNI_UNROLL for (int j = 0; j < IN; j++) {
        const float *at = d + j * right;
        const vec d1 = vec_load(at + down), d3 = vec_load(at + 3 * down), d5 = vec_load(at + 5 * down);
        first[j] = vec_axpy(4, d1, vec_axpy(-5, d3, d5));
    }
    store_components(first, to + 5 * IN * stride, stride);
}

/* Where a patch lies: its image, and its top left output. */
typedef struct place {
    int64_t n, y, x;
} place;

static place place_of(const work *w, int64_t patch) {
    const int64_t in_image = patch % (w->rows * w->columns);
    return (place){patch / (w->rows * w->columns), in_image / w->columns * OUT, in_image % w->columns * OUT};
}

/* A vector of channels of a patch that reaches over the edge, with zeros outside the image. */
static void copy_edge(const work *w, const place *p, int channel, float patch[COMPONENTS * VW]) {
    const dni_tensor *x = w->x;
    const float *image = (const float *)x->data + p->n * x->stride[0] + channel;
    for (int64_t i = 0; i < IN; i++) {
        for (int64_t j = 0; j < IN; j++) {
            const int64_t row = p->y + i - 1, column = p->x + j - 1;
            const bool inside = row >= 0 && row < x->shape[1] && column >= 0 && column < x->shape[2];
            vec_store(patch + (i * IN + j) * VW,
                      inside ? vec_load(image + row * x->stride[1] + column * x->stride[2]) : vec_zero());
        }
    }
}

static void transform_patches(const work *w, int64_t first, int64_t end, float *v) {
    const dni_tensor *x = w->x;
    const int in = w->conv->in_channels;
    for (int64_t patch = first; patch < end; patch++, v += in) {
        const place p = place_of(w, patch);
        const bool inside = p.y > 0 && p.y + OUT < x->shape[1] && p.x > 0 && p.x + OUT < x->shape[2];
        for (int c = 0; c < in; c += VW) {
            if (inside) {
                const float *at = (const float *)x->data + p.n * x->stride[0] + (p.y - 1) * x->stride[1] +
                                  (p.x - 1) * x->stride[2] + c;
                transform_input(at, x->stride[2], x->stride[1], v + c, w->v_stride);
            } else {
                float copy[COMPONENTS * VW];
                copy_edge(w, &p, c, copy);
                transform_input(copy, VW, IN * VW, v + c, w->v_stride);
            }
        }
    }
}

/* ---- the products ---- */

/* m (rows, vectors * VW of `m_row` floats) = v (rows, depth) * weight (depth, vectors * VW). */
DNI_INLINE void multiply(const float *v, const float *weight, int depth, float *m, int m_row, const int rows,
                         const int vectors) {
    vec sum[TILE_ROWS][TILE_VECTORS];
    DNI_UNROLL for (int r = 0; r < rows; r++) DNI_UNROLL for (int j = 0; j < vectors; j++) sum[r][j] =
        vec_zero();
    tile_multiply(sum, v, (size_t)depth, weight, depth, rows, vectors);
    DNI_UNROLL for (int r = 0; r < rows; r++) DNI_UNROLL for (int j = 0; j < vectors; j++)
        vec_store(m + r * m_row + j * VW, sum[r][j]);
}

#define MULTIPLY_ROWS(rows)                                                                                  \
    static void multiply_##rows(const float *v, const float *weight, int depth, float *m, int m_row,         \
                                int vectors) {                                                               \
        if (vectors == 1)                                                                                    \
            multiply(v, weight, depth, m, m_row, rows, 1);                                                   \
        else if (vectors == 2)                                                                               \
            multiply(v, weight, depth, m, m_row, rows, 2);                                                   \
        else                                                                                                 \
            multiply(v, weight, depth, m, m_row, rows, TILE_VECTORS);                                        \
    }

typedef void (*multiply_rows)(const float *v, const float *weight, int depth, float *m, int m_row,
                              int vectors);

MULTIPLY_ROWS(1)
MULTIPLY_ROWS(2)
MULTIPLY_ROWS(3)
#if TILE_ROWS > 3
MULTIPLY_ROWS(4)
#endif
#if TILE_ROWS > 4
MULTIPLY_ROWS(5)
MULTIPLY_ROWS(6)
MULTIPLY_ROWS(7)
MULTIPLY_ROWS(8)
#endif

/* By rows of the tile. */
static const multiply_rows multiply_of[TILE_ROWS + 1] = {
    NULL,       multiply_1, multiply_2, multiply_3,
#if TILE_ROWS > 3
    multiply_4,
#endif
#if TILE_ROWS > 4
    multiply_5, multiply_6, multiply_7, multiply_8,
#endif
};

/* Components [first, end) of `patches` patches, divided evenly into tiles of TILE_ROWS patches at most. */
static void multiply_components(const work *w, int first, int end, int64_t patches, const float *v,
                                float *m) {
    const int in = w->conv->in_channels, out = w->conv->out_channels;
    const int64_t tiles = (patches + TILE_ROWS - 1) / TILE_ROWS;
    for (int i = first; i < end; i++) {
        const float *weight = w->weight + (size_t)i * component_weights(w->conv);
        const float *vi = v + (size_t)i * w->v_stride;
        float *mi = m + (size_t)i * w->m_stride;
        for (int block = 0; block < block_count(w->conv); block++) {
            const int vector = block_start(w->conv, block);
            const int vectors = block_start(w->conv, block + 1) - vector;
            for (int64_t t = 0; t < tiles; t++) {
                const int64_t patch = patches * t / tiles, rows = patches * (t + 1) / tiles - patch;
                multiply_of[rows](vi + patch * in, weight + vector * VW * in, in,
                                  mi + patch * out + vector * VW, out, vectors);
            }
        }
    }
}

/* ---- A^T m A ---- */

DNI_INLINE void transform_line(const vec m[IN], vec out[OUT]) {
    const vec p = m[1] + m[2], q = m[1] - m[2], r = m[3] + m[4], s = m[3] - m[4];
    out[0] = m[0] + p + r;
    out[1] = vec_axpy(2, s, q);
    out[2] = vec_axpy(4, r, p);
    out[3] = vec_axpy(8, s, q + m[5]);
}

/* A vector of channels of a patch; of its outputs only `rows` x `columns` lie in the image. */
static void transform_output(const float *m, size_t stride, float *y, int64_t right, int64_t down,
                             int64_t rows, int64_t columns) {
    vec t[OUT][IN];
    DNI_UNROLL for (int j = 0; j < IN; j++) {
        vec column[IN], out[OUT];
        DNI_UNROLL for (int i = 0; i < IN; i++) column[i] = vec_load(m + (size_t)(i * IN + j) * stride);
        transform_line(column, out);
        DNI_UNROLL for (int i = 0; i < OUT; i++) t[i][j] = out[i];
    }
    DNI_UNROLL for (int i = 0; i < OUT; i++) {
        vec out[OUT];
        transform_line(t[i], out);
        DNI_UNROLL for (int j = 0; j < OUT; j++) if (i < rows && j < columns)
            vec_store(y + i * down + j * right, out[j]);
    }
}

static void write_patches(const work *w, int64_t first, int64_t end, const float *m) {
    const dni_tensor *y = w->y;
    const int out = w->conv->out_channels;
    for (int64_t patch = first; patch < end; patch++, m += out) {
        const place p = place_of(w, patch);
        float *to = (float *)y->data + p.n * y->stride[0] + p.y * y->stride[1] + p.x * y->stride[2];
        for (int c = 0; c < out; c += VW)
            transform_output(m + c, w->m_stride, to + c, y->stride[2], y->stride[1],
                             least(OUT, y->shape[1] - p.y), least(OUT, y->shape[2] - p.x));
    }
}

/* ---- threads ---- */

/* One thread's patches, group by group. */
static void run_groups(void *context, size_t thread) {
    const work *w = context;
    const int64_t begin = w->patches * (int64_t)thread / w->threads;
    const int64_t count = w->patches * (int64_t)(thread + 1) / w->threads - begin;
    const int64_t groups = (count + w->room - 1) / w->room;
    float *v = w->scratch + thread * w->area, *m = v + COMPONENTS * w->v_stride;
    for (int64_t g = 0; g < groups; g++) {
        const int64_t first = begin + count * g / groups, end = begin + count * (g + 1) / groups;
        transform_patches(w, first, end, v);
        multiply_components(w, 0, COMPONENTS, end - first, v, m);
        write_patches(w, first, end, m);
    }
}

/* The three steps over patches that all threads share; an item is a patch or a component. */
static void transform_shared(void *context, size_t patch) {
    const work *w = context;
    transform_patches(w, (int64_t)patch, (int64_t)patch + 1,
                      w->scratch + patch * (size_t)w->conv->in_channels);
}

static void multiply_shared(void *context, size_t component) {
    const work *w = context;
    multiply_components(w, (int)component, (int)component + 1, w->patches, w->scratch,
                        w->scratch + COMPONENTS * w->v_stride);
}

static void write_shared(void *context, size_t patch) {
    const work *w = context;
    write_patches(w, (int64_t)patch, (int64_t)patch + 1,
                  w->scratch + COMPONENTS * w->v_stride + patch * (size_t)w->conv->out_channels);
}

static void run(const dni_conv2d *conv, const void *packed, const dni_tensor *x, const dni_tensor *y,
                void *scratch, dni_pool *pool) {
    work w = plan(conv, x, dni_pool_threads(pool));
    w.weight = packed;
    w.y = y;
    w.scratch = scratch;
    if (shares_patches(&w)) {
        dni_pool_run(pool, transform_shared, &w, (size_t)w.patches);
        dni_pool_run(pool, multiply_shared, &w, COMPONENTS);
        dni_pool_run(pool, write_shared, &w, (size_t)w.patches);
    } else {
        dni_pool_run(pool, run_groups, &w, (size_t)w.threads);
    }
}
