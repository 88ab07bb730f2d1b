/* ftrain train --folds K.
 *
 * Each fold is judged once. The fold behind it picks the epoch, as the validation split does in a training, and
 * the others train: were the judged fold to pick its own epoch, it would flatter the result. */
#include "ftrain/train/folds.h"

#include "ftrain/shell/interrupt.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/new_array.h"
#include "ftrain/shell/outcome.h"
#include "head/cross_validation.h"
#include "io/content_key.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct cross_validation {
    const train_options *options;
    int width, classes;
    dn_features all; /* of both splits */
    float *values;
    int *labels, *folds;
    fold_table *results;
} cross_validation;

/* ---- the pictures of both splits ---- */

static size_t floats_a_picture(const cross_validation *work) {
    return (size_t)work->all.views * (size_t)work->width;
}

static outcome join_sets(cross_validation *work, const feature_set *train, const feature_set *valid) {
    const size_t first = (size_t)train->count, second = (size_t)valid->count;
    work->all = (dn_features){.count = train->count + valid->count, .views = train->view_count};
    const size_t floats = floats_a_picture(work);
    work->values = new_matrix((first + second), floats, sizeof(float));
    work->labels = new_array(first + second, sizeof(int));
    work->folds = new_array(first + second, sizeof(int));
    work->results->folds =
        new_array((size_t)work->options->folds + FOLD_SUMMARIES, sizeof *work->results->folds);
    if (!work->values || !work->labels || !work->folds || !work->results->folds) return OUTCOME_MACHINE;
    memcpy(work->values, train->values, first * floats * sizeof(float));
    memcpy(work->values + first * floats, valid->values, second * floats * sizeof(float));
    memcpy(work->labels, train->labels, first * sizeof(int));
    memcpy(work->labels + first, valid->labels, second * sizeof(int));
    work->all.values = work->values;
    work->all.labels = work->labels;
    return OUTCOME_OK;
}

typedef struct hashed {
    dni_key key;
    int index;
} hashed;

static int by_key(const void *a, const void *b) {
    const hashed *x = a, *y = b;
    const int order = memcmp(&x->key, &y->key, sizeof x->key);
    return order ? order : (x->index > y->index) - (x->index < y->index);
}

/* Pictures of one content have one feature vector: a group is named by the first that has it. */
static outcome group_by_content(const cross_validation *work, int *groups) {
    const size_t count = (size_t)work->all.count;
    hashed *all = new_array(count, sizeof *all);
    if (!all) return OUTCOME_MACHINE;
    for (size_t i = 0; i < count; i++)
        all[i] = (hashed){
            dni_key_of_bytes(work->values + i * floats_a_picture(work), (size_t)work->width * sizeof(float)),
            (int)i};
    qsort(all, count, sizeof *all, by_key);
    for (size_t i = 0; i < count; i++) {
        const bool again = i > 0 && memcmp(&all[i].key, &all[i - 1].key, sizeof all[i].key) == 0;
        groups[all[i].index] = again ? groups[all[i - 1].index] : all[i].index;
    }
    free(all);
    return OUTCOME_OK;
}

static outcome deal(cross_validation *work) {
    int *groups = new_array((size_t)work->all.count, sizeof *groups);
    if (!groups) return OUTCOME_MACHINE;
    outcome code = group_by_content(work, groups);
    dn_error error;
    if (!code && dni_folds(work->folds, work->labels, groups, work->all.count, work->classes,
                           work->options->folds, work->options->training.seed, &error))
        code = report(&error, OUTCOME_DATA);
    free(groups);
    return code;
}

/* ---- one fold ---- */

/* The three roles, by a picture's distance behind the judged fold. */
enum { JUDGED, PICKING, TRAINING, ROLES };

static int role_of(const cross_validation *work, int picture, int judged) {
    const int behind = (work->folds[picture] - judged + work->options->folds) % work->options->folds;
    return behind < TRAINING ? behind : TRAINING;
}

typedef struct part {
    float *values;
    int *labels;
    int count, views;
} part;

/* Only training looks at more than the plain view. */
static outcome cut(const cross_validation *work, int judged, int role, part *out) {
    *out = (part){.views = role == TRAINING ? work->all.views : 1};
    const size_t count = (size_t)work->all.count;
    const size_t floats = (size_t)out->views * (size_t)work->width;
    out->values = new_matrix(count, floats, sizeof(float));
    out->labels = new_array(count, sizeof(int));
    if (!out->values || !out->labels) return OUTCOME_MACHINE;
    for (size_t i = 0; i < count; i++) {
        if (role_of(work, (int)i, judged) != role) continue;
        memcpy(out->values + (size_t)out->count * floats, work->values + i * floats_a_picture(work),
               floats * sizeof(float));
        out->labels[out->count++] = work->labels[i];
    }
    return OUTCOME_OK;
}

