/* SPDX-License-Identifier: MIT */
/* A walk over the first folder of EXIF's TIFF. */
#include "io/exif.h"

#include <string.h>

enum { TAG_MAKE = 0x010F, TAG_MODEL = 0x0110, TAG_ORIENTATION = 0x0112, TAG_SOFTWARE = 0x0131 };
enum { TIFF_SHORT = 3 };

typedef struct tiff {
    const unsigned char *bytes;
    size_t size;
    bool big_endian;
} tiff;

/* Callers have checked that the file has bytes there. */
static unsigned read_16(const tiff *file, size_t at) {
    const unsigned a = file->bytes[at], b = file->bytes[at + 1];
    return file->big_endian ? a << 8 | b : b << 8 | a;
}

static size_t read_32(const tiff *file, size_t at) {
    const size_t a = read_16(file, at), b = read_16(file, at + 2);
    return file->big_endian ? a << 16 | b : b << 16 | a;
}

static void note_entry(dni_exif *out, const tiff *file, size_t at) {
    const unsigned tag = read_16(file, at);
    out->has_camera |= tag == TAG_MAKE || tag == TAG_MODEL;
    out->has_software |= tag == TAG_SOFTWARE;
    if (tag != TAG_ORIENTATION || read_16(file, at + 2) != TIFF_SHORT) return;
    const unsigned value = read_16(file, at + 8);
    if (value >= 1 && value <= 8) out->orientation = (int)value;
}

void dni_exif_read(dni_exif *out, const unsigned char *bytes, size_t size) {
    *out = (dni_exif){.orientation = 0};
    if (size < 8) return;
    tiff file = {.bytes = bytes, .size = size};
    if (memcmp(bytes, "MM\0\x2A", 4) == 0)
        file.big_endian = true;
    else if (memcmp(bytes, "II\x2A\0", 4) != 0)
        return;
    const size_t folder = read_32(&file, 4);
    if (folder > size - 2) return;
    const size_t entries = read_16(&file, folder);
    for (size_t i = 0; i < entries; i++) {
        const size_t at = folder + 2 + 12 * i;
        if (size < 12 || at > size - 12) return;
        note_entry(out, &file, at);
    }
}
