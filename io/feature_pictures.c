/* SPDX-License-Identifier: MIT */
/* A feature store's table of pictures: found and checked, described, and put piece by piece. */
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
    /* first what the others are measured by */
    dn_status status = check_shape(content, DNI_PICTURES_ROWS, out, error);
    for (int i = 0; !status && i < DNI_PICTURES_TENSORS; i++)
        status = check_shape(content, (dni_pictures_tensor)i, out, error);
    return status;
}

dni_pictures_tensor dni_pictures_tensor_of(const char *name) {
    int which = 0;
    while (which < DNI_PICTURES_TENSORS && strcmp(tensors[which].name, name) != 0) which++;
    return (dni_pictures_tensor)which;
}

/* ---- made of pictures ---- */

void dni_feature_pictures_next_of_array(const void *context, size_t *position, dni_feature_picture *out) {
    const dni_feature_picture *pictures = context;
    *out = pictures[(*position)++];
}

/* Puts all names of a tensor, each with its zero byte. */
static dn_status put_name(const char *name, const dni_sink *to, dn_error *error) {
    return dni_sink_put(to, name, strlen(name) + 1, error);
}

static dn_status put_classes(const dni_feature_pictures *pictures, const dni_sink *to, dn_error *error) {
    dn_status status = DN_OK;
    for (int i = 0; !status && i < pictures->class_count; i++)
        status = put_name(pictures->classes[i], to, error);
    return status;
}

static dn_status put_views(const dni_feature_pictures *pictures, const dni_sink *to, dn_error *error) {
    dn_status status = DN_OK;
    for (int i = 0; !status && i < pictures->view_count; i++) {
        char name[DNI_VIEW_NAME];
        dni_view_name(&pictures->views[i], name);
        status = put_name(name, to, error);
    }
    return status;
}

static dn_status put_rows(const dni_feature_pictures *pictures, const dni_feature_picture *picture,
                          const dni_feature_rows *rows, const dni_sink *to, dn_error *error) {
    dn_status status = DN_OK;
    for (int v = 0; !status && v < pictures->view_count; v++) {
        int64_t row = -1;
        if (v < picture->view_count) {
            const dni_key key = dni_key_of_view(&picture->key, &pictures->views[v]);
            row = rows->of_key(rows->context, &key);
        }
        status = dni_sink_put(to, &row, sizeof row, error);
    }
    return status;
}

/* What a tensor has of one picture. */
static dn_status put_picture(const dni_feature_pictures *pictures, const dni_feature_picture *picture,
                             dni_pictures_tensor which, const dni_feature_rows *rows, const dni_sink *to,
                             dn_error *error) {
    const uint8_t split = (uint8_t)picture->split;
    const int64_t label = picture->label;
    switch (which) {
    case DNI_PICTURES_PATHS:
        return put_name(picture->path, to, error);
    case DNI_PICTURES_KEYS:
        return dni_sink_put(to, &picture->key, sizeof picture->key, error);
    case DNI_PICTURES_SPLITS:
        return dni_sink_put(to, &split, sizeof split, error);
    case DNI_PICTURES_LABELS:
        return dni_sink_put(to, &label, sizeof label, error);
    default:
        return put_rows(pictures, picture, rows, to, error);
    }
}

dn_status dni_feature_pictures_put(const dni_feature_pictures *pictures, dni_pictures_tensor which,
                                   const dni_feature_rows *rows, const dni_sink *to, dn_error *error) {
    if (which == DNI_PICTURES_CLASSES) return put_classes(pictures, to, error);
    if (which == DNI_PICTURES_VIEWS) return put_views(pictures, to, error);
    dn_status status = DN_OK;
    for (size_t i = 0, position = 0; !status && i < pictures->count; i++) {
        dni_feature_picture picture;
        pictures->next(pictures->context, &position, &picture);
        status = put_picture(pictures, &picture, which, rows, to, error);
    }
    return status;
}

/* A sink that only counts. */
static dn_status count_bytes(void *context, const void *bytes, size_t size, dn_error *error) {
    (void)bytes, (void)error;
    *(int64_t *)context += (int64_t)size;
    return DN_OK;
}

static dn_status add_without_data(dni_tensor_dict *dict, int which, int rank, const int64_t *shape,
                                  dn_error *error) {
    return dni_tensor_dict_add(dict, tensors[which].name,
                               dni_tensor_of(tensors[which].dtype, NULL, rank, shape), error);
}

dn_status dni_feature_pictures_add(dni_tensor_dict *dict, const dni_feature_pictures *pictures,
                                   dn_error *error) {
    dn_status status = DN_OK;
    for (int which = 0; !status && which < DNI_PICTURES_TENSORS; which++) {
        int64_t shape[] = {(int64_t)pictures->count, 0};
        int rank = 1;
        if (which == DNI_PICTURES_KEYS || which == DNI_PICTURES_ROWS) {
            rank = 2;
            shape[1] = which == DNI_PICTURES_KEYS ? (int64_t)sizeof(dni_key) : pictures->view_count;
        } else if (which != DNI_PICTURES_SPLITS && which != DNI_PICTURES_LABELS) {
            shape[0] = 0;
            const dni_sink counter = {.put = count_bytes, .context = &shape[0]};
            status = dni_feature_pictures_put(pictures, (dni_pictures_tensor)which, NULL, &counter, error);
        }
        if (!status) status = add_without_data(dict, which, rank, shape, error);
    }
    return status;
}

