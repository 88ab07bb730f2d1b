/* SPDX-License-Identifier: MIT */
/* TIFF (revision 6.0, and BigTIFF): the first page, by strips or tiles.
 *
 * libtiff gives samples, and what they mean is decided in io/tiff_pixels.c, because libtiff's own
 * conversion rounds CMYK otherwise than Pillow and multiplies colours by alpha. The tag of orientation
 * belongs to the format itself, and is followed as Pillow does: the picture stands upright. */
#include "io/tiff.h"

#include "core/error.h"
#include "io/image_header.h"
#include "io/tiff_pixels.h"
#include "io/tiff_stream.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM = 4 << 20 }; /* that libtiff takes of any picture */

/* ---- the head ---- */

static int number_of(TIFF *file, uint32_t tag) {
    uint16_t value = 0;
    return TIFFGetFieldDefaulted(file, tag, &value) ? value : 0;
}

static dn_status read_size(uint32_t *width, uint32_t *height, TIFF *file, const dni_image_source *source,
                           dn_error *error) {
    *width = *height = 0;
    TIFFGetField(file, TIFFTAG_IMAGEWIDTH, width);
    TIFFGetField(file, TIFFTAG_IMAGELENGTH, height);
    return dni_image_sides_check(*width, *height, source->name, error);
}

static int orientation_of(TIFF *file) {
    uint16_t value = 0;
    return TIFFGetField(file, TIFFTAG_ORIENTATION, &value) && value <= 8 ? value : 0;
}

/* Pages, without previews and masks of other pages. Pages behind a broken one are not found. */
static int count_pages(TIFF *file) {
    int pages = 1;
    while (TIFFReadDirectory(file)) {
        uint32_t kind = 0;
        uint16_t old_kind = 0;
        TIFFGetField(file, TIFFTAG_SUBFILETYPE, &kind);
        TIFFGetField(file, TIFFTAG_OSUBFILETYPE, &old_kind);
        pages += !(kind & (FILETYPE_REDUCEDIMAGE | FILETYPE_MASK)) && old_kind != OFILETYPE_REDUCEDIMAGE;
    }
    return pages;
}

/* The picture as it is stored: width, height and orientation; and the number of pages. */
static dn_status read_head(dn_image_info *out, dni_image_source *source, dn_error *error) {
    dni_tiff_stream in = {.source = source};
    dn_status status = dni_image_room_check(0, 0, ROOM, source->name, error);
    if (status) return status;
    TIFF *const file = dni_tiff_open(&in, dni_tiff_tables(source));
    if (!file) return dni_tiff_explain(&in, error);
    uint32_t width, height;
    status = read_size(&width, &height, file, source, error);
    if (!status) {
        *out =
            (dn_image_info){.width = (int)width, .height = (int)height, .orientation = orientation_of(file)};
        out->frames = count_pages(file);
    }
    TIFFClose(file);
    return status;
}

static dn_status describe(dn_image_info *out, dni_image_source *source, dn_error *error) {
    dn_image_info stored;
    const dn_status status = read_head(&stored, source, error);
    if (status) return status;
    *out = stored;
    /* NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Branch): a head that was read is whole */
    out->orientation = stored.orientation ? 1 : 0;
    if (stored.orientation >= 5) {
        out->width = stored.height;
        out->height = stored.width;
    }
    return DN_OK;
}

/* ---- what the samples are ---- */

enum { MOST_SAMPLES = 6, MOST_PLANES = 5 };

typedef struct page {
    TIFF *file;
    dni_tiff_stream *in;
    int width, height;
    bool is_separate; /* each sample in blocks of its own */
    bool is_tiled;
    bool is_converted; /* by libtiff: YCbCr that is not within JPEG */
    dni_tiff_samples samples;
    int block_width, block_height; /* of a strip or tile */
    size_t row_bytes, block_bytes;
} page;

static dn_status unsupported(const page *self, dn_error *error, const char *what, int value) {
    return dni_image_unsupported(self->in->source->name, error, "a TIFF picture %s %d", what, value);
}

static dn_status check_compression(const page *self, int compression, dn_error *error) {
    static const int known[] = {COMPRESSION_NONE,      COMPRESSION_CCITTRLE, COMPRESSION_CCITTFAX3,
                                COMPRESSION_CCITTFAX4, COMPRESSION_LZW,      COMPRESSION_JPEG,
                                COMPRESSION_DEFLATE,   COMPRESSION_PACKBITS, COMPRESSION_ADOBE_DEFLATE,
                                COMPRESSION_ZSTD,      COMPRESSION_WEBP,     COMPRESSION_CCITTRLEW};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i] == compression && TIFFIsCODECConfigured((uint16_t)compression)) return DN_OK;
    return unsupported(self, error, "of compression", compression);
}

