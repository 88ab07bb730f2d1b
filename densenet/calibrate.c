/* SPDX-License-Identifier: MIT */
/* Batch-norm statistics of given inputs, measured in one pass through the network.
 *
 * A norm's statistics are those of its input, in the network whose earlier norms already have theirs. Within
 * a block all norms that stand before a convolution see the same channels: a channel is measured once, when
 * it is written, and the numbers serve norm1 of every later layer and the norm after the block. norm0 and
 * norm2 are measured on the output of their convolution without any norm. All inputs pass together, because
 * the statistics run over all of them. */
#include "core/error.h"
#include "core/memory.h"
#include "core/progress.h"
#include "densenet/inputs.h"
#include "densenet/options.h"
#include "densenet/prepared_conv.h"
#include "densenet/weights.h"
#include "layers/batch_norm.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A float32 tensor with memory of its own. */
typedef struct buffer {
    dni_tensor tensor;
    size_t size;
} buffer;

typedef struct calibration {
    dni_tensor_dict *tensors; /* the weights', with norm statistics as measured so far */
    dni_isa isa;
    dni_pool *pool;
    buffer channels;           /* of the current block */
    buffer bordered;           /* its bottleneck with one pixel of zeros around every image */
    double *mean, *variance;   /* of the block's channels */
    double *mean2, *variance2; /* of a convolution's output before its norm */
    dn_error *error;
} calibration;

/* ---- memory ---- */

static dn_status no_memory(const calibration *c) {
    return dni_no_memory(c->error, "measuring batch-norm statistics");
}

static dn_status buffer_create(const calibration *c, buffer *out, int64_t n, int64_t h, int64_t w,
                               int64_t channels) {
    *out = (buffer){.tensor = dni_tensor_nhwc(NULL, n, h, w, channels), .size = sizeof(float)};
    for (int d = 0; d < 4; d++)
        if (!dni_size_mul(out->size, (size_t)out->tensor.shape[d], &out->size)) return no_memory(c);
    out->tensor.data = dni_allocate(NULL, out->size);
    if (!out->tensor.data) return no_memory(c);
    memset(out->tensor.data, 0, out->size);
    return DN_OK;
}

static void buffer_free(buffer *old) {
    dni_release(NULL, old->tensor.data, old->size);
    old->tensor.data = NULL;
}

/* The bordered buffer without its border. */
static dni_tensor bottleneck_of(const calibration *c) {
    const dni_tensor *bordered = &c->bordered.tensor;
    const dni_tensor rows = dni_tensor_slice(bordered, 1, 1, bordered->shape[1] - 2);
    return dni_tensor_slice(&rows, 2, 1, bordered->shape[2] - 2);
}

/* ---- steps ---- */

static dn_status run_part(const calibration *c, dni_part part, const dni_tensor *x, const dni_tensor *y) {
    dni_prepared_conv prepared = dni_prepared_conv_of(part, (dni_conv2d_requirements){.isa = c->isa});
    const size_t packed_size = prepared.kernel->packed_size(&prepared.conv);
    const size_t scratch_size = prepared.kernel->scratch_size(&prepared.conv, x, dni_pool_threads(c->pool));
    prepared.packed = dni_allocate(NULL, packed_size);
    void *scratch = dni_allocate(NULL, scratch_size);
    float *room = malloc(dni_prepared_conv_room(&prepared) * sizeof *room);
    const dn_status status = prepared.packed && scratch && room ? DN_OK : no_memory(c);
    if (!status) {
        dni_prepared_conv_pack(&prepared, c->tensors, dni_weights_data(c->tensors, part.conv, "weight"),
                               room);
        dni_prepared_conv_run(&prepared, x, y, scratch, c->pool);
    }
    free(room);
    dni_release(NULL, prepared.packed, packed_size);
    dni_release(NULL, scratch, scratch_size);
    return status;
}

/* The same convolution without norm and ReLU behind it. */
static dni_part bare(dni_part part) {
    part.norm_behind[0] = '\0';
    return part;
}

static dn_status measure(const calibration *c, const dni_tensor *x, const char *what, double *mean,
                         double *variance) {
    dni_channel_statistics(x, mean, variance, c->pool);
    for (int64_t i = 0; i < x->shape[3]; i++)
        if (!isfinite((float)mean[i]) || !isfinite((float)variance[i]))
            return dni_fail(
                c->error, DN_ERR_ARGUMENT,
                "batch-norm statistics behind '%s' are not finite (channel %lld: mean %g, variance "
                "%g): the inputs hold NaN, infinity or huge values",
                what, (long long)i, mean[i], variance[i]);
    return DN_OK;
}

