#include "io/view.h"

#include <string.h>

void dni_view_name(const dni_view *view, char name[DNI_VIEW_NAME]) {
    strcpy(name, view->flip ? "flip" : "plain");
}

dn_status dni_view_apply(const dni_view *view, const dn_image *in, dn_image *out, dn_error *error) {
    (void)view;
    (void)in;
    (void)error;
    *out = (dn_image){0};
    return DN_OK;
}

dn_status dni_view_to_input(const dni_view *view, const dn_image *image,
                            const dn_preprocessing *preprocessing, float *out, dn_error *error) {
    dn_image perturbed;
    dn_status status = dni_view_apply(view, image, &perturbed, error);
    if (!status)
        status = dn_image_to_input(perturbed.rgb ? &perturbed : image, preprocessing, view->flip, out, error);
    dn_image_free(&perturbed);
    return status;
}
