/* SPDX-License-Identifier: MIT */
/* The audit as one JSON object. */
#include "ftrain/audit/audit.h"
#include "ftrain/audit/tables.h"
#include "ftrain/shell/guessing.h"
#include "ftrain/shell/options.h"
#include "ftrain/shell/outcome.h"
#include "ftrain/shell/output.h"
#include "io/json.h"

static json_t *number(size_t value) {
    return json_integer((json_int_t)value);
}

static json_t *leak_json(const audit_leak *leak) {
    if (!leak->is_evaluated) return json_null();
    const row_table groups = audit_groups_table(leak), cues = audit_cues_table(leak, CUE_COUNT);
    json_t *by_name = json_object();
    for (int g = 0; g < CUE_GROUPS; g++)
        dni_json_set(&by_name, leak->groups[g].name, row_json(&groups, (size_t)g));
    json_t *giveaways = json_array();
    for (int k = 0; k < leak->giveaway_count; k++) {
        const giveaway *const it = &leak->giveaways[k];
        dni_json_append(&giveaways, json_pack("{s:s, s:o, s:s, s:o, s:s, s:o, s:s}", "cue", cue_name(it->cue),
                                              "roc_auc", dni_json_number(it->auc), "what", it->phrase, "more",
                                              dni_json_text(it->more), "more_value", it->more_value, "less",
                                              dni_json_text(it->less), "less_value", it->less_value));
    }
    return json_pack("{s:i, s:i, s:o, s:o, s:o, s:o}", "count", leak->pictures, "folds", FOLDS, "majority",
                     dni_json_number(leak->majority), "groups", by_name, "cues", rows_json(&cues),
                     "giveaways", giveaways);
}

static json_t *summaries_json(const audit *findings) {
    const row_table files = audit_files_table(findings), making = audit_making_table(findings);
    json_t *all = json_array();
    for (size_t i = 0; i < files.count; i++) {
        json_t *row = row_json(&files, i);
        dni_json_update(&row, row_json(&making, i));
        dni_json_append(&all, row);
    }
    return all;
}

static json_t *path_json(const audit *findings, size_t i) {
    return dni_json_text(findings->data.samples.items[i].path);
}

/* Adds a path to the group that begins with that picture; false without memory. Takes over `path`. */
static bool add_member(json_t *groups, const char *first, json_t *path) {
    json_t *members = json_object_get(groups, first);
    if (!members) {
        members = json_array();
        if (json_object_set_new_nocheck(groups, first, members)) {
            json_decref(path);
            return false;
        }
    }
    return !json_array_append_new(members, path);
}

/* Groups of more than one, as arrays of paths. */
static json_t *groups_json(const audit *findings, const uint32_t *group) {
    json_t *const groups = json_object();
    bool whole = groups != NULL;
    for (size_t i = 0; whole && i < findings->data.samples.count; i++) {
        if (group[i] == i) continue;
        const char *const first = findings->data.samples.items[group[i]].path;
        if (!json_object_get(groups, first)) whole = add_member(groups, first, path_json(findings, group[i]));
        whole = whole && add_member(groups, first, path_json(findings, i));
    }
    json_t *list = whole ? json_array() : NULL;
    const char *key;
    json_t *members;
    json_object_foreach(groups, key, members) dni_json_append(&list, json_incref(members));
    json_decref(groups);
    return list;
}

static json_t *copies_json(const audit *findings, const uint32_t *group, size_t across_parts,
                           size_t across_classes) {
    return json_pack("{s:o, s:o, s:o}", "across_splits", number(across_parts), "across_classes",
                     number(across_classes), "groups", groups_json(findings, group));
}

static json_t *outliers_json(const audit *findings, const class_outliers *all) {
    if (!all) return json_null();
    json_t *out = json_array();
    for (int c = 0; c < findings->data.class_count; c++)
        for (int k = 0; k < all[c].count; k++) {
            const outlier *const it = &all[c].worst[k];
            dni_json_append(&out, json_pack("{s:o, s:o, s:s?}", "path", path_json(findings, it->index),
                                            "score", dni_json_number(it->score), "cue",
                                            it->cue >= 0 ? cue_name(it->cue) : NULL));
        }
    return out;
}

/* ---- labels ---- */

static json_t *classes_json(const audit *findings, bool judged) {
    json_t *out = json_array();
    for (int c = 0; c < findings->data.class_count; c++)
        if (findings->labels.check.class_judged[c] == judged)
            dni_json_append(&out, dni_json_text(findings->data.classes[c]));
    return out;
}

static json_t *labels_json(const audit *findings) {
    const label_check *const check = &findings->labels.check;
    if (!findings->labels.is_asked) return json_null();
    json_t *out = json_pack("{s:b, s:o, s:o}", "judged", (int)check->is_judged, "left_out",
                            number(check->left_out), "left_out_classes", classes_json(findings, false));
    if (!check->is_judged) return out;
    const row_table suspected = audit_labels_table(&findings->labels, true);
    const row_table others = audit_labels_table(&findings->labels, false);
    json_t *const rest = json_pack("{s:i, s:i, s:o, s:o, s:o, s:i, s:s?, s:o, s:o}", "count", check->count,
                                   "folds", LABEL_FOLDS, "c", dni_json_number(check->c), "accuracy",
                                   dni_json_number(check->metrics.accuracy), "versus_largest_class",
                                   guessing_json(&check->versus_largest), "estimated_wrong", check->wrong,
                                   "doubt", audit_labels_doubt(&findings->labels), "suspected",
                                   rows_json(&suspected), "others", rows_json(&others));
    dni_json_update(&out, rest);
    return out;
}

static json_t *unusable_json(const audit *findings) {
    json_t *out = json_array();
    for (size_t i = 0; i < findings->data.samples.count; i++)
        if (!findings->data.facts[i].is_usable) dni_json_append(&out, path_json(findings, i));
    return out;
}

outcome audit_print_json(const audit *findings) {
    char verdict[512];
    audit_verdict(verdict, sizeof verdict, &findings->leak);
    const audit_copies *const copies = &findings->copies;
    json_t *const out =
        json_pack("{s:s, s:o, s:s?, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "verdict", verdict,
                  "alarm", findings->leak.is_evaluated ? json_boolean(findings->leak.alarm) : json_null(),
                  "advice", audit_advice(&findings->leak), "cue_classifier", leak_json(&findings->leak),
                  "classes", summaries_json(findings), "same_bytes",
                  copies_json(findings, copies->same, copies->same_across_parts, copies->same_across_classes),
                  "same_look",
                  copies_json(findings, copies->near, copies->near_across_parts, copies->near_across_classes),
                  "colour_outliers", outliers_json(findings, findings->colour), "feature_outliers",
                  outliers_json(findings, findings->features), "labels", labels_json(findings), "unusable",
                  unusable_json(findings), "decisions", decisions_json(&findings->data.decisions));
    return print_json(out) ? OUTCOME_OK : OUTCOME_MACHINE;
}
