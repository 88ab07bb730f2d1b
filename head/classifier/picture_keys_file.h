/* SPDX-License-Identifier: MIT */
/* The keys of a model's own pictures in its file: "pictures.keys", U8 (n, 16), "pictures.looks", U8 (n, 8), the
 * perceptual hashes, big-endian, and "pictures.uses", U8 (n), a dn_picture_use each. A file may lack all three. */
#ifndef DN_HEAD_CLASSIFIER_PICTURE_KEYS_FILE_H
#define DN_HEAD_CLASSIFIER_PICTURE_KEYS_FILE_H

#include "head/classifier/private.h"

/* Adds the tensors; with no keys, none. */
dn_status dni_classifier_add_picture_keys(dni_tensor_dict *dict, const dn_classifier_info *info,
                                          dn_error *error);
/* Reads them into the classifier's info, which owns what is made. */
dn_status dni_classifier_read_picture_keys(dn_classifier *classifier, dn_error *error);
bool dni_is_picture_keys(const char *tensor_name);

#endif
