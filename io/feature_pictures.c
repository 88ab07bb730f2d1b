/* SPDX-License-Identifier: MIT */
/* A feature store's table of pictures: found and checked, made, taken over and compared. */
#include "io/feature_pictures.h"

#include "core/error.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    dni_dtype dtype;
} tensors[DNI_PICTURES_TENSORS] = {
    [DNI_PICTURES_PATHS] = {"pictures.paths", DNI_U8},
    [DNI_PICTURES_KEYS] = {"pictures.keys", DNI_U8},
    [DNI_PICTURES_SPLITS] = {"pictures.splits", DNI_U8},
    [DNI_PICTURES_LABELS] = {"pictures.labels", DNI_I64},
    [DNI_PICTURES_ROWS] = {"pictures.rows", DNI_I64},
    [DNI_PICTURES_CLASSES] = {"pictures.classes", DNI_U8},
    [DNI_PICTURES_VIEWS] = {"pictures.views", DNI_U8},
};

const char *dni_pictures_tensor_name(dni_pictures_tensor which) {
    return tensors[which].name;
}

/* ---- in a file ---- */

static dn_status check_shape(const dni_safetensors *content, dni_pictures_tensor which,
                             const dni_pictures_place *place, dn_error *error) {
    const dni_tensor *tensor = &place->tensors[which];
    const int64_t n = (int64_t)place->count;
    const bool right = tensor->dtype != tensors[which].dtype ? false
                       : which == DNI_PICTURES_KEYS
                           ? dni_tensor_same_shape(tensor, 2, (const int64_t[]){n, 16})
                       : which == DNI_PICTURES_ROWS
                           ? dni_tensor_same_shape(tensor, 2, (const int64_t[]){n, place->view_count})
                       : which == DNI_PICTURES_SPLITS || which == DNI_PICTURES_LABELS
                           ? dni_tensor_same_shape(tensor, 1, (const int64_t[]){n})
                           : tensor->rank == 1;
    if (right) return DN_OK;
    char shape[96];
    return dni_fail(error, DN_ERR_TENSOR_SHAPE, "%s: tensor '%s' is %s %s: no table of %zu pictures",
                    content->file.path, tensors[which].name, dni_dtype_name(tensor->dtype),
                    dni_tensor_shape_text(tensor->rank, tensor->shape, shape, sizeof shape), place->count);
}

dn_status dni_feature_pictures_find(const dni_safetensors *content, bool *found, dni_pictures_place *out,
                                    dn_error *error) {
    *out = (dni_pictures_place){.count = 0};
    int present = 0, absent = 0;
    for (int i = 0; i < DNI_PICTURES_TENSORS; i++) {
        if (dni_safetensors_find(content, tensors[i].name, &out->tensors[i], &out->offsets[i]))
            present++;
        else
            absent = i;
    }
    *found = present > 0;
    if (!present) return DN_OK;
    if (present < DNI_PICTURES_TENSORS)
        return dni_fail(error, DN_ERR_TENSOR_MISSING, "%s: its table of pictures lacks tensor '%s'",
                        content->file.path, tensors[absent].name);
    const dni_tensor *rows = &out->tensors[DNI_PICTURES_ROWS];
    if (rows->rank == 2 && rows->shape[1] >= 1 && rows->shape[1] <= INT16_MAX) {
        out->count = (size_t)rows->shape[0];
        out->view_count = (int)rows->shape[1];
    }
    dn_status status = DN_OK;
    for (int i = 0; !status && i < DNI_PICTURES_TENSORS; i++)
        status = check_shape(content, (dni_pictures_tensor)i, out, error);
    return status;
}

static size_t bytes_of(const dni_tensor *tensor) {
    return (size_t)dni_tensor_count(tensor) * dni_dtype_size(tensor->dtype);
}