/* libtiff's JPEG codec gives RGB for YCbCr when it is asked to; other YCbCr is left to libtiff as a whole. */
static dn_status read_colour(page *self, dn_error *error) {
    const int compression = number_of(self->file, TIFFTAG_COMPRESSION);
    uint16_t photometric;
    if (!TIFFGetField(self->file, TIFFTAG_PHOTOMETRIC, &photometric)) photometric = PHOTOMETRIC_MINISWHITE;
    dni_tiff_samples *const samples = &self->samples;
    switch (photometric) {
    case PHOTOMETRIC_MINISWHITE:
    case PHOTOMETRIC_MINISBLACK:
        samples->colour = DNI_TIFF_GREY;
        samples->is_inverted = photometric == PHOTOMETRIC_MINISWHITE;
        return DN_OK;
    case PHOTOMETRIC_PALETTE:
        samples->colour = DNI_TIFF_PALETTE;
        return DN_OK;
    case PHOTOMETRIC_SEPARATED:
        samples->colour = DNI_TIFF_CMYK;
        return number_of(self->file, TIFFTAG_INKSET) == INKSET_CMYK
                   ? DN_OK
                   : dni_image_unsupported(self->in->source->name, error,
                                           "a TIFF picture of inks other than CMYK");
    case PHOTOMETRIC_YCBCR:
        self->is_converted = compression != COMPRESSION_JPEG || self->is_separate;
        if (!self->is_converted) TIFFSetField(self->file, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
        samples->colour = DNI_TIFF_RGB;
        return DN_OK;
    case PHOTOMETRIC_RGB:
        samples->colour = DNI_TIFF_RGB;
        return DN_OK;
    default:
        return unsupported(self, error, "of photometric interpretation", photometric);
    }
}

static dn_status check_samples(page *self, dn_error *error) {
    static const int colours[] = {
        [DNI_TIFF_GREY] = 1, [DNI_TIFF_PALETTE] = 1, [DNI_TIFF_RGB] = 3, [DNI_TIFF_CMYK] = 4};
    static const char *const formats[] = {[SAMPLEFORMAT_INT] = "signed integers",
                                          [SAMPLEFORMAT_IEEEFP] = "floating-point numbers",
                                          [SAMPLEFORMAT_COMPLEXINT] = "complex integers",
                                          [SAMPLEFORMAT_COMPLEXIEEEFP] = "complex numbers"};
    dni_tiff_samples *const samples = &self->samples;
    const size_t format = (size_t)number_of(self->file, TIFFTAG_SAMPLEFORMAT);
    if (format < sizeof formats / sizeof *formats && formats[format])
        return dni_image_unsupported(self->in->source->name, error, "a TIFF picture of %d-bit %s",
                                     samples->bits, formats[format]);
    const bool is_packed = samples->bits == 1 || samples->bits == 2 || samples->bits == 4;
    if (samples->bits != 8 && samples->bits != 16 && !(is_packed && samples->samples == 1))
        return unsupported(self, error, "whose bits a sample are", samples->bits);
    if (samples->colour == DNI_TIFF_PALETTE && samples->bits > 8)
        return unsupported(self, error, "with a palette, whose bits a sample are", samples->bits);
    if (samples->samples < colours[samples->colour] || samples->samples > MOST_SAMPLES)
        return unsupported(self, error, "whose samples a pixel are", samples->samples);
    if (self->is_converted && (samples->bits != 8 || samples->samples != 3))
        return unsupported(self, error, "in YCbCr whose bits a pixel are", samples->bits * samples->samples);
    samples->used = colours[samples->colour] + samples->is_premultiplied;
    return DN_OK;
}

static dn_status read_samples(page *self, dn_error *error) {
    dni_tiff_samples *const samples = &self->samples;
    samples->bits = number_of(self->file, TIFFTAG_BITSPERSAMPLE);
    samples->samples = number_of(self->file, TIFFTAG_SAMPLESPERPIXEL);
    self->is_separate =
        number_of(self->file, TIFFTAG_PLANARCONFIG) == PLANARCONFIG_SEPARATE && samples->samples > 1;
    dn_status status = check_compression(self, number_of(self->file, TIFFTAG_COMPRESSION), error);
    if (!status) status = read_colour(self, error);
    if (status) return status;
    uint16_t extra_count = 0, *extras = NULL, *map[3] = {NULL, NULL, NULL};
    TIFFGetField(self->file, TIFFTAG_EXTRASAMPLES, &extra_count, &extras);
    samples->is_premultiplied = extra_count && extras[0] == EXTRASAMPLE_ASSOCALPHA;
    if (samples->colour == DNI_TIFF_PALETTE &&
        !TIFFGetField(self->file, TIFFTAG_COLORMAP, &map[0], &map[1], &map[2]))
        return dni_fail(error, DN_ERR_IMAGE_CORRUPT, "%s: the TIFF file is broken (its palette is missing)",
                        self->in->source->name);
    for (int c = 0; c < 3; c++) samples->map[c] = map[c];
    return check_samples(self, error);
}

/* ---- strips and tiles ---- */

/* A strip or tile that is much larger than its picture, which the file's own numbers ask for. */
static dn_status check_block(const page *self, dn_error *error) {
    enum { USUAL_BLOCK = 4 << 20 };
    const uint64_t pixels = (uint64_t)self->width * (uint64_t)self->height;
    const uint64_t planes = self->is_separate ? (uint64_t)self->samples.used : 1;
    if (!self->block_bytes || !self->row_bytes) return dni_tiff_explain(self->in, error);
    if (planes * self->block_bytes <= 16 * pixels + USUAL_BLOCK) return DN_OK;
    return dni_image_unsupported(self->in->source->name, error,
                                 "a TIFF picture of %d x %d pixels in tiles of %d x %d", self->width,
                                 self->height, self->block_width, self->block_height);
}

static dn_status measure_blocks(page *self, dn_error *error) {
    uint32_t width = (uint32_t)self->width, height = 0;
    self->is_tiled = TIFFIsTiled(self->file);
    if (self->is_tiled) {
        TIFFGetField(self->file, TIFFTAG_TILEWIDTH, &width);
        TIFFGetField(self->file, TIFFTAG_TILELENGTH, &height);
    } else {
        TIFFGetFieldDefaulted(self->file, TIFFTAG_ROWSPERSTRIP, &height);
        if (height > (uint32_t)self->height) height = (uint32_t)self->height;
    }
    const dn_status status = dni_image_sides_check(width, height, self->in->source->name, error);
    if (status) return status;
    self->block_width = (int)width;
    self->block_height = (int)height;
    self->row_bytes =
        (size_t)(self->is_tiled ? TIFFTileRowSize64(self->file) : TIFFScanlineSize64(self->file));
    self->block_bytes = (size_t)(self->is_tiled ? TIFFTileSize64(self->file) : TIFFStripSize64(self->file));
    return check_block(self, error);
}

/* Every strip or tile has to lie within the file. */
static dn_status check_places(const page *self, dn_error *error) {
    const dni_image_source *const source = self->in->source;
    const uint32_t count = self->is_tiled ? TIFFNumberOfTiles(self->file) : TIFFNumberOfStrips(self->file);
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t at = TIFFGetStrileOffset(self->file, i), size = TIFFGetStrileByteCount(self->file, i);
        if (at > source->size || size > source->size - at) {
            self->in->has_overrun = true;
            return dni_tiff_explain(self->in, error);
        }
        if (self->in->reason[0]) return dni_tiff_explain(self->in, error);
    }
    return DN_OK;
}

