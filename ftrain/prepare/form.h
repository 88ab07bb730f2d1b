/* SPDX-License-Identifier: MIT */
/* The one form that all pictures are given: side, shape, colour, and how they are encoded. What is drawn for
 * a picture hangs on its own bytes and the seed alone, and so neither on its class nor on its place. */
#ifndef FTRAIN_PREPARE_FORM_H
#define FTRAIN_PREPARE_FORM_H

#include "ftrain/shell/outcome.h"
#include "io/content_key.h"
#include "io/image.h"
#include "io/jpeg.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum form_format { FORM_JPEG, FORM_PNG } form_format;
typedef enum form_subsampling { FORM_MIXED, FORM_420, FORM_444 } form_subsampling;

typedef struct form {
    int side;     /* the shorter side's pixels */
    bool no_crop; /* the sides keep their ratio; else the middle square is cut out */
    bool enlarge; /* smaller pictures are enlarged; else they are refused */
    bool grey;
    form_format format;
    int lowest_quality, highest_quality; /* of JPEG, drawn between them */
    form_subsampling subsampling;
    uint64_t seed;
} form;

/* Reads "85" or "75-95" of --quality. Returns OUTCOME_OK or, after a message, another outcome. */
outcome form_parse_quality(form *self, const char *text);

/* How one picture is encoded as JPEG. */
typedef struct form_encoding {
    int quality;
    dni_chroma chroma;
} form_encoding;

/* What is drawn for the picture whose file has that key. */
form_encoding form_draw(const form *self, const dni_key *key);

/* Makes the picture of that form: turned upright, which `in` is afterwards as well, resized by the triangle
 * filter of preprocessing, cropped. *out is to be freed with dn_image_free(). *scale is by how much it was
 * resized. DN_ERR_IMAGE_UNSUPPORTED for a picture that would have to be enlarged, and for one so long and
 * thin that resizing would pass DN_IMAGE_MAX_PIXELS. Messages name no file. */
dn_status form_apply(const form *self, dn_image *in, dn_image *out, double *scale, dn_error *error);

#endif
