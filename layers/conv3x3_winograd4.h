/* 3x3 convolution by Winograd's F(4x4, 3x3): Lavin & Gray 2015, points 0, 5/8, -5/8, 3/2, -3/2 and infinity.
 *
 * The includer defines DNI_VECTOR_WIDTH, TILE_VECTORS and TILE_ROWS, and makes a dni_conv2d_kernel of the
 * functions below.
 *
 * y = A^T [ (G w G^T) . (B^T d B) ] A for every patch of 4x4 outputs, d being the 6x6 inputs it sees. Summed
 * over input channels, the product . is 36 matrix products, one a component: (patches x in) * (in x out).
 * They cost 36 multiplications where the direct form has 144, so 4 times fewer.
 *
 * Points: rounding errors grow with the spread of the matrices' entries. Of symmetric sets +-p, +-q, whose
 * transforms share terms, the paper's 1, 2 has an error of 1.0e-5 of the largest output on a 28x28 map of 192
 * channels (2.8e-6 root mean square); 1/2, 1 the same; 3/4, 3/2 2.9e-6 (1.4e-6); 5/8, 3/2 2.2e-6 (1.2e-6) at
 * two more operations a line of 12. All its powers and products in A and B are exact in single precision.
 *
 * Bands: the 36 components are worked on in two bands of three of their rows: rows 0, 1, 2 and 3, 4, 5 of B^T d
 * need five rows of d each, and rows 1, 2 and 3, 4 share terms. A band's inputs are transformed just before
 * they are multiplied.
 *
 * Cache: patches are worked on in groups such that their inputs, a band of transformed inputs and the products
 * stay in the second level: 445 + 387 + 194 KB for 28 patches of 192 -> 48 channels. The transformed weights
 * (1.3 MB, 4 times the plain ones) stream through once a group; each component's come while the one before it
 * is multiplied.
 *
 * Registers: the products are tiles of up to TILE_ROWS patches x TILE_VECTORS vectors of output channels,
 * depth = input channels in one go. Transforms work on a vector of channels at a time.
 *
 * Threads take ranges of patches. Where that would leave them few (14x14 has 16 patches, 7x7 has 4), they take
 * one band each of ranges twice as long instead, and then write patches: half the weights come to each.
 *
 * Weights are transformed when packed or, by the compact kernel, at every run, which keeps 0.3 MB of that layer
 * instead of 1.3.
 *
 * Inputs outside the image are read from a line of zeros, or from x's border where it has one, which spares a
 * table of pointers. */
#include "layers/tile.h"
#include "layers/winograd.h"

#include "core/memory.h"
#include "layers/conv2d_kernels.h"

#include <string.h>

enum {
    OUT = 4,                              /* a patch's outputs are OUT x OUT */
    IN = OUT + 2,                         /* and the inputs they see IN x IN */
    COMPONENTS = IN * IN,                 /* of a transformed patch */
    BANDS = 2,                            /* of components */
    BAND_COMPONENTS = COMPONENTS / BANDS, /* whole rows of them */
    TAPS = 9,                             /* of a kernel */
    BLOCK_CHANNELS = TILE_VECTORS * VW,   /* most output channels of a block */
    GROUP = 28,                           /* most patches of a group */
    FEW_PATCHES = 16,                     /* a thread: fewer, and bands are shared instead */
    LINE = 64 / sizeof(float),            /* a cache line */
    FETCH_DEPTH = 4,                      /* steps of depth between fetches ahead; divides every vector */
};

/* ---- weights ----
 * Transformed: (component, block of output channels, in, channels of the block). Plain, for the compact kernel:
 * (block of output channels, in, tap, channels of the block). */

static size_t component_weights(const dni_conv2d *conv) {
    return (size_t)conv->in_channels * (size_t)conv->out_channels;
}

/* Floats between components: no power of two, which would put those of a weight into the same cache set. */
static size_t component_stride(const dni_conv2d *conv) {
    return component_weights(conv) + LINE;
}

static size_t packed_size(const dni_conv2d *conv) {
    return COMPONENTS * component_stride(conv) * sizeof(float);
}

static size_t compact_size(const dni_conv2d *conv) {
    return TAPS * component_weights(conv) * sizeof(float);
}

/* Rows of G: that of point 0, and those of points +-`point`, which share their even and odd part; `other` is
 * the other point. */
DNI_INLINE vec weigh_zero(vec w0) {
    return w0 * (float)(1 / (P * P * Q * Q));
}

