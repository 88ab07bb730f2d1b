/* The data set in one piece, and its cues. */
#include "ftrain/audit/audit.h"
#include "ftrain/shell/data.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/new_array.h"
#include "ftrain/shell/options.h"
#include "ftrain/shell/outcome.h"

#include <stdlib.h>
#include <string.h>

static outcome has_split(bool *out, const char *folder, dni_split split) {
    char *path;
    dn_error error;
    const dn_status status = dni_split_find(&path, folder, dni_split_name(split), &error);
    free(path);
    *out = !status;
    return status && status != DN_ERR_NOT_FOUND ? report(&error, OUTCOME_DATA) : OUTCOME_OK;
}

/* Takes over samples and classes of a data set with splits. */
static outcome take_splits(audit_data *out, const char *folder) {
    dni_dataset dataset;
    const outcome code = dataset_scan(&dataset, folder, false, &out->skipped);
    if (code) return code;
    dn_error error;
    dn_status status = DN_OK;
    for (int s = 0; !status && s < DNI_SPLITS; s++) {
        status = dni_samples_append(&out->samples, &dataset.splits[s], &error);
        out->parts[s] = dni_split_name((dni_split)s);
        out->ends[s] = out->samples.count;
    }
    out->part_count = DNI_SPLITS;
    out->classes = dataset.classes;
    out->class_count = dataset.class_count;
    dataset.classes = NULL;
    dataset.class_count = 0;
    dni_dataset_free(&dataset);
    return status ? report(&error, OUTCOME_MACHINE) : OUTCOME_OK;
}

/* The folders in `folder` are the classes. */
static outcome take_classes(audit_data *out, const char *folder) {
    dni_listing listing;
    dn_error error;
    if (dni_classes_list(&listing, folder, &error)) return report(&error, OUTCOME_DATA);
    out->classes = listing.names;
    out->class_count = (int)listing.count;
    if (!out->class_count) {
        message("%s: holds no class folders", folder);
        return OUTCOME_DATA;
    }
    const outcome code = samples_scan(&out->samples, folder, (const char *const *)out->classes,
                                      out->class_count, false, &out->skipped);
    if (code) return code;
    out->parts[0] = "";
    out->ends[0] = out->samples.count;
    out->part_count = 1;
    return OUTCOME_OK;
}

outcome audit_open(audit_data *out, const char *folder) {
    *out = (audit_data){.folder = folder};
    bool has_splits = false;
    outcome code = OUTCOME_OK;
    for (int s = 0; !code && !has_splits && s < DNI_SPLITS; s++)
        code = has_split(&has_splits, folder, (dni_split)s);
    if (!code) code = has_splits ? take_splits(out, folder) : take_classes(out, folder);
    if (code) return code;
    if (!out->samples.count) {
        message("%s: holds no pictures", folder);
        return OUTCOME_DATA;
    }
    if (out->samples.count > INT32_MAX) {
        message("%s: holds more than %d pictures", folder, INT32_MAX);
        return OUTCOME_DATA;
    }
    const size_t classes = (size_t)out->class_count;
    out->matrix = new_matrix(out->samples.count, CUE_COUNT, sizeof *out->matrix);
    out->facts = new_array(out->samples.count, sizeof *out->facts);
    out->tiny_sums = new_matrix(classes, TINY_BYTES, sizeof *out->tiny_sums);
    out->usable = new_array(classes, sizeof *out->usable);
    return out->matrix && out->facts && out->tiny_sums && out->usable ? OUTCOME_OK : OUTCOME_MACHINE;
}

static void add_tiny(void *context, size_t index, const uint8_t *tiny) {
    audit_data *const data = context;
    const size_t label = (size_t)data->samples.items[index].label;
    double *const sums = data->tiny_sums + label * TINY_BYTES;
    for (int i = 0; i < TINY_BYTES; i++) sums[i] += tiny[i];
    data->usable[label]++;
}

outcome audit_measure(audit_data *data, dni_pool *pool, bool quiet) {
    const cue_request request = {.pool = pool, .quiet = quiet, .on_picture = add_tiny, .context = data};
    return cues_collect(&request, &data->samples, data->matrix, data->facts, &data->skipped);
}

int audit_part(const audit_data *data, size_t i) {
    int part = 0;
    while (i >= data->ends[part]) part++;
    return part;
}

void audit_close(audit_data *data) {
    for (int c = 0; c < data->class_count; c++) free(data->classes[c]);
    free(data->classes);
    dni_samples_free(&data->samples);
    free(data->matrix);
    free(data->facts);
    free(data->tiny_sums);
    free(data->usable);
}
