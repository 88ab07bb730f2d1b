/* Convolution as a blocked matrix product without im2col in memory: the general fast kernel of every tier.
 *
 * The includer defines DNI_VECTOR_WIDTH (floats of a vector), TILE_PIXELS and TILE_VECTORS, and makes a
 * dni_conv2d_kernel of the functions below.
 *
 * y (pixels x out) = A (pixels x depth) * B (depth x out), depth = kernel * kernel * in, tap by tap.
 *
 * Tile: TILE_PIXELS pixels x TILE_VECTORS vectors of output channels stay in registers as sums. One step of
 * depth loads TILE_VECTORS vectors of B and broadcasts TILE_PIXELS numbers of A for TILE_PIXELS *
 * TILE_VECTORS multiply-adds: the arithmetic, not the loads, sets the pace.
 *
 * Panel: the tile's rows of A, for one chunk of depth, are gathered from x just before use. Taps outside the
 * image become zeros; batch norm, ReLU and 2x2 averaging happen on the way. 384 deep, a panel fits the first
 * cache level (11 KB at 7 pixels), and B's chunk of 192 channels the second (295 KB).
 *
 * Group: as many panels as fit 128 KB are gathered together, and each block of B is used on all of them:
 * where B is larger than the cache (1056 channels), its traffic is divided by the group.
 *
 * Chunks: between chunks of depth the sums rest in y; the first starts from the bias, the last clamps.
 *
 * Pixels are counted through all images, so small feature maps fill tiles too; each row of a tile is computed
 * alike wherever it stands, which is why neither batch nor threads show in the bits. Threads take ranges of
 * panels or, where there are few, ranges of output channels.
 *
 * With max pooling behind it the convolution goes row by row into a ring of three rows a thread, from which
 * each pooled row is taken. */
#include "layers/tile.h"

#include "core/memory.h"
#include "layers/conv2d_kernels.h"
#include "layers/maxpool_ring.h"
#include "layers/prologue.h"

#include <string.h>

enum {
    CHUNK_DEPTH = 384,
    /* Room for the last chunk, which a part of a vector may lengthen; and no power of two, which would put a
     * panel's rows into the same cache sets. */
    PANEL_STRIDE = CHUNK_DEPTH + 16,
    PANEL_FLOATS = TILE_PIXELS * PANEL_STRIDE,
    GROUP_PANELS = 128 * 1024 / (PANEL_FLOATS * (int)sizeof(float)),
    BLOCK_CHANNELS = TILE_VECTORS * VW,
};

/* ---- how depth and output channels are divided ---- */

static int depth_of(const dni_conv2d *conv) {
    return conv->kernel * conv->kernel * conv->in_channels;
}

static int chunk_count(const dni_conv2d *conv) {
    return (depth_of(conv) + CHUNK_DEPTH - 1) / CHUNK_DEPTH;
}

/* Where chunk i begins: chunks are alike, and whole vectors but for the last. */
static int chunk_start(const dni_conv2d *conv, int i) {
    const int chunks = chunk_count(conv), depth = depth_of(conv), vectors = depth / VW;
    return i == chunks ? depth : vectors * i / chunks * VW;
}

/* Vectors that hold all output channels, the last one perhaps in part. */
static int out_vectors(const dni_conv2d *conv) {
    return (conv->out_channels + VW - 1) / VW;
}

static int block_count(const dni_conv2d *conv) {
    return tile_blocks(out_vectors(conv));
}

static int block_start(const dni_conv2d *conv, int i) {
    return tile_block_start(out_vectors(conv), i);
}

/* ---- packed parameters ---- */

/* Where they lie in the packed block, in floats. */
typedef struct packed_layout {
    size_t bias;         /* (out, rounded up to vectors); zeros without an epilogue */
    size_t scale, shift; /* (in) */
    size_t weight;       /* chunk after chunk; in it block after block, each (chunk depth, block channels) */
    size_t size;
} packed_layout;

static packed_layout layout_of(const dni_conv2d *conv) {
    const size_t line = DNI_ALIGNMENT / sizeof(float);
    const size_t in = ((size_t)conv->in_channels + line - 1) / line * line;
    const size_t out = (size_t)(out_vectors(conv) * VW);
    packed_layout l = {.bias = 0};
    l.scale = (out + line - 1) / line * line;
    l.shift = l.scale + in;
    l.weight = l.shift + in;
    l.size = l.weight + (size_t)depth_of(conv) * out;
    return l;
}

