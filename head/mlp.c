/* SPDX-License-Identifier: MIT */
/* The multi-layer perceptron over cblas_sgemm. */
#include "head/mlp.h"

#include "core/error.h"
#include "core/memory.h"
#include "core/number.h"
#include "core/options.h"
#include "head/blas.h"
#include "layers/activation.h"
#include "layers/dropout.h"
#include "layers/loss.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Rows of one evaluation pass: enough for BLAS to run at speed, 2.3 MB of input at 2208 features. */
enum { EVALUATION_ROWS = 256 };

/* ---- making and copying ---- */

DNI_OPTIONS_KIND(head_kind, dn_head_options, seed, seed);

void dn_head_options_init(dn_head_options *options, size_t struct_size) {
    static const int hidden[] = {512, 256};
    const dn_head_options defaults = {
        .struct_size = sizeof defaults, .hidden = hidden, .hidden_count = 2, .dropout = 0.2f, .seed = 1};
    dni_options_init(options, struct_size, &defaults, &head_kind);
}

/* Where layer i's weight starts in the parameters; its bias follows. Of i == linear_count: their number. */
static size_t weight_offset(const dn_head *head, int i) {
    size_t offset = 0;
    for (int l = 0; l < i; l++) offset += ((size_t)head->widths[l] + 1) * (size_t)head->widths[l + 1];
    return offset;
}

static dn_status count_parameters(dn_head *head, dn_error *error) {
    size_t bytes = 0, layer;
    for (int i = 0; i < head->linear_count; i++) {
        if (!dni_size_mul((size_t)head->widths[i] + 1, (size_t)head->widths[i + 1], &layer) ||
            !dni_size_mul(layer, sizeof(float), &layer) || !dni_size_add(bytes, layer, &bytes))
            return dni_no_memory(error, "head: layer %d of %d x %d weights", i, head->widths[i + 1],
                                 head->widths[i]);
    }
    head->parameter_count = bytes / sizeof(float);
    return DN_OK;
}

/* A head of these widths, parameters not set. */
static dn_status create(dn_head **out, const int *widths, int linear_count, float dropout, dn_error *error) {
    *out = NULL;
    dn_head *head = malloc(sizeof *head);
    if (!head) return dni_no_memory(error, "a head");
    *head = (dn_head){.linear_count = linear_count, .dropout = dropout};
    memcpy(head->widths, widths, ((size_t)linear_count + 1) * sizeof *widths);
    dn_status status = count_parameters(head, error);
    if (!status) {
        head->parameters = dni_allocate(NULL, head->parameter_count * sizeof(float));
        if (!head->parameters)
            status = dni_no_memory(error, "a head of %zu parameters", head->parameter_count);
    }
    if (status)
        dn_head_free(head);
    else
        *out = head;
    return status;
}

/* nn.Linear's default: weight and bias both U(-1/sqrt(in), 1/sqrt(in)), layer after layer from one stream. */
static void initialise(dn_head *head, uint64_t seed) {
    dni_rng rng = dni_rng_named(seed, "head/weights");
    float *p = head->parameters;
    for (int i = 0; i < head->linear_count; i++) {
        const float bound = 1.0f / sqrtf((float)head->widths[i]);
        const size_t count = ((size_t)head->widths[i] + 1) * (size_t)head->widths[i + 1];
        for (size_t j = 0; j < count; j++) *p++ = (2.0f * dni_rng_uniform(&rng) - 1.0f) * bound;
    }
}

static dn_status check_dropout(float dropout, dn_error *error) {
    if (dropout >= 0.0f && dropout < 1.0f) return DN_OK;
    return dni_fail(error, DN_ERR_ARGUMENT, "dropout must be at least 0 and below 1, not %g",
                    (double)dropout);
}

