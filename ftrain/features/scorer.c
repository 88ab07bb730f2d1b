/* SPDX-License-Identifier: MIT */
/* Scores of samples: a model, the features it needs, and its head. */
#include "ftrain/features/scorer.h"

#include "core/error.h"
#include "ftrain/features/set_scores.h"

#include <stdlib.h>

outcome scorer_open(scorer *out, const scorer_options *options) {
    *out = (scorer){.model = options->model};
    dn_error error;
    if (dn_classifier_load(&out->classifier, options->model, &error)) return report(&error, OUTCOME_MODEL);
    if (dni_pool_create(&out->pool, options->network.threads, &error)) return report(&error, OUTCOME_MACHINE);
    if (!options->features.file) {
        const outcome code = features_cache(&out->cache, options->features.cache);
        if (code) return code;
    }
    out->weights = (lazy_weights){.classifier = out->classifier, .option = options->weights};
    const dn_classifier_info *info = dn_classifier_get_info(out->classifier);
    out->request = (feature_request){
        .config = dn_config_find(info->backbone),
        .hash = info->weights_hash,
        .weights = &out->weights,
        .preprocessing = info->preprocessing,
        .network = options->network,
        .options = options->features,
        .cache = out->cache,
        .pool = out->pool,
    };
    return OUTCOME_OK;
}

outcome scorer_attach(scorer *self) {
    const dn_weights *weights;
    const outcome code = lazy_weights_get(&self->weights, &weights);
    return code ? code : model_attach_weights(self->classifier, weights, &self->request.network, 1);
}

void scorer_close(scorer *self) {
    free(self->cache);
    dni_pool_free(self->pool);
    lazy_weights_free(&self->weights);
    dn_classifier_free(self->classifier);
}

/* Where the model can tell it. */
static outcome score_novelty(const scorer *self, const feature_set *set, scores *out) {
    const dn_novelty *novelty = dn_classifier_get_info(self->classifier)->novelty;
    if (!novelty) return OUTCOME_OK;
    out->unfamiliarity = malloc(((size_t)set->count + 1) * sizeof *out->unfamiliarity);
    out->novelty = malloc(((size_t)set->count + 1) * sizeof *out->novelty);
    if (!out->unfamiliarity || !out->novelty) return report_no_memory();
    dn_error error;
    return set_unfamiliarity(novelty, set, out->novelty, out->unfamiliarity, &error)
               ? report(&error, OUTCOME_MODEL)
               : OUTCOME_OK;
}

/* Takes labels and sample indices over from the set. */
static outcome score(const scorer *self, feature_set *set, scores *out) {
    const dn_head *head = dn_classifier_get_head(self->classifier);
    const size_t classes = (size_t)dn_head_classes(head);
    out->log_probabilities = malloc(((size_t)set->count + 1) * classes * sizeof *out->log_probabilities);
    if (!out->log_probabilities) return report_no_memory();
    dn_error error;
    if (dni_fail_in(&error, set_log_probabilities(head, set, out->log_probabilities, &error), self->model))
        return report(&error, OUTCOME_MODEL);
    out->labels = set->labels;
    out->sample_index = set->sample_index;
    out->count = set->count;
    out->prints = set->prints;
    set->labels = NULL;
    set->prints = NULL;
    set->sample_index = NULL;
    return score_novelty(self, set, out);
}

outcome scorer_run(scorer *self, const feature_source *sources, size_t count, scores *out, size_t *skipped) {
    feature_set *sets = calloc(count, sizeof *sets);
    for (size_t s = 0; s < count; s++) out[s] = (scores){.count = 0};
    if (!sets) return report_no_memory();
    outcome code = features_collect(&self->request, sources, count, sets, skipped);
    for (size_t s = 0; !code && s < count; s++) code = score(self, &sets[s], &out[s]);
    for (size_t s = 0; s < count; s++) feature_set_free(&sets[s]);
    free(sets);
    return code;
}

outcome scorer_fill(scorer *self, const feature_source *source, size_t *skipped) {
    return features_collect(&self->request, source, 1, NULL, skipped);
}

void scores_free(scores *scored) {
    free(scored->log_probabilities);
    free(scored->labels);
    free(scored->sample_index);
    free(scored->prints);
    free(scored->unfamiliarity);
    free(scored->novelty);
    *scored = (scores){.count = 0};
}
