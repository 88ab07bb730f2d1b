/* SPDX-License-Identifier: MIT */
/* Numbers in text, and numbers that are none. */
#ifndef DN_CORE_NUMBER_H
#define DN_CORE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A whole number from 0 to 2^64 - 1 in decimal digits and nothing else: no sign, no space. False, and *out as
 * it was, for any other text. Unlike strtoull() it knows neither locale nor errno. */
bool dni_parse_u64(const char *text, uint64_t *out);

/* The same of the digits that `text` begins with: what stands behind them; NULL, and *out as it was, where
 * there are none, or more than fit. */
const char *dni_number_at(const char *text, uint64_t *out);

/* Whether no value is infinite or NaN. Reads memory as fast as it comes. */
bool dni_all_finite(const float *values, size_t count);

#endif
