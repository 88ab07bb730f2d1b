/* SPDX-License-Identifier: MIT */
/* Features as a NumPy array, and beside it what its rows are. */
#include "ftrain/export/features.h"

#include "core/error.h"
#include "ftrain/export/feature_rows.h"
#include "ftrain/shell/interrupt.h"
#include "io/escape.h"
#include "io/file.h"
#include "io/json.h"
#include "io/npy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct npy_files {
    feature_rows *rows;
    dni_file_writer *array, *table;
} npy_files;

/* OUT with .tsv in the place of .npy, or behind it; from malloc. */
static char *table_path(const char *out) {
    static const char array[] = ".npy", table[] = ".tsv";
    const size_t length = strlen(out), end = sizeof array - 1;
    const bool has_ending = length > end && strcmp(out + length - end, array) == 0;
    char *path = malloc(length + sizeof table);
    if (path)
        snprintf(path, length + sizeof table, "%.*s%s", (int)(has_ending ? length - end : length), out,
                 table);
    return path;
}

/* ---- a row ---- */

/* A field of a manifest: escaped; "-" where it is not known. */
static dn_status write_field(dni_file_writer *writer, const char *text, char end, dn_error *error) {
    char *escaped = dni_escape(text ? text : "-");
    if (!escaped) return dni_no_memory(error, "a line of the table");
    dn_status status = dni_file_write(writer, escaped, strlen(escaped), error);
    if (!status) status = dni_file_write(writer, &end, 1, error);
    free(escaped);
    return status;
}

static dn_status write_fields(dni_file_writer *table, const char *const *fields, dn_error *error) {
    dn_status status = DN_OK;
    for (int i = 0; !status && i < FEATURE_ROW_FIELDS; i++)
        status = write_field(table, fields[i], i + 1 < FEATURE_ROW_FIELDS ? '\t' : '\n', error);
    return status;
}

static dn_status write_row(void *context, const feature_row *row, dn_error *error) {
    const npy_files *files = context;
    feature_row_text text;
    feature_row_describe(&text, row);
    const dn_status status = write_fields(files->table, text.fields, error);
    if (status) return status;
    return dni_file_write(files->array, row->values, files->rows->header->features * sizeof *row->values,
                          error);
}

/* ---- both files ---- */

static outcome write_both(npy_files *files) {
    char header[DNI_NPY_HEADER];
    dni_npy_header(header, files->rows->count, files->rows->header->features);
    dn_error error;
    dn_status status = dni_file_write(files->array, header, sizeof header, &error);
    if (!status) status = write_fields(files->table, feature_row_columns, &error);
    outcome code =
        status ? report(&error, OUTCOME_MACHINE) : feature_rows_each(files->rows, write_row, files);
    if (!code && (dni_file_writer_sync(files->array, &error) || dni_file_writer_sync(files->table, &error)))
        code = report(&error, OUTCOME_MACHINE);
    return code;
}

/* Both are on the disk under their temporary names, so that little can fail now; where it does, no table is
 * left without its array. */
static outcome commit_both(npy_files *files, const char *table) {
    dn_error error;
    dn_status status = dni_file_writer_commit(files->table, &error);
    files->table = NULL;
    if (status) return report(&error, OUTCOME_MACHINE);
    status = dni_file_writer_commit(files->array, &error);
    files->array = NULL;
    if (!status) return OUTCOME_OK;
    unlink(table);
    return report(&error, OUTCOME_MACHINE);
}

static outcome make_both(feature_rows *rows, const char *array, const char *table) {
    npy_files files = {.rows = rows};
    dn_error error;
    if (dni_file_writer_open(&files.array, array, &error)) return report(&error, OUTCOME_MACHINE);
    outcome code =
        dni_file_writer_open(&files.table, table, &error) ? report(&error, OUTCOME_MACHINE) : OUTCOME_OK;
    if (!code) code = write_both(&files);
    if (!code) code = commit_both(&files, table);
    dni_file_writer_abandon(files.array);
    dni_file_writer_abandon(files.table);
    return code;
}

static outcome export_rows(const export_job *job, json_t *about, const char *table) {
    feature_rows rows;
    outcome code = feature_rows_open(&rows, job, about);
    if (!code) {
        const bool before = interrupts_wait(true);
        code = make_both(&rows, job->out, table);
        interrupts_wait(before);
    }
    feature_rows_close(&rows);
    if (!code && json_object_set_new(about, EXPORT_BESIDE, json_pack("[o]", dni_json_text(table))))
        code = report_no_memory();
    return code;
}

outcome export_features_npy(const export_job *job, json_t *about) {
    char *table = table_path(job->out);
    if (!table) return report_no_memory();
    outcome code = export_check_out(job, table);
    if (!code) code = export_rows(job, about, table);
    free(table);
    return code;
}