dn_status dn_head_create(dn_head **out, int features, int classes, const dn_head_options *options,
                         dn_error *error) {
    DNI_NOT_NULL(error, out);
    *out = NULL;
    dn_head_options own = dn_head_options_default();
    dn_status status = dni_options_take(&own, options, &head_kind, error);
    if (status) return status;
    options = &own;
    if (features < 1)
        return dni_fail(error, DN_ERR_ARGUMENT, "features must be at least 1, not %d", features);
    if (classes < 2) return dni_fail(error, DN_ERR_ARGUMENT, "classes must be at least 2, not %d", classes);
    if (options->hidden_count < 0 || options->hidden_count >= DNI_MAX_LINEAR)
        return dni_fail(error, DN_ERR_ARGUMENT, "hidden_count must be 0 to %d, not %d", DNI_MAX_LINEAR - 1,
                        options->hidden_count);
    if (options->hidden_count > 0) DNI_NOT_NULL(error, options->hidden);
    status = check_dropout(options->dropout, error);
    if (status) return status;
    int widths[DNI_MAX_LINEAR + 1] = {features};
    for (int i = 0; i < options->hidden_count; i++) {
        widths[i + 1] = options->hidden[i];
        if (widths[i + 1] < 1)
            return dni_fail(error, DN_ERR_ARGUMENT, "hidden[%d] must be at least 1, not %d", i,
                            widths[i + 1]);
    }
    widths[options->hidden_count + 1] = classes;
    status = create(out, widths, options->hidden_count + 1, options->dropout, error);
    if (!status) initialise(*out, options->seed);
    return status;
}

void dn_head_free(dn_head *head) {
    if (!head) return;
    dni_release(NULL, head->parameters, head->parameter_count * sizeof(float));
    free(head->standardisation);
    free(head);
}

int dn_head_features(const dn_head *head) {
    return head ? head->widths[0] : 0;
}

int dn_head_classes(const dn_head *head) {
    return head ? head->widths[head->linear_count] : 0;
}

const int *dn_head_widths(const dn_head *head, int *count) {
    if (count) *count = head ? head->linear_count + 1 : 0;
    return head && count ? head->widths : NULL;
}

dn_status dn_head_set_dropout(dn_head *head, float dropout, dn_error *error) {
    DNI_NOT_NULL(error, head);
    const dn_status status = check_dropout(dropout, error);
    if (!status) head->dropout = dropout;
    return status;
}

dni_linear dni_head_linear(const dn_head *head, int i) {
    const int in = head->widths[i], width = head->widths[i + 1];
    const float *weight = head->parameters + weight_offset(head, i);
    return (dni_linear){
        .in = in, .out = width, .weight = weight, .bias = weight + (size_t)in * (size_t)width};
}

dn_status dni_head_from_linears(dn_head **out, const dni_linear *linears, int count, float dropout,
                                dn_error *error) {
    *out = NULL;
    if (count < 1 || count > DNI_MAX_LINEAR)
        return dni_fail(error, DN_ERR_UNSUPPORTED, "a head has 1 to %d linear layers, not %d", DNI_MAX_LINEAR,
                        count);
    int widths[DNI_MAX_LINEAR + 1] = {linears[0].in};
    for (int i = 0; i < count; i++) {
        if (linears[i].in != widths[i])
            return dni_fail(error, DN_ERR_TENSOR_SHAPE,
                            "linear layer %d takes %d values, but the one before it gives %d", i,
                            linears[i].in, widths[i]);
        if (linears[i].in < 1 || linears[i].out < 1)
            return dni_fail(error, DN_ERR_TENSOR_SHAPE, "linear layer %d is empty: (%d, %d)", i,
                            linears[i].out, linears[i].in);
        widths[i + 1] = linears[i].out;
    }
    const dn_status status = create(out, widths, count, dropout, error);
    if (status) return status;
    float *p = (*out)->parameters;
    for (int i = 0; i < count; i++) {
        const size_t weights = (size_t)linears[i].in * (size_t)linears[i].out;
        memcpy(p, linears[i].weight, weights * sizeof *p);
        memcpy(p + weights, linears[i].bias, (size_t)linears[i].out * sizeof *p);
        p += weights + (size_t)linears[i].out;
    }
    (*out)->is_trained = true;
    return DN_OK;
}

