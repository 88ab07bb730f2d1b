/* SPDX-License-Identifier: MIT */
/* Dividing the validation split, and calibrating on a part of it. */
#include "ftrain/train/calibrate.h"

#include "core/rng.h"
#include "ftrain/features/feature_set.h"
#include "ftrain/features/set_scores.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/new_array.h"
#include "head/mlp.h"

#include <math.h>
#include <stdlib.h>

bool calibrate_is_apart(const train_run *run) {
    return run->calibration.count > 0;
}

int calibrate_count(const train_run *run) {
    return calibrate_is_apart(run) ? run->calibration.count : run->sets[DNI_VALID].count;
}

/* ---- dividing ---- */

enum { CHOOSING, CALIBRATING };

/* Draws the pictures of one class; members: room for (valid.count). */
static void draw(const train_run *run, int label, dni_rng *rng, uint32_t *members, int *groups) {
    const feature_set *valid = &run->sets[DNI_VALID];
    uint32_t count = 0;
    for (int i = 0; i < valid->count; i++)
        if (valid->labels[i] == label) members[count++] = (uint32_t)i;
    dni_rng_shuffle(rng, members, count);
    const double share = run->options->calibration_share;
    const uint32_t most = count - 1, wanted = (uint32_t)lround(share * count);
    const uint32_t taken = wanted < 1 ? 1 : wanted > most ? most : wanted;
    for (uint32_t i = 0; i < taken; i++) groups[members[i]] = CALIBRATING;
}

static outcome assign(const train_run *run, int *groups) {
    uint32_t *members = new_array((size_t)run->sets[DNI_VALID].count, sizeof *members);
    if (!members) return OUTCOME_MACHINE;
    dni_rng rng = dni_rng_named(run->options->training.seed, "calibration");
    outcome code = OUTCOME_OK;
    for (int c = 0; !code && c < run->extraction.data.class_count; c++) {
        if (run->counts[DNI_VALID][c] < 2) {
            message("--calibration-share: valid/%s: one picture cannot be divided",
                    run->extraction.data.classes[c]);
            code = OUTCOME_DATA;
        } else {
            draw(run, c, &rng, members, groups);
        }
    }
    free(members);
    return code;
}

static outcome take_both(train_run *run, const int *groups) {
    feature_set *valid = &run->sets[DNI_VALID], choosing;
    outcome code = feature_set_take(&run->calibration, valid, groups, CALIBRATING, 1);
    if (code) return code;
    code = feature_set_take(&choosing, valid, groups, CHOOSING, valid->view_count);
    feature_set_free(code ? &choosing : valid);
    if (code) return code;
    *valid = choosing;
    for (int i = 0; i < run->calibration.count; i++) run->counts[DNI_VALID][run->calibration.labels[i]]--;
    return OUTCOME_OK;
}

outcome calibrate_divide(train_run *run) {
    if (run->options->calibration_share <= 0.0) return OUTCOME_OK;
    int *groups = new_array((size_t)run->sets[DNI_VALID].count, sizeof *groups);
    outcome code = groups ? assign(run, groups) : OUTCOME_MACHINE;
    if (!code) code = take_both(run, groups);
    free(groups);
    return code;
}

/* ---- calibrating ---- */

static dn_status probabilities_of(const dn_head *head, const feature_set *set, float *out, dn_error *error) {
    const dn_status status = set_log_probabilities(head, set, out, error);
    const size_t values = (size_t)set->count * (size_t)dn_head_classes(head);
    for (size_t i = 0; !status && i < values; i++) out[i] = expf(out[i]);
    return status;
}

outcome calibrate_run(dn_conformal **out, const train_run *run) {
    const feature_set *set = calibrate_is_apart(run) ? &run->calibration : &run->sets[DNI_VALID];
    const int classes = run->extraction.data.class_count;
    *out = NULL;
    float *probabilities = new_matrix((size_t)set->count, (size_t)classes, sizeof *probabilities);
    if (!probabilities) return OUTCOME_MACHINE;
    /* Those of the head that the file will hold, to the last bit. */
    dn_head *folded = NULL;
    dn_error error;
    dn_status status = dni_head_fold_standardisation(&folded, run->head, &error);
    if (!status) status = probabilities_of(folded, set, probabilities, &error);
    if (!status) status = dn_conformal_create(out, probabilities, set->labels, set->count, classes, &error);
    dn_head_free(folded);
    free(probabilities);
    return status ? report(&error, OUTCOME_DATA) : OUTCOME_OK;
}