dn_status dni_feature_pictures_copy(dni_tensor_dict *dict, const dni_safetensors *content,
                                    const int64_t *new_rows, size_t row_count, dn_error *error) {
    dni_pictures_place place;
    bool found = false;
    dn_status status = dni_feature_pictures_find(content, &found, &place, error);
    if (status || !found) return status;
    for (int i = 0; !status && i < DNI_PICTURES_TENSORS; i++) {
        const dni_tensor *tensor = &place.tensors[i];
        void *data = NULL;
        status = dni_tensor_dict_allocate(dict, tensors[i].name, tensor->dtype, tensor->rank, tensor->shape,
                                          &data, error);
        if (!status)
            status = dni_file_read_at(&content->file, data, bytes_of(tensor), place.offsets[i], error);
        const int64_t count = i == DNI_PICTURES_ROWS ? dni_tensor_count(tensor) : 0;
        for (int64_t k = 0, *row = data; !status && k < count; k++, row++) {
            if (*row < -1 || *row >= (int64_t)row_count)
                return dni_fail(error, DN_ERR_CORRUPT, "%s: tensor '%s': row %lld is not one of the %zu",
                                content->file.path, tensors[i].name, (long long)*row, row_count);
            if (*row >= 0) *row = new_rows[*row];
        }
    }
    return status;
}

/* ---- made of pictures ---- */

static int by_bytes(const void *a, const void *b) {
    return memcmp(a, b, sizeof(dni_key));
}

/* The row of a view's record; -1: there is none. */
static int64_t find_row(const dni_key *keys, size_t count, const dni_key *file, const dni_view *view) {
    const dni_key key = dni_key_of_view(file, view);
    const dni_key *found = count ? bsearch(&key, keys, count, sizeof key, by_bytes) : NULL;
    return found ? found - keys : -1;
}

static void fill_rows(int64_t *rows, const dni_feature_pictures *pictures, const dni_key *keys,
                      size_t key_count) {
    for (size_t i = 0; i < pictures->count; i++)
        for (int v = 0; v < pictures->view_count; v++) {
            const dni_feature_picture *picture = &pictures->items[i];
            *rows++ =
                v < picture->view_count ? find_row(keys, key_count, &picture->key, &pictures->views[v]) : -1;
        }
}

/* The next of the names that a tensor is made of; false behind the last. */
typedef bool (*next_name)(const dni_feature_pictures *pictures, size_t i, const char **out,
                          char scratch[DNI_VIEW_NAME]);

static bool next_path(const dni_feature_pictures *pictures, size_t i, const char **out,
                      char scratch[DNI_VIEW_NAME]) {
    (void)scratch;
    *out = i < pictures->count ? pictures->items[i].path : NULL;
    return *out != NULL;
}

static bool next_class(const dni_feature_pictures *pictures, size_t i, const char **out,
                       char scratch[DNI_VIEW_NAME]) {
    (void)scratch;
    *out = i < (size_t)pictures->class_count ? pictures->classes[i] : NULL;
    return *out != NULL;
}

static bool next_view(const dni_feature_pictures *pictures, size_t i, const char **out,
                      char scratch[DNI_VIEW_NAME]) {
    *out = scratch;
    if (i < (size_t)pictures->view_count) dni_view_name(&pictures->views[i], scratch);
    return i < (size_t)pictures->view_count;
}

/* All names in one tensor, each with its zero byte. */
static dn_status add_names(dni_tensor_dict *dict, dni_pictures_tensor which,
                           const dni_feature_pictures *pictures, next_name next, dn_error *error) {
    char scratch[DNI_VIEW_NAME];
    const char *name;
    size_t size = 0;
    for (size_t i = 0; next(pictures, i, &name, scratch); i++) size += strlen(name) + 1;
    void *data;
    const dn_status status = dni_tensor_dict_allocate(dict, tensors[which].name, DNI_U8, 1,
                                                      (const int64_t[]){(int64_t)size}, &data, error);
    if (status) return status;
    char *place = data;
    for (size_t i = 0; next(pictures, i, &name, scratch); i++) {
        memcpy(place, name, strlen(name) + 1);
        place += strlen(name) + 1;
    }
    return DN_OK;
}

