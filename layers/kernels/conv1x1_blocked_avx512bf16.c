/* 1x1 convolution as a blocked matrix product of bfloat16 numbers, summed in float32.
 *
 * y (pixels x out) = A (pixels x in) * B (in x out). x and y stay float32: norm and ReLU are computed as such, and
 * only what comes out of them is rounded, on its way into a panel. So is each weight, once, when packed: half the
 * memory that the float32 kernel streams.
 *
 * Tile: 7 pixels x 3 vectors of output channels are 21 registers of sums; a step over a pair of channels loads three
 * vectors of B and broadcasts seven pairs of A.
 *
 * Panel: a tile's pixels for one chunk of at most 768 channels are 11 KB and stay in the first cache, a chunk of B for
 * 192 output channels is 295 KB and stays in the second. As many panels as fill 128 KB make a group, on which each block of
 * B is used at once. All chunks pass over a span of groups before the next, so that the sums, which rest in y between
 * chunks (the first starts from the bias, the last clamps), stay near too.
 *
 * Pixels are counted through all images; each row of a tile is computed alike wherever it stands. Rows beyond the last
 * pixel repeat it, and their sums go nowhere. Threads take ranges of tiles times ranges of output channels. */
#define DNI_VECTOR_WIDTH 16
#define TILE_VECTORS     3
#include "layers/kernels/bf16.h"

#include "core/memory.h"
#include "layers/conv2d_kernels.h"

#include <string.h>

enum {
    TILE_PIXELS = 7,
    CHUNK_DEPTH = 768,
    STEP = 2 * VW, /* channels that are gathered at once */
    /* Pairs from a row to the next. The last chunk may be longer by a step; no power of two, which would put a panel's rows
     * into the same cache sets. */
    PANEL_STRIDE = CHUNK_DEPTH / 2 + VW,
    PANEL_PAIRS = TILE_PIXELS * PANEL_STRIDE,
    GROUP_TILES = 128 * 1024 / (PANEL_PAIRS * (int)sizeof(bf16_pair)),
    SPAN_TILES = 3 * GROUP_TILES,
};

static bool accepts(const dni_conv2d *conv) {
    return conv->kernel == 1 && conv->stride == 1 && conv->pad == 0 && conv->prologue != DNI_PROLOGUE_NONE &&
           conv->epilogue != DNI_EPILOGUE_BIAS_RELU_MAXPOOL && conv->out_channels % VW == 0;
}

/* ---- how depth and output channels are divided ---- */

static int chunk_count(const dni_conv2d *conv) {
    return (conv->in_channels + CHUNK_DEPTH - 1) / CHUNK_DEPTH;
}

/* Where chunk i begins: chunks are alike, and whole steps but for the last. */
static int chunk_start(const dni_conv2d *conv, int i) {
    const int chunks = chunk_count(conv), steps = conv->in_channels / STEP;
    return i == chunks ? conv->in_channels : steps * i / chunks * STEP;
}

static int chunk_pairs(const dni_conv2d *conv, int i) {
    return (chunk_start(conv, i + 1) - chunk_start(conv, i) + 1) / 2;
}

static int block_count(const dni_conv2d *conv) {
    return tile_blocks(conv->out_channels / VW);
}

static int block_start(const dni_conv2d *conv, int i) {
    return tile_block_start(conv->out_channels / VW, i);
}

/* ---- packed parameters ---- */

/* Where they lie in the packed block, in units of 32 bits. */
typedef struct packed_layout {
    size_t bias;         /* (out) floats; zeros without an epilogue */
    size_t scale, shift; /* (in, rounded up to whole steps with zeros) floats */
    size_t weight;       /* (chunk, block, pair of the chunk's channels, output channel of the block) */
    size_t size;
} packed_layout;

static packed_layout layout_of(const dni_conv2d *conv) {
    const size_t in = ((size_t)conv->in_channels + STEP - 1) / STEP * STEP;
    packed_layout l = {.bias = 0};
    l.scale = (size_t)conv->out_channels;
    l.shift = l.scale + in;
    l.weight = l.shift + in;
    l.size = l.weight + ((size_t)conv->in_channels + 1) / 2 * (size_t)conv->out_channels;
    return l;
}

