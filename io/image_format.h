/* SPDX-License-Identifier: MIT */
/* The formats of pictures: one table, which decoding, the naming of files and `ftrain info` take them
 * from. */
#ifndef DN_IO_IMAGE_FORMAT_H
#define DN_IO_IMAGE_FORMAT_H

#include "io/image.h"
#include "io/image_source.h"

#include <stdbool.h>
#include <stddef.h>

/* Reads files of one format. A codec whose library was not there when this one was built has its name
 * alone. */
typedef struct dni_image_codec {
    const char *library;                     /* as messages name it */
    void (*version)(char *out, size_t size); /* of the library that is loaded */
    /* Reads the head: all of *out but the format. The size is checked to be at least 1 x 1. */
    dn_status (*describe)(dn_image_info *out, dni_image_source *source, dn_error *error);
    /* Decodes; all bytes of the source are held. Fails as dn_image_decode() does. */
    dn_status (*decode)(dn_image *out, dni_image_source *source, dn_error *error);
    /* Loads what the library would load when it is first used; NULL: nothing. */
    void (*prepare)(void);
} dni_image_codec;

enum { DNI_SIGNATURES = 8 };

typedef struct dni_signature {
    size_t at, size;
    const char *bytes;
} dni_signature;

typedef struct dni_image_format {
    const char *name;       /* "JPEG" */
    const char *article;    /* "a" or "an" */
    const char *extensions; /* of file names, the usual one first, with blanks around each: " jpg jpeg " */
    const dni_image_codec *codec;
    dni_signature signatures[DNI_SIGNATURES]; /* any of them; the first of size 0 is the end */
    /* In place of signatures, after everything that has one was ruled out. */
    bool (*is_likely)(const unsigned char *bytes, size_t size);
} dni_image_format;

/* The formats by number, from 0 on. */
enum { DNI_IMAGE_FORMATS = 14 };
const dni_image_format *dni_image_format_at(size_t i);
/* Its number. */
size_t dni_image_format_index(const dni_image_format *format);

/* Before a process gives up opening files: what decoders consist of is loaded. */
void dni_image_formats_prepare(void);

/* The format of a file that begins so, whether or not there is a decoder for it; NULL: none that is
 * known here. DNI_FORMAT_BYTES bytes are enough; fewer only where the file has no more. */
enum { DNI_FORMAT_BYTES = 256 };
const dni_image_format *dni_image_format_find(const unsigned char *bytes, size_t size);

/* The same, of what can be decoded; DN_ERR_IMAGE_UNSUPPORTED says of anything else what it seems to be. */
dn_status dni_image_format_require(const dni_image_format **out, const unsigned char *bytes, size_t size,
                                   const char *name, dn_error *error);

/* Whether a file's name ends as those of pictures do. */
bool dni_is_image_name(const char *path);

#endif
