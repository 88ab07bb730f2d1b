/* SPDX-License-Identifier: MIT */
/* One list of a data set's pictures. */
#include "ftrain/shell/picture_set.h"

#include "ftrain/shell/data.h"
#include "ftrain/shell/message.h"

#include <stdlib.h>

static outcome has_split(bool *out, const char *folder, dni_split split) {
    char *path;
    dn_error error;
    const dn_status status = dni_split_find(&path, folder, dni_split_name(split), &error);
    free(path);
    *out = !status;
    return status && status != DN_ERR_NOT_FOUND ? report(&error, OUTCOME_DATA) : OUTCOME_OK;
}

/* Takes over samples and classes of a data set with splits. */
static outcome take_splits(picture_set *out, dni_dataset *dataset) {
    dn_error error;
    dn_status status = DN_OK;
    for (int s = 0; !status && s < DNI_SPLITS; s++) {
        status = dni_samples_append(&out->samples, &dataset->splits[s], &error);
        out->parts[s] = dni_split_name((dni_split)s);
        out->ends[s] = out->samples.count;
    }
    out->part_count = DNI_SPLITS;
    out->classes = dataset->classes;
    out->class_count = dataset->class_count;
    dataset->classes = NULL;
    dataset->class_count = 0;
    return status ? report(&error, OUTCOME_MACHINE) : OUTCOME_OK;
}

static outcome open_splits(picture_set *out, const char *folder, const decision_options *decisions,
                           size_t *skipped) {
    dni_dataset dataset;
    outcome code = dataset_scan(&dataset, folder, false, skipped);
    if (code) return code;
    if (decisions) code = decisions_heed_dataset(&out->decisions, decisions, folder, &dataset);
    if (!code) code = take_splits(out, &dataset);
    dni_dataset_free(&dataset);
    return code;
}

/* The folders in `folder` are the classes. */
static outcome open_classes(picture_set *out, const char *folder, const decision_options *decisions,
                            size_t *skipped) {
    dni_listing listing;
    dn_error error;
    if (dni_classes_list(&listing, folder, &error)) return report(&error, OUTCOME_DATA);
    out->classes = listing.names;
    out->class_count = (int)listing.count;
    if (!out->class_count) {
        message("%s: holds no class folders", folder);
        return OUTCOME_DATA;
    }
    const char *const *const classes = (const char *const *)out->classes;
    outcome code = samples_scan(&out->samples, folder, classes, out->class_count, false, skipped);
    if (!code && decisions)
        code = decisions_heed(&out->decisions, decisions, folder, (dni_samples *const[]){&out->samples}, 1,
                              classes, out->class_count);
    out->parts[0] = "";
    out->ends[0] = out->samples.count;
    out->part_count = 1;
    return code;
}

outcome picture_set_open(picture_set *out, const char *folder, const decision_options *decisions,
                         size_t *skipped) {
    *out = (picture_set){.class_count = 0};
    bool has_splits = false;
    outcome code = OUTCOME_OK;
    for (int s = 0; !code && !has_splits && s < DNI_SPLITS; s++)
        code = has_split(&has_splits, folder, (dni_split)s);
    if (!code)
        code = has_splits ? open_splits(out, folder, decisions, skipped)
                          : open_classes(out, folder, decisions, skipped);
    if (code || out->samples.count) return code;
    message("%s: holds no pictures", folder);
    return OUTCOME_DATA;
}

void picture_set_free(picture_set *set) {
    for (int c = 0; c < set->class_count; c++) free(set->classes[c]);
    free(set->classes);
    dni_samples_free(&set->samples);
    *set = (picture_set){.class_count = 0};
}

int picture_set_part(const picture_set *set, size_t i) {
    int part = 0;
    while (i >= set->ends[part]) part++;
    return part;
}
