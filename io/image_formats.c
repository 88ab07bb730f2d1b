/* SPDX-License-Identifier: MIT */
/* The table of formats, and the kinds of files that are often taken for pictures. The first bytes of a file,
 * never its name, say what it is. */
#include "core/error.h"
#include "io/file.h"
#include "io/heif.h"
#include "io/image_format.h"
#include "io/jpeg.h"
#include "io/pnm.h"
#include "io/stb_codecs.h"
#include "io/tiff.h"
#include "io/webp.h"

#include <string.h>
#include <strings.h>

#define AT(offset, text)                                                                                     \
    { offset, sizeof text - 1, text }

/* ---- what is known ---- */

/* TGA has no signature: its header must make sense instead. */
static bool may_be_tga(const unsigned char *bytes, size_t size) {
    if (size < 18) return false;
    const int map = bytes[1], kind = bytes[2] & ~8, depth = bytes[16]; /* bit 3: run lengths */
    const int width = bytes[12] | bytes[13] << 8, height = bytes[14] | bytes[15] << 8;
    if (width == 0 || height == 0) return false;
    if (kind == 1) return map == 1 && (depth == 8 || depth == 16);
    if (kind == 2) return map <= 1 && (depth == 15 || depth == 16 || depth == 24 || depth == 32);
    return kind == 3 && map <= 1 && (depth == 8 || depth == 16);
}

/* A signature stands in one row alone. HEIF's brands (ISO/IEC 23008-12, 10.2 and annex B; AV1 Image File
 * Format, 8) say which codec a file needs; mif1 and msf1 leave that open. */
static const dni_image_format formats[] = {
    {"JPEG", "a", " jpg jpeg jpe jfif ", &dni_jpeg_codec, {AT(0, "\xff\xd8\xff")}, NULL},
    {"PNG", "a", " png apng ", &dni_png_codec, {AT(0, "\x89PNG\r\n\x1a\n")}, NULL},
    {"GIF", "a", " gif ", &dni_gif_codec, {AT(0, "GIF87a"), AT(0, "GIF89a")}, NULL},
    {"WebP", "a", " webp ", &dni_webp_codec, {AT(8, "WEBP")}, NULL},
    {"TIFF",
     "a",
     " tif tiff ",
     &dni_tiff_codec,
     {AT(0, "II*\0"), AT(0, "MM\0*"), AT(0, "II+\0"), AT(0, "MM\0+")},
     NULL},
    {"HEIC",
     "a",
     " heic heics ",
     &dni_heif_codec,
     {AT(4, "ftypheic"), AT(4, "ftypheix"), AT(4, "ftypheim"), AT(4, "ftypheis"), AT(4, "ftyphevc"),
      AT(4, "ftyphevx"), AT(4, "ftyphevm"), AT(4, "ftyphevs")},
     NULL},
    {"AVIF", "an", " avif avifs ", &dni_heif_codec, {AT(4, "ftypavif"), AT(4, "ftypavis")}, NULL},
    {"HEIF", "a", " heif heifs hif ", &dni_heif_codec, {AT(4, "ftypmif1"), AT(4, "ftypmsf1")}, NULL},
    {"BMP", "a", " bmp dib ", &dni_bmp_codec, {AT(0, "BM")}, NULL},
    {"PPM", "a", " ppm pnm ", &dni_pnm_codec, {AT(0, "P6")}, NULL},
    {"PGM", "a", " pgm ", &dni_pnm_codec, {AT(0, "P5")}, NULL},
    {"PSD", "a", " psd ", &dni_psd_codec, {AT(0, "8BPS")}, NULL},
    {"PIC", "a", " pic ", &dni_pic_codec, {AT(0, "\x53\x80\xf6\x34")}, NULL},
    {"TGA", "a", " tga ", &dni_tga_codec, {{0}}, may_be_tga},
};
_Static_assert(sizeof formats / sizeof *formats == DNI_IMAGE_FORMATS, "a format is not counted");

/* ---- what is not ---- */

typedef struct other_kind {
    dni_signature signature;
    const char *name; /* completes "this seems to be ..." */
} other_kind;

