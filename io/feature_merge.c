/* SPDX-License-Identifier: MIT */
/* Two sorted lists of keys, walked once for the keys and once for the vectors. */
#include "io/feature_merge.h"

#include "core/error.h"

#include <stdlib.h>
#include <string.h>

enum { BUFFER_BYTES = 1 << 20 };

/* ---- rows ---- */

/* How many of the journal's keys are below this one; it may be one of them. */
static size_t records_below(const dni_feature_merge *merge, const dni_key *key) {
    size_t low = 0, high = merge->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (memcmp(&merge->records[middle].key, key, sizeof *key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int64_t row_of_key(const void *context, const dni_key *key) {
    const dni_feature_merge *merge = context;
    const size_t below = records_below(merge, key);
    size_t row;
    const bool is_in_file = dni_feature_file_find(merge->file, key, &row);
    const bool is_in_journal =
        below < merge->count && memcmp(&merge->records[below].key, key, sizeof *key) == 0;
    return is_in_file || is_in_journal ? (int64_t)(row + below) : -1;
}

static int64_t row_of_former(const void *context, int64_t row) {
    const dni_feature_merge *merge = context;
    return row + (int64_t)records_below(merge, &merge->file->keys[row]);
}

static dni_feature_rows rows_of(const dni_feature_merge *merge) {
    return (dni_feature_rows){.of_key = row_of_key, .of_former = row_of_former, .context = merge};
}

/* ---- records ---- */

/* What is done with a run of the file's rows, and then with a record of the journal. */
typedef struct merge_steps {
    dn_status (*rows)(void *context, size_t first, size_t count, dn_error *error);
    dn_status (*record)(void *context, const dni_journal_record *record, dn_error *error);
    void *context;
} merge_steps;

/* Both lists in the order of their keys. */
static dn_status walk(const dni_feature_merge *merge, const merge_steps *steps, dn_error *error) {
    size_t row = 0;
    dn_status status = DN_OK;
    for (size_t i = 0; !status && i <= merge->count; i++) {
        size_t end = merge->file->count;
        if (i < merge->count) dni_feature_file_find(merge->file, &merge->records[i].key, &end);
        if (end > row) status = steps->rows(steps->context, row, end - row, error);
        row = end;
        if (!status && i < merge->count) status = steps->record(steps->context, &merge->records[i], error);
    }
    return status;
}

typedef struct merging {
    const dni_feature_merge *merge;
    const dni_sink *to;
    unsigned char *buffer; /* (buffer_rows, row_bytes) */
    size_t buffer_rows, row_bytes;
} merging;

static dn_status put_keys(void *context, size_t first, size_t count, dn_error *error) {
    const merging *self = context;
    return dni_sink_put(self->to, &self->merge->file->keys[first], count * sizeof(dni_key), error);
}

static dn_status put_key(void *context, const dni_journal_record *record, dn_error *error) {
    const merging *self = context;
    return dni_sink_put(self->to, &record->key, sizeof record->key, error);
}

static dn_status put_vectors(void *context, size_t first, size_t count, dn_error *error) {
    const merging *self = context;
    dn_status status = DN_OK;
    for (size_t done = 0, part; !status && done < count; done += part) {
        part = count - done < self->buffer_rows ? count - done : self->buffer_rows;
        status =
            dni_feature_values_read_kept(&self->merge->file->values, first + done, part, self->buffer, error);
        if (!status) status = dni_sink_put(self->to, self->buffer, part * self->row_bytes, error);
    }
    return status;
}

static dn_status put_vector(void *context, const dni_journal_record *record, dn_error *error) {
    const merging *self = context;
    const dn_status status =
        dni_feature_journal_read(self->merge->journal, record->number, self->buffer, error);
    return status ? status : dni_sink_put(self->to, self->buffer, self->row_bytes, error);
}

/* ---- the file ---- */

typedef struct writing {
    merging records;
    dni_pictures_place place; /* the former file's table, where that is taken over */
} writing;

static dn_status produce(void *context, const dni_named_tensor *tensor, const dni_sink *to, dn_error *error) {
    writing *self = context;
    const dni_feature_merge *merge = self->records.merge;
    self->records.to = to;
    if (strcmp(tensor->name, "keys") == 0)
        return walk(merge, &(merge_steps){put_keys, put_key, &self->records}, error);
    if (strcmp(tensor->name, "features") == 0)
        return walk(merge, &(merge_steps){put_vectors, put_vector, &self->records}, error);
    const dni_pictures_tensor which = dni_pictures_tensor_of(tensor->name);
    const dni_feature_rows rows = rows_of(merge);
    if (merge->pictures) return dni_feature_pictures_put(merge->pictures, which, &rows, to, error);
    return dni_feature_pictures_put_place(&merge->file->content, &self->place, which, &rows,
                                          merge->file->count, to, error);
}

static dn_status add_pictures(writing *self, dni_tensor_dict *dict, dn_error *error) {
    const dni_feature_merge *merge = self->records.merge;
    if (merge->pictures) return dni_feature_pictures_add(dict, merge->pictures, error);
    if (!merge->file->is_open) return DN_OK;
    bool found = false;
    const dn_status status = dni_feature_pictures_find(&merge->file->content, &found, &self->place, error);
    return status || !found ? status : dni_feature_pictures_add_place(dict, &self->place, error);
}

/* All tensors, without data, and the metadata. */
static dn_status describe(writing *self, dni_tensor_dict *dict, dn_error *error) {
    const dni_feature_file *file = self->records.merge->file;
    const int64_t count = (int64_t)(file->count + self->records.merge->count);
    dn_status status = dni_tensor_dict_add(
        dict, "keys", dni_tensor_of(DNI_U8, NULL, 2, (const int64_t[]){count, sizeof(dni_key)}), error);
    if (!status)
        status = dni_tensor_dict_add(
            dict, "features",
            dni_tensor_of(file->dtype, NULL, 2, (const int64_t[]){count, (int64_t)file->features}), error);
    if (!status) status = add_pictures(self, dict, error);
    if (!status) status = dni_tensor_dict_set_meta(dict, "format", DNI_FEATURE_FORMAT, error);
    return status ? status : dni_tensor_dict_set_meta(dict, "provenance", file->provenance, error);
}

dn_status dni_feature_merge_write(const dni_feature_merge *merge, dn_error *error) {
    const size_t row_bytes = merge->file->features * dni_dtype_size(merge->file->dtype);
    const size_t rows = row_bytes < BUFFER_BYTES ? BUFFER_BYTES / row_bytes : 1;
    writing self = {
        .records = {
            .merge = merge, .buffer = malloc(rows * row_bytes), .buffer_rows = rows, .row_bytes = row_bytes}};
    dni_tensor_dict *dict = dni_tensor_dict_create();
    dn_status status = dict && self.records.buffer
                           ? describe(&self, dict, error)
                           : dni_no_memory(error, "%s: merging feature records", merge->file->path);
    if (!status) status = dni_safetensors_write_pieces(dict, merge->file->path, produce, &self, error);
    dni_tensor_dict_free(dict);
    free(self.records.buffer);
    return status;
}

dn_status dni_feature_merge_is_described(const dni_feature_merge *merge, bool *same, dn_error *error) {
    *same = false;
    if (!merge->file->is_open) return DN_OK;
    const dni_feature_rows rows = rows_of(merge);
    return dni_feature_pictures_are_in(&merge->file->content, merge->pictures, &rows, same, error);
}
