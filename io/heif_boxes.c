/* SPDX-License-Identifier: MIT */
/* A walk over the boxes of a file, as far as it takes to know that it is whole. */
#include "io/heif_boxes.h"

#include "core/error.h"
#include "io/image_header.h"

#include <limits.h>
#include <string.h>

typedef struct box {
    char type[5];
    uint64_t content, end; /* positions */
} box;

static uint64_t big_endian(const unsigned char *bytes, int count) {
    uint64_t value = 0;
    for (int i = 0; i < count; i++) value = value << 8 | bytes[i];
    return value;
}

/* The box that begins at `at` and must end at `end` or before. */
static dn_status read_box(box *out, const dni_image_source *source, uint64_t at, uint64_t end,
                          dn_error *error) {
    enum { HEAD = 8, LONG_HEAD = 16 };
    unsigned char head[LONG_HEAD];
    dn_status status = dni_image_source_read(source, head, HEAD, at, error);
    if (status) return status;
    uint64_t size = big_endian(head, 4), head_size = HEAD;
    if (size == 1) {
        status = dni_image_source_read(source, head + HEAD, HEAD, at + HEAD, error);
        if (status) return status;
        size = big_endian(head + HEAD, 8);
        head_size = LONG_HEAD;
    } else if (size == 0) {
        size = end - at; /* up to the end */
    }
    memcpy(out->type, head + 4, 4);
    out->type[4] = 0;
    if (size < head_size)
        return dni_fail(error, DN_ERR_IMAGE_CORRUPT,
                        "%s: the HEIF file is broken (a box of %llu bytes at byte %llu)", source->name,
                        (unsigned long long)size, (unsigned long long)at);
    if (size > end - at)
        return dni_fail(error, DN_ERR_IMAGE_TRUNCATED, "%s: the HEIF file ends early", source->name);
    out->content = at + head_size;
    out->end = at + size;
    return DN_OK;
}

/* How many samples the longest track of a sequence has, as its table of their sizes says. */
static dn_status count_samples(int *most, const dni_image_source *source, uint64_t at, uint64_t end,
                               int depth, dn_error *error) {
    static const char *const way[] = {"trak", "mdia", "minf", "stbl", "stsz"};
    enum { COUNT_AT = 8, COUNT_BYTES = 4, LAST = sizeof way / sizeof *way - 1 };
    while (end - at >= 8) {
        box found;
        dn_status status = read_box(&found, source, at, end, error);
        unsigned char count[COUNT_BYTES];
        if (!status && strcmp(found.type, way[depth]) == 0) {
            if (depth < LAST)
                status = count_samples(most, source, found.content, found.end, depth + 1, error);
            else
                status = dni_image_source_read(source, count, COUNT_BYTES, found.content + COUNT_AT, error);
            if (!status && depth == LAST && big_endian(count, COUNT_BYTES) <= INT_MAX &&
                (int)big_endian(count, COUNT_BYTES) > *most)
                *most = (int)big_endian(count, COUNT_BYTES);
        }
        if (status) return status;
        at = found.end;
    }
    return DN_OK;
}

/* AVIF has its brand among those that a file is compatible with, whatever its first one is. */
static dn_status read_brands(dni_heif_boxes *out, const dni_image_source *source, const box *of,
                             dn_error *error) {
    dn_status status = DN_OK;
    for (uint64_t at = of->content; !status && of->end - at >= 4; at += 4) {
        char brand[5] = "";
        status = dni_image_source_read(source, brand, 4, at, error);
        out->is_av1 |= strcmp(brand, "avif") == 0 || strcmp(brand, "avis") == 0;
    }
    return status;
}

dn_status dni_heif_walk(dni_heif_boxes *out, const dni_image_source *source, dn_error *error) {
    *out = (dni_heif_boxes){.samples = 0};
    for (uint64_t at = 0; at < source->size;) {
        box found;
        dn_status status = read_box(&found, source, at, source->size, error);
        if (status)
            return out->has_meta && status == DN_ERR_IMAGE_CORRUPT ? DN_OK : status; /* trailing bytes */
        if (strcmp(found.type, "meta") == 0 && !out->has_meta) {
            out->has_meta = true;
            out->meta_at = found.content;
            out->meta_end = found.end;
        }
        if (strcmp(found.type, "ftyp") == 0) status = read_brands(out, source, &found, error);
        if (strcmp(found.type, "moov") == 0)
            status = count_samples(&out->samples, source, found.content, found.end, 0, error);
        if (status) return status;
        at = found.end;
    }
    return out->has_meta
               ? DN_OK
               : dni_image_unsupported(source->name, error, "a HEIF file without a still picture in it");
}
