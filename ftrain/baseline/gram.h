/* Inner products of all pairs, of feature vectors and of pictures as raw pixels. */
#ifndef FTRAIN_BASELINE_GRAM_H
#define FTRAIN_BASELINE_GRAM_H

#include "core/pool.h"
#include "ftrain/baseline/svm.h"
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
    int count, size;
    int counts[DNI_SPLITS]; /* the splits stand one after the other */
    size_t skipped;         /* pictures that could not be decoded */
} pixel_set;

/* Decodes up to `most` pictures of the splits together, a share of every class of every split (the first of
 * each where there are more). Those that cannot be decoded are left out, and named if `say` is set. Of the options, strict and quiet count. Returns
 * OUTCOME_OK or, after a message, another outcome. */
outcome pixel_set_load(pixel_set *out, const dni_dataset *data, const dn_preprocessing *preprocessing,
                       int most, dni_pool *pool, const feature_options *options, bool say);
void pixel_set_free(pixel_set *set);

/* Summed in double over blocks of columns. `variance` is that of all values of the first `count` vectors
 * together, which scikit-learn's gamma="scale" wants. */
outcome gram_of_pixels(gram *out, const pixel_set *set);
double pixel_variance(const pixel_set *set, int count);
outcome gram_of_doubles(gram *out, const double *values, int count, int width);
void gram_free(gram *products);

#endif
