/* SPDX-License-Identifier: MIT */
/* The pictures of a data set, each written anew in one form, and the manifest that says what came of them. */
#ifndef FTRAIN_PREPARE_PICTURES_H
#define FTRAIN_PREPARE_PICTURES_H

#include "core/pool.h"
#include "ftrain/prepare/form.h"
#include "ftrain/shell/frames.h"
#include "ftrain/shell/outcome.h"
#include "ftrain/shell/picture_set.h"

typedef struct prepared_picture {
    char *name;             /* its file's name in its class */
    bool is_there;          /* else it could not be used */
    dni_key source, result; /* of the bytes of both files */
    int orientation;        /* EXIF's, by which it was turned; 0 or 1: it was not */
    int frames;             /* that its file holds: the first was taken */
    int width, height;      /* before, as it is seen */
    double scale;
    form_encoding encoding; /* of a JPEG file */
} prepared_picture;

typedef struct preparation {
    const form *form;
    const picture_set *set;
    bool strict, quiet;
    prepared_picture *items; /* one for each sample of the set */
    size_t skipped;          /* could not be used; each was named */
    frame_note frames;       /* of those that could be used */
    size_t too_small;        /* of them: would have to be enlarged */
    int smallest;            /* the shorter side of the smallest of these */
} preparation;

/* Writes folder/[part/]class/name of every picture that can be used, and folder/manifest.tsv. The bytes are
 * the same for any number of threads. Returns OUTCOME_OK or, after a message, another outcome, also where a
 * class is left without a picture; either way preparation_free() lets go of the items. */
outcome preparation_write(preparation *self, const char *folder, dni_pool *pool);
void preparation_free(preparation *self);

/* How many pictures of a class are there; part -1: of all parts. */
size_t preparation_count(const preparation *self, int part, int label);

#endif
