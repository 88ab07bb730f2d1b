/* The network's features of the pictures that can be used, for whatever asks about them. */
#include "ftrain/audit/audit.h"
#include "ftrain/features/extraction.h"
#include "ftrain/shell/new_array.h"
#include "ftrain/shell/outcome.h"

#include <stdlib.h>

/* The samples that can be used, with where they stand among all. Their paths stay the data's. */
static outcome select_usable(dni_samples *out, size_t *sample_index, const audit_data *data) {
    out->items = new_array(data->samples.count + 1, sizeof *out->items);
    if (!out->items) return OUTCOME_MACHINE;
    for (size_t i = 0; i < data->samples.count; i++) {
        if (!data->facts[i].is_usable) continue;
        sample_index[out->count] = i;
        out->items[out->count++] = data->samples.items[i];
    }
    return OUTCOME_OK;
}

outcome audit_collect_features(feature_set *out, const audit_data *data, const extraction_options *options,
                               dni_pool *pool) {
    dni_samples usable = {.count = 0};
    *out = (feature_set){.count = 0};
    size_t *const sample_index = new_array(data->samples.count + 1, sizeof *sample_index);
    outcome code = sample_index ? select_usable(&usable, sample_index, data) : OUTCOME_MACHINE;
    if (!code && usable.count) code = extraction_of_samples(out, options, &usable, pool);
    for (int i = 0; !code && i < out->count; i++) out->sample_index[i] = sample_index[out->sample_index[i]];
    free(usable.items);
    free(sample_index);
    return code;
}
