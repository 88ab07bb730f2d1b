/* SPDX-License-Identifier: MIT */
/* A walk over JPEG's segments (ITU-T T.81, annex B). */
#include "io/jpeg_facts.h"

#include "io/exif.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* ---- quality ---- */

/* The example of a luminance table in T.81, K.1, which libjpeg scales by the quality. Here it is written row
 * by row, in files in zigzag order. */
static const uint8_t standard_luminance[64] = {
    16, 11,  10,  16, 24, 40, 51, 61, 12,  12,  14,  19,  26, 58, 60, 55,  14,  13,  16,  24, 40, 57,
    69, 56,  14,  17, 22, 29, 51, 87, 80,  62,  18,  22,  37, 56, 68, 109, 103, 77,  24,  35, 55, 64,
    81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98,  112, 100, 103, 99};

static const uint8_t zigzag[64] = {0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,
                                   12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6,  7,  14, 21, 28,
                                   35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
                                   58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63};

/* What libjpeg makes of an entry of the table for a quality (jpeg_quality_scaling, with the limits of
 * baseline). */
static int scaled(int standard, int quality) {
    const int percent = quality < 50 ? 5000 / quality : 200 - 2 * quality;
    const int value = (standard * percent + 50) / 100;
    return value < 1 ? 1 : value > 255 ? 255 : value;
}

static void estimate_quality(dni_jpeg_facts *facts, const uint16_t table[64]) {
    long nearest = -1;
    for (int quality = 1; quality <= 100; quality++) {
        long distance = 0;
        for (int i = 0; i < 64; i++)
            distance += labs((long)table[i] - scaled(standard_luminance[zigzag[i]], quality));
        if (nearest < 0 || distance < nearest) {
            nearest = distance;
            facts->quality = quality;
        }
    }
    facts->is_standard = nearest == 0;
}

/* ---- segments ---- */

enum { SOI = 0xD8, EOI = 0xD9, SOS = 0xDA, DQT = 0xDB, APP1 = 0xE1, APP2 = 0xE2 };

typedef struct tables {
    uint16_t values[4][64]; /* zigzag order */
    bool is_there[4];
    int luminance; /* which of them the first component uses; -1: there was no frame header yet */
} tables;

static bool is_frame(int marker) {
    return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

static void read_tables(tables *to, const unsigned char *bytes, size_t size) {
    while (size) {
        const size_t wide = bytes[0] >> 4, which = bytes[0] & 15, length = 64 * (wide + 1);
        if (wide > 1 || which > 3 || size < 1 + length) return;
        for (size_t i = 0; i < 64; i++)
            to->values[which][i] = (uint16_t)(wide ? bytes[1 + 2 * i] << 8 | bytes[2 + 2 * i] : bytes[1 + i]);
        to->is_there[which] = true;
        bytes += 1 + length;
        size -= 1 + length;
    }
}

static bool read_frame(dni_jpeg_facts *facts, tables *to, int marker, const unsigned char *bytes,
                       size_t size) {
    if (size < 6 || size < 6 + 3 * (size_t)bytes[5] || !bytes[5]) return false;
    facts->is_progressive = marker == 0xC2;
    facts->height = bytes[1] << 8 | bytes[2];
    facts->width = bytes[3] << 8 | bytes[4];
    facts->components = bytes[5];
    to->luminance = bytes[8] & 3;
    if (facts->components >= 3) {
        const int luma_x = bytes[7] >> 4, luma_y = bytes[7] & 15, x = bytes[10] >> 4, y = bytes[10] & 15;
        facts->chroma_x = x ? luma_x / x : 0;
        facts->chroma_y = y ? luma_y / y : 0;
    }
    return true;
}

static bool begins_with(const unsigned char *bytes, size_t size, const char *text, size_t length) {
    return size >= length && memcmp(bytes, text, length) == 0;
}

/* Of several blocks the first one counts, as Pillow has it. */
static void read_exif(dni_jpeg_facts *facts, const unsigned char *bytes, size_t size) {
    dni_exif exif;
    dni_exif_read(&exif, bytes, size);
    facts->has_exif = true;
    facts->orientation = exif.orientation;
    facts->has_camera = exif.has_camera;
    facts->has_software = exif.has_software;
}

static void read_application(dni_jpeg_facts *facts, int marker, const unsigned char *bytes, size_t size) {
    if (marker == APP1 && !facts->has_exif && begins_with(bytes, size, "Exif\0\0", 6))
        read_exif(facts, bytes + 6, size - 6);
    if (marker == APP1 && begins_with(bytes, size, "http://ns.adobe.com/xap/", 24)) facts->has_xmp = true;
    if (marker == APP2 && begins_with(bytes, size, "ICC_PROFILE", 12)) facts->has_icc = true;
}

/* Moves *at behind the next marker and returns it; EOI at the end of the file. Fill bytes and stray bytes
 * before it are skipped as decoders do. */
static int next_marker(const unsigned char *bytes, size_t size, size_t *at) {
    for (size_t i = *at; i + 1 < size; i++)
        if (bytes[i] == 0xFF && bytes[i + 1] != 0xFF && bytes[i + 1] != 0) {
            *at = i + 2;
            return bytes[i + 1];
        }
    *at = size;
    return EOI;
}

static bool has_no_segment(int marker) {
    enum { TEM = 0x01, RST0 = 0xD0, RST7 = 0xD7 };
    return marker == TEM || (marker >= RST0 && marker <= RST7);
}

/* True when there was a frame header among the segments. */
static bool walk(dni_jpeg_facts *facts, tables *to, const unsigned char *bytes, size_t size) {
    for (size_t at = 2;;) {
        const int marker = next_marker(bytes, size, &at);
        if (has_no_segment(marker)) continue;
        facts->has_scan = marker == SOS;
        if (marker == SOS || marker == EOI || size - at < 2) break;
        size_t length = (size_t)bytes[at] << 8 | bytes[at + 1];
        if (length < 2) length = 2; /* wrong, and taken for empty */
        if (length > size - at) break;
        const unsigned char *const body = bytes + at + 2;
        if (marker == DQT) read_tables(to, body, length - 2);
        if (is_frame(marker) && !read_frame(facts, to, marker, body, length - 2)) return false;
        read_application(facts, marker, body, length - 2);
        at += length;
    }
    return to->luminance >= 0;
}

bool dni_jpeg_facts_read(dni_jpeg_facts *out, const unsigned char *bytes, size_t size) {
    *out = (dni_jpeg_facts){.width = 0};
    if (size < 4 || bytes[0] != 0xFF || bytes[1] != SOI) return false;
    tables found = {.luminance = -1};
    if (!walk(out, &found, bytes, size)) {
        *out = (dni_jpeg_facts){.has_scan = out->has_scan};
        return false;
    }
    if (found.is_there[found.luminance]) estimate_quality(out, found.values[found.luminance]);
    return true;
}