/* One strip or tile of one plane, of which at least `rows` must be there. */
static dn_status read_block(const page *self, uint8_t *to, int x, int y, int rows, int plane,
                            dn_error *error) {
    tmsize_t count;
    const tmsize_t needed = (tmsize_t)((size_t)rows * self->row_bytes);
    if (self->is_tiled) {
        const uint32_t tile = TIFFComputeTile(self->file, (uint32_t)x, (uint32_t)y, 0, (uint16_t)plane);
        count = TIFFReadEncodedTile(self->file, tile, to, (tmsize_t)self->block_bytes);
    } else {
        const uint32_t strip = TIFFComputeStrip(self->file, (uint32_t)y, (uint16_t)plane);
        count = TIFFReadEncodedStrip(self->file, strip, to, needed);
    }
    return count < needed || self->in->reason[0] ? dni_tiff_explain(self->in, error) : DN_OK;
}

static dn_status decode_block(const page *self, uint8_t *rgb, uint8_t *buffer, int x, int y,
                              dn_error *error) {
    const int left = self->width - x, below = self->height - y;
    const int columns = left < self->block_width ? left : self->block_width;
    const int rows = below < self->block_height ? below : self->block_height;
    const size_t sample = (size_t)(self->samples.bits + 7) / 8;
    const size_t step = self->is_separate ? sample : sample * (size_t)self->samples.samples;
    for (int plane = 0; plane < (self->is_separate ? self->samples.used : 1); plane++) {
        const dn_status status =
            read_block(self, buffer + (size_t)plane * self->block_bytes, x, y, rows, plane, error);
        if (status) return status;
    }
    for (int row = 0; row < rows; row++) {
        const uint8_t *planes[MOST_PLANES];
        for (int i = 0; i < self->samples.used; i++)
            planes[i] = buffer + (size_t)row * self->row_bytes +
                        (size_t)i * (self->is_separate ? self->block_bytes : sample);
        dni_tiff_row_to_rgb(rgb + 3 * ((size_t)(y + row) * (size_t)self->width + (size_t)x), columns,
                            &self->samples, planes, step);
    }
    return DN_OK;
}

