/* SPDX-License-Identifier: MIT */
/* Duplicates: files of the same bytes, and files of the same picture in other bytes. */
#ifndef DN_IO_DUPLICATES_H
#define DN_IO_DUPLICATES_H

#include "io/content_key.h"
#include "io/image.h"

typedef struct dni_fingerprint {
    dni_key content; /* of the file's bytes */
    uint64_t phash;  /* dni_perceptual_hash() of the picture */
} dni_fingerprint;

/* Decodes a picture file, keeps the picture, and fills in its fingerprint. Fails as dn_image_load() does;
 * *image is then empty. */
dn_status dni_fingerprint_load(dni_fingerprint *out, dn_image *image, const char *path, dn_error *error);
/* The same without the picture. */
dn_status dni_fingerprint_of_file(dni_fingerprint *out, const char *path, dn_error *error);

/* Two pictures within this perceptual distance count as one by default. It was measured on 1134 aligned
 * photos of faces, a hard case because they all look similar. Each was within 4 of its copy at JPEG quality
 * 50 and of its copy at half the size; of the 642,411 pairs of different photos none was within 4, and 12
 * were within 8. */
enum { DNI_NEAR_DISTANCE = 4 };

/* Sets group[i], for i < count, to the index of the first picture in the group of picture i, which is i
 * itself where the picture is alone. dni_group_same() groups files of the same bytes; dni_group_near() also
 * groups pictures whose hashes are within `distance`, directly or through others. Flat pictures
 * (DNI_PERCEPTUAL_FLAT) are grouped by their bytes alone. Few pairs are compared (io/hamming_index.c); a
 * million pictures take 100 MB of memory while they are grouped. */
dn_status dni_group_same(uint32_t *group, const dni_fingerprint *pictures, uint32_t count, dn_error *error);
dn_status dni_group_near(uint32_t *group, const dni_fingerprint *pictures, uint32_t count, int distance,
                         dn_error *error);

#endif
