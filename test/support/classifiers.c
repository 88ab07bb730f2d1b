/* SPDX-License-Identifier: MIT */
/* Model files for tests. */
#include "test/support/classifiers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

dn_classifier *load_classifier(const char *path) {
    dn_classifier *classifier;
    dn_error error = {.message = ""};
    if (dn_classifier_load(&classifier, path, &error)) fail_msg("%s", error.message);
    return classifier;
}
