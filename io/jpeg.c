/* SPDX-License-Identifier: MIT */
/* Decoding and encoding JPEG.
 *
 * The decoder gets what it can out of any file and only warns where something is wrong. A warning about a
 * header field is harmless, and cameras cause many of them; one about the compressed data means that pixels
 * are missing or wrong. The TurboJPEG interface hands out both as text alone, so decoding uses the libjpeg
 * interface, where a warning has a code. */
#include "io/jpeg.h"

#include "core/error.h"
#include "io/cmyk.h"
#include "io/image_header.h"
#include "io/jpeg_facts.h"

#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <turbojpeg.h>

#include <jerror.h> /* asks for jpeglib.h before it */

_Static_assert(LIBJPEG_TURBO_VERSION_NUMBER > 0, "libjpeg is not libjpeg-turbo: its pixels would differ");

/* A small progressive file of very many scans would take hours. */
enum { MOST_SCANS = 500 };

#define HEIGHT_FOLLOWS "a JPEG whose height follows its first scan (DNL marker)"

typedef struct decoder {
    struct jpeg_decompress_struct info;
    struct jpeg_error_mgr messages;
    struct jpeg_progress_mgr progress;
    jmp_buf refused;
    bool ended_early; /* the decoder has asked for bytes after the last one */
    bool scans_missing, too_many_scans;
    uint8_t *pixels;
} decoder;

/* ---- what the decoder reports ---- */

static void refuse_here(j_common_ptr info) {
    decoder *const self = info->client_data;
    longjmp(self->refused, 1);
}

/* Whether the warning at hand means that compressed data are missing, wrong or left over. */
static bool means_damage(const decoder *self) {
    const struct jpeg_decompress_struct *const info = &self->info;
    const int *const values = self->messages.msg_parm.i;
    enum { END_OF_IMAGE = 0xD9 };
    switch (self->messages.msg_code) {
    case JWRN_ADOBE_XFORM:    /* an unknown colour transform of the Adobe marker: taken for the usual one */
    case JWRN_JFIF_MAJOR:     /* an unknown version of the JFIF marker */
    case JWRN_NOT_SEQUENTIAL: /* a sequential scan's spectral range, which means nothing there */
    case JWRN_BOGUS_ICC:      /* a colour profile, which is not used */
    case JWRN_TOO_MUCH_DATA:  /* a call for rows after the last */
    case JWRN_JPEG_EOF:       /* the file ends without its end marker: decided when the decoder is done */
        return false;
    case JWRN_EXTRANEOUS_DATA:
        /* Bytes between two headers, or between the last scan and the end marker, belong to nothing. After a
         * scan or at a restart marker they are data that should have been decoded. */
        return info->input_scan_number > 0 && values[1] != END_OF_IMAGE;
    case JWRN_BOGUS_PROGRESSION:
        /* A scan of frequencies before the one of their mean is only an unusual order. In all other cases a
         * scan is missing or there twice. */
        return !(info->Ss > 0 && values[1] == 0);
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_MUST_RESYNC:
        return true;
    default: /* of a later version of the library */
        return info->input_scan_number > 0;
    }
}

static void on_message(j_common_ptr info, int level) {
    decoder *const self = info->client_data;
    if (level >= 0) return; /* a trace of what is read */
    if (self->messages.msg_code == JWRN_JPEG_EOF) self->ended_early = true;
    if (means_damage(self)) refuse_here(info);
}

static void on_progress(j_common_ptr info) {
    decoder *const self = info->client_data;
    if (self->info.input_scan_number <= MOST_SCANS) return;
    self->too_many_scans = true;
    refuse_here(info);
}

/* The process that a start-of-frame marker stands for, of those that the decoder does not know. */
static const char *process_name(int marker) {
    switch (marker) {
    case 0xC3:
        return "lossless JPEG";
    case 0xC5:
    case 0xC6:
        return "hierarchical JPEG";
    case 0xC7:
        return "hierarchical lossless JPEG";
    case 0xCB:
        return "arithmetic-coded lossless JPEG";
    case 0xCD:
    case 0xCE:
    case 0xCF:
        return "arithmetic-coded hierarchical JPEG";
    default:
        return "this kind of JPEG";
    }
}

/* The name of a sound kind of JPEG that the decoder has just refused; NULL when it refused for another
 * reason. */
static const char *unsupported_kind(const decoder *self) {
    const int *const values = self->messages.msg_parm.i;
    switch (self->messages.msg_code) {
    case JERR_SOF_UNSUPPORTED:
        return process_name(values[0]);
    case JERR_BAD_PRECISION:
        return values[0] == 12 ? "12-bit JPEG" : values[0] == 16 ? "16-bit JPEG" : NULL;
    case JERR_ARITH_NOTIMPL:
        return "arithmetic-coded JPEG";
    case JERR_EMPTY_IMAGE:
        return self->info.image_width ? HEIGHT_FOLLOWS : NULL;
    case JERR_COMPONENT_COUNT:
        return "a JPEG of more than 10 components";
    case JERR_FRACT_SAMPLE_NOTIMPL:
    case JERR_CCIR601_NOTIMPL:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_NOTIMPL:
    case JERR_NOT_COMPILED:
        return "a JPEG of these sampling factors or colours";
    default:
        return NULL;
    }
}

