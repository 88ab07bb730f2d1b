/* The data set in one piece, and its cues. */
#include "ftrain/audit/audit.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/new_array.h"
#include "ftrain/shell/options.h"
#include "ftrain/shell/outcome.h"
#include "io/file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool is_folder(const char *folder, const char *name) {
    char *const path = dni_path_join(folder, name);
    struct stat info;
    const bool is = path && stat(path, &info) == 0 && S_ISDIR(info.st_mode);
    free(path);
    return is;
}

/* Takes over samples and classes of a data set with splits. */
static outcome take_splits(audit_data *out, const char *folder) {
    dni_dataset dataset;
    dn_error error;
    if (dni_dataset_scan(&dataset, folder, &error)) return report(&error, OUTCOME_DATA);
    for (int s = 0; s < DNI_SPLITS; s++) out->samples.count += dataset.splits[s].count;
    out->samples.items = new_array(out->samples.count, sizeof *out->samples.items);
    if (!out->samples.items) {
        out->samples.count = 0;
        dni_dataset_free(&dataset);
        return OUTCOME_MACHINE;
    }
    size_t next = 0;
    for (int s = 0; s < DNI_SPLITS; s++) {
        dni_samples *const split = &dataset.splits[s];
        memcpy(out->samples.items + next, split->items, split->count * sizeof *split->items);
        next += split->count;
        split->count = 0; /* the paths are ours now */
        out->parts[s] = dni_split_name((dni_split)s);
        out->ends[s] = next;
    }
    out->part_count = DNI_SPLITS;
    out->classes = dataset.classes;
    out->class_count = dataset.class_count;
    dataset.classes = NULL;
    dataset.class_count = 0;
    dni_dataset_free(&dataset);
    return OUTCOME_OK;
}

/* The folders in `folder` are the classes. */
static outcome take_classes(audit_data *out, const char *folder) {
    dni_listing listing;
    dn_error error;
    if (dni_list_folder(&listing, folder, &error)) return report(&error, OUTCOME_DATA);
    out->classes = new_array(listing.count + 1, sizeof *out->classes);
    outcome code = out->classes ? OUTCOME_OK : OUTCOME_MACHINE;
    for (size_t i = 0; !code && i < listing.count; i++) {
        if (!is_folder(folder, listing.names[i])) continue;
        out->classes[out->class_count] = strdup(listing.names[i]);
        if (!out->classes[out->class_count++]) code = report_no_memory();
    }
    dni_listing_free(&listing);
    if (code) return code;
    if (!out->class_count) {
        message("%s: holds no class folders", folder);
        return OUTCOME_DATA;
    }
    const char **const names = new_array((size_t)out->class_count, sizeof *names);
    if (!names) return OUTCOME_MACHINE;
    for (int c = 0; c < out->class_count; c++) names[c] = out->classes[c];
    const dn_status status = dni_samples_scan(&out->samples, folder, names, out->class_count, &error);
    free(names);
    if (status) return report(&error, OUTCOME_DATA);
    out->parts[0] = "";
    out->ends[0] = out->samples.count;
    out->part_count = 1;
    return OUTCOME_OK;
}

outcome audit_open(audit_data *out, const char *folder) {
    *out = (audit_data){.folder = folder};
    bool has_splits = false;
    for (int s = 0; s < DNI_SPLITS; s++) has_splits |= is_folder(folder, dni_split_name((dni_split)s));
    const outcome code = has_splits ? take_splits(out, folder) : take_classes(out, folder);
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
