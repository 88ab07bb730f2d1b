/* SPDX-License-Identifier: MIT */
/* 1x1 convolution as a blocked matrix product of bfloat16 numbers, summed in float32.
 *
 * y (pixels x out) = A (pixels x in) * B (in x out). x and y are float32, and so are batch norm and ReLU;
 * only their result is rounded, when it is written into a panel. Each weight is rounded once, when it is
 * packed, and takes half the memory that it takes in the float32 kernel.
 *
 * Registers: a register tile of 7 pixels x 3 vectors of output channels has 21 sums. A step over a pair of
 * channels loads three vectors of B and broadcasts seven pairs of A.
 *
 * Cache: the panel of a register tile, its pixels for one chunk of at most 768 channels, is 11 KB and stays
 * in the first-level cache. A chunk of B for 192 output channels is 295 KB and stays in the second-level
 * cache. As many panels as fill 128 KB form a group, with which each block of B is multiplied at once. All
 * chunks are worked through for a span of groups before the next span, so that the sums, which are kept in y
 * between chunks (the first chunk starts from the bias, the last one applies ReLU), stay in the cache, too.
 *
 * Pixels are counted through all images of the batch, and each row of a register tile is computed in the same
 * way, wherever it is in the tile. Rows beyond the last pixel repeat it, and their sums are written to a
 * dummy pixel. Threads take ranges of register tiles times ranges of output channels. */
#define DNI_VECTOR_WIDTH 16
#define MICRO_VECTORS    3
#include "layers/kernels/bf16.h"

#include "core/memory.h"
#include "layers/conv2d_kernels.h"
#include "layers/kernels/pixels.h"

#include <string.h>

enum {
    MICRO_ROWS = 7,
    CHUNK_DEPTH = 768,
    STEP = 2 * VW, /* channels that are gathered at once */
    /* Pairs from one row to the next. The last chunk may be longer by a step. It is not a power of two, which
     * would put the rows of a panel into the same cache sets. */
    PANEL_STRIDE = CHUNK_DEPTH / 2 + VW,
    PANEL_PAIRS = MICRO_ROWS * PANEL_STRIDE,
    GROUP_TILES = 128 * 1024 / (PANEL_PAIRS * (int)sizeof(bf16_pair)),
    SPAN_TILES = 3 * GROUP_TILES,
};

static bool accepts(const dni_conv2d *conv) {
    return conv->kernel == 1 && conv->stride == 1 && conv->pad == 0 && conv->prologue != DNI_PROLOGUE_NONE &&
           conv->epilogue != DNI_EPILOGUE_BIAS_RELU_MAXPOOL && conv->out_channels % VW == 0;
}

/* ---- division of depth and output channels ---- */

static int chunk_count(const dni_conv2d *conv) {
    return (conv->in_channels + CHUNK_DEPTH - 1) / CHUNK_DEPTH;
}

/* The first channel of chunk i. Chunks are as equal as possible, and all but the last one are whole steps. */
static int chunk_start(const dni_conv2d *conv, int i) {
    const int chunks = chunk_count(conv), steps = conv->in_channels / STEP;
    return i == chunks ? conv->in_channels : steps * i / chunks * STEP;
}

static int chunk_pairs(const dni_conv2d *conv, int i) {
    return (chunk_start(conv, i + 1) - chunk_start(conv, i) + 1) / 2;
}

static int block_count(const dni_conv2d *conv) {
    return blocks_of(conv->out_channels / VW);
}

static int block_start(const dni_conv2d *conv, int i) {
    return first_vector_of(conv->out_channels / VW, i);
}

/* ---- packed parameters ---- */

/* Offsets in the packed parameters, in units of 32 bits. */
typedef struct packed_layout {
    size_t bias;         /* (out) floats; zeros where there is no epilogue */
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
           (size_t)chunk_pairs(conv, chunk) * (size_t)block_start(conv, block) * VW;
}

/* The numbers of a vector from c on; 0 from `end` on. */
static vec load_until(const float *from, size_t c, size_t end) {
    const unsigned lanes = c + VW <= end ? 0xffff : c < end ? (1u << (end - c)) - 1 : 0;
    return _mm512_maskz_loadu_ps((__mmask16)lanes, from + c);
}

