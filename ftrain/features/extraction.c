/* SPDX-License-Identifier: MIT */
/* Data set, weights, calibration, features: in this order. */
#include "ftrain/features/extraction.h"

#include "densenet/weights.h"
#include "ftrain/backbone/backbone.h"
#include "ftrain/features/features_compute.h"
#include "ftrain/ranks/weights_share.h"
#include "ftrain/shell/data.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/new_array.h"
#include "ftrain/shell/outcome.h"

#include <stdlib.h>
#include <string.h>

static const option_spec pipeline_rows[] = {
    OPT_TEXT("arch", 0, extraction_options, arch, "NETWORK",
             "with random:SEED: densenet121, 161, 169, 201 (default densenet161)"),
    OPT_INT("resize", 0, extraction_options, resize, 1, 8192, "N",
            "shorter side after resizing, pixels (default 255)"),
    OPT_INT("crop", 0, extraction_options, crop, 32, 8192, "N",
            "side of the centre crop, pixels (default 224)"),
    OPT_FLAG("exif-rotate", 0, extraction_options, exif_rotate,
             "turn pictures upright as their EXIF says; torchvision does not, and so it is off by default"),
    CACHE_OPTION(extraction_options, features.cache),
};

static const option_spec rows[] = {
    OPT_TEXT("weights", 'w', extraction_options, weights, "WEIGHTS",
             "a file, or random:SEED; else found by itself"),
    OPT_ROWS(pipeline_option_table),
    STORE_OPTION(extraction_options, features.form),
    OPT_GROUP(extraction_options, network, network_option_table),
    OPT_GROUP(extraction_options, decisions, decision_option_table),
    STRICT_OPTION(extraction_options, features.strict),
    QUIET_OPTION(extraction_options, features.quiet),
};

const option_table pipeline_option_table = OPTION_TABLE(pipeline_rows);
const option_table extraction_option_table = OPTION_TABLE(rows);

extraction_options extraction_options_default(void) {
    const dn_preprocessing standard = dn_preprocessing_default();
    return (extraction_options){.resize = standard.resize, .crop = standard.crop, .flip = true};
}

