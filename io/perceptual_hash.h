/* A short hash of what a picture looks like, by which copies are found whose bytes differ. */
#ifndef DN_IO_PERCEPTUAL_HASH_H
#define DN_IO_PERCEPTUAL_HASH_H

#include "io/image.h"

/* The hash of every picture without structure: one colour, or so little contrast that rounding would decide
 * the bits. It says nothing about likeness; no other picture has it. */
#define DNI_PERCEPTUAL_FLAT 0u

/* 64 bits that hardly change when the picture is compressed, scaled or slightly recoloured: the signs, around
 * their median, of the lowest frequencies of its brightness (the pHash of Zauner, "Implementation and
 * Benchmarking of Perceptual Image Hash Functions", 2010). Mirrored, rotated or cropped, it is another picture.
 * Drawings of a few plain shapes lack most frequencies, whose bits are then chance: their copies may be missed,
 * but nothing else is taken for one. DN_ERR_MEMORY when there is none for resizing. */
dn_status dni_perceptual_hash(uint64_t *out, const dn_image *image, dn_error *error);

/* In how many of the 64 bits two hashes differ. */
int dni_perceptual_distance(uint64_t a, uint64_t b);

#endif