/* ---- of a former file ---- */

dn_status dni_feature_pictures_add_place(dni_tensor_dict *dict, const dni_pictures_place *place,
                                         dn_error *error) {
    dn_status status = DN_OK;
    for (int i = 0; !status && i < DNI_PICTURES_TENSORS; i++)
        status = add_without_data(dict, i, place->tensors[i].rank, place->tensors[i].shape, error);
    return status;
}

static size_t bytes_of(const dni_tensor *tensor) {
    return (size_t)dni_tensor_count(tensor) * dni_dtype_size(tensor->dtype);
}

enum { PIECE = 1 << 14 }; /* bytes of a table that are read at once; whole rows */

static dn_status renumber(int64_t *piece, size_t count, const dni_feature_rows *rows, size_t row_count,
                          const char *path, dn_error *error) {
    for (size_t i = 0; i < count; i++) {
        if (piece[i] < -1 || piece[i] >= (int64_t)row_count)
            return dni_fail(error, DN_ERR_CORRUPT, "%s: tensor '%s': row %lld is not one of the %zu", path,
                            tensors[DNI_PICTURES_ROWS].name, (long long)piece[i], row_count);
        if (piece[i] >= 0) piece[i] = rows->of_former(rows->context, piece[i]);
    }
    return DN_OK;
}

dn_status dni_feature_pictures_put_place(const dni_safetensors *content, const dni_pictures_place *place,
                                         dni_pictures_tensor which, const dni_feature_rows *rows,
                                         size_t row_count, const dni_sink *to, dn_error *error) {
    int64_t piece[PIECE / sizeof(int64_t)];
    const size_t size = bytes_of(&place->tensors[which]);
    dn_status status = DN_OK;
    for (size_t done = 0; !status && done < size; done += PIECE) {
        const size_t part = size - done < PIECE ? size - done : PIECE;
        status = dni_file_read_at(&content->file, piece, part, place->offsets[which] + done, error);
        if (!status && which == DNI_PICTURES_ROWS)
            status = renumber(piece, part / sizeof *piece, rows, row_count, content->file.path, error);
        if (!status) status = dni_sink_put(to, piece, part, error);
    }
    return status;
}

/* ---- compared ---- */

/* What a tensor of a file has from `next` on, read ahead. */
typedef struct comparison {
    const dni_file *file;
    uint64_t next, end;
    size_t begin, count; /* of the piece: bytes that are still to be compared */
    unsigned char piece[PIECE];
    bool same;
} comparison;

static dn_status read_ahead(comparison *self, dn_error *error) {
    const uint64_t left = self->end - self->next;
    self->begin = 0;
    self->count = left < PIECE ? (size_t)left : PIECE;
    const dn_status status = dni_file_read_at(self->file, self->piece, self->count, self->next, error);
    self->next += self->count;
    return status;
}

static dn_status compare_bytes(void *context, const void *bytes, size_t size, dn_error *error) {
    comparison *self = context;
    dn_status status = DN_OK;
    for (const unsigned char *at = bytes; !status && self->same && size;) {
        if (!self->count) status = read_ahead(self, error);
        const size_t part = size < self->count ? size : self->count;
        self->same = part && memcmp(self->piece + self->begin, at, part) == 0;
        self->begin += part;
        self->count -= part;
        at += part;
        size -= part;
    }
    return status;
}

static dn_status compare(const dni_safetensors *content, const dni_feature_pictures *pictures,
                         const dni_feature_rows *rows, const dni_tensor_dict *described, bool *same,
                         dn_error *error) {
    dni_pictures_place place;
    dn_status status = dni_feature_pictures_find(content, same, &place, error);
    for (int i = 0; !status && *same && i < DNI_PICTURES_TENSORS; i++) {
        const dni_tensor *tensor = dni_tensor_dict_find(described, tensors[i].name);
        *same = dni_tensor_same_shape(&place.tensors[i], tensor->rank, tensor->shape);
        if (!*same) break;
        comparison with = {.file = &content->file,
                           .next = place.offsets[i],
                           .end = place.offsets[i] + bytes_of(tensor),
                           .same = true};
        status = dni_feature_pictures_put(pictures, (dni_pictures_tensor)i, rows,
                                          &(dni_sink){.put = compare_bytes, .context = &with}, error);
        *same = with.same;
    }
    return status;
}

dn_status dni_feature_pictures_are_in(const dni_safetensors *content, const dni_feature_pictures *pictures,
                                      const dni_feature_rows *rows, bool *same, dn_error *error) {
    *same = false;
    dni_tensor_dict *described = dni_tensor_dict_create();
    if (!described) return dni_no_memory(error, "%s: %zu pictures", content->file.path, pictures->count);
    dn_status status = dni_feature_pictures_add(described, pictures, error);
    if (!status) status = compare(content, pictures, rows, described, same, error);
    dni_tensor_dict_free(described);
    return status;
}