dn_status dni_head_copy_scale(dn_head *to, const dn_head *from, dn_error *error) {
    to->is_trained = from->is_trained;
    if (!from->standardisation) return DN_OK;
    const size_t size = 2 * (size_t)from->widths[0] * sizeof(float);
    to->standardisation = malloc(size);
    if (!to->standardisation) return dni_no_memory(error, "a head's standardisation");
    memcpy(to->standardisation, from->standardisation, size);
    return DN_OK;
}

dn_status dn_head_clone(dn_head **out, const dn_head *head, dn_error *error) {
    DNI_NOT_NULL(error, out);
    *out = NULL;
    DNI_NOT_NULL(error, head);
    dn_head *copy;
    dn_status status = create(&copy, head->widths, head->linear_count, head->dropout, error);
    if (status) return status;
    memcpy(copy->parameters, head->parameters, head->parameter_count * sizeof(float));
    status = dni_head_copy_scale(copy, head, error);
    if (status)
        dn_head_free(copy);
    else
        *out = copy;
    return status;
}

dn_status dni_head_fold_standardisation(dn_head **out, const dn_head *head, dn_error *error) {
    const dn_status status = dn_head_clone(out, head, error);
    if (status || !head->standardisation) return status;
    dn_head *plain = *out;
    const size_t in = (size_t)plain->widths[0], width = (size_t)plain->widths[1];
    const float *mean = plain->standardisation, *inverse = mean + in;
    float *weight = plain->parameters, *bias = weight + in * width;
    for (size_t o = 0; o < width; o++) {
        double shift = 0.0;
        for (size_t i = 0; i < in; i++) {
            const double scaled = (double)weight[o * in + i] * (double)inverse[i];
            shift += scaled * (double)mean[i];
            weight[o * in + i] = (float)scaled;
        }
        bias[o] = (float)((double)bias[o] - shift);
    }
    free(plain->standardisation);
    plain->standardisation = NULL;
    return DN_OK;
}

void dni_head_unfold_standardisation(dn_head *head) {
    const size_t in = (size_t)head->widths[0], width = (size_t)head->widths[1];
    const float *mean = head->standardisation, *inverse = mean + in;
    float *weight = head->parameters, *bias = weight + in * width;
    for (size_t o = 0; o < width; o++) {
        double shift = 0.0;
        for (size_t i = 0; i < in; i++) {
            const double plain = (double)weight[o * in + i];
            shift += plain * (double)mean[i];
            if (inverse[i] > 0.0f) weight[o * in + i] = (float)(plain / (double)inverse[i]);
        }
        bias[o] = (float)((double)bias[o] + shift);
    }
}

/* ---- one mini-batch ---- */

dn_status dni_mlp_batch_create(dni_mlp_batch *batch, const dn_head *head, int capacity, int with_backward,
                               dn_error *error) {
    *batch = (dni_mlp_batch){.capacity = capacity};
    size_t width = 0;
    for (int i = 0; i <= head->linear_count; i++) width += (size_t)head->widths[i];
    if (!dni_size_mul(width, (size_t)capacity * sizeof(float) * (with_backward ? 2 : 1), &batch->size) ||
        !(batch->memory = dni_allocate(NULL, batch->size)))
        return dni_no_memory(error, "a batch of %d rows through the head", capacity);
    const dn_status status = dni_blas_acquire(error);
    if (status) {
        dni_release(NULL, batch->memory, batch->size);
        *batch = (dni_mlp_batch){0};
        return status;
    }
    float *p = batch->memory;
    for (int i = 0; i <= head->linear_count; i++) {
        const size_t count = (size_t)capacity * (size_t)head->widths[i];
        batch->output[i] = p;
        p += count;
        if (with_backward) {
            batch->delta[i] = p;
            p += count;
        }
    }
    return DN_OK;
}

