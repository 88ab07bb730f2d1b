/* SPDX-License-Identifier: MIT */
/* Pictures on their way through the network, of many requests at once.
 *
 *     request's thread     pipeline_run(): waits in line, until its pictures are judged
 *     decoding threads     bytes -> network inputs
 *     network's thread     all inputs that are ready by then, up to PIPELINE_BATCH, as one batch; nobody
 *                          waits for a batch to fill: while one is computed, the next one gathers
 *
 * The line is bounded: who finds it full is turned away at once. */
#ifndef FTRAIN_SERVE_PIPELINE_H
#define FTRAIN_SERVE_PIPELINE_H

#include "ftrain/server/metrics.h"
#include "ftrain/shell/outcome.h"
#include "head/classifier/classifier.h"
#include "io/image.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

enum { PIPELINE_BATCH = 16 };

/* One picture. The caller fills in the first part; pipeline_job_clear() frees the rest. */
typedef struct pipeline_job {
    const void *bytes; /* of the picture's file */
    size_t size;
    const char *name; /* for messages */
    bool is_explained;
    int picture_size; /* explained: the longer side of `picture`, at most */

    dn_error error;       /* status DN_OK: judged */
    float *probabilities; /* (classes) */
    double unfamiliarity; /* percentile, 0 to 1; NaN: the model has no numbers */
    int class_index;      /* explained: the class, set by the caller, or -1 for the most probable one */
    float *evidence;      /* explained: (map height, map width) */
    dn_image picture;     /* explained: made smaller */

    /* the pipeline's own */
    float *input; /* (crop, crop, 3) */
    struct pipeline_run_state *run;
    struct pipeline_job *next;
} pipeline_job;

void pipeline_job_clear(pipeline_job *job);

/* What was done so far. */
typedef struct pipeline_counts {
    atomic_ullong judged, explained, refused, turned_away; /* pictures */
    histogram batches;                                     /* their sizes */
    histogram network_seconds;                             /* of a batch */
} pipeline_counts;

typedef struct pipeline pipeline;

/* `classifier` has a backbone attached for batches of PIPELINE_BATCH, outlives the pipeline, and is used by
 * nobody else. `capacity`: how many pictures may be at work or wait. Returns OUTCOME_OK or, after a message,
 * another outcome. */
outcome pipeline_create(pipeline **out, dn_classifier *classifier, int decoders, int capacity);
/* There must be no run under way. NULL is fine. */
void pipeline_free(pipeline *self);

/* Judges the pictures, of which each then has its own outcome. Any number of threads. False, and nothing is
 * done: there is no room for so many now. */
bool pipeline_run(pipeline *self, pipeline_job *jobs, size_t count);

const dn_classifier_info *pipeline_info(const pipeline *self);
void pipeline_map_size(const pipeline *self, int *height, int *width);
int pipeline_capacity(const pipeline *self);
/* Pictures that are at work or wait. */
int pipeline_pending(pipeline *self);
pipeline_counts *pipeline_get_counts(pipeline *self);

#endif
