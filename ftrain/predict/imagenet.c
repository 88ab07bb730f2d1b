/* SPDX-License-Identifier: MIT */
/* A network with ImageNet's classifier. */
#include "ftrain/predict/imagenet.h"

#include "densenet/weights.h"
#include "ftrain/backbone/weights_source.h"
#include "ftrain/shell/message.h"
#include "layers/loss.h"

#include <math.h>
#include <stdlib.h>

struct imagenet {
    dn_model *model;
    dn_session *session;
};

dn_preprocessing imagenet_preprocessing(void) {
    dn_preprocessing preprocessing = dn_preprocessing_default();
    preprocessing.resize = 256;
    return preprocessing;
}

static outcome make_network(imagenet *self, const dn_weights *weights, const network_options *network,
                            int batch) {
    dn_model_options model = network_model_options(network);
    model.discard_weights = true;
    dn_session_options session = dn_session_options_default();
    session.batch = batch;
    session.threads = network->threads;
    session.height = session.width = imagenet_preprocessing().crop;
    dn_error error;
    dn_status status = dn_model_create(&self->model, weights, &model, &error);
    if (!status) status = dn_session_create(&self->session, self->model, &session, &error);
    return status ? report(&error, OUTCOME_MODEL) : OUTCOME_OK;
}

static outcome open_file(imagenet *self, const char *path, const network_options *network, int batch) {
    dn_weights *weights;
    dn_error error;
    dn_status status = dni_weights_open(&weights, path, &error);
    if (!status) status = dni_weights_check_classifier(weights, path, &error);
    const outcome code = status ? report(&error, OUTCOME_MODEL) : make_network(self, weights, network, batch);
    dn_weights_free(weights);
    return code;
}

outcome imagenet_open(imagenet **out, const char *weights, const network_options *network, int batch) {
    weights_source source;
    *out = NULL;
    outcome code = weights_source_find(&source, weights, NULL);
    if (!code && source.is_random) {
        message(
            "-w %s: random weights were not trained on ImageNet and cannot tell its classes; give a file, "
            "or a model by -m",
            weights);
        code = OUTCOME_USAGE;
    }
    imagenet *self = code ? NULL : calloc(1, sizeof *self);
    if (!code && !self) code = report_no_memory();
    if (!code) code = open_file(self, source.path, network, batch);
    weights_source_free(&source);
    if (code) {
        imagenet_free(self);
        return code;
    }
    *out = self;
    return OUTCOME_OK;
}

void imagenet_free(imagenet *self) {
    if (!self) return;
    dn_session_free(self->session);
    dn_model_free(self->model);
    free(self);
}

dn_status imagenet_predict(imagenet *self, const float *inputs, int count, float *probabilities,
                           dn_error *error) {
    const dn_outputs outputs = {.logits = probabilities};
    const dn_status status = dn_session_forward(self->session, inputs, count, &outputs, error);
    if (status) return status;
    dni_log_softmax_forward(probabilities, count, DN_LOGITS, probabilities);
    for (int i = 0; i < count * DN_LOGITS; i++) probabilities[i] = expf(probabilities[i]);
    return DN_OK;
}
