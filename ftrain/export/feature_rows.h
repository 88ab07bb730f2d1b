/* SPDX-License-Identifier: MIT */
/* The rows of a feature file that were asked for, one after the other: a row is one view of one picture. */
#ifndef FTRAIN_EXPORT_FEATURE_ROWS_H
#define FTRAIN_EXPORT_FEATURE_ROWS_H

#include "ftrain/export/export.h"
#include "io/feature_reader.h"

typedef struct feature_rows {
    dni_feature_reader *reader;
    const dni_feature_header *header;
    int split;         /* the one that was asked for; -1: all */
    bool *is_wanted;   /* (views, or 1): whether rows of this view were asked for */
    size_t *view_rows; /* (views, or 1): how many there are of it */
    size_t count;      /* rows that were asked for */
    size_t pictures;   /* that they are of */
    float *values;     /* (features): of the row that is looked at */
} feature_rows;

/* What is known of a row. Without a table of pictures in the file key and values alone: then the key is that
 * of the view, else that of the picture's file. */
typedef struct feature_row {
    const char *path, *split, *class_name, *view; /* NULL: not known */
    int label;
    dni_key key;
    const float *values;
} feature_row;

/* What stands before a row's values. */
enum { FEATURE_ROW_FIELDS = 6 };
extern const char *const feature_row_columns[FEATURE_ROW_FIELDS];

typedef struct feature_row_text {
    const char *fields[FEATURE_ROW_FIELDS]; /* in the order of the columns; NULL: not known */
    char key[33], label[16];
} feature_row_text;

/* The fields of a row, as long as both are there. */
void feature_row_describe(feature_row_text *out, const feature_row *row);

/* Opens job->in, counts the rows that job->split and job->view ask for, and adds to `about` what they are. A
 * message tells where the file does not say which pictures its records are of. Returns OUTCOME_OK or, after a
 * message, another outcome, also where no row is left; either way feature_rows_close() is to follow. */
outcome feature_rows_open(feature_rows *out, const export_job *job, json_t *about);
void feature_rows_close(feature_rows *rows);

/* Writes something of a row; `context` is the caller's. */
typedef dn_status (*feature_row_writer)(void *context, const feature_row *row, dn_error *error);

/* Hands each row to `write`. Returns OUTCOME_OK or, after a message, another outcome; OUTCOME_INTERRUPTED
 * where a signal waits. */
outcome feature_rows_each(feature_rows *rows, feature_row_writer write, void *context);

#endif
