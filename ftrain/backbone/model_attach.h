/* SPDX-License-Identifier: MIT */
/* A model file joined to the network that its head was trained on. */
#ifndef FTRAIN_BACKBONE_MODEL_ATTACH_H
#define FTRAIN_BACKBONE_MODEL_ATTACH_H

#include "ftrain/backbone/network_options.h"
#include "ftrain/shell/options.h"
#include "ftrain/shell/outcome.h"
#include "head/classifier/classifier.h"

/* Rows of the commands that use a model. */
#define MODEL_OPTION(type, member) OPT_TEXT("model", 'm', type, member, "MODEL", "a file of 'ftrain train'")
#define MODEL_WEIGHTS_OPTION(type, member)                                                                   \
    OPT_TEXT("weights", 'w', type, member, "WEIGHTS", "the file it was trained with; else found by itself")

/* All return OUTCOME_OK or, after a message, another outcome. */

/* Attaches the network with the weights of the model file itself, where it is complete and
 * `weights_option` (the value of -w) is NULL; else with those of weights_option or of the usual places,
 * checked against the model's hash. `batch`: the most pictures that go through the network at a time. */
outcome model_attach(dn_classifier *classifier, const char *weights_option, const network_options *network,
                     int batch);

/* The same with weights that are loaded already. NULL: the model file's own. */
outcome model_attach_weights(dn_classifier *classifier, const dn_weights *weights,
                             const network_options *network, int batch);

/* The weights of a network, loaded when they are first asked for, and kept. */
typedef struct lazy_weights {
    const dn_classifier
        *classifier;    /* whose they are, for model_attach()'s rule; not used once they are loaded */
    const char *option; /* the value of -w, or NULL */
    dn_weights *loaded; /* NULL until they are asked for */
} lazy_weights;

/* *out stays the property of `weights`: lazy_weights_free() ends it. */
outcome lazy_weights_get(lazy_weights *weights, const dn_weights **out);
void lazy_weights_free(lazy_weights *weights);

#endif