/* The status and the words for what made the decoder stop. */
static dn_status explain(decoder *self, const char *name, dn_error *error) {
    if (self->too_many_scans)
        return dni_fail(error, DN_ERR_IMAGE_CORRUPT, "%s: the JPEG file is broken (more than %d scans)", name,
                        MOST_SCANS);
    if (self->scans_missing)
        return dni_fail(error, DN_ERR_IMAGE_TRUNCATED, "%s: the JPEG file ends early (scans are missing)",
                        name);
    const int code = self->messages.msg_code;
    if (code == JERR_OUT_OF_MEMORY || code == JERR_NO_BACKING_STORE)
        return dni_no_memory(error, "%s: %u x %u pixels", name, self->info.image_width,
                             self->info.image_height);
    if (code == JERR_IMAGE_TOO_BIG)
        return dni_fail(error, DN_ERR_IMAGE_TOO_LARGE,
                        "%s: too large: %u x %u pixels; the limit of a side is %d pixels", name,
                        self->info.image_width, self->info.image_height, self->messages.msg_parm.i[0]);
    const char *const kind = unsupported_kind(self);
    if (kind && !self->ended_early) return dni_image_unsupported(name, error, "%s", kind);
    if (self->ended_early || code == JERR_INPUT_EOF || code == JERR_INPUT_EMPTY)
        return dni_fail(error, DN_ERR_IMAGE_TRUNCATED, "%s: the JPEG file ends early", name);
    char reason[JMSG_LENGTH_MAX];
    self->messages.format_message((j_common_ptr)&self->info, reason);
    return dni_fail(error, DN_ERR_IMAGE_CORRUPT, "%s: the JPEG file is broken (%s)", name, reason);
}

/* ---- decoding ---- */

/* CMYK as Adobe's programs write it, inverted, packed down to RGB in place. */
static void cmyk_to_rgb(uint8_t *pixels, size_t count) {
    for (size_t i = 0; i < count; i++) {
        uint8_t cmyk[4];
        for (int ink = 0; ink < 4; ink++) cmyk[ink] = (uint8_t)(255 - pixels[4 * i + (size_t)ink]);
        dni_cmyk_to_rgb(pixels + 3 * i, cmyk);
    }
}

/* Whether a file of several scans had every coefficient of every component, to its last bit. */
static bool is_complete(const struct jpeg_decompress_struct *info) {
    for (int c = 0; c < info->num_components; c++) {
        if (!info->comp_info[c].quant_table) return false; /* set by the component's first scan */
        for (int k = 0; info->coef_bits && k < DCTSIZE2; k++)
            if (info->coef_bits[c][k] != 0) return false;
    }
    return true;
}

static bool is_cmyk(const struct jpeg_decompress_struct *info) {
    return info->num_components == 4;
}

static void read_rows(decoder *self, size_t row_bytes) {
    enum { ROWS = 8 };
    struct jpeg_decompress_struct *const info = &self->info;
    while (info->output_scanline < info->output_height) {
        JSAMPROW rows[ROWS];
        const JDIMENSION left = info->output_height - info->output_scanline,
                         count = left < ROWS ? left : ROWS;
        for (JDIMENSION i = 0; i < count; i++)
            rows[i] = self->pixels + (info->output_scanline + i) * row_bytes;
        jpeg_read_scanlines(info, rows, count);
    }
}

/* Fills self->pixels. The decoder comes back by longjmp() wherever it meets damage, so that nothing is
 * decoded any further and no memory is touched for it. */
static dn_status decompress(decoder *self, const unsigned char *bytes, size_t size, const char *name,
                            dn_error *error) {
    struct jpeg_decompress_struct *const info = &self->info;
    if (setjmp(self->refused)) return explain(self, name, error);
    jpeg_create_decompress(info);
    info->progress = &self->progress;
    jpeg_mem_src(info, bytes, size);
    jpeg_read_header(info, TRUE);
    const dn_status status = dni_image_size_check(info->image_width, info->image_height, name, error);
    if (status) return status;
    if (info->num_components != 1 && info->num_components != 3 && info->num_components != 4)
        return dni_image_unsupported(name, error, "a JPEG of %d components", info->num_components);

    const size_t row_bytes = (size_t)info->image_width * (is_cmyk(info) ? 4 : 3);
    self->pixels = malloc(row_bytes * info->image_height);
    if (!self->pixels) ERREXIT1(info, JERR_OUT_OF_MEMORY, 0);
    info->out_color_space = is_cmyk(info) ? JCS_CMYK : JCS_RGB;
    info->dct_method = JDCT_ISLOW; /* as Pillow; smooth chroma upsampling is the default */
    jpeg_start_decompress(info);
    self->scans_missing = !is_complete(info);
    if (self->scans_missing) refuse_here((j_common_ptr)info);
    read_rows(self, row_bytes);
    jpeg_finish_decompress(info);
    if (self->ended_early) refuse_here((j_common_ptr)info);
    return DN_OK;
}

