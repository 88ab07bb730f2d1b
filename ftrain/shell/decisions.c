/* SPDX-License-Identifier: MIT */
/* From the file of decisions to lists of samples. */
#include "ftrain/shell/decisions.h"

#include "core/error.h"
#include "ftrain/shell/message.h"
#include "io/decision_match.h"
#include "io/file.h"

#include <stdlib.h>
#include <string.h>

enum { CHANGED_SHOWN = 5 };

static const option_spec rows[] = {
    OPT_TEXT("decisions", 0, decision_options, file, "FILE",
             "heed these decisions of 'ftrain review' (default DATA/decisions.tsv)"),
    OPT_FLAG("no-decisions", 0, decision_options, ignore, "heed none: take all pictures as they lie there"),
};

const option_table decision_option_table = OPTION_TABLE(rows);

char *decisions_path(const decision_options *options, const char *data) {
    char *const path = options->file ? strdup(options->file) : dni_path_join(data, DNI_DECISIONS_NAME);
    if (!path) (void)report_no_memory();
    return path;
}

/* A file of decisions is part of the data, whatever is wrong with it. */
static outcome refuse(const dn_error *error) {
    if (dni_status_is_machine(error->status)) return report(error, OUTCOME_MACHINE);
    message("%s", error->message);
    return OUTCOME_DATA;
}

/* ---- what is told ---- */

/* Whether it would change the set if it applied. */
static bool matters(const dni_decision *decision) {
    return decision->kind == DNI_EXCLUDE || decision->kind == DNI_MOVE;
}

/* Whether a later decision on the same path applies. */
static bool is_renewed(const dni_decisions *all, const dni_decision_match *match, size_t i) {
    size_t first = i;
    while (first > 0 && strcmp(all->items[first - 1].path, all->items[i].path) == 0) first--;
    for (size_t k = first; k < all->count && strcmp(all->items[k].path, all->items[i].path) == 0; k++)
        if (match->places[k] == DNI_DECISION_HOME) return true;
    return false;
}

static void tell_void(const dni_decisions *all, const dni_decision_match *match, const char *file) {
    size_t changed = 0, missing = 0;
    for (size_t i = 0; i < all->count; i++) {
        const dni_decision *const decision = &all->items[i];
        if (!matters(decision)) continue;
        missing += match->places[i] == DNI_DECISION_MISSING;
        if (match->places[i] != DNI_DECISION_CHANGED || is_renewed(all, match, i)) continue;
        if (changed++ < CHANGED_SHOWN)
            message("%s: line %zu: %s has changed since; the decision no longer applies", file,
                    decision->line, decision->path);
    }
    if (changed > CHANGED_SHOWN)
        message("%s: %zu more pictures have changed since they were decided on", file,
                changed - CHANGED_SHOWN);
    if (missing == 1)
        message("%s: 1 decision is on a picture that is not there", file);
    else if (missing)
        message("%s: %zu decisions are on pictures that are not there", file, missing);
}

static void tell_done(const heeded_decisions *heeded, const char *file) {
    if (!heeded->excluded && !heeded->moved) return;
    message("%s: %zu %s left out, %zu moved to another class", file, heeded->excluded,
            heeded->excluded == 1 ? "picture" : "pictures", heeded->moved);
}

/* ---- all of it ---- */

static outcome apply(heeded_decisions *out, const dni_decisions *all, const char *file, const char *data,
                     dni_samples *const *parts, size_t part_count, const char *const *classes,
                     int class_count) {
    dni_decision_match match;
    dni_decision_counts counts;
    dn_error error;
    if (dni_decisions_match(&match, all, data, (const dni_samples *const *)parts, part_count, &error))
        return refuse(&error);
    const dn_status status =
        dni_decisions_apply(&counts, &match, file, parts, part_count, classes, class_count, &error);
    if (!status) {
        *out = (heeded_decisions){.is_present = true, .excluded = counts.excluded, .moved = counts.moved};
        dni_key_text(&all->hash, out->hash);
        tell_done(out, file);
        tell_void(all, &match, file);
    }
    dni_decision_match_free(&match);
    return status ? refuse(&error) : OUTCOME_OK;
}

outcome decisions_heed(heeded_decisions *out, const decision_options *options, const char *data,
                       dni_samples *const *parts, size_t part_count, const char *const *classes,
                       int class_count) {
    *out = (heeded_decisions){.is_present = false};
    if (options->file && options->ignore) {
        message("--decisions: '%s' and --no-decisions exclude one another", options->file);
        return OUTCOME_USAGE;
    }
    if (options->ignore) return OUTCOME_OK;
    char *const file = decisions_path(options, data);
    if (!file) return OUTCOME_MACHINE;
    dni_decisions all;
    dn_error error;
    outcome code = dni_decisions_load(&all, file, &error) ? refuse(&error) : OUTCOME_OK;
    if (!code && all.is_present) code = apply(out, &all, file, data, parts, part_count, classes, class_count);
    if (!code && options->file && !all.is_present) {
        message("--decisions: %s: is not there", file);
        code = OUTCOME_DATA;
    }
    dni_decisions_free(&all);
    free(file);
    return code;
}

outcome decisions_heed_dataset(heeded_decisions *out, const decision_options *options, const char *data,
                               dni_dataset *dataset) {
    dni_samples *parts[DNI_SPLITS];
    for (int s = 0; s < DNI_SPLITS; s++) parts[s] = &dataset->splits[s];
    return decisions_heed(out, options, data, parts, DNI_SPLITS, (const char *const *)dataset->classes,
                          dataset->class_count);
}

json_t *decisions_json(const heeded_decisions *heeded) {
    if (!heeded->is_present) return json_null();
    return json_pack("{s:s, s:I, s:I}", "xxh3", heeded->hash, "left_out", (json_int_t)heeded->excluded,
                     "moved", (json_int_t)heeded->moved);
}