dn_preprocessing extraction_preprocessing(const extraction_options *options) {
    dn_preprocessing preprocessing = dn_preprocessing_default();
    preprocessing.resize = options->resize;
    preprocessing.crop = options->crop;
    preprocessing.exif_rotate = options->exif_rotate;
    return preprocessing;
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

/* The model's own weights, or those of its hash. */
static outcome take_model_weights(extraction *run, const extraction_options *options) {
    run->source.name = strdup(dn_classifier_get_info(options->model)->weights_source);
    if (!run->source.name) return report_no_memory();
    run->source.is_random = dni_random_source(run->source.name, &run->source.seed);
    lazy_weights weights = {.classifier = options->model, .option = options->weights};
    const dn_weights *loaded;
    const outcome code = lazy_weights_get(&weights, &loaded);
    run->weights = weights.loaded;
    return code;
}

static outcome find_inputs(extraction *run, const extraction_options *options, const char *data) {
    run->preprocessing = options->model ? dn_classifier_get_info(options->model)->preprocessing
                                        : extraction_preprocessing(options);
    outcome code = dataset_scan(&run->data, data, options->features.strict, &run->skipped);
    if (!code) code = decisions_heed_dataset(&run->decisions, &options->decisions, data, &run->data);
    if (code) return code;
    dn_error error;
    if (dni_pool_create(&run->pool, options->network.threads, &error)) return report(&error, OUTCOME_DATA);
    code = options->model ? take_model_weights(run, options)
                          : weights_source_find(&run->source, options->weights, options->arch);
    if (!code && run->source.is_random && !options->model)
        message(
            "random weights: the features are untrained and say little; for real ones run 'ftrain weights' or give -w FILE");
    return code;
}

/* What is asked of every rank. */
static feature_request make_request(const extraction *run, const extraction_options *options,
                                    lazy_weights *weights) {
    return (feature_request){
        .config = dn_weights_config(weights->loaded),
        .hash = run->hash,
        .weights = weights,
        .preprocessing = run->preprocessing,
        .network = options->network,
        .options = options->features,
        .pool = run->pool,
        .fingerprints = options->fingerprints,
    };
}

/* Opens the weights, calibrated on `pictures` where they are random, unless they came with a model, and
 * collects. */
static outcome compute(extraction *run, const extraction_options *options, const dni_samples *pictures,
                       const feature_source *sources, size_t count, feature_set *sets) {
    char *cache;
    outcome code = features_cache(&cache, options->features.cache);
    if (!code && !run->weights)
        code = backbone_open(&run->weights, &run->source, &run->preprocessing, pictures, cache, run->pool);
    if (!code) code = weights_share(run->weights);
    if (!code) {
        dn_weights_hash(run->weights, run->hash);
        feature_request request = make_request(run, options, &(lazy_weights){.loaded = run->weights});
        request.cache = cache;
        request.described = options->describe ? &run->data : NULL;
        request.folder = run->folder;
        code = features_collect(&request, sources, count, sets, &run->skipped);
    }
    free(cache);
    return code;
}

outcome extraction_open(extraction *out, const extraction_options *options, const char *data) {
    *out = (extraction){.folder = data};
    outcome code = network_options_check(&options->network);
    if (!code) code = list_views(out, options);
    return !code ? find_inputs(out, options, data) : code;
}

outcome extraction_run(extraction *self, const extraction_options *options, feature_set *sets) {
    feature_source sources[DNI_SPLITS];
    for (int s = 0; sets && s < DNI_SPLITS; s++) sets[s] = (feature_set){.count = 0};
    for (int s = 0; s < DNI_SPLITS; s++) {
        const bool all = s == DNI_TRAIN || (s == DNI_VALID && options->augment_valid);
        sources[s] = (feature_source){&self->data.splits[s], self->views, all ? self->view_count : 1};
    }
    return compute(self, options, &self->data.splits[DNI_TRAIN], sources, DNI_SPLITS, sets);
}

outcome extraction_help(const extraction_options *options) {
    extraction run = {.preprocessing = extraction_preprocessing(options)};
    dn_error error;
    outcome code = network_options_check(&options->network);
    if (!code && dni_pool_create(&run.pool, options->network.threads, &error))
        code = report(&error, OUTCOME_DATA);
    if (!code) code = weights_take(&run.weights);
    if (!code) {
        const feature_request request = make_request(&run, options, &(lazy_weights){.loaded = run.weights});
        code = features_help(&request);
    }
    extraction_free(&run);
    return code;
}

outcome extraction_of_samples(feature_set *out, const extraction_options *options, const dni_samples *samples,
                              dni_pool *pool) {
    static const dni_view plain = {.kind = DNI_VIEW_PLAIN};
    *out = (feature_set){.count = 0};
    extraction run = {.pool = pool, .preprocessing = extraction_preprocessing(options)};
    const feature_source source = {.samples = samples, .views = &plain, .view_count = 1};
    outcome code = weights_source_find(&run.source, options->weights, options->arch);
    if (!code) code = compute(&run, options, samples, &source, 1, out);
    run.pool = NULL; /* the caller's */
    extraction_free(&run);
    return code;
}

void extraction_free(extraction *run) {
    dn_weights_free(run->weights);
    weights_source_free(&run->source);
    dni_pool_free(run->pool);
    dni_dataset_free(&run->data);
}

outcome count_classes(int **out, const dni_dataset *data, dni_split split, const feature_set *set) {
    const dni_samples *samples = &data->splits[split];
    const size_t count = set ? (size_t)set->count : samples->count;
    int *counts = *out = new_array((size_t)data->class_count, sizeof *counts);
    if (!counts) return OUTCOME_MACHINE;
    for (size_t i = 0; i < count; i++) counts[set ? set->labels[i] : samples->items[i].label]++;
    for (int c = 0; c < data->class_count; c++) {
        if (counts[c]) continue;
        message("%s/%s: no picture that can be used is left", dni_split_name(split), data->classes[c]);
        return OUTCOME_DATA;
    }
    return OUTCOME_OK;
}
