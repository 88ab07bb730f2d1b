/* SPDX-License-Identifier: MIT */
/* The options of `ftrain train`. */
#ifndef FTRAIN_TRAIN_OPTIONS_H
#define FTRAIN_TRAIN_OPTIONS_H

#include "ftrain/features/extraction.h"
#include "ftrain/shell/options.h"
#include "ftrain/shell/outcome.h"
#include "head/training.h"

enum { MAX_CLASS_WEIGHTS = 1000 };

/* The words of --schedule, --optimizer and --recipe, in the order of dn_schedule_kind, of dn_optimizer,
 * and of the recipes' own numbers. */
extern const char TRAIN_SCHEDULES[], TRAIN_OPTIMIZERS[], TRAIN_RECIPES[];

typedef struct train_options {
    extraction_options extraction;
    const char *model;      /* NULL: model.safetensors, or none where none is written */
    const char *from;       /* the model whose head is trained on; NULL: a new head is trained */
    bool new_classes;       /* which may have other classes */
    const char *checkpoint; /* NULL: MODEL.checkpoint */
    const char *weighting;
    int recipe, optimizer, schedule; /* which of the option's choices */
    const char *sweep;               /* NULL: none */
    const char *report;              /* NULL: none */
    int max_maps;                    /* of wrong pictures, on the page */
    int folds;                       /* 0: none */
    double calibration_share;        /* of valid, that calibrates and does not choose the epoch; 0: none */
    widths hidden;
    float dropout;
    float class_weights[MAX_CLASS_WEIGHTS];
    int class_weight_count; /* 0: none are given */
    dn_train_options training;
    bool flip, nesterov, json, resume;
    bool picture_keys; /* the model keeps them */
} train_options;

/* The rows that fill a train_options. */
extern const option_table train_option_table;

/* Parses and checks the command line. Returns OUTCOME_OK or, after a message, another outcome. */
outcome train_options_parse(train_options *out, const command *self, int argc, char **argv, int *first);

/* Sets one option of a checked set by name, as the command line does, and checks the whole again. */
outcome train_options_set(train_options *options, const char *name, const char *value);

/* The head's part of them; points into `options`. */
dn_head_options train_options_head(const train_options *options);
/* The training's; likewise. */
dn_train_options train_options_training(const train_options *options);

/* Whether two sets of options that differ only in what a sweep may change give the same training, bit for
 * bit: what neither looks at (dropout without hidden layers, SGD's momentum with Adam) may differ. */
bool train_options_train_alike(const train_options *a, const train_options *b);

#endif
