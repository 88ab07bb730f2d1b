/* SPDX-License-Identifier: MIT */
/* Codecs over io/stb.c: of each format the header, what it says of orientation and frames, and what has to be
 * true of a file before stb_image sees it. */
#include "io/stb_codecs.h"

#include "core/error.h"
#include "io/exif.h"
#include "io/image_header.h"
#include "io/stb.h"
#include "io/truncation.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* ---- headers ---- */

static dn_status read_header(dni_image_header *out, dni_stb_format format, dni_image_source *source,
                             dn_error *error) {
    enum { LONGEST_HEADER = 96 };
    const dn_status status = dni_image_source_hold(source, LONGEST_HEADER, error);
    return status ? status
                  : dni_image_header_read(out, format, source->bytes, source->held, source->name, error);
}

static dn_status read_checked_header(dni_image_header *out, dni_stb_format format, dni_image_source *source,
                                     dn_error *error) {
    const dn_status status = read_header(out, format, source, error);
    return status ? status : dni_image_header_check(out, source->held, source->name, error);
}

static dn_status describe(dn_image_info *out, dni_stb_format format, dni_image_source *source,
                          dn_error *error) {
    dni_image_header header;
    const dn_status status = read_header(&header, format, source, error);
    if (!status) *out = (dn_image_info){.width = header.width, .height = header.height, .frames = 1};
    return status;
}

static dn_status decode(dn_image *out, dni_stb_format format, dni_image_source *source, dn_error *error) {
    dni_image_header header;
    dn_status status = read_checked_header(&header, format, source, error);
    if (!status) status = dni_stb_decode(out, &header, source->bytes, source->held, source->name, error);
    if (!status) out->frames = 1;
    return status;
}

/* Formats of which nothing has to be known but their header. */
#define PLAIN_CODEC(name, format)                                                                            \
    static dn_status describe_##name(dn_image_info *out, dni_image_source *source, dn_error *error) {        \
        return describe(out, format, source, error);                                                         \
    }                                                                                                        \
    static dn_status decode_##name(dn_image *out, dni_image_source *source, dn_error *error) {               \
        return decode(out, format, source, error);                                                           \
    }                                                                                                        \
    const dni_image_codec dni_##name##_codec = {                                                             \
        .library = "stb_image", .describe = describe_##name, .decode = decode_##name}

PLAIN_CODEC(bmp, DNI_STB_BMP);
PLAIN_CODEC(tga, DNI_STB_TGA);
PLAIN_CODEC(psd, DNI_STB_PSD);
PLAIN_CODEC(pic, DNI_STB_PIC);

/* ---- PNG ---- */

static uint32_t big32(const unsigned char *bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static dn_status read_png_exif(dn_image_info *out, const dni_image_source *source, uint64_t at,
                               uint32_t length, dn_error *error) {
    unsigned char *const block = malloc(length + (length == 0));
    if (!block) return dni_no_memory(error, "%s: %u bytes of EXIF", source->name, (unsigned)length);
    const dn_status status = dni_image_source_read(source, block, length, at, error);
    dni_exif exif = {.orientation = 0};
    if (!status) dni_exif_read(&exif, block, length);
    out->orientation = exif.orientation;
    free(block);
    return status;
}

/* Up to the end chunk: EXIF lies behind the pixels as often as before them. An animation's control chunk
 * (APNG) has the number of its frames, of which the picture of a plain PNG reader is the first. Chunks
 * that are cut off tell nothing. */
static dn_status read_png_chunks(dn_image_info *out, const dni_image_source *source, dn_error *error) {
    enum { SIGNATURE = 8, HEAD = 8, CRC = 4, CONTROL = 8 };
    unsigned char head[HEAD + CONTROL];
    bool has_exif = false;
    for (uint64_t at = SIGNATURE; source->size - at >= HEAD + CRC;) {
        dn_status status = dni_image_source_read(source, head, HEAD, at, error);
        const uint32_t length = big32(head);
        if (status || length > source->size - at - HEAD - CRC || memcmp(head + 4, "IEND", 4) == 0)
            return status;
        if (memcmp(head + 4, "eXIf", 4) == 0 && !has_exif) {
            has_exif = true;
            status = read_png_exif(out, source, at + HEAD, length, error);
        } else if (memcmp(head + 4, "acTL", 4) == 0 && length == CONTROL) {
            status = dni_image_source_read(source, head + HEAD, CONTROL, at + HEAD, error);
            const uint32_t frames = status ? 0 : big32(head + HEAD);
            if (frames >= 1 && frames <= INT32_MAX) out->frames = (int)frames;
        }
        if (status) return status;
        at += HEAD + (uint64_t)length + CRC;
    }
    return DN_OK;
}

static dn_status describe_png(dn_image_info *out, dni_image_source *source, dn_error *error) {
    const dn_status status = describe(out, DNI_STB_PNG, source, error);
    return status ? status : read_png_chunks(out, source, error);
}

static dn_status decode_png(dn_image *out, dni_image_source *source, dn_error *error) {
    dn_image_info info;
    dn_status status =
        dni_png_check(source->bytes, source->held, source->name, error); /* the header's, too */
    if (!status) status = describe_png(&info, source, error);
    if (!status) status = decode(out, DNI_STB_PNG, source, error);
    if (!status) {
        out->orientation = info.orientation;
        out->frames = info.frames;
    }
    return status;
}

const dni_image_codec dni_png_codec = {
    .library = "stb_image", .describe = describe_png, .decode = decode_png};

/* ---- GIF ---- */

/* Only a walk over all blocks tells how many frames there are. */
static dn_status describe_gif(dn_image_info *out, dni_image_source *source, dn_error *error) {
    dn_status status = describe(out, DNI_STB_GIF, source, error);
    if (!status) status = dni_image_source_hold(source, source->size, error);
    if (status) return status;
    dni_gif_facts facts;
    out->frames = dni_gif_check(&facts, source->bytes, source->held, source->name, NULL) ? 0 : facts.frames;
    return DN_OK;
}

/* stb_image leaves transparent pixels black, but Pillow's conversion to RGB shows the colour that they have.
 * Where one colour is declared transparent, a copy without that declaration is decoded. */
static dn_status decode_gif(dn_image *out, dni_image_source *source, dn_error *error) {
    dni_image_header header;
    dni_gif_facts facts;
    dn_status status = read_checked_header(&header, DNI_STB_GIF, source, error);
    if (!status) status = dni_gif_check(&facts, source->bytes, source->held, source->name, error);
    if (status) return status;
    unsigned char *opaque = NULL;
    if (facts.transparency) {
        opaque = malloc(source->held);
        if (!opaque) return dni_no_memory(error, "%s", source->name);
        memcpy(opaque, source->bytes, source->held);
        opaque[facts.transparency] &= 0xFE;
    }
    status = dni_stb_decode(out, &header, opaque ? opaque : source->bytes, source->held, source->name, error);
    if (!status) out->frames = facts.frames;
    free(opaque);
    return status;
}

const dni_image_codec dni_gif_codec = {
    .library = "stb_image", .describe = describe_gif, .decode = decode_gif};