static size_t packed_size(const dni_conv2d *conv) {
    return layout_of(conv).size * sizeof(float);
}

/* Depth k of the product is tap k / in, channel k % in. */
static float weight_at(const dni_conv2d *conv, const float *weight, int k, int out) {
    const int taps = conv->kernel * conv->kernel, tap = k / conv->in_channels, c = k % conv->in_channels;
    if (out >= conv->out_channels) return 0.0f;
    return weight[((size_t)out * (size_t)conv->in_channels + (size_t)c) * (size_t)taps + (size_t)tap];
}

static void pack(const dni_conv2d *conv, const dni_conv2d_params *params, void *packed) {
    const packed_layout l = layout_of(conv);
    const size_t in = (size_t)conv->in_channels, out = (size_t)conv->out_channels;
    float *to = packed;
    memset(to, 0, l.weight * sizeof *to);
    if (params->bias) memcpy(to + l.bias, params->bias, out * sizeof *to);
    if (params->scale) memcpy(to + l.scale, params->scale, in * sizeof *to);
    if (params->shift) memcpy(to + l.shift, params->shift, in * sizeof *to);
    to += l.weight;
    for (int chunk = 0; chunk < chunk_count(conv); chunk++)
        for (int block = 0; block < block_count(conv); block++)
            for (int k = chunk_start(conv, chunk); k < chunk_start(conv, chunk + 1); k++)
                for (int o = block_start(conv, block) * VW; o < block_start(conv, block + 1) * VW; o++)
                    *to++ = weight_at(conv, params->weight, k, o);
}

/* ---- gathering panels ---- */

typedef struct source {
    const dni_conv2d *conv;
    const float *scale, *shift;
    const dni_tensor *x;
    int64_t in_height, in_width;   /* that the convolution sees, after the prologue */
    int64_t out_height, out_width; /* of the convolution, before pooling */
} source;

static source source_of(const dni_conv2d *conv, const dni_tensor *x) {
    const int shrink = conv->prologue == DNI_PROLOGUE_BN_RELU_AVGPOOL ? 2 : 1;
    source s = {.conv = conv, .x = x};
    s.in_height = x->shape[1] / shrink;
    s.in_width = x->shape[2] / shrink;
    s.out_height = (s.in_height + 2 * conv->pad - conv->kernel) / conv->stride + 1;
    s.out_width = (s.in_width + 2 * conv->pad - conv->kernel) / conv->stride + 1;
    return s;
}

static float bn_relu_one(float x, float scale, float shift) {
    const float y = scale * x + shift;
    return y > 0.0f ? y : 0.0f;
}

static void gather_bn_relu(const float *x, const float *scale, const float *shift, int count, float *to) {
    int c = 0;
    for (; c + VW <= count; c += VW)
        vec_store(to + c, bn_relu(x + c, vec_load(scale + c), vec_load(shift + c)));
    for (; c < count; c++) to[c] = bn_relu_one(x[c], scale[c], shift[c]);
}

/* `right` and `down` lead to the other pixels of the 2x2. */
static void gather_bn_relu_avgpool(const float *x, int64_t right, int64_t down, const float *scale,
                                   const float *shift, int count, float *to) {
    int c = 0;
    for (; c + VW <= count; c += VW) {
        vec_store(to + c, bn_relu_avgpool(x + c, right, down, vec_load(scale + c), vec_load(shift + c)));
    }
    for (; c < count; c++) {
        const float *at = x + c;
        const float a = scale[c], b = shift[c];
        const float upper = bn_relu_one(at[0], a, b) + bn_relu_one(at[right], a, b);
        const float lower = bn_relu_one(at[down], a, b) + bn_relu_one(at[down + right], a, b);
        to[c] = (upper + lower) * 0.25f;
    }
}

static void gather_plain(const float *x, int count, float *to) {
    int c = 0;
    for (; c + VW <= count; c += VW) vec_store(to + c, vec_load(x + c));
    for (; c < count; c++) to[c] = x[c];
}