static size_t packed_size(const dni_conv2d *conv) {
    return layout_of(conv).size * sizeof(float);
}

static size_t weight_offset(const dni_conv2d *conv, int chunk, int block) {
    return (size_t)chunk_start(conv, chunk) / 2 * (size_t)conv->out_channels +
           (size_t)chunk_pairs(conv, chunk) * (size_t)(block_start(conv, block) * VW);
}

static void pack_block(const dni_conv2d *conv, const float *weight, int chunk, int block, bf16_pair *to) {
    const size_t in = (size_t)conv->in_channels, end = (size_t)chunk_start(conv, chunk + 1);
    for (size_t c = (size_t)chunk_start(conv, chunk); c < end; c += 2)
        for (int o = block_start(conv, block) * VW; o < block_start(conv, block + 1) * VW; o++) {
            const float *from = weight + (size_t)o * in + c;
            *to++ = bf16_pair_of(from[0], c + 1 < end ? from[1] : 0.0f);
        }
}

static void pack(const dni_conv2d *conv, const dni_conv2d_params *params, void *packed) {
    const packed_layout l = layout_of(conv);
    float *numbers = packed;
    memset(numbers, 0, l.weight * sizeof *numbers);
    if (params->bias) memcpy(numbers + l.bias, params->bias, (size_t)conv->out_channels * sizeof *numbers);
    memcpy(numbers + l.scale, params->scale, (size_t)conv->in_channels * sizeof *numbers);
    memcpy(numbers + l.shift, params->shift, (size_t)conv->in_channels * sizeof *numbers);
    bf16_pair *weight = (bf16_pair *)packed + l.weight;
    for (int chunk = 0; chunk < chunk_count(conv); chunk++)
        for (int block = 0; block < block_count(conv); block++)
            pack_block(conv, params->weight, chunk, block, weight + weight_offset(conv, chunk, block));
}

/* ---- where pixels lie ---- */

typedef struct work {
    const dni_conv2d *conv;
    const float *bias, *scale, *shift;
    const bf16_pair *weight;
    const dni_tensor *x, *y;
    int64_t pixels; /* of all images of y */
    char *scratch;
    size_t scratch_each;
    int tile_ranges, block_ranges; /* an item of work is a range of tiles times one of blocks */
} work;

/* The pixels of a group's tiles: where they are read, the upper left of four where they are pooled, and written. */
typedef struct group {
    int tiles;
    const float *from[GROUP_TILES * TILE_PIXELS];
    float *to[GROUP_TILES * TILE_PIXELS];
} group;

/* `nowhere` takes the sums of rows without a pixel. */
static void locate(const work *w, int64_t first_tile, int tiles, float *nowhere, group *g) {
    const int64_t *xs = w->x->stride, *ys = w->y->stride;
    const int64_t width = w->y->shape[2], image = w->y->shape[1] * width;
    const int64_t step = w->conv->prologue == DNI_PROLOGUE_BN_RELU_AVGPOOL ? 2 : 1;
    const int64_t first = first_tile * TILE_PIXELS;
    int64_t n = first / image, row = first % image / width, column = first % width;
    g->tiles = tiles;
    for (int i = 0; i < tiles * TILE_PIXELS; i++) {
        const bool exists = first + i < w->pixels;
        g->from[i] = exists
                         ? (const float *)w->x->data + n * xs[0] + row * step * xs[1] + column * step * xs[2]
                         : g->from[i - 1];
        g->to[i] = exists ? (float *)w->y->data + n * ys[0] + row * ys[1] + column * ys[2] : nowhere;
        if (++column < width) continue;
        column = 0;
        if (++row < w->y->shape[1]) continue;
        row = 0;
        n++;
    }
}

/* ---- gathering panels ---- */

DNI_INLINE vec bn_relu(const float *x, __mmask16 mask, vec scale, vec shift) {
    return vec_relu(vec_fma(scale, _mm512_maskz_loadu_ps(mask, x), shift));
}

