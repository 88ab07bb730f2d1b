/* SPDX-License-Identifier: MIT */
/* The pictures of a request, judged. */
#ifndef FTRAIN_SERVE_PICTURES_H
#define FTRAIN_SERVE_PICTURES_H

#include "ftrain/serve/site.h"

#include <stdbool.h>

typedef struct request_pictures {
    request_parts parts;
    pipeline_job *jobs; /* (count) */
    size_t count;
    int shown; /* classes to tell, from ?top=N */
} request_pictures;

/* Finds the pictures: the body, or every part of a multipart one. False: *out was answered. Either way
 * request_pictures_free() ends it. */
bool request_pictures_read(request_pictures *self, const site *of, const request *in, response *out);
/* Sends them through the pipeline. False: *out was answered, since there is no room. */
bool request_pictures_judge(request_pictures *self, const site *of, response *out);
void request_pictures_free(request_pictures *self);

/* The HTTP status that goes with a picture's error. */
int status_of_error(const dn_error *error);

/* {"path", "class", "probabilities", "set"} as `ftrain predict --json` gives it, or {"path", "error": {"status",
 * "message"}}. NULL without memory. */
json_t *job_json(const pipeline_job *job, const site *of, int shown);

#endif
