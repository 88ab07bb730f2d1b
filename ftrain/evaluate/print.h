/* SPDX-License-Identifier: MIT */
/* What an evaluation found, for people and for programs. */
#ifndef FTRAIN_EVALUATE_PRINT_H
#define FTRAIN_EVALUATE_PRINT_H

#include "ftrain/evaluate/evaluation.h"
#include "ftrain/shell/outcome.h"

#include <stdbool.h>

/* On standard output; false, after a message, without memory. */
bool evaluation_print_text(const evaluation *result);
bool evaluation_print_json(const evaluation *result); /* one object, one line */

/* RFC 4180: a line a picture with path, true and predicted class and the probability of every class, with
 * as many digits as read back as the same number. Atomic. Returns OUTCOME_OK or, after a message, another
 * outcome. */
outcome evaluation_write_csv(const evaluation *result, const char *path);

#endif
