/* SPDX-License-Identifier: MIT */
/* Perturbations of pictures. */
#include "io/perturb.h"

#include "core/error.h"
#include "io/jpeg.h"
#include "io/stb_resize.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static dn_status no_memory(const dn_image *image, dn_error *error) {
    return dni_no_memory(error, "perturbing a picture of %d x %d pixels", image->width, image->height);
}

static size_t row_bytes(const dn_image *image) {
    return 3 * (size_t)image->width;
}

/* No size is above that of a decoded picture, so the product does not overflow. */
static int allocate(dn_image *out, int width, int height) {
    *out = (dn_image){.width = width, .height = height};
    out->rgb = malloc(row_bytes(out) * (size_t)height);
    if (!out->rgb) *out = (dn_image){0};
    return out->rgb != NULL;
}

/* The given part of a side, at least one pixel. */
static int side_of(int side, double part) {
    const int scaled = (int)lrint(side * part);
    return scaled < 1 ? 1 : scaled;
}

static int clamp(int value, int low, int high) {
    return value < low ? low : value > high ? high : value;
}

dn_status dni_perturb_jpeg(dn_image *out, const dn_image *image, int quality, dn_error *error) {
    unsigned char *bytes;
    size_t size;
    *out = (dn_image){0};
    dn_status status = dni_jpeg_encode(&bytes, &size, image, quality, DNI_CHROMA_420, error);
    if (status) return status;
    status = dn_image_decode(out, bytes, size, "a picture compressed again", error);
    free(bytes);
    return status;
}

/* ---- blur ---- */

typedef struct gaussian {
    int radius;
    float *weights; /* (2 radius + 1), sum 1 */
} gaussian;

static int make_gaussian(gaussian *out, double sigma) {
    out->radius = (int)(4.0 * sigma + 0.5);
    out->weights = malloc((2 * (size_t)out->radius + 1) * sizeof *out->weights);
    if (!out->weights) return 0;
    double sum = 0.0;
    for (int k = -out->radius; k <= out->radius; k++) sum += exp(-0.5 * k * k / (sigma * sigma));
    for (int k = -out->radius; k <= out->radius; k++)
        out->weights[k + out->radius] = (float)(exp(-0.5 * k * k / (sigma * sigma)) / sum);
    return 1;
}

/* Blurs row y of the picture along the columns into line[3 radius ..], then repeats the outermost pixels at
 * both ends of the line. */
static void blur_columns(const dn_image *image, const gaussian *g, int y, float *line) {
    const size_t bytes = row_bytes(image), margin = 3 * (size_t)g->radius;
    float *const middle = line + margin;
    memset(middle, 0, bytes * sizeof *middle);
    for (int k = -g->radius; k <= g->radius; k++) {
        const uint8_t *const row = image->rgb + bytes * (size_t)clamp(y + k, 0, image->height - 1);
        /* NOLINTNEXTLINE(clang-analyzer-*): as many weights as the radius asks for are set */
        const float weight = g->weights[k + g->radius];
        for (size_t i = 0; i < bytes; i++) middle[i] += weight * (float)row[i];
    }
    for (size_t i = 0; i < margin; i++) {
        line[i] = middle[i % 3];
        middle[bytes + i] = middle[bytes - 3 + i % 3];
    }
}

/* Blurs the line along the row. This is the only place that rounds. */
static void blur_row(const float *line, const gaussian *g, size_t bytes, float *sums, uint8_t *out) {
    memset(sums, 0, bytes * sizeof *sums);
    for (int k = 0; k <= 2 * g->radius; k++) {
        const float *const shifted = line + 3 * (size_t)k;
        /* NOLINTNEXTLINE(clang-analyzer-*): the line has all that the kernel reaches */
        for (size_t i = 0; i < bytes; i++) sums[i] += g->weights[k] * shifted[i];
    }
    for (size_t i = 0; i < bytes; i++) out[i] = (uint8_t)clamp((int)lrintf(sums[i]), 0, 255);
}

dn_status dni_perturb_blur(dn_image *out, const dn_image *image, double sigma, dn_error *error) {
    const size_t bytes = row_bytes(image);
    gaussian g;
    *out = (dn_image){0};
    if (!make_gaussian(&g, sigma)) return no_memory(image, error);
    float *const line = malloc((bytes + 6 * (size_t)g.radius) * sizeof *line);
    float *const sums = malloc(bytes * sizeof *sums);
    const int enough = line && sums && allocate(out, image->width, image->height);
    for (int y = 0; enough && y < image->height; y++) {
        blur_columns(image, &g, y, line);
        blur_row(line, &g, bytes, sums, out->rgb + bytes * (size_t)y);
    }
    free(sums);
    free(line);
    free(g.weights);
    return enough ? DN_OK : no_memory(image, error);
}

/* ---- sizes and colours ---- */

static int resize(dn_image *out, const dn_image *image, int width, int height) {
    if (!allocate(out, width, height)) return 0;
    const dni_window whole = {.width = width, .height = height};
    if (dni_stb_resize(image, width, height, &whole, out->rgb, (int)row_bytes(out))) return 1;
    dn_image_free(out);
    return 0;
}

dn_status dni_perturb_resize(dn_image *out, const dn_image *image, double factor, dn_error *error) {
    dn_image small;
    *out = (dn_image){0};
    if (!resize(&small, image, side_of(image->width, factor), side_of(image->height, factor)))
        return no_memory(image, error);
    const int done = resize(out, &small, image->width, image->height);
    dn_image_free(&small);
    return done ? DN_OK : no_memory(image, error);
}

dn_status dni_perturb_zoom(dn_image *out, const dn_image *image, double factor, dn_error *error) {
    const int width = side_of(image->width, 1.0 / factor), height = side_of(image->height, 1.0 / factor);
    if (!allocate(out, width, height)) return no_memory(image, error);
    const size_t left = (size_t)(image->width - width) / 2, top = (size_t)(image->height - height) / 2;
    for (size_t y = 0; y < (size_t)height; y++)
        memcpy(out->rgb + y * row_bytes(out), image->rgb + (top + y) * row_bytes(image) + 3 * left,
               row_bytes(out));
    return DN_OK;
}

dn_status dni_perturb_grey(dn_image *out, const dn_image *image, dn_error *error) {
    if (!allocate(out, image->width, image->height)) return no_memory(image, error);
    const size_t bytes = row_bytes(image) * (size_t)image->height;
    for (size_t i = 0; i < bytes; i += 3) {
        /* .299, .587, .114 in 16 bits behind the point, rounded */
        const uint8_t *const in = image->rgb + i;
        const int luma = (19595 * in[0] + 38470 * in[1] + 7471 * in[2] + 32768) >> 16;
        memset(out->rgb + i, luma, 3);
    }
    return DN_OK;
}
