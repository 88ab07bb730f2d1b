/* SPDX-License-Identifier: MIT */
/* Names of views, and the inputs they give. */
#include "io/view.h"

#include "core/error.h"
#include "io/perturb.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct perturbation {
    const char *name;
    double low, high; /* the limits of the amount; both 0: there is no amount */
    bool is_whole;
} perturbation;

static const perturbation perturbations[] = {
    [DNI_VIEW_PLAIN] = {"plain", 0, 0, false},  [DNI_VIEW_JPEG] = {"jpeg", 1, 100, true},
    [DNI_VIEW_BLUR] = {"blur", 0.1, 32, false}, [DNI_VIEW_RESIZE] = {"resize", 0.01, 1, false},
    [DNI_VIEW_ZOOM] = {"zoom", 1, 64, false},   [DNI_VIEW_GREY] = {"grey", 0, 0, false},
};

enum { PERTURBATIONS = sizeof perturbations / sizeof *perturbations };

/* ---- names ---- */

enum { AMOUNT_TEXT = 24 };

/* Writes ":AMOUNT" with as few digits as read back as the same number; but with three at least, or 100 would
 * become 1e+02. */
static void amount_text(float amount, char text[AMOUNT_TEXT]) {
    for (int digits = 3; digits <= 9; digits++) {
        snprintf(text, AMOUNT_TEXT, ":%.*g", digits, (double)amount);
        if (strtof(text + 1, NULL) == amount) return;
    }
}

void dni_view_name(const dni_view *view, char name[DNI_VIEW_NAME]) {
    const perturbation *kind = &perturbations[view->kind];
    if (view->kind == DNI_VIEW_PLAIN) {
        snprintf(name, DNI_VIEW_NAME, "%s", view->flip ? "flip" : "plain");
        return;
    }
    char amount[AMOUNT_TEXT] = "";
    if (kind->high > 0) amount_text(view->amount, amount);
    snprintf(name, DNI_VIEW_NAME, "%s%s%s", kind->name, amount, view->flip ? " flip" : "");
}

/* ---- parsing ---- */

static dn_status parse_amount(dni_view *out, const char *text, const char *amount, dn_error *error) {
    const perturbation *kind = &perturbations[out->kind];
    char *end;
    const double value = strtod(amount, &end);
    const int is_plain = *amount && amount[strspn(amount, "0123456789.")] == '\0'; /* refuses 1e1, 0x1, nan */
    if (!is_plain || *end || !(value >= kind->low && value <= kind->high) ||
        (kind->is_whole && value != rint(value)))
        return dni_fail(error, DN_ERR_ARGUMENT, "'%s': '%s' is not a %snumber from %g to %g", text, amount,
                        kind->is_whole ? "whole " : "", kind->low, kind->high);
    out->amount = (float)value;
    return DN_OK;
}

dn_status dni_view_parse(dni_view *out, const char *text, dn_error *error) {
    *out = (dni_view){.kind = DNI_VIEW_PLAIN};
    const size_t length = strcspn(text, ":");
    for (int kind = DNI_VIEW_PLAIN + 1; kind < PERTURBATIONS; kind++) {
        const perturbation *const p = &perturbations[kind];
        if (strlen(p->name) != length || strncmp(p->name, text, length) != 0) continue;
        if ((text[length] == ':') != (p->high > 0)) break;
        out->kind = (dni_perturbation)kind;
        return p->high > 0 ? parse_amount(out, text, text + length + 1, error) : DN_OK;
    }
    return dni_fail(error, DN_ERR_ARGUMENT,
                    "'%s' is not jpeg:QUALITY, blur:SIGMA, resize:FACTOR, zoom:FACTOR or grey", text);
}

dn_status dni_view_parse_list(dni_view *out, int capacity, int *count, const char *text, dn_error *error) {
    for (*count = 0;; text++) {
        const size_t length = strcspn(text, ",");
        if (*count == capacity)
            return dni_fail(error, DN_ERR_ARGUMENT, "'%s': more than %d perturbations", text, capacity);
        char *const item = strndup(text, length);
        if (!item) return dni_no_memory(error, "a list of perturbations");
        const dn_status status = dni_view_parse(&out[*count], item, error);
        free(item);
        if (status) return status;
        ++*count;
        text += length;
        if (!*text) return DN_OK;
    }
}

/* ---- pictures ---- */

dn_status dni_view_apply(const dni_view *view, const dn_image *in, dn_image *out, dn_error *error) {
    *out = (dn_image){0};
    switch (view->kind) {
    case DNI_VIEW_PLAIN:
        return DN_OK;
    case DNI_VIEW_JPEG:
        return dni_perturb_jpeg(out, in, (int)view->amount, error);
    case DNI_VIEW_BLUR:
        return dni_perturb_blur(out, in, (double)view->amount, error);
    case DNI_VIEW_RESIZE:
        return dni_perturb_resize(out, in, (double)view->amount, error);
    case DNI_VIEW_ZOOM:
        return dni_perturb_zoom(out, in, (double)view->amount, error);
    case DNI_VIEW_GREY:
        return dni_perturb_grey(out, in, error);
    }
    return dni_fail(error, DN_ERR_ARGUMENT, "view: kind %d is unknown", (int)view->kind);
}

dn_status dni_view_to_input(const dni_view *view, const dn_image *image,
                            const dn_preprocessing *preprocessing, float *out, dn_error *error) {
    dn_image perturbed;
    dn_status status = dni_view_apply(view, image, &perturbed, error);
    perturbed.orientation = image->orientation; /* it is as little turned as the one it was made of */
    if (!status)
        status = dn_image_to_input(perturbed.rgb ? &perturbed : image, preprocessing, view->flip, out, error);
    dn_image_free(&perturbed);
    return status;
}

void dni_mirror_input(const float *in, int side, float *out) {
    const size_t width = (size_t)side;
    for (size_t y = 0; y < width; y++)
        for (size_t x = 0; x < width; x++)
            memcpy(out + 3 * (y * width + x), in + 3 * (y * width + width - 1 - x), 3 * sizeof *in);
}
