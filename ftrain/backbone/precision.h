/* --precision: what the network computes in. */
#ifndef FTRAIN_BACKBONE_PRECISION_H
#define FTRAIN_BACKBONE_PRECISION_H

#include "densenet/densenet.h"
#include "ftrain/shell/options.h"
#include "ftrain/shell/outcome.h"

/* The row of an option table that fills `p`, an int with a dn_precision's value. */
#define PRECISION_OPTION(p)                                                                                  \
    {                                                                                                        \
        "precision", 0, OPTION_CHOICE, &(p), 0, 0, "fp32|bf16",                                              \
            "what the network computes in (default fp32); bf16 is faster and needs AVX512-BF16"              \
    }

/* As the option has it: "fp32", "bf16". */
const char *precision_name(int precision);

/* Whether this machine can compute in it: OUTCOME_OK or, after a message, another outcome. */
outcome precision_check(int precision);

#endif
