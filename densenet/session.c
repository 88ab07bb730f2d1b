/* SPDX-License-Identifier: MIT */
/* A session: the forward pass over one arena.
 *
 * Every block has one buffer that holds all its channels, pixel by pixel. The stem or a transition writes the
 * first channels, every dense layer writes its own behind them, and conv1 reads all that were written so far:
 * to concatenate, nothing is copied. Images pass in groups (plan.c): block b fills its group with several
 * groups of block b - 1.
 *
 * Threads: where the batch has about as many images as there are threads, or more, the images are shared out.
 * Each thread runs its own images through buffers of its own, which are called a lane, and all meet once, at
 * the end: no thread waits for another, whatever else the machine is doing, and each thread reads the weights
 * once for all its images. On a few images that are left over, and on a batch of one, all threads work
 * together, layer by layer (densenet/lanes.h). A lane's buffers are first written by the thread that uses
 * them: they get memory when they are needed, and near that thread's core. */
#include "core/error.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/number.h"
#include "core/pool.h"
#include "densenet/inputs.h"
#include "densenet/lanes.h"
#include "densenet/model.h"
#include "densenet/options.h"
#include "densenet/plan.h"
#include "layers/linear.h"
#include "layers/pooling.h"

#include <stdlib.h>
#include <string.h>

struct dn_session {
    const dn_model *model;
    dn_session_options options;
    dni_pool *pool;
    void *memory;
    size_t size;
    int lanes;
    dni_plan *plans; /* (lanes) */
};

/* ---- creation ---- */

static dn_status check_options(const dn_session_options *options, const dn_config *config, dn_error *error) {
    if (options->batch < 1)
        return dni_fail(error, DN_ERR_ARGUMENT, "batch must be at least 1, not %d", options->batch);
    if (options->height < DNI_MIN_INPUT || options->width < DNI_MIN_INPUT)
        return dni_fail(error, DN_ERR_ARGUMENT, "images must be at least %dx%d, not %dx%d", DNI_MIN_INPUT,
                        DNI_MIN_INPUT, options->height, options->width);
    /* No buffer is larger than an input-sized map with as many channels as the feature vector is long. As
     * long as the bytes of that fit a size_t 4096 times over, no size computed here overflows. */
    size_t bytes = sizeof(float) * (size_t)config->features;
    if (!dni_size_mul(bytes, (size_t)options->height, &bytes) ||
        !dni_size_mul(bytes, (size_t)options->width, &bytes) ||
        !dni_size_mul(bytes, (size_t)options->batch, &bytes) || bytes > SIZE_MAX >> 12)
        return dni_fail(error, DN_ERR_ARGUMENT, "a batch of %d at %dx%d is too large for any memory",
                        options->batch, options->height, options->width);
    return DN_OK;
}

/* The first lane's plan is also used when all threads work together on one image, so it has scratch for all
 * of them. */
static void lay_out_lane(dni_plan *plan, int lane, const dn_model *model, const dn_session_options *options,
                         int threads, dni_arena *arena) {
    const int images = options->batch / dni_lane_count(options->batch, threads);
    dni_plan_lay_out(plan, model, options, images, lane == 0 ? threads : 1, arena);
}

/* Bytes of the arena for options that have been checked. */
static size_t plan_size(const dn_model *model, const dn_session_options *options, int threads) {
    dni_plan plan;
    dni_arena arena = {0};
    for (int lane = 0; lane < dni_lane_count(options->batch, threads); lane++)
        lay_out_lane(&plan, lane, model, options, threads, &arena);
    return arena.used;
}

dn_status dn_session_plan(const dn_model *model, const dn_session_options *options, size_t *bytes,
                          dn_error *error) {
    DNI_NOT_NULL(error, bytes);
    *bytes = 0;
    DNI_NOT_NULL(error, model);
    dn_session_options own;
    dn_status status = dni_session_options_take(&own, options, error);
    if (!status) status = check_options(&own, &model->config, error);
    int threads;
    if (!status) status = dni_pool_count(&threads, own.threads, own.executor, error);
    if (!status) *bytes = plan_size(model, &own, threads);
    return status;
}

/* Before the plan's first use: nothing is written to its borders later. */
static void clear_borders(dni_plan *plan) {
    if (plan->is_clear) return;
    for (int b = 0; b < DNI_BLOCKS; b++) {
        const dni_tensor *bordered = &plan->blocks[b].bordered;
        memset(bordered->data, 0, (size_t)dni_tensor_count(bordered) * sizeof(float));
    }
    plan->is_clear = true;
}

