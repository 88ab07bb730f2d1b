/* Weights for a model file. */
#include "ftrain/backbone/model_weights.h"

#include "ftrain/backbone/weights_source.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/options.h"
#include "ftrain/shell/outcome.h"
#include "head/classifier/backbone.h"

static outcome load_checked(dn_weights **out, const dn_classifier *classifier, const char *path) {
    dn_error error;
    dn_status status = dn_weights_load(out, path, &error);
    if (!status) status = dni_classifier_check_weights(classifier, *out, &error);
    if (!status) return OUTCOME_OK;
    dn_weights_free(*out);
    *out = NULL;
    return report(&error, OUTCOME_MODEL);
}

outcome model_weights(dn_weights **out, const dn_classifier *classifier, const char *option) {
    *out = NULL;
    dn_error error;
    if (dn_classifier_is_complete(classifier) && !option)
        return dni_classifier_weights(out, classifier, &error) ? report(&error, OUTCOME_MODEL) : OUTCOME_OK;
    weights_source source;
    outcome code = weights_source_find(&source, option, NULL);
    if (!code && source.is_random) {
        message("-w %s: a model on random weights carries what it needs; leave -w away", option);
        code = OUTCOME_USAGE;
    }
    if (!code) code = load_checked(out, classifier, source.path);
    weights_source_free(&source);
    return code;
}
