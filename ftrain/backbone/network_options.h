/* --precision, --memory and --threads: how the network computes. */
#ifndef FTRAIN_BACKBONE_NETWORK_OPTIONS_H
#define FTRAIN_BACKBONE_NETWORK_OPTIONS_H

#include "densenet/densenet.h"
#include "ftrain/shell/options.h"
#include "ftrain/shell/outcome.h"

typedef struct network_options {
    int precision; /* a dn_precision's value */
    int memory;    /* a dn_memory's value */
    int threads;   /* 0: one a core */
} network_options;

/* The row of an option table that fills `t`, a number of threads. */
#define THREADS_OPTION(t)                                                                                    \
    { "threads", 0, OPTION_INT, &(t), 0, 1024, "N", "0: one a core (default)" }

/* The rows of an option table that fill `n`, a network_options. */
#define NETWORK_OPTIONS(n)                                                                                   \
    {"precision",                                                                                            \
     0,                                                                                                      \
     OPTION_CHOICE,                                                                                          \
     &(n).precision,                                                                                         \
     0,                                                                                                      \
     0,                                                                                                      \
     "fp32|bf16",                                                                                            \
     "what the network computes in (default fp32); bf16 is faster and needs AVX512-BF16"},                   \
        {"memory", 0, OPTION_CHOICE, &(n).memory,                                                            \
         0,        0, "fast|low",    "fast (default), or low: half the memory, a tenth to a sixth slower"},  \
        THREADS_OPTION((n).threads)

/* Whether this machine can compute so: OUTCOME_OK or, after a message, another outcome. */
outcome network_options_check(const network_options *options);

/* What the library is asked for. */
dn_model_options network_model_options(const network_options *options);

/* As the option has it: "fp32", "bf16". */
const char *precision_name(int precision);

#endif
