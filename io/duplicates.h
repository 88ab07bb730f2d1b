/* Pictures that are there more than once: the same bytes, or another file of the same picture. */
#ifndef DN_IO_DUPLICATES_H
#define DN_IO_DUPLICATES_H

#include "io/content_key.h"
#include "io/image.h"

typedef struct dni_fingerprint {
    dni_key content; /* of the file's bytes */
    uint64_t look;   /* dni_perceptual_hash() of the picture */
} dni_fingerprint;

/* Of a picture file, which is decoded: fails as dn_image_load() does. */
dn_status dni_fingerprint_of_file(dni_fingerprint *out, const char *path, dn_error *error);

/* Up to this perceptual distance two pictures count as one by default. Measured on 1134 aligned photos of faces,
 * a hard case for they are all alike: each was within 4 of its copy at JPEG quality 50 and of its copy at half
 * the size, and no two different ones of the 642,411 pairs were; within 8 there were 12 such pairs. */
enum { DNI_NEAR_DISTANCE = 4 };

/* Sets group[i] to the index of the first picture of the group that picture i belongs to; i itself where it is
 * alone. The first call puts together what has the same bytes; the second also what looks alike within
 * `distance`, directly or through others. Flat pictures (DNI_PERCEPTUAL_FLAT) look like nothing: only the same
 * bytes join them. Near groups compare every pair of looks: fine for some ten thousand pictures. `group` holds
 * `count` indices. */
dn_status dni_group_same(uint32_t *group, const dni_fingerprint *pictures, uint32_t count, dn_error *error);
dn_status dni_group_near(uint32_t *group, const dni_fingerprint *pictures, uint32_t count, int distance,
                         dn_error *error);

#endif