/* Measures `count` channels of the block from `first` on. */
static dn_status measure_channels(const calibration *c, const char *what, int first, int count) {
    const dni_tensor own = dni_tensor_slice(&c->channels.tensor, 3, first, count);
    return measure(c, &own, what, c->mean + first, c->variance + first);
}

static void store(const calibration *c, const char *norm, int channels, const double *mean,
                  const double *variance) {
    float *stored_mean = dni_weights_data(c->tensors, norm, "running_mean");
    float *stored_variance = dni_weights_data(c->tensors, norm, "running_var");
    for (int i = 0; i < channels; i++) {
        /* NOLINTNEXTLINE(clang-analyzer-*): the arrays have the widest part's channels, all measured */
        stored_mean[i] = (float)mean[i];
        stored_variance[i] = (float)variance[i];
    }
}

/* Runs the convolution without its norm into y, measures y, and stores the statistics for the norm behind
 * it. */
static dn_status measure_behind(const calibration *c, const dni_part *part, const dni_tensor *x,
                                const dni_tensor *y) {
    dn_status status = run_part(c, bare(*part), x, y);
    if (!status) status = measure(c, y, part->conv, c->mean2, c->variance2);
    if (!status) store(c, part->norm_behind, part->out_channels, c->mean2, c->variance2);
    return status;
}

typedef struct bn_relu {
    const dni_tensor *x;
    const float *scale, *shift;
} bn_relu;

static void bn_relu_row(void *context, size_t row) {
    const bn_relu *job = context;
    const dni_tensor *x = job->x;
    const int64_t image = (int64_t)row / x->shape[1], line = (int64_t)row % x->shape[1];
    float *pixel = (float *)x->data + image * x->stride[0] + line * x->stride[1];
    for (int64_t i = 0; i < x->shape[2]; i++, pixel += x->stride[2])
        for (int64_t c = 0; c < x->shape[3]; c++)
            pixel[c] = fmaxf(0.0f, job->scale[c] * pixel[c] + job->shift[c]);
}

static dn_status normalise(const calibration *c, const char *norm, const dni_tensor *x) {
    const int channels = (int)x->shape[3];
    float *scale = malloc(2 * (size_t)channels * sizeof *scale);
    if (!scale) return no_memory(c);
    bn_relu job = {.x = x, .scale = scale, .shift = scale + channels};
    dni_weights_norm(c->tensors, norm, channels, scale, scale + channels);
    dni_pool_run(c->pool, bn_relu_row, &job, (size_t)(x->shape[0] * x->shape[1]));
    free(scale);
    return DN_OK;
}

/* Makes the buffers of the next block and runs `part`, a stem or a transition, from x into its first
 * channels. */
static dn_status enter_block(calibration *c, const dn_config *config, const dni_part *part, int block,
                             const dni_tensor *x) {
    const dni_conv2d conv = dni_part_conv2d(part);
    const int64_t height = dni_conv2d_output_size(&conv, x->shape[1]);
    const int64_t width = dni_conv2d_output_size(&conv, x->shape[2]);
    buffer last = c->channels;
    buffer_free(&c->bordered);
    dn_status status =
        buffer_create(c, &c->channels, x->shape[0], height, width, dni_block_channels(config, block));
    if (!status)
        status = buffer_create(c, &c->bordered, x->shape[0], height + 2, width + 2,
                               config->bottleneck * config->growth);
    if (!status) {
        const dni_tensor y = dni_tensor_slice(&c->channels.tensor, 3, 0, part->out_channels);
        status = run_part(c, *part, x, &y);
    }
    buffer_free(&last);
    return status ? status : measure_channels(c, part->conv, 0, part->out_channels);
}

static dn_status calibrate_stem(calibration *c, const dn_config *config, const dni_part *part,
                                const dni_tensor *inputs) {
    const dni_part first = bare(*part);
    const dni_conv2d conv = dni_part_conv2d(&first);
    buffer raw;
    dn_status status =
        buffer_create(c, &raw, inputs->shape[0], dni_conv2d_output_size(&conv, inputs->shape[1]),
                      dni_conv2d_output_size(&conv, inputs->shape[2]), part->out_channels);
    if (!status) status = measure_behind(c, part, inputs, &raw.tensor);
    buffer_free(&raw);
    return status ? status : enter_block(c, config, part, 0, inputs);
}

