/* SPDX-License-Identifier: MIT */
/* The pictures of the classes that are large enough, the heads' probabilities of them, and what these say. */
#include "ftrain/features/label_check.h"

#include "ftrain/shell/new_array.h"
#include "head/confident_learning.h"
#include "head/out_of_fold.h"

#include <math.h>
#include <stdlib.h>

/* The judged pictures: classes numbered anew without gaps. */
typedef struct judged {
    feature_set set; /* with new labels */
    int classes;
    int *pictures, *groups;   /* (set.count): places in the set that was given, and its groups */
    int *class_of;            /* (classes): the given set's class */
    float *log_probabilities; /* (set.count, classes) */
} judged;

static void judged_free(judged *of) {
    feature_set_free(&of->set);
    free(of->pictures);
    free(of->groups);
    free(of->class_of);
    free(of->log_probabilities);
}

/* ---- who is judged ---- */

typedef struct place {
    int group, picture;
} place;

static int by_group(const void *a, const void *b) {
    const place *x = a, *y = b;
    if (x->group != y->group) return x->group < y->group ? -1 : 1;
    return (x->picture > y->picture) - (x->picture < y->picture);
}

/* A class has as many different pictures as there are groups whose first picture is of it: leaving out
 * another class can only add to them. */
static outcome choose_classes(label_check *out, const feature_set *set, const int *groups, int classes) {
    int *const different = new_array((size_t)classes, sizeof *different);
    place *const places = new_array((size_t)set->count, sizeof *places);
    out->class_judged = new_array((size_t)classes, sizeof *out->class_judged);
    const bool ready = different && places && out->class_judged;
    for (int i = 0; ready && i < set->count; i++) places[i] = (place){groups[i], i};
    if (ready) qsort(places, (size_t)set->count, sizeof *places, by_group);
    for (int i = 0; ready && i < set->count; i++)
        if (i == 0 || places[i].group != places[i - 1].group) different[set->labels[places[i].picture]]++;
    for (int c = 0; ready && c < classes; c++) out->class_judged[c] = different[c] >= LABEL_FOLDS;
    free(different);
    free(places);
    return ready ? OUTCOME_OK : OUTCOME_MACHINE;
}

/* The pictures of the classes that are judged, and where they stand in the set. */
static outcome take_pictures(judged *of, label_check *out, const feature_set *set, const int *groups) {
    const size_t count = (size_t)set->count;
    int *const is_judged = new_array(count, sizeof *is_judged);
    of->pictures = new_array(count, sizeof *of->pictures);
    of->groups = new_array(count, sizeof *of->groups);
    outcome code = is_judged && of->pictures && of->groups ? OUTCOME_OK : OUTCOME_MACHINE;
    int taken = 0;
    for (int i = 0; !code && i < set->count; i++) {
        is_judged[i] = out->class_judged[set->labels[i]];
        if (!is_judged[i]) continue;
        of->pictures[taken] = i;
        of->groups[taken++] = groups[i];
    }
    if (!code) code = feature_set_take(&of->set, set, is_judged, true, 1);
    out->left_out = code ? 0 : count - (size_t)taken;
    free(is_judged);
    return code;
}

static outcome number_classes(judged *of, const label_check *out, int classes) {
    int *const new_label = new_array((size_t)classes, sizeof *new_label);
    of->class_of = new_array((size_t)classes, sizeof *of->class_of);
    const outcome code = new_label && of->class_of ? OUTCOME_OK : OUTCOME_MACHINE;
    for (int c = 0; !code && c < classes; c++) {
        if (!out->class_judged[c]) continue;
        of->class_of[of->classes] = c;
        new_label[c] = of->classes++;
    }
    for (int i = 0; !code && i < of->set.count; i++) of->set.labels[i] = new_label[of->set.labels[i]];
    free(new_label);
    return code;
}

/* ---- what is said of them ---- */

static double probability(const judged *of, int i, int label) {
    return exp((double)of->log_probabilities[(size_t)i * (size_t)of->classes + (size_t)label]);
}

static void tell(label_check *out, const judged *of, const dni_confident_learning *found) {
    for (int rank = 0; rank < of->set.count; rank++) {
        const int i = found->ranking[rank], likely = found->likely[i];
        out->verdicts[rank] =
            (label_verdict){.picture = of->pictures[i],
                            .given = of->class_of[of->set.labels[i]],
                            .likely = likely >= 0 ? of->class_of[likely] : -1,
                            .given_probability = probability(of, i, of->set.labels[i]),
                            .likely_probability = likely >= 0 ? probability(of, i, likely) : (double)NAN,
                            .margin = found->margin[i]};
    }
    out->count = of->set.count;
    out->suspected = found->suspected;
    out->wrong = found->wrong;
}

static outcome compare_with_guessing(label_check *out, const judged *of) {
    int *const of_class = new_array((size_t)of->classes, sizeof *of_class);
    if (!of_class) return OUTCOME_MACHINE;
    for (int i = 0; i < of->set.count; i++) of_class[of->set.labels[i]]++;
    out->versus_largest = dni_versus_largest_class(of_class, of->classes, out->metrics.correct);
    out->versus_largest.largest = of->class_of[out->versus_largest.largest];
    free(of_class);
    return OUTCOME_OK;
}

static outcome judge(label_check *out, judged *of, uint64_t seed) {
    of->log_probabilities =
        new_matrix((size_t)of->set.count, (size_t)of->classes, sizeof *of->log_probabilities);
    out->verdicts = new_array((size_t)of->set.count, sizeof *out->verdicts);
    if (!of->log_probabilities || !out->verdicts) return OUTCOME_MACHINE;
    dni_confident_learning found = {.wrong = 0};
    dn_error error;
    double loss;
    const dn_feature_rows rows = feature_set_rows(&of->set);
    dn_status status = dni_out_of_fold(of->log_probabilities, &out->c, &loss, &rows, of->set.width,
                                       of->groups, of->classes, LABEL_FOLDS, seed, &error);
    if (!status)
        status = dni_confident_learning_run(&found, of->log_probabilities, of->set.labels, of->set.count,
                                            of->classes, &error);
    outcome code = status ? report(&error, OUTCOME_DATA) : OUTCOME_OK;
    if (!code) {
        dn_metrics_compute(&out->metrics, of->log_probabilities, of->set.labels, of->set.count, of->classes,
                           NULL);
        tell(out, of, &found);
        out->is_judged = true;
        code = compare_with_guessing(out, of);
    }
    dni_confident_learning_free(&found);
    return code;
}

outcome label_check_run(label_check *out, const feature_set *set, const int *groups, int classes,
                        uint64_t seed) {
    *out = (label_check){.count = 0};
    judged of = {.classes = 0};
    outcome code = choose_classes(out, set, groups, classes);
    if (!code) code = take_pictures(&of, out, set, groups);
    if (!code) code = number_classes(&of, out, classes);
    if (!code && of.classes >= 2) code = judge(out, &of, seed);
    judged_free(&of);
    return code;
}

void label_check_free(label_check *check) {
    free(check->class_judged);
    free(check->verdicts);
    *check = (label_check){.count = 0};
}
