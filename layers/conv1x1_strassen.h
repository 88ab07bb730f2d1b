/* 1x1 convolution as a matrix product with one level of Strassen's recursion, in Winograd's form.
 *
 * The includer defines DNI_VECTOR_WIDTH, TILE_VECTORS and TILE_ROWS, and makes a dni_conv2d_kernel of the
 * functions below.
 *
 * y (pixels x out) = A (pixels x in) * B (in x out). For every chunk of input channels A is cut into 2x2 parts,
 * upper and lower pixels of a tile times the chunk's two halves, and B into the chunk's halves times the halves
 * of all output channels. Seven products of parts make what eight would (Winograd 1971; Strassen 1969):
 *
 *   s1 = a21 + a22   s2 = s1 - a11   s3 = a11 - a21   s4 = a12 - s2
 *   t1 = b12 - b11   t2 = b22 - t1   t3 = b22 - b12   t4 = b21 - t2
 *
 *   c11 = a11 b11 + a12 b21
 *   u   = a11 b11 + s2 t2            c12 = u + s1 t1 + s4 b22
 *   v   = u + s3 t3                  c22 = v + s1 t1
 *                                    c21 = v + a22 t4
 *
 * The t are made once when weights are packed (1.75 times the plain ones), the s while a tile's pixels are
 * gathered, where batch norm, ReLU and 2x2 averaging happen too. What is left of the additions hides in the
 * order of products: three chains of sums stay in registers, and only a11 b11, u and u + s1 t1 are parked.
 *
 * Registers: each product is a tile of TILE_ROWS pixels x TILE_VECTORS vectors, as in the blocked convolution.
 * Cache: half a chunk is 192 deep, so one product's pixels are 6 KB and its weights 37 KB; the seven of a block
 * of output channels, 258 KB, stay in the second level while a group of tiles passes. Between chunks the sums
 * rest in y, the first starting from the bias, the last clamping; all chunks pass over a span of 256 pixels
 * before the next, so that these sums (192 KB for 192 channels) stay there too.
 *
 * Memory: a network's weights fit no cache, nor does a large map. While a group is multiplied, the next group's
 * pixels and the weights that follow are fetched a few lines at a time.
 *
 * An image's strips of four rows are each divided evenly into tiles of 2 * TILE_ROWS pixels at most, so any size
 * wastes less than a row a tile, and no tile holds parts of two strips: a pixel's bits depend neither on the
 * batch nor on the other strips. */
#include "layers/tile.h"

#include "core/memory.h"
#include "layers/conv2d_kernels.h"
#include "layers/prologue.h"

#include <math.h>
#include <string.h>

/* Of half a tile: evenly divided tiles never have fewer. */
#define LEAST_ROWS ((TILE_ROWS + 1) / 2)

enum {
    CHUNK_DEPTH = 384,
    PRODUCTS = 7,
    PANEL_STRIDE = CHUNK_DEPTH / 2 + 16, /* room for the last chunk's half, which may be longer */
    PANEL_FLOATS = TILE_ROWS * PANEL_STRIDE,
    TILE_FLOATS = PRODUCTS * PANEL_FLOATS,
    SUM_FLOATS = TILE_ROWS * TILE_VECTORS * VW,
    PARKED_FLOATS = 3 * SUM_FLOATS,
    GROUP_TILES = 2,
    MOST_GROUP_TILES = 4, /* where these are all there are */
    /* Steps of depth between fetches ahead: with fewer, fetching would take narrow vectors longer than multiplying. */
    FETCH_DEPTH = 8,
    CHUNK_UNIT = 2 * (VW < FETCH_DEPTH ? FETCH_DEPTH : VW),
    SPAN_TILES = 256 / (2 * TILE_ROWS), /* of 256 pixels */
    LEAST_DEPTH = 128,                  /* below, additions outweigh what multiplications are saved */
};

static bool accepts(const dni_conv2d *conv) {
    return conv->kernel == 1 && conv->stride == 1 && conv->pad == 0 && conv->prologue != DNI_PROLOGUE_NONE &&
           conv->epilogue != DNI_EPILOGUE_BIAS_RELU_MAXPOOL && conv->in_channels >= LEAST_DEPTH &&
           conv->in_channels % (2 * FETCH_DEPTH) == 0 && conv->out_channels % (2 * VW) == 0 &&
           conv->out_channels >= 4 * VW;
}

