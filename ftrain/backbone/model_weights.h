/* The backbone's weights that go with a model file. */
#ifndef FTRAIN_BACKBONE_MODEL_WEIGHTS_H
#define FTRAIN_BACKBONE_MODEL_WEIGHTS_H

#include "ftrain/shell/outcome.h"
#include "head/classifier/classifier.h"

/* From the model file itself where it is complete, else from `option` (-w's value) or the usual places, and
 * checked against the model's hash. Returns OUTCOME_OK or, after a message, another outcome. */
outcome model_weights(dn_weights **out, const dn_classifier *classifier, const char *option);

#endif
