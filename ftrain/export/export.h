/* SPDX-License-Identifier: MIT */
/* What other programs read: the kinds of files that can be written out, and the formats of each. */
#ifndef FTRAIN_EXPORT_EXPORT_H
#define FTRAIN_EXPORT_EXPORT_H

#include "ftrain/shell/outcome.h"

#include <jansson.h>
#include <stdbool.h>

/* In the order of --format's words. */
typedef enum export_format {
    EXPORT_SAFETENSORS,
    EXPORT_PTH,
    EXPORT_ONNX,
    EXPORT_C,
    EXPORT_NPY,
    EXPORT_CSV,
    EXPORT_FORMATS, /* how many there are */
} export_format;

#define EXPORT_FORMAT_WORDS "safetensors|pth|onnx|c|npy|csv"

/* What the command line asks for. */
typedef struct export_job {
    const char *in, *out;
    int format;          /* an export_format; -1: what OUT's ending says */
    const char *weights; /* the value of -w, or NULL */
    bool pixels;         /* of ONNX: the input is pixels */
    int split;           /* a dni_split; -1: all */
    const char *view;    /* the value of --view, or NULL */
    bool json;
} export_job;

/* Writes job->out. Adds to `about`, a JSON object, what --json tells of it; EXPORT_BESIDE lists the files
 * that were written beside it. */
typedef outcome (*export_writer)(const export_job *job, json_t *about);

#define EXPORT_BESIDE "beside"

/* A kind of IN. */
typedef struct export_kind {
    const char *name;                      /* "a model file" */
    const char *mark;                      /* what the metadata 'format' of such a file begins with */
    bool has_weights;                      /* -w is of use */
    bool has_rows;                         /* --split and --view are */
    export_writer writers[EXPORT_FORMATS]; /* NULL: this kind is not written in that format */
} export_kind;

extern const export_kind network_kind, feature_kind;

/* Whether that file, job->out or one that goes with it, can be written and is none that is read. Returns
 * OUTCOME_OK or, after a message, another outcome. job->out is checked before its writer is called. */
outcome export_check_out(const export_job *job, const char *path);

#endif
