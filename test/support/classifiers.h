/* SPDX-License-Identifier: MIT */
/* Model files for tests. */
#ifndef TEST_SUPPORT_CLASSIFIERS_H
#define TEST_SUPPORT_CLASSIFIERS_H

#include "head/classifier/classifier.h"

/* Fails the test where the file cannot be loaded. The caller frees it. */
dn_classifier *load_classifier(const char *path);

#endif