/* ---- how depth and output channels are divided ---- */

static int chunk_count(const dni_conv2d *conv) {
    return (conv->in_channels + CHUNK_DEPTH - 1) / CHUNK_DEPTH;
}

/* Where chunk i begins: chunks are alike, and whole CHUNK_UNITs but for the last, so that each half is whole vectors. */
static int chunk_start(const dni_conv2d *conv, int i) {
    const int chunks = chunk_count(conv), units = conv->in_channels / CHUNK_UNIT;
    return i == chunks ? conv->in_channels : units * i / chunks * CHUNK_UNIT;
}

/* Vectors of half the output channels: 2 at least, so that blocks have 2 or 3. */
static int half_vectors(const dni_conv2d *conv) {
    return conv->out_channels / (2 * VW);
}

static int block_count(const dni_conv2d *conv) {
    return tile_blocks(half_vectors(conv));
}

static int block_start(const dni_conv2d *conv, int i) {
    return tile_block_start(half_vectors(conv), i);
}

/* ---- packed parameters ---- */

/* Where they lie in the packed block, in floats. */
typedef struct packed_layout {
    size_t bias;         /* (out); zeros without an epilogue */
    size_t scale, shift; /* (in) */
    size_t weight;       /* (chunk, block, product, half the chunk's depth, channels of the block) */
    size_t size;
} packed_layout;

static packed_layout layout_of(const dni_conv2d *conv) {
    const size_t line = DNI_ALIGNMENT / sizeof(float);
    const size_t in = ((size_t)conv->in_channels + line - 1) / line * line;
    packed_layout l = {.bias = 0};
    l.scale = ((size_t)conv->out_channels + line - 1) / line * line;
    l.shift = l.scale + in;
    l.weight = l.shift + in;
    l.size = l.weight + PRODUCTS * (size_t)conv->in_channels / 2 * (size_t)conv->out_channels / 2;
    return l;
}

static size_t packed_size(const dni_conv2d *conv) {
    return layout_of(conv).size * sizeof(float);
}

static size_t weight_offset(const dni_conv2d *conv, int chunk, int block) {
    const size_t start = (size_t)chunk_start(conv, chunk), end = (size_t)chunk_start(conv, chunk + 1);
    return PRODUCTS * (start / 2 * (size_t)conv->out_channels / 2 +
                       (end - start) / 2 * (size_t)(block_start(conv, block) * VW));
}

/* The seven factors at one place of the quarters of B: b[i][j] is that of half i of the chunk's input and half
 * j of the output channels. In the order of multiply_tile(). */
static void combine_weights(const double b[2][2], double out[PRODUCTS]) {
    const double t1 = b[0][1] - b[0][0], t2 = b[1][1] - t1;
    out[0] = b[0][0];
    out[1] = b[1][0];
    out[2] = t2;
    out[3] = t1;
    out[4] = b[1][1];
    out[5] = b[1][1] - b[0][1];
    out[6] = b[1][0] - t2;
}

static void pack_block(const dni_conv2d *conv, const float *weight, int chunk, int block, float *to) {
    const size_t in = (size_t)conv->in_channels, half_out = (size_t)conv->out_channels / 2;
    const size_t start = (size_t)chunk_start(conv, chunk);
    const size_t depth = ((size_t)chunk_start(conv, chunk + 1) - start) / 2;
    const size_t first = (size_t)(block_start(conv, block) * VW);
    const size_t channels = (size_t)(block_start(conv, block + 1) * VW) - first;
    for (size_t k = 0; k < depth; k++) {
        for (size_t o = 0; o < channels; o++) {
            double b[2][2], factor[PRODUCTS];
            for (size_t i = 0; i < 2; i++)
                for (size_t j = 0; j < 2; j++)
                    b[i][j] = (double)weight[(first + o + j * half_out) * in + start + k + i * depth];
            combine_weights(b, factor);
            for (size_t p = 0; p < PRODUCTS; p++) to[(p * depth + k) * channels + o] = (float)factor[p];
        }
    }
}

