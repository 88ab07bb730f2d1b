/* SPDX-License-Identifier: MIT */
/* A folder of labelled pictures: DATA/{train,valid,test}/<class>/<file>. */
#ifndef DN_IO_DATASET_H
#define DN_IO_DATASET_H

#include "core/status.h"
#include "core/texts.h"
#include "io/file.h"
#include "io/split.h"

#include <stddef.h>

/* The most classes of a data set or a model, and bytes of a class's name in a model: no file system has
 * longer names of folders. */
enum { DNI_CLASS_LIMIT = 100000, DNI_CLASS_NAME_BYTES = 1024 };

typedef struct dni_sample {
    const char *path; /* DATA/split/class/file; among the samples' paths */
    int label;        /* index into classes */
} dni_sample;

typedef struct dni_samples {
    dni_sample *items; /* by class; a folder's files by name, then its folders' */
    size_t count;
    dn_error *left_out; /* why each entry that is no sample cannot be one; the message names it */
    size_t left_out_count;
    dni_texts paths;
} dni_samples;

typedef struct dni_dataset {
    char **classes; /* folder names, sorted by byte value, as torchvision sorts them */
    int class_count;
    dni_samples splits[DNI_SPLITS];
} dni_dataset;

/* Scans a data set; its splits are found by dni_split_find(). Hidden entries are left out; every other
 * regular file in a class folder, and in folders inside it, is a sample, whatever its name: what is no
 * picture is found out, and named, when it is decoded. Links are followed. Kept apart, with the reason, is
 * what cannot be used: a link that leads nowhere, to itself or to a folder that it lies in, a pipe, a
 * socket, a device, a folder that may not be read. DN_ERR_NOT_FOUND: the folder or one of its splits is
 * missing; DN_ERR_DATA_CLASSES: two folders for one split, fewer than two classes, or a split whose
 * classes differ from the training split's (the message names them); DN_ERR_DATA_EMPTY: a class of a split
 * without files. */
dn_status dni_dataset_scan(dni_dataset *out, const char *folder, dn_error *error);

/* As scan, for a folder that holds the class folders directly (FOLDER/<class>/<file>), given the classes that
 * a model knows: folders are matched by name, others are refused, absent ones are fine. */
dn_status dni_samples_scan(dni_samples *out, const char *folder, const char *const *classes, int class_count,
                           dn_error *error);

/* The names of the class folders in a folder, sorted. What cannot be examined counts as none: a scan tells
 * why. */
dn_status dni_classes_list(dni_listing *out, const char *folder, dn_error *error);

/* Moves all of `from`, which is left empty, behind what is in `to`. On failure both keep what they had. */
dn_status dni_samples_append(dni_samples *to, dni_samples *from, dn_error *error);

void dni_samples_free(dni_samples *samples);
void dni_dataset_free(dni_dataset *dataset);

#endif