static dn_status decode_blocks(const page *self, uint8_t *rgb, dn_error *error) {
    const size_t planes = self->is_separate ? (size_t)self->samples.used : 1;
    uint8_t *const buffer = calloc(planes, self->block_bytes);
    if (!buffer)
        return dni_no_memory(error, "%s: a block of %d x %d pixels", self->in->source->name,
                             self->block_width, self->block_height);
    dn_status status = check_places(self, error);
    for (int y = 0; !status && y < self->height; y += self->block_height)
        for (int x = 0; !status && x < self->width; x += self->block_width)
            status = decode_block(self, rgb, buffer, x, y, error);
    free(buffer);
    return status;
}

/* YCbCr by libtiff's conversion, which Pillow uses, too; not turned by the orientation. */
static dn_status decode_converted(const page *self, uint8_t *rgb, dn_error *error) {
    const size_t pixels = (size_t)self->width * (size_t)self->height;
    TIFFRGBAImage image;
    char reason[1024] = "";
    if (!TIFFRGBAImageBegin(&image, self->file, 1, reason))
        return dni_image_unsupported(self->in->source->name, error, "a TIFF picture in YCbCr (%.100s)",
                                     reason);
    image.req_orientation = image.orientation;
    uint32_t *const raster = malloc(pixels * sizeof *raster);
    dn_status status = raster ? check_places(self, error)
                              : dni_no_memory(error, "%s: %d x %d pixels", self->in->source->name,
                                              self->width, self->height);
    if (!status) {
        const int done = TIFFRGBAImageGet(&image, raster, (uint32_t)self->width, (uint32_t)self->height);
        if (!done || self->in->reason[0]) status = dni_tiff_explain(self->in, error);
    }
    for (size_t i = 0; !status && i < pixels; i++) {
        rgb[3 * i] = (uint8_t)TIFFGetR(raster[i]);
        rgb[3 * i + 1] = (uint8_t)TIFFGetG(raster[i]);
        rgb[3 * i + 2] = (uint8_t)TIFFGetB(raster[i]);
    }
    TIFFRGBAImageEnd(&image);
    free(raster);
    return status;
}

/* ---- decoding ---- */

static dn_status decode_page(dn_image *out, page *self, dn_error *error) {
    dn_status status = read_samples(self, error);
    if (!status) status = measure_blocks(self, error);
    if (status) return status;
    uint8_t *const rgb = malloc(3 * (size_t)self->width * (size_t)self->height);
    if (!rgb)
        return dni_no_memory(error, "%s: %d x %d pixels", self->in->source->name, self->width, self->height);
    self->in->is_strict = true;
    self->in->reason[0] = 0; /* of tags that do not matter */
    status = self->is_converted ? decode_converted(self, rgb, error) : decode_blocks(self, rgb, error);
    if (status) {
        free(rgb);
        return status;
    }
    *out = (dn_image){.width = self->width, .height = self->height, .rgb = rgb};
    return DN_OK;
}

static dn_status decode(dn_image *out, dni_image_source *source, dn_error *error) {
    enum { BYTES_A_PIXEL = 20 }; /* as of stb_image */
    dn_image_info info;
    dn_status status = read_head(&info, source, error);
    /* NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): a head that was read is whole */
    if (!status) status = dni_image_size_check(info.width, info.height, source->name, error);
    if (!status) status = dni_image_room_check(info.width, info.height, ROOM, source->name, error);
    if (status) return status;
    dni_tiff_stream in = {.source = source};
    const uint64_t pixels = (uint64_t)info.width * (uint64_t)info.height;
    page first = {.in = &in, .width = info.width, .height = info.height};
    first.file = dni_tiff_open(&in, dni_tiff_tables(source) + BYTES_A_PIXEL * pixels);
    if (!first.file) return dni_tiff_explain(&in, error);
    status = decode_page(out, &first, error);
    TIFFClose(first.file);
    if (status) return status;
    out->orientation = info.orientation;
    out->frames = info.frames;
    status = dn_image_turn_upright(out, error);
    if (status) dn_image_free(out);
    return status;
}

static void version(char *out, size_t size) {
    static const char before[] = "LIBTIFF, Version ";
    const char *const text = TIFFGetVersion();
    const bool is_usual = strncmp(text, before, sizeof before - 1) == 0;
    snprintf(out, size, "%.*s", (int)strcspn(is_usual ? text + sizeof before - 1 : text, "\n"),
             is_usual ? text + sizeof before - 1 : text);
}

const dni_image_codec dni_tiff_codec = {
    .library = "libtiff", .version = version, .describe = describe, .decode = decode};
