/* SPDX-License-Identifier: MIT */
/* Fit on train, choose on valid, evaluate once on test. */
#include "ftrain/baseline/rows.h"

#include "ftrain/baseline/svm.h"
#include "ftrain/shell/new_array.h"
#include "ftrain/shell/options.h"
#include "ftrain/shell/outcome.h"
#include "head/logistic.h"
#include "head/metrics.h"
#include "head/prediction.h"
#include "head/significance.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Inverse strengths of regularisation that validation chooses from. */
static const double LOGISTIC_CS[] = {1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1};
static const double SVM_CS[] = {0.1, 1, 10, 100};

/* ---- evaluation ---- */

static const char *const ABOUT_DUMMIES[DNI_DUMMIES] = {
    [DNI_DUMMY_MOST_FREQUENT] = "Always predicts the class with the most pictures in train.",
    [DNI_DUMMY_PRIOR] =
        "The same prediction. Its probabilities are the classes' shares of train; the loss is computed from "
        "them.",
    [DNI_DUMMY_STRATIFIED] =
        "Predicts a class at random, each with the probability of its share of train; the accuracy is the "
        "expected one.",
    [DNI_DUMMY_UNIFORM] =
        "Predicts a class at random, all with the same probability; the accuracy is the expected one.",
};

void row_free(baseline_row *row) {
    free(row->is_right);
    free(row->samples);
    row->is_right = NULL;
    row->samples = NULL;
}

/* Room for the pictures of test, which are then those of the row. */
static outcome keep_pictures(baseline_row *out, const test_pictures *test) {
    out->is_right = new_array((size_t)test->count, sizeof *out->is_right);
    out->samples = new_array((size_t)test->count, sizeof *out->samples);
    if (!out->is_right || !out->samples) return OUTCOME_MACHINE;
    memcpy(out->samples, test->samples, (size_t)test->count * sizeof *out->samples);
    return OUTCOME_OK;
}

/* The row's correct pictures beside those of a guess. */
static outcome compare_with_guessing(baseline_row *out, const test_pictures *test, int classes) {
    int *const of_class = new_array((size_t)classes, sizeof *of_class);
    if (!of_class) return OUTCOME_MACHINE;
    for (int i = 0; i < test->count; i++) of_class[test->labels[i]]++;
    out->versus_largest = dni_versus_largest_class(of_class, classes, out->correct);
    free(of_class);
    return OUTCOME_OK;
}

/* Of one that always predicts the class with the most pictures in train, the first of equal ones. */
static outcome keep_constant(baseline_row *out, const int *train_counts, const test_pictures *test,
                             int classes) {
    const outcome code = keep_pictures(out, test);
    if (code) return code;
    const int guess = dni_versus_largest_class(train_counts, classes, 0).largest;
    out->correct = 0;
    out->count = test->count;
    for (int i = 0; i < test->count; i++) out->correct += out->is_right[i] = test->labels[i] == guess;
    dn_wilson_interval(out->correct, out->count, &out->accuracy_low, &out->accuracy_high);
    return compare_with_guessing(out, test, classes);
}

outcome row_of_dummy(baseline_row *out, dni_dummy strategy, const int *train_counts, const int *test_counts,
                     const test_pictures *test, int classes) {
    const dni_dummy_result result = dni_dummy_judge(strategy, train_counts, test_counts, classes);
    *out = (baseline_row){.about = ABOUT_DUMMIES[strategy],
                          .accuracy = result.accuracy,
                          .accuracy_low = (double)NAN,
                          .accuracy_high = (double)NAN,
                          .balanced_accuracy = result.balanced_accuracy,
                          .roc_auc = classes == 2 ? 0.5 : (double)NAN, /* every picture has the same score */
                          .loss = result.loss};
    snprintf(out->name, sizeof out->name, "dummy, %s", dni_dummy_name(strategy));
    if (strategy != DNI_DUMMY_MOST_FREQUENT && strategy != DNI_DUMMY_PRIOR) return OUTCOME_OK;
    return keep_constant(out, train_counts, test, classes);
}

