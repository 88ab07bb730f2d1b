/* Decoding: which decoder a file is for, told by its first bytes and never by its name. */
#include "io/image.h"

#include "core/error.h"
#include "io/file.h"
#include "io/jpeg.h"
#include "io/stb.h"
#include "io/truncation.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef enum format { UNKNOWN, JPEG, PNG, GIF, PNM, OTHER_STB } format;

typedef struct signature {
    const char *bytes;
    size_t size;
    size_t at;
    format format;
    const char *name; /* of what cannot be decoded: completes "this seems to be ..." */
} signature;

#define AT(offset, text, ...)                                                                                \
    { text, sizeof text - 1, offset, __VA_ARGS__ }

/* The first that fits counts. */
static const signature signatures[] = {
    AT(0, "\xff\xd8\xff", JPEG, NULL),
    AT(0, "\x89PNG\r\n\x1a\n", PNG, NULL),
    AT(0, "GIF87a", GIF, NULL),
    AT(0, "GIF89a", GIF, NULL),
    AT(0, "BM", OTHER_STB, NULL),
    AT(0, "8BPS", OTHER_STB, NULL),
    AT(0, "\x53\x80\xf6\x34", OTHER_STB, NULL),
    AT(0, "P5", PNM, NULL),
    AT(0, "P6", PNM, NULL),
    AT(0, "P1", UNKNOWN, "a PNM picture other than binary grey (P5) or colour (P6)"),
    AT(0, "P2", UNKNOWN, "a PNM picture other than binary grey (P5) or colour (P6)"),
    AT(0, "P3", UNKNOWN, "a PNM picture other than binary grey (P5) or colour (P6)"),
    AT(0, "P4", UNKNOWN, "a PNM picture other than binary grey (P5) or colour (P6)"),
    AT(0, "P7", UNKNOWN, "a PNM picture other than binary grey (P5) or colour (P6)"),
    AT(8, "WEBP", UNKNOWN, "a WebP picture"),
    AT(0, "II*\0", UNKNOWN, "a TIFF picture"),
    AT(0, "MM\0*", UNKNOWN, "a TIFF picture"),
    AT(0, "II+\0", UNKNOWN, "a BigTIFF picture"),
    AT(0, "MM\0+", UNKNOWN, "a BigTIFF picture"),
    AT(4, "ftypavif", UNKNOWN, "an AVIF picture"),
    AT(4, "ftypavis", UNKNOWN, "an AVIF picture sequence"),
    AT(4, "ftyphei", UNKNOWN, "a HEIC picture"),
    AT(4, "ftyphev", UNKNOWN, "a HEIC picture"),
    AT(4, "ftypmif1", UNKNOWN, "a HEIF picture"),
    AT(4, "ftypmsf1", UNKNOWN, "a HEIF picture"),
    AT(4, "ftyp", UNKNOWN, "an MP4 or QuickTime video"),
    AT(0, "\x1a\x45\xdf\xa3", UNKNOWN, "a Matroska or WebM video"),
    AT(8, "AVI ", UNKNOWN, "an AVI video"),
    AT(0, "\0\0\1\xba", UNKNOWN, "an MPEG video"),
    AT(0, "\0\0\0\x0cjP  ", UNKNOWN, "a JPEG 2000 picture"),
    AT(0, "\xff\x4f\xff\x51", UNKNOWN, "a JPEG 2000 picture"),
    AT(0, "\0\0\0\x0cJXL ", UNKNOWN, "a JPEG XL picture"),
    AT(0, "\xff\x0a", UNKNOWN, "a JPEG XL picture"),
    AT(0, "\0\0\1\0", UNKNOWN, "a Windows icon"),
    AT(0, "#?R", UNKNOWN, "a Radiance HDR picture"),
    AT(0, "\x76\x2f\x31\x01", UNKNOWN, "an OpenEXR picture"),
    AT(0, "%PDF", UNKNOWN, "a PDF document"),
    AT(0, "PK\3\4", UNKNOWN, "a zip archive"),
    AT(0, "\x1f\x8b", UNKNOWN, "a gzip archive"),
    AT(0, "version https://git-lfs", UNKNOWN, "a Git LFS pointer, not the picture itself"),
};

static const signature *find_signature(const unsigned char *bytes, size_t size) {
    for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++) {
        const signature *const s = &signatures[i];
        if (size >= s->at + s->size && memcmp(bytes + s->at, s->bytes, s->size) == 0) return s;
    }
    return NULL;
}

/* What a text file that should have been a picture usually is; NULL for anything else. */
static const char *markup_name(const unsigned char *bytes, size_t size) {
    char start[16] = "";
    if (size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) bytes += 3, size -= 3;
    while (size > 0 && strchr(" \t\r\n", bytes[0]) && bytes[0]) bytes++, size--;
    memcpy(start, bytes, size < sizeof start - 1 ? size : sizeof start - 1);
    if (strncasecmp(start, "<!doctype html", 14) == 0 || strncasecmp(start, "<html", 5) == 0)
        return "an HTML page";
    if (strncasecmp(start, "<svg", 4) == 0) return "an SVG drawing";
    if (strncasecmp(start, "<?xml", 5) == 0) return "an XML document";
    return NULL;
}

