/* SPDX-License-Identifier: MIT */
/* PNM (Netpbm's pgm(5) and ppm(5)): a header in text, then samples of one byte, or of two, the high one
 * first, where the largest value does not fit into one.
 *
 * Other ranges than 0..255 are scaled to it and rounded to the nearest, halves to even, as Pillow does
 * with colour and with grey of one byte. Grey of two bytes is taken alike: Pillow would clip it to
 * white. */
#include "io/pnm.h"

#include "core/error.h"
#include "io/image_header.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct pnm {
    long width, height, largest;
    int channels;
    size_t samples; /* where they begin */
} pnm;

static dn_status truncated(const char *name, dn_error *error) {
    return dni_fail(error, DN_ERR_IMAGE_TRUNCATED, "%s: the picture file ends early", name);
}

/* The decimal number at *at, after spaces and comments; -1 when there is none. */
static long read_number(const unsigned char *bytes, size_t size, size_t *at) {
    size_t i = *at;
    while (i < size && (bytes[i] == '#' || (bytes[i] && strchr(" \t\n\v\f\r", bytes[i])))) {
        if (bytes[i] == '#')
            while (i < size && bytes[i] != '\n' && bytes[i] != '\r') i++;
        else
            i++;
    }
    long value = -1;
    for (; i < size && bytes[i] >= '0' && bytes[i] <= '9' && value < 100000000; i++)
        value = (value < 0 ? 0 : 10 * value) + (bytes[i] - '0');
    *at = i;
    return value;
}

/* One white space ends the header. A header with longer comments than are held here is read by a second
 * try. */
static dn_status read_header(pnm *out, dni_image_source *source, dn_error *error) {
    enum { USUAL = 4096 };
    dn_status status = DN_OK;
    for (uint64_t count = USUAL;; count = source->size) {
        status = dni_image_source_hold(source, count, error);
        if (status) return status;
        size_t at = 2;
        out->width = read_number(source->bytes, source->held, &at);
        out->height = read_number(source->bytes, source->held, &at);
        out->largest = read_number(source->bytes, source->held, &at);
        out->samples = at + 1;
        if (at < source->held) break;
        if (source->held == source->size) return truncated(source->name, error);
    }
    out->channels = source->bytes[1] == '6' ? 3 : 1;
    if (out->width < 0 || out->height < 0 || out->largest < 0)
        return dni_fail(error, DN_ERR_IMAGE_CORRUPT,
                        "%s: the PNM file is broken (a number is missing in its header)", source->name);
    status = dni_image_sides_check(out->width, out->height, source->name, error);
    if (!status && (out->largest < 1 || out->largest > 65535))
        status = dni_fail(error, DN_ERR_IMAGE_CORRUPT,
                          "%s: the PNM file is broken (values up to %ld, not 1 to 65535)", source->name,
                          out->largest);
    return status;
}

static dn_status describe(dn_image_info *out, dni_image_source *source, dn_error *error) {
    pnm header;
    const dn_status status = read_header(&header, source, error);
    if (!status)
        *out = (dn_image_info){.width = (int)header.width, .height = (int)header.height, .frames = 1};
    return status;
}

static void read_samples(uint8_t *rgb, const pnm *header, const unsigned char *from) {
    const size_t count = (size_t)header->width * (size_t)header->height * (size_t)header->channels;
    const double largest = (double)header->largest;
    const int copies = header->channels == 1 ? 3 : 1;
    for (size_t i = 0; i < count; i++) {
        const int value = header->largest > 255 ? from[2 * i] << 8 | from[2 * i + 1] : from[i];
        const double level = header->largest == 255 ? value : rint(value / largest * 255);
        for (int c = 0; c < copies; c++) *rgb++ = (uint8_t)(level < 255 ? level : 255);
    }
}

static dn_status decode(dn_image *out, dni_image_source *source, dn_error *error) {
    pnm header;
    dn_status status = read_header(&header, source, error);
    if (!status) status = dni_image_size_check(header.width, header.height, source->name, error);
    if (status) return status;
    const size_t pixels = (size_t)header.width * (size_t)header.height;
    const size_t needed = pixels * (size_t)header.channels * (header.largest > 255 ? 2 : 1);
    if (needed > source->held - header.samples) return truncated(source->name, error);
    uint8_t *const rgb = malloc(3 * pixels);
    if (!rgb) return dni_no_memory(error, "%s: %ld x %ld pixels", source->name, header.width, header.height);
    read_samples(rgb, &header, source->bytes + header.samples);
    *out = (dn_image){.width = (int)header.width, .height = (int)header.height, .rgb = rgb, .frames = 1};
    return DN_OK;
}

const dni_image_codec dni_pnm_codec = {.describe = describe, .decode = decode};
