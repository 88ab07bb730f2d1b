/* The ranking of a sweep, printed. */
#ifndef FTRAIN_TRAIN_SWEEP_PRINT_H
#define FTRAIN_TRAIN_SWEEP_PRINT_H

#include "ftrain/shell/outcome.h"
#include "ftrain/train/sweep.h"

#include <stdbool.h>

/* On standard output. Returns OUTCOME_OK or, after a message, another outcome. */
outcome sweep_print(const sweep *of, bool json);

#endif
