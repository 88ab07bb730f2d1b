/* SPDX-License-Identifier: MIT */
/* Sets of classes that hold the true one as often as the user asks: what a model was calibrated for, as
 * options and as thresholds. */
#ifndef FTRAIN_FEATURES_CLASS_SETS_H
#define FTRAIN_FEATURES_CLASS_SETS_H

#include "ftrain/shell/options.h"
#include "ftrain/shell/outcome.h"
#include "head/classifier/classifier.h"

typedef struct class_set_options {
    double coverage; /* 0: no sets are asked for */
    bool per_class;
} class_set_options;

/* The rows that fill a class_set_options. */
extern const option_table class_set_option_table;

/* What is wrong with the options alone. Returns OUTCOME_OK or, after a message, OUTCOME_USAGE. */
outcome class_set_options_check(const class_set_options *options);

typedef struct class_sets {
    double coverage;
    bool per_class;
    float *
        thresholds; /* (classes): a class is in a set from this probability on; NULL: no sets are asked for */
    int calibration; /* pictures that they come from */
    int apart;       /* 1: none of these chose the epoch; 0: all did; -1: not known */
} class_sets;

/* Asks the model for thresholds; where it was calibrated on too few pictures for the coverage, a message
 * tells which classes are in every set. Returns OUTCOME_OK or, after a message, another outcome: the model
 * of that name was not calibrated. Either way class_sets_close() is to follow. */
outcome class_sets_open(class_sets *out, const class_set_options *options, const char *model,
                        const dn_classifier *classifier);
void class_sets_close(class_sets *sets);

#endif
