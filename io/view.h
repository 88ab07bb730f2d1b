/* SPDX-License-Identifier: MIT */
/* Views of a picture: the picture as it is, mirrored or perturbed (an augmentation). Each view has a feature
 * vector of its own. */
#ifndef DN_IO_VIEW_H
#define DN_IO_VIEW_H

#include "io/image.h"

#include <stdbool.h>

/* As io/perturb.h describes them. */
typedef enum dni_perturbation {
    DNI_VIEW_PLAIN,
    DNI_VIEW_JPEG,   /* amount: quality */
    DNI_VIEW_BLUR,   /* amount: standard deviation, pixels */
    DNI_VIEW_RESIZE, /* amount: the factor by which it is shrunk before it is enlarged again */
    DNI_VIEW_ZOOM,   /* amount: the factor by which the middle is enlarged */
    DNI_VIEW_GREY,
} dni_perturbation;

typedef struct dni_view {
    dni_perturbation kind;
    float amount; /* of the perturbation; 0 where it has none */
    bool flip;    /* mirrored left to right, after the perturbation */
} dni_view;

enum { DNI_VIEW_NAME = 32 };

/* Writes "plain", "flip", "jpeg:75", "jpeg:75 flip" and so on. Different views have different names, by which
 * the feature store finds them. */
void dni_view_name(const dni_view *view, char name[DNI_VIEW_NAME]);

/* Reads a perturbation: jpeg:QUALITY (1 to 100), blur:SIGMA (0.1 to 32), resize:FACTOR (0.01 to 1),
 * zoom:FACTOR (1 to 64), grey. DN_ERR_ARGUMENT names the text and what may stand there. */
dn_status dni_view_parse(dni_view *out, const char *text, dn_error *error);
/* Reads a list such as "jpeg:75,blur:1" of 1 to `capacity` perturbations into out[0 .. *count - 1]. */
dn_status dni_view_parse_list(dni_view *out, int capacity, int *count, const char *text, dn_error *error);

/* Makes the perturbed picture, before mirroring. A plain view needs none: *out is cleared, and `in` is the
 * picture to use. */
dn_status dni_view_apply(const dni_view *view, const dn_image *in, dn_image *out, dn_error *error);

/* Makes the network's input of a view: the perturbation, then dn_image_to_input(). `out` as there. */
dn_status dni_view_to_input(const dni_view *view, const dn_image *image,
                            const dn_preprocessing *preprocessing, float *out, dn_error *error);

/* Mirrors an input of (side, side, 3) floats left to right. The result is the input of the mirrored view. */
void dni_mirror_input(const float *in, int side, float *out);

#endif