/* A vector of channels of a pixel, or of the mean of four; scale and shift are zero where the mask is. */
DNI_INLINE vec prologue(const work *w, const float *x, __mmask16 mask, vec scale, vec shift,
                        const bool pooled) {
    if (!pooled) return bn_relu(x, mask, scale, shift);
    const int64_t right = w->x->stride[2], down = w->x->stride[1];
    const vec upper = bn_relu(x, mask, scale, shift) + bn_relu(x + right, mask, scale, shift);
    const vec lower = bn_relu(x + down, mask, scale, shift) + bn_relu(x + down + right, mask, scale, shift);
    return (upper + lower) * 0.25f;
}

/* The first `count` of a vector's sixteen. */
static __mmask16 mask_of(int count) {
    return (__mmask16)(count >= VW ? 0xffff : count <= 0 ? 0 : (1 << count) - 1);
}

/* Channels [start, end) of TILE_PIXELS pixels. */
DNI_INLINE void gather(const work *w, const float *const *from, int start, int end, bf16_pair *panel,
                       const bool pooled) {
    for (int c = start; c < end; c += STEP, panel += VW) {
        const __mmask16 low = mask_of(end - c), high = mask_of(end - c - VW);
        const vec scale0 = vec_load(w->scale + c), scale1 = vec_load(w->scale + c + VW);
        const vec shift0 = vec_load(w->shift + c), shift1 = vec_load(w->shift + c + VW);
        DNI_UNROLL for (int r = 0; r < TILE_PIXELS; r++)
            bf16_store(panel + r * PANEL_STRIDE, prologue(w, from[r] + c, low, scale0, shift0, pooled),
                       prologue(w, from[r] + c + VW, high, scale1, shift1, pooled));
    }
}

static void gather_panel(const work *w, const float *const *from, int start, int end, bf16_pair *panel) {
    if (w->conv->prologue == DNI_PROLOGUE_BN_RELU_AVGPOOL)
        gather(w, from, start, end, panel, true);
    else
        gather(w, from, start, end, panel, false);
}

/* ---- one tile ---- */

/* Where a tile's sums come from and go to. */
typedef struct target {
    const float *bias; /* of the block, on the first chunk; else NULL: from `row` */
    float *const *row; /* each pixel's outputs */
    int channel;       /* the block's first */
    bool relu;         /* clamp: the last chunk of an epilogue */
} target;

DNI_INLINE void multiply(const bf16_pair *panel, const bf16_pair *weight, int pairs, const target *t,
                         const int vectors) {
    vec sum[TILE_PIXELS][TILE_VECTORS];
    DNI_UNROLL for (int r = 0; r < TILE_PIXELS; r++) {
        const float *from = t->bias ? t->bias : t->row[r] + t->channel;
        DNI_UNROLL for (int j = 0; j < vectors; j++) sum[r][j] = vec_load(from + j * VW);
    }
    bf16_multiply(sum, panel, PANEL_STRIDE, weight, pairs, TILE_PIXELS, vectors);
    DNI_UNROLL for (int r = 0; r < TILE_PIXELS; r++) DNI_UNROLL for (int j = 0; j < vectors; j++)
        vec_store(t->row[r] + t->channel + j * VW, t->relu ? vec_relu(sum[r][j]) : sum[r][j]);
}

static void multiply_block(const bf16_pair *panel, const bf16_pair *weight, int pairs, const target *t,
                           int vectors) {
    if (vectors == 1)
        multiply(panel, weight, pairs, t, 1);
    else if (vectors == 2)
        multiply(panel, weight, pairs, t, 2);
    else
        multiply(panel, weight, pairs, t, TILE_VECTORS);
}

/* ---- a range of tiles ---- */

