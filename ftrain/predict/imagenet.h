/* SPDX-License-Identifier: MIT */
/* ImageNet's own 1000 classes, told by a weights file with its classifier, without any model file. */
#ifndef FTRAIN_PREDICT_IMAGENET_H
#define FTRAIN_PREDICT_IMAGENET_H

#include "ftrain/backbone/network_options.h"
#include "ftrain/shell/outcome.h"
#include "io/image.h"

enum { IMAGENET_SHOWN = 5 }; /* classes of a row, where --top does not say */

typedef struct imagenet imagenet;

/* What torchvision publishes with its DenseNets' weights: shorter side 256, crop 224. */
dn_preprocessing imagenet_preprocessing(void);

/* Loads the file that -w names and makes the network; `batch` is the most pictures that go through it at a
 * time. Returns OUTCOME_OK or, after a message, another outcome: for random:SEED, whose classifier was never
 * trained, and for a file without ImageNet's classifier, too. */
outcome imagenet_open(imagenet **out, const char *weights, const network_options *network, int batch);
void imagenet_free(imagenet *self);

/* inputs: (count, 224, 224, 3), count at most the batch; probabilities: (count, DN_LOGITS). */
dn_status imagenet_predict(imagenet *self, const float *inputs, int count, float *probabilities,
                           dn_error *error);

#endif
