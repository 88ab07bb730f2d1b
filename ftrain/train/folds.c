/* SPDX-License-Identifier: MIT */
/* ftrain train --folds K.
 *
 * Each fold is held out once. The fold behind it selects the epoch, as the validation split does in a
 * training, and the others train: if the held-out fold selected its own epoch, the result would look
 * better than it is. */
#include "ftrain/train/folds.h"

#include "ftrain/features/feature_set.h"
#include "ftrain/shell/interrupt.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/new_array.h"
#include "ftrain/shell/outcome.h"
#include "ftrain/train/evaluate_head.h"
#include "head/cross_validation.h"
#include "head/feature_rows.h"
#include "io/content_key.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct cross_validation {
    const train_options *options;
    int classes;
    feature_set all; /* the pictures of both splits */
    int *folds;      /* (all.count): of each, from 0 */
    fold_table *results;
} cross_validation;

/* ---- folds ---- */

typedef struct hashed {
    dni_key key;
    int index;
} hashed;

static int by_key(const void *a, const void *b) {
    const hashed *x = a, *y = b;
    const int order = memcmp(&x->key, &y->key, sizeof x->key);
    return order ? order : (x->index > y->index) - (x->index < y->index);
}

/* Of the first view. */
static outcome hash_vectors(const feature_set *set, hashed *out) {
    const dn_feature_rows rows = feature_set_rows(set);
    dni_feature_pass pass;
    dn_error error;
    dn_status status = dni_feature_pass_begin(&pass, &rows, 1, set->width, &error);
    while (!status && !(status = dni_feature_pass_next(&pass, &error)) && pass.count)
        for (int i = 0; i < pass.count; i++)
            out[pass.first + i] = (hashed){
                dni_key_of_bytes(pass.values + (size_t)i * pass.width, pass.width * sizeof *pass.values),
                pass.first + i};
    dni_feature_pass_end(&pass);
    return status ? report(&error, OUTCOME_MACHINE) : OUTCOME_OK;
}

/* Pictures of one content have one feature vector: a group is named by the first that has it. */
static outcome group_by_content(const feature_set *set, int *groups) {
    const size_t count = (size_t)set->count;
    hashed *all = new_array(count, sizeof *all);
    if (!all) return OUTCOME_MACHINE;
    const outcome code = hash_vectors(set, all);
    if (!code) qsort(all, count, sizeof *all, by_key);
    for (size_t i = 0; !code && i < count; i++) {
        const bool again = i > 0 && memcmp(&all[i].key, &all[i - 1].key, sizeof all[i].key) == 0;
        groups[all[i].index] = again ? groups[all[i - 1].index] : all[i].index;
    }
    free(all);
    return code;
}

static outcome assign_folds(cross_validation *context) {
    const feature_set *all = &context->all;
    context->folds = new_array((size_t)all->count, sizeof *context->folds);
    int *groups = new_array((size_t)all->count, sizeof *groups);
    outcome code = context->folds && groups ? group_by_content(all, groups) : OUTCOME_MACHINE;
    dn_error error;
    if (!code && dni_folds(context->folds, all->labels, groups, all->count, context->classes,
                           context->options->folds, context->options->training.seed, &error))
        code = report(&error, OUTCOME_DATA);
    free(groups);
    return code;
}

/* ---- one fold ---- */

/* The three roles, by a picture's distance behind the fold that is held out. */
enum { HELD_OUT, SELECTING, TRAINING, ROLES };

static void assign_roles(const cross_validation *context, int held_out, int *roles) {
    const int folds = context->options->folds;
    for (int i = 0; i < context->all.count; i++) {
        const int behind = (context->folds[i] - held_out + folds) % folds;
        roles[i] = behind < TRAINING ? behind : TRAINING;
    }
}

static int is_cancelled(void *context) {
    (void)context;
    return interrupted();
}

