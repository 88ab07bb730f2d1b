/* SPDX-License-Identifier: MIT */
/* Where a command's weights come from: -w FILE, -w random:SEED, or a file found in the usual places. */
#ifndef FTRAIN_BACKBONE_WEIGHTS_SOURCE_H
#define FTRAIN_BACKBONE_WEIGHTS_SOURCE_H

#include "ftrain/shell/folders.h"
#include "ftrain/shell/outcome.h"
#include "densenet/densenet.h"

#include <stdbool.h>

typedef struct weights_source {
    bool is_random;
    uint64_t seed;           /* of a random one */
    const dn_config *config; /* of a random one */
    char *path;              /* of a file */
    char *name;              /* what model files call it: "random:1", or the file's name without folder */
} weights_source;

/* `option`: -w's value or NULL; `arch`: --arch's value, for random ones, or NULL. Returns OUTCOME_OK or,
 * after a message, another outcome. */
outcome weights_source_find(weights_source *out, const char *option, const char *arch);
void weights_source_free(weights_source *source);

/* The file that is used without -w: $DENSENET_WEIGHTS, else one in the caches that is named as those of
 * `network` ("densenet161") are. *out is its path, from malloc, or NULL where there is none. Returns
 * OUTCOME_OK or, after a message, another outcome. */
outcome weights_find_file(char **out, const char *network);

/* The file that -w's value stands for: itself, or, where no file is called so, that of the network of this
 * name in the caches. *out is from malloc. Returns OUTCOME_OK or, after a message, another outcome. */
outcome weights_resolve(char **out, const char *option);

#endif
