/* SPDX-License-Identifier: MIT */
/* Cues: facts of a picture's file and the simplest statistics of its pixels, by which a data set may give
 * its labels away. A classifier can learn them in place of the subject: the literature calls them shortcut
 * features (Geirhos et al. 2020, Shortcut learning in deep neural networks). */
#ifndef FTRAIN_CUES_CUES_H
#define FTRAIN_CUES_CUES_H

#include "ftrain/shell/outcome.h"
#include "core/pool.h"
#include "io/dataset.h"
#include "io/duplicates.h"
#include "io/image_format.h"
#include "io/jpeg_facts.h"

#include <stdbool.h>
#include <stddef.h>

typedef enum cue_index {
    /* of the file */
    CUE_IS_JPEG,
    CUE_IS_PNG,
    CUE_BYTES,          /* log2 of the file's bytes */
    CUE_BITS_PER_PIXEL, /* log2 */
    CUE_WIDTH,          /* log2 */
    CUE_HEIGHT,         /* log2 */
    CUE_ASPECT,         /* log2 of width over height */
    CUE_QUALITY,        /* JPEG: dni_jpeg_facts; 0 for others */
    CUE_STANDARD_TABLE, /* JPEG: libjpeg's standard tables */
    CUE_PROGRESSIVE,
    CUE_COMPONENTS, /* JPEG: 1, 3, 4 */
    CUE_CHROMA,     /* JPEG: chroma samples a pixel: 0, 1/4, 1/2, 1 */
    CUE_EXIF,
    CUE_ROTATED, /* EXIF gives an orientation */
    CUE_ICC,
    CUE_XMP,
    CUE_CAMERA,
    CUE_SOFTWARE,
    CUE_FILE_END, /* not a cue: from here on, of the pixels; brightness is (R + 2 G + B) / 4, in 0..255 */

    CUE_MEAN_RED = CUE_FILE_END,
    CUE_MEAN_GREEN,
    CUE_MEAN_BLUE,
    CUE_DEVIATION_RED, /* standard deviations */
    CUE_DEVIATION_GREEN,
    CUE_DEVIATION_BLUE,
    CUE_SATURATION,       /* mean of (max - min) over the channels */
    CUE_GREY,             /* every pixel is grey */
    CUE_DARK,             /* share of pixels with brightness below 8 */
    CUE_BRIGHT,           /* ... above 247 */
    CUE_BORDER_MEAN,      /* brightness of the outer eighth minus that of the rest */
    CUE_BORDER_DEVIATION, /* log2 ratio of their deviations */
    CUE_SHARPNESS,        /* log2 of the variance of the 4-neighbour Laplacian (Pech-Pacheco et al. 2000) */
    CUE_FINE_SHARE,       /* log2 of energy of differences between neighbours over that at distance 2 */
    CUE_COARSE_SHARE,     /* ... at distance 4 over that at distance 8 */
    CUE_DETAIL,           /* log2 of the mean squared difference between neighbours */
    CUE_DETAIL_RING_1, /* detail in rings around the centre, log2 of their share over that of the middle: */
    CUE_DETAIL_RING_2, /* where the subject ends, which moves with the framing */
    CUE_DETAIL_RING_3,
    CUE_COLOUR_RING_1, /* distance of mean colour between these rings and the middle */
    CUE_COLOUR_RING_2,
    CUE_COLOUR_RING_3,
    CUE_COUNT,
} cue_index;

const char *cue_name(int cue);

enum { TINY_SIDE = 32 };

/* What is kept of a picture beside its cues. */
typedef struct picture_facts {
    bool is_usable;
    const dni_image_format *format;
    int width, height;
    size_t bytes;
    dni_jpeg_facts jpeg; /* cleared for other formats */
    dni_fingerprint fingerprint;
} picture_facts;

typedef struct cue_request {
    dni_pool *pool;
    bool quiet;  /* no progress */
    bool silent; /* pictures that cannot be used were named before */
    bool strict; /* the first picture that cannot be used ends the run */
    /* Called for every usable picture, in order; tiny: the picture shrunk to TINY_SIDE x TINY_SIDE x 3,
     * whatever its shape. May be NULL. */
    void (*on_picture)(void *context, size_t index, const uint8_t *tiny);
    void *context;
} cue_request;

/* matrix: (count, CUE_COUNT), facts: (count); both the caller's. Pictures that cannot be used are named on
 * stderr, added to *skipped, and get a row of zeros. Returns OUTCOME_OK or, after a message, another
 * outcome. */
outcome cues_collect(const cue_request *request, const dni_samples *samples, double *matrix,
                     picture_facts *facts, size_t *skipped);

/* Of a file's bytes; `name` serves messages. */
dn_status cues_of_bytes(double *cues, picture_facts *facts, uint8_t *tiny, const unsigned char *bytes,
                        size_t size, const char *name, dn_error *error);

#endif
