/* SPDX-License-Identifier: MIT */
/* A short hash of what a picture looks like. It finds copies whose bytes differ. */
#ifndef DN_IO_PERCEPTUAL_HASH_H
#define DN_IO_PERCEPTUAL_HASH_H

#include "io/image.h"

/* The hash of every flat picture: one colour, or so little contrast that rounding would decide the bits. Two
 * flat pictures need not look alike. No other picture has this hash. */
#define DNI_PERCEPTUAL_FLAT 0u

/* 64 bits that hardly change when the picture is compressed, scaled or slightly recoloured: which of the
 * lowest frequencies of its brightness are above their median (the pHash of Zauner, "Implementation and
 * Benchmarking of Perceptual Image Hash Functions", 2010). A mirrored, rotated or cropped picture has another
 * hash. In drawings of a few plain shapes most frequencies are missing and their bits are random: copies of
 * them may be missed, but nothing else is taken for a copy. DN_ERR_MEMORY when resizing runs out of memory.
 */
dn_status dni_perceptual_hash(uint64_t *out, const dn_image *image, dn_error *error);

/* In how many of the 64 bits two hashes differ. */
int dni_perceptual_distance(uint64_t a, uint64_t b);

#endif