/* The first one that fits counts. */
static const other_kind other_kinds[] = {
    {AT(0, "P1"), "a PNM picture other than binary grey (P5) or colour (P6)"},
    {AT(0, "P2"), "a PNM picture other than binary grey (P5) or colour (P6)"},
    {AT(0, "P3"), "a PNM picture other than binary grey (P5) or colour (P6)"},
    {AT(0, "P4"), "a PNM picture other than binary grey (P5) or colour (P6)"},
    {AT(0, "P7"), "a PNM picture other than binary grey (P5) or colour (P6)"},
    {AT(4, "ftypcrx"), "a Canon raw picture (CR3)"},
    {AT(4, "ftyp"), "an MP4 or QuickTime video"},
    {AT(0, "\x1a\x45\xdf\xa3"), "a Matroska or WebM video"},
    {AT(8, "AVI "), "an AVI video"},
    {AT(0, "\0\0\1\xba"), "an MPEG video"},
    {AT(0, "\0\0\0\x0cjP  "), "a JPEG 2000 picture"},
    {AT(0, "\xff\x4f\xff\x51"), "a JPEG 2000 picture"},
    {AT(0, "\0\0\0\x0cJXL "), "a JPEG XL picture"},
    {AT(0, "\xff\x0a"), "a JPEG XL picture"},
    {AT(0, "II\xbc\1"), "a JPEG XR picture"},
    {AT(0, "\0\0\1\0"), "a Windows icon"},
    {AT(0, "#?R"), "a Radiance HDR picture"},
    {AT(0, "\x76\x2f\x31\x01"), "an OpenEXR picture"},
    {AT(0, "DDS "), "a DirectDraw surface (DDS)"},
    {AT(0, "icns"), "an Apple icon"},
    {AT(0, "%!PS"), "a PostScript document"},
    {AT(0, "%PDF"), "a PDF document"},
    {AT(0, "PK\3\4"), "a zip archive"},
    {AT(0, "\x1f\x8b"), "a gzip archive"},
    {AT(0, "version https://git-lfs"), "a Git LFS pointer, not the picture itself"},
};

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

/* ---- looking up ---- */

static bool fits(const dni_signature *signature, const unsigned char *bytes, size_t size) {
    return size >= signature->at + signature->size &&
           memcmp(bytes + signature->at, signature->bytes, signature->size) == 0;
}

static bool has_signature_of(const dni_image_format *format, const unsigned char *bytes, size_t size) {
    for (int i = 0; i < DNI_SIGNATURES && format->signatures[i].size; i++)
        if (fits(&format->signatures[i], bytes, size)) return true;
    return false;
}

static const char *other_name(const unsigned char *bytes, size_t size) {
    for (size_t i = 0; i < sizeof other_kinds / sizeof *other_kinds; i++)
        if (fits(&other_kinds[i].signature, bytes, size)) return other_kinds[i].name;
    return NULL;
}

const dni_image_format *dni_image_format_at(size_t i) {
    return &formats[i];
}

size_t dni_image_format_index(const dni_image_format *format) {
    return (size_t)(format - formats);
}

void dni_image_formats_prepare(void) {
    for (size_t i = 0; i < DNI_IMAGE_FORMATS; i++)
        if (formats[i].codec->prepare) formats[i].codec->prepare();
}

const dni_image_format *dni_image_format_find(const unsigned char *bytes, size_t size) {
    for (size_t i = 0; i < DNI_IMAGE_FORMATS; i++)
        if (has_signature_of(&formats[i], bytes, size)) return &formats[i];
    if (other_name(bytes, size)) return NULL;
    for (size_t i = 0; i < DNI_IMAGE_FORMATS; i++)
        if (formats[i].is_likely && formats[i].is_likely(bytes, size)) return &formats[i];
    return NULL;
}

dn_status dni_image_format_require(const dni_image_format **out, const unsigned char *bytes, size_t size,
                                   const char *name, dn_error *error) {
    const dni_image_format *const found = dni_image_format_find(bytes, size);
    *out = found;
    if (found && found->codec->decode) return DN_OK;
    if (found)
        return dni_fail(error, DN_ERR_IMAGE_UNSUPPORTED,
                        "%s: this is %s %s picture, and this build has no %s", name, found->article,
                        found->name, found->codec->library);
    const char *kind = other_name(bytes, size);
    if (!kind) kind = markup_name(bytes, size);
    if (kind)
        return dni_fail(error, DN_ERR_IMAGE_UNSUPPORTED, "%s: this seems to be %s, which is not supported",
                        name, kind);
    return dni_fail(error, DN_ERR_IMAGE_UNSUPPORTED, "%s: not a picture format known here", name);
}

/* ---- names of files ---- */

bool dni_is_image_name(const char *path) {
    const char *const dot = strrchr(dni_path_name(path), '.');
    const size_t length = dot ? strlen(dot + 1) : 0;
    for (size_t i = 0; length && i < DNI_IMAGE_FORMATS; i++)
        for (const char *at = formats[i].extensions; (at = strchr(at, ' ')) && *++at;)
            if (strncasecmp(at, dot + 1, length) == 0 && at[length] == ' ') return true;
    return false;
}
