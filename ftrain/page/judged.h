/* SPDX-License-Identifier: MIT */
/* Pictures and what a classifier made of them, as the pages show them. */
#ifndef FTRAIN_PAGE_JUDGED_H
#define FTRAIN_PAGE_JUDGED_H

#include "ftrain/page/html.h"
#include "io/dataset.h"
#include "io/image.h"

typedef struct judged_pictures {
    const char *folder; /* of the data set: the pictures' names are their paths inside it */
    const dni_sample *samples;
    const size_t *sample_index;     /* (count): samples[sample_index[i]] is picture i */
    const float *log_probabilities; /* (count, class_count) */
    const int *labels;              /* (count) */
    const double *unfamiliarity;    /* (count): percentiles, 0 to 1; NULL: not known */
    int count;
    const char *const *classes; /* names */
    int class_count;
    const dn_preprocessing *preprocessing; /* says whether they are turned as EXIF says */
} judged_pictures;

/* The predicted class of picture i, and its probability. */
int judged_predicted(const judged_pictures *pictures, int i);
double judged_confidence(const judged_pictures *pictures, int i);
const char *judged_path(const judged_pictures *pictures, int i);
/* The picture, turned as the classifier saw it; to be freed by dn_image_free(). */
dn_status judged_load(dn_image *out, const judged_pictures *pictures, int i, dn_error *error);
/* A <figcaption>: the predicted class with its probability, the true one where it is another, and the
 * path. */
void judged_write_caption(html *page, const judged_pictures *pictures, int i);

#endif
