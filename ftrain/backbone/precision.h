/* --precision: what the network computes in. */
#ifndef FTRAIN_PRECISION_H
#define FTRAIN_PRECISION_H

#include "densenet/densenet.h"
#include "ftrain/shell/options.h"

/* The row of an option table that fills `p`, an int with a dn_precision's value. */
#define PRECISION_OPTION(p)                                                                                  \
    {                                                                                                        \
        "precision", 0, OPTION_CHOICE, &(p), 0, 0, "fp32|bf16",                                              \
            "what the network computes in (default fp32); bf16 is faster and needs AVX512-BF16"              \
    }

/* As the option has it: "fp32", "bf16". */
const char *precision_name(int precision);

/* Whether this machine can compute in it: CONTINUE or, after a message, the exit code. */
int precision_check(int precision);

#endif
