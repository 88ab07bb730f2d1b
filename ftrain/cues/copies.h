/* SPDX-License-Identifier: MIT */
/* Copies among the pictures that can be used. */
#ifndef FTRAIN_CUES_COPIES_H
#define FTRAIN_CUES_COPIES_H

#include "ftrain/cues/cues.h"
#include "ftrain/shell/outcome.h"

/* same, near: (count), the caller's: the first picture of each one's group, of the same bytes and of the same
 * look; what cannot be used is alone. Returns OUTCOME_OK or, after a message, another outcome. */
outcome copies_find(uint32_t *same, uint32_t *near, const picture_facts *facts, size_t count);

/* The samples that can be used, with where they stand among all. The paths stay the samples': out->items
 * alone is to be freed. sample_index: (count), the caller's. */
outcome usable_samples(dni_samples *out, size_t *sample_index, const dni_samples *samples,
                       const picture_facts *facts);

#endif
