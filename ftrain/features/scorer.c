/* Scores of samples: a model, the features it needs, and its head. */
#include "ftrain/features/scorer.h"

#include "ftrain/backbone/model_weights.h"
#include "ftrain/shell/options.h"
#include "ftrain/shell/outcome.h"

#include <stdlib.h>

static outcome give_weights(void *context, const dn_weights **out) {
    scorer *work = context;
    const outcome code =
        work->weights ? OUTCOME_OK : model_weights(&work->weights, work->classifier, work->weights_option);
    *out = work->weights;
    return code;
}

outcome scorer_open(scorer *out, const scorer_options *options) {
    *out = (scorer){.weights_option = options->weights};
    dn_error error;
    if (dn_classifier_load(&out->classifier, options->model, &error)) return report(&error, OUTCOME_MODEL);
    if (dni_pool_create(&out->pool, options->threads, &error)) return report(&error, OUTCOME_MACHINE);
    if (!options->features && !(out->cache = features_cache(options->cache))) return OUTCOME_MACHINE;
    const dn_classifier_info *info = dn_classifier_get_info(out->classifier);
    out->request = (feature_request){
        .config = dn_config_find(info->backbone),
        .hash = info->weights_hash,
        .preprocessing = info->preprocessing,
        .precision = (dn_precision)options->precision,
        .memory = (dn_memory)options->memory,
        .weights = give_weights,
        .context = out,
        .cache = out->cache,
        .path = options->features,
        .pool = out->pool,
        .strict = options->strict,
        .quiet = options->quiet,
    };
    return OUTCOME_OK;
}

void scorer_close(scorer *of) {
    free(of->cache);
    dni_pool_free(of->pool);
    dn_weights_free(of->weights);
    dn_classifier_free(of->classifier);
}

/* Takes labels and places over from the set. */
static outcome score(const scorer *of, feature_set *set, scores *out) {
    const dn_head *head = dn_classifier_get_head(of->classifier);
    const size_t classes = (size_t)dn_head_classes(head);
    out->log_probabilities = malloc(((size_t)set->count + 1) * classes * sizeof *out->log_probabilities);
    if (!out->log_probabilities) return report_no_memory();
    dn_error error;
    if (dn_head_log_probabilities(head, set->values, set->count, out->log_probabilities, &error))
        return report(&error, OUTCOME_MODEL);
    out->labels = set->labels;
    out->places = set->places;
    out->count = set->count;
    set->labels = NULL;
    set->places = NULL;
    return OUTCOME_OK;
}

outcome scorer_run(scorer *of, const feature_source *sources, size_t count, scores *out, size_t *skipped) {
    feature_set *sets = calloc(count, sizeof *sets);
    for (size_t s = 0; s < count; s++) out[s] = (scores){.count = 0};
    if (!sets) return report_no_memory();
    size_t now = 0;
    outcome code = features_collect(&of->request, sources, count, sets, &now);
    for (size_t s = 0; !code && s < count; s++) code = score(of, &sets[s], &out[s]);
    for (size_t s = 0; s < count; s++) feature_set_free(&sets[s]);
    free(sets);
    *skipped += now;
    return code;
}

outcome scorer_fill(scorer *of, const feature_source *source, size_t *skipped) {
    size_t now;
    const outcome code = features_collect(&of->request, source, 1, NULL, &now);
    *skipped += now;
    return code;
}

void scores_free(scores *of) {
    free(of->log_probabilities);
    free(of->labels);
    free(of->places);
    *of = (scores){.count = 0};
}
