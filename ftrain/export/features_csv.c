/* SPDX-License-Identifier: MIT */
/* Features as comma-separated values, a line a row. */
#include "ftrain/export/features.h"

#include "core/error.h"
#include "ftrain/export/feature_rows.h"
#include "ftrain/shell/interrupt.h"
#include "io/csv.h"
#include "io/file.h"
#include "io/text_stream.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct csv_file {
    dni_file_writer *writer;
    size_t features;
} csv_file;

/* The header, where `row` is NULL. */
static void print_line(FILE *to, const feature_row *row, size_t features) {
    feature_row_text text;
    if (row) feature_row_describe(&text, row);
    const char *const *fields = row ? text.fields : feature_row_columns;
    for (int i = 0; i < FEATURE_ROW_FIELDS; i++) {
        if (i) putc(',', to);
        if (fields[i]) dni_csv_field(to, fields[i]);
    }
    for (size_t i = 0; i < features; i++)
        if (row)
            fprintf(to, ",%.9g", (double)row->values[i]); /* nine digits tell all floats apart */
        else
            fprintf(to, ",f%zu", i);
    putc('\n', to);
}

static dn_status write_line(void *context, const feature_row *row, dn_error *error) {
    const csv_file *file = context;
    dni_text_stream line;
    if (dni_text_stream_open(&line)) print_line(line.to, row, file->features);
    const dn_status status = dni_text_stream_close(&line)
                                 ? dni_file_write(file->writer, line.text, line.size, error)
                                 : dni_no_memory(error, "a line of CSV");
    free(line.text);
    return status;
}

static outcome write_file(feature_rows *rows, const char *path) {
    csv_file file = {.features = rows->header->features};
    dn_error error;
    if (dni_file_writer_open(&file.writer, path, &error)) return report(&error, OUTCOME_MACHINE);
    outcome code = write_line(&file, NULL, &error) ? report(&error, OUTCOME_MACHINE) : OUTCOME_OK;
    if (!code) code = feature_rows_each(rows, write_line, &file);
    if (code)
        dni_file_writer_abandon(file.writer);
    else if (dni_file_writer_commit(file.writer, &error))
        code = report(&error, OUTCOME_MACHINE);
    return code;
}

outcome export_features_csv(const export_job *job, json_t *about) {
    feature_rows rows;
    outcome code = feature_rows_open(&rows, job, about);
    if (!code) {
        const bool before = interrupts_wait(true);
        code = write_file(&rows, job->out);
        interrupts_wait(before);
    }
    feature_rows_close(&rows);
    return code;
}
