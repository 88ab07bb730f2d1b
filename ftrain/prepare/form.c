/* SPDX-License-Identifier: MIT */
/* Draws, and pixels. */
#include "ftrain/prepare/form.h"

#include "core/error.h"
#include "core/rng.h"
#include "ftrain/shell/message.h"
#include "io/perturb.h"
#include "io/stb_resize.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

outcome form_parse_quality(form *self, const char *text) {
    int low, high, end = 0;
    /* NOLINTNEXTLINE(cert-err34-c): three digits at most, compared with all of the text below */
    if (sscanf(text, "%3d%n", &low, &end) == 1 && !text[end]) high = low;
    /* NOLINTNEXTLINE(cert-err34-c): likewise */
    else if (sscanf(text, "%3d-%3d%n", &low, &high, &end) != 2 || text[end])
        low = 0, high = 0;
    if (low < 1 || high > 100 || low > high || strspn(text, "0123456789-") != strlen(text)) {
        message("--quality: '%s' is neither a number from 1 to 100 nor a range such as 75-95", text);
        return OUTCOME_USAGE;
    }
    self->lowest_quality = low;
    self->highest_quality = high;
    return OUTCOME_OK;
}

form_encoding form_draw(const form *self, const dni_key *key) {
    char purpose[48] = "prepare ";
    dni_key_text(key, purpose + strlen(purpose));
    dni_rng rng = dni_rng_named(self->seed, purpose);
    const uint64_t qualities = (uint64_t)(self->highest_quality - self->lowest_quality) + 1;
    const int quality = self->lowest_quality + (int)dni_rng_below(&rng, qualities);
    const bool fine =
        self->subsampling == FORM_444 || (self->subsampling == FORM_MIXED && dni_rng_below(&rng, 2) == 1);
    return (form_encoding){.quality = quality, .chroma = fine ? DNI_CHROMA_444 : DNI_CHROMA_420};
}

/* ---- pixels ---- */

static dn_status check_size(const form *self, const dn_image *image, long long width, long long height,
                            dn_error *error) {
    const int shorter = image->width < image->height ? image->width : image->height;
    if (shorter < self->side && !self->enlarge)
        return dni_fail(error, DN_ERR_IMAGE_UNSUPPORTED,
                        "%d x %d pixels: too small for --side %d, and not enlarged without --enlarge",
                        image->width, image->height, self->side);
    if (width > DN_IMAGE_MAX_PIXELS / height)
        return dni_fail(
            error, DN_ERR_IMAGE_UNSUPPORTED,
            "%d x %d pixels: too long and thin, resizing makes %lld x %lld, above the limit of %u "
            "pixels",
            image->width, image->height, width, height, DN_IMAGE_MAX_PIXELS);
    return DN_OK;
}

/* A side after resizing, rounded down as torchvision does. */
static long long resized(const form *self, int side, int shorter) {
    return (long long)self->side * side / shorter;
}

static bool resize(const form *self, const dn_image *in, int width, int height, dn_image *out) {
    dni_window window = {.width = width, .height = height};
    if (!self->no_crop)
        window = (dni_window){.left = (width - self->side) / 2,
                              .top = (height - self->side) / 2,
                              .width = self->side,
                              .height = self->side};
    *out = (dn_image){.width = window.width,
                      .height = window.height,
                      .rgb = malloc(3 * (size_t)window.width * (size_t)window.height)};
    return out->rgb && dni_stb_resize(in, width, height, &window, out->rgb, 3 * window.width);
}

static dn_status drop_colour(dn_image *image, dn_error *error) {
    dn_image grey;
    const dn_status status = dni_perturb_grey(&grey, image, error);
    if (status) return status;
    dn_image_free(image);
    *image = grey;
    return DN_OK;
}

dn_status form_apply(const form *self, dn_image *in, dn_image *out, double *scale, dn_error *error) {
    *out = (dn_image){0};
    dn_status status = dn_image_turn_upright(in, error);
    if (status) return status;
    const int shorter = in->width < in->height ? in->width : in->height;
    const long long width = resized(self, in->width, shorter), height = resized(self, in->height, shorter);
    status = check_size(self, in, width, height, error);
    if (status) return status;
    *scale = (double)self->side / shorter;
    if (!resize(self, in, (int)width, (int)height, out))
        status = dni_no_memory(error, "resizing a picture of %d x %d pixels", in->width, in->height);
    if (!status && self->grey) status = drop_colour(out, error);
    if (status) dn_image_free(out);
    return status;
}