static dn_status allocate(dn_session *session, dn_error *error) {
    const dn_session_options *options = &session->options;
    session->size = plan_size(session->model, options, options->threads);
    session->lanes = dni_lane_count(options->batch, options->threads);
    session->plans = calloc((size_t)session->lanes, sizeof *session->plans);
    session->memory = dni_allocate(options->allocator, session->size);
    if (!session->plans || !session->memory)
        return dni_no_memory(error, "a session's arena of %zu bytes", session->size);
    dni_arena arena = {.base = session->memory};
    for (int lane = 0; lane < session->lanes; lane++)
        lay_out_lane(&session->plans[lane], lane, session->model, options, options->threads, &arena);
    return DN_OK;
}

dn_status dn_session_create(dn_session **out, const dn_model *model, const dn_session_options *options,
                            dn_error *error) {
    DNI_NOT_NULL(error, out);
    *out = NULL;
    DNI_NOT_NULL(error, model);
    dn_session_options own;
    dn_status status = dni_session_options_take(&own, options, error);
    if (!status) status = check_options(&own, &model->config, error);
    if (status) return status;
    dn_session *session = calloc(1, sizeof *session);
    if (!session) return dni_no_memory(error, "a session");
    *session = (dn_session){.model = model, .options = own};
    status = dni_pool_open(&session->pool, own.threads, own.executor, error);
    if (!status) {
        session->options.threads = dni_pool_threads(session->pool);
        status = allocate(session, error);
    }
    if (status) {
        dn_session_free(session);
        return status;
    }
    dni_log(own.on_log, own.context, "session of %s: %dx%d, batch %d, %d thread%s%s, %d lane%s, %zu bytes",
            model->config.name, own.height, own.width, own.batch, session->options.threads,
            session->options.threads == 1 ? "" : "s", own.executor ? " of the caller's" : "", session->lanes,
            session->lanes == 1 ? "" : "s", session->size);
    *out = session;
    return DN_OK;
}

void dn_session_free(dn_session *session) {
    if (!session) return;
    dni_pool_free(session->pool);
    dni_release(session->options.allocator, session->memory, session->size);
    free(session->plans);
    free(session);
}

size_t dn_session_arena_size(const dn_session *session) {
    return session ? session->size : 0;
}

int dn_session_threads(const dn_session *session) {
    return session ? dni_pool_threads(dni_pool_after_fork(session->pool)) : 0;
}

const dn_model *dn_session_model(const dn_session *session) {
    return session ? session->model : NULL;
}

int dn_session_batch(const dn_session *session) {
    return session ? session->options.batch : 0;
}

void dn_session_input_size(const dn_session *session, int *height, int *width) {
    if (!height || !width) return;
    *height = session ? session->options.height : 0;
    *width = session ? session->options.width : 0;
}

void dn_session_map_size(const dn_session *session, int *height, int *width) {
    if (!height || !width) return;
    *height = *width = 0;
    if (!session) return;
    const dni_tensor *map = &session->plans[0].blocks[DNI_BLOCKS - 1].channels;
    *height = (int)map->shape[1];
    *width = (int)map->shape[2];
}

/* ---- forward ---- */

/* What the caller gave, with no stride 0. */
typedef struct batch {
    const dn_session *session;
    dni_inputs inputs;
    dn_outputs outputs;
    int lane_images; /* those that the lanes take */
} batch;

/* A forward pass through one plan, by the threads of `pool` or, if that is NULL, by the calling thread
 * alone. */
typedef struct forward_pass {
    const dn_session *session;
    const batch *batch;
    const dni_plan *plan;
    dni_pool *pool;
} forward_pass;

static void run(const forward_pass *pass, int conv, const dni_tensor *x, const dni_tensor *y) {
    dni_prepared_conv_run(&pass->session->model->convs[conv], x, y, pass->plan->scratch, pass->pool);
}

static dni_tensor images_of(const dni_tensor *tensor, int first, int count) {
    return dni_tensor_slice(tensor, 0, first, count);
}

/* The caller's inputs as a tensor. It is only read: the cast drops a const. */
static dni_tensor input_images(const forward_pass *pass, int first, int count) {
    const dni_inputs *inputs = &pass->batch->inputs;
    float *data = (float *)(uintptr_t)(inputs->values + (size_t)first * inputs->stride);
    dni_tensor images = dni_tensor_nhwc(data, count, inputs->height, inputs->width, DNI_INPUT_CHANNELS);
    images.stride[0] = (int64_t)inputs->stride;
    return images;
}

/* The index of the convolution that writes the first channels of a block: the stem or a transition. */
static int block_input_conv(const dn_config *config, int block) {
    int index = 0;
    for (int b = 0; b < block; b++) index += 1 + 2 * config->layers[b];
    return index;
}

/* Computes rows first .. end - 1 of y by one convolution from the same rows of x and, if its kernel needs
 * them, their neighbours. */
