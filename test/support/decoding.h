/* SPDX-License-Identifier: MIT */
/* What every decoder is held to, with a golden picture: NAME, and NAME.rgb with width, height and
 * pixels. Failures end the running test and name the file. */
#ifndef TEST_SUPPORT_DECODING_H
#define TEST_SUPPORT_DECODING_H

#include "io/image.h"

#include <stdbool.h>
#include <stddef.h>

/* The picture's pixels, off by `levels` at most; and what its head says is what decoding says. The
 * picture is given out where `out` is not NULL. */
void assert_golden_pixels(const char *path, int levels, dn_image *out);

/* No beginning of the file is a picture, tried for every `step`-th length; its last `tail` bytes are no
 * part of the picture. */
void assert_no_beginning_decodes(const char *path, size_t tail, size_t step);

/* Changed bytes may still give a picture where the format has no checksums: then a sane one. Those of
 * one that has them must be found out. */
void assert_changed_bytes_are_harmless(const char *path, int rounds, bool has_checksums);

void assert_trailing_bytes_are_harmless(const char *path);

/* The file is refused, with a message that names it and has these words. */
void assert_file_refused(const char *path, dn_status expected, const char *words);

#endif
