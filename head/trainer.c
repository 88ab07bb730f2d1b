/* SPDX-License-Identifier: MIT */
/* Making a training, running all of its epochs, and handing over the best one's weights. */
#include "head/trainer.h"

#include "core/error.h"
#include "head/standardise.h"
#include "head/train_options.h"

#include <stdlib.h>
#include <string.h>

void dn_trainer_free(dn_trainer *trainer) {
    if (!trainer) return;
    free(trainer->valid_log_probabilities);
    free(trainer->labels);
    free(trainer->vectors);
    free(trainer->order);
    free(trainer->balance);
    free(trainer->best);
    free(trainer->gradient);
    dni_mlp_batch_free(&trainer->batch);
    dni_optimizer_free(&trainer->optimizer);
    dn_head_free(trainer->head);
    free(trainer);
}

/* A standardisation belongs to the weights that were trained on it: a head that has one keeps it. Weights
 * that were trained without go on from where they are; first weights are drawn for standardised features. */
static dn_status attach_standardisation(dn_trainer *t, dn_error *error) {
    if (!t->options.standardise || t->head->standardisation) return DN_OK;
    const size_t width = (size_t)dn_head_features(t->head);
    t->head->standardisation = malloc(2 * width * sizeof(float));
    if (!t->head->standardisation) return dni_no_memory(error, "a head's standardisation");
    const dn_status status =
        dni_standardise_measure(&t->train, dni_trainer_views(t), (int)width, t->head->standardisation, error);
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
    t->vectors = malloc((size_t)rows * sizeof *t->vectors);
    t->labels = malloc((size_t)rows * sizeof *t->labels);
    t->valid_log_probabilities =
        calloc((size_t)t->valid.count, (size_t)dn_head_classes(head) * sizeof(float));
    if (!t->gradient || !t->best || !t->order || !t->vectors || !t->labels || !t->valid_log_probabilities)
        return dni_no_memory(error, "training %zu parameters on %d pictures", head->parameter_count,
                             t->train.count);
    return DN_OK;
}

/* Of a trainer that has its rows. */
static dn_status make(dn_trainer *t, const dn_head *head, const dn_train_options *options, dn_error *error) {
    const int width = dn_head_features(head), classes = dn_head_classes(head);
    dn_status status = dni_train_options_take(&t->options, options, error);
    if (!status) status = dni_train_options_check(&t->options, classes, error);
    if (!status)
        status = dni_feature_rows_check(&t->train, "train", 0, width, classes, &t->train_hash, error);
    if (!status)
        status = dni_feature_rows_check(&t->valid, "valid", 0, width, classes, &t->valid_hash, error);
    if (!status) status = dn_head_clone(&t->head, head, error);
    if (!status) status = attach_standardisation(t, error);
    if (!status) status = set_loss(t, error);
    if (!status) status = allocate(t, error);
    if (!status && t->head->is_trained) status = dni_trainer_measure_start(t, error);
    return status;
}

/* The trainer, if all went well. */
static dn_status hand_over(dn_trainer **out, dn_trainer *made, dn_status status) {
    if (!status)
        *out = made;
    else
        dn_trainer_free(made);
    return status;
}

dn_status dn_trainer_create(dn_trainer **out, const dn_head *head, const dn_features *train,
                            const dn_features *valid, const dn_train_options *options, dn_error *error) {
    DNI_NOT_NULL(error, out);
    *out = NULL;
    DNI_NOT_NULL(error, head);
    DNI_NOT_NULL(error, train);
    DNI_NOT_NULL(error, valid);
    dn_trainer *t = calloc(1, sizeof *t);
    if (!t) return dni_no_memory(error, "a trainer");
    const int width = dn_head_features(head);
    dn_status status = dni_feature_array_rows(&t->train, &t->train_array, train, "train", width, error);
    if (!status) status = dni_feature_array_rows(&t->valid, &t->valid_array, valid, "valid", width, error);
    if (!status) status = make(t, head, options, error);
    return hand_over(out, t, status);
}

dn_status dn_trainer_create_from_rows(dn_trainer **out, const dn_head *head, const dn_feature_rows *train,
                                      const dn_feature_rows *valid, const dn_train_options *options,
                                      dn_error *error) {
    DNI_NOT_NULL(error, out);
    *out = NULL;
    DNI_NOT_NULL(error, head);
    DNI_NOT_NULL(error, train);
    DNI_NOT_NULL(error, valid);
    dn_trainer *t = calloc(1, sizeof *t);
    if (!t) return dni_no_memory(error, "a trainer");
    t->train = *train;
    t->valid = *valid;
    return hand_over(out, t, make(t, head, options, error));
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

/* Takes the trainer over. */
static dn_status run_all(dn_head *head, dn_trainer *trainer, dn_train_result *result, dn_error *error) {
    dn_status status = run_epochs(trainer, error);
    if (!status) status = dn_trainer_finish(trainer, head, result, error);
    dn_trainer_free(trainer);
    return status;
}

dn_status dn_head_train(dn_head *head, const dn_features *train, const dn_features *valid,
                        const dn_train_options *options, dn_train_result *result, dn_error *error) {
    DNI_NOT_NULL(error, head);
    dn_trainer *trainer;
    const dn_status status = dn_trainer_create(&trainer, head, train, valid, options, error);
    return status ? status : run_all(head, trainer, result, error);
}

dn_status dn_head_train_from_rows(dn_head *head, const dn_feature_rows *train, const dn_feature_rows *valid,
                                  const dn_train_options *options, dn_train_result *result, dn_error *error) {
    DNI_NOT_NULL(error, head);
    dn_trainer *trainer;
    const dn_status status = dn_trainer_create_from_rows(&trainer, head, train, valid, options, error);
    return status ? status : run_all(head, trainer, result, error);
}