/* Allocates one of the others. */
static dn_status add_numbers(dni_tensor_dict *dict, dni_pictures_tensor which, size_t count, int columns,
                             void **data, dn_error *error) {
    return dni_tensor_dict_allocate(dict, tensors[which].name, tensors[which].dtype, columns ? 2 : 1,
                                    (const int64_t[]){(int64_t)count, columns}, data, error);
}

dn_status dni_feature_pictures_add(dni_tensor_dict *dict, const dni_feature_pictures *pictures,
                                   const dni_key *keys, size_t key_count, dn_error *error) {
    void *file_keys = NULL, *splits = NULL, *labels = NULL, *rows = NULL;
    const size_t n = pictures->count;
    dn_status status = add_names(dict, DNI_PICTURES_PATHS, pictures, next_path, error);
    if (!status) status = add_names(dict, DNI_PICTURES_CLASSES, pictures, next_class, error);
    if (!status) status = add_names(dict, DNI_PICTURES_VIEWS, pictures, next_view, error);
    if (!status) status = add_numbers(dict, DNI_PICTURES_KEYS, n, sizeof(dni_key), &file_keys, error);
    if (!status) status = add_numbers(dict, DNI_PICTURES_SPLITS, n, 0, &splits, error);
    if (!status) status = add_numbers(dict, DNI_PICTURES_LABELS, n, 0, &labels, error);
    if (!status) status = add_numbers(dict, DNI_PICTURES_ROWS, n, pictures->view_count, &rows, error);
    if (status) return status;
    for (size_t i = 0; i < n; i++) {
        ((dni_key *)file_keys)[i] = pictures->items[i].key;
        ((uint8_t *)splits)[i] = (uint8_t)pictures->items[i].split;
        ((int64_t *)labels)[i] = pictures->items[i].label;
    }
    fill_rows(rows, pictures, keys, key_count);
    return DN_OK;
}

/* ---- compared ---- */

static dn_status is_same_data(const dni_file *file, uint64_t offset, const dni_tensor *tensor, bool *same,
                              dn_error *error) {
    enum { PIECE = 1 << 14 };
    unsigned char piece[PIECE];
    const size_t size = bytes_of(tensor);
    for (size_t done = 0; *same && done < size; done += PIECE) {
        const size_t part = size - done < PIECE ? size - done : PIECE;
        const dn_status status = dni_file_read_at(file, piece, part, offset + done, error);
        if (status) return status;
        *same = memcmp(piece, (const char *)tensor->data + done, part) == 0;
    }
    return DN_OK;
}

static dn_status compare(const dni_safetensors *content, const dni_tensor_dict *made, bool *same,
                         dn_error *error) {
    dni_pictures_place place;
    dn_status status = dni_feature_pictures_find(content, same, &place, error);
    for (int i = 0; !status && *same && i < DNI_PICTURES_TENSORS; i++) {
        const dni_tensor *tensor = dni_tensor_dict_find(made, tensors[i].name);
        *same = dni_tensor_same_shape(&place.tensors[i], tensor->rank, tensor->shape);
        if (*same) status = is_same_data(&content->file, place.offsets[i], tensor, same, error);
    }
    return status;
}

dn_status dni_feature_pictures_are_in(const dni_safetensors *content, const dni_feature_pictures *pictures,
                                      const dni_key *keys, size_t key_count, bool *same, dn_error *error) {
    *same = false;
    dni_tensor_dict *made = dni_tensor_dict_create();
    if (!made) return dni_no_memory(error, "%s: %zu pictures", content->file.path, pictures->count);
    dn_status status = dni_feature_pictures_add(made, pictures, keys, key_count, error);
    if (!status) status = compare(content, made, same, error);
    dni_tensor_dict_free(made);
    return status;
}
