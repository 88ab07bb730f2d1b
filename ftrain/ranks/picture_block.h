/* SPDX-License-Identifier: MIT */
/* Pictures as the bytes of a letter: path and views of each. All ranks run the same program on processors of
 * one kind, so that views travel as they lie in memory. */
#ifndef FTRAIN_RANKS_PICTURE_BLOCK_H
#define FTRAIN_RANKS_PICTURE_BLOCK_H

#include "io/reader.h"

#include <stdbool.h>
#include <stddef.h>

/* Begins zeroed; `bytes` is to be freed. */
typedef struct picture_block {
    unsigned char *bytes;
    size_t size, capacity;
    size_t read; /* bytes that picture_block_next() has passed */
} picture_block;

/* False without memory. */
bool picture_block_add(picture_block *self, const dni_reader_job *job);

/* The next picture, with its path and views, in one piece of memory for free(), which is its user_data, too;
 * *out is NULL behind the last one. False without memory. */
bool picture_block_next(picture_block *self, dni_reader_job **out);

#endif