static dn_status decode(dn_image *out, decoder *self, const unsigned char *bytes, size_t size,
                        const char *name, dn_error *error) {
    const dn_status status = decompress(self, bytes, size, name, error);
    if (status) {
        free(self->pixels);
        return status;
    }
    const size_t count = (size_t)self->info.image_width * self->info.image_height;
    if (is_cmyk(&self->info)) {
        cmyk_to_rgb(self->pixels, count);
        uint8_t *const smaller = realloc(self->pixels, 3 * count);
        if (smaller) self->pixels = smaller;
    }
    *out = (dn_image){
        .width = (int)self->info.image_width, .height = (int)self->info.image_height, .rgb = self->pixels};
    return DN_OK;
}

static dn_status decode_source(dn_image *out, dni_image_source *source, dn_error *error) {
    decoder self = {.progress.progress_monitor = on_progress};
    self.info.err = jpeg_std_error(&self.messages);
    self.info.client_data = &self;
    self.messages.error_exit = refuse_here;
    self.messages.emit_message = on_message;
    const dn_status status = decode(out, &self, source->bytes, source->held, source->name, error);
    jpeg_destroy_decompress(&self.info);
    dni_jpeg_facts facts;
    if (status) return status;
    out->frames = 1;
    if (dni_jpeg_facts_read(&facts, source->bytes, source->held)) out->orientation = facts.orientation;
    return DN_OK;
}

/* ---- the head alone ---- */

/* Half a file of a camera is EXIF with a preview, and a few files have more before their first scan. */
static dn_status describe(dn_image_info *out, dni_image_source *source, dn_error *error) {
    enum { FIRST = 1 << 16 };
    dni_jpeg_facts facts;
    bool found;
    uint64_t count = FIRST;
    do {
        const dn_status status = dni_image_source_hold(source, count, error);
        if (status) return status;
        found = dni_jpeg_facts_read(&facts, source->bytes, source->held);
        count *= 2;
    } while (!facts.has_scan && source->held < source->size);
    if (!found)
        return dni_fail(error, facts.has_scan ? DN_ERR_IMAGE_CORRUPT : DN_ERR_IMAGE_TRUNCATED,
                        facts.has_scan ? "%s: the JPEG file is broken (no frame header before its first scan)"
                                       : "%s: the JPEG file ends early",
                        source->name);
    if (!facts.height && facts.width) return dni_image_unsupported(source->name, error, "%s", HEIGHT_FOLLOWS);
    *out = (dn_image_info){
        .width = facts.width, .height = facts.height, .orientation = facts.orientation, .frames = 1};
    return dni_image_sides_check(facts.width, facts.height, source->name, error);
}

const dni_image_codec dni_jpeg_codec = {
    .library = "libjpeg-turbo", .describe = describe, .decode = decode_source};

/* ---- encoding ---- */

enum { LARGEST_SIDE = 65500 };

dn_status dni_jpeg_encode(unsigned char **bytes, size_t *size, const dn_image *image, int quality,
                          dni_chroma chroma, dn_error *error) {
    const int sampling = chroma == DNI_CHROMA_444 ? TJSAMP_444 : TJSAMP_420;
    *bytes = NULL;
    if (image->width > LARGEST_SIDE || image->height > LARGEST_SIDE)
        return dni_fail(
            error, DN_ERR_IMAGE_UNSUPPORTED,
            "a picture of %d x %d pixels cannot be encoded as JPEG: the limit of a side is %d pixels",
            image->width, image->height, LARGEST_SIDE);
    unsigned long used = tjBufSize(image->width, image->height, sampling);
    unsigned char *buffer = malloc(used);
    tjhandle encoder = tjInitCompress();
    dn_status status = buffer && encoder ? DN_OK
                                         : dni_no_memory(error, "a JPEG file of %d x %d pixels", image->width,
                                                         image->height);
    if (!status && tjCompress2(encoder, image->rgb, image->width, 0, image->height, TJPF_RGB, &buffer, &used,
                               sampling, quality, TJFLAG_ACCURATEDCT | TJFLAG_NOREALLOC))
        status = dni_fail(error, DN_ERR_MEMORY, "a picture of %d x %d pixels: JPEG encoding failed (%s)",
                          image->width, image->height, tjGetErrorStr2(encoder));
    if (encoder) tjDestroy(encoder);
    if (status) {
        free(buffer);
        return status;
    }
    *bytes = buffer;
    *size = used;
    return DN_OK;
}
