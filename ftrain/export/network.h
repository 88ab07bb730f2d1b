/* SPDX-License-Identifier: MIT */
/* A model file and its backbone's weights: the whole network, ready to be written out. */
#ifndef FTRAIN_EXPORT_NETWORK_H
#define FTRAIN_EXPORT_NETWORK_H

#include "core/tensor_dict.h"
#include "ftrain/backbone/model_attach.h"
#include "ftrain/export/export.h"
#include "head/classifier/classifier.h"
#include "head/mlp.h"

typedef struct export_network {
    dn_classifier *classifier;
    const dn_classifier_info *info;
    const dn_head *head;
    lazy_weights source;
    const dn_weights *weights;
    json_t *facts; /* an object: what the model file says of itself, as text or JSON */
} export_network;

/* Reads job->in and finds the weights that go with it, as `predict` does. Returns OUTCOME_OK or, after a
 * message, another outcome; export_network_close() follows in either case. */
outcome export_network_open(export_network *out, const export_job *job);
void export_network_close(export_network *network);

/* "classifier.3.weight": the name of a "weight" or "bias" of the head's linear layer 1, as PyTorch's
 * nn.Sequential(Linear, ReLU, Dropout, Linear, ...) has it. */
void export_layer_name(char name[64], int layer, const char *part);

/* All tensors, named and ordered as in state_dict() of torchvision's network with such a head, with the
 * counters of batches, which are 0. They are views: the network must outlive the dictionary. */
outcome export_state_dict(dni_tensor_dict **out, const export_network *network);

/* The backbone's tensors alone, without counters, likewise. */
outcome export_backbone_dict(dni_tensor_dict **out, const export_network *network);

/* A fact as metadata, which is text: a string as it is, all else as JSON; from malloc, NULL when out of
 * memory. */
char *export_fact_text(json_t *fact);

#endif
