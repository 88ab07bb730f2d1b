/* SPDX-License-Identifier: MIT */
/* calloc() with checked sizes and a message. */
#include "ftrain/shell/new_array.h"

#include "core/memory.h"
#include "ftrain/shell/outcome.h"

#include <stdlib.h>

void *new_array(size_t count, size_t size) {
    size_t bytes;
    void *memory = dni_size_mul(count, size, &bytes) ? calloc(bytes ? bytes : 1, 1) : NULL;
    if (!memory) (void)report_no_memory();
    return memory;
}

void *new_matrix(size_t rows, size_t columns, size_t size) {
    size_t count;
    if (dni_size_mul(rows, columns, &count)) return new_array(count, size);
    (void)report_no_memory();
    return NULL;
}
