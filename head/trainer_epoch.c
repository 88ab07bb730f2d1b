/* SPDX-License-Identifier: MIT */
/* The training loop: mini-batches of feature vectors, cross-entropy, the best epoch kept. */
#include "head/trainer.h"

#include "core/clock.h"
#include "core/error.h"
#include "core/rng.h"
#include "head/metrics.h"

#include <math.h>
#include <string.h>

int dni_trainer_views(const dn_trainer *t) {
    return t->options.flip ? t->train.views : 1;
}

/* Reads the first `rows` of t->vectors into the batch. */
static dn_status read_batch(dn_trainer *t, const dn_feature_rows *from, int rows, dn_error *error) {
    const dn_status status = from->read(from->context, t->vectors, (size_t)rows, t->batch.output[0], error);
    if (!status) dni_mlp_standardise(t->head, &t->batch, rows);
    return status;
}

/* Loads the mini-batch of the `rows` pictures from order[first] on. */
static dn_status load_batch(dn_trainer *t, int first, int rows, dni_rng *views, dn_error *error) {
    for (int r = 0; r < rows; r++) {
        const size_t picture = t->order[first + r];
        const size_t view = dni_rng_below(views, (uint64_t)dni_trainer_views(t));
        t->vectors[r] = picture * (size_t)t->train.views + view;
        t->labels[r] = t->train.labels[picture];
    }
    return read_batch(t, &t->train, rows, error);
}

/* One step on the loaded batch; returns the summed loss before it. */
static double step(dn_trainer *t, int rows, const dni_rng *dropout) {
    const int classes = dn_head_classes(t->head), last = t->head->linear_count;
    float *logits = t->batch.output[last]; /* (B, classes), log-probabilities after the next two lines */
    dni_mlp_forward(t->head, &t->batch, rows, dropout);
    dni_log_softmax_forward(logits, rows, classes, logits);
    const double loss = dni_cross_entropy_forward(&t->loss, logits, t->labels, rows, classes);
    dni_cross_entropy_backward(&t->loss, t->labels, rows, classes, t->batch.delta[last]);
    dni_log_softmax_backward(t->batch.delta[last], logits, rows, classes);
    dni_mlp_backward(t->head, &t->batch, rows, dropout, t->gradient, 0);
    dni_optimizer_step(&t->optimizer, t->head->parameters, t->gradient);
    return loss;
}

static dn_status diverged(const dn_trainer *t, const char *which, int epoch, dn_error *error) {
    return dni_fail(error, DN_ERR_DATA_DIVERGED,
                    "the %s loss is no longer finite in epoch %d: try a learning_rate below %g", which, epoch,
                    (double)t->options.learning_rate);
}

/* All mini-batches of one epoch, the short last one included; *loss is their mean as met on the way. */
static dn_status run_batches(dn_trainer *t, int epoch, double *loss, dn_error *error) {
    const uint64_t seed = t->options.seed + (uint64_t)epoch;
    dni_rng order = dni_rng_named(seed, "head/order"), views = dni_rng_named(seed, "head/views");
    dni_rng dropout = dni_rng_named(seed, "head/dropout");
    for (int i = 0; i < t->train.count; i++) t->order[i] = (uint32_t)i;
    dni_rng_shuffle(&order, t->order, (uint32_t)t->train.count);
    double sum = 0.0;
    for (int first = 0; first < t->train.count; first += t->batch.capacity) {
        const int left = t->train.count - first, rows = left < t->batch.capacity ? left : t->batch.capacity;
        if (t->options.is_cancelled && t->options.is_cancelled(t->options.context))
            return dni_fail(error, DN_ERR_CANCELLED, "training was stopped in epoch %d of %d", epoch,
                            t->options.epochs);
        const dn_status status = load_batch(t, first, rows, &views, error);
        if (status) return status;
        sum += step(t, rows, t->head->dropout > 0.0f ? &dropout : NULL);
        if (!isfinite(sum)) return diverged(t, "training", epoch, error);
        dropout.position += (uint64_t)rows * dni_mlp_dropout_elements(t->head);
    }
    *loss = sum / dni_cross_entropy_weight(&t->loss, t->train.labels, t->train.count);
    return DN_OK;
}

/* Log-probabilities of the `count` pictures from `first` on, of view 0, without dropout: as many as a batch
 * holds at most. */
static dn_status judge(dn_trainer *t, const dn_feature_rows *data, int first, int count, float *out,
                       dn_error *error) {
    for (int r = 0; r < count; r++) t->vectors[r] = (size_t)(first + r) * (size_t)data->views;
    const dn_status status = read_batch(t, data, count, error);
    if (status) return status;
    dni_mlp_forward(t->head, &t->batch, count, NULL);
    dni_log_softmax_forward(t->batch.output[t->head->linear_count], count, dn_head_classes(t->head), out);
    return DN_OK;
}