static void pack(const dni_conv2d *conv, const dni_conv2d_params *params, void *packed) {
    const packed_layout l = layout_of(conv);
    float *to = packed;
    memset(to, 0, l.weight * sizeof *to);
    if (params->bias) memcpy(to + l.bias, params->bias, (size_t)conv->out_channels * sizeof *to);
    memcpy(to + l.scale, params->scale, (size_t)conv->in_channels * sizeof *to);
    memcpy(to + l.shift, params->shift, (size_t)conv->in_channels * sizeof *to);
    for (int chunk = 0; chunk < chunk_count(conv); chunk++)
        for (int block = 0; block < block_count(conv); block++)
            pack_block(conv, params->weight, chunk, block, to + l.weight + weight_offset(conv, chunk, block));
}

/* ---- geometry ---- */

typedef struct work {
    const dni_conv2d *conv;
    const float *bias, *scale, *shift, *weight;
    const dni_tensor *x, *y;
    int64_t strips, pixels;          /* of an image of y, and of its strips but the last */
    int64_t tiles;                   /* of each of those */
    int64_t last_pixels, last_tiles; /* of the last strip */
    int64_t image_tiles;
    float *scratch;
    int tile_ranges, block_ranges; /* an item of work is a range of tiles times one of blocks */
} work;

/* A tile's pixels in its image: `rows` upper ones, then as many lower ones or one fewer. */
typedef struct place {
    int64_t n, first, count;
    int rows;
} place;

static place place_of(const work *w, int64_t tile) {
    const int64_t n = tile / w->image_tiles, in_image = tile % w->image_tiles;
    const int64_t strip = in_image / w->tiles < w->strips ? in_image / w->tiles : w->strips - 1;
    const bool last = strip + 1 == w->strips;
    const int64_t t = in_image - strip * w->tiles, tiles = last ? w->last_tiles : w->tiles;
    const int64_t pixels = last ? w->last_pixels : w->pixels;
    const int64_t first = pixels * t / tiles, count = pixels * (t + 1) / tiles - first;
    const int half = (int)(count + 1) / 2;
    return (place){n, strip * w->pixels + first, count, half < LEAST_ROWS ? LEAST_ROWS : half};
}

static int64_t tiles_of(int64_t pixels) {
    return (pixels + 2 * TILE_ROWS - 1) / (2 * TILE_ROWS);
}

static void divide_image(work *w) {
    const int64_t height = w->y->shape[1], width = w->y->shape[2];
    w->strips = (height + DNI_CONV2D_STRIP - 1) / DNI_CONV2D_STRIP;
    w->pixels = DNI_CONV2D_STRIP * width;
    w->last_pixels = height * width - (w->strips - 1) * w->pixels;
    w->tiles = tiles_of(w->pixels);
    w->last_tiles = tiles_of(w->last_pixels);
    w->image_tiles = (w->strips - 1) * w->tiles + w->last_tiles;
}

/* Pixel `index` of the image as the convolution sees it. */
static const float *input_pixel(const work *w, int64_t n, int64_t index) {
    const int64_t width = w->y->shape[2], step = w->conv->prologue == DNI_PROLOGUE_BN_RELU_AVGPOOL ? 2 : 1;
    const int64_t *stride = w->x->stride;
    return (const float *)w->x->data + n * stride[0] + index / width * step * stride[1] +
           index % width * step * stride[2];
}

/* Where a tile's pixels are. Upper rows without a pixel repeat another's input; lower ones have none. Sums of rows
 * without a pixel share a place to go to. */
typedef struct tile {
    int rows;
    const float *x_upper[TILE_ROWS], *x_lower[TILE_ROWS];
    float *y_upper[TILE_ROWS], *y_lower[TILE_ROWS];
} tile;

static void find_pixels(const work *w, const place *p, float *nowhere, tile *t) {
    const int64_t width = w->y->shape[2], step = w->conv->prologue == DNI_PROLOGUE_BN_RELU_AVGPOOL ? 2 : 1;
    const int64_t right_x = step * w->x->stride[2], right_y = w->y->stride[2];
    const int64_t down_x = step * w->x->stride[1] - width * right_x;
    const int64_t down_y = w->y->stride[1] - width * right_y;
    const float *x = input_pixel(w, p->n, p->first);
    float *y = (float *)w->y->data + p->n * w->y->stride[0] + p->first / width * w->y->stride[1] +
               p->first % width * right_y;
    int64_t column = p->first % width;
    *t = (tile){.rows = p->rows};
    for (int i = 0; i < 2 * p->rows; i++) {
        const bool upper = i < p->rows, there = i < p->count;
        const int r = upper ? i : i - p->rows;
        *(upper ? &t->x_upper[r] : &t->x_lower[r]) = there ? x : upper ? t->x_upper[r - 1] : NULL;
        *(upper ? &t->y_upper[r] : &t->y_lower[r]) = there ? y : nowhere;
        x += right_x;
        y += right_y;
        if (++column < width) continue;
        column = 0;
        x += down_x;
        y += down_y;
    }
}