/* `count` channels from c on of the pixel (y, x) that the convolution sees. */
static void gather_channels(const source *s, int64_t n, int64_t y, int64_t x, int c, int count, float *to) {
    const int64_t edge = s->conv->border;
    if (y < -edge || y >= s->in_height + edge || x < -edge || x >= s->in_width + edge) {
        memset(to, 0, (size_t)count * sizeof *to);
        return;
    }
    const int64_t *stride = s->x->stride;
    const float *image = (const float *)s->x->data + n * stride[0] + c;
    switch (s->conv->prologue) {
    case DNI_PROLOGUE_NONE:
        gather_plain(image + y * stride[1] + x * stride[2], count, to);
        break;
    case DNI_PROLOGUE_BN_RELU:
        gather_bn_relu(image + y * stride[1] + x * stride[2], s->scale + c, s->shift + c, count, to);
        break;
    case DNI_PROLOGUE_BN_RELU_AVGPOOL:
        gather_bn_relu_avgpool(image + 2 * y * stride[1] + 2 * x * stride[2], stride[2], stride[1],
                               s->scale + c, s->shift + c, count, to);
        break;
    }
}

/* Row `pixel` of A from depth `start` to `end`: the channels of one tap after the other. */
static void gather_row(const source *s, int64_t pixel, int start, int end, float *to) {
    const dni_conv2d *conv = s->conv;
    const int64_t image_pixels = s->out_height * s->out_width;
    const int64_t n = pixel / image_pixels, in_image = pixel % image_pixels;
    const int64_t y = in_image / s->out_width * conv->stride - conv->pad;
    const int64_t x = in_image % s->out_width * conv->stride - conv->pad;
    for (int k = start; k < end;) {
        const int tap = k / conv->in_channels, c = k % conv->in_channels;
        const int left = conv->in_channels - c, count = left < end - k ? left : end - k;
        gather_channels(s, n, y + tap / conv->kernel, x + tap % conv->kernel, c, count, to);
        to += count;
        k += count;
    }
}

/* The panel of `count` pixels from `first` on; rows without a pixel are zeros. */
static void gather_panel(const source *s, int64_t first, int64_t count, int start, int end, float *panel) {
    for (int r = 0; r < TILE_PIXELS; r++, panel += PANEL_STRIDE) {
        if (r < count)
            gather_row(s, first + r, start, end, panel);
        else
            memset(panel, 0, (size_t)(end - start) * sizeof *panel);
    }
}

/* ---- one tile ---- */

/* Where a tile's sums come from and go to. */
typedef struct tile {
    const float *bias;       /* of the block, on the first chunk; else NULL: from `row` */
    float *row[TILE_PIXELS]; /* each pixel's sums of the block */
    bool relu;               /* clamp: the last chunk of an epilogue */
} tile;

/* sums += panel (TILE_PIXELS, depth) * weight (depth, vectors * VW), for a constant number of vectors. */
DNI_INLINE void multiply(const float *panel, const float *weight, int depth, const tile *t,
                         const int vectors) {
    vec sum[TILE_PIXELS][TILE_VECTORS];
    DNI_UNROLL for (int r = 0; r < TILE_PIXELS; r++) {
        const float *from = t->bias ? t->bias : t->row[r];
        DNI_UNROLL for (int j = 0; j < vectors; j++) sum[r][j] = vec_load(from + j * VW);
    }
    tile_multiply(sum, panel, PANEL_STRIDE, weight, depth, TILE_PIXELS, vectors);
    DNI_UNROLL for (int r = 0; r < TILE_PIXELS; r++) {
        DNI_UNROLL for (int j = 0; j < vectors; j++) {
            const vec y = t->relu ? vec_relu(sum[r][j]) : sum[r][j];
            vec_store(t->row[r] + j * VW, y);
        }
    }
}

static void multiply_block(const float *panel, const float *weight, int depth, const tile *t, int vectors) {
    switch (vectors) {
    case 1:
        multiply(panel, weight, depth, t, 1);
        break;
    case 2:
        multiply(panel, weight, depth, t, 2);
        break;
    default:
        multiply(panel, weight, depth, t, TILE_VECTORS);
        break;
    }
}

/* A tile whose channels do not fill their vectors, or whose pixels do not fill the tile: worked on in a full
 * one, from and to which only what exists is copied. */
