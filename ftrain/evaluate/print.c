/* SPDX-License-Identifier: MIT */
/* The result as text. Of many classes only some are printed, and the text says so. */
#include "ftrain/evaluate/print.h"

#include "ftrain/evaluate/tables.h"
#include "ftrain/shell/new_array.h"
#include "ftrain/shell/outcome.h"
#include "ftrain/shell/quote.h"
#include "ftrain/shell/table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CLASSES_SHOWN = 40,   /* with more, only the worst */
    WORST_SHOWN = 20,     /* so many of them */
    CONFUSION_SHOWN = 20, /* classes; with more, the most confused pairs instead */
    PAIRS_SHOWN = 15,
};

/* "-" for what is not defined. */
static const char *number(char text[32], double value) {
    snprintf(text, 32, isnan(value) ? "-" : "%.4f", value);
    return text;
}

static void headings(text_table *to, const char *const *texts, int count) {
    for (int i = 0; i < count; i++) table_text(to, texts[i]);
}

/* ---- the evaluated pictures ---- */

static void print_accuracy(const dn_metrics *m) {
    printf("accuracy %.4f (%d of %d; 95 %% interval %.4f to %.4f), loss %.4f\n", m->accuracy, m->correct,
           m->count, m->accuracy_low, m->accuracy_high, m->loss);
}

/* Before all else where the model is judged on what it was made from. */
static void print_own(const evaluation *result) {
    const without_own *from = &result->without_own;
    char sentence[200];
    if (!own_pictures_count(&from->own)) return;
    own_pictures_sentence(sentence, sizeof sentence, &from->own);
    puts(sentence);
    fputs("without them: ", stdout);
    if (!from->is_measured) {
        puts("nothing is left to judge it by");
        return;
    }
    print_accuracy(&from->metrics.overall);
    const guessing_sentence guessing = evaluation_guessing(result, &from->metrics);
    guessing_print(&guessing);
    puts("with them:");
}

/* Where it is not, or where that is not known. */
static void print_none_own(const evaluation *result) {
    char sentence[200];
    if (own_pictures_count(&result->without_own.own)) return;
    own_pictures_sentence(sentence, sizeof sentence, &result->without_own.own);
    puts(sentence);
}

/* The figures without them beside those with them. */
static bool print_without_own(const evaluation *result) {
    scored_row both[2];
    scored_columns columns;
    without_own_rows_make(both, result);
    scored_columns_make(&columns, result, false);
    putchar('\n');
    const row_table table = scored_table(&columns, both, 2);
    return rows_print(&table);
}

static void print_summary(const evaluation *result) {
    const dn_metrics *m = &result->metrics.overall;
    char balanced[32], auc[32], precision[32];
    print_own(result);
    print_accuracy(m);
    const guessing_sentence guessing = evaluation_guessing(result, &result->metrics);
    guessing_print(&guessing);
    printf("balanced accuracy %s, ROC-AUC %s, average precision %s%s\n",
           number(balanced, result->metrics.balanced_accuracy), number(auc, result->roc_auc),
           number(precision, result->average_precision),
           result->info->class_count > 2 ? " (means over classes, each against the rest)" : "");
    printf("Brier score %.4f, expected calibration error %.4f\n", m->brier, result->reliability.error);
    print_none_own(result);
}

static void print_familiarity(const evaluation *result) {
    const int count = result->scores.count;
    const strangers *others = &result->strangers;
    if (result->unfamiliar < 0) return;
    printf("unfamiliar: %d of %d pictures (%.1f %%; of the validation pictures 5 %% are)\n",
           result->unfamiliar, count, 100.0 * result->unfamiliar / count);
    if (!others->folder) return;
    printf("unfamiliar in ");
    quote_write(stdout, others->folder);
    printf(": %d of %d pictures (%.1f %%); ROC-AUC of these against the evaluated ones %.4f\n",
           others->unfamiliar, others->count, 100.0 * others->unfamiliar / others->count, others->roc_auc);
}

/* Lowest recall first, of equal ones that with more pictures, then the model's order; without pictures
 * last. */
static int by_recall(const void *a, const void *b) {
    const class_row *x = *(const class_row *const *)a, *y = *(const class_row *const *)b;
    const dn_class_metrics *m = &x->metrics, *n = &y->metrics;
    if (!m->count != !n->count) return !m->count - !n->count;
    if (m->count && m->recall != n->recall) return m->recall < n->recall ? -1 : 1;
    if (m->count != n->count) return m->count > n->count ? -1 : 1;
    return x < y ? -1 : x > y;
}

/* Moves the rows of lowest recall to the front: sorted by their places, since equal ones keep their order. */
static outcome worst_first(class_row *all, int count) {
    const class_row **order = new_array((size_t)count, sizeof *order);
    class_row worst[WORST_SHOWN];
    if (!order) return OUTCOME_MACHINE;
    for (int c = 0; c < count; c++) order[c] = &all[c];
    qsort(order, (size_t)count, sizeof *order, by_recall);
    for (int i = 0; i < WORST_SHOWN; i++) worst[i] = *order[i];
    memcpy(all, worst, sizeof worst);
    free(order);
    return OUTCOME_OK;
}