/* ---- gathering the seven left factors of a tile ---- */

/* Channels from c on of an input pixel, or of the mean of four. */
DNI_INLINE vec prologue(const work *w, const float *x, int c, const bool pooled) {
    const vec scale = vec_load(w->scale + c), shift = vec_load(w->shift + c);
    return pooled ? bn_relu_avgpool(x + c, w->x->stride[2], w->x->stride[1], scale, shift)
                  : bn_relu(x + c, scale, shift);
}

/* One row of each factor from its upper and lower pixel; where halves are no whole vectors, the last one
 * repeats channels of the one before it. `lower` may be NULL: no pixel. */
DNI_INLINE void gather_row(const work *w, const float *upper, const float *lower, int start, int depth,
                           float *to, const bool pooled) {
    for (int k = 0; k < depth; k += VW) {
        const int at = k + VW <= depth ? k : depth - VW;
        const int c1 = start + at, c2 = c1 + depth;
        const vec a11 = prologue(w, upper, c1, pooled), a12 = prologue(w, upper, c2, pooled);
        const vec a21 = lower ? prologue(w, lower, c1, pooled) : vec_zero();
        const vec a22 = lower ? prologue(w, lower, c2, pooled) : vec_zero();
        const vec s1 = a21 + a22, s2 = s1 - a11;
        float *row = to + at;
        vec_store(row, a11);
        vec_store(row + PANEL_FLOATS, a12);
        vec_store(row + 2 * PANEL_FLOATS, s2);
        vec_store(row + 3 * PANEL_FLOATS, s1);
        vec_store(row + 4 * PANEL_FLOATS, a12 - s2);
        vec_store(row + 5 * PANEL_FLOATS, a11 - a21);
        vec_store(row + 6 * PANEL_FLOATS, a22);
    }
}

static void gather_tile(const work *w, const tile *t, int start, int depth, float *to) {
    for (int r = 0; r < t->rows; r++, to += PANEL_STRIDE) {
        if (w->conv->prologue == DNI_PROLOGUE_BN_RELU_AVGPOOL)
            gather_row(w, t->x_upper[r], t->x_lower[r], start, depth, to, true);
        else
            gather_row(w, t->x_upper[r], t->x_lower[r], start, depth, to, false);
    }
}

/* ---- one tile ---- */

/* Where a tile's sums come from and go to. */
typedef struct target {
    const float *bias;   /* (out), on the first chunk; else NULL: from the rows */
    float *const *upper; /* first channels of the tile's pixels */
    float *const *lower;
    int channel;  /* the block's first */
    int64_t half; /* from a channel to its partner in the second half */
    float least;  /* 0 on the last chunk of an epilogue; else minus infinity */
    /* Where sums wait: PARKED_FLOATS. Were they variables, compilers would see what is parked come back, keep it in
     * registers there are not and move sums about between the products. */
    float *parked;
} target;

typedef vec sums[TILE_ROWS][TILE_VECTORS];

DNI_INLINE void park(sums sum, float *to, const int rows, const int vectors) {
    DNI_UNROLL for (int r = 0; r < rows; r++) DNI_UNROLL for (int j = 0; j < vectors; j++)
        vec_store(to + (r * TILE_VECTORS + j) * VW, sum[r][j]);
}

DNI_INLINE void resume(sums sum, const float *from, const int rows, const int vectors) {
    DNI_UNROLL for (int r = 0; r < rows; r++) DNI_UNROLL for (int j = 0; j < vectors; j++) sum[r][j] =
        vec_load(from + (r * TILE_VECTORS + j) * VW);
}

/* Adds the sums to a quarter of y: the pixels `row`, from `channel` on. */
DNI_INLINE void deliver(sums sum, const target *t, float *const *row, int64_t channel, const int rows,
                        const int vectors) {
    const float *bias = t->bias;
    const vec least = vec_all(t->least);
    DNI_UNROLL for (int r = 0; r < rows; r++) {
        float *to = row[r] + channel;
        const float *from = bias ? bias + channel : to;
        DNI_UNROLL for (int j = 0; j < vectors; j++)
            vec_store(to + j * VW, vec_max(least, sum[r][j] + vec_load(from + j * VW)));
    }
}

