/* SPDX-License-Identifier: MIT */
/* The training loop: mini-batches of feature vectors, cross-entropy, the best epoch kept. */
#include "head/trainer.h"

#include "core/clock.h"
#include "core/error.h"
#include "core/rng.h"
#include "head/metrics.h"
#include "head/standardise.h"
#include "head/train_options.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void dn_trainer_free(dn_trainer *trainer) {
    if (!trainer) return;
    free(trainer->valid_log_probabilities);
    free(trainer->labels);
    free(trainer->order);
    free(trainer->balance);
    free(trainer->best);
    free(trainer->gradient);
    dni_mlp_batch_free(&trainer->batch);
    dni_optimizer_free(&trainer->optimizer);
    dn_head_free(trainer->head);
    free(trainer);
}

/* The views that training may draw. */
static int view_count(const dn_trainer *t) {
    return t->options.flip ? t->train.views : 1;
}

/* A standardisation belongs to the weights that were trained on it: a head that has one keeps it. Weights
 * that were trained without go on from where they are; first weights are drawn for standardised features. */
static dn_status attach_standardisation(dn_trainer *t, dn_error *error) {
    if (!t->options.standardise || t->head->standardisation) return DN_OK;
    const size_t width = (size_t)dn_head_features(t->head);
    t->head->standardisation = malloc(2 * width * sizeof(float));
    if (!t->head->standardisation) return dni_no_memory(error, "a head's standardisation");
    const dn_status status =
        dni_standardise_measure(&t->train, view_count(t), (int)width, t->head->standardisation, error);
    if (!status && t->head->is_trained) dni_head_unfold_standardisation(t->head);
    return status;
}

/* n / (classes * n_c): every class then weighs the same in all. */
static dn_status balance_classes(dn_trainer *t, dn_error *error) {
    const int classes = dn_head_classes(t->head);
    t->balance = calloc((size_t)classes, sizeof *t->balance);
    if (!t->balance) return dni_no_memory(error, "%d class weights", classes);
    for (int c = 0; c < classes; c++) {
        int found = 0;
        for (int n = 0; n < t->train.count; n++) found += t->train.labels[n] == c;
        if (!found)
            return dni_fail(error, DN_ERR_DATA_CLASSES,
                            "balanced: the training split has no picture of class %d", c);
        t->balance[c] = (float)((double)t->train.count / ((double)classes * found));
    }
    return DN_OK;
}

static dn_status set_loss(dn_trainer *t, dn_error *error) {
    t->loss =
        (dni_cross_entropy){.weights = t->options.class_weights, .smoothing = t->options.label_smoothing};
    if (!t->options.balanced) return DN_OK;
    const dn_status status = balance_classes(t, error);
    t->loss.weights = t->balance;
    return status;
}

static dn_status allocate(dn_trainer *t, dn_error *error) {
    const dn_head *head = t->head;
    const int rows = t->options.batch < t->train.count ? t->options.batch : t->train.count;
    dn_status status = dni_mlp_batch_create(&t->batch, head, rows, 1, error);
    if (!status) status = dni_optimizer_create(&t->optimizer, &t->options, head->parameter_count, error);
    if (status) return status;
    t->gradient = malloc(head->parameter_count * sizeof(float));
    t->best = malloc(head->parameter_count * sizeof(float));
    t->order = malloc((size_t)t->train.count * sizeof *t->order);
    t->labels = malloc((size_t)rows * sizeof *t->labels);
    t->valid_log_probabilities =
        calloc((size_t)t->valid.count, (size_t)dn_head_classes(head) * sizeof(float));
    if (!t->gradient || !t->best || !t->order || !t->labels || !t->valid_log_probabilities)
        return dni_no_memory(error, "training %zu parameters on %d pictures", head->parameter_count,
                             t->train.count);
    return DN_OK;
}

/* ---- an epoch ---- */

