/* SPDX-License-Identifier: MIT */
/* Copies, outliers and doubtful labels, each by the code that `audit` uses. */
#include "ftrain/review/findings.h"

#include "ftrain/cues/colour_outliers.h"
#include "ftrain/cues/copies.h"
#include "ftrain/features/feature_outliers.h"
#include "ftrain/features/label_check.h"
#include "ftrain/features/set_scores.h"
#include "ftrain/shell/new_array.h"

#include <stdlib.h>

enum { LABEL_SEED = 1 };

typedef struct work {
    findings *out;
    const picture_set *set;
    const findings_request *request;
    double *matrix; /* (pictures, CUE_COUNT) */
    picture_facts *facts;
    uint32_t *same, *near;
    double *scores;
    int *cues;
} work;

/* ---- without a network ---- */

static void mark_group(findings *out, const uint32_t *group, size_t i, bool is_same) {
    const size_t first = group[i];
    if (first == i) return;
    out->of[i].has_copies = out->of[first].has_copies = true;
    out->of[i].is_same |= is_same;
    out->of[first].is_same |= is_same;
}

static outcome look_at_files(work *self) {
    const dni_samples *const samples = &self->set->samples;
    finding *const of = self->out->of;
    size_t skipped = 0;
    const cue_request cues = {.pool = self->request->pool,
                              .quiet = self->request->extraction->features.quiet};
    outcome code = cues_collect(&cues, samples, self->matrix, self->facts, &skipped);
    if (!code) code = copies_find(self->same, self->near, self->facts, samples->count);
    if (!code)
        code = colour_outlier_scores(self->scores, self->cues, samples, self->set->class_count, self->matrix,
                                     self->facts);
    for (size_t i = 0; !code && i < samples->count; i++) {
        of[i].is_unusable = !self->facts[i].is_usable;
        of[i].colour_score = self->scores[i];
        of[i].colour_cue = self->cues[i];
        of[i].copy_of = self->near[i];
        mark_group(self->out, self->near, i, false);
        mark_group(self->out, self->same, i, true);
    }
    return code;
}

/* ---- by its features ---- */

static outcome collect_features(const work *self, feature_set *out, const dni_samples *usable) {
    static const dni_view plain = {.kind = DNI_VIEW_PLAIN};
    const findings_request *const request = self->request;
    const feature_source source = {.samples = usable, .views = &plain, .view_count = 1};
    size_t skipped = 0;
    if (request->scorer) return features_collect(&request->scorer->request, &source, 1, out, &skipped);
    return extraction_of_samples(out, request->extraction, usable, request->pool);
}

/* By what the model file keeps for it, where it does. */
static outcome tell_unfamiliar(work *self, const feature_set *set) {
    const scorer *const model = self->request->scorer;
    const dn_novelty *const novelty = model ? dn_classifier_get_info(model->classifier)->novelty : NULL;
    dn_error error;
    if (!novelty) return OUTCOME_OK;
    if (set_unfamiliarity(novelty, set, NULL, self->scores, &error)) return report(&error, OUTCOME_MODEL);
    for (int i = 0; i < set->count; i++) self->out->of[set->sample_index[i]].unfamiliarity = self->scores[i];
    return OUTCOME_OK;
}

static outcome check_labels(work *self, const feature_set *set) {
    label_check check = {.count = 0};
    int *const groups = new_array((size_t)set->count + 1, sizeof *groups);
    outcome code = groups ? OUTCOME_OK : OUTCOME_MACHINE;
    for (int i = 0; !code && i < set->count; i++) groups[i] = (int)self->near[set->sample_index[i]];
    if (!code) code = label_check_run(&check, set, groups, self->set->class_count, LABEL_SEED);
    for (int k = 0; !code && k < check.count; k++) {
        const label_verdict *const verdict = &check.verdicts[k];
        finding *const of = &self->out->of[set->sample_index[verdict->picture]];
        of->likely = verdict->likely;
        of->given_probability = verdict->given_probability;
        of->likely_probability = verdict->likely_probability;
    }
    self->out->labels_judged = !code && check.is_judged;
    label_check_free(&check);
    free(groups);
    return code;
}

static outcome look_at_features(work *self) {
    dni_samples usable = {.count = 0};
    feature_set set = {.count = 0};
    size_t *const sample_index = new_array(self->set->samples.count + 1, sizeof *sample_index);
    outcome code = sample_index ? OUTCOME_OK : OUTCOME_MACHINE;
    if (!code) code = usable_samples(&usable, sample_index, &self->set->samples, self->facts);
    if (!code && usable.count) code = collect_features(self, &set, &usable);
    for (int i = 0; !code && i < set.count; i++) set.sample_index[i] = sample_index[set.sample_index[i]];
    if (!code) code = feature_outlier_scores(self->scores, &set, self->set->class_count, OUTLIER_MIN_MEMBERS);
    for (int i = 0; !code && i < set.count; i++)
        self->out->of[set.sample_index[i]].feature_score = self->scores[i];
    if (!code && set.count) code = tell_unfamiliar(self, &set);
    if (!code && set.count) code = check_labels(self, &set);
    self->out->has_features = !code;
    feature_set_free(&set);
    free(usable.items);
    free(sample_index);
    return code;
}

/* ---- all of it ---- */

outcome findings_make(findings *out, const picture_set *set, const findings_request *request) {
    const size_t count = set->samples.count;
    *out = (findings){.of = new_array(count, sizeof *out->of)};
    work self = {.out = out,
                 .set = set,
                 .request = request,
                 .matrix = new_matrix(count, CUE_COUNT, sizeof *self.matrix),
                 .facts = new_array(count, sizeof *self.facts),
                 .same = new_array(count, sizeof *self.same),
                 .near = new_array(count, sizeof *self.near),
                 .scores = new_array(count, sizeof *self.scores),
                 .cues = new_array(count, sizeof *self.cues)};
    outcome code = out->of && self.matrix && self.facts && self.same && self.near && self.scores && self.cues
                       ? OUTCOME_OK
                       : OUTCOME_MACHINE;
    for (size_t i = 0; !code && i < count; i++) out->of[i].likely = -1;
    if (!code) code = look_at_files(&self);
    if (!code && (request->scorer || request->extraction->weights)) code = look_at_features(&self);
    free(self.matrix);
    free(self.facts);
    free(self.same);
    free(self.near);
    free(self.scores);
    free(self.cues);
    return code;
}

void findings_free(findings *self) {
    free(self->of);
    *self = (findings){.of = NULL};
}