DNI_INLINE void weigh_pair(vec w0, vec w1, vec w2, double point, double other, vec *plus, vec *minus) {
    const double scale = 1 / (2 * point * point * (point * point - other * other));
    const vec even = vec_axpy((float)(scale * point * point), w2, w0 * (float)scale);
    const vec odd = w1 * (float)(scale * point);
    *plus = even + odd;
    *minus = even - odd;
}

/* G times three vectors. */
DNI_INLINE void weigh_line(vec w0, vec w1, vec w2, vec out[IN]) {
    out[0] = weigh_zero(w0);
    weigh_pair(w0, w1, w2, P, Q, &out[1], &out[2]);
    weigh_pair(w0, w1, w2, Q, P, &out[3], &out[4]);
    out[5] = w2;
}

/* G w G^T for the `width` output channels of a block and one input channel; taps (TAPS, width). */
static void transform_weights(const float *taps, size_t width, float *to, size_t stride) {
    for (size_t o = 0; o < width; o += VW) {
        vec rows[3][IN], out[IN];
        DNI_UNROLL for (size_t x = 0; x < 3; x++)
            weigh_line(vec_load(taps + x * width + o), vec_load(taps + (3 + x) * width + o),
                       vec_load(taps + (6 + x) * width + o), rows[x]);
        DNI_UNROLL for (size_t i = 0; i < IN; i++) {
            weigh_line(rows[0][i], rows[1][i], rows[2][i], out);
            DNI_UNROLL for (size_t j = 0; j < IN; j++) vec_store(to + (i * IN + j) * stride + o, out[j]);
        }
    }
}

/* The taps of a block's channels from `first` on and input channel c, side by side. */
static void gather_taps(const dni_conv2d *conv, const float *weight, size_t first, size_t width, size_t c,
                        float *taps) {
    const size_t in = (size_t)conv->in_channels;
    for (size_t o = 0; o < width; o++)
        for (size_t tap = 0; tap < TAPS; tap++)
            taps[tap * width + o] = weight[((first + o) * in + c) * TAPS + tap];
}

static size_t block_width(const dni_conv2d *conv, int block) {
    return (size_t)((block_start(conv, block + 1) - block_start(conv, block)) * VW);
}

static void pack(const dni_conv2d *conv, const dni_conv2d_params *params, void *packed) {
    float *to = packed;
    for (int block = 0; block < block_count(conv); block++) {
        const size_t first = (size_t)(block_start(conv, block) * VW), width = block_width(conv, block);
        for (size_t c = 0; c < (size_t)conv->in_channels; c++, to += width) {
            float taps[TAPS * BLOCK_CHANNELS];
            gather_taps(conv, params->weight, first, width, c, taps);
            transform_weights(taps, width, to, component_stride(conv));
        }
    }
}

static void pack_compact(const dni_conv2d *conv, const dni_conv2d_params *params, void *packed) {
    float *to = packed;
    for (int block = 0; block < block_count(conv); block++) {
        const size_t first = (size_t)(block_start(conv, block) * VW), width = block_width(conv, block);
        for (size_t c = 0; c < (size_t)conv->in_channels; c++, to += TAPS * width)
            gather_taps(conv, params->weight, first, width, c, to);
    }
}

/* ---- geometry ---- */

typedef struct work {
    const dni_conv2d *conv;
    const float *weight; /* transformed */
    const dni_tensor *x, *y;
    int64_t rows, columns; /* patches of an image */
    int64_t patches;       /* of all images */
    int threads;
    bool shares_bands;
    int64_t parts; /* of the patches, that threads share a band of */
    int64_t room;  /* patches a scratch area holds */
    /* Floats between components of transformed inputs and of products: no powers of two, which would put a
     * patch's components into the same cache sets. */
    size_t v_stride, m_stride;
    size_t v_size; /* floats of an area's inputs: one band's, or all where bands are shared */
    size_t area;   /* floats of one: inputs, then products */
    float *zeros;  /* (in) */
    float *areas;  /* one a thread, or one for all */
} work;