/* Loss and accuracy of the present weights on the validation split. */
static dn_status validate(dn_trainer *t, dn_metrics *metrics, dn_error *error) {
    const int rows = t->batch.capacity, classes = dn_head_classes(t->head);
    for (int first = 0; first < t->valid.count; first += rows) {
        const int left = t->valid.count - first;
        const dn_status status = judge(t, &t->valid, first, left < rows ? left : rows,
                                       t->valid_log_probabilities + (size_t)first * (size_t)classes, error);
        if (status) return status;
    }
    dn_metrics_compute(metrics, t->valid_log_probabilities, t->valid.labels, t->valid.count, classes, NULL);
    return DN_OK;
}

/* Takes an epoch that was run into the progress, and its weights if they are the best so far. */
static void conclude(dn_trainer *t, dn_epoch *epoch) {
    dn_train_result *result = &t->progress.result;
    const bool is_first = epoch->epoch == 1 && !t->starts_trained;
    epoch->is_best = is_first || epoch->valid_loss < result->valid_loss;
    if (epoch->is_best) {
        memcpy(t->best, t->head->parameters, t->head->parameter_count * sizeof(float));
        result->best_epoch = epoch->epoch;
        result->train_loss = epoch->train_loss;
        result->valid_loss = epoch->valid_loss;
        result->valid_accuracy = epoch->valid_accuracy;
    }
    result->epochs = epoch->epoch;
    dni_schedule_advance(&t->progress.schedule, &t->options, epoch->epoch, epoch->is_best);
}

int dn_trainer_epochs(const dn_trainer *trainer) {
    return trainer ? trainer->progress.result.epochs : 0;
}

bool dn_trainer_is_done(const dn_trainer *trainer) {
    if (!trainer) return true;
    const dn_train_result *result = &trainer->progress.result;
    const int patience = trainer->options.patience;
    return result->epochs == trainer->options.epochs ||
           (patience > 0 && result->epochs - result->best_epoch >= patience);
}

dn_status dn_trainer_epoch(dn_trainer *trainer, dn_epoch *epoch, dn_error *error) {
    DNI_NOT_NULL(error, trainer);
    DNI_NOT_NULL(error, epoch);
    const double start = dni_clock_seconds();
    const int e = trainer->progress.result.epochs + 1;
    if (dn_trainer_is_done(trainer))
        return dni_fail(error, DN_ERR_ARGUMENT, "the training is done after %d of %d epochs", e - 1,
                        trainer->options.epochs);
    *epoch = (dn_epoch){.epoch = e, .epochs = trainer->options.epochs};
    epoch->learning_rate = dni_schedule_rate(&trainer->options, &trainer->progress.schedule, e);
    trainer->optimizer.options.learning_rate = (float)epoch->learning_rate;
    dn_metrics metrics;
    dn_status status = run_batches(trainer, e, &epoch->train_loss, error);
    if (!status) status = validate(trainer, &metrics, error);
    if (status) return status;
    if (!isfinite(metrics.loss)) return diverged(trainer, "validation", e, error);
    epoch->valid_loss = metrics.loss;
    epoch->valid_accuracy = metrics.accuracy;
    conclude(trainer, epoch);
    epoch->seconds = dni_clock_seconds() - start;
    return DN_OK;
}

/* ---- before the first epoch ---- */

/* *loss: the present weights' on the training split, as training counts it but for dropout. */
static dn_status plain_train_loss(dn_trainer *t, double *loss, dn_error *error) {
    const int rows = t->batch.capacity, classes = dn_head_classes(t->head);
    float *log_probabilities = t->batch.output[t->head->linear_count];
    double sum = 0.0;
    for (int first = 0; first < t->train.count; first += rows) {
        const int left = t->train.count - first, here = left < rows ? left : rows;
        const dn_status status = judge(t, &t->train, first, here, log_probabilities, error);
        if (status) return status;
        sum += dni_cross_entropy_forward(&t->loss, log_probabilities, t->train.labels + first, here, classes);
    }
    *loss = sum / dni_cross_entropy_weight(&t->loss, t->train.labels, t->train.count);
    return DN_OK;
}

dn_status dni_trainer_measure_start(dn_trainer *t, dn_error *error) {
    dn_metrics valid;
    double train_loss;
    dn_status status = plain_train_loss(t, &train_loss, error);
    if (!status) status = validate(t, &valid, error);
    if (status) return status;
    t->starts_trained = isfinite(train_loss) && isfinite(valid.loss);
    if (!t->starts_trained) return DN_OK;
    memcpy(t->best, t->head->parameters, t->head->parameter_count * sizeof(float));
    t->progress.result = (dn_train_result){
        .train_loss = train_loss, .valid_loss = valid.loss, .valid_accuracy = valid.accuracy};
    return DN_OK;
}
