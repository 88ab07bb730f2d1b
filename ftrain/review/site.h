/* SPDX-License-Identifier: MIT */
/* What the page of ftrain review is made of, and what it asks for. */
#ifndef FTRAIN_REVIEW_SITE_H
#define FTRAIN_REVIEW_SITE_H

#include "ftrain/review/findings.h"
#include "ftrain/review/review_set.h"
#include "ftrain/server/server.h"

#include <pthread.h>

enum {
    KEPT_THUMBNAILS = 1024, /* some 8 KB each */
    DECODED_AT_ONCE = 6,    /* pictures; as many as a browser asks for at the same time */
};

/* A thumbnail that was made before; the place is given by the picture's number. */
typedef struct kept_thumbnail {
    size_t picture;
    unsigned char *jpeg; /* NULL: none yet */
    size_t bytes;
} kept_thumbnail;

typedef struct site {
    review_set *set;
    pthread_mutex_t set_lock;              /* of the decisions; all else in the set stays as it is */
    const dn_preprocessing *preprocessing; /* says whether pictures are turned as EXIF says */
    const findings *found;                 /* NULL: nothing was looked for */
    scorer *scorer;                        /* its network is attached; NULL: no model is given */
    const char *model;                     /* its file */
    float *evidence;                       /* (map height, map width) */
    pthread_mutex_t model_lock;
    int decoding; /* pictures that are decoded just now */
    pthread_mutex_t decoding_lock;
    pthread_cond_t decoded;     /* one of them is */
    kept_thumbnail *thumbnails; /* (KEPT_THUMBNAILS) */
    pthread_mutex_t thumbnail_lock;
} site;

/* The picture that the query's `id` names; where there is none, it was answered so and the number of pictures
 * is returned. */
size_t site_find_picture(const site *of, const request *in, response *out);

/* Handlers; their context is a site. */
void review_send_page(void *context, const request *in, response *out);
void review_send_script(void *context, const request *in, response *out);
void review_send_grid_script(void *context, const request *in, response *out);
void review_send_style(void *context, const request *in, response *out);
/* All pictures: names, splits, classes, findings, decisions. */
void review_send_set(void *context, const request *in, response *out);
/* Decides on pictures: {"pictures": [3, 5], "decision": "move", "class": 1}. */
void review_take_decisions(void *context, const request *in, response *out);
void review_send_thumbnail(void *context, const request *in, response *out);
void review_send_picture(void *context, const request *in, response *out);
/* The map of evidence over a picture, with the class that it is for and its probability in X-Ftrain-Class and
 * X-Ftrain-Probability. */
void review_send_map(void *context, const request *in, response *out);

/* Serves the page until SIGINT or SIGTERM. Returns OUTCOME_OK or, after a message, another outcome. */
outcome review_browse(site *self, const server_options *options, bool opens_browser);

#endif
