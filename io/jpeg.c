/* Decoding and encoding JPEG. */
#include "io/jpeg.h"

#include "core/error.h"

#include <stdlib.h>
#include <string.h>
#include <turbojpeg.h>

/* Pillow's settings: the accurate DCT; smooth chroma upsampling is the library's default. A picture is taken
 * only if the decoder has nothing to complain about. The scan limit keeps a small progressive file from
 * taking hours. */
enum { DECODER_FLAGS = TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS };

enum { MARKER_START_OF_SCAN = 0xDA };

/* JPEG processes that the decoder does not know, by their start-of-frame marker. */
static const char *unknown_process(int marker, int precision) {
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
        return precision == 12 ? "12-bit JPEG" : NULL;
    }
}

static int is_frame_marker(int marker) {
    return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

/* Walks the segments up to the frame header; the name of what cannot be decoded, or NULL. */
static const char *unsupported_kind(const unsigned char *bytes, size_t size) {
    size_t at = 2; /* behind the start-of-image marker */
    while (at + 4 < size) {
        if (bytes[at] != 0xFF) return NULL;
        const int marker = bytes[at + 1];
        if (marker == 0xFF) {
            at++; /* fill byte */
            continue;
        }
        if (is_frame_marker(marker)) return unknown_process(marker, bytes[at + 4]);
        if (marker == MARKER_START_OF_SCAN) return NULL;
        at += 2 + ((size_t)bytes[at + 2] << 8 | bytes[at + 3]);
    }
    return NULL;
}

static dn_status refuse(const char *reason, const char *name, dn_error *error) {
    if (strstr(reason, "Premature end of") || strstr(reason, "Empty input"))
        return dni_fail(error, DN_ERR_IMAGE_TRUNCATED, "%s: the JPEG file ends early", name);
    if (strstr(reason, "Memory allocation") || strstr(reason, "Insufficient memory"))
        return dni_no_memory(error, "%s", name);
    return dni_fail(error, DN_ERR_IMAGE_CORRUPT, "%s: the JPEG file is broken (%s)", name, reason);
}

/* CMYK as Adobe's programs write it, inverted, packed down to RGB in place. The rounding is Pillow's. */
static void cmyk_to_rgb(uint8_t *pixels, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const uint8_t *const inverted = pixels + 4 * i;
        const int white = inverted[3];
        uint8_t rgb[3];
        for (int channel = 0; channel < 3; channel++) {
            const int product = (255 - inverted[channel]) * white + 128;
            rgb[channel] = (uint8_t)(white - ((product + (product >> 8)) >> 8));
        }
        memcpy(pixels + 3 * i, rgb, 3);
    }
}

/* Bytes between the last scan and the end marker, which some cameras leave, are no part of the picture. */
static int is_harmless(const char *reason) {
    return strstr(reason, "extraneous bytes before marker 0xd9") != NULL;
}

static int decompress(tjhandle decoder, const unsigned char *bytes, size_t size, uint8_t *pixels, int width,
                      int height, int format) {
    if (tjDecompress2(decoder, bytes, size, pixels, width, 0, height, format,
                      DECODER_FLAGS | TJFLAG_STOPONWARNING) == 0)
        return 1;
    if (!is_harmless(tjGetErrorStr2(decoder))) return 0;
    return tjDecompress2(decoder, bytes, size, pixels, width, 0, height, format, DECODER_FLAGS) == 0 ||
           tjGetErrorCode(decoder) == TJERR_WARNING;
}

static dn_status decode(dn_image *out, tjhandle decoder, const unsigned char *bytes, size_t size,
                        const char *name, dn_error *error) {
    int width = 0, height = 0, subsampling, colorspace = -1;
    /* It also fails for rare chroma sampling factors that decoding takes: what counts is the size. Behind the
     * end of the file it reads an end marker, with a warning, and may stumble over that. */
    const int failed = tjDecompressHeader3(decoder, bytes, size, &width, &height, &subsampling, &colorspace);
    if (width < 1 || height < 1)
        return refuse(failed && tjGetErrorCode(decoder) == TJERR_FATAL ? tjGetErrorStr2(decoder)
                                                                       : "Premature end of the headers",
                      name, error);
    if ((size_t)width * (size_t)height > DN_IMAGE_MAX_PIXELS)
        return dni_fail(error, DN_ERR_IMAGE_TOO_LARGE, "%s: %d x %d pixels, above the limit of %u", name,
                        width, height, DN_IMAGE_MAX_PIXELS);

    const size_t count = (size_t)width * (size_t)height;
    const int is_cmyk = colorspace == TJCS_CMYK || colorspace == TJCS_YCCK;
    uint8_t *pixels = malloc(count * (is_cmyk ? 4 : 3));
    if (!pixels) return dni_no_memory(error, "%s", name);
    if (!decompress(decoder, bytes, size, pixels, width, height, is_cmyk ? TJPF_CMYK : TJPF_RGB)) {
        free(pixels);
        return refuse(tjGetErrorStr2(decoder), name, error);
    }
    if (is_cmyk) {
        cmyk_to_rgb(pixels, count);
        uint8_t *const smaller = realloc(pixels, 3 * count);
        if (smaller) pixels = smaller;
    }
    *out = (dn_image){.width = width, .height = height, .rgb = pixels};
    return DN_OK;
}

dn_status dni_jpeg_decode(dn_image *out, const unsigned char *bytes, size_t size, const char *name,
                          dn_error *error) {
    *out = (dn_image){0};
    const char *const kind = unsupported_kind(bytes, size);
    if (kind)
        return dni_fail(error, DN_ERR_IMAGE_UNSUPPORTED, "%s: %s, which cannot be decoded here", name, kind);

    tjhandle decoder = tjInitDecompress();
    if (!decoder) return dni_no_memory(error, "%s", name);
    const dn_status status = decode(out, decoder, bytes, size, name, error);
    tjDestroy(decoder);
    return status;
}

/* ---- encoding ---- */

enum { LARGEST_SIDE = 65500 };

dn_status dni_jpeg_encode(unsigned char **bytes, size_t *size, const dn_image *image, int quality,
                          dn_error *error) {
    *bytes = NULL;
    if (image->width > LARGEST_SIDE || image->height > LARGEST_SIDE)
        return dni_fail(error, DN_ERR_IMAGE_UNSUPPORTED,
                        "a picture of %d x %d pixels cannot become JPEG, whose sides end at %d", image->width,
                        image->height, LARGEST_SIDE);
    unsigned long used = tjBufSize(image->width, image->height, TJSAMP_420);
    unsigned char *room = malloc(used);
    tjhandle encoder = tjInitCompress();
    dn_status status =
        room && encoder ? DN_OK
                        : dni_no_memory(error, "a JPEG file of %d x %d pixels", image->width, image->height);
    if (!status && tjCompress2(encoder, image->rgb, image->width, 0, image->height, TJPF_RGB, &room, &used,
                               TJSAMP_420, quality, TJFLAG_ACCURATEDCT | TJFLAG_NOREALLOC))
        status = dni_fail(error, DN_ERR_MEMORY, "a picture of %d x %d pixels: JPEG encoding failed (%s)",
                          image->width, image->height, tjGetErrorStr2(encoder));
    if (encoder) tjDestroy(encoder);
    if (status) {
        free(room);
        return status;
    }
    *bytes = room;
    *size = used;
    return DN_OK;
}
