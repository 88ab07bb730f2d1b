/* SPDX-License-Identifier: MIT */
/* Making PNG files. */
#include "test/support/pngs.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static void put_big(unsigned char *bytes, uint32_t value) {
    for (int i = 0; i < 4; i++) bytes[i] = (unsigned char)(value >> (24 - 8 * i));
}

/* CRC-32, bit by bit. */
static uint32_t crc(const unsigned char *bytes, size_t size) {
    uint32_t c = UINT32_MAX;
    for (size_t i = 0; i < size; i++) {
        c ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) c = c & 1 ? UINT32_C(0xedb88320) ^ (c >> 1) : c >> 1;
    }
    return ~c;
}

/* Adds a chunk whose body is at file->data + file->size + 8 already. */
static void close_chunk(file_bytes *file, const char *kind, size_t length) {
    unsigned char *const chunk = file->data + file->size;
    put_big(chunk, (uint32_t)length);
    memcpy(chunk + 4, kind, 4);
    put_big(chunk + 8 + length, crc(chunk + 4, 4 + length));
    file->size += length + 12;
}

static void put_bits(unsigned char *bytes, size_t *at, unsigned bits, int count) {
    for (int i = 0; i < count; i++, ++*at)
        if (bits >> i & 1) bytes[*at / 8] |= (unsigned char)(1 << *at % 8);
}

/* Deflate (RFC 1951) with its fixed codes: a zero, then runs of 258 that repeat it, then single ones. Bytes
 * must be zeros before. Returns how many it takes. */
static size_t deflate_zeros(unsigned char *bytes, size_t zeros) {
    enum { LITERAL_ZERO = 0x0c, RUN_OF_258 = 0xa3, RUN = 258 }; /* the codes' bits in the order of writing */
    size_t at = 0;
    memcpy(bytes, "\x78\x01", 2);
    at = 16;
    put_bits(bytes, &at, 3, 3); /* the last block, of fixed codes */
    for (size_t done = 0; done < zeros;) {
        if (done && zeros - done >= RUN) {
            put_bits(bytes, &at, RUN_OF_258, 8);
            put_bits(bytes, &at, 0, 5); /* distance 1 */
            done += RUN;
        } else {
            put_bits(bytes, &at, LITERAL_ZERO, 8);
            done++;
        }
    }
    put_bits(bytes, &at, 0, 7); /* end of block */
    return (at + 7) / 8 + 4;    /* and a checksum that no decoder here looks at */
}

file_bytes make_png(const png_recipe *how) {
    file_bytes file = {calloc(how->zeros / 128 + 1024, 1), 8};
    assert_non_null(file.data);
    memcpy(file.data, "\x89PNG\r\n\x1a\n", 8);
    unsigned char *const header = file.data + 16;
    put_big(header, how->width);
    put_big(header + 4, how->height);
    header[8] = how->depth;
    header[9] = how->colour_type;
    header[12] = how->interlace;
    close_chunk(&file, "IHDR", 13);
    close_chunk(&file, "IDAT", deflate_zeros(file.data + file.size + 8, how->zeros));
    close_chunk(&file, "IEND", 0);
    return file;
}

void sign_png_header(unsigned char *file) {
    put_big(file + 29, crc(file + 12, 17));
}
