/* SPDX-License-Identifier: MIT */
/* What a model file says of itself, as JSON: for `ftrain info` and for a server's answer. */
#ifndef FTRAIN_BACKBONE_MODEL_JSON_H
#define FTRAIN_BACKBONE_MODEL_JSON_H

#include "head/classifier/classifier.h"

#include <jansson.h>

/* {"backbone": ..., "weights_source": ..., "weights_hash": ..., "classes": [...], "preprocessing": {...},
 * "seed": "1", "recipe": {...}, "metrics": {...}}; NULL without memory. The seed is text, as many readers
 * keep no 64 bits of a number. */
json_t *model_json(const dn_classifier_info *info);

#endif
