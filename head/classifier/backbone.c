/* SPDX-License-Identifier: MIT */
/* The backbone of a classifier: its weights, drawn again or checked, and the session over them. */
#include "head/classifier/private.h"

#include "core/error.h"
#include "core/memory.h"
#include "densenet/options.h"
#include "densenet/statistics.h"
#include "densenet/weights.h"
#include "head/blas.h"

#include <stdlib.h>
#include <string.h>

/* DN_ERR_MISMATCH unless the classifier was trained with the weights of this name and hash. */
static dn_status check_hash(const dn_classifier *classifier, const char *name, const char *hash,
                            dn_error *error) {
    const dn_classifier_info *info = &classifier->info;
    if (strcmp(name, info->backbone) == 0 && strcmp(hash, info->weights_hash) == 0) return DN_OK;
    return dni_fail(error, DN_ERR_MISMATCH,
                    "%s: was trained on the features of %s, weights '%s' (hash %s); these are %s (hash %s)",
                    classifier->path, info->backbone, info->weights_source, info->weights_hash, name, hash);
}

dn_status dni_classifier_check_weights(const dn_classifier *classifier, const dn_weights *weights,
                                       dn_error *error) {
    char hash[33];
    dn_weights_hash(weights, hash);
    return check_hash(classifier, dn_weights_config(weights)->name, hash, error);
}

dn_status dni_classifier_check_complete(const dn_classifier *classifier, dn_error *error) {
    const dn_classifier_info *info = &classifier->info;
    if (dn_classifier_is_complete(classifier)) return DN_OK;
    return dni_fail(error, DN_ERR_ARGUMENT, "%s: needs the weights it was trained with: %s, '%s', hash %s",
                    classifier->path, info->backbone, info->weights_source, info->weights_hash);
}

dn_status dni_classifier_weights(dn_weights **out, const dn_classifier *classifier, dn_error *error) {
    *out = NULL;
    const dn_classifier_info *info = &classifier->info;
    uint64_t seed;
    dn_status status = dni_classifier_check_complete(classifier, error);
    if (status) return status;
    dni_random_source(info->weights_source, &seed);
    status = dn_weights_random(out, dn_config_find(info->backbone), seed, error);
    if (!status) status = dni_statistics_apply(*out, classifier->dict, classifier->path, error);
    if (!status) status = dni_classifier_check_weights(classifier, *out, error);
    if (status) {
        dn_weights_free(*out);
        *out = NULL;
    }
    return status;
}

void dni_classifier_detach(dn_classifier *classifier) {
    dn_session_free(classifier->session);
    dn_model_free(classifier->own_model);
    dni_pool_free(classifier->pool);
    free(classifier->inputs);
    free(classifier->features);
    free(classifier->log_probabilities);
    free(classifier->percentiles);
    free(classifier->statuses);
    classifier->session = NULL;
    classifier->own_model = NULL;
    classifier->pool = NULL;
    classifier->inputs = classifier->features = classifier->log_probabilities = NULL;
    classifier->percentiles = NULL;
    classifier->statuses = NULL;
}

static dn_status allocate_buffers(dn_classifier *classifier, dn_error *error) {
    const size_t batch = (size_t)classifier->batch, crop = (size_t)classifier->info.preprocessing.crop;
    size_t floats; /* crop and batch passed dn_session_create() already, which planned far more */
    if (dni_size_mul(batch, crop * crop * 3, &floats)) classifier->inputs = calloc(floats, sizeof(float));
    classifier->features = calloc(batch * (size_t)dn_head_features(classifier->head), sizeof(float));
    classifier->log_probabilities = calloc(batch * (size_t)classifier->info.class_count, sizeof(float));
    classifier->percentiles = calloc(batch, sizeof *classifier->percentiles);
    classifier->statuses = calloc(batch, sizeof *classifier->statuses);
    if (classifier->inputs && classifier->features && classifier->log_probabilities &&
        classifier->percentiles && classifier->statuses)
        return DN_OK;
    return dni_no_memory(error, "%s: a batch of %zu pictures", classifier->path, batch);
}

const dn_session *dn_classifier_get_session(const dn_classifier *classifier) {
    return classifier ? classifier->session : NULL;
}

dn_status dn_classifier_create_model(dn_model **out, const dn_classifier *classifier,
                                     const dn_weights *weights, const dn_model_options *options,
                                     dn_error *error) {
    DNI_NOT_NULL(error, out);
    *out = NULL;
    DNI_NOT_NULL(error, classifier);
    dn_weights *own = NULL;
    dn_status status = weights ? DN_OK : dni_classifier_weights(&own, classifier, error);
    dn_model_options made;
    if (!status) status = dni_model_options_take(&made, options, error);
    if (own) made.discard_weights = 1;
    if (!status) status = dn_model_create(out, weights ? weights : own, &made, error);
    dn_weights_free(own);
    if (status) return status;
    status = check_hash(classifier, dn_model_config(*out)->name, dn_model_hash(*out), error);
    if (!status) return DN_OK;
    dn_model_free(*out);
    *out = NULL;
    return status;
}

/* A session over the model, and all that a batch needs. */
static dn_status open_session(dn_classifier *classifier, const dn_model *model,
                              const dn_session_options *given, dn_error *error) {
    dn_session_options options;
    dn_status status = dni_session_options_take(&options, given, error);
    if (status) return status;
    options.height = options.width = classifier->info.preprocessing.crop;
    status = dni_blas_prepare(error);
    if (!status) status = dn_session_create(&classifier->session, model, &options, error);
    if (!status) status = dni_pool_open(&classifier->pool, options.threads, options.executor, error);
    classifier->batch = options.batch;
    if (!status) status = allocate_buffers(classifier, error);
    return status;
}

dn_status dn_classifier_attach(dn_classifier *classifier, const dn_weights *weights,
                               const dn_model_options *model_options, const dn_session_options *options,
                               dn_error *error) {
    DNI_NOT_NULL(error, classifier);
    dni_classifier_detach(classifier);
    dn_session_options session;
    dn_status status = dni_session_options_take(&session, options, error);
    if (status) return status;
    dn_model_options like_session = dn_model_options_default();
    like_session.threads = session.threads;
    like_session.allocator = session.allocator;
    like_session.executor = session.executor;
    like_session.on_log = session.on_log;
    like_session.context = session.context;
    status = dn_classifier_create_model(&classifier->own_model, classifier, weights,
                                        model_options ? model_options : &like_session, error);
    if (!status) status = open_session(classifier, classifier->own_model, &session, error);
    if (status) dni_classifier_detach(classifier);
    return status;
}

dn_status dn_classifier_attach_model(dn_classifier *classifier, const dn_model *model,
                                     const dn_session_options *options, dn_error *error) {
    DNI_NOT_NULL(error, classifier);
    DNI_NOT_NULL(error, model);
    dni_classifier_detach(classifier);
    dn_status status = check_hash(classifier, dn_model_config(model)->name, dn_model_hash(model), error);
    if (!status) status = open_session(classifier, model, options, error);
    if (status) dni_classifier_detach(classifier);
    return status;
}
