/* SPDX-License-Identifier: MIT */
/* A feature store's file, a block of pictures at a time. */
#include "io/feature_reader.h"

#include "core/error.h"
#include "io/feature_file.h"
#include "io/feature_pictures.h"
#include "io/feature_values.h"
#include "io/safetensors.h"

#include <stdlib.h>
#include <string.h>

/* Pictures read at a time; the longest path that a table may hold, far above any system's. */
enum { BLOCK = 512, PATH_CAPACITY = 1 << 16 };

struct dni_feature_reader {
    dni_safetensors content;
    bool is_open;
    dni_feature_header header;
    uint64_t keys_offset; /* of records */
    dni_feature_values values;
    dni_pictures_place place; /* of pictures */
    char **classes, **views;  /* into class_names and view_names */
    char *class_names, *view_names;

    /* what comes next: entries [begin, begin + count) are in memory */
    size_t next, begin, count, total;
    int row_count; /* of an entry */
    dni_key keys[BLOCK];
    uint8_t splits[BLOCK];
    int64_t labels[BLOCK];
    int64_t *rows; /* (BLOCK, row_count) */

    /* paths: a window of the tensor */
    char *paths; /* (PATH_CAPACITY) */
    size_t path_begin, path_end;
    uint64_t path_next; /* of the tensor, behind the window */
};

static dn_status corrupt(const dni_feature_reader *reader, dni_pictures_tensor which, const char *what,
                         dn_error *error) {
    return dni_fail(error, DN_ERR_CORRUPT, "%s: tensor '%s': %s", reader->content.file.path,
                    dni_pictures_tensor_name(which), what);
}

/* ---- opening ---- */

static dn_status find_records(dni_feature_reader *reader, dn_error *error) {
    const char *path = reader->content.file.path;
    const char *format = dni_tensor_dict_meta(reader->content.dict, "format");
    reader->header.provenance = dni_tensor_dict_meta(reader->content.dict, "provenance");
    if (!format || strcmp(format, DNI_FEATURE_FORMAT) != 0 || !reader->header.provenance)
        return dni_fail(error, DN_ERR_FORMAT, "%s: is a '%s', not a '%s' with a provenance", path,
                        format ? format : "safetensors file", DNI_FEATURE_FORMAT);
    const dn_status status =
        dni_feature_file_find_tensors(&reader->values, &reader->keys_offset, &reader->content, error);
    if (status) return status;
    reader->header.records = reader->values.count;
    reader->header.features = reader->values.features;
    reader->header.dtype = reader->values.dtype;
    return DN_OK;
}

/* The names in a tensor, and pointers to each; both from malloc. */
static dn_status read_names(const dni_feature_reader *reader, dni_pictures_tensor which, char **text,
                            char ***names, int *count, dn_error *error) {
    const size_t size = (size_t)dni_tensor_count(&reader->place.tensors[which]);
    *text = malloc(size + 1);
    if (!*text) return dni_no_memory(error, "%s: names", reader->content.file.path);
    const dn_status status =
        dni_file_read_at(&reader->content.file, *text, size, reader->place.offsets[which], error);
    if (status) return status;
    if (size && (*text)[size - 1] != '\0') return corrupt(reader, which, "its last name has no end", error);
    size_t found = 0;
    for (size_t i = 0; i < size; i++) found += (*text)[i] == '\0';
    if (found > INT16_MAX) return corrupt(reader, which, "it holds more than 32767 names", error);
    *names = malloc((found + 1) * sizeof **names);
    if (!*names) return dni_no_memory(error, "%s: names", reader->content.file.path);
    for (char *name = *text; name < *text + size; name += strlen(name) + 1) (*names)[(*count)++] = name;
    return DN_OK;
}

