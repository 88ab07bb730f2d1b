/* SPDX-License-Identifier: MIT */
/* PNG files for tests, whose data are zeros in any number. */
#ifndef TEST_SUPPORT_PNGS_H
#define TEST_SUPPORT_PNGS_H

#include "test/support/files.h"

#include <stdint.h>

typedef struct png_recipe {
    uint32_t width, height;
    unsigned char depth, colour_type, interlace; /* as in the IHDR chunk */
    size_t zeros;                                /* how many bytes its data inflate to */
} png_recipe;

/* A black picture, when `zeros` is what its size asks for. One byte of the file makes 158 zeros. */
file_bytes make_png(const png_recipe *how);

/* Writes the checksum of the IHDR chunk again, after a change to it. */
void sign_png_header(unsigned char *file);

#endif
