/* SPDX-License-Identifier: MIT */
/* Sizes at their places in the headers, and the fewest bytes that so many pixels can take in each format. */
#include "io/image_header.h"

#include "core/error.h"
#include "core/memory.h"
#include "io/image.h"

#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* A claim of a header, not checked yet. */
typedef struct claim {
    long long width, height;
    double least_bytes_a_pixel; /* of the whole file; 0 where there is no such bound */
} claim;

/* ---- numbers in files ---- */

static unsigned little16(const unsigned char *bytes) {
    return (unsigned)bytes[0] | (unsigned)bytes[1] << 8;
}

static uint32_t little32(const unsigned char *bytes) {
    return little16(bytes) | (uint32_t)little16(bytes + 2) << 16;
}

static unsigned big16(const unsigned char *bytes) {
    return (unsigned)bytes[0] << 8 | (unsigned)bytes[1];
}

static uint32_t big32(const unsigned char *bytes) {
    return (uint32_t)big16(bytes) << 16 | big16(bytes + 2);
}

/* ---- messages ---- */

dn_status dni_image_unsupported(const char *name, dn_error *error, const char *kind, ...) {
    char words[160];
    va_list arguments;
    va_start(arguments, kind);
    vsnprintf(words, sizeof words, kind, arguments);
    va_end(arguments);
    return dni_fail(error, DN_ERR_IMAGE_UNSUPPORTED, "%s: %s is not supported", name, words);
}

static dn_status truncated(const char *name, dn_error *error) {
    return dni_fail(error, DN_ERR_IMAGE_TRUNCATED, "%s: the picture file ends early", name);
}

/* ---- the formats ---- */

/* Deflate makes at most 1032 bytes out of one. */
static dn_status read_png(claim *out, const unsigned char *bytes, const char *name, dn_error *error) {
    static const int samples[8] = {[0] = 1, [2] = 3, [3] = 1, [4] = 2, [6] = 4};
    if (memcmp(bytes + 12, "CgBI", 4) == 0)
        return dni_image_unsupported(name, error, "Apple's variant of PNG (CgBI)");
    if (memcmp(bytes + 12, "IHDR", 4) != 0)
        return dni_fail(error, DN_ERR_IMAGE_CORRUPT,
                        "%s: the PNG file is broken (it does not begin with IHDR)", name);
    *out = (claim){big32(bytes + 16), big32(bytes + 20), bytes[24] * samples[bytes[25] & 7] / 8.0 / 1032};
    return DN_OK;
}

/* A frame may cover any small part of the picture. */
static dn_status read_gif(claim *out, const unsigned char *bytes) {
    *out = (claim){little16(bytes + 6), little16(bytes + 8), 0};
    return DN_OK;
}

static dn_status read_bmp(claim *out, const unsigned char *bytes, size_t size, const char *name,
                          dn_error *error) {
    enum { CORE_HEADER = 12, NEEDED_OF_OTHERS = 34 };
    static const char *const compressions[] = {
        [1] = "a run-length BMP (RLE8)",         [2] = "a run-length BMP (RLE4)",
        [4] = "a BMP that holds a JPEG",         [5] = "a BMP that holds a PNG",
        [6] = "a BMP with bit fields and alpha",
    };
    const uint32_t header = little32(bytes + 14);
    if (header == CORE_HEADER) {
        const unsigned depth = little16(bytes + 24);
        *out = (claim){little16(bytes + 18), little16(bytes + 20), depth / 8.0};
        /* stb_image takes the palette for four colours shorter than it is */
        return depth < 16 ? dni_image_unsupported(name, error, "an OS/2 BMP with a palette") : DN_OK;
    }
    if (size < NEEDED_OF_OTHERS) return truncated(name, error);
    if (header != 40 && header != 56 && header != 108 && header != 124)
        return dni_image_unsupported(name, error, "a BMP with an information header of %u bytes",
                                     (unsigned)header);
    const int32_t height = (int32_t)little32(bytes + 22); /* negative: the first row is the topmost */
    const unsigned depth = little16(bytes + 28);
    const uint32_t compression = little32(bytes + 30);
    *out = (claim){(int32_t)little32(bytes + 18), height < 0 ? -(long long)height : height, depth / 8.0};
    if (compression < sizeof compressions / sizeof *compressions && compressions[compression])
        return dni_image_unsupported(name, error, "%s", compressions[compression]);
    if (compression != 0 && compression != 3)
        return dni_image_unsupported(name, error, "a BMP of compression %u", (unsigned)compression);
    if (depth == 2) return dni_image_unsupported(name, error, "a BMP of 2 bits a pixel");
    return DN_OK;
}

/* A run of up to 128 pixels takes one byte and one pixel. */
static dn_status read_tga(claim *out, const unsigned char *bytes) {
    const bool has_runs = bytes[2] & 8;
    const int bytes_a_pixel = (bytes[16] + 7) / 8;
    *out = (claim){little16(bytes + 12), little16(bytes + 14),
                   has_runs ? (1 + bytes_a_pixel) / 128.0 : bytes_a_pixel};
    return DN_OK;
}