static void multiply_ragged(const float *panel, const float *weight, int depth, const tile *t, int vectors,
                            int64_t pixels, int channels) {
    float sums[TILE_PIXELS * BLOCK_CHANNELS];
    tile full = {.bias = t->bias, .relu = t->relu};
    const size_t size = (size_t)channels * sizeof *sums;
    memset(sums, 0, sizeof sums);
    for (int r = 0; r < TILE_PIXELS; r++) {
        full.row[r] = sums + r * BLOCK_CHANNELS;
        if (r < pixels && !t->bias) memcpy(full.row[r], t->row[r], size);
    }
    multiply_block(panel, weight, depth, &full, vectors);
    for (int r = 0; r < pixels; r++) memcpy(t->row[r], full.row[r], size);
}

/* ---- a range of pixels ---- */

/* Pixels [first, end), counted through all images, by blocks [first_block, end_block) of output channels. */
typedef struct range {
    int64_t first, end;
    int first_block, end_block;
} range;

/* Where pixel `pixel` of the convolution goes. */
static float *pixel_of(const source *s, const dni_tensor *y, int64_t pixel) {
    const int64_t image_pixels = s->out_height * s->out_width, in_image = pixel % image_pixels;
    return (float *)y->data + pixel / image_pixels * y->stride[0] + in_image / s->out_width * y->stride[1] +
           in_image % s->out_width * y->stride[2];
}

/* All blocks of one chunk on the gathered panels of pixels [first, end). */
static void multiply_group(const source *s, const float *packed, const dni_tensor *y, const range *r,
                           int chunk, const float *panel, int64_t first, int64_t end) {
    const dni_conv2d *conv = s->conv;
    const packed_layout l = layout_of(conv);
    const int start = chunk_start(conv, chunk), depth = chunk_start(conv, chunk + 1) - start;
    const bool last = chunk + 1 == chunk_count(conv);
    for (int block = r->first_block; block < r->end_block; block++) {
        const int vector = block_start(conv, block), vectors = block_start(conv, block + 1) - vector;
        const int channel = vector * VW, left = conv->out_channels - channel;
        const bool whole = left >= vectors * VW;
        const float *weight =
            packed + l.weight +
            ((size_t)start * (size_t)out_vectors(conv) + (size_t)depth * (size_t)vector) * VW;
        tile t = {.bias = chunk == 0 ? packed + l.bias + channel : NULL,
                  .relu = last && conv->epilogue != DNI_EPILOGUE_NONE};
        const float *a = panel;
        for (int64_t pixel = first; pixel < end; pixel += TILE_PIXELS, a += PANEL_FLOATS) {
            const int64_t pixels = end - pixel < TILE_PIXELS ? end - pixel : TILE_PIXELS;
            for (int64_t i = 0; i < pixels; i++) t.row[i] = pixel_of(s, y, pixel + i) + channel;
            if (whole && pixels == TILE_PIXELS)
                multiply_block(a, weight, depth, &t, vectors);
            else
                multiply_ragged(a, weight, depth, &t, vectors, pixels, whole ? vectors * VW : left);
        }
    }
}

/* The convolution and its clamp, without max pooling, over a range. */
static void convolve_range(const source *s, const float *packed, const dni_tensor *y, const range *r,
                           float *panels) {
    const int64_t group = GROUP_PANELS * TILE_PIXELS;
    for (int chunk = 0; chunk < chunk_count(s->conv); chunk++) {
        const int start = chunk_start(s->conv, chunk), end = chunk_start(s->conv, chunk + 1);
        for (int64_t first = r->first; first < r->end; first += group) {
            const int64_t last = r->end - first < group ? r->end : first + group;
            float *panel = panels;
            for (int64_t pixel = first; pixel < last; pixel += TILE_PIXELS, panel += PANEL_FLOATS)
                gather_panel(s, pixel, last - pixel, start, end, panel);
            multiply_group(s, packed, y, r, chunk, panels, first, last);
        }
    }
}

/* ---- max pooling behind it ---- */

