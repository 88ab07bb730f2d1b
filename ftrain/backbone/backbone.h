/* SPDX-License-Identifier: MIT */
/* Weights made ready for features: loaded from a file, or drawn from a seed and calibrated on training
 * pictures, which is remembered in the cache. */
#ifndef FTRAIN_BACKBONE_BACKBONE_H
#define FTRAIN_BACKBONE_BACKBONE_H

#include "core/pool.h"
#include "ftrain/backbone/weights_source.h"
#include "ftrain/shell/outcome.h"
#include "io/dataset.h"
#include "densenet/densenet.h"
#include "io/image.h"

/* `pictures`: what seeded weights are calibrated on (up to 32 of them, spread evenly). `cache`: the folder
 * for what that gave. Returns OUTCOME_OK or, after a message, another outcome. */
outcome backbone_open(dn_weights **out, const weights_source *source, const dn_preprocessing *preprocessing,
                      const dni_samples *pictures, const char *cache, dni_pool *pool);

/* Says what the file held that the weights do not, where there is something. */
void backbone_tell_notes(const dn_weights *weights, const char *path);

#endif
