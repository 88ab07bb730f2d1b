/* SPDX-License-Identifier: MIT */
/* The pictures that 'ftrain split' divides: SRC/<class>/<file>, each decoded once and fingerprinted. */
#ifndef FTRAIN_SPLIT_PICTURES_H
#define FTRAIN_SPLIT_PICTURES_H

#include "ftrain/shell/decisions.h"
#include "ftrain/shell/outcome.h"
#include "io/dataset.h"
#include "io/duplicates.h"
#include "io/file.h"

#include <stdbool.h>

typedef struct split_picture {
    const char *path; /* the samples' */
    int label;
    dni_fingerprint print;
    uint32_t group; /* index of the first picture it must stay together with */
    int split;      /* a dni_split, or DNI_SPLITS: none */
    char *name;     /* its file's name in the data set, once in its class */
} split_picture;

typedef struct split_pictures {
    dni_listing classes; /* sorted by byte value */
    dni_samples samples;
    split_picture *items; /* those that can be used, by class and path */
    uint32_t count;
    size_t skipped; /* those that cannot; each was named */
    heeded_decisions decisions;
} split_pictures;

/* Returns OUTCOME_OK or, after a message, another outcome; either way split_pictures_free() lets go of it. */
outcome split_pictures_scan(split_pictures *out, const char *folder, const decision_options *decisions,
                            int threads, bool strict, bool quiet);
void split_pictures_free(split_pictures *pictures);

/* Gives each picture its name: the file's, or where another of the class has that, with -2, -3, ... before
 * the extension. false, after a message: out of memory. */
bool split_pictures_name(split_pictures *pictures);

#endif