static outcome train_and_evaluate(const cross_validation *context, const feature_set sets[ROLES],
                                  fold_result *out) {
    const dn_head_options head_options = train_options_head(context->options);
    dn_train_options training = train_options_training(context->options);
    training.is_cancelled = is_cancelled;
    dn_head *head;
    dn_error error;
    if (dn_head_create(&head, context->all.width, context->classes, &head_options, &error))
        return report(&error, OUTCOME_USAGE);
    const dn_feature_rows train = feature_set_rows(&sets[TRAINING]),
                          valid = feature_set_rows(&sets[SELECTING]);
    dn_train_result result;
    const dn_status status = dn_head_train_from_rows(head, &train, &valid, &training, &result, &error);
    outcome code = OUTCOME_OK;
    if (status == DN_ERR_CANCELLED)
        code = OUTCOME_INTERRUPTED;
    else if (status)
        code = report(&error, OUTCOME_DATA);
    if (!code) {
        out->best_epoch = result.best_epoch;
        code = evaluate_head(&out->held_out, head, &sets[HELD_OUT], context->classes);
    }
    dn_head_free(head);
    return code;
}

/* Only training looks at more than the plain view. */
static outcome run_fold(const cross_validation *context, int fold, fold_result *out) {
    const feature_set *all = &context->all;
    feature_set sets[ROLES] = {{.count = 0}};
    int *roles = new_array((size_t)all->count, sizeof *roles);
    outcome code = roles ? OUTCOME_OK : OUTCOME_MACHINE;
    if (!code) assign_roles(context, fold, roles);
    for (int role = 0; !code && role < ROLES; role++)
        code = feature_set_take(&sets[role], all, roles, role, role == TRAINING ? all->view_count : 1);
    if (!code) code = train_and_evaluate(context, sets, out);
    for (int i = 0; !code && i < sets[HELD_OUT].count; i++)
        context->results->of_class[sets[HELD_OUT].labels[i]]++;
    for (int role = 0; role < ROLES; role++) feature_set_free(&sets[role]);
    free(roles);
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

static void summarise(fold_table *results, int classes) {
    results->accuracy = mean_sd_of(results, false);
    results->loss = mean_sd_of(results, true);
    for (int i = 0; i < results->count; i++) {
        results->pooled.correct += results->folds[i].held_out.correct;
        results->pooled.count += results->folds[i].held_out.count;
    }
    results->pooled.accuracy = (double)results->pooled.correct / results->pooled.count;
    dn_wilson_interval(results->pooled.correct, results->pooled.count, &results->pooled.low,
                       &results->pooled.high);
    results->versus_largest = dni_versus_largest_class(results->of_class, classes, results->pooled.correct);
    results->folds[results->count] = (fold_result){
        .fold = FOLD_MEAN, .held_out = {.accuracy = results->accuracy.mean, .loss = results->loss.mean}};
    results->folds[results->count + 1] =
        (fold_result){.fold = FOLD_DEVIATION,
                      .held_out = {.accuracy = results->accuracy.deviation, .loss = results->loss.deviation}};
}

static outcome run_folds(cross_validation *context) {
    fold_table *results = context->results;
    const int folds = context->options->folds;
    results->folds = new_array((size_t)folds + FOLD_SUMMARIES, sizeof *results->folds);
    results->of_class = new_array((size_t)context->classes, sizeof *results->of_class);
    if (!results->folds || !results->of_class) return OUTCOME_MACHINE;
    outcome code = OUTCOME_OK;
    for (int fold = 0; !code && fold < folds; fold++) {
        results->folds[fold].fold = fold + 1;
        code = run_fold(context, fold, &results->folds[fold]);
        if (!code) results->count++;
    }
    if (code == OUTCOME_INTERRUPTED)
        interrupts_say("interrupted: %d of %d folds are done", results->count, folds);
    if (results->count) summarise(results, context->classes);
    return code;
}

outcome folds_run(const train_options *options, int classes, const feature_set *train,
                  const feature_set *valid, fold_table *out) {
    *out = (fold_table){.count = 0};
    cross_validation context = {.options = options, .classes = classes, .results = out};
    outcome code = feature_set_join(&context.all, train, valid);
    if (!code) code = assign_folds(&context);
    if (!code) code = run_folds(&context);
    feature_set_free(&context.all);
    free(context.folds);
    return code;
}

void fold_table_free(fold_table *table) {
    free(table->folds);
    free(table->of_class);
    *table = (fold_table){.count = 0};
}
