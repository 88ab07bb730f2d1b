/* SPDX-License-Identifier: MIT */
/* HEIC, AVIF and other HEIF: boxes (ISO/IEC 14496-12) with items, of which the primary one is decoded.
 *
 * libheif turns, mirrors and crops by the file's own properties, which are a part of the format and not
 * a hint as EXIF's orientation is in other formats; in HEIF that of EXIF must not be followed beside
 * them (ISO/IEC 23008-12, 6.5.10 and annex A). So the picture always stands upright, and its orientation
 * is 1. */
#include "io/heif.h"

#include "core/error.h"
#include "io/heif_boxes.h"
#include "io/heif_items.h"
#include "io/image_header.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libheif/heif.h>

/* ---- libheif ---- */

enum { ROOM = 32 << 20 }; /* that it and its decoders take of any picture */

typedef struct reader {
    const dni_image_source *source;
    uint64_t position;
} reader;

static int64_t on_position(void *context) {
    return (int64_t)((const reader *)context)->position;
}

/* Where a read fails that lies within what it has announced, libheif ends the process. So one that the
 * machine refuses gives zeros, and is told of by the source once libheif is done. */
static int on_read(void *to, size_t size, void *context) {
    reader *const self = context;
    dn_error error;
    const dn_status status = dni_image_source_read(self->source, to, size, self->position, &error);
    if (status == DN_ERR_IMAGE_TRUNCATED) return 1;
    if (status) memset(to, 0, size);
    self->position += size;
    return 0;
}

static int on_seek(int64_t position, void *context) {
    reader *const self = context;
    if (position < 0 || (uint64_t)position > self->source->size) return 1;
    self->position = (uint64_t)position;
    return 0;
}

static enum heif_reader_grow_status on_wait(int64_t size, void *context) {
    const reader *const self = context;
    return size >= 0 && (uint64_t)size <= self->source->size ? heif_reader_grow_status_size_reached
                                                             : heif_reader_grow_status_size_beyond_eof;
}

static const struct heif_reader reader_calls = {1, on_position, on_read, on_seek, on_wait};

static dn_status explain(struct heif_error reason, const dni_image_source *source, dn_error *error) {
    const char *const message = reason.message ? reason.message : "no reason given";
    if (reason.subcode == heif_suberror_Security_limit_exceeded)
        return dni_fail(error, DN_ERR_IMAGE_CORRUPT, "%s: the HEIF file is broken (%s)", source->name,
                        message);
    switch (reason.code) {
    case heif_error_Ok:
        return DN_OK;
    case heif_error_Memory_allocation_error:
        return dni_no_memory(error, "%s", source->name);
    case heif_error_Unsupported_filetype:
    case heif_error_Unsupported_feature:
    case heif_error_Plugin_loading_error:
        return dni_fail(error, DN_ERR_IMAGE_UNSUPPORTED,
                        "%s: this kind of HEIF is not supported by libheif here (%s)", source->name, message);
    default:
        if (reason.subcode == heif_suberror_End_of_data)
            return dni_fail(error, DN_ERR_IMAGE_TRUNCATED, "%s: the HEIF file ends early", source->name);
        return dni_fail(error, DN_ERR_IMAGE_CORRUPT, "%s: the HEIF file is broken (%s)", source->name,
                        message);
    }
}

/* A file that is open, and its primary picture. */
typedef struct opened {
    reader reader;
    struct heif_context *context;
    struct heif_image_handle *picture;
    dn_image_info info;
    dni_heif_boxes boxes;
} opened;

static void close_file(opened *self) {
    if (self->picture) heif_image_handle_release(self->picture);
    if (self->context) heif_context_free(self->context);
}

static dn_status open_file(opened *self, dni_image_source *source, dn_error *error) {
    *self = (opened){.reader.source = source};
    dni_heif_boxes found;
    dn_status status = dni_heif_walk(&found, source, error);
    if (!status) status = dni_image_room_check(0, 0, ROOM, source->name, error);
    if (status) return status;
    self->boxes = found;
    self->context = heif_context_alloc();
    if (!self->context) return dni_no_memory(error, "%s", source->name);
    heif_context_set_max_decoding_threads(self->context, 0); /* on this thread: callers have their own */
    status = explain(heif_context_read_from_reader(self->context, &reader_calls, &self->reader, NULL), source,
                     error);
    if (!status)
        status = explain(heif_context_get_primary_image_handle(self->context, &self->picture), source, error);
    if (status) return status;
    const int images = heif_context_get_number_of_top_level_images(self->context);
    self->info = (dn_image_info){.width = heif_image_handle_get_width(self->picture),
                                 .height = heif_image_handle_get_height(self->picture),
                                 .orientation = 1,
                                 .frames = found.samples > images ? found.samples : images};
    return dni_image_sides_check(self->info.width, self->info.height, source->name, error);
}

static dn_status describe(dn_image_info *out, dni_image_source *source, dn_error *error) {
    opened file;
    const dn_status status = open_file(&file, source, error);
    if (!status) *out = file.info;
    close_file(&file);
    return status;
}

/* ---- pixels ---- */

