/* SPDX-License-Identifier: MIT */
/* Writing a split data set, whole or not at all. */
#ifndef FTRAIN_SPLIT_OUTPUT_H
#define FTRAIN_SPLIT_OUTPUT_H

#include "ftrain/shell/outcome.h"
#include "ftrain/split/pictures.h"

/* Makes folder/<split>/<class>/<name> of every picture that has a split, as hard links or, where those cannot
 * be made or `copy` is set, as copies; and folder/manifest.tsv. Leaves nothing when it fails or is
 * interrupted. Returns OUTCOME_OK or, after a message, another outcome. */
outcome split_output_write(const char *folder, const split_pictures *pictures, bool copy, bool quiet);

#endif
