/* The report for people. What has many classes is told of some of them, and the report says so. */
#include "ftrain/evaluate/print.h"

#include "ftrain/shell/outcome.h"
#include "ftrain/shell/table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

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

/* ---- the judged pictures ---- */

static void print_summary(const evaluation *of) {
    const dn_metrics *m = &of->metrics.overall;
    char balanced[32], auc[32], precision[32];
    printf("accuracy %.4f (%d of %d; 95 %% interval %.4f to %.4f), loss %.4f\n", m->accuracy, m->correct,
           m->count, m->accuracy_low, m->accuracy_high, m->loss);
    printf("balanced accuracy %s, ROC-AUC %s, average precision %s%s\n",
           number(balanced, of->metrics.balanced_accuracy), number(auc, of->roc_auc),
           number(precision, of->average_precision),
           of->info->class_count > 2 ? " (means over classes, each against the rest)" : "");
    printf("Brier score %.4f, expected calibration error %.4f\n", m->brier, of->reliability.error);
}

static void class_row(text_table *to, const evaluation *of, int c) {
    const dn_class_metrics *m = &of->metrics.classes[c];
    const double none = (double)NAN;
    table_text(to, of->info->classes[c]);
    table_number(to, "%.0f", m->count);
    table_number(to, "%.4f", m->precision);
    table_number(to, "%.4f", m->recall);
    table_number(to, "%.4f", m->count ? m->recall_low : none);
    table_number(to, "%.4f", m->count ? m->recall_high : none);
    table_number(to, "%.4f", m->f1);
    table_number(to, "%.4f", of->roc_aucs[c]);
    table_number(to, "%.4f", of->average_precisions[c]);
}

typedef struct ranked_class {
    int index;
    double recall;
    int count;
} ranked_class;

/* Lowest recall first, of equal ones that with more pictures, then the model's order; without pictures last. */
static int by_recall(const void *a, const void *b) {
    const ranked_class *x = a, *y = b;
    if (!x->count != !y->count) return !x->count - !y->count;
    if (x->count && x->recall != y->recall) return x->recall < y->recall ? -1 : 1;
    if (x->count != y->count) return x->count > y->count ? -1 : 1;
    return x->index - y->index;
}

static bool print_classes(const evaluation *of) {
    const int classes = of->info->class_count;
    const bool is_long = classes > CLASSES_SHOWN;
    ranked_class *order = malloc((size_t)classes * sizeof *order);
    if (!order) {
        report_no_memory();
        return false;
    }
    for (int c = 0; c < classes; c++)
        order[c] = (ranked_class){c, of->metrics.classes[c].recall, of->metrics.classes[c].count};
    if (is_long) qsort(order, (size_t)classes, sizeof *order, by_recall);
    static const char *const names[] = {"class", "pictures", "precision", "recall",           "95 % from",
                                        "to",    "F1",       "ROC-AUC",   "average precision"};
    text_table *t = table_create(9);
    headings(t, names, 9);
    for (int i = 0; i < (is_long ? WORST_SHOWN : classes); i++) class_row(t, of, order[i].index);
    free(order);
    putchar('\n');
    if (!table_print(t)) return false;
    if (is_long) printf("the %d classes of lowest recall; --json tells all %d\n", WORST_SHOWN, classes);
    return true;
}

static bool print_matrix(const char *corner, const evaluation *of, const int *confusion) {
    const int classes = of->info->class_count;
    text_table *t = table_create(classes + 1);
    table_text(t, corner);
    headings(t, of->info->classes, classes);
    for (int truth = 0; truth < classes; truth++) {
        table_text(t, of->info->classes[truth]);
        for (int c = 0; c < classes; c++) table_number(t, "%.0f", confusion[truth * classes + c]);
    }
    return table_print(t);
}

/* The off-diagonal cells with the highest counts, of equal ones in the matrix's order, by insertion. */
static int most_confused(const evaluation *of, size_t cells[PAIRS_SHOWN]) {
    const size_t classes = (size_t)of->info->class_count;
    const int *confusion = of->metrics.confusion;
    int found = 0;
    for (size_t i = 0; i < classes * classes; i++) {
        if (i / classes == i % classes || !confusion[i]) continue;
        if (found == PAIRS_SHOWN && confusion[i] <= confusion[cells[found - 1]]) continue;
        int place = found < PAIRS_SHOWN ? found++ : found - 1;
        for (; place > 0 && confusion[cells[place - 1]] < confusion[i]; place--)
            cells[place] = cells[place - 1];
        cells[place] = i;
    }
    return found;
}