/* Which compression there is stands after parts of varying length; the best is Deflate. */
static dn_status read_psd(claim *out, const unsigned char *bytes, const char *name, dn_error *error) {
    static const char *const modes[] = {"bilevel", "grey", "palette",      "RGB",     "CMYK",
                                        NULL,      NULL,   "multichannel", "duotone", "Lab"};
    enum { RGB = 3 };
    const unsigned version = big16(bytes + 4), channels = big16(bytes + 12), depth = big16(bytes + 22),
                   mode = big16(bytes + 24);
    *out = (claim){big32(bytes + 18), big32(bytes + 14), channels / 1032.0};
    if (version != 1) return dni_image_unsupported(name, error, "a PSD picture of version %u", version);
    if (mode != RGB)
        return dni_image_unsupported(name, error, "a PSD picture of colour mode %u (%s)", mode,
                                     mode < sizeof modes / sizeof *modes && modes[mode] ? modes[mode]
                                                                                        : "unknown");
    if (depth != 8 && depth != 16)
        return dni_image_unsupported(name, error, "a PSD picture of %u bits a sample", depth);
    if (channels > 16) return dni_image_unsupported(name, error, "a PSD picture of %u channels", channels);
    return DN_OK;
}

/* A row takes two bytes at least: a run's length and one sample. */
static dn_status read_pic(claim *out, const unsigned char *bytes) {
    const unsigned width = big16(bytes + 92);
    *out = (claim){width, big16(bytes + 94), width ? 2.0 / width : 0};
    return DN_OK;
}

static dn_status read_claim(claim *out, dni_stb_format format, const unsigned char *bytes, size_t size,
                            const char *name, dn_error *error) {
    static const size_t header_bytes[] = {
        [DNI_STB_PNG] = 33, [DNI_STB_GIF] = 13, [DNI_STB_BMP] = 26,
        [DNI_STB_TGA] = 18, [DNI_STB_PSD] = 26, [DNI_STB_PIC] = 96,
    };
    if (size < header_bytes[format]) return truncated(name, error);
    switch (format) {
    case DNI_STB_PNG:
        return read_png(out, bytes, name, error);
    case DNI_STB_GIF:
        return read_gif(out, bytes);
    case DNI_STB_BMP:
        return read_bmp(out, bytes, size, name, error);
    case DNI_STB_TGA:
        return read_tga(out, bytes);
    case DNI_STB_PSD:
        return read_psd(out, bytes, name, error);
    case DNI_STB_PIC:
        return read_pic(out, bytes);
    }
    return dni_fail(error, DN_ERR_ARGUMENT, "%s: format %d is unknown", name, (int)format);
}

/* ---- checks ---- */

static dn_status too_large(long long width, long long height, const char *name, dn_error *error) {
    return dni_fail(error, DN_ERR_IMAGE_TOO_LARGE,
                    "%s: too large: %lld x %lld pixels; the limit is %u pixels", name, width, height,
                    DN_IMAGE_MAX_PIXELS);
}

dn_status dni_image_sides_check(long long width, long long height, const char *name, dn_error *error) {
    if (width < 1 || height < 1)
        return dni_fail(error, DN_ERR_IMAGE_CORRUPT, "%s: a picture of %lld x %lld pixels", name, width,
                        height);
    return width > INT_MAX || height > INT_MAX ? too_large(width, height, name, error) : DN_OK;
}

dn_status dni_image_size_check(long long width, long long height, const char *name, dn_error *error) {
    const dn_status status = dni_image_sides_check(width, height, name, error);
    if (status) return status;
    return width > DN_IMAGE_MAX_PIXELS / height ? too_large(width, height, name, error) : DN_OK;
}

dn_status dni_image_room_check(int width, int height, size_t always, const char *name, dn_error *error) {
    enum { BYTES_A_PIXEL = 8 };
    const size_t size = always + BYTES_A_PIXEL * (size_t)width * (size_t)height;
    return dni_memory_is_left(size) ? DN_OK : dni_no_memory(error, "%s: %d x %d pixels", name, width, height);
}

dn_status dni_image_header_read(dni_image_header *out, dni_stb_format format, const unsigned char *bytes,
                                size_t size, const char *name, dn_error *error) {
    claim found = {0, 0, 0};
    dn_status status = read_claim(&found, format, bytes, size, name, error);
    if (!status) status = dni_image_sides_check(found.width, found.height, name, error);
    if (!status)
        *out = (dni_image_header){format, (int)found.width, (int)found.height, found.least_bytes_a_pixel};
    return status;
}

dn_status dni_image_header_check(const dni_image_header *header, size_t size, const char *name,
                                 dn_error *error) {
    const dn_status status = dni_image_size_check(header->width, header->height, name, error);
    if (status) return status;
    const double least = header->least_bytes_a_pixel * (double)header->width * (double)header->height;
    return (double)size < least ? truncated(name, error) : DN_OK;
}
