/* SPDX-License-Identifier: MIT */
/* The audit as text: the verdict, then tables. */
#include "ftrain/audit/audit.h"
#include "ftrain/audit/tables.h"
#include "ftrain/shell/guessing.h"
#include "ftrain/shell/options.h"
#include "ftrain/shell/outcome.h"
#include "ftrain/shell/quote.h"

#include <stdio.h>
#include <string.h>

enum { CUES_SHOWN = 8 };

static void print_giveaways(const audit_leak *leak) {
    for (int k = 0; k < leak->giveaway_count; k++) {
        const giveaway *const it = &leak->giveaways[k];
        fputs("  '", stdout);
        quote_write(stdout, it->more);
        printf("' %s: %s against %s of '", it->phrase, it->more_value, it->less_value);
        quote_write(stdout, it->less);
        printf("'; %s, AUC %.3f\n", cue_name(it->cue), it->auc);
    }
    const char *const advice = audit_advice(leak);
    if (advice) printf("  %s\n", advice);
}

static void print_guessing(const audit_leak *leak) {
    const cue_group *const best = audit_best_group(leak);
    const guessing_sentence sentence = guessing_sentence_make(&best->versus_largest, leak->largest,
                                                              best->metrics.correct, best->metrics.count);
    printf("The classifier on %s is ", best == &leak->groups[GROUP_BOTH] ? "both" : best->name);
    guessing_print(&sentence);
}

static bool print_leak(const audit_leak *leak) {
    if (!leak->is_evaluated) return true;
    printf(
        "\nCan labels be read from cues alone? (%d pictures, %d folds; the largest class alone gives %.3f)\n",
        leak->pictures, FOLDS, leak->majority);
    const row_table groups = audit_groups_table(leak), cues = audit_cues_table(leak, CUES_SHOWN);
    if (!rows_print(&groups)) return false;
    print_guessing(leak);
    printf("\nStrongest cues, each alone\n");
    return rows_print(&cues);
}

static bool print_files(const audit *findings) {
    const row_table files = audit_files_table(findings), making = audit_making_table(findings);
    printf("\nFiles (minimum, median, maximum)\n");
    if (!rows_print(&files)) return false;
    printf("\nHow they were made (pictures), and their mean colour\n");
    return rows_print(&making);
}

enum { MAX_GROUPS = 10 };

static void print_path(const audit_data *data, size_t sample) {
    fputs("  ", stdout);
    quote_write(stdout, data->samples.items[sample].path);
}

/* The groups, worst first: those across classes, then across splits, then the rest. */
static void print_groups(const audit_data *data, const uint32_t *group) {
    int shown = 0;
    for (int pass = 0; pass < 3; pass++) {
        for (size_t i = 0; i < data->samples.count && shown < MAX_GROUPS; i++) {
            const size_t first = group[i];
            if (first == i) continue;
            const bool classes = data->samples.items[i].label != data->samples.items[first].label;
            const bool parts = audit_part(data, i) != audit_part(data, first);
            if ((classes ? 0 : parts ? 1 : 2) != pass) continue;
            print_path(data, first);
            print_path(data, i);
            printf("%s%s\n", classes ? "  (two classes!)" : "", parts ? "  (two splits!)" : "");
            shown++;
        }
    }
}

static void print_copy_counts(const char *kind, size_t pictures, size_t across_splits,
                              size_t across_classes) {
    printf("%s: %zu (groups across splits: %zu, across classes: %zu)\n", kind, pictures, across_splits,
           across_classes);
}

static void print_copies(const audit *findings) {
    const audit_copies *const copies = &findings->copies;
    puts("");
    print_copy_counts("Exact duplicates", copies->same_count, copies->same_across_parts,
                      copies->same_across_classes);
    print_copy_counts("Near duplicates", copies->near_count, copies->near_across_parts,
                      copies->near_across_classes);
    print_groups(&findings->data, copies->near);
}

static void print_outliers(const audit *findings, const class_outliers *all, const char *title) {
    printf("\n%s\n", title);
    bool any = false;
    for (int c = 0; c < findings->data.class_count; c++) {
        for (int k = 0; k < all[c].count; k++) {
            const outlier *const it = &all[c].worst[k];
            printf("  %5.1f", it->score);
            print_path(&findings->data, it->index);
            printf("%s%s\n", it->cue >= 0 ? "  by " : "", it->cue >= 0 ? cue_name(it->cue) : "");
            any = true;
        }
    }
    if (!any) puts("  none");
}

/* ---- labels ---- */

static void print_left_out(const audit *findings) {
    const label_check *const check = &findings->labels.check;
    if (!check->left_out) return;
    printf("Not judged: %zu pictures of classes with fewer than %d different pictures:", check->left_out,
           LABEL_FOLDS);
    const char *comma = " '";
    for (int c = 0; c < findings->data.class_count; c++) {
        if (check->class_judged[c] || !findings->data.usable[c]) continue;
        fputs(comma, stdout);
        quote_write(stdout, findings->data.classes[c]);
        comma = "', '";
    }
    puts("'");
}

static bool print_labels(const audit *findings) {
    const audit_labels *const labels = &findings->labels;
    const label_check *const check = &labels->check;
    if (!labels->is_asked) return true;
    if (!check->is_judged) {
        printf("\nLabels: not judged: fewer than two classes have %d different pictures\n", LABEL_FOLDS);
        return true;
    }
    printf("\nLabels that are probably wrong: %d of %d, by confident learning (%d folds, C %g)\n",
           check->suspected, check->count, LABEL_FOLDS, check->c);
    print_left_out(findings);
    const guessing_sentence sentence =
        guessing_sentence_make(&check->versus_largest, findings->data.classes[check->versus_largest.largest],
                               check->metrics.correct, check->metrics.count);
    printf("Heads that had not seen a picture gave its label in %.4f of cases, ", check->metrics.accuracy);
    guessing_print(&sentence);
    const char *const doubt = audit_labels_doubt(labels);
    if (doubt) puts(doubt);
    const row_table table = audit_labels_table(labels, true);
    return !check->suspected || rows_print(&table);
}

outcome audit_print(const audit *findings) {
    char verdict[512];
    audit_verdict(verdict, sizeof verdict, &findings->leak);
    puts(verdict);
    print_giveaways(&findings->leak);
    if (!print_leak(&findings->leak) || !print_files(findings)) return OUTCOME_MACHINE;
    print_copies(findings);
    print_outliers(findings, findings->colour, "Outliers in colour (modified z-score)");
    if (findings->features)
        print_outliers(findings, findings->features,
                       "Outliers in features (modified z-score of the distance)");
    return print_labels(findings) ? OUTCOME_OK : OUTCOME_MACHINE;
}