static dn_status find_pictures(dni_feature_reader *reader, dn_error *error) {
    dni_feature_header *header = &reader->header;
    dn_status status =
        dni_feature_pictures_find(&reader->content, &header->has_pictures, &reader->place, error);
    if (status || !header->has_pictures) return status;
    header->pictures = reader->place.count;
    status = read_names(reader, DNI_PICTURES_CLASSES, &reader->class_names, &reader->classes,
                        &header->class_count, error);
    if (!status)
        status = read_names(reader, DNI_PICTURES_VIEWS, &reader->view_names, &reader->views,
                            &header->view_count, error);
    if (status) return status;
    header->classes = reader->classes;
    header->views = reader->views;
    if (header->view_count == reader->place.view_count) return DN_OK;
    return corrupt(reader, DNI_PICTURES_VIEWS, "there are not as many views as columns of 'pictures.rows'",
                   error);
}

static dn_status open_reader(dni_feature_reader *reader, const char *path, dn_error *error) {
    dn_status status = dni_safetensors_open(&reader->content, path, error);
    if (status) return status;
    reader->is_open = true;
    status = find_records(reader, error);
    if (!status) status = find_pictures(reader, error);
    if (status) return status;
    reader->total = reader->header.has_pictures ? reader->header.pictures : reader->header.records;
    reader->row_count = reader->header.has_pictures ? reader->header.view_count : 1;
    reader->rows = malloc((size_t)BLOCK * (size_t)reader->row_count * sizeof *reader->rows);
    reader->paths = malloc(PATH_CAPACITY);
    return reader->rows && reader->paths ? DN_OK : dni_no_memory(error, "%s", path);
}

dn_status dni_feature_reader_open(dni_feature_reader **out, const char *path, dn_error *error) {
    *out = calloc(1, sizeof **out);
    if (!*out) return dni_no_memory(error, "%s", path);
    const dn_status status = open_reader(*out, path, error);
    if (status) {
        dni_feature_reader_close(*out);
        *out = NULL;
    }
    return status;
}

void dni_feature_reader_close(dni_feature_reader *reader) {
    if (!reader) return;
    if (reader->is_open) dni_safetensors_close(&reader->content);
    free(reader->classes);
    free(reader->views);
    free(reader->class_names);
    free(reader->view_names);
    free(reader->rows);
    free(reader->paths);
    free(reader);
}

const dni_feature_header *dni_feature_reader_header(const dni_feature_reader *reader) {
    return &reader->header;
}

void dni_feature_reader_rewind(dni_feature_reader *reader) {
    reader->next = reader->begin = reader->count = 0;
    reader->path_begin = reader->path_end = 0;
    reader->path_next = 0;
}

/* ---- reading ---- */

/* Part of a tensor of the table: `count` pictures from `begin` on, each of that many bytes. */
static dn_status read_part(const dni_feature_reader *reader, dni_pictures_tensor which, size_t bytes,
                           void *out, dn_error *error) {
    return dni_file_read_at(&reader->content.file, out, reader->count * bytes,
                            reader->place.offsets[which] + (uint64_t)reader->begin * bytes, error);
}

static dn_status check_block(const dni_feature_reader *reader, dn_error *error) {
    for (size_t i = 0; i < reader->count; i++) {
        if (reader->splits[i] >= DNI_SPLITS)
            return corrupt(reader, DNI_PICTURES_SPLITS, "a number is not 0, 1 or 2", error);
        if (reader->labels[i] < 0 || reader->labels[i] >= reader->header.class_count)
            return corrupt(reader, DNI_PICTURES_LABELS, "a label is none of a class", error);
    }
    for (size_t i = 0; i < reader->count * (size_t)reader->row_count; i++)
        if (reader->rows[i] < -1 || reader->rows[i] >= (int64_t)reader->header.records)
            return corrupt(reader, DNI_PICTURES_ROWS, "a row is not one of 'features'", error);
    return DN_OK;
}

