/* SPDX-License-Identifier: MIT */
/* Weights for a model file, and the network made of them. */
#include "ftrain/backbone/model_attach.h"

#include "densenet/weights.h"
#include "ftrain/backbone/weights_source.h"
#include "ftrain/shell/message.h"
#include "head/classifier/backbone.h"

#include <stdlib.h>
#include <string.h>

static bool uses_own_weights(const dn_classifier *classifier, const char *option) {
    return dn_classifier_is_complete(classifier) && !option;
}

/* dn_weights_load(), or, where a model to attach is all that is wanted, dni_weights_open(): those are
 * compared with the classifier's when they are packed. */
typedef dn_status (*weights_reader)(dn_weights **out, const char *path, dn_error *error);

static outcome read_file(dn_weights **out, const dn_classifier *classifier, weights_reader read,
                         const char *path) {
    dn_error error;
    dn_status status = read(out, path, &error);
    if (!status && read == dn_weights_load) status = dni_classifier_check_weights(classifier, *out, &error);
    if (!status) return OUTCOME_OK;
    dn_weights_free(*out);
    *out = NULL;
    return report(&error, OUTCOME_MODEL);
}

static outcome refuse_random(const dn_classifier *classifier, const char *option) {
    dn_error error;
    if (dni_classifier_check_complete(classifier, &error))
        message("-w %s: %s; random weights are others", option, error.message);
    else
        message("-w %s: a model on random weights carries what it needs; leave -w away", option);
    return OUTCOME_USAGE;
}

/* Looks in the usual places, where -w is not given. */
static outcome load_found(dn_weights **out, const dn_classifier *classifier, weights_reader read) {
    char *path;
    dn_error error;
    outcome code = weights_find_file(&path, dn_classifier_get_info(classifier)->backbone);
    if (!code && path) code = read_file(out, classifier, read, path);
    if (!code && !path && dni_classifier_check_complete(classifier, &error)) {
        message(
            "%s; give that file by -w (searched: $DENSENET_WEIGHTS, the caches of densenet and of torch hub)",
            error.message);
        code = OUTCOME_MODEL;
    }
    free(path);
    return code;
}

static outcome load_given(dn_weights **out, const dn_classifier *classifier, weights_reader read,
                          const char *option) {
    char *path;
    outcome code = weights_resolve(&path, option);
    if (!code) code = read_file(out, classifier, read, path);
    free(path);
    return code;
}

static outcome load(dn_weights **out, const dn_classifier *classifier, weights_reader read,
                    const char *option) {
    dn_error error;
    *out = NULL;
    if (uses_own_weights(classifier, option))
        return dni_classifier_weights(out, classifier, &error) ? report(&error, OUTCOME_MODEL) : OUTCOME_OK;
    if (!option) return load_found(out, classifier, read);
    if (strncmp(option, "random:", 7) == 0) return refuse_random(classifier, option);
    return load_given(out, classifier, read, option);
}

/* `discard`: the weights are not needed afterwards. */
static outcome attach(dn_classifier *classifier, const dn_weights *weights, const network_options *network,
                      int batch, bool discard) {
    dn_model_options model = network_model_options(network);
    model.discard_weights = discard;
    dn_session_options session = dn_session_options_default();
    session.batch = batch;
    session.threads = network->threads;
    dn_error error;
    return dn_classifier_attach(classifier, weights, &model, &session, &error) ? report(&error, OUTCOME_MODEL)
                                                                               : OUTCOME_OK;
}

outcome model_attach_weights(dn_classifier *classifier, const dn_weights *weights,
                             const network_options *network, int batch) {
    return attach(classifier, weights, network, batch, false);
}

outcome model_attach(dn_classifier *classifier, const char *weights_option, const network_options *network,
                     int batch) {
    if (uses_own_weights(classifier, weights_option))
        return model_attach_weights(classifier, NULL, network, batch);
    dn_weights *weights;
    outcome code = load(&weights, classifier, dni_weights_open, weights_option);
    if (!code) code = attach(classifier, weights, network, batch, true);
    dn_weights_free(weights);
    return code;
}

outcome lazy_weights_get(lazy_weights *weights, const dn_weights **out) {
    const outcome code = weights->loaded
                             ? OUTCOME_OK
                             : load(&weights->loaded, weights->classifier, dn_weights_load, weights->option);
    *out = weights->loaded;
    return code;
}

void lazy_weights_free(lazy_weights *weights) {
    dn_weights_free(weights->loaded);
    weights->loaded = NULL;
}
