/* SPDX-License-Identifier: MIT */
/* Pictures as raw pixels, for a classifier without a network. */
#ifndef FTRAIN_BASELINE_PIXEL_SET_H
#define FTRAIN_BASELINE_PIXEL_SET_H

#include "core/pool.h"
#include "ftrain/features/features.h"
#include "ftrain/shell/outcome.h"
#include "io/dataset.h"
#include "io/image.h"

#include <stdbool.h>
#include <stdint.h>

/* Pictures as the network would see them, but as bytes: resized, cropped, neither scaled nor normalised. */
typedef struct pixel_set {
    uint8_t *values; /* (count, size) */
    int *labels;
    size_t *samples; /* of each, its place among the samples of its split */
    int count, size;
    int counts[DNI_SPLITS]; /* the splits stand one after the other */
    size_t skipped;         /* pictures that could not be decoded */
} pixel_set;

/* Decodes up to `most` pictures of the splits together: of every class of every split the same share,
 * namely its first pictures. Those that cannot be decoded are left out and, if `report_skipped` is set,
 * named. Returns OUTCOME_OK or, after a message, another outcome. */
outcome pixel_set_load(pixel_set *out, const dni_dataset *data, const dn_preprocessing *preprocessing,
                       int most, dni_pool *pool, const feature_options *options, bool report_skipped);
void pixel_set_free(pixel_set *set);

/* The variance of all values of the first `count` pictures together, which scikit-learn's gamma="scale"
 * wants. */
double pixel_variance(const pixel_set *set, int count);

#endif