static dn_status calibrate_part(calibration *c, const dn_config *config, const dni_part *part,
                                const dni_tensor *inputs) {
    dn_status status = DN_OK;
    if (*part->norm_before) store(c, part->norm_before, part->in_channels, c->mean, c->variance);
    switch (part->role) {
    case DNI_STEM:
        return calibrate_stem(c, config, part, inputs);
    case DNI_CONV1: {
        const dni_tensor so_far = dni_tensor_slice(&c->channels.tensor, 3, 0, part->in_channels);
        const dni_tensor bottleneck = bottleneck_of(c);
        status = measure_behind(c, part, &so_far, &bottleneck);
        return status ? status : normalise(c, part->norm_behind, &bottleneck);
    }
    case DNI_CONV2: {
        const dni_tensor own = dni_tensor_slice(&c->channels.tensor, 3, part->out_offset, part->out_channels);
        const dni_tensor bottleneck = bottleneck_of(c);
        status = run_part(c, *part, &bottleneck, &own);
        return status ? status : measure_channels(c, part->conv, part->out_offset, part->out_channels);
    }
    case DNI_TRANSITION: {
        const dni_tensor block = c->channels.tensor;
        return enter_block(c, config, part, part->block + 1, &block);
    }
    case DNI_FINAL_NORM:
    case DNI_CLASSIFIER:
        break; /* no norm comes after them */
    }
    return DN_OK;
}

/* ---- the call ---- */

static dn_status check(int count, int height, int width, dn_error *error) {
    if (count < 1) return dni_fail(error, DN_ERR_ARGUMENT, "calibration needs images, not %d", count);
    if (height < DNI_MIN_INPUT || width < DNI_MIN_INPUT)
        return dni_fail(error, DN_ERR_ARGUMENT, "images must be at least %dx%d, not %dx%d", DNI_MIN_INPUT,
                        DNI_MIN_INPUT, height, width);
    return DN_OK;
}

static dn_status calibrate_all(calibration *c, const dn_config *config, const dni_tensor *inputs,
                               const dn_calibrate_options *options) {
    dn_status status = DN_OK;
    const int count = dni_part_count(config);
    for (int i = 0; i < count && !status; i++) {
        const dni_part part = dni_part_at(config, i);
        status = calibrate_part(c, config, &part, inputs);
        if (!status)
            status = dni_progress_tell(options->on_progress, options->context, (size_t)i + 1, (size_t)count,
                                       "measuring batch-norm statistics", c->error);
    }
    buffer_free(&c->channels);
    buffer_free(&c->bordered);
    return status;
}

/* The most channels that any tensor of the network has. */
static int widest(const dn_config *config) {
    int most = 0;
    for (int i = 0; i < dni_convolution_count(config); i++) {
        const dni_part part = dni_part_at(config, i);
        if (part.in_channels > most) most = part.in_channels;
        if (part.out_channels > most) most = part.out_channels;
    }
    return config->features > most ? config->features : most;
}

static dn_status prepare(calibration *c, const dn_weights *weights, const dn_calibrate_options *options) {
    dn_status status = dni_cpu_choose_isa(&c->isa, c->error);
    if (!status) status = dni_pool_open(&c->pool, options->threads, options->executor, c->error);
    if (!status) status = dni_weights_own_statistics(weights, &c->tensors, c->error);
    if (status) return status;
    const int channels = widest(&weights->config);
    c->mean = malloc(4 * (size_t)channels * sizeof *c->mean);
    if (!c->mean) return no_memory(c);
    c->variance = c->mean + channels;
    c->mean2 = c->variance + channels;
    c->variance2 = c->mean2 + channels;
    return DN_OK;
}

dn_status dn_weights_calibrate(dn_weights *weights, const float *inputs, int count, int height, int width,
                               const dn_calibrate_options *options, dn_error *error) {
    DNI_NOT_NULL(error, weights);
    DNI_NOT_NULL(error, inputs);
    dn_calibrate_options own;
    dn_status status = dni_calibrate_options_take(&own, options, error);
    if (!status) status = check(count, height, width, error);
    const dni_inputs all = {inputs, (size_t)height * (size_t)width * DNI_INPUT_CHANNELS, count, height,
                            width};
    if (!status) status = dni_inputs_check(&all, error);
    if (status) return status;
    calibration c = {.error = error};
    status = prepare(&c, weights, &own);
    if (!status) {
        float *data = (float *)(uintptr_t)inputs; /* only ever read */
        const dni_tensor x = dni_tensor_nhwc(data, count, height, width, DNI_INPUT_CHANNELS);
        status = calibrate_all(&c, &weights->config, &x, &own);
    }
    if (!status) status = dni_weights_replace(weights, c.tensors, error);
    if (status) dni_tensor_dict_free(c.tensors);
    free(c.mean);
    dni_pool_free(c.pool);
    return status;
}
