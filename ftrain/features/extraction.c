/* Data set, weights, calibration, features: in this order. */
#include "ftrain/features/extraction.h"

#include "ftrain/backbone/backbone.h"
#include "ftrain/shell/interrupt.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/outcome.h"

#include <stdlib.h>

extraction_options extraction_options_default(void) {
    const dn_preprocessing standard = dn_preprocessing_default();
    return (extraction_options){.resize = standard.resize, .crop = standard.crop, .flip = true};
}

static outcome give_weights(void *context, const dn_weights **out) {
    *out = ((const extraction *)context)->weights;
    return OUTCOME_OK;
}

static outcome list_views(extraction *run, const extraction_options *options) {
    dni_view perturbed[1 + MAX_AUGMENT] = {{.kind = DNI_VIEW_PLAIN}};
    int count = 0;
    dn_error error;
    if (options->augment &&
        dni_view_parse_list(perturbed + 1, MAX_AUGMENT, &count, options->augment, &error)) {
        message("--augment: %s", error.message);
        return OUTCOME_USAGE;
    }
    for (int i = 0; i <= count; i++) {
        run->views[run->view_count++] = perturbed[i];
        perturbed[i].flip = true;
        if (options->flip) run->views[run->view_count++] = perturbed[i];
    }
    return OUTCOME_OK;
}

static outcome find_inputs(extraction *run, const extraction_options *options, const char *data) {
    dn_error error;
    run->preprocessing = dn_preprocessing_default();
    run->preprocessing.resize = options->resize;
    run->preprocessing.crop = options->crop;
    if (dni_dataset_scan(&run->data, data, &error)) return report(&error, OUTCOME_DATA);
    if (dni_pool_create(&run->pool, options->threads, &error)) return report(&error, OUTCOME_DATA);
    const outcome code = weights_source_find(&run->source, options->weights, options->arch);
    if (!code && run->source.is_random)
        message(
            "random weights: the features are untrained and say little; for real ones run 'make weights' or "
            "give -w FILE");
    return code;
}

static outcome compute(extraction *run, const extraction_options *options, const char *cache,
                       feature_set *sets) {
    const outcome code = backbone_open(&run->weights, &run->source, &run->preprocessing,
                                       &run->data.splits[DNI_TRAIN], cache, run->pool);
    if (code) return code;
    dn_weights_hash(run->weights, run->hash);
    const feature_request request = {
        .config = dn_weights_config(run->weights),
        .hash = run->hash,
        .preprocessing = run->preprocessing,
        .precision = (dn_precision)options->precision,
        .memory = (dn_memory)options->memory,
        .weights = give_weights,
        .context = run,
        .cache = options->features ? NULL : cache,
        .path = options->features,
        .pool = run->pool,
        .strict = options->strict,
        .quiet = options->quiet,
    };
    feature_source sources[DNI_SPLITS];
    for (int s = 0; s < DNI_SPLITS; s++) {
        const bool all = s == DNI_TRAIN || (s == DNI_VALID && options->augment_valid);
        sources[s] = (feature_source){&run->data.splits[s], run->views, all ? run->view_count : 1};
    }
    return features_collect(&request, sources, DNI_SPLITS, sets, &run->skipped);
}

outcome extraction_run(extraction *out, const extraction_options *options, const char *data,
                       feature_set *sets) {
    *out = (extraction){.skipped = 0};
    for (int s = 0; sets && s < DNI_SPLITS; s++) sets[s] = (feature_set){.count = 0};
    catch_interrupts();
    outcome code = precision_check(options->precision);
    if (!code) code = list_views(out, options);
    if (!code) code = find_inputs(out, options, data);
    if (code) return code;
    char *cache = features_cache(options->cache);
    if (!cache) return OUTCOME_MACHINE;
    code = compute(out, options, cache, sets);
    free(cache);
    return code;
}

void extraction_free(extraction *run) {
    dn_weights_free(run->weights);
    weights_source_free(&run->source);
    dni_pool_free(run->pool);
    dni_dataset_free(&run->data);
}

outcome check_counts(const dni_dataset *data, dni_split split, const int *counts) {
    for (int c = 0; c < data->class_count; c++) {
        if (counts[c]) continue;
        message("%s/%s: no picture that can be used is left", dni_split_name(split), data->classes[c]);
        return OUTCOME_DATA;
    }
    return OUTCOME_OK;
}