/* The weights of an output channel for a chunk, whose pairs go to every `width`-th place of `to`. */
static void pack_channel(const float *weight, size_t start, size_t end, bf16_pair *to, size_t width) {
    for (size_t c = start; c < end; c += STEP) {
        const size_t pairs = end - c < STEP ? (end - c + 1) / 2 : STEP / 2;
        bf16_pair rounded[STEP / 2];
        bf16_store(rounded, load_until(weight, c, end), load_until(weight, c + VW, end));
        for (size_t i = 0; i < pairs; i++, to += width) *to = rounded[i];
    }
}

static void pack_block(const dni_conv2d *conv, const float *weight, int chunk, int block, bf16_pair *to) {
    const size_t start = (size_t)chunk_start(conv, chunk), end = (size_t)chunk_start(conv, chunk + 1);
    const size_t first = (size_t)block_start(conv, block) * VW;
    const size_t width = (size_t)block_start(conv, block + 1) * VW - first;
    for (size_t o = 0; o < width; o++)
        pack_channel(weight + (first + o) * (size_t)conv->in_channels, start, end, to + o, width);
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

/* ---- addresses of pixels ---- */

typedef struct work {
    const dni_conv2d *conv;
    const float *bias, *scale, *shift;
    const bf16_pair *weight;
    const dni_tensor *x, *y;
    char *scratch;
    size_t scratch_each;
    int tile_ranges, block_ranges; /* an item of work is a range of tiles times one of blocks */
} work;

/* The addresses of the pixels of a group in x (the upper left one of four, with 2x2 averaging) and in y. */
typedef struct group {
    int tiles;
    const float *from[GROUP_TILES * MICRO_ROWS];
    float *to[GROUP_TILES * MICRO_ROWS];
} group;

/* ---- gathering panels ---- */

DNI_INLINE vec bn_relu(const float *x, __mmask16 mask, vec scale, vec shift) {
    return vec_relu(vec_fma(scale, _mm512_maskz_loadu_ps(mask, x), shift));
}

/* A vector of channels of a pixel or, if pooled, of the mean of four. scale and shift are zero where the mask
 * is. */
DNI_INLINE vec prologue(const work *w, const float *x, __mmask16 mask, vec scale, vec shift,
                        const bool pooled) {
    if (!pooled) return bn_relu(x, mask, scale, shift);
    const int64_t right = w->x->stride[2], down = w->x->stride[1];
    const vec upper = bn_relu(x, mask, scale, shift) + bn_relu(x + right, mask, scale, shift);
    const vec lower = bn_relu(x + down, mask, scale, shift) + bn_relu(x + down + right, mask, scale, shift);
    return (upper + lower) * 0.25f;
}

/* The mask of the first `count` of sixteen numbers. */
static __mmask16 mask_of(int count) {
    return (__mmask16)(count >= VW ? 0xffff : count <= 0 ? 0 : (1 << count) - 1);
}

/* Gathers channels [start, end) of MICRO_ROWS pixels into a panel. */
DNI_INLINE void gather(const work *w, const float *const *from, int start, int end, bf16_pair *panel,
                       const bool pooled) {
    for (int c = start; c < end; c += STEP, panel += VW) {
        const __mmask16 low = mask_of(end - c), high = mask_of(end - c - VW);
        const vec scale0 = vec_load(w->scale + c), scale1 = vec_load(w->scale + c + VW);
        const vec shift0 = vec_load(w->shift + c), shift1 = vec_load(w->shift + c + VW);
        DNI_UNROLL for (int r = 0; r < MICRO_ROWS; r++)
            /* NOLINTNEXTLINE(clang-analyzer-*): a group has a tile at least */
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

/* ---- one register tile ---- */

/* What the sums of a register tile start from, and where they are written. */
typedef struct target {
    const float
        *bias; /* of the block, in the first chunk; NULL in the others, which start from what y holds */
    float *const *row; /* the first channel of each pixel in y */
    int channel;       /* the first one of the block */
    bool relu;         /* whether to apply ReLU: in the last chunk of a convolution with an epilogue */
} target;

DNI_INLINE void multiply(const bf16_pair *panel, const bf16_pair *weight, int pairs, const target *t,
                         const int vectors) {
    vec sum[MICRO_ROWS][MICRO_VECTORS];
    DNI_UNROLL for (int r = 0; r < MICRO_ROWS; r++) {
        /* NOLINTNEXTLINE(clang-analyzer-*): a group has a tile at least */
        const float *from = t->bias ? t->bias : t->row[r] + t->channel;
        DNI_UNROLL for (int j = 0; j < vectors; j++) sum[r][j] = vec_load(from + j * VW);
    }
    bf16_micro_kernel(sum, panel, PANEL_STRIDE, weight, pairs, MICRO_ROWS, vectors);
    DNI_UNROLL for (int r = 0; r < MICRO_ROWS; r++) {
        DNI_UNROLL for (int j = 0; j < vectors; j++) {
            vec_store(t->row[r] + t->channel + j * VW, t->relu ? vec_relu(sum[r][j]) : sum[r][j]);
        }
    }
}

static void multiply_block(const bf16_pair *panel, const bf16_pair *weight, int pairs, const target *t,
                           int vectors) {
    if (vectors == 1)
        multiply(panel, weight, pairs, t, 1);
    else if (vectors == 2)
        multiply(panel, weight, pairs, t, 2);
    else
        multiply(panel, weight, pairs, t, MICRO_VECTORS);
}

/* ---- a span of register tiles ---- */

/* Multiplies a group by blocks [first_block, end_block), for one chunk. */
static void convolve_group(const work *w, const group *g, int chunk, int first_block, int end_block,
                           bf16_pair *panels) {
    const dni_conv2d *conv = w->conv;
    const int start = chunk_start(conv, chunk), end = chunk_start(conv, chunk + 1);
    const bool last = chunk + 1 == chunk_count(conv);
    for (int i = 0; i < g->tiles; i++)
        gather_panel(w, g->from + i * MICRO_ROWS, start, end, panels + i * PANEL_PAIRS);
    for (int block = first_block; block < end_block; block++) {
        const int vector = block_start(conv, block), vectors = block_start(conv, block + 1) - vector;
        const bf16_pair *weight = w->weight + weight_offset(conv, chunk, block);
        target t = {.bias = chunk == 0 ? w->bias + vector * VW : NULL,
                    .row = g->to,
                    .channel = vector * VW,
                    .relu = last && conv->epilogue == DNI_EPILOGUE_BIAS_RELU};
        for (int i = 0; i < g->tiles; i++, t.row += MICRO_ROWS)
            multiply_block(panels + i * PANEL_PAIRS, weight, chunk_pairs(conv, chunk), &t, vectors);
    }
}

/* Register tiles [first, end), at most SPAN_TILES. */
static void convolve_span(const work *w, int64_t first, int64_t end, int first_block, int end_block,
                          bf16_pair *panels, float *dummy) {
    for (int chunk = 0; chunk < chunk_count(w->conv); chunk++)
        for (int64_t tile = first; tile < end; tile += GROUP_TILES) {
            group g;
            g.tiles = (int)(end - tile < GROUP_TILES ? end - tile : GROUP_TILES);
            find_pixels(w->conv, w->x, w->y, tile * MICRO_ROWS, g.tiles * MICRO_ROWS, dummy, g.from, g.to);
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
    const int64_t tiles = (pixel_count(w->y) + MICRO_ROWS - 1) / MICRO_ROWS;
    const int64_t range = (int64_t)index / w->block_ranges;
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
    dni_conv2d_split((pixel_count(y) + MICRO_ROWS - 1) / MICRO_ROWS, block_count(conv),
                     dni_pool_threads(pool), &w.tile_ranges, &w.block_ranges);
    dni_pool_run(pool, run_item, &w, (size_t)w.tile_ranges * (size_t)w.block_ranges);
}

/* The tolerance: both factors of a product are rounded by up to 2^-8. */
DNI_CONV2D_KERNEL(conv1x1_bf16_avx512_blocked, AVX512, 8e-3, .precision = DNI_PRECISION_BF16,
                  .features = DNI_CPU_AVX512_BF16);
