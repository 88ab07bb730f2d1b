/* SPDX-License-Identifier: MIT */
/* How it is told that a picture is unlike those that a model was trained on. Percentiles are those of
 * head/novelty.h, 0 to 1; NaN where a model has no numbers for them: then nothing is told. */
#ifndef FTRAIN_SHELL_UNFAMILIAR_H
#define FTRAIN_SHELL_UNFAMILIAR_H

#include <jansson.h>
#include <stdbool.h>

/* Whether the percentile is at the default line or beyond it. */
bool is_unfamiliar(double percentile);
/* "unfamiliar 99.2 %"; returns text. */
const char *unfamiliar_text(char text[32], double percentile);
/* Adds "unfamiliar", true or false, and "unfamiliar_percentile", 0 to 100, by dni_json_set(). */
void unfamiliar_add_json(json_t **object, double percentile);

#endif
