/* SPDX-License-Identifier: MIT */
/* What pictures look like, for finding near copies: their perceptual hashes, computed once and kept.
 *
 * Features are kept under the content key of a picture, so that most commands decode nothing; the hash
 * needs the pixels, and is kept in the same way, for all weights and preprocessings together, in
 * CACHE/looks.safetensors. The file is a feature store of four numbers a picture, the 16-bit parts of its
 * hash. */
#ifndef FTRAIN_FEATURES_LOOKS_H
#define FTRAIN_FEATURES_LOOKS_H

#include "core/pool.h"
#include "ftrain/shell/outcome.h"
#include "io/duplicates.h"

#include <stdbool.h>
#include <stddef.h>

/* A picture whose hash is wanted. */
typedef struct look {
    const char *path;
    dni_fingerprint print; /* the content is the caller's to fill in */
    bool is_known;         /* whether print.phash is */
    bool is_kept;          /* whether the store has it */
} look;

/* Fills in the hashes that are kept. `cache` NULL: nothing is. Returns OUTCOME_OK or, after a message,
 * another outcome. */
outcome looks_find(look *looks, size_t count, const char *cache);

/* Decodes the pictures whose hash is not known yet, and keeps all that are new. Pictures that cannot be
 * decoded stay unknown: flat, which looks like nothing. Returns OUTCOME_OK or, after a message, another
 * outcome: the machine failed. */
outcome looks_complete(look *looks, size_t count, const char *cache, dni_pool *pool, bool quiet);

#endif
