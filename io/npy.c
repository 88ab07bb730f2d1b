/* The header of .npy: a magic, the version, a little-endian length, and a Python dictionary as text, padded
 * with spaces and ended by a line feed. */
#include "io/npy.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { PREFIX = 10 };

void dni_npy_header(char out[DNI_NPY_HEADER], uint64_t rows, uint64_t columns) {
    static const char prefix[] = {'\x93', 'N', 'U', 'M', 'P', 'Y', 1, 0, DNI_NPY_HEADER - PREFIX, 0};
    _Static_assert(sizeof prefix == PREFIX, "the prefix of version 1.0");
    memset(out, ' ', DNI_NPY_HEADER);
    memcpy(out, prefix, PREFIX);
    const int used = snprintf(
        out + PREFIX, DNI_NPY_HEADER - PREFIX,
        "{'descr': '<f4', 'fortran_order': False, 'shape': (%" PRIu64 ", %" PRIu64 "), }", rows, columns);
    out[PREFIX + used] = ' '; /* snprintf's zero byte */
    out[DNI_NPY_HEADER - 1] = '\n';
}
