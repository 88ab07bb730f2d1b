/* SPDX-License-Identifier: MIT */
/* Shapes, groups and arena of a session.
 *
 * How many images go through a block together depends on the size of its maps. Where they are large it is one
 * image, so that a block's buffer stays in the cache from layer to layer (14x14x2112 floats are 1.6 MB).
 * Where they are small it is as many as give a matrix product enough rows to be worth reading the weights
 * (7x7 pixels are 49 rows for 192 x 2160 weights). So the arena hardly grows with the batch.
 *
 * Where a bottleneck is larger than the cache, a thread that works alone computes it in bands of rows, so
 * that conv2 finds in the cache what conv1 wrote. Several threads would have to wait for each other twice a
 * band, which costs more than it gains. */
#include "densenet/plan.h"

enum {
    SMALL_MAP = 128,    /* pixels; images with fewer are grouped */
    GROUP_PIXELS = 784, /* pixels that a group should have: 16 images of 7x7 */
    CACHE = 1 << 20,    /* bytes of a core's second-level cache */
};

static int group_size(int64_t pixels, int batch) {
    if (pixels >= SMALL_MAP) return 1;
    const int64_t group = (GROUP_PIXELS + pixels - 1) / pixels;
    return group < batch ? (int)group : batch;
}

static dni_tensor cut_tensor(dni_arena *arena, int64_t n, int64_t h, int64_t w, int64_t c) {
    float *data = dni_arena_cut(arena, (size_t)(n * h * w * c) * sizeof(float));
    return dni_tensor_nhwc(data, n, h, w, c);
}

/* The pixels of a bordered buffer that are not border. */
static dni_tensor inside(const dni_tensor *bordered) {
    const dni_tensor rows = dni_tensor_slice(bordered, 1, 1, bordered->shape[1] - 2);
    return dni_tensor_slice(&rows, 2, 1, bordered->shape[2] - 2);
}

/* Rows of a bordered buffer that fill half the cache; all rows if the whole buffer fits into the cache. */
static int band_rows(int64_t height, int64_t row_bytes) {
    if (height * row_bytes <= CACHE) return (int)height;
    const int64_t strips = CACHE / 2 / row_bytes / DNI_CONV2D_STRIP;
    return (int)(strips > 1 ? strips : 1) * DNI_CONV2D_STRIP;
}

static void lay_out_block(dni_block_plan *block, const dn_config *config, int index, int64_t height,
                          int64_t width, int batch, dni_arena *arena) {
    block->group = group_size(height * width, batch);
    block->channels = cut_tensor(arena, block->group, height, width, dni_block_channels(config, index));
    block->bordered =
        cut_tensor(arena, block->group, height + 2, width + 2, config->bottleneck * config->growth);
    block->bottleneck = inside(&block->bordered);
    block->band = band_rows(height, block->bordered.stride[1] * (int64_t)sizeof(float));
}

/* The input of convolution `part` for `n` images. */
static dni_tensor input_of(const dni_plan *plan, const dni_part *part, const dn_session_options *options,
                           int64_t n) {
    if (part->role == DNI_STEM)
        return dni_tensor_nhwc(NULL, n, options->height, options->width, DNI_INPUT_CHANNELS);
    const dni_block_plan *block = &plan->blocks[part->block];
    if (part->role == DNI_CONV2) return dni_tensor_slice(&block->bottleneck, 0, 0, n);
    const dni_tensor images = dni_tensor_slice(&block->channels, 0, 0, n);
    return dni_tensor_slice(&images, 3, 0, part->in_channels);
}

/* The scratch bytes that a kernel needs on one thread or on all of them, whichever is more. */
static size_t scratch_of(const dni_prepared_conv *prepared, const dni_tensor *x, int threads) {
    const size_t alone = prepared->kernel->scratch_size(&prepared->conv, x, 1);
    const size_t together = prepared->kernel->scratch_size(&prepared->conv, x, threads);
    return alone > together ? alone : together;
}

/* The most scratch bytes that any convolution needs: for any number of images up to its group and, in a dense
 * layer, any number of rows up to a band and a strip. */
static size_t scratch_size(const dni_plan *plan, const dn_model *model, const dn_session_options *options,
                           int threads) {
    size_t most = 0;
    for (int i = 0; i < model->conv_count; i++) {
        const dni_prepared_conv *prepared = &model->convs[i];
        const dni_block_plan *block = &plan->blocks[prepared->part.block];
        const bool layer = prepared->part.role == DNI_CONV1 || prepared->part.role == DNI_CONV2;
        for (int n = 1; n <= block->group; n++) {
            const dni_tensor x = input_of(plan, &prepared->part, options, n);
            const size_t size = scratch_of(prepared, &x, threads);
            if (size > most) most = size;
            for (int64_t rows = 1; layer && rows < x.shape[1] && rows <= block->band + DNI_CONV2D_STRIP;
                 rows++) {
                const dni_tensor part = dni_tensor_slice(&x, 1, 0, rows);
                const size_t less = scratch_of(prepared, &part, 1);
                if (less > most) most = less;
            }
        }
    }
    return most;
}

void dni_plan_lay_out(dni_plan *plan, const dn_model *model, const dn_session_options *options, int images,
                      int threads, dni_arena *arena) {
    int64_t height = options->height, width = options->width;
    for (int i = 0; i < model->conv_count; i++) {
        const dni_prepared_conv *prepared = &model->convs[i];
        const dni_role role = prepared->part.role;
        if (role != DNI_STEM && role != DNI_TRANSITION) continue;
        height = dni_conv2d_output_size(&prepared->conv, height);
        width = dni_conv2d_output_size(&prepared->conv, width);
        const int block = role == DNI_STEM ? 0 : prepared->part.block + 1;
        lay_out_block(&plan->blocks[block], &model->config, block, height, width, images, arena);
    }
    const size_t group = (size_t)plan->blocks[DNI_BLOCKS - 1].group;
    plan->features = dni_arena_cut(arena, group * (size_t)model->config.features * sizeof(float));
    plan->scratch = dni_arena_cut(arena, scratch_size(plan, model, options, threads));
}
