/* SPDX-License-Identifier: MIT */
/* For whoever finds a classifier's backbone or makes its inputs himself: what ftrain needs beyond
 * classifier.h. */
#ifndef DN_HEAD_CLASSIFIER_BACKBONE_H
#define DN_HEAD_CLASSIFIER_BACKBONE_H

#include "head/classifier/classifier.h"

/* DN_ERR_ARGUMENT for a model that needs a weights file; the message names that file and its hash. DN_OK for
 * a complete one. */
dn_status dni_classifier_check_complete(const dn_classifier *classifier, dn_error *error);

/* The seeded backbone of a complete model file: drawn again, with the file's batch-norm statistics, and
 * checked against the file's hash. */
dn_status dni_classifier_weights(dn_weights **out, const dn_classifier *classifier, dn_error *error);

/* DN_ERR_MISMATCH unless these are the weights the classifier was trained with. */
dn_status dni_classifier_check_weights(const dn_classifier *classifier, const dn_weights *weights,
                                       dn_error *error);

/* dn_classifier_predict() of pictures that are network inputs already: (count, crop, crop, 3), count at
 * most the batch that the backbone was attached with. `probabilities` may be NULL. */
dn_status dni_classifier_predict_inputs(dn_classifier *classifier, const float *inputs, int count,
                                        float *probabilities, dn_error *error);

/* dn_classifier_explain() of a picture that is a network input already: (crop, crop, 3). */
dn_status dni_classifier_explain_input(dn_classifier *classifier, const float *input, int *class_index,
                                       float *evidence, float *probabilities, dn_error *error);

/* The percentiles, dn_judgements.unfamiliarity, of the first `count` pictures of the batch that went through
 * the network last, in prediction or explanation. DN_ERR_UNSUPPORTED where the file has no novelty. */
dn_status dni_classifier_unfamiliarity(const dn_classifier *classifier, int count, double *percentiles,
                                       dn_error *error);

#endif