/* Loads the mini-batch of the `rows` pictures from order[first] on. */
static void load_batch(dn_trainer *t, int first, int rows, dni_rng *views) {
    const size_t width = (size_t)dn_head_features(t->head);
    for (int r = 0; r < rows; r++) {
        const size_t picture = t->order[first + r];
        const size_t view = dni_rng_below(views, (uint64_t)view_count(t));
        dni_mlp_load_row(t->head, &t->batch, r,
                         t->train.values + (picture * (size_t)t->train.views + view) * width);
        t->labels[r] = t->train.labels[picture];
    }
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
        load_batch(t, first, rows, &views);
        sum += step(t, rows, t->head->dropout > 0.0f ? &dropout : NULL);
        if (!isfinite(sum)) return diverged(t, "training", epoch, error);
        dropout.position += (uint64_t)rows * dni_mlp_dropout_elements(t->head);
    }
    *loss = sum / dni_cross_entropy_weight(&t->loss, t->train.labels, t->train.count);
    return DN_OK;
}

/* Log-probabilities of the `count` pictures from `first` on, of view 0, without dropout: as many as a batch
 * holds at most. */
static void judge(dn_trainer *t, const dn_features *data, int first, int count, float *out) {
    const size_t stride = (size_t)data->views * (size_t)dn_head_features(t->head);
    for (int r = 0; r < count; r++)
        dni_mlp_load_row(t->head, &t->batch, r, data->values + (size_t)(first + r) * stride);
    dni_mlp_forward(t->head, &t->batch, count, NULL);
    dni_log_softmax_forward(t->batch.output[t->head->linear_count], count, dn_head_classes(t->head), out);
}

/* Loss and accuracy of the present weights on the validation split. */
static void validate(dn_trainer *t, dn_metrics *metrics) {
    const int rows = t->batch.capacity, classes = dn_head_classes(t->head);
    for (int first = 0; first < t->valid.count; first += rows) {
        const int left = t->valid.count - first;
        judge(t, &t->valid, first, left < rows ? left : rows,
              t->valid_log_probabilities + (size_t)first * (size_t)classes);
    }
    dn_metrics_compute(metrics, t->valid_log_probabilities, t->valid.labels, t->valid.count, classes, NULL);
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
    const dn_status status = run_batches(trainer, e, &epoch->train_loss, error);
    if (status) return status;
    validate(trainer, &metrics);
    if (!isfinite(metrics.loss)) return diverged(trainer, "validation", e, error);
    epoch->valid_loss = metrics.loss;
    epoch->valid_accuracy = metrics.accuracy;
    conclude(trainer, epoch);
    epoch->seconds = dni_clock_seconds() - start;
    return DN_OK;
}

/* ---- the whole ---- */

/* The present weights' loss on the training split, as training counts it but for dropout. */
static double plain_train_loss(dn_trainer *t) {
    const int rows = t->batch.capacity, classes = dn_head_classes(t->head);
    float *log_probabilities = t->batch.output[t->head->linear_count];
    double sum = 0.0;
    for (int first = 0; first < t->train.count; first += rows) {
        const int left = t->train.count - first, here = left < rows ? left : rows;
        judge(t, &t->train, first, here, log_probabilities);
        sum += dni_cross_entropy_forward(&t->loss, log_probabilities, t->train.labels + first, here, classes);
    }
    return sum / dni_cross_entropy_weight(&t->loss, t->train.labels, t->train.count);
}

/* What a trained head reaches as it is: an epoch has to do better to take its place. A head whose losses are
 * not finite on these pictures has nothing to lose. */
static void measure_start(dn_trainer *t) {
    dn_metrics valid;
    const double train_loss = plain_train_loss(t);
    validate(t, &valid);
    t->starts_trained = isfinite(train_loss) && isfinite(valid.loss);
    if (!t->starts_trained) return;
    memcpy(t->best, t->head->parameters, t->head->parameter_count * sizeof(float));
    t->progress.result = (dn_train_result){
        .train_loss = train_loss, .valid_loss = valid.loss, .valid_accuracy = valid.accuracy};
}

