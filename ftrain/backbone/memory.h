/* --memory: how much the network may take. */
#ifndef FTRAIN_BACKBONE_MEMORY_H
#define FTRAIN_BACKBONE_MEMORY_H

#include "densenet/densenet.h"
#include "ftrain/shell/options.h"

/* The row of an option table that fills `m`, an int with a dn_memory's value. */
#define MEMORY_OPTION(m)                                                                                     \
    {                                                                                                        \
        "memory", 0, OPTION_CHOICE, &(m), 0, 0, "fast|low",                                                  \
            "fast (default), or low: half the memory, a tenth to a sixth slower"                             \
    }

#endif
