/* SPDX-License-Identifier: MIT */
/* The names of ImageNet's classes as an array, for whoever needs all of them at once; one is told by
 * dn_imagenet_class(). */
#ifndef DN_DENSENET_IMAGENET_CLASSES_H
#define DN_DENSENET_IMAGENET_CLASSES_H

#include "densenet/densenet.h"

/* In the order of the classifier's outputs; no two are equal. */
extern const char *const dni_imagenet_classes[DN_LOGITS];

#endif
