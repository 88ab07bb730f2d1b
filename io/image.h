/* SPDX-License-Identifier: MIT */
/* Pictures: from a file to the network's input.
 *
 * JPEG is decoded by libjpeg-turbo, with the same pixels as Pillow and so torchvision; WebP by libwebp,
 * TIFF by libtiff, HEIC and AVIF by libheif, where the library was built with them; PNG, GIF, BMP, TGA,
 * PSD and PIC by stb_image; PNM by own code. Grey becomes three equal channels, alpha is dropped as
 * Pillow's convert('RGB') does, CMYK is converted; of samples of 16 bits the high byte is taken. Of
 * files that hold more than one picture (animations, pages) the first is taken. EXIF rotation is not
 * applied, because torchvision does not either, unless preprocessing asks for it; a picture keeps what
 * its file says of it. The rotation that TIFF, HEIC and AVIF have of their own, beside EXIF, is a part
 * of decoding them, and always applied.
 *
 * A file that ends early or is broken is an error: half a picture is never returned. A warning about a
 * header field that does not matter for the pixels is no error. While a file is decoded, memory stays
 * below ten times its pixels (3 bytes each) and a few times the file's size, whatever the file announces
 * or unfolds to. */
#ifndef DN_IO_IMAGE_H
#define DN_IO_IMAGE_H

