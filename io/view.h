/* Views of a picture: as it is, mirrored, perturbed. Each gives a feature vector of its own. */
#ifndef DN_IO_VIEW_H
#define DN_IO_VIEW_H

#include "io/image.h"

#include <stdbool.h>

/* As io/perturb.h describes them. */
typedef enum dni_perturbation {
    DNI_VIEW_PLAIN,
    DNI_VIEW_JPEG,   /* amount: quality */
    DNI_VIEW_BLUR,   /* amount: standard deviation, pixels */
    DNI_VIEW_RESIZE, /* amount: the factor down; then up again */
    DNI_VIEW_ZOOM,   /* amount: the factor by which the middle is enlarged */
    DNI_VIEW_GREY,
} dni_perturbation;

typedef struct dni_view {
    dni_perturbation kind;
    float amount; /* of the perturbation; 0 where it has none */
    bool flip;    /* mirrored left to right, after everything else */
} dni_view;

enum { DNI_VIEW_NAME = 32 };

/* "plain", "flip", "jpeg:75", "jpeg:75 flip". Names tell views apart in the feature store: one name never means
 * two things. */
void dni_view_name(const dni_view *view, char name[DNI_VIEW_NAME]);

/* Reads a perturbation: jpeg:QUALITY (1 to 100), blur:SIGMA (0.1 to 32), resize:FACTOR (0.01 to 1), zoom:FACTOR
 * (1 to 64), grey. DN_ERR_ARGUMENT names the text and what may stand there. */
dn_status dni_view_parse(dni_view *out, const char *text, dn_error *error);
/* "jpeg:75,blur:1": one to `room` of them, counted in *count. */
dn_status dni_view_parse_list(dni_view *out, int room, int *count, const char *text, dn_error *error);

/* The perturbed picture, a new one, before mirroring. A plain view has none: *out is cleared, and `in` is its
 * picture. */
dn_status dni_view_apply(const dni_view *view, const dn_image *in, dn_image *out, dn_error *error);

/* dn_image_to_input() of the view of a picture. */
dn_status dni_view_to_input(const dni_view *view, const dn_image *image,
                            const dn_preprocessing *preprocessing, float *out, dn_error *error);

/* Mirrors an input of side x side pixels left to right: the input of a view is that of its mirrored picture. */
void dni_mirror_input(const float *in, int side, float *out);

#endif