/* Memory that will be needed soon, fetched while something else is computed: every FETCH_DEPTH steps of a product's
 * depth some lines, and the next time those `step` bytes on. Nothing is read, so it may reach beyond what there is. */
typedef struct stream {
    const char *at;
    int64_t step, line_step; /* bytes */
    int lines;
} stream;

DNI_INLINE void fetch(const char *at, const stream *s) {
    for (int i = 0; i < s->lines; i++, at += s->line_step) __builtin_prefetch(at, 0, 2);
}

/* What is fetched meanwhile: the next group's pixels, some rows of them a product, and the weights behind this
 * chunk's. */
typedef struct ahead {
    stream pixels, weights;
} ahead;

/* sum += a * b. Depth in whole FETCH_DEPTHs leaves the sums in their registers from product to product. */
DNI_INLINE void multiply_ahead(vec sum[][TILE_VECTORS], const float *a, const float *b, int depth,
                               const int rows, const int vectors, ahead *next) {
    const stream pixels = next->pixels, weights = next->weights;
    const char *pixel = pixels.at, *weight = weights.at;
    for (const float *end = a + depth; a < end; a += FETCH_DEPTH, b += FETCH_DEPTH * vectors * VW) {
        fetch(pixel, &pixels);
        fetch(weight, &weights);
        pixel += pixels.step;
        weight += weights.step;
        tile_multiply(sum, a, PANEL_STRIDE, b, FETCH_DEPTH, rows, vectors);
    }
    next->weights.at = weight;
    next->pixels.at += pixels.lines * pixels.line_step;
}

/* The seven products of a tile and a block, in the order that keeps sums in registers. */
DNI_INLINE void multiply_tile(const float *a, const float *b, int depth, const target *t, const int rows,
                              const int vectors, ahead *next) {
    float *first = t->parked, *u = first + SUM_FLOATS, *u_s1t1 = u + SUM_FLOATS;
    const size_t step = (size_t)(depth * vectors * VW);
    vec sum[TILE_ROWS][TILE_VECTORS], other[TILE_ROWS][TILE_VECTORS];
    DNI_UNROLL for (int r = 0; r < rows; r++) DNI_UNROLL for (int j = 0; j < vectors; j++) sum[r][j] =
        vec_zero();

    multiply_ahead(sum, a, b, depth, rows, vectors, next); /* a11 b11 */
    park(sum, first, rows, vectors);
    multiply_ahead(sum, a + PANEL_FLOATS, b + step, depth, rows, vectors, next); /* a12 b21 */
    deliver(sum, t, t->upper, t->channel, rows, vectors);

    resume(sum, first, rows, vectors);
    multiply_ahead(sum, a + 2 * PANEL_FLOATS, b + 2 * step, depth, rows, vectors, next); /* s2 t2 */
    park(sum, u, rows, vectors);
    multiply_ahead(sum, a + 3 * PANEL_FLOATS, b + 3 * step, depth, rows, vectors, next); /* s1 t1 */
    park(sum, u_s1t1, rows, vectors);
    multiply_ahead(sum, a + 4 * PANEL_FLOATS, b + 4 * step, depth, rows, vectors, next); /* s4 b22 */
    deliver(sum, t, t->upper, t->channel + t->half, rows, vectors);

    resume(sum, u, rows, vectors);
    multiply_ahead(sum, a + 5 * PANEL_FLOATS, b + 5 * step, depth, rows, vectors, next); /* s3 t3 */
    DNI_UNROLL for (int r = 0; r < rows; r++) {
        DNI_UNROLL for (int j = 0; j < vectors; j++) {
            const int at = (r * TILE_VECTORS + j) * VW;
            other[r][j] = sum[r][j] + (vec_load(u_s1t1 + at) - vec_load(u + at));
        }
    }
    deliver(other, t, t->lower, t->channel + t->half, rows, vectors);
    multiply_ahead(sum, a + 6 * PANEL_FLOATS, b + 6 * step, depth, rows, vectors, next); /* a22 t4 */
    deliver(sum, t, t->lower, t->channel, rows, vectors);
}