static void run_rows(const forward_pass *pass, int conv, const dni_tensor *x, const dni_tensor *y,
                     int64_t first, int64_t end) {
    if (first == end) return;
    const dni_tensor from = dni_tensor_slice(x, 1, first, end - first);
    const dni_tensor to = dni_tensor_slice(y, 1, first, end - first);
    run(pass, conv, &from, &to);
}

/* Runs the two convolutions of a dense layer, `conv` and the next one, over bands of rows. conv2 needs the
 * row below each of its own rows, so it stays one strip behind conv1. */
static void run_layer(const forward_pass *pass, int conv, int band, const dni_tensor *x,
                      const dni_tensor *bottleneck, const dni_tensor *y) {
    const int64_t height = x->shape[1];
    for (int64_t first = 0, done = 0; first < height; first += band) {
        const int64_t end = first + band < height ? first + band : height;
        const int64_t seen = end < height ? end - DNI_CONV2D_STRIP : height;
        run_rows(pass, conv, x, bottleneck, first, end);
        run_rows(pass, conv + 1, bottleneck, y, done, seen);
        done = seen;
    }
}

/* All dense layers of a block over the `count` images in its buffer. */
static void run_layers(const forward_pass *pass, int block, int count) {
    const dni_block_plan *plan = &pass->plan->blocks[block];
    const dn_config *config = &pass->session->model->config;
    const dni_tensor channels = images_of(&plan->channels, 0, count);
    const dni_tensor bottleneck = images_of(&plan->bottleneck, 0, count);
    int conv = block_input_conv(config, block) + 1;
    int present = dni_block_first_channels(config, block);
    const int band = dni_pool_threads(pass->pool) > 1 ? (int)channels.shape[1] : plan->band;
    for (int layer = 0; layer < config->layers[block]; layer++, conv += 2) {
        const dni_tensor so_far = dni_tensor_slice(&channels, 3, 0, present);
        const dni_tensor own = dni_tensor_slice(&channels, 3, present, config->growth);
        run_layer(pass, conv, band, &so_far, &bottleneck, &own);
        present += config->growth;
    }
}

/* Fills the block's buffer for images first .. first + count - 1 of the batch, at most a group of them. */
static void run_block(const forward_pass *pass, int block, int first, int count) {
    const dni_plan *plan = pass->plan;
    const dn_config *config = &pass->session->model->config;
    const int step = plan->blocks[block ? block - 1 : 0].group;
    for (int i = 0; i < count; i += step) {
        const int n = count - i < step ? count - i : step;
        const dni_tensor images = images_of(&plan->blocks[block].channels, i, n);
        const dni_tensor entry = dni_tensor_slice(&images, 3, 0, dni_block_first_channels(config, block));
        dni_tensor x;
        if (block == 0) {
            x = input_images(pass, first + i, n);
        } else {
            run_block(pass, block - 1, first + i, n);
            x = images_of(&plan->blocks[block - 1].channels, 0, n);
        }
        run(pass, block_input_conv(config, block), &x, &entry);
    }
    run_layers(pass, block, count);
}

/* norm5, ReLU, average pool and classifier for the images in the last block's buffer. */
static void finish(const forward_pass *pass, int first, int count) {
    const dn_outputs *outputs = &pass->batch->outputs;
    const dn_model *model = pass->session->model;
    const dni_plan *plan = pass->plan;
    const dni_tensor x = images_of(&plan->blocks[DNI_BLOCKS - 1].channels, 0, count);
    const int length = model->config.features;
    const size_t skip = (size_t)first;
    dni_pooled pooled = {.features = plan->features, .features_stride = (size_t)length};
    if (outputs->features) {
        pooled.features = outputs->features + skip * outputs->features_stride;
        pooled.features_stride = outputs->features_stride;
    }
    if (outputs->map) {
        pooled.map = outputs->map + skip * outputs->map_stride;
        pooled.map_stride = outputs->map_stride;
    }
    dni_bn_relu_global_avg_pool(&x, model->norm5_scale, model->norm5_shift, pooled, pass->pool);
    if (outputs->logits)
        dni_linear(pooled.features, pooled.features_stride, count, model->classifier_weight,
                   model->classifier_bias, length, DN_LOGITS, outputs->logits + skip * outputs->logits_stride,
                   outputs->logits_stride, pass->pool);
}

static void run_images(const forward_pass *pass, int first, int count) {
    const int step = pass->plan->blocks[DNI_BLOCKS - 1].group, end = first + count;
    for (; first < end; first += step) {
        const int n = end - first < step ? end - first : step;
        run_block(pass, DNI_BLOCKS - 1, first, n);
        finish(pass, first, n);
    }
}

