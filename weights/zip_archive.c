/* SPDX-License-Identifier: MIT */
/* Zip archives over libzip. */
#include "weights/zip_archive.h"

#include "core/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

bool dni_zip_begins(const unsigned char *first_bytes, size_t size) {
    return size >= 4 && memcmp(first_bytes, "PK\3\4", 4) == 0;
}

bool dni_zip_lacked_memory(const zip_error_t *problem) {
    enum { ZLIB_MEMORY = -4 }; /* zlib's Z_MEM_ERROR */
    if (errno == ENOMEM) return true;
    const int detail = zip_error_code_system(problem);
    switch (zip_error_system_type(problem)) {
    case ZIP_ET_SYS:
        return detail == ENOMEM;
    case ZIP_ET_ZLIB:
        return detail == ZLIB_MEMORY;
    default:
        return zip_error_code_zip(problem) == ZIP_ER_MEMORY;
    }
}

/* What libzip could not do: because a read failed, for want of memory, or, with `otherwise`, because of what
 * the file holds. */
static dn_status zip_failure(const dni_zip_archive *archive, zip_error_t *problem, dn_status otherwise,
                             const char *what, dn_error *error) {
    const dn_error *read = &archive->source.error;
    if (read->status) return dni_fail(error, read->status, "%s", read->message);
    if (dni_zip_lacked_memory(problem)) return dni_no_memory(error, "%s", archive->path);
    return dni_fail(error, otherwise, "%s: %s: %s", archive->path, what, zip_error_strerror(problem));
}

dn_status dni_zip_archive_open(dni_zip_archive *out, const dni_file *file, dn_error *error) {
    *out = (dni_zip_archive){
        .path = file->path, .source = {.file = file}, .unpacked = dni_allowance_of(file->size, file->path)};
    zip_error_t problem;
    zip_error_init(&problem);
    errno = 0;
    zip_source_t *source = dni_zip_source_create(&out->source, &problem);
    out->zip = source ? zip_open_from_source(source, ZIP_RDONLY, &problem) : NULL;
    dn_status status = DN_OK;
    if (!out->zip) {
        status = zip_failure(out, &problem, DN_ERR_TRUNCATED, "a zip archive, cut short or broken", error);
        if (source) zip_source_free(source);
    }
    zip_error_fini(&problem);
    return status;
}

void dni_zip_archive_close(dni_zip_archive *archive) {
    if (archive->zip) zip_discard(archive->zip);
    zip_error_fini(&archive->source.state);
    archive->zip = NULL;
}

dn_status dni_zip_archive_name(const dni_zip_archive *archive, zip_int64_t index, const char **name,
                               dn_error *error) {
    errno = 0;
    *name = zip_get_name(archive->zip, (zip_uint64_t)index, 0);
    return !*name && errno == ENOMEM ? dni_no_memory(error, "%s", archive->path) : DN_OK;
}

dn_status dni_zip_archive_find(const dni_zip_archive *archive, const char *name, zip_int64_t *index,
                               dn_error *error) {
    errno = 0;
    *index = zip_name_locate(archive->zip, name, 0);
    return *index < 0 && errno == ENOMEM ? dni_no_memory(error, "%s: record '%s'", archive->path, name)
                                         : DN_OK;
}

dn_status dni_zip_archive_size(dni_zip_archive *archive, zip_int64_t index, const char *name, size_t *size,
                               dn_error *error) {
    char what[128];
    zip_stat_t info;
    if (index < 0)
        return dni_fail(error, DN_ERR_TRUNCATED, "%s: record '%s' is missing", archive->path, name);
    snprintf(what, sizeof what, "record '%s' has no size", name);
    errno = 0;
    if (zip_stat_index(archive->zip, (zip_uint64_t)index, 0, &info) != 0)
        return zip_failure(archive, zip_get_error(archive->zip), DN_ERR_CORRUPT, what, error);
    if (!(info.valid & ZIP_STAT_SIZE)) return dni_fail(error, DN_ERR_CORRUPT, "%s: %s", archive->path, what);
    if (info.size > archive->unpacked.left)
        return dni_fail(error, DN_ERR_CORRUPT,
                        "%s: record '%s' would unpack to %llu bytes, a zip bomb: the limit for "
                        "all records of a file of its size is %zu",
                        archive->path, name, (unsigned long long)info.size, archive->unpacked.all);
    *size = (size_t)info.size;
    return DN_OK;
}

/* libzip compares the CRC when it is asked for a byte behind the last. */
dn_status dni_zip_archive_unpack(dni_zip_archive *archive, zip_int64_t index, const char *name, void *out,
                                 size_t size, dn_error *error) {
    char what[128], beyond;
    snprintf(what, sizeof what, "record '%s' is damaged", name);
    errno = 0;
    zip_file_t *record = zip_fopen_index(archive->zip, (zip_uint64_t)index, 0);
    if (!record) return zip_failure(archive, zip_get_error(archive->zip), DN_ERR_CORRUPT, what, error);
    dn_status status = DN_OK;
    if (zip_fread(record, out, size) != (zip_int64_t)size || zip_fread(record, &beyond, 1) != 0)
        status = zip_failure(archive, zip_file_get_error(record), DN_ERR_CORRUPT, what, error);
    zip_fclose(record);
    archive->unpacked.left -= size;
    return status;
}
