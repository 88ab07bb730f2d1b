/* Views of a picture: as it is, mirrored, perturbed. Each gives a feature vector of its own. */
#ifndef DN_IO_VIEW_H
#define DN_IO_VIEW_H

#include "io/image.h"

#include <stdbool.h>

typedef enum dni_perturbation { DNI_VIEW_PLAIN } dni_perturbation;

typedef struct dni_view {
    dni_perturbation kind;
    float amount; /* of the perturbation; 0 for a plain view */
    bool flip;    /* mirrored left to right, after everything else */
} dni_view;

enum { DNI_VIEW_NAME = 32 };

/* "plain" or "flip". Names tell views apart in the feature store: one name never means two things. */
void dni_view_name(const dni_view *view, char name[DNI_VIEW_NAME]);

/* The perturbed picture, a new one, before mirroring. A plain view has none: *out is cleared, and `in` is its
 * picture. */
dn_status dni_view_apply(const dni_view *view, const dn_image *in, dn_image *out, dn_error *error);

/* dn_image_to_input() of the view of a picture. */
dn_status dni_view_to_input(const dni_view *view, const dn_image *image,
                            const dn_preprocessing *preprocessing, float *out, dn_error *error);

#endif
