/* SPDX-License-Identifier: MIT */
/* Support for the tests of pictures: golden files. */
#ifndef TEST_SUPPORT_PICTURES_H
#define TEST_SUPPORT_PICTURES_H

#include "test/support/files.h"

#include <stdint.h>

#define GOLDEN_PICTURES "test/golden/io/pictures"

/* The golden file of that name; fails the test when it is not there. */
file_bytes read_golden(const char *name);

uint32_t little_endian(const unsigned char *bytes);

#endif