static int stop_if_interrupted(void *context, const dn_epoch *epoch) {
    (void)context;
    (void)epoch;
    return interrupted();
}

static outcome judge(const cross_validation *work, const dn_head *head, const part *judged,
                     fold_result *out) {
    float *log_probabilities = new_matrix((size_t)judged->count, (size_t)work->classes, sizeof(float));
    if (!log_probabilities) return OUTCOME_MACHINE;
    dn_error error;
    const dn_status status =
        dn_head_log_probabilities(head, judged->values, judged->count, log_probabilities, &error);
    if (!status)
        dn_metrics_compute(&out->held_out, log_probabilities, judged->labels, judged->count, work->classes,
                           NULL);
    free(log_probabilities);
    return status ? report(&error, OUTCOME_DATA) : OUTCOME_OK;
}

static dn_features features_of(const part *from) {
    return (dn_features){from->values, from->labels, from->count, from->views};
}

static outcome train_and_judge(const cross_validation *work, const part parts[ROLES], fold_result *out) {
    const dn_head_options head_options = train_options_head(work->options);
    dn_train_options training = train_options_training(work->options);
    training.on_epoch = stop_if_interrupted;
    dn_head *head;
    dn_error error;
    if (dn_head_create(&head, work->width, work->classes, &head_options, &error))
        return report(&error, OUTCOME_USAGE);
    const dn_features train = features_of(&parts[TRAINING]), valid = features_of(&parts[PICKING]);
    dn_train_result result;
    const dn_status status = dn_head_train(head, &train, &valid, &training, &result, &error);
    outcome code = OUTCOME_OK;
    if (status == DN_ERR_CANCELLED)
        code = OUTCOME_INTERRUPTED;
    else if (status)
        code = report(&error, OUTCOME_DATA);
    if (!code) {
        out->best_epoch = result.best_epoch;
        code = judge(work, head, &parts[JUDGED], out);
    }
    dn_head_free(head);
    return code;
}

static outcome run_fold(const cross_validation *work, int fold, fold_result *out) {
    part parts[ROLES] = {{.count = 0}};
    outcome code = OUTCOME_OK;
    for (int role = 0; !code && role < ROLES; role++) code = cut(work, fold, role, &parts[role]);
    if (!code) code = train_and_judge(work, parts, out);
    for (int role = 0; role < ROLES; role++) {
        free(parts[role].values);
        free(parts[role].labels);
    }
    return code;
}

/* ---- results ---- */

static mean_sd mean_sd_of(const fold_table *results, bool of_loss) {
    double sum = 0.0, squares = 0.0;
    for (int i = 0; i < results->count; i++)
        sum += of_loss ? results->folds[i].held_out.loss : results->folds[i].held_out.accuracy;
    const double mean = sum / results->count;
    for (int i = 0; i < results->count; i++) {
        const double d =
            (of_loss ? results->folds[i].held_out.loss : results->folds[i].held_out.accuracy) - mean;
        squares += d * d;
    }
    return (mean_sd){mean, sqrt(squares / (results->count - 1))};
}

static void summarise(fold_table *results) {
    results->accuracy = mean_sd_of(results, false);
    results->loss = mean_sd_of(results, true);
    results->folds[results->count] = (fold_result){
        .fold = FOLD_MEAN, .held_out = {.accuracy = results->accuracy.mean, .loss = results->loss.mean}};
    results->folds[results->count + 1] =
        (fold_result){.fold = FOLD_DEVIATION,
                      .held_out = {.accuracy = results->accuracy.deviation, .loss = results->loss.deviation}};
}

static outcome run_folds(cross_validation *work) {
    fold_table *results = work->results;
    outcome code = OUTCOME_OK;
    for (int fold = 0; !code && fold < work->options->folds; fold++) {
        results->folds[fold].fold = fold + 1;
        code = run_fold(work, fold, &results->folds[fold]);
        if (!code) results->count++;
    }
    if (code == OUTCOME_INTERRUPTED)
        message("interrupted: %d of %d folds are done", results->count, work->options->folds);
    if (results->count) summarise(results);
    return code;
}

outcome folds_run(const train_options *options, const extraction *from, const feature_set *train,
                  const feature_set *valid, fold_table *out) {
    *out = (fold_table){.count = 0};
    cross_validation work = {.options = options,
                             .width = dn_weights_config(from->weights)->features,
                             .classes = from->data.class_count,
                             .results = out};
    outcome code = join_sets(&work, train, valid);
    if (!code) code = deal(&work);
    if (!code) code = run_folds(&work);
    free(work.values);
    free(work.labels);
    free(work.folds);
    return code;
}

void fold_table_free(fold_table *of) {
    free(of->folds);
    *of = (fold_table){.count = 0};
}