static dn_status read_block(dni_feature_reader *reader, dn_error *error) {
    reader->begin = reader->next;
    const size_t left = reader->total - reader->begin;
    reader->count = left < BLOCK ? left : BLOCK;
    if (!reader->header.has_pictures) {
        for (size_t i = 0; i < reader->count; i++) reader->rows[i] = (int64_t)(reader->begin + i);
        return dni_file_read_at(&reader->content.file, reader->keys, reader->count * sizeof *reader->keys,
                                reader->keys_offset + (uint64_t)reader->begin * sizeof *reader->keys, error);
    }
    const size_t row_bytes = (size_t)reader->row_count * sizeof *reader->rows;
    dn_status status = read_part(reader, DNI_PICTURES_KEYS, sizeof *reader->keys, reader->keys, error);
    if (!status) status = read_part(reader, DNI_PICTURES_SPLITS, 1, reader->splits, error);
    if (!status)
        status = read_part(reader, DNI_PICTURES_LABELS, sizeof *reader->labels, reader->labels, error);
    if (!status) status = read_part(reader, DNI_PICTURES_ROWS, row_bytes, reader->rows, error);
    return status ? status : check_block(reader, error);
}

/* Moves the window on, so that it begins with the next path and holds as much as it can. */
static dn_status refill_paths(dni_feature_reader *reader, dn_error *error) {
    const uint64_t size = (uint64_t)dni_tensor_count(&reader->place.tensors[DNI_PICTURES_PATHS]);
    reader->path_end -= reader->path_begin;
    memmove(reader->paths, reader->paths + reader->path_begin, reader->path_end);
    reader->path_begin = 0;
    const uint64_t left = size - reader->path_next;
    const size_t room = PATH_CAPACITY - reader->path_end, part = left < room ? (size_t)left : room;
    const dn_status status =
        dni_file_read_at(&reader->content.file, reader->paths + reader->path_end, part,
                         reader->place.offsets[DNI_PICTURES_PATHS] + reader->path_next, error);
    reader->path_end += part;
    reader->path_next += part;
    return status;
}

static bool path_ends(const dni_feature_reader *reader) {
    const size_t size = reader->path_end - reader->path_begin;
    return size && memchr(reader->paths + reader->path_begin, '\0', size);
}

static dn_status next_path(dni_feature_reader *reader, const char **out, dn_error *error) {
    if (!path_ends(reader)) {
        const dn_status status = refill_paths(reader, error);
        if (status) return status;
        if (!path_ends(reader))
            return corrupt(reader, DNI_PICTURES_PATHS, "it holds fewer paths than there are pictures", error);
    }
    *out = reader->paths + reader->path_begin;
    reader->path_begin += strlen(*out) + 1;
    const bool is_last = reader->next == reader->total;
    if (is_last &&
        (reader->path_begin < reader->path_end ||
         reader->path_next < (uint64_t)dni_tensor_count(&reader->place.tensors[DNI_PICTURES_PATHS])))
        return corrupt(reader, DNI_PICTURES_PATHS, "it holds more paths than there are pictures", error);
    return DN_OK;
}

dn_status dni_feature_reader_next(dni_feature_reader *reader, dni_feature_entry *out, bool *more,
                                  dn_error *error) {
    *more = reader->next < reader->total;
    if (!*more) return DN_OK;
    dn_status status = DN_OK;
    if (reader->next >= reader->begin + reader->count) status = read_block(reader, error);
    if (status) return status;
    const size_t i = reader->next++ - reader->begin;
    *out = (dni_feature_entry){.key = reader->keys[i], .rows = reader->rows + i * (size_t)reader->row_count};
    if (!reader->header.has_pictures) return DN_OK;
    out->split = (dni_split)reader->splits[i];
    out->label = (int)reader->labels[i];
    return next_path(reader, &out->path, error);
}

dn_status dni_feature_reader_values(const dni_feature_reader *reader, int64_t row, float *out,
                                    dn_error *error) {
    return dni_feature_values_read(&reader->values, &(const uint32_t){(uint32_t)row}, 1, out, error);
}