outcome row_of_probabilities(baseline_row *out, const float *log_probabilities, const test_pictures *test,
                             int classes) {
    const int *labels = test->labels, count = test->count;
    const size_t n = (size_t)classes;
    int *predictions = new_array((size_t)count, sizeof *predictions);
    dn_class_metrics *each = new_array(n, sizeof *each);
    double *aucs = new_matrix(2, n, sizeof *aucs);
    outcome code = predictions && each && aucs ? keep_pictures(out, test) : OUTCOME_MACHINE;
    dn_error error;
    if (!code && dn_ranking_all(aucs, aucs + n, log_probabilities, labels, count, classes, &error))
        code = report(&error, OUTCOME_MACHINE);
    if (!code) {
        dn_metrics all;
        dn_metrics_compute(&all, log_probabilities, labels, count, classes, NULL);
        for (int i = 0; i < count; i++) {
            predictions[i] = dni_most_probable(log_probabilities + (size_t)i * n, classes);
            out->is_right[i] = predictions[i] == labels[i];
        }
        dni_class_metrics_of(each, labels, predictions, count, classes);
        out->correct = all.correct;
        out->count = all.count;
        out->accuracy = all.accuracy;
        out->accuracy_low = all.accuracy_low;
        out->accuracy_high = all.accuracy_high;
        out->balanced_accuracy = dn_balanced_accuracy(each, classes);
        out->roc_auc = classes == 2 ? aucs[1] : dn_mean_defined(aucs, classes);
        out->loss = all.loss;
        code = compare_with_guessing(out, test, classes);
    }
    free(predictions);
    free(each);
    free(aucs);
    return code;
}

/* ---- logistic regression ---- */

typedef struct split_view {
    dni_matrix_part x;
    const int *labels;
    const size_t *samples;
    int count;
} split_view;

static split_view view_of(const vectors *data, int split) {
    const size_t first = vectors_before(data, split);
    return (split_view){vectors_of_split(data, split), data->labels + first, data->samples + first,
                        data->counts[split]};
}

typedef struct logistic_search {
    const vectors *data;
    int classes;
    double *weights, *best;   /* (classes, width + 1) */
    float *log_probabilities; /* (most pictures of a split, classes) */
    double best_loss, best_c;
} logistic_search;

static outcome try_c(logistic_search *search, double c) {
    const int width = search->data->x.columns, classes = search->classes;
    const split_view train = view_of(search->data, DNI_TRAIN), valid = view_of(search->data, DNI_VALID);
    dn_error error;
    dn_status status = dni_logistic_fit(search->weights, &train.x, train.labels, classes, c, &error);
    if (!status)
        status = dni_logistic_log_probabilities(search->weights, &valid.x, classes, search->log_probabilities,
                                                &error);
    if (status) return report(&error, OUTCOME_DATA);
    dn_metrics metrics;
    dn_metrics_compute(&metrics, search->log_probabilities, valid.labels, valid.count, classes, NULL);
    if (metrics.loss < search->best_loss) {
        search->best_loss = metrics.loss;
        search->best_c = c;
        memcpy(search->best, search->weights, (size_t)classes * (size_t)(width + 1) * sizeof *search->best);
    }
    return OUTCOME_OK;
}

