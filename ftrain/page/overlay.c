/* SPDX-License-Identifier: MIT */
/* Drawing a map of evidence over its picture, and the key to its colours. */
#include "ftrain/page/overlay.h"

#include "ftrain/page/thumbnail.h"
#include "head/classifier/evidence.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Dark red over orange to pale yellow, brighter all the way. */
static void colour_of(float value, float rgb[3]) {
    rgb[0] = 0.45f + 0.55f * powf(value, 0.6f);
    rgb[1] = 0.05f + 0.85f * powf(value, 1.4f);
    rgb[2] = 0.15f + 0.35f * powf(value, 4);
}

/* The evidence is strongest here; 0 when there is none. */
static float most_of(const float *evidence, int count) {
    float most = 0;
    for (int i = 0; i < count; i++) most = fmaxf(most, evidence[i]);
    return most;
}

/* How much of a colour covers the picture, where it covers `opacity` of it at the strongest place. */
static float cover_of(float value, float opacity) {
    return opacity * sqrtf(value);
}

/* What lies outside the crop is covered so much with black. */
static const float DARKENED = 0.6f;

static void mix(uint8_t *pixel, const float rgb[3], float share) {
    for (int c = 0; c < 3; c++) {
        const float value = (1 - share) * (float)pixel[c] + share * 255 * fminf(fmaxf(rgb[c], 0), 1);
        pixel[c] = (uint8_t)lrintf(value);
    }
}

dn_status overlay_draw(dn_image *out, const dn_image *image, const dn_preprocessing *preprocessing,
                       const float *evidence, int height, int width, const overlay_options *options,
                       dn_error *error) {
    static const float black[3] = {0, 0, 0}, white[3] = {1, 1, 1};
    const dn_status status = thumbnail_shrink(out, image, options->size, error);
    if (status) return status;
    const float most = most_of(evidence, height * width);
    const int shorter = out->width < out->height ? out->width : out->height;
    const float side = (float)preprocessing->crop / (float)preprocessing->resize * (float)shorter;
    const float line = 2 / side; /* half the outline's width, in crops */
    for (int i = 0; i < out->height; i++)
        for (int j = 0; j < out->width; j++) {
            uint8_t *pixel = out->rgb + 3 * ((size_t)i * (size_t)out->width + (size_t)j);
            const float y = 0.5f + ((float)i + 0.5f - 0.5f * (float)out->height) / side;
            const float x = 0.5f + ((float)j + 0.5f - 0.5f * (float)out->width) / side;
            if (y < 0 || y > 1 || x < 0 || x > 1) {
                mix(pixel, black, DARKENED);
                continue;
            }
            const float value = most > 0 ? dni_evidence_at(evidence, height, width, y, x) / most : 0;
            float rgb[3];
            colour_of(value, rgb);
            mix(pixel, rgb, cover_of(value, options->opacity));
            if (options->ellipse_width <= 0) continue;
            const float v = 2 * (y - 0.5f) / options->ellipse_height,
                        u = 2 * (x - 0.5f) / options->ellipse_width;
            const float radius = sqrtf(u * u + v * v);
            if (fabsf(radius - 1) < line) mix(pixel, white, 0.7f);
        }
    return DN_OK;
}

/* ---- the key ---- */

static void write_stops(html *page, float opacity) {
    enum { STOPS = 16 };
    for (int i = 0; i <= STOPS; i++) {
        const float value = (float)i / STOPS;
        float rgb[3];
        uint8_t pixel[3] = {119, 119, 119};
        colour_of(value, rgb);
        mix(pixel, rgb, cover_of(value, opacity));
        html_raw(page, "<stop offset=\"%.4f\" stop-color=\"rgb(%d,%d,%d)\"/>", (double)value, pixel[0],
                 pixel[1], pixel[2]);
    }
}

void overlay_write_key(html *page, const overlay_options *options) {
    const int dark = (int)lrintf(119 * (1 - DARKENED));
    html_raw(page,
             "<div><svg viewBox=\"0 0 440 92\" role=\"img\" font-family=\"system-ui, sans-serif\" "
             "font-size=\"13\" fill=\"currentColor\">\n<title>Colours of the maps</title>\n"
             "<desc>From grey over dark red and orange to pale yellow as the evidence grows.</desc>\n"
             "<defs><linearGradient id=\"evidence\">");
    write_stops(page, options->opacity);
    html_raw(
        page,
        "</linearGradient></defs>\n<rect x=\"1\" y=\"2\" width=\"270\" height=\"24\" fill=\"url(#evidence)\"/>\n"
        "<text x=\"1\" y=\"42\">no evidence</text>\n"
        "<text x=\"271\" y=\"42\" text-anchor=\"end\">most in this picture</text>\n"
        "<rect x=\"1\" y=\"58\" width=\"24\" height=\"24\" fill=\"rgb(%d,%d,%d)\"/>\n"
        "<text x=\"33\" y=\"75\">not seen by the network</text>\n",
        dark, dark, dark);
    if (options->ellipse_width > 0)
        html_raw(
            page,
            "<rect x=\"220\" y=\"58\" width=\"24\" height=\"24\" fill=\"#777\"/>\n<ellipse cx=\"232\" cy=\"70\" "
            "rx=\"7\" ry=\"9.5\" fill=\"none\" stroke=\"#ddd\" stroke-width=\"1.5\"/>\n"
            "<text x=\"252\" y=\"75\">outline of the ellipse</text>\n");
    html_raw(page, "</svg></div>\n");
}
