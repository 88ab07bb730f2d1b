/* SPDX-License-Identifier: MIT */
/* ftrain info of a file of features. */
#ifndef FTRAIN_INFO_FEATURES_H
#define FTRAIN_INFO_FEATURES_H

#include "ftrain/shell/outcome.h"

#include <jansson.h>

/* Prints what the file says of itself as text or, where `out` is not NULL, gives it as an object: reading its
 * tables alone, not the features. Returns OUTCOME_OK or, after a message, another outcome. */
outcome info_features(const char *path, json_t **out);

#endif