static bool print_classes(const evaluation *result) {
    const int classes = result->info->class_count;
    const bool is_long = classes > CLASSES_SHOWN;
    class_row *all;
    outcome code = evaluation_class_rows(&all, result);
    if (!code && is_long) code = worst_first(all, classes);
    putchar('\n');
    const row_table table = class_table(all, is_long ? WORST_SHOWN : classes);
    const bool printed = !code && rows_print(&table);
    free(all);
    if (printed && is_long)
        printf("the %d classes of lowest recall; --json has all %d\n", WORST_SHOWN, classes);
    return printed;
}

static bool print_matrix(const evaluation *result) {
    const int classes = result->info->class_count;
    int *matrix;
    dn_error error;
    if (dni_confusion_matrix(&matrix, &result->metrics.confusion, classes, &error))
        return !report(&error, OUTCOME_MACHINE);
    text_table *t = table_create(classes + 1);
    table_text(t, "truth / predicted");
    headings(t, result->info->classes, classes);
    for (int truth = 0; truth < classes; truth++) {
        table_text(t, result->info->classes[truth]);
        for (int c = 0; c < classes; c++) table_number(t, "%.0f", matrix[truth * classes + c]);
    }
    free(matrix);
    return table_print(t);
}

static bool print_pairs(const evaluation *result, const dni_confusion *pairs) {
    if (!pairs->count) {
        puts("no picture is taken for another class");
        return true;
    }
    printf("the confusion matrix of %d classes is only in --json%s; most often confused:\n",
           result->info->class_count,
           result->info->class_count > DNI_CONFUSION_MATRIX_CLASSES ? ", as pairs" : "");
    text_table *t = table_create(3);
    headings(t, (const char *const[]){"truth", "predicted", "pictures"}, 3);
    for (size_t i = 0; i < pairs->count && i < PAIRS_SHOWN; i++) {
        table_text(t, result->info->classes[pairs->cells[i].truth]);
        table_text(t, result->info->classes[pairs->cells[i].predicted]);
        table_number(t, "%.0f", pairs->cells[i].count);
    }
    return table_print(t);
}

static bool print_confusion(const evaluation *result) {
    putchar('\n');
    if (result->info->class_count <= CONFUSION_SHOWN) return print_matrix(result);
    dni_confusion pairs;
    dn_error error;
    if (dni_confusion_pairs(&pairs, &result->metrics.confusion, &error))
        return !report(&error, OUTCOME_MACHINE);
    const bool printed = print_pairs(result, &pairs);
    dni_confusion_free(&pairs);
    return printed;
}

/* ---- sets ---- */

static bool print_sets(const evaluation *result) {
    const set_row *all = &result->set_metrics.all;
    const int classes = result->info->class_count;
    char title[160];
    set_metrics_title(title, sizeof title, &result->sets);
    printf(
        "\n%s:\n%.4f hold the true class (%d of %d; 95 %% interval %.4f to %.4f), mean size %.4f, %d empty\n",
        title, all->coverage, all->held, all->count, all->coverage_low, all->coverage_high, all->mean_size,
        all->empty);
    if (classes > CLASSES_SHOWN) {
        printf("the sets of %d classes, one by one, are only in --json\n", classes);
        return true;
    }
    const row_table table = set_table(result->set_metrics.classes, classes);
    return rows_print(&table);
}

/* ---- calibration ---- */

static bool print_temperature(const evaluation *result) {
    const recalibration *c = &result->recalibration;
    const bool is_limit = c->temperature <= 0.01 || c->temperature >= 100.0;
    printf("\ntemperature %.4f, fitted on %s (%d pictures): %s\n", c->temperature, c->split, c->count,
           is_limit ? "at the limit of the range searched (0.01 to 100)"
                    : "above 1 the probabilities were too sure");
    const probability_row both[] = {probability_row_plain(result), probability_row_scaled(result)};
    const row_table table = probability_table(both, 2);
    return rows_print(&table);
}

static bool print_threshold(const evaluation *result) {
    const recalibration *c = &result->recalibration;
    if (isnan(c->threshold.log_odds)) {
        printf("\nno threshold: %s has pictures of one class alone, or all of one score\n", c->split);
        return true;
    }
    printf("\nthreshold %.4f: above it ", c->threshold.probability);
    quote_write(stdout, result->info->classes[1]);
    printf("; the one of highest balanced accuracy on %s (%.4f there)\n", c->split,
           c->threshold.balanced_accuracy);
    const scored_row both[] = {scored_row_make(result, "at 0.5", &result->metrics),
                               scored_row_make(result, "at that threshold", &c->at_threshold)};
    scored_columns columns;
    scored_columns_make(&columns, result, false);
    const row_table table = scored_table(&columns, both, 2);
    return rows_print(&table);
}

/* ---- robustness ---- */

static bool print_robustness(const evaluation *result) {
    scored_columns columns;
    scored_columns_make(&columns, result, true);
    scored_row *all;
    const outcome code = robustness_rows_make(&all, result);
    putchar('\n');
    const row_table table = scored_table(&columns, all, 1 + result->row_count);
    const bool printed = !code && rows_print(&table);
    free(all);
    return printed;
}

bool evaluation_print_text(const evaluation *result) {
    print_summary(result);
    print_familiarity(result);
    return (!result->without_own.is_measured || print_without_own(result)) && print_classes(result) &&
           print_confusion(result) && (!result->sets.thresholds || print_sets(result)) &&
           (!result->recalibration.split || print_temperature(result)) &&
           (!result->recalibration.split || result->info->class_count != 2 || print_threshold(result)) &&
           (!result->row_count || print_robustness(result));
}
