/* SPDX-License-Identifier: MIT */
/* Which of some pictures a model was made from: on these it does better than on new ones, and what it reaches
 * there says little. */
#ifndef FTRAIN_FEATURES_OWN_PICTURES_H
#define FTRAIN_FEATURES_OWN_PICTURES_H

#include "ftrain/shell/outcome.h"
#include "head/classifier/picture_keys.h"
#include "io/duplicates.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct own_pictures {
    int keys;         /* of the model's pictures; 0: it keeps none, and nothing is known */
    int count;        /* pictures that were looked at */
    int train, valid; /* those of them that the model was trained on, validated with */
    int near;         /* near copies among these */
    bool *is_own;     /* (count) */
} own_pictures;

/* The key of a picture, as it is looked for. */
dn_picture_key own_picture_key(const dni_fingerprint *print, dn_picture_use use);

/* prints: (count). Returns OUTCOME_OK or, after a message, another outcome; either way own_pictures_free()
 * is to follow. */
outcome own_pictures_find(own_pictures *out, const dn_picture_key *keys, int key_count,
                          const dni_fingerprint *prints, int count);
void own_pictures_free(own_pictures *own);

/* Of train and valid together. */
int own_pictures_count(const own_pictures *own);

/* "107 of the 153 pictures are the model's own: trained on 100, validated with 7; 3 of them are near copies";
 * also says that there are none, or that nothing is known. Without a full stop. */
void own_pictures_sentence(char *text, size_t size, const own_pictures *own);

/* {"keys", "count", "train", "valid", "near"}, or null where nothing is known; NULL without memory. */
json_t *own_pictures_json(const own_pictures *own);

#endif
