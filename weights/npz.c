/* SPDX-License-Identifier: MIT */
/* Arrays of a .npz, read one at a time. */
#include "weights/npz.h"

#include "core/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char ending[] = ".npy";

/* Of a record's header: how long its name is stands at byte 26, the name behind byte 30. */
dn_status dni_npz_begins(bool *out, const dni_file *file, dn_error *error) {
    enum { LENGTH = 26, NAME = 30 };
    unsigned char bytes[1 << 10];
    const size_t size = file->size < sizeof bytes ? (size_t)file->size : sizeof bytes;
    *out = false;
    const dn_status status = dni_file_read_at(file, bytes, size, 0, error);
    if (status || size < NAME || !dni_zip_begins(bytes, size)) return status;
    const size_t length = bytes[LENGTH] | (size_t)bytes[LENGTH + 1] << 8, end = sizeof ending - 1;
    *out = length > end && length <= size - NAME && memcmp(bytes + NAME + length - end, ending, end) == 0;
    return DN_OK;
}

dn_status dni_npz_open(dni_npz *out, const dni_file *file, dn_error *error) {
    return dni_zip_archive_open(&out->zip, file, error);
}

void dni_npz_close(dni_npz *npz) {
    dni_zip_archive_close(&npz->zip);
}

/* "NAME.npy" in the archive, and how messages call it; both from malloc. */
static dn_status set_names(const dni_npz *npz, const char *name, char **record, char **label,
                           dn_error *error) {
    const size_t size = strlen(npz->zip.path) + strlen(name) + 32;
    *record = malloc(size);
    *label = malloc(size);
    if (!*record || !*label) return dni_no_memory(error, "%s: array '%s'", npz->zip.path, name);
    snprintf(*record, size, "%s%s", name, ending);
    snprintf(*label, size, "%s: array '%s'", npz->zip.path, name);
    return DN_OK;
}

static dn_status read_array(dni_npz *npz, const char *record, bool *found, dni_npz_array *out,
                            dn_error *error) {
    zip_int64_t index;
    size_t size;
    dn_status status = dni_zip_archive_find(&npz->zip, record, &index, error);
    *found = !status && index >= 0;
    if (!*found) return status;
    status = dni_zip_archive_size(&npz->zip, index, record, &size, error);
    if (status) return status;
    out->bytes = malloc(size + 1);
    if (!out->bytes) return dni_no_memory(error, "%s", out->name);
    status = dni_zip_archive_unpack(&npz->zip, index, record, out->bytes, size, error);
    return status ? status : dni_npy_parse(&out->npy, out->bytes, size, out->name, error);
}

dn_status dni_npz_load(dni_npz *npz, const char *name, bool *found, dni_npz_array *out, dn_error *error) {
    char *record = NULL;
    *out = (dni_npz_array){.name = NULL};
    *found = false;
    dn_status status = set_names(npz, name, &record, &out->name, error);
    if (!status) status = read_array(npz, record, found, out, error);
    free(record);
    return status;
}

void dni_npz_array_free(dni_npz_array *array) {
    free(array->name);
    free(array->bytes);
    *array = (dni_npz_array){.name = NULL};
}
