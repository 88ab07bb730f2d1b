/* SPDX-License-Identifier: MIT */
/* The sizes that the coded pictures of a HEIC or AVIF file have, which need not be those that the file
 * tells. */
#ifndef DN_IO_HEIF_CODED_H
#define DN_IO_HEIF_CODED_H

#include <stddef.h>
#include <stdint.h>

/* Both walk over all units of an item's data, or of its decoder's configuration, and return the most
 * pixels that one of its sequence headers announces: the memory that a decoder would take for it. 0:
 * there is none in it that can be read. */

/* HEVC: units of a length in `length_bytes` bytes, as an item of type hvc1 has them. */
uint64_t dni_hevc_coded_pixels(const unsigned char *bytes, size_t size, int length_bytes);
/* AV1: open bitstream units, as an item of type av01 has them. */
uint64_t dni_av1_coded_pixels(const unsigned char *bytes, size_t size);

#endif
