/* SPDX-License-Identifier: MIT */
/* --precision, --memory and --threads: how the network computes. */
#ifndef FTRAIN_BACKBONE_NETWORK_OPTIONS_H
#define FTRAIN_BACKBONE_NETWORK_OPTIONS_H

#include "densenet/densenet.h"
#include "ftrain/shell/options.h"
#include "ftrain/shell/outcome.h"

typedef struct network_options {
    int precision; /* a dn_precision's value */
    int memory;    /* a dn_memory's value */
    int threads;   /* 0: one for each core */
} network_options;

/* The rows that fill a network_options. */
extern const option_table network_option_table;

/* Whether this machine can compute so: OUTCOME_OK or, after a message, another outcome. */
outcome network_options_check(const network_options *options);

/* What the library is asked for. */
dn_model_options network_model_options(const network_options *options);

/* As the option has it: "fp32", "bf16", "int8". */
const char *precision_name(int precision);

#endif