#define MULTIPLY_ROWS(rows)                                                                                  \
    static void multiply_##rows(const float *a, const float *b, int depth, const target *t, int vectors,     \
                                ahead *next) {                                                               \
        if (vectors == 2)                                                                                    \
            multiply_tile(a, b, depth, t, rows, 2, next);                                                    \
        else                                                                                                 \
            multiply_tile(a, b, depth, t, rows, TILE_VECTORS, next);                                         \
    }

#if LEAST_ROWS == 2
MULTIPLY_ROWS(2)
MULTIPLY_ROWS(3)
#endif
#if TILE_ROWS >= 4
MULTIPLY_ROWS(4)
#endif
#if TILE_ROWS == 7
MULTIPLY_ROWS(5)
MULTIPLY_ROWS(6)
MULTIPLY_ROWS(7)
#endif

static void multiply(const float *a, const float *b, int depth, const target *t, int rows, int vectors,
                     ahead *next) {
    typedef void (*multiply_rows)(const float *, const float *, int, const target *, int, ahead *);
    static const multiply_rows of_rows[] = {
#if LEAST_ROWS == 2
        multiply_2,
        multiply_3,
#endif
#if TILE_ROWS >= 4
        multiply_4,
#endif
#if TILE_ROWS == 7
        multiply_5,
        multiply_6,
        multiply_7,
#endif
    };
    of_rows[rows - LEAST_ROWS](a, b, depth, t, vectors, next);
}

/* ---- a range of tiles ---- */

/* `count` weights at `offset`, to be fetched while so many tiles meet a block. */
static stream weights_ahead(const work *w, size_t offset, size_t count, int64_t tiles, int depth) {
    const int64_t step = (int64_t)(count * sizeof(float)) / (tiles * PRODUCTS * (depth / FETCH_DEPTH));
    return (stream){.at = (const char *)(w->weight + offset),
                    .step = step,
                    .line_step = DNI_ALIGNMENT,
                    .lines = (int)((step + DNI_ALIGNMENT - 1) / DNI_ALIGNMENT)};
}

/* The chunk's channels, from `start` on, of the pixels of tiles [first, end), to be fetched in so many products:
 * exact where the image's rows follow each other without a gap, elsewhere and where pooled only about right, which
 * costs time and no result. */
static stream pixels_ahead(const work *w, int64_t first, int64_t end, int start, int64_t products) {
    if (first >= end) return (stream){.lines = 0};
    const place p = place_of(w, first), q = place_of(w, end - 1);
    const int64_t image = w->y->shape[1] * w->y->shape[2];
    const int64_t pixels = (q.n == p.n ? q.first + q.count : image) - p.first;
    const int64_t rows = pixels * (w->conv->prologue == DNI_PROLOGUE_BN_RELU_AVGPOOL ? 4 : 1);
    return (stream){.at = (const char *)(input_pixel(w, p.n, p.first) + start),
                    .step = 2 * FETCH_DEPTH * (int64_t)sizeof(float),
                    .line_step = w->x->stride[2] * (int64_t)sizeof(float),
                    .lines = (int)((rows + products - 1) / products)};
}

/* Tiles [first, end) by blocks [first_block, end_block), chunk by chunk and in groups. Of the weights that follow,
 * each range of tiles fetches a share: the threads have the last cache in common. */