static dn_status copy_pixels(dn_image *out, const struct heif_image *pixels, const opened *file,
                             dn_error *error) {
    const dn_image_info *const info = &file->info;
    const char *const name = file->reader.source->name;
    int stride = 0;
    const uint8_t *const rows = heif_image_get_plane_readonly(pixels, heif_channel_interleaved, &stride);
    if (!rows || heif_image_get_width(pixels, heif_channel_interleaved) != info->width ||
        heif_image_get_height(pixels, heif_channel_interleaved) != info->height)
        return dni_fail(error, DN_ERR_IMAGE_CORRUPT,
                        "%s: the HEIF file is broken (its picture is not of %d x %d pixels)", name,
                        info->width, info->height);
    const size_t row = 3 * (size_t)info->width;
    uint8_t *const rgb = malloc(row * (size_t)info->height);
    if (!rgb) return dni_no_memory(error, "%s: %d x %d pixels", name, info->width, info->height);
    for (int y = 0; y < info->height; y++) memcpy(rgb + (size_t)y * row, rows + (ptrdiff_t)y * stride, row);
    *out = (dn_image){.width = info->width,
                      .height = info->height,
                      .rgb = rgb,
                      .orientation = info->orientation,
                      .frames = info->frames};
    return DN_OK;
}

/* Of the decoders for AV1 the one that never prints is taken where it is there: dav1d writes about
 * damaged files to standard error. */
static const char *quiet_decoder(void) {
    enum { MOST = 16 };
    const struct heif_decoder_descriptor *found[MOST];
    const int count = heif_get_decoder_descriptors(heif_compression_AV1, found, MOST);
    for (int i = 0; i < count && i < MOST; i++) {
        const char *const id = heif_decoder_descriptor_get_id_name(found[i]);
        if (id && strcmp(id, "aom") == 0) return "aom";
    }
    return NULL;
}

/* A decoder that is named is asked for every codec, so it is named for AV1 alone. */
static dn_status decode_picture(dn_image *out, const opened *file, dn_error *error) {
    struct heif_decoding_options *const options = heif_decoding_options_alloc();
    if (!options) return dni_no_memory(error, "%s", file->reader.source->name);
    options->convert_hdr_to_8bit = 1;
    if (file->boxes.is_av1) options->decoder_id = quiet_decoder();
    struct heif_image *pixels = NULL;
    dn_status status = explain(
        heif_decode_image(file->picture, &pixels, heif_colorspace_RGB, heif_chroma_interleaved_RGB, options),
        file->reader.source, error);
    heif_decoding_options_free(options);
    if (!status) status = copy_pixels(out, pixels, file, error);
    if (pixels) heif_image_release(pixels);
    return status;
}

static void *do_nothing(void *context) {
    return context;
}

/* libde265, which decodes HEVC, has a thread of its own work, and waits for it for ever where the system has
 * refused to start it. So one is started beforehand, to see whether it can be. */
static dn_status thread_check(const char *name, dn_error *error) {
    pthread_t thread;
    const int refused = pthread_create(&thread, NULL, do_nothing, NULL);
    if (refused) return dni_no_thread(error, refused, "%s: the decoder's thread", name);
    pthread_join(thread, NULL);
    return DN_OK;
}

/* A decoder that works on threads of its own, as dav1d does, calls a file broken where it had no memory, and
 * nobody can tell. So there has to be room beforehand, and a file is broken where there still is room and it
 * fails twice. */
static dn_status decode_reliably(dn_image *out, const opened *file, dn_error *error) {
    const dn_image_info *const info = &file->info;
    const char *const name = file->reader.source->name;
    for (bool again = false;; again = true) {
        dn_status status = dni_image_room_check(info->width, info->height, ROOM, name, error);
        if (!status && !file->boxes.is_av1) status = thread_check(name, error);
        if (!status) status = decode_picture(out, file, error);
        if (!status || again || dni_status_is_machine(status)) return status;
    }
}

/* Decoders take the size of the coded picture for true: a small file could make them take gigabytes. A
 * picture may be a window of what is coded, and small ones are coded larger. */
static dn_status check_coded_size(const opened *file, const dni_image_source *source, dn_error *error) {
    enum { TIMES = 4, SMALL = 1 << 18 };
    uint64_t coded = 0;
    const dn_status status = dni_heif_coded_pixels(&coded, &file->boxes, source, error);
    const uint64_t pixels = (uint64_t)file->info.width * (uint64_t)file->info.height;
    if (status || coded <= TIMES * pixels + SMALL) return status;
    return dni_fail(error, DN_ERR_IMAGE_CORRUPT,
                    "%s: the HEIF file is broken (%llu pixels are coded for a picture of %d x %d)",
                    source->name, (unsigned long long)coded, file->info.width, file->info.height);
}

static dn_status decode(dn_image *out, dni_image_source *source, dn_error *error) {
    opened file;
    dn_status status = open_file(&file, source, error);
    if (!status) status = dni_image_size_check(file.info.width, file.info.height, source->name, error);
    if (!status) status = check_coded_size(&file, source, error);
    if (!status) status = decode_reliably(out, &file, error);
    close_file(&file);
    return status;
}

static void version(char *out, size_t size) {
    snprintf(out, size, "%s", heif_get_version());
}

/* From 1.14 on a codec may be a file of its own. Without them, pictures are refused one by one. */
static void prepare(void) {
#if LIBHEIF_NUMERIC_VERSION >= 0x010e0000
    const struct heif_error ignored = heif_init(NULL);
    (void)ignored;
#endif
}

const dni_image_codec dni_heif_codec = {
    .library = "libheif", .version = version, .describe = describe, .decode = decode, .prepare = prepare};
