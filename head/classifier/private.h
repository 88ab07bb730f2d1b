/* SPDX-License-Identifier: MIT */
/* The inside of the joined classifier, for the files of this folder. */
#ifndef DN_HEAD_CLASSIFIER_PRIVATE_H
#define DN_HEAD_CLASSIFIER_PRIVATE_H

#include "core/pool.h"
#include "core/tensor_dict.h"
#include "head/classifier/backbone.h"

#include <stdbool.h>

#define DNI_CLASSIFIER_FORMAT "densenet classifier 1"

struct dn_classifier {
    char *path;
    dni_tensor_dict *dict; /* the file; texts of `info` that are not below lie in its metadata */
    dn_classifier_info info;
    char **classes;
    dn_head *head;
    dn_conformal *conformal;      /* what info points to, as do the keys; NULL: the file has none */
    dn_picture_key *picture_keys; /* (info.picture_key_count) */
    dn_novelty *novelty;          /* info.novelty */
    bool is_borrowed;             /* all of the above belongs to another classifier (dn_classifier_share()) */

    /* the attached backbone */
    dn_model *own_model; /* made by dn_classifier_attach(); NULL: the session's is the caller's */
    dn_session *session;
    dni_pool *pool; /* for preprocessing */
    int batch;
    float *inputs;            /* (batch, crop, crop, 3) */
    float *features;          /* (batch, features) */
    float *log_probabilities; /* (batch, classes) */
    double *percentiles;      /* (batch): of unfamiliarity */
    dn_status *statuses;      /* (batch): what became of each picture */
};

/* As dni_options_take(). */
dn_status dni_classifier_info_take(dn_classifier_info *own, const dn_classifier_info *given, dn_error *error);

/* Reads what classifier->dict holds into `info`, `head` and `novelty`, and refuses what does not hold
 * together. Saving asks it too, so that every file that is written can be read. */
dn_status dni_classifier_read(dn_classifier *classifier, dn_error *error);

/* The name in the file of a linear layer's "weight" or "bias". */
void dni_classifier_layer_name(char name[64], int layer, const char *part);

/* DN_OK when the file has a tensor of that name, type and shape, whose numbers are aligned; a size of -1 in
 * `shape` stands for any of at least 1. */
dn_status dni_classifier_check_tensor(const dn_classifier *classifier, const char *name, dni_dtype dtype,
                                      int rank, const int64_t *shape, dn_error *error);

/* Frees the attached backbone and everything that was made for it. */
void dni_classifier_detach(dn_classifier *classifier);

/* Preprocesses `count` images, at most a batch, into classifier->inputs, and tells in classifier->statuses
 * what became of each. */
void dni_classifier_prepare(dn_classifier *classifier, const dn_image *images, int count);
/* Fails with the status that images[index] had there, and its reason. Overwrites an input. */
dn_status dni_classifier_refuse(dn_classifier *classifier, const dn_image *images, int index,
                                dn_status status, dn_error *error);

/* DN_ERR_UNSUPPORTED where the file has no novelty. */
dn_status dni_classifier_check_novelty(const dn_classifier *classifier, dn_error *error);

#endif
