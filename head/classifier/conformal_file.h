/* SPDX-License-Identifier: MIT */
/* The calibration of sets in a model file: "conformal.counts", I64 (classes), and "conformal.probabilities", F32
 * (pictures), as head/conformal_scores.h has them. A file may lack both. */
#ifndef DN_HEAD_CLASSIFIER_CONFORMAL_FILE_H
#define DN_HEAD_CLASSIFIER_CONFORMAL_FILE_H

#include "head/classifier/private.h"

/* Adds the tensors; NULL: none. */
dn_status dni_classifier_add_conformal(dni_tensor_dict *dict, const dn_conformal *conformal, dn_error *error);
/* Reads them into the classifier's info, which owns what is made. */
dn_status dni_classifier_read_conformal(dn_classifier *classifier, dn_error *error);
bool dni_is_conformal(const char *tensor_name);

#endif