static void run_lane(void *context, size_t lane) {
    const batch *all = context;
    dni_plan *const plan = &all->session->plans[lane];
    const forward_pass pass = {all->session, all, plan, NULL};
    const size_t lanes = (size_t)all->session->lanes, images = (size_t)all->lane_images;
    const int first = (int)(images * lane / lanes), end = (int)(images * (lane + 1) / lanes);
    if (first == end) return;
    clear_borders(plan);
    run_images(&pass, first, end - first);
}

static void run_batch(batch *all) {
    const dn_session *session = all->session;
    dni_pool *const pool = dni_pool_after_fork(session->pool);
    const int count = all->inputs.count,
              done = dni_images_of_lanes(count, session->lanes, session->options.threads);
    all->lane_images = done;
    if (done) dni_pool_run(pool, run_lane, all, (size_t)session->lanes);
    if (done == count) return;
    const forward_pass rest = {session, all, &session->plans[0], pool};
    clear_borders(&session->plans[0]);
    run_images(&rest, done, count - done);
}

/* ---- what the caller gives ---- */

/* Puts `dense`, the floats of one image, in the place of a stride of 0, and refuses a smaller one. */
static dn_status set_stride(size_t *stride, size_t dense, const char *name, dn_error *error) {
    if (*stride == 0) *stride = dense;
    if (*stride >= dense) return DN_OK;
    return dni_fail(error, DN_ERR_ARGUMENT, "%s is %zu, below the %zu floats of one image", name, *stride,
                    dense);
}

/* Of one image's feature map. */
static size_t map_floats(const dn_session *session) {
    int height, width;
    dn_session_map_size(session, &height, &width);
    return (size_t)height * (size_t)width * (size_t)session->model->config.features;
}

static dn_status set_strides(batch *all, dn_error *error) {
    const dn_session *session = all->session;
    const size_t features = (size_t)session->model->config.features;
    const size_t image =
        (size_t)session->options.height * (size_t)session->options.width * DNI_INPUT_CHANNELS;
    const size_t map = map_floats(session);
    dn_status status = set_stride(&all->inputs.stride, image, "input_stride", error);
    if (!status) status = set_stride(&all->outputs.features_stride, features, "features_stride", error);
    if (!status) status = set_stride(&all->outputs.map_stride, map, "map_stride", error);
    if (!status) status = set_stride(&all->outputs.logits_stride, DN_LOGITS, "logits_stride", error);
    return status;
}

/* Weights may be so large, though each is finite, that sums of them are not. */
static dn_status check_output(const float *values, size_t stride, size_t size, int count, const char *name,
                              dn_error *error) {
    for (int n = 0; values && n < count; n++)
        if (!dni_all_finite(values + (size_t)n * stride, size))
            return dni_fail(error, DN_ERR_OVERFLOW,
                            "%s of image %d are not finite: the network's weights are too large", name, n);
    return DN_OK;
}

static dn_status check_outputs(const batch *all, dn_error *error) {
    const dn_outputs *out = &all->outputs;
    const size_t features = (size_t)all->session->model->config.features;
    const int count = all->inputs.count;
    const size_t map = map_floats(all->session);
    dn_status status = check_output(out->features, out->features_stride, features, count, "features", error);
    if (!status) status = check_output(out->map, out->map_stride, map, count, "the maps", error);
    if (!status) status = check_output(out->logits, out->logits_stride, DN_LOGITS, count, "logits", error);
    return status;
}

dn_status dn_session_forward_strided(dn_session *session, const float *inputs, size_t input_stride, int count,
                                     const dn_outputs *outputs, dn_error *error) {
    DNI_NOT_NULL(error, session);
    DNI_NOT_NULL(error, inputs);
    DNI_NOT_NULL(error, outputs);
    const dn_session_options *options = &session->options;
    if (count < 1 || count > options->batch)
        return dni_fail(error, DN_ERR_ARGUMENT, "count must be 1 to the session's batch of %d, not %d",
                        options->batch, count);
    if (outputs->logits && !dn_model_has_classifier(session->model))
        return dni_fail(error, DN_ERR_UNSUPPORTED,
                        "no logits: the weights came without ImageNet's classifier");
    batch all = {.session = session,
                 .inputs = {inputs, input_stride, count, options->height, options->width},
                 .outputs = *outputs};
    dn_status status = set_strides(&all, error);
    if (!status) status = dni_inputs_check(&all.inputs, error);
    if (status) return status;
    run_batch(&all);
    return check_outputs(&all, error);
}

dn_status dn_session_forward(dn_session *session, const float *inputs, int count, const dn_outputs *outputs,
                             dn_error *error) {
    DNI_NOT_NULL(error, session);
    DNI_NOT_NULL(error, inputs);
    DNI_NOT_NULL(error, outputs);
    return dn_session_forward_strided(session, inputs, 0, count, outputs, error);
}
