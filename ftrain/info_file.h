/* SPDX-License-Identifier: MIT */
/* What a weights, model or feature file, or a checkpoint, holds. */
#ifndef FTRAIN_INFO_FILE_H
#define FTRAIN_INFO_FILE_H

#include "ftrain/shell/outcome.h"

#include <stdbool.h>

/* Prints it, as text or as one JSON object. Returns OUTCOME_OK or, after a message, another outcome. */
outcome info_file_print(const char *path, bool json);

#endif
