/* SPDX-License-Identifier: MIT */
/* The first half of training: a data set and weights in, features of every split out. */
#ifndef FTRAIN_FEATURES_EXTRACTION_H
#define FTRAIN_FEATURES_EXTRACTION_H

#include "ftrain/backbone/network_options.h"
#include "ftrain/backbone/weights_source.h"
#include "densenet/densenet.h"
#include "ftrain/features/features.h"
#include "ftrain/shell/decisions.h"
#include "ftrain/shell/options.h"
#include "ftrain/shell/outcome.h"
#include "io/image.h"

typedef struct extraction_options {
    const char *weights, *arch;
    const dn_classifier
        *model; /* whose weights and preprocessing are taken; NULL: as the other members say */
    network_options network;
    feature_options features;
    decision_options decisions;
    int resize, crop;
    const char *augment; /* more views of the training split, "jpeg:75,blur:1"; NULL: none */
    bool flip;           /* each of its views mirrored, too */
    bool augment_valid;  /* the validation split gets the same views */
    bool fingerprints;   /* the sets are to have them, too */
    bool describe;       /* the store is to say which picture each record is of */
    bool exif_rotate;
} extraction_options;

extraction_options extraction_options_default(void);
/* What they ask to be done with each picture. */
dn_preprocessing extraction_preprocessing(const extraction_options *options);

/* The rows that fill an extraction_options, but for its views and its own store. */
extern const option_table extraction_option_table;
/* Those of them that say what the network is given and where features are kept. */
extern const option_table pipeline_option_table;

enum { MAX_AUGMENT = 15, MAX_VIEWS = 2 * (1 + MAX_AUGMENT) };
_Static_assert((int)MAX_VIEWS <= (int)MOST_VIEWS, "a source has no more views");

typedef struct extraction {
    const char *folder; /* of the data set; the caller's */
    dni_dataset data;
    heeded_decisions decisions;
    weights_source source;
    dn_weights *weights;
    char hash[33];
    dn_preprocessing preprocessing;
    dni_pool *pool;
    dni_view views[MAX_VIEWS]; /* of the training split: plain, flip, then the same of each perturbation */
    int view_count;
    size_t skipped; /* pictures that could not be used; each was named */
} extraction;

/* The cheap half: options, data set and source of the weights, after which the classes are known, and
 * whatever is wrong with the command line can be told. Returns OUTCOME_OK or, after a message, another
 * outcome; either way extraction_free() is to follow. */
outcome extraction_open(extraction *out, const extraction_options *options, const char *data);

/* Computes the features, or takes them from the store. `sets`: one for each split, or NULL. The training
 * split's has the views that the options ask for, all others the plain one alone. Returns OUTCOME_OK or,
 * after a message, another outcome; extraction_free() lets go of everything but the sets, whose views are
 * the extraction's. */
outcome extraction_run(extraction *self, const extraction_options *options, feature_set *sets);
void extraction_free(extraction *run);

/* On a helper of rank 0, in the place of both: computes what rank 0 hands out. Returns OUTCOME_OK, or
 * OUTCOME_FINISHED where rank 0 had nothing for it, or, after a message, another outcome. */
outcome extraction_help(const extraction_options *options);

/* The features of any samples, in one view each, on weights that are calibrated on the same samples where
 * they are random. Returns OUTCOME_OK or, after a message, another outcome; either way feature_set_free()
 * ends *out. */
outcome extraction_of_samples(feature_set *out, const extraction_options *options, const dni_samples *samples,
                              dni_pool *pool);

/* Counts the pictures of each class in a split: those of `set` or, where that is NULL, all that the folder
 * holds. *out is (classes), from malloc. Returns OUTCOME_OK or, after a message, another outcome, also
 * where a class has none: the pictures that could not be used may have been all of it. */
outcome count_classes(int **out, const dni_dataset *data, dni_split split, const feature_set *set);

#endif