outcome row_of_logistic(baseline_row *out, const vectors *data, int classes) {
    const size_t size = (size_t)classes * (size_t)(data->x.columns + 1);
    const split_view test = view_of(data, DNI_TEST);
    const int most = data->counts[DNI_VALID] > test.count ? data->counts[DNI_VALID] : test.count;
    logistic_search search = {.data = data, .classes = classes, .best_loss = (double)INFINITY};
    search.weights = new_array(size, sizeof *search.weights);
    search.best = new_array(size, sizeof *search.best);
    search.log_probabilities = new_matrix((size_t)most, (size_t)classes, sizeof *search.log_probabilities);
    outcome code = search.weights && search.best && search.log_probabilities ? OUTCOME_OK : OUTCOME_MACHINE;
    for (size_t i = 0; !code && i < sizeof LOGISTIC_CS / sizeof *LOGISTIC_CS; i++)
        code = try_c(&search, LOGISTIC_CS[i]);
    dn_error error;
    if (!code &&
        dni_logistic_log_probabilities(search.best, &test.x, classes, search.log_probabilities, &error))
        code = report(&error, OUTCOME_DATA);
    if (!code) {
        snprintf(out->choice, sizeof out->choice, "C %g", search.best_c);
        const test_pictures judged = {test.labels, test.samples, test.count};
        code = row_of_probabilities(out, search.log_probabilities, &judged, classes);
    }
    free(search.weights);
    free(search.best);
    free(search.log_probabilities);
    return code;
}

/* ---- support vector machine ---- */

/* Its decisions in the form of log-probabilities. They rank and classify as the machine does; as
 * probabilities they mean nothing. */
static void write_decision(const svm *machine, int index, int classes, float *log_probabilities) {
    double decision = 0;
    const int found = svm_classify(machine, index, &decision);
    if (classes == 2) {
        log_probabilities[0] = (float)-log1p(exp(decision));
        log_probabilities[1] = (float)-log1p(exp(-decision));
        return;
    }
    for (int k = 0; k < classes; k++) log_probabilities[k] = k == found ? 0 : -INFINITY;
}

static int count_correct(const svm *machine, const int *labels, int first, int count) {
    double decision;
    int correct = 0;
    for (int i = first; i < first + count; i++) correct += svm_classify(machine, i, &decision) == labels[i];
    return correct;
}

static outcome choose_machine(svm **best, double *best_c, const kernel_matrix *products, const int *labels,
                              const int counts[DNI_SPLITS], double gamma) {
    int best_correct = -1;
    *best = NULL;
    for (size_t i = 0; i < sizeof SVM_CS / sizeof *SVM_CS; i++) {
        svm *machine;
        const outcome code = svm_fit(&machine, products, labels, counts[DNI_TRAIN], gamma, SVM_CS[i]);
        if (code) return code;
        const int correct = count_correct(machine, labels, counts[DNI_TRAIN], counts[DNI_VALID]);
        if (correct > best_correct) { /* of equally good ones the smallest C, the smoothest boundary */
            svm_free(*best);
            *best = machine;
            *best_c = SVM_CS[i];
            best_correct = correct;
        } else {
            svm_free(machine);
        }
    }
    return OUTCOME_OK;
}

outcome row_of_svm(baseline_row *out, const kernel_matrix *products, const int *labels, const size_t *samples,
                   const int counts[DNI_SPLITS], int width, double variance, int classes) {
    const double gamma = variance > 0 ? 1 / (width * variance) : 1;
    const int first = counts[DNI_TRAIN] + counts[DNI_VALID], count = counts[DNI_TEST];
    float *log_probabilities = new_matrix((size_t)count, (size_t)classes, sizeof *log_probabilities);
    svm *machine = NULL;
    double c = 0;
    outcome code = log_probabilities ? OUTCOME_OK : OUTCOME_MACHINE;
    if (!code) code = choose_machine(&machine, &c, products, labels, counts, gamma);
    if (!code) {
        for (int i = 0; i < count; i++)
            write_decision(machine, first + i, classes, log_probabilities + (size_t)i * (size_t)classes);
        snprintf(out->choice, sizeof out->choice, "C %g", c);
        const test_pictures judged = {labels + first, samples + first, count};
        code = row_of_probabilities(out, log_probabilities, &judged, classes);
        out->loss = (double)NAN;
        if (classes > 2) out->roc_auc = (double)NAN;
    }
    svm_free(machine);
    free(log_probabilities);
    return code;
}
