/* Decoding. The first bytes of a file, never its name, say which decoder it is for. */
#include "io/image.h"

#include "core/error.h"
#include "io/file.h"
#include "io/image_header.h"
#include "io/jpeg.h"
#include "io/orientation.h"
#include "io/stb.h"
#include "io/truncation.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Beside the formats of stb_image. */
enum { JPEG = DNI_FORMAT_PNM + 1, UNSUPPORTED };

typedef struct signature {
    const char *bytes;
    size_t size;
    size_t at;
    int format;       /* a dni_image_format, JPEG or UNSUPPORTED */
    const char *name; /* of an unsupported one: completes "this seems to be ..." */
} signature;

#define AT(offset, text, ...)                                                                                \
    { text, sizeof text - 1, offset, __VA_ARGS__ }

/* The first one that fits counts. */
static const signature signatures[] = {
    AT(0, "\xff\xd8\xff", JPEG, NULL),
    AT(0, "\x89PNG\r\n\x1a\n", DNI_FORMAT_PNG, NULL),
    AT(0, "GIF87a", DNI_FORMAT_GIF, NULL),
    AT(0, "GIF89a", DNI_FORMAT_GIF, NULL),
    AT(0, "BM", DNI_FORMAT_BMP, NULL),
    AT(0, "8BPS", DNI_FORMAT_PSD, NULL),
    AT(0, "\x53\x80\xf6\x34", DNI_FORMAT_PIC, NULL),
    AT(0, "P5", DNI_FORMAT_PNM, NULL),
    AT(0, "P6", DNI_FORMAT_PNM, NULL),
    AT(0, "P1", UNSUPPORTED, "a PNM picture other than binary grey (P5) or colour (P6)"),
    AT(0, "P2", UNSUPPORTED, "a PNM picture other than binary grey (P5) or colour (P6)"),
    AT(0, "P3", UNSUPPORTED, "a PNM picture other than binary grey (P5) or colour (P6)"),
    AT(0, "P4", UNSUPPORTED, "a PNM picture other than binary grey (P5) or colour (P6)"),
    AT(0, "P7", UNSUPPORTED, "a PNM picture other than binary grey (P5) or colour (P6)"),
    AT(8, "WEBP", UNSUPPORTED, "a WebP picture"),
    AT(0, "II*\0", UNSUPPORTED, "a TIFF picture"),
    AT(0, "MM\0*", UNSUPPORTED, "a TIFF picture"),
    AT(0, "II+\0", UNSUPPORTED, "a BigTIFF picture"),
    AT(0, "MM\0+", UNSUPPORTED, "a BigTIFF picture"),
    AT(4, "ftypavif", UNSUPPORTED, "an AVIF picture"),
    AT(4, "ftypavis", UNSUPPORTED, "an AVIF picture sequence"),
    AT(4, "ftyphei", UNSUPPORTED, "a HEIC picture"),
    AT(4, "ftyphev", UNSUPPORTED, "a HEIC picture"),
    AT(4, "ftypmif1", UNSUPPORTED, "a HEIF picture"),
    AT(4, "ftypmsf1", UNSUPPORTED, "a HEIF picture"),
    AT(4, "ftypcrx", UNSUPPORTED, "a Canon raw picture (CR3)"),
    AT(4, "ftyp", UNSUPPORTED, "an MP4 or QuickTime video"),
    AT(0, "\x1a\x45\xdf\xa3", UNSUPPORTED, "a Matroska or WebM video"),
    AT(8, "AVI ", UNSUPPORTED, "an AVI video"),
    AT(0, "\0\0\1\xba", UNSUPPORTED, "an MPEG video"),
    AT(0, "\0\0\0\x0cjP  ", UNSUPPORTED, "a JPEG 2000 picture"),
    AT(0, "\xff\x4f\xff\x51", UNSUPPORTED, "a JPEG 2000 picture"),
    AT(0, "\0\0\0\x0cJXL ", UNSUPPORTED, "a JPEG XL picture"),
    AT(0, "\xff\x0a", UNSUPPORTED, "a JPEG XL picture"),
    AT(0, "\0\0\1\0", UNSUPPORTED, "a Windows icon"),
    AT(0, "#?R", UNSUPPORTED, "a Radiance HDR picture"),
    AT(0, "\x76\x2f\x31\x01", UNSUPPORTED, "an OpenEXR picture"),
    AT(0, "DDS ", UNSUPPORTED, "a DirectDraw surface (DDS)"),
    AT(0, "icns", UNSUPPORTED, "an Apple icon"),
    AT(0, "%!PS", UNSUPPORTED, "a PostScript document"),
    AT(0, "%PDF", UNSUPPORTED, "a PDF document"),
    AT(0, "PK\3\4", UNSUPPORTED, "a zip archive"),
    AT(0, "\x1f\x8b", UNSUPPORTED, "a gzip archive"),
    AT(0, "version https://git-lfs", UNSUPPORTED, "a Git LFS pointer, not the picture itself"),
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

/* stb_image leaves transparent pixels black, but Pillow's conversion to RGB shows the colour that they have.
 * Where one colour is declared transparent, a copy without that declaration is decoded. */
static dn_status decode_gif(dn_image *out, const dni_image_header *header, const unsigned char *bytes,
                            size_t size, const char *name, dn_error *error) {
    size_t transparency;
    dn_status status = dni_gif_check(bytes, size, &transparency, name, error);
    if (status) return status;
    if (!transparency) return dni_stb_decode(out, header, bytes, size, name, error);

    unsigned char *const opaque = malloc(size);
    if (!opaque) return dni_no_memory(error, "%s", name);
    memcpy(opaque, bytes, size);
    opaque[transparency] &= 0xFE;
    status = dni_stb_decode(out, header, opaque, size, name, error);
    free(opaque);
    return status;
}

static dn_status decode_by_stb(dn_image *out, dni_image_format format, const unsigned char *bytes,
                               size_t size, const char *name, dn_error *error) {
    dni_image_header header;
    dn_status status = DN_OK;
    if (format == DNI_FORMAT_PNG)
        status = dni_png_check(bytes, size, name, error); /* its header's checksum, too */
    if (!status) status = dni_image_header_read(&header, format, bytes, size, name, error);
    if (status) return status;
    if (format == DNI_FORMAT_GIF) return decode_gif(out, &header, bytes, size, name, error);
    return dni_stb_decode(out, &header, bytes, size, name, error);
}

static dn_status decode(dn_image *out, const unsigned char *bytes, size_t size, const char *name,
                        dn_error *error) {
    const signature *const found = find_signature(bytes, size);
    if (found && found->format == JPEG) return dni_jpeg_decode(out, bytes, size, name, error);
    if (found && found->format != UNSUPPORTED)
        return decode_by_stb(out, (dni_image_format)found->format, bytes, size, name, error);
    if (!found && may_be_tga(bytes, size))
        return decode_by_stb(out, DNI_FORMAT_TGA, bytes, size, name, error);
    const char *const kind = found ? found->name : markup_name(bytes, size);
    if (kind)
        return dni_fail(error, DN_ERR_IMAGE_UNSUPPORTED, "%s: this seems to be %s, which is not supported",
                        name, kind);
    return dni_fail(error, DN_ERR_IMAGE_UNSUPPORTED, "%s: not a picture format known here", name);
}

dn_status dn_image_decode(dn_image *out, const void *bytes, size_t size, const char *name, dn_error *error) {
    DNI_NOT_NULL(error, out);
    *out = (dn_image){0};
    if (!name) name = "picture";
    if (size > 0) DNI_NOT_NULL(error, bytes);
    if (size == 0) return dni_fail(error, DN_ERR_IMAGE_EMPTY, "%s: the file is empty", name);
    const dn_status status = decode(out, bytes, size, name, error);
    if (!status) out->orientation = dni_orientation_of_file(bytes, size);
    return status;
}

dn_status dn_image_load(dn_image *out, const char *path, dn_error *error) {
    DNI_NOT_NULL(error, out);
    *out = (dn_image){0};
    DNI_NOT_NULL(error, path);
    dni_file_content file;
    dn_status status = dni_file_load(&file, path, error);
    if (status) return status;
    status = dn_image_decode(out, file.data, file.size, path, error);
    dni_file_unload(&file);
    return status;
}

void dn_image_free(dn_image *image) {
    if (!image) return;
    free(image->rgb);
    *image = (dn_image){0};
}
