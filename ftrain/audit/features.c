/* SPDX-License-Identifier: MIT */
/* The network's features of the pictures that can be used, for whatever asks about them. */
#include "ftrain/audit/audit.h"
#include "ftrain/cues/copies.h"
#include "ftrain/features/extraction.h"
#include "ftrain/shell/new_array.h"
#include "ftrain/shell/outcome.h"

#include <stdlib.h>

outcome audit_collect_features(feature_set *out, const audit_data *data, const extraction_options *options,
                               dni_pool *pool) {
    dni_samples usable = {.count = 0};
    *out = (feature_set){.count = 0};
    size_t *const sample_index = new_array(data->samples.count + 1, sizeof *sample_index);
    outcome code =
        sample_index ? usable_samples(&usable, sample_index, &data->samples, data->facts) : OUTCOME_MACHINE;
    if (!code && usable.count) code = extraction_of_samples(out, options, &usable, pool);
    for (int i = 0; !code && i < out->count; i++) out->sample_index[i] = sample_index[out->sample_index[i]];
    free(usable.items);
    free(sample_index);
    return code;
}
