/* SPDX-License-Identifier: MIT */
/* WebP: a RIFF container (WebP Container Specification) with one picture, or with frames on a canvas.
 *
 * libwebp is lenient with files that end early, so the container is walked first: every chunk must lie
 * within it, and it within the file. Of an animation the first frame is decoded, at its place on an
 * empty canvas, as Pillow's decoder does. */
#include "io/webp.h"

#include "core/error.h"
#include "io/exif.h"
#include "io/image_header.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <webp/decode.h>

enum { ROOM = 4 << 20 }; /* that libwebp takes of any picture */

enum { RIFF_HEAD = 12, CHUNK_HEAD = 8, FRAME_HEAD = 16 };

/* What a walk over the chunks finds. Positions are those of the chunks' contents. */
typedef struct container {
    int width, height; /* of the canvas */
    int frames;
    bool is_animated;
    uint64_t exif_at;
    uint32_t exif_size; /* 0: there is none */
    uint64_t frame_at;  /* of an animation's first frame */
    uint32_t frame_size;
} container;

/* ---- the container ---- */

static uint32_t little32(const unsigned char *bytes) {
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static int little24(const unsigned char *bytes) {
    return bytes[0] | bytes[1] << 8 | bytes[2] << 16;
}

static dn_status truncated(const dni_image_source *source, dn_error *error) {
    return dni_fail(error, DN_ERR_IMAGE_TRUNCATED, "%s: the WebP file ends early", source->name);
}

static dn_status broken(const dni_image_source *source, const char *what, dn_error *error) {
    return dni_fail(error, DN_ERR_IMAGE_CORRUPT, "%s: the WebP file is broken (%s)", source->name, what);
}

static dn_status read_canvas(container *out, const dni_image_source *source, uint64_t at, uint32_t size,
                             dn_error *error) {
    enum { CANVAS = 10, ANIMATED = 2 };
    unsigned char canvas[CANVAS];
    if (size < CANVAS) return broken(source, "its header is too short", error);
    const dn_status status = dni_image_source_read(source, canvas, CANVAS, at, error);
    if (status) return status;
    out->is_animated = canvas[0] & ANIMATED;
    out->width = little24(canvas + 4) + 1;
    out->height = little24(canvas + 7) + 1;
    return DN_OK;
}

static void note_chunk(container *out, const unsigned char *kind, uint64_t at, uint32_t size) {
    if (memcmp(kind, "EXIF", 4) == 0 && !out->exif_size) {
        out->exif_at = at;
        out->exif_size = size;
    } else if (memcmp(kind, "ANMF", 4) == 0) {
        if (!out->frames) {
            out->frame_at = at;
            out->frame_size = size;
        }
        out->frames++;
    } else if (memcmp(kind, "VP8 ", 4) == 0 || memcmp(kind, "VP8L", 4) == 0) {
        if (!out->is_animated) out->frames = 1;
    }
}

/* The container's size counts a byte behind chunks of odd size, which some writers leave out at the end. */
static dn_status walk(container *out, const dni_image_source *source, dn_error *error) {
    unsigned char head[RIFF_HEAD];
    *out = (container){.width = 0};
    dn_status status = dni_image_source_read(source, head, RIFF_HEAD, 0, error);
    if (status) return status;
    const uint64_t end = CHUNK_HEAD + (uint64_t)little32(head + 4);
    if (memcmp(head, "RIFF", 4) != 0) return broken(source, "it does not begin with RIFF", error);
    if (end > source->size) return truncated(source, error);
    for (uint64_t at = RIFF_HEAD; at + CHUNK_HEAD <= end;) {
        status = dni_image_source_read(source, head, CHUNK_HEAD, at, error);
        if (status) return status;
        const uint32_t size = little32(head + 4);
        if (size > end - at - CHUNK_HEAD) return broken(source, "a chunk is longer than the file", error);
        if (at == RIFF_HEAD && memcmp(head, "VP8X", 4) == 0)
            status = read_canvas(out, source, at + CHUNK_HEAD, size, error);
        if (status) return status;
        note_chunk(out, head, at + CHUNK_HEAD, size);
        at += CHUNK_HEAD + (uint64_t)size + (size & 1);
    }
    return out->frames ? DN_OK : broken(source, "there is no picture in it", error);
}

/* A picture alone has its size in its own header, which stands at the beginning. */
static dn_status read_plain_size(container *found, dni_image_source *source, dn_error *error) {
    enum { ENOUGH = 64 };
    const dn_status status = dni_image_source_hold(source, ENOUGH, error);
    if (status) return status;
    if (WebPGetInfo(source->bytes, source->held, &found->width, &found->height)) return DN_OK;
    return broken(source, "its picture has no header", error);
}

/* Some writers put JPEG's "Exif\0\0" before the block. */
static dn_status read_orientation(int *out, const container *found, const dni_image_source *source,
                                  dn_error *error) {
    enum { PREFIX = 6 };
    *out = 0;
    if (found->exif_size < PREFIX) return DN_OK;
    unsigned char *const block = malloc(found->exif_size);
    if (!block) return dni_no_memory(error, "%s: %u bytes of EXIF", source->name, (unsigned)found->exif_size);
    const dn_status status = dni_image_source_read(source, block, found->exif_size, found->exif_at, error);
    if (!status) {
        const size_t skipped = memcmp(block, "Exif\0\0", PREFIX) == 0 ? PREFIX : 0;
        dni_exif exif;
        dni_exif_read(&exif, block + skipped, found->exif_size - skipped);
        *out = exif.orientation;
    }
    free(block);
    return status;
}

static dn_status examine(container *found, dn_image_info *out, dni_image_source *source, dn_error *error) {
    dn_status status = walk(found, source, error);
    if (!status && !found->width) status = read_plain_size(found, source, error);
    if (!status) status = read_orientation(&out->orientation, found, source, error);
    if (status) return status;
    out->width = found->width;
    out->height = found->height;
    out->frames = found->frames;
    return dni_image_sides_check(found->width, found->height, source->name, error);
}

static dn_status describe(dn_image_info *out, dni_image_source *source, dn_error *error) {
    container found;
    return examine(&found, out, source, error);
}

/* ---- pixels ---- */

/* Where on the canvas which bytes are decoded to. */
typedef struct frame {
    const unsigned char *bytes;
    size_t size;
    int left, top, width, height;
} frame;

static dn_status find_frame(frame *out, const container *found, const dni_image_source *source,
                            dn_error *error) {
    *out =
        (frame){.bytes = source->bytes, .size = source->held, .width = found->width, .height = found->height};
    if (!found->is_animated) return DN_OK;
    if (found->frame_size < FRAME_HEAD) return broken(source, "its first frame has no header", error);
    const unsigned char *const head = source->bytes + found->frame_at;
    *out = (frame){.bytes = head + FRAME_HEAD,
                   .size = found->frame_size - FRAME_HEAD,
                   .left = 2 * little24(head),
                   .top = 2 * little24(head + 3),
                   .width = little24(head + 6) + 1,
                   .height = little24(head + 9) + 1};
    if (out->left + out->width > found->width || out->top + out->height > found->height)
        return broken(source, "its first frame is larger than the canvas", error);
    return DN_OK;
}

static dn_status explain(VP8StatusCode code, const frame *f, const dni_image_source *source,
                         dn_error *error) {
    switch (code) {
    case VP8_STATUS_OUT_OF_MEMORY:
        return dni_no_memory(error, "%s: %d x %d pixels", source->name, f->width, f->height);
    case VP8_STATUS_UNSUPPORTED_FEATURE:
        return dni_image_unsupported(source->name, error, "this variant of WebP");
    case VP8_STATUS_NOT_ENOUGH_DATA:
    case VP8_STATUS_SUSPENDED:
        return broken(source, "its picture ends early", error);
    default:
        return broken(source, "its picture cannot be decoded", error);
    }
}

/* The picture's own header has to agree with the container: libwebp would believe it. */
static dn_status decode_frame(uint8_t *rgb, int canvas_width, const frame *f, const dni_image_source *source,
                              dn_error *error) {
    WebPDecoderConfig config;
    if (!WebPInitDecoderConfig(&config))
        return dni_fail(error, DN_ERR_UNSUPPORTED,
                        "%s: the libwebp that is loaded is not the one of the build", source->name);
    VP8StatusCode code = WebPGetFeatures(f->bytes, f->size, &config.input);
    if (code) return explain(code, f, source, error);
    if (config.input.width != f->width || config.input.height != f->height || config.input.has_animation)
        return broken(source, "picture and container differ in size", error);
    const size_t row = 3 * (size_t)canvas_width;
    config.output.colorspace = MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = rgb + (size_t)f->top * row + 3 * (size_t)f->left;
    config.output.u.RGBA.stride = (int)row;
    config.output.u.RGBA.size = ((size_t)f->height - 1) * row + 3 * (size_t)f->width;
    code = WebPDecode(f->bytes, f->size, &config);
    WebPFreeDecBuffer(&config.output);
    return code ? explain(code, f, source, error) : DN_OK;
}

static dn_status decode(dn_image *out, dni_image_source *source, dn_error *error) {
    container found;
    dn_image_info info = {0};
    frame first;
    dn_status status = examine(&found, &info, source, error);
    if (!status) status = dni_image_size_check(info.width, info.height, source->name, error);
    if (!status) status = dni_image_room_check(info.width, info.height, ROOM, source->name, error);
    if (!status) status = find_frame(&first, &found, source, error);
    if (status) return status;
    uint8_t *const rgb = calloc(3 * (size_t)info.width, (size_t)info.height);
    if (!rgb) return dni_no_memory(error, "%s: %d x %d pixels", source->name, info.width, info.height);
    status = decode_frame(rgb, info.width, &first, source, error);
    if (status) {
        free(rgb);
        return status;
    }
    *out = (dn_image){.width = info.width,
                      .height = info.height,
                      .rgb = rgb,
                      .orientation = info.orientation,
                      .frames = info.frames};
    return DN_OK;
}

static void version(char *out, size_t size) {
    const int number = WebPGetDecoderVersion();
    snprintf(out, size, "%d.%d.%d", number >> 16 & 255, number >> 8 & 255, number & 255);
}

const dni_image_codec dni_webp_codec = {
    .library = "libwebp", .version = version, .describe = describe, .decode = decode};
