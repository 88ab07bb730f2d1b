/* SPDX-License-Identifier: MIT */
/* Memory for arrays whose sizes come from the input. */
#ifndef FTRAIN_SHELL_NEW_ARRAY_H
#define FTRAIN_SHELL_NEW_ARRAY_H

#include <stddef.h>

/* `count` elements of `size` bytes each, all bytes 0; to be freed with free(). NULL, after the message
 * "out of memory", where there is not so much memory or the size does not fit into a size_t. A count of 0
 * is fine. */
void *new_array(size_t count, size_t size);
/* (rows, columns), likewise. */
void *new_matrix(size_t rows, size_t columns, size_t size);

#endif