dn_status dn_trainer_create(dn_trainer **out, const dn_head *head, const dn_features *train,
                            const dn_features *valid, const dn_train_options *options, dn_error *error) {
    DNI_NOT_NULL(error, out);
    *out = NULL;
    DNI_NOT_NULL(error, head);
    DNI_NOT_NULL(error, train);
    DNI_NOT_NULL(error, valid);
    dn_train_options own;
    const int width = dn_head_features(head), classes = dn_head_classes(head);
    dn_status status;
    if ((status = dni_train_options_take(&own, options, error)) ||
        (status = dni_train_options_check(&own, classes, error)) ||
        (status = dni_features_check(train, "train", width, classes, error)) ||
        (status = dni_features_check(valid, "valid", width, classes, error)))
        return status;
    dn_trainer *t = calloc(1, sizeof *t);
    if (!t) return dni_no_memory(error, "a trainer");
    t->options = own;
    t->train = *train;
    t->valid = *valid;
    status = dn_head_clone(&t->head, head, error);
    if (!status) status = attach_standardisation(t, error);
    if (!status) status = set_loss(t, error);
    if (!status) status = allocate(t, error);
    if (!status && t->head->is_trained) measure_start(t);
    if (!status)
        *out = t;
    else
        dn_trainer_free(t);
    return status;
}

static dn_status check_layers(const dn_trainer *t, const dn_head *head, dn_error *error) {
    if (t->progress.result.epochs == 0)
        return dni_fail(error, DN_ERR_ARGUMENT, "no epoch was trained that could be finished");
    const int count = t->head->linear_count;
    if (head->linear_count != count ||
        memcmp(head->widths, t->head->widths, ((size_t)count + 1) * sizeof *head->widths) != 0)
        return dni_fail(error, DN_ERR_ARGUMENT, "the head's layers are not those of the one in training");
    return DN_OK;
}

dn_status dn_trainer_finish(const dn_trainer *trainer, dn_head *head, dn_train_result *result,
                            dn_error *error) {
    DNI_NOT_NULL(error, trainer);
    DNI_NOT_NULL(error, head);
    const dn_status status = check_layers(trainer, head, error);
    if (status) return status;
    if (trainer->head->standardisation) {
        const size_t size = 2 * (size_t)dn_head_features(head) * sizeof(float);
        if (!head->standardisation) head->standardisation = malloc(size);
        if (!head->standardisation) return dni_no_memory(error, "a head's standardisation");
        memcpy(head->standardisation, trainer->head->standardisation, size);
    } else {
        free(head->standardisation); /* of the weights that are replaced now */
        head->standardisation = NULL;
    }
    head->is_trained = true;
    memcpy(head->parameters, trainer->best, head->parameter_count * sizeof(float));
    if (result) *result = trainer->progress.result;
    return DN_OK;
}

static dn_status run_epochs(dn_trainer *t, dn_error *error) {
    const dn_train_options *o = &t->options;
    while (!dn_trainer_is_done(t)) {
        dn_epoch epoch;
        const dn_status status = dn_trainer_epoch(t, &epoch, error);
        if (status) return status;
        if (o->on_epoch && o->on_epoch(o->context, &epoch) != 0)
            return dni_fail(error, DN_ERR_CANCELLED, "training was stopped after epoch %d of %d", epoch.epoch,
                            epoch.epochs);
    }
    return DN_OK;
}

dn_status dn_head_train(dn_head *head, const dn_features *train, const dn_features *valid,
                        const dn_train_options *options, dn_train_result *result, dn_error *error) {
    DNI_NOT_NULL(error, head);
    dn_trainer *trainer;
    dn_status status = dn_trainer_create(&trainer, head, train, valid, options, error);
    if (!status) status = run_epochs(trainer, error);
    if (!status) status = dn_trainer_finish(trainer, head, result, error);
    dn_trainer_free(trainer);
    return status;
}