static bool print_confused_pairs(const evaluation *of) {
    const size_t classes = (size_t)of->info->class_count;
    size_t cells[PAIRS_SHOWN];
    const int found = most_confused(of, cells);
    if (!found) {
        puts("no picture is taken for another class");
        return true;
    }
    printf("the confusion matrix of %zu classes is only in --json; most often confused:\n", classes);
    text_table *t = table_create(3);
    headings(t, (const char *const[]){"truth", "predicted", "pictures"}, 3);
    for (int i = 0; i < found; i++) {
        table_text(t, of->info->classes[cells[i] / classes]);
        table_text(t, of->info->classes[cells[i] % classes]);
        table_number(t, "%.0f", of->metrics.confusion[cells[i]]);
    }
    return table_print(t);
}

static bool print_confusion(const evaluation *of) {
    putchar('\n');
    return of->info->class_count > CONFUSION_SHOWN
               ? print_confused_pairs(of)
               : print_matrix("truth \\ predicted", of, of->metrics.confusion);
}

/* ---- calibration ---- */

static void calibration_row(text_table *to, const char *name, const dn_metrics *m, const dn_reliability *r) {
    table_text(to, name);
    table_number(to, "%.4f", m->loss);
    table_number(to, "%.4f", m->brier);
    table_number(to, "%.4f", r->error);
}

static bool print_temperature(const evaluation *of) {
    const recalibration *c = &of->recalibration;
    const bool is_limit = c->temperature <= 0.01 || c->temperature >= 100.0;
    printf("\ntemperature %.4f, fitted on %s (%d pictures): %s\n", c->temperature, c->split, c->count,
           is_limit ? "a limit, all pictures there pull one way" : "above 1 the probabilities were too sure");
    text_table *t = table_create(4);
    headings(t, (const char *const[]){"", "loss", "Brier score", "calibration error"}, 4);
    calibration_row(t, "as it is", &of->metrics.overall, &of->reliability);
    calibration_row(t, "at that temperature", &c->metrics, &c->reliability);
    return table_print(t);
}

/* Accuracy with its interval and, of a few classes, their recalls. */
static void judgement_cells(text_table *to, const score_metrics *j, int recalls) {
    const dn_metrics *m = &j->overall;
    const double none = (double)NAN;
    table_number(to, "%.4f", m->count ? m->accuracy : none);
    table_number(to, "%.4f", m->accuracy_low);
    table_number(to, "%.4f", m->accuracy_high);
    table_number(to, "%.4f", j->balanced_accuracy);
    for (int c = 0; c < recalls; c++) table_number(to, "%.4f", j->classes[c].recall);
}

static void judgement_headings(text_table *to, const evaluation *of, int recalls) {
    headings(to, (const char *const[]){"accuracy", "95 % from", "to", "balanced"}, 4);
    for (int c = 0; c < recalls; c++) {
        char name[64];
        snprintf(name, sizeof name, "recall of %.40s", of->info->classes[c]);
        table_text(to, name);
    }
}

static bool print_threshold(const evaluation *of) {
    const recalibration *c = &of->recalibration;
    if (isnan(c->threshold.log_odds)) {
        printf("\nno threshold: %s has pictures of one class alone, or all of one score\n", c->split);
        return true;
    }
    printf("\nthreshold %.4f: above it %s; the one of highest balanced accuracy on %s (%.4f there)\n",
           c->threshold.probability, of->info->classes[1], c->split, c->threshold.balanced_accuracy);
    text_table *t = table_create(7);
    table_text(t, "");
    judgement_headings(t, of, 2);
    table_text(t, "at 0.5");
    judgement_cells(t, &of->metrics, 2);
    table_text(t, "at that threshold");
    judgement_cells(t, &c->at_threshold, 2);
    return table_print(t);
}

/* ---- robustness ---- */

enum { RECALLS_SHOWN = 4 };

static bool print_robustness(const evaluation *of) {
    const int recalls = of->info->class_count <= RECALLS_SHOWN ? of->info->class_count : 0;
    text_table *t = table_create(7 + recalls);
    putchar('\n');
    table_text(t, "perturbation");
    table_text(t, "change");
    judgement_headings(t, of, recalls);
    table_text(t, "ROC-AUC");
    table_text(t, "plain");
    table_text(t, "");
    judgement_cells(t, &of->metrics, recalls);
    table_number(t, "%.4f", of->roc_auc);
    for (int r = 0; r < of->row_count; r++) {
        const robustness_row *row = &of->rows[r];
        table_text(t, row->name);
        table_number(t, "%+.4f", row->metrics.overall.count ? row->change : (double)NAN);
        judgement_cells(t, &row->metrics, recalls);
        table_number(t, "%.4f", row->roc_auc);
    }
    return table_print(t);
}

bool evaluation_print_text(const evaluation *of) {
    print_summary(of);
    return print_classes(of) && print_confusion(of) && (!of->recalibration.split || print_temperature(of)) &&
           (!of->recalibration.split || of->info->class_count != 2 || print_threshold(of)) &&
           (!of->row_count || print_robustness(of));
}