/* One chunk: blocks [first_block, end_block) of a group. */
static void convolve_group(const work *w, const group *g, int chunk, int first_block, int end_block,
                           bf16_pair *panels) {
    const dni_conv2d *conv = w->conv;
    const int start = chunk_start(conv, chunk), end = chunk_start(conv, chunk + 1);
    const bool last = chunk + 1 == chunk_count(conv);
    for (int i = 0; i < g->tiles; i++)
        gather_panel(w, g->from + i * TILE_PIXELS, start, end, panels + i * PANEL_PAIRS);
    for (int block = first_block; block < end_block; block++) {
        const int vector = block_start(conv, block), vectors = block_start(conv, block + 1) - vector;
        const bf16_pair *weight = w->weight + weight_offset(conv, chunk, block);
        target t = {.bias = chunk == 0 ? w->bias + vector * VW : NULL,
                    .row = g->to,
                    .channel = vector * VW,
                    .relu = last && conv->epilogue == DNI_EPILOGUE_BIAS_RELU};
        for (int i = 0; i < g->tiles; i++, t.row += TILE_PIXELS)
            multiply_block(panels + i * PANEL_PAIRS, weight, chunk_pairs(conv, chunk), &t, vectors);
    }
}

/* Tiles [first, end), SPAN_TILES at most. */
static void convolve_span(const work *w, int64_t first, int64_t end, int first_block, int end_block,
                          bf16_pair *panels, float *nowhere) {
    for (int chunk = 0; chunk < chunk_count(w->conv); chunk++)
        for (int64_t tile = first; tile < end; tile += GROUP_TILES) {
            group g;
            locate(w, tile, (int)(end - tile < GROUP_TILES ? end - tile : GROUP_TILES), nowhere, &g);
            convolve_group(w, &g, chunk, first_block, end_block, panels);
        }
}

/* ---- threads ---- */

static size_t panels_size(void) {
    return dni_align_up(GROUP_TILES * PANEL_PAIRS * sizeof(bf16_pair));
}

static size_t scratch_each(const dni_conv2d *conv) {
    return panels_size() + dni_align_up((size_t)conv->out_channels * sizeof(float));
}

static size_t scratch_size(const dni_conv2d *conv, const dni_tensor *x, int threads) {
    (void)x;
    return scratch_each(conv) * (size_t)threads;
}

static void run_item(void *context, size_t index) {
    const work *w = context;
    const int64_t tiles = (w->pixels + TILE_PIXELS - 1) / TILE_PIXELS,
                  range = (int64_t)index / w->block_ranges;
    const int blocks = block_count(w->conv), block = (int)index % w->block_ranges;
    const int first_block = blocks * block / w->block_ranges;
    const int end_block = blocks * (block + 1) / w->block_ranges;
    const int64_t first = tiles * range / w->tile_ranges, end = tiles * (range + 1) / w->tile_ranges;
    char *scratch = w->scratch + index * w->scratch_each;
    for (int64_t span = first; span < end; span += SPAN_TILES)
        convolve_span(w, span, end - span < SPAN_TILES ? end : span + SPAN_TILES, first_block, end_block,
                      (void *)scratch, (void *)(scratch + panels_size()));
}

static void run(const dni_conv2d *conv, const void *packed, const dni_tensor *x, const dni_tensor *y,
                void *scratch, dni_pool *pool) {
    const packed_layout l = layout_of(conv);
    const float *numbers = packed;
    work w = {.conv = conv, .x = x, .y = y, .scratch = scratch, .scratch_each = scratch_each(conv)};
    w.bias = numbers + l.bias;
    w.scale = numbers + l.scale;
    w.shift = numbers + l.shift;
    w.weight = (const bf16_pair *)packed + l.weight;
    w.pixels = y->shape[0] * y->shape[1] * y->shape[2];
    dni_conv2d_split((w.pixels + TILE_PIXELS - 1) / TILE_PIXELS, block_count(conv), dni_pool_threads(pool),
                     &w.tile_ranges, &w.block_ranges);
    dni_pool_run(pool, run_item, &w, (size_t)(w.tile_ranges * w.block_ranges));
}

/* both factors of a product are rounded by up to 2^-8 */
DNI_CONV2D_KERNEL(conv1x1_bf16_avx512_blocked, AVX512, 8e-3, .bf16 = true);
