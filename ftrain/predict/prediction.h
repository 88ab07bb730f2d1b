/* Predictions as rows on standard output: text, CSV or JSON lines, a row a picture. */
#ifndef FTRAIN_PREDICT_PREDICTION_H
#define FTRAIN_PREDICT_PREDICTION_H

#include <stdbool.h>

typedef enum row_format { ROW_TEXT, ROW_CSV, ROW_JSON } row_format;

typedef struct prediction_rows {
    row_format format;
    const char *const *classes;
    int class_count;
    int shown;  /* so many of the most probable classes */
    int *order; /* (class_count), for our own use */
} prediction_rows;

/* What stands before the first row. */
void prediction_rows_begin(const prediction_rows *rows);
/* The row of a picture; *best is the most probable class, the first in the model's order of equal ones.
 * False, after a message, without memory. */
bool prediction_rows_print(const prediction_rows *rows, const char *path, const float *probabilities,
                           int *best);
/* The row of what cannot be used. `reason` may begin with the path, which is not told twice. */
bool prediction_rows_print_error(const prediction_rows *rows, const char *path, const char *reason);

#endif
