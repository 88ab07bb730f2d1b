/* The backbone's weights that go with a model file. */
#ifndef FTRAIN_MODEL_WEIGHTS_H
#define FTRAIN_MODEL_WEIGHTS_H

#include "head/head.h"

/* From the model file itself where it is complete, else from `option` (-w's value) or the usual places, and
 * checked against the model's hash. Returns CONTINUE or, after a message, the exit code. */
int model_weights(dn_weights **out, const dn_classifier *classifier, const char *option);

#endif