static int64_t least(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static work plan(const dni_conv2d *conv, const dni_tensor *x, int threads) {
    work w = {.conv = conv, .x = x, .threads = threads};
    w.rows = (x->shape[1] + OUT - 1) / OUT;
    w.columns = (x->shape[2] + OUT - 1) / OUT;
    w.patches = x->shape[0] * w.rows * w.columns;
    w.shares_bands = threads > 1 && w.patches < (int64_t)threads * FEW_PATCHES;
    w.parts = least(w.patches, (threads + BANDS - 1) / BANDS);
    w.room = w.shares_bands ? w.patches : least(GROUP, (w.patches + threads - 1) / threads);
    w.v_stride = (size_t)w.room * (size_t)conv->in_channels + 3 * LINE;
    w.m_stride = (size_t)w.room * (size_t)conv->out_channels + LINE;
    w.v_size = (w.shares_bands ? COMPONENTS : BAND_COMPONENTS) * w.v_stride;
    w.area = w.v_size + COMPONENTS * w.m_stride;
    return w;
}

static size_t scratch_size(const dni_conv2d *conv, const dni_tensor *x, int threads) {
    const work w = plan(conv, x, threads);
    const size_t areas = w.shares_bands ? 1 : (size_t)threads;
    return ((size_t)conv->in_channels + areas * w.area) * sizeof(float);
}

/* ---- B^T d B ---- */

/* Rows 0 and 5 of B^T, and what rows +-`point` share: their even and odd part. `other` is the other point
 * squared. */
DNI_INLINE vec outer_row(vec d0, vec d2, vec d4) {
    return vec_axpy(p2q2, d0, vec_axpy(-p2_plus_q2, d2, d4));
}

DNI_INLINE void inner_rows(vec d1, vec d2, vec d3, vec d4, float point, float other, vec *plus, vec *minus) {
    const vec even = vec_axpy(-other, d2, d4), odd = vec_axpy(-other, d1, d3);
    *plus = vec_axpy(point, odd, even);
    *minus = vec_axpy(-point, odd, even);
}

/* One row of B^T d, six vectors, times B: six components. */
DNI_INLINE void store_inputs(const vec d[IN], float *to, size_t stride) {
    vec plus, minus;
    vec_store(to, outer_row(d[0], d[2], d[4]));
    inner_rows(d[1], d[2], d[3], d[4], p1, q2, &plus, &minus);
    vec_store(to + stride, plus);
    vec_store(to + 2 * stride, minus);
    inner_rows(d[1], d[2], d[3], d[4], q1, p2, &plus, &minus);
    vec_store(to + 3 * stride, plus);
    vec_store(to + 4 * stride, minus);
    vec_store(to + 5 * stride, outer_row(d[1], d[3], d[5]));
}

/* Where a patch's inputs are. */
typedef struct inputs {
    bool inside;        /* all in the image or its border: `right` and `down` floats apart from `first` on */
    const float *first; /* first channel of the top left one */
    int64_t right, down;
    const float *pixel[IN][IN]; /* else the first channel of each */
} inputs;

/* A vector of channels, from c on, of one of them. */
DNI_INLINE vec input(const inputs *d, int i, int j, int c, const bool inside) {
    return vec_load((inside ? d->first + i * d->down + j * d->right : d->pixel[i][j]) + c);
}

/* A vector of channels of one band. */
DNI_INLINE void transform_vector(const inputs *d, int c, float *to, size_t stride, const int band,
                                 const bool inside) {
    vec outer[IN], plus[IN], minus[IN];
    DNI_UNROLL for (int j = 0; j < IN; j++) {
        const vec d1 = input(d, 1, j, c, inside), d2 = input(d, 2, j, c, inside),
                  d3 = input(d, 3, j, c, inside), d4 = input(d, 4, j, c, inside);
        outer[j] = band == 0 ? outer_row(input(d, 0, j, c, inside), d2, d4)
                             : outer_row(d1, d3, input(d, 5, j, c, inside));
        inner_rows(d1, d2, d3, d4, band == 0 ? p1 : q1, band == 0 ? q2 : p2, &plus[j], &minus[j]);
    }
    if (band == 0) store_inputs(outer, to, stride), to += IN * stride;
    store_inputs(plus, to, stride);
    store_inputs(minus, to + IN * stride, stride);
    if (band == 1) store_inputs(outer, to + 2 * IN * stride, stride);
}

/* All channels of one band. */
DNI_INLINE void transform_band(const inputs *d, int channels, float *to, size_t stride, const int band) {
    if (d->inside)
        for (int c = 0; c < channels; c += VW) transform_vector(d, c, to + c, stride, band, true);
    else
        for (int c = 0; c < channels; c += VW) transform_vector(d, c, to + c, stride, band, false);
}

/* Where a patch lies: its image, and its top left output. */
typedef struct place {
    int64_t n, y, x;
} place;

static place place_of(const work *w, int64_t patch) {
    const int64_t in_image = patch % (w->rows * w->columns);
    return (place){patch / (w->rows * w->columns), in_image / w->columns * OUT, in_image % w->columns * OUT};
}

/* Whether inputs first .. end - 1 along an axis are in the image or its border. */
static bool readable(const work *w, int64_t first, int64_t end, int64_t size) {
    return first >= -w->conv->border && end <= size + w->conv->border;
}

static void find_inputs(const work *w, int64_t patch, inputs *d) {
    const dni_tensor *x = w->x;
    const place p = place_of(w, patch);
    const float *image = (const float *)x->data + p.n * x->stride[0];
    d->inside =
        readable(w, p.y - 1, p.y - 1 + IN, x->shape[1]) && readable(w, p.x - 1, p.x - 1 + IN, x->shape[2]);
    d->down = x->stride[1];
    d->right = x->stride[2];
    if (d->inside) {
        d->first = image + (p.y - 1) * d->down + (p.x - 1) * d->right;
        return;
    }
    for (int64_t i = 0; i < IN; i++) {
        for (int64_t j = 0; j < IN; j++) {
            const int64_t row = p.y + i - 1, column = p.x + j - 1;
            const bool there =
                readable(w, row, row + 1, x->shape[1]) && readable(w, column, column + 1, x->shape[2]);
            d->pixel[i][j] = there ? image + row * d->down + column * d->right : w->zeros;
        }
    }
}

static void transform_patches(const work *w, int band, int64_t first, int64_t end, float *v) {
    const int in = w->conv->in_channels;
    for (int64_t patch = first; patch < end; patch++, v += in) {
        inputs d;
        find_inputs(w, patch, &d);
        if (band == 0)
            transform_band(&d, in, v, w->v_stride, 0);
        else
            transform_band(&d, in, v, w->v_stride, 1);
    }
}

/* ---- the products ---- */

/* One tile's product: m (rows, vectors * VW of `m_row` floats) = v (rows, depth) * weight (depth, vectors *
 * VW). Meanwhile what is needed next is fetched from `next` on, `next_step` floats a step of depth. */
typedef struct product {
    const float *v, *weight;
    int depth;
    float *m;
    int m_row;
    const float *next;
    size_t next_step;
    int next_lines; /* that a step touches */
} product;

DNI_INLINE void multiply(const product *p, const int rows, const int vectors) {
    vec sum[TILE_ROWS][TILE_VECTORS];
    DNI_UNROLL for (int r = 0; r < rows; r++) DNI_UNROLL for (int j = 0; j < vectors; j++) sum[r][j] =
        vec_zero();
    const float *v = p->v, *weight = p->weight, *next = p->next;
    const size_t depth = (size_t)p->depth, next_step = p->next_step;
    for (size_t k = 0; k < depth; k += FETCH_DEPTH) {
        for (int j = 0; j < p->next_lines; j++) __builtin_prefetch(next + j * LINE, 0, 2);
        next += next_step;
        tile_multiply(sum, v + k, depth, weight, FETCH_DEPTH, rows, vectors);
        weight += FETCH_DEPTH * vectors * VW;
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

typedef void (*multiply_rows)(const product *p, int vectors);

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

/* A band's components of `patches` patches, divided evenly into tiles of TILE_ROWS patches at most. A tile
 * fetches its share of the next component's weights; the last component is followed by the first, for the
 * next group. */
static void multiply_band(const work *w, int band, int64_t patches, const float *v, float *m) {
    const int in = w->conv->in_channels, out = w->conv->out_channels, blocks = block_count(w->conv);
    const size_t weights = component_weights(w->conv), stride = component_stride(w->conv);
    const int64_t tiles = (patches + TILE_ROWS - 1) / TILE_ROWS;
    const size_t steps = (size_t)tiles * (size_t)blocks * (size_t)(in / FETCH_DEPTH);
    product p = {.depth = in, .m_row = out, .next_step = weights / steps};
    if (tiles > 1) p.next_lines = (int)((p.next_step + LINE - 1) / LINE);
    for (int i = band * BAND_COMPONENTS; i < (band + 1) * BAND_COMPONENTS; i++, v += w->v_stride) {
        const float *weight = w->weight + (size_t)i * stride;
        float *mi = m + (size_t)i * w->m_stride;
        p.next = w->weight + (size_t)((i + 1) % COMPONENTS) * stride;
        for (int block = 0; block < blocks; block++) {
            const int vector = block_start(w->conv, block);
            const int vectors = block_start(w->conv, block + 1) - vector;
            p.weight = weight + vector * VW * in;
            for (int64_t t = 0; t < tiles; t++) {
                const int64_t patch = patches * t / tiles, rows = patches * (t + 1) / tiles - patch;
                p.v = v + patch * in;
                p.m = mi + patch * out + vector * VW;
                multiply_of[rows](&p, vectors);
                p.next += p.next_step * (size_t)(in / FETCH_DEPTH);
            }
        }
    }
}

/* ---- A^T m A ---- */

DNI_INLINE void transform_line(const vec m[IN], vec out[OUT]) {
    const vec p = m[1] + m[2], q = m[1] - m[2], r = m[3] + m[4], s = m[3] - m[4];
    out[0] = m[0] + p + r;
    out[1] = vec_axpy(q1, s, q * p1);
    out[2] = vec_axpy(q2, r, p * p2);
    out[3] = vec_axpy(q3, s, vec_axpy(p3, q, m[5]));
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
    float *v = w->areas + thread * w->area, *m = v + w->v_size;
    for (int64_t g = 0; g < groups; g++) {
        const int64_t first = begin + count * g / groups, end = begin + count * (g + 1) / groups;
        for (int band = 0; band < BANDS; band++) {
            transform_patches(w, band, first, end, v);
            multiply_band(w, band, end - first, v, m);
        }
        write_patches(w, first, end, m);
    }
}

/* One band of a part of the patches. */
static void multiply_shared(void *context, size_t index) {
    const work *w = context;
    const int band = (int)(index % BANDS);
    const int64_t part = (int64_t)(index / BANDS);
    const int64_t first = w->patches * part / w->parts, end = w->patches * (part + 1) / w->parts;
    float *v = w->areas + (size_t)(band * BAND_COMPONENTS) * w->v_stride;
    transform_patches(w, band, first, end, v + first * w->conv->in_channels);
    multiply_band(w, band, end - first, v + first * w->conv->in_channels,
                  w->areas + w->v_size + first * w->conv->out_channels);
}

static void write_shared(void *context, size_t patch) {
    const work *w = context;
    write_patches(w, (int64_t)patch, (int64_t)patch + 1,
                  w->areas + w->v_size + patch * (size_t)w->conv->out_channels);
}

static void run(const dni_conv2d *conv, const void *packed, const dni_tensor *x, const dni_tensor *y,
                void *scratch, dni_pool *pool) {
    work w = plan(conv, x, dni_pool_threads(pool));
    w.weight = packed;
    w.y = y;
    w.areas = scratch;
    w.zeros = w.areas + (w.shares_bands ? 1 : (size_t)w.threads) * w.area;
    memset(w.zeros, 0, (size_t)conv->in_channels * sizeof *w.zeros);
    if (w.shares_bands) {
        dni_pool_run(pool, multiply_shared, &w, BANDS * (size_t)w.parts);
        dni_pool_run(pool, write_shared, &w, (size_t)w.patches);
    } else {
        dni_pool_run(pool, run_groups, &w, (size_t)w.threads);
    }
}

/* ---- the compact kernel: transforms the weights at every run, into scratch, and runs the other ---- */

static size_t compact_scratch_size(const dni_conv2d *conv, const dni_tensor *x, int threads) {
    return packed_size(conv) + scratch_size(conv, x, threads);
}

typedef struct expansion {
    const dni_conv2d *conv;
    const float *taps;
    float *weight;
    int threads;
} expansion;

/* A thread's share of the input channels, of every block. */
static void expand(void *context, size_t thread) {
    const expansion *e = context;
    const size_t in = (size_t)e->conv->in_channels, threads = (size_t)e->threads;
    const size_t begin = in * thread / threads, end = in * (thread + 1) / threads;
    const float *taps = e->taps;
    float *to = e->weight;
    for (int block = 0; block < block_count(e->conv); block++) {
        const size_t width = block_width(e->conv, block);
        for (size_t c = begin; c < end; c++)
            transform_weights(taps + c * TAPS * width, width, to + c * width, component_stride(e->conv));
        taps += in * TAPS * width;
        to += in * width;
    }
}

static void run_compact(const dni_conv2d *conv, const void *packed, const dni_tensor *x, const dni_tensor *y,
                        void *scratch, dni_pool *pool) {
    expansion e = {.conv = conv, .taps = packed, .weight = scratch, .threads = dni_pool_threads(pool)};
    dni_pool_run(pool, expand, &e, (size_t)e.threads);
    run(conv, e.weight, x, y, (char *)scratch + packed_size(conv), pool);
}
