/* SPDX-License-Identifier: MIT */
/* Predictions as rows on standard output: text, CSV or JSON lines, a row a picture. */
#ifndef FTRAIN_PREDICT_PREDICTION_ROW_H
#define FTRAIN_PREDICT_PREDICTION_ROW_H

#include "ftrain/features/prediction.h"

#include <stdbool.h>

typedef enum row_format { ROW_TEXT, ROW_CSV, ROW_JSON } row_format;

/* What stands before the first row; of `shape` the classes count, whether sets and own pictures are told, and
 * whether unfamiliarity is NaN. */
void prediction_row_begin(row_format format, const prediction *shape);
/* The row of a picture, whose classes are sorted. False, after a message, without memory. */
bool prediction_row_print(row_format format, const char *path, const prediction *predicted);
/* The row of what cannot be used. `reason` may begin with the path, which is not told twice. */
bool prediction_row_print_error(row_format format, const char *path, const char *reason,
                                const prediction *shape);

#endif
