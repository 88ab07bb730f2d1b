/* SPDX-License-Identifier: MIT */
/* The pictures that a model was made from, by what they hold: so that nobody takes a model's success on them
 * for success on new pictures. No picture can be made from its key. */
#ifndef DN_HEAD_CLASSIFIER_PICTURE_KEYS_H
#define DN_HEAD_CLASSIFIER_PICTURE_KEYS_H

#include "core/status.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a picture was used for. The values are those of model files. */
typedef enum dn_picture_use {
    DN_PICTURE_TRAIN = 0, /* the head was trained on it */
    DN_PICTURE_VALID = 1, /* it chose the epoch, or calibrated the model */
} dn_picture_use;

/* What tells a picture from others. */
typedef struct dn_picture_key {
    uint8_t content[16]; /* XXH3-128 of the file's bytes, big-endian */
    uint64_t look;       /* its perceptual hash; 0: the picture is flat, and only its bytes count */
    dn_picture_use use;  /* what the model used it for */
} dn_picture_key;

/* Reads and decodes a picture file and fills in content and look; use is DN_PICTURE_TRAIN. Fails as
 * dn_image_load() does. */
DN_API dn_status dn_picture_key_of_file(dn_picture_key *out, const char *path, dn_error *error);

/* How a picture agrees with a key. */
typedef enum dn_picture_match {
    DN_PICTURE_UNKNOWN, /* none of the model's */
    DN_PICTURE_NEAR,    /* other bytes, the same picture: compressed again, resized, slightly recoloured */
    DN_PICTURE_SAME,    /* the same bytes */
} dn_picture_match;

/* Where `picture` is among keys[0 .. count - 1]: the first that has its bytes; where none has, the first
 * of those that look most like it, at most 4 of 64 bits apart; -1 where there is none. `match` (may be
 * NULL) says which. Compares with every key, which is fast enough for a few pictures; for many there is
 * dn_picture_index. */
DN_API int dn_picture_keys_find(const dn_picture_key *keys, int count, const dn_picture_key *picture,
                                dn_picture_match *match);

/* Keys that are made ready for looking up many pictures, each with about a hundred comparisons among a
 * million keys. Once made it is never changed, and may be read by many threads. */
typedef struct dn_picture_index dn_picture_index;

/* An index of keys[0 .. count - 1], which may go afterwards; `keys` may be NULL where count is 0. It takes
 * about 100 bytes for each key, and `out` is for dn_picture_index_free(). DN_ERR_ARGUMENT for a negative
 * count. */
DN_API dn_status dn_picture_index_create(dn_picture_index **out, const dn_picture_key *keys, int count,
                                         dn_error *error);
/* Frees `index`; NULL is fine. */
DN_API void dn_picture_index_free(dn_picture_index *index);

/* Where `picture` is among the index's keys, as dn_picture_keys_find() tells it: the place of a key in the
 * array that the index was made of, or -1; -1 also where index or picture is NULL. `match` (may be NULL) says
 * which. */
DN_API int dn_picture_index_find(const dn_picture_index *index, const dn_picture_key *picture,
                                 dn_picture_match *match);

#ifdef __cplusplus
}
#endif

#endif
