/* SPDX-License-Identifier: MIT */
/* The cues of a picture's pixels, not of its file. */
#ifndef FTRAIN_CUES_CUE_PIXELS_H
#define FTRAIN_CUES_CUE_PIXELS_H

#include "core/status.h"
#include "io/image.h"

/* Fills cues[CUE_FILE_END .. CUE_COUNT) of an array of CUE_COUNT. DN_ERR_MEMORY is its only failure. */
dn_status cue_pixels(double *cues, const dn_image *image, dn_error *error);

#endif