#include "core/status.h"

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How pictures become network input: torchvision's Resize, CenterCrop, ToTensor, Normalize. The filter is the
 * antialiased triangle (Pillow's BILINEAR). Stored in every model file; never assumed. */
typedef struct dn_preprocessing {
    int resize;      /* the shorter side after resizing, pixels */
    int crop;        /* height and width after the centre crop; zero-padded where the picture is smaller */
    float mean[3];   /* R, G, B, of values in 0..1 */
    float std[3];    /* R, G, B: what the difference from the mean is divided by */
    int exif_rotate; /* 1: the picture is turned upright first, as its EXIF says; 0: it is not */
    int reserved[7]; /* 0: room for what may come, as this struct is a part of others and cannot grow */
} dn_preprocessing;

/* What ImageNet's weights were trained with: shorter side 255, crop 224, ImageNet's mean .485 .456 .406
 * and standard deviation .229 .224 .225, no EXIF rotation. */
DN_API dn_preprocessing dn_preprocessing_default(void);

/* Whether `preprocessing` can be used: DN_ERR_ARGUMENT unless 1 <= resize, 32 <= crop, both at most 8192,
 * every std > 0 and finite, and exif_rotate 0 or 1. DN_ERR_UNSUPPORTED for what a program sets that was
 * compiled for a newer library. */
DN_API dn_status dn_preprocessing_check(const dn_preprocessing *preprocessing, dn_error *error);

/* Pictures of more pixels than this are refused before memory is allocated for their pixels. */
#define DN_IMAGE_MAX_PIXELS 100000000u

/* A decoded picture: rows top to bottom, R G B, one byte each, no padding. The caller may also fill one in
 * himself, with pixels of his own, for calls that take it as const: they are read where they lie. */
typedef struct dn_image {
    int width, height; /* pixels; both 0, and rgb NULL, when it is cleared */
    uint8_t *rgb;      /* 3 * width * height bytes, which dn_image_free() frees */
    int orientation;   /* EXIF's: 2 to 8: the picture has to be turned; 1: it stands upright, as TIFF, HEIC
                      * and AVIF do when they were decoded; 0: nothing is said */
    int frames; /* how many pictures the file holds, of which this is the first: frames of an animation, pages
                      * of a TIFF, images of a HEIC; 0: not of a file, or not known */
} dn_image;

/* Reads and decodes a file, on the calling thread. On failure *out is cleared and the error names the file;
 * the status is DN_ERR_NOT_FOUND, _PERMISSION or _IO when the file cannot be read, DN_ERR_MEMORY, or one of
 * DN_ERR_IMAGE_*: EMPTY, UNSUPPORTED (a kind that is named), CORRUPT, TRUNCATED, TOO_LARGE. */
DN_API dn_status dn_image_load(dn_image *out, const char *path, dn_error *error);
/* The same of the `size` bytes that a file holds. They are not needed afterwards; `name` is what messages
 * call them. */
DN_API dn_status dn_image_decode(dn_image *out, const void *bytes, size_t size, const char *name,
                                 dn_error *error);

/* What the head of a picture file says. */
typedef struct dn_image_info {
    int width, height;  /* of the picture as dn_image_load() gives it, pixels */
    int orientation;    /* as in dn_image */
    int frames;         /* as in dn_image */
    const char *format; /* "JPEG", "PNG", "WebP"...; lives as long as the process */
} dn_image_info;

/* What dn_image_load() would give, without decoding any pixel. Of a file only its head is read, of GIF,
 * whose frames are not counted anywhere, the whole; of WebP, TIFF, HEIC and AVIF what tells of the parts.
 * A size may come out that is too large to be decoded, and a file that is broken further on is not found
 * out. Fails as dn_image_load() does; *out is cleared then. */
DN_API dn_status dn_image_info_load(dn_image_info *out, const char *path, dn_error *error);
/* The same of the `size` bytes that a file holds; `name` is what messages call them. */
DN_API dn_status dn_image_info_decode(dn_image_info *out, const void *bytes, size_t size, const char *name,
                                      dn_error *error);

/* Turns and mirrors `image` by its orientation, which is 1 then, or still 0. On failure it is as before:
 * DN_ERR_MEMORY, or DN_ERR_ARGUMENT for an orientation that is not 0 to 8. */
DN_API dn_status dn_image_turn_upright(dn_image *image, dn_error *error);
/* Frees the pixels and clears `image`; also of a cleared one, or NULL. The struct itself is the caller's. */
DN_API void dn_image_free(dn_image *image);

/* Turns a copy of `image` upright where `preprocessing` asks for it, resizes, crops and normalises into
 * `out`: crop x crop x 3 floats, channels innermost. When `flip` is not 0 the crop is mirrored left to
 * right. On the calling thread; allocates. DN_ERR_IMAGE_UNSUPPORTED for a picture so long and thin that
 * resizing would pass DN_IMAGE_MAX_PIXELS. */
DN_API dn_status dn_image_to_input(const dn_image *image, const dn_preprocessing *preprocessing, int flip,
                                   float *out, dn_error *error);

/* How a pixel lies in memory: its channels, one byte each, the first one first. */
typedef enum dn_pixel_format {
    DN_PIXELS_RGB = 1, /* 3 bytes a pixel */
    DN_PIXELS_BGR,     /* 3 bytes */
    DN_PIXELS_RGBA,    /* 4 bytes, of which the last one is not looked at */
    DN_PIXELS_BGRA,    /* 4 bytes, likewise */
    DN_PIXELS_GREY,    /* 1 byte, which stands for three equal channels */
} dn_pixel_format;

/* Pixels as a camera or a program has them; a view of memory that stays the caller's. */
typedef struct dn_pixels {
    const void *data;       /* the topmost row's first pixel */
    int width, height;      /* pixels, each at least 1 */
    dn_pixel_format format; /* of every pixel */
    ptrdiff_t stride;       /* bytes from a row to the one below it; negative where rows lie bottom to top */
} dn_pixels;

/* A picture with a copy of `pixels`, orientation 0 and frames 0. On failure *out is cleared: DN_ERR_ARGUMENT
 * names a size below 1, an unknown format, or a stride, whatever its sign, that is less than a row's
 * bytes; DN_ERR_IMAGE_TOO_LARGE; DN_ERR_MEMORY. */
DN_API dn_status dn_image_from_pixels(dn_image *out, const dn_pixels *pixels, dn_error *error);

/* dn_image_from_pixels() and dn_image_to_input(), with their `preprocessing` and `flip`, in one: the same
 * bits and the same failures. RGB without gaps between its rows is read where it lies; of anything else a
 * copy is made for the time of the call. Such pixels have no EXIF: exif_rotate changes nothing. */
DN_API dn_status dn_pixels_to_input(const dn_pixels *pixels, const dn_preprocessing *preprocessing, int flip,
                                    float *out, dn_error *error);

#ifdef __cplusplus
}
#endif

#endif
