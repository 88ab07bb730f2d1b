/* NumPy's .npy files, of a single array each (numpy.lib.format, version 1.0). */
#ifndef DN_IO_NPY_H
#define DN_IO_NPY_H

#include <stddef.h>
#include <stdint.h>

/* As long as numpy.save() makes it: a multiple of 64, so that numpy.load() can map the numbers behind it. */
enum { DNI_NPY_HEADER = 128 };

/* The header of a (rows, columns) array of little-endian float32 in C order; its bytes follow. */
void dni_npy_header(char out[DNI_NPY_HEADER], uint64_t rows, uint64_t columns);

#endif