/* TGA has no signature: its header must make sense instead. */
static int may_be_tga(const unsigned char *bytes, size_t size) {
    if (size < 18) return 0;
    const int map = bytes[1], kind = bytes[2] & ~8, depth = bytes[16]; /* bit 3: run lengths */
    const int width = bytes[12] | bytes[13] << 8, height = bytes[14] | bytes[15] << 8;
    if (width == 0 || height == 0) return 0;
    if (kind == 1) return map == 1 && (depth == 8 || depth == 16);
    if (kind == 2) return map <= 1 && (depth == 15 || depth == 16 || depth == 24 || depth == 32);
    return kind == 3 && map <= 1 && (depth == 8 || depth == 16);
}

/* The number at *at of a PNM header, behind spaces and comments; -1 when there is none. */
static long pnm_number(const unsigned char *bytes, size_t size, size_t *at) {
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

/* stb_image neither scales other ranges to 0..255 nor orders the bytes of 16-bit samples. */
static dn_status check_pnm_range(const unsigned char *bytes, size_t size, const char *name, dn_error *error) {
    size_t at = 2;
    const long width = pnm_number(bytes, size, &at), height = pnm_number(bytes, size, &at);
    const long largest = pnm_number(bytes, size, &at);
    if (width >= 0 && height >= 0 && largest >= 0 && largest != 255 && at < size)
        return dni_fail(error, DN_ERR_IMAGE_UNSUPPORTED,
                        "%s: a PNM picture of values up to %ld; only 255 can be decoded here", name, largest);
    return DN_OK;
}

/* Decodes a copy without transparency, whose pixels stb_image would leave black: they have a colour too, and
 * Pillow's conversion shows it. */
static dn_status decode_gif(dn_image *out, const unsigned char *bytes, size_t size, const char *name,
                            dn_error *error) {
    size_t transparency;
    dn_status status = dni_gif_check(bytes, size, &transparency, name, error);
    if (status) return status;
    if (!transparency) return dni_stb_decode(out, bytes, size, name, error);

    unsigned char *const opaque = malloc(size);
    if (!opaque) return dni_no_memory(error, "%s", name);
    memcpy(opaque, bytes, size);
    opaque[transparency] &= 0xFE;
    status = dni_stb_decode(out, opaque, size, name, error);
    free(opaque);
    return status;
}

static dn_status decode(dn_image *out, const unsigned char *bytes, size_t size, const char *name,
                        dn_error *error) {
    const signature *const found = find_signature(bytes, size);
    dn_status status = DN_OK;
    switch (found ? found->format : UNKNOWN) {
    case JPEG:
        return dni_jpeg_decode(out, bytes, size, name, error);
    case PNG:
        status = dni_png_check(bytes, size, name, error);
        break;
    case GIF:
        return decode_gif(out, bytes, size, name, error);
    case PNM:
        status = check_pnm_range(bytes, size, name, error);
        break;
    case OTHER_STB:
        break;
    case UNKNOWN:
        if (!found && may_be_tga(bytes, size)) break;
        const char *const seems = found ? found->name : markup_name(bytes, size);
        return seems ? dni_fail(error, DN_ERR_IMAGE_UNSUPPORTED,
                                "%s: this seems to be %s, which cannot be decoded here", name, seems)
                     : dni_fail(error, DN_ERR_IMAGE_UNSUPPORTED, "%s: not a picture format known here", name);
    }
    return status ? status : dni_stb_decode(out, bytes, size, name, error);
}

dn_status dn_image_decode(dn_image *out, const void *bytes, size_t size, const char *name, dn_error *error) {
    if (!out) return dni_fail(error, DN_ERR_ARGUMENT, "out: is NULL");
    *out = (dn_image){0};
    if (!name) name = "picture";
    if (size > 0 && !bytes) return dni_fail(error, DN_ERR_ARGUMENT, "%s: bytes is NULL", name);
    if (size == 0) return dni_fail(error, DN_ERR_IMAGE_EMPTY, "%s: the file is empty", name);
    return decode(out, bytes, size, name, error);
}

dn_status dn_image_load(dn_image *out, const char *path, dn_error *error) {
    if (!out) return dni_fail(error, DN_ERR_ARGUMENT, "out: is NULL");
    *out = (dn_image){0};
    if (!path) return dni_fail(error, DN_ERR_ARGUMENT, "path: is NULL");
    dni_mapping file;
    dn_status status = dni_file_map(&file, path, error);
    if (status) return status;
    status = dn_image_decode(out, file.data, file.size, path, error);
    dni_file_unmap(&file);
    return status;
}

void dn_image_free(dn_image *image) {
    if (!image) return;
    free(image->rgb);
    *image = (dn_image){0};
}