void dni_mlp_batch_free(dni_mlp_batch *batch) {
    if (batch->memory) dni_blas_release();
    dni_release(NULL, batch->memory, batch->size);
    *batch = (dni_mlp_batch){0};
}

/* x: (rows, features), in place. */
static void standardise_rows(const dn_head *head, float *x, int rows) {
    const size_t in = (size_t)head->widths[0];
    if (!head->standardisation) return;
    const float *mean = head->standardisation, *inverse = mean + in;
    for (int r = 0; r < rows; r++, x += in)
        for (size_t i = 0; i < in; i++) x[i] = (x[i] - mean[i]) * inverse[i];
}

void dni_mlp_load_row(const dn_head *head, dni_mlp_batch *batch, int row, const float *features) {
    const size_t in = (size_t)head->widths[0];
    float *x = batch->output[0] + (size_t)row * in;
    memcpy(x, features, in * sizeof *x);
    standardise_rows(head, x, 1);
}

void dni_mlp_standardise(const dn_head *head, dni_mlp_batch *batch, int rows) {
    standardise_rows(head, batch->output[0], rows);
}

size_t dni_mlp_dropout_elements(const dn_head *head) {
    size_t elements = 0;
    for (int i = 1; i < head->linear_count; i++) elements += (size_t)head->widths[i];
    return elements;
}

/* Where the mask of layer i's output, (rows, widths[i + 1]), starts in the stream: layer after layer. */
static uint64_t mask_position(const dn_head *head, const dni_rng *dropout, int rows, int i) {
    uint64_t position = dropout->position;
    for (int l = 0; l < i; l++) position += (uint64_t)rows * (uint64_t)head->widths[l + 1];
    return position;
}

void dni_mlp_forward(const dn_head *head, dni_mlp_batch *batch, int rows, const dni_rng *dropout) {
    for (int i = 0; i < head->linear_count; i++) {
        const dni_linear layer = dni_head_linear(head, i);
        const size_t width = (size_t)layer.out, count = (size_t)rows * width;
        float *y = batch->output[i + 1];
        for (int r = 0; r < rows; r++) memcpy(y + (size_t)r * width, layer.bias, width * sizeof *y);
        /* y (B, out) += x (B, in) weight^T (in, out) */
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, rows, layer.out, layer.in, 1.0f,
                    batch->output[i], layer.in, layer.weight, layer.in, 1.0f, y, layer.out);
        if (i + 1 == head->linear_count) break;
        dni_relu_forward(y, count);
        if (dropout) dni_dropout(y, count, head->dropout, dropout, mask_position(head, dropout, rows, i));
    }
}

/* weight (out, in) = delta^T (out, B) x (B, in); bias (out) = the column sums of delta. */
static void linear_parameter_gradient(const dni_linear *layer, const float *delta, const float *x, int rows,
                                      float *gradient) {
    const size_t width = (size_t)layer->out;
    float *bias = gradient + (size_t)layer->in * width;
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, layer->out, layer->in, rows, 1.0f, delta, layer->out,
                x, layer->in, 0.0f, gradient, layer->in);
    memset(bias, 0, width * sizeof *bias);
    for (int r = 0; r < rows; r++)
        for (size_t o = 0; o < width; o++) bias[o] += delta[(size_t)r * width + o];
}

void dni_mlp_backward(const dn_head *head, dni_mlp_batch *batch, int rows, const dni_rng *dropout,
                      float *parameter_gradient, int with_input) {
    for (int i = head->linear_count - 1; i >= 0; i--) {
        const dni_linear layer = dni_head_linear(head, i);
        const float *delta = batch->delta[i + 1];
        if (parameter_gradient)
            linear_parameter_gradient(&layer, delta, batch->output[i], rows,
                                      parameter_gradient + weight_offset(head, i));
        if (i == 0 && !with_input) break;
        /* dx (B, in) = delta (B, out) weight (out, in) */
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, layer.in, layer.out, 1.0f, delta,
                    layer.out, layer.weight, layer.in, 0.0f, batch->delta[i], layer.in);
        if (i == 0) break;
        const size_t count = (size_t)rows * (size_t)layer.in;
        if (dropout)
            dni_dropout(batch->delta[i], count, head->dropout, dropout,
                        mask_position(head, dropout, rows, i - 1));
        /* What dropout put to 0 has no gradient left; what it kept has the sign the rectifier gave it. */
        dni_relu_backward(batch->delta[i], batch->output[i], count);
    }
}