static void convolve_tiles(const work *w, int64_t range, int64_t first, int64_t end, int first_block,
                           int end_block, float *scratch) {
    const dni_conv2d *conv = w->conv;
    const bool single = end - first <= MOST_GROUP_TILES;
    tile tile_of[MOST_GROUP_TILES];
    float *panels = scratch, *parked = panels + MOST_GROUP_TILES * TILE_FLOATS,
          *nowhere = parked + PARKED_FLOATS;
    for (int chunk = 0; chunk < chunk_count(conv); chunk++) {
        const int start = chunk_start(conv, chunk), depth = (chunk_start(conv, chunk + 1) - start) / 2;
        const bool last = chunk + 1 == chunk_count(conv);
        /* Behind this chunk's weights lie the next one's or, since a network's packed parameters follow each other
         * in the order of execution, the next convolution's. */
        const size_t here = weight_offset(conv, chunk, first_block);
        const size_t behind = here + weight_offset(conv, chunk + 1, 0) - weight_offset(conv, chunk, 0);
        const size_t all = weight_offset(conv, chunk, end_block) - here;
        const size_t share = all / (size_t)w->tile_ranges;
        ahead next = {.weights = weights_ahead(w, behind + share * (size_t)range, share,
                                               (end - first) * (end_block - first_block), depth)};
        target to = {.bias = chunk == 0 ? w->bias : NULL,
                     .half = conv->out_channels / 2,
                     .least = last && conv->epilogue == DNI_EPILOGUE_BIAS_RELU ? 0 : -INFINITY,
                     .parked = parked};
        const int64_t step = single ? MOST_GROUP_TILES : GROUP_TILES;
        for (int64_t group = first; group < end; group += step) {
            const int64_t tiles = end - group < step ? end - group : step;
            for (int64_t i = 0; i < tiles; i++) {
                const place p = place_of(w, group + i);
                find_pixels(w, &p, nowhere, &tile_of[i]);
                gather_tile(w, &tile_of[i], start, depth, panels + i * TILE_FLOATS);
            }
            const int64_t further = group + 2 * step;
            next.pixels = pixels_ahead(w, group + tiles, further < end ? further : end, start,
                                       tiles * (end_block - first_block) * PRODUCTS);
            for (int block = first_block; block < end_block; block++) {
                const int vector = block_start(conv, block);
                const int vectors = block_start(conv, block + 1) - vector;
                const size_t at = weight_offset(conv, chunk, block),
                             after = weight_offset(conv, chunk, block + 1);
                if (single && block + 1 < end_block)
                    next.weights = weights_ahead(w, after, after - at, tiles, depth);
                else if (single)
                    next.weights = weights_ahead(w, behind, last ? all : after - at, tiles, depth);
                to.channel = vector * VW;
                for (int64_t i = 0; i < tiles; i++) {
                    to.upper = tile_of[i].y_upper;
                    to.lower = tile_of[i].y_lower;
                    multiply(panels + i * TILE_FLOATS, w->weight + at, depth, &to, tile_of[i].rows, vectors,
                             &next);
                }
            }
        }
    }
}

/* ---- threads ---- */

static size_t scratch_each(const dni_conv2d *conv) {
    return dni_align_up((MOST_GROUP_TILES * TILE_FLOATS + PARKED_FLOATS + (size_t)conv->out_channels) *
                        sizeof(float));
}

static size_t scratch_size(const dni_conv2d *conv, const dni_tensor *x, int threads) {
    (void)x;
    return scratch_each(conv) * (size_t)threads;
}

static void run_item(void *context, size_t index) {
    const work *w = context;
    const int64_t tiles = w->image_tiles * w->y->shape[0], range = (int64_t)index / w->block_ranges;
    const int blocks = block_count(w->conv), block = (int)index % w->block_ranges;
    const int first_block = blocks * block / w->block_ranges;
    const int end_block = blocks * (block + 1) / w->block_ranges;
    const int64_t first = tiles * range / w->tile_ranges, end = tiles * (range + 1) / w->tile_ranges;
    float *scratch = w->scratch + index * (scratch_each(w->conv) / sizeof(float));
    for (int64_t span = first; span < end; span += SPAN_TILES)
        convolve_tiles(w, range, span, end - span < SPAN_TILES ? end : span + SPAN_TILES, first_block,
                       end_block, scratch);
}

/* Few tiles are shared by blocks, though each thread then gathers them all: half the weights come to each. */
static void share_out(work *w, int threads) {
    const int64_t tiles = w->image_tiles * w->y->shape[0];
    const int blocks = block_count(w->conv);
    if (tiles <= MOST_GROUP_TILES && blocks >= threads) {
        w->tile_ranges = 1;
        w->block_ranges = threads;
    } else {
        dni_conv2d_split(tiles, blocks, threads, &w->tile_ranges, &w->block_ranges);
    }
}

static void run(const dni_conv2d *conv, const void *packed, const dni_tensor *x, const dni_tensor *y,
                void *scratch, dni_pool *pool) {
    const packed_layout l = layout_of(conv);
    const float *base = packed;
    work w = {.conv = conv, .x = x, .y = y, .scratch = scratch};
    w.bias = base + l.bias;
    w.scale = base + l.scale;
    w.shift = base + l.shift;
    w.weight = base + l.weight;
    divide_image(&w);
    share_out(&w, dni_pool_threads(pool));
    dni_pool_run(pool, run_item, &w, (size_t)(w.tile_ranges * w.block_ranges));
}