/* Pooled rows [first, end), counted through all images. */
static void convolve_pooled(const source *s, const float *packed, const dni_tensor *y, int64_t first,
                            int64_t end, float *panels, float *rows) {
    const int64_t height = y->shape[1];
    const maxpool_ring ring = {.rows = rows,
                               .row_floats = (size_t)(s->out_width * s->conv->out_channels),
                               .height = s->out_height,
                               .width = s->out_width,
                               .channels = s->conv->out_channels};
    int64_t next = 0; /* the convolution's next row to compute */
    for (int64_t row = first; row < end; row++) {
        const int64_t n = row / height, pooled = row % height;
        const int64_t last = 2 * pooled + 1 < s->out_height ? 2 * pooled + 1 : s->out_height - 1;
        if (row == first || pooled == 0) next = pooled > 0 ? 2 * pooled - 1 : 0;
        for (; next <= last; next++) {
            const int64_t pixel = (n * s->out_height + next) * s->out_width;
            const range r = {pixel, pixel + s->out_width, 0, block_count(s->conv)};
            const dni_tensor to = {.data = ring_row(&ring, next), .stride = {0, 0, s->conv->out_channels, 1}};
            convolve_range(s, packed, &to, &r, panels);
        }
        pool_row(&ring, y, n, pooled);
    }
}

/* ---- threads ---- */

typedef struct work {
    source source;
    const float *packed;
    const dni_tensor *y;
    char *scratch;
    size_t scratch_each;
    int64_t units;    /* panels or, with max pooling, rows of y: what a thread takes a range of */
    int unit_ranges;  /* ranges of units ... */
    int block_ranges; /* ... times ranges of blocks: one item each */
} work;

static size_t panels_size(void) {
    return dni_align_up(GROUP_PANELS * PANEL_FLOATS * sizeof(float));
}

static size_t scratch_each(const source *s) {
    const size_t ring = s->conv->epilogue == DNI_EPILOGUE_BIAS_RELU_MAXPOOL
                            ? RING_ROWS * (size_t)(s->out_width * s->conv->out_channels) * sizeof(float)
                            : 0;
    return dni_align_up(panels_size() + ring);
}

static size_t scratch_size(const dni_conv2d *conv, const dni_tensor *x, int threads) {
    const source s = source_of(conv, x);
    return scratch_each(&s) * (size_t)threads;
}

static void run_item(void *context, size_t index) {
    const work *w = context;
    const int64_t unit = (int64_t)index / w->block_ranges;
    const int block = (int)index % w->block_ranges, blocks = block_count(w->source.conv);
    const int64_t first = w->units * unit / w->unit_ranges, end = w->units * (unit + 1) / w->unit_ranges;
    char *scratch = w->scratch + index * w->scratch_each;
    float *panels = (void *)scratch, *ring = (void *)(scratch + panels_size());
    if (w->source.conv->epilogue == DNI_EPILOGUE_BIAS_RELU_MAXPOOL) {
        convolve_pooled(&w->source, w->packed, w->y, first, end, panels, ring);
        return;
    }
    const int64_t pixels = w->y->shape[0] * w->y->shape[1] * w->y->shape[2];
    const range r = {.first = first * TILE_PIXELS,
                     .end = end * TILE_PIXELS < pixels ? end * TILE_PIXELS : pixels,
                     .first_block = blocks * block / w->block_ranges,
                     .end_block = blocks * (block + 1) / w->block_ranges};
    convolve_range(&w->source, w->packed, w->y, &r, panels);
}

static void run(const dni_conv2d *conv, const void *packed, const dni_tensor *x, const dni_tensor *y,
                void *scratch, dni_pool *pool) {
    const packed_layout l = layout_of(conv);
    work w = {.source = source_of(conv, x), .packed = packed, .y = y, .scratch = scratch};
    w.source.scale = w.packed + l.scale;
    w.source.shift = w.packed + l.shift;
    w.scratch_each = scratch_each(&w.source);
    if (conv->epilogue == DNI_EPILOGUE_BIAS_RELU_MAXPOOL) {
        w.units = y->shape[0] * y->shape[1];
        w.unit_ranges = dni_pool_threads(pool);
        w.block_ranges = 1;
    } else {
        w.units = (y->shape[0] * y->shape[1] * y->shape[2] + TILE_PIXELS - 1) / TILE_PIXELS;
        dni_conv2d_split(w.units, block_count(conv), dni_pool_threads(pool), &w.unit_ranges, &w.block_ranges);
    }
    dni_pool_run(pool, run_item, &w, (size_t)(w.unit_ranges * w.block_ranges));
}

static bool accepts(const dni_conv2d *conv) {
    (void)conv;
    return true;
}