/* ---- a trained head at work ---- */

/* What goes in is looked through as well, so that the weights are not blamed for it. */
static dn_status check_probabilities(const float *features, int width, const float *out, int classes,
                                     int count, dn_error *error) {
    for (int r = 0; r < count; r++) {
        if (!dni_all_finite(features + (size_t)r * (size_t)width, (size_t)width))
            return dni_fail(error, DN_ERR_ARGUMENT, "features of row %d are not finite", r);
        if (!dni_all_finite(out + (size_t)r * (size_t)classes, (size_t)classes))
            return dni_fail(error, DN_ERR_OVERFLOW,
                            "probabilities of row %d are not finite: the head's weights are too large", r);
    }
    return DN_OK;
}

dn_status dn_head_log_probabilities(const dn_head *head, const float *features, int count, float *out,
                                    dn_error *error) {
    DNI_NOT_NULL(error, head);
    if (count < 0) return dni_fail(error, DN_ERR_ARGUMENT, "count must be at least 0, not %d", count);
    if (count == 0) return DN_OK;
    DNI_NOT_NULL(error, features);
    DNI_NOT_NULL(error, out);
    dni_mlp_batch batch;
    const int capacity = count < EVALUATION_ROWS ? count : EVALUATION_ROWS;
    const dn_status status = dni_mlp_batch_create(&batch, head, capacity, 0, error);
    if (status) return status;
    const int classes = dn_head_classes(head);
    for (int done = 0; done < count; done += capacity) {
        const int rows = count - done < capacity ? count - done : capacity;
        for (int r = 0; r < rows; r++)
            dni_mlp_load_row(head, &batch, r, features + (size_t)(done + r) * (size_t)head->widths[0]);
        dni_mlp_forward(head, &batch, rows, NULL);
        dni_log_softmax_forward(batch.output[head->linear_count], rows, classes,
                                out + (size_t)done * (size_t)classes);
    }
    dni_mlp_batch_free(&batch);
    return check_probabilities(features, head->widths[0], out, classes, count, error);
}

dn_status dn_head_feature_gradient(const dn_head *head, const float *features, int class_index,
                                   float *gradient, dn_error *error) {
    DNI_NOT_NULL(error, head);
    DNI_NOT_NULL(error, features);
    DNI_NOT_NULL(error, gradient);
    const int classes = dn_head_classes(head);
    if (class_index < 0 || class_index >= classes)
        return dni_fail(error, DN_ERR_ARGUMENT, "class_index must be 0 to %d, not %d", classes - 1,
                        class_index);
    dni_mlp_batch batch;
    const dn_status status = dni_mlp_batch_create(&batch, head, 1, 1, error);
    if (status) return status;
    dni_mlp_load_row(head, &batch, 0, features);
    dni_mlp_forward(head, &batch, 1, NULL);
    float *delta = batch.delta[head->linear_count];
    memset(delta, 0, (size_t)classes * sizeof *delta);
    delta[class_index] = 1.0f;
    dni_mlp_backward(head, &batch, 1, NULL, NULL, 1);
    const size_t in = (size_t)head->widths[0];
    const float *inverse = head->standardisation ? head->standardisation + in : NULL;
    for (size_t i = 0; i < in; i++) gradient[i] = batch.delta[0][i] * (inverse ? inverse[i] : 1.0f);
    dni_mlp_batch_free(&batch);
    if (dni_all_finite(gradient, in)) return DN_OK;
    return dni_fail(error, DN_ERR_OVERFLOW,
                    "the gradient of class %d is not finite: the head's weights are too large", class_index);
}
