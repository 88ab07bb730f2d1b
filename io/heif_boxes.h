/* SPDX-License-Identifier: MIT */
/* The boxes of a HEIC or AVIF file (ISO/IEC 14496-12, 23008-12), beside what libheif makes of them. */
#ifndef DN_IO_HEIF_BOXES_H
#define DN_IO_HEIF_BOXES_H

#include "io/image_source.h"

#include <stdbool.h>
#include <stdint.h>

/* What a walk over the boxes finds. */
typedef struct dni_heif_boxes {
    bool has_meta;              /* a still picture, told of by this box: */
    uint64_t meta_at, meta_end; /* where its content lies */
    bool is_av1;
    int samples; /* of a sequence; 0: there is none */
} dni_heif_boxes;

/* Every box up to the file's end must be whole. */
dn_status dni_heif_walk(dni_heif_boxes *out, const dni_image_source *source, dn_error *error);

#endif
