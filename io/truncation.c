/* SPDX-License-Identifier: MIT */
/* Walking from block to block of a file, format by format, to its end. */
#include "io/truncation.h"

#include "core/error.h"

#include <stdint.h>
#include <string.h>

static dn_status truncated(const char *format, const char *name, dn_error *error) {
    return dni_fail(error, DN_ERR_IMAGE_TRUNCATED, "%s: the %s file ends early", name, format);
}

/* --- PNG ------------------------------------------------------------------------------------------------ */

enum { PNG_SIGNATURE = 8, PNG_CHUNK_HEAD = 8, PNG_CHUNK_CRC = 4 };

/* CRC-32 of ISO 3309, least significant bit first, as the PNG specification, appendix D, defines it. */
static void crc_table(uint32_t table[256]) {
    for (uint32_t n = 0; n < 256; n++) {
        uint32_t c = n;
        for (int bit = 0; bit < 8; bit++) c = c & 1 ? UINT32_C(0xedb88320) ^ (c >> 1) : c >> 1;
        table[n] = c;
    }
}

static uint32_t crc(const uint32_t table[256], const unsigned char *bytes, size_t size) {
    uint32_t c = UINT32_C(0xffffffff);
    for (size_t i = 0; i < size; i++) c = table[(c ^ bytes[i]) & 0xff] ^ (c >> 8);
    return ~c;
}

static uint32_t big_endian(const unsigned char *bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

dn_status dni_png_check(const unsigned char *bytes, size_t size, const char *name, dn_error *error) {
    uint32_t table[256];
    crc_table(table);
    size_t at = PNG_SIGNATURE;
    for (;;) {
        if (size - at < PNG_CHUNK_HEAD + PNG_CHUNK_CRC) return truncated("PNG", name, error);
        const size_t length = big_endian(bytes + at);
        if (length > size - at - PNG_CHUNK_HEAD - PNG_CHUNK_CRC) return truncated("PNG", name, error);
        const unsigned char *const type = bytes + at + 4;
        if (crc(table, type, 4 + length) != big_endian(type + 4 + length))
            return dni_fail(error, DN_ERR_IMAGE_CORRUPT,
                            "%s: the PNG file is broken (checksum of the chunk at byte %zu)", name, at);
        if (memcmp(type, "IEND", 4) == 0) return DN_OK;
        at += PNG_CHUNK_HEAD + length + PNG_CHUNK_CRC;
    }
}

/* --- GIF ------------------------------------------------------------------------------------------------ */

/* Reads bytes in order. After the last one it gives zeros and sets `ended`. */
typedef struct cursor {
    const unsigned char *bytes;
    size_t size, at;
    int ended;
} cursor;

static int next(cursor *c) {
    if (c->at < c->size) return c->bytes[c->at++];
    c->ended = 1;
    return 0;
}

static int next16(cursor *c) {
    const int low = next(c);
    return low | next(c) << 8;
}

static void skip(cursor *c, size_t count) {
    if (count > c->size - c->at) {
        c->ended = 1;
        c->at = c->size;
    } else {
        c->at += count;
    }
}

static void skip_sub_blocks(cursor *c) {
    for (int length = next(c); length != 0; length = next(c)) skip(c, (size_t)length);
}

static void skip_color_table(cursor *c, int flags) {
    if (flags & 0x80) skip(c, (size_t)3 << ((flags & 7) + 1));
}

/* Reads codes of a changing number of bits out of a chain of sub-blocks, least significant bit first. */
typedef struct code_reader {
    cursor *from;
    int left_in_block; /* bytes */
    uint32_t bits;
    int bit_count;
} code_reader;

/* -1 when the sub-blocks are used up. */
static int next_code(code_reader *r, int width) {
    while (r->bit_count < width) {
        if (r->left_in_block == 0) r->left_in_block = next(r->from);
        if (r->left_in_block == 0) return -1;
        r->bits |= (uint32_t)next(r->from) << r->bit_count;
        r->bit_count += 8;
        r->left_in_block--;
    }
    const int code = (int)(r->bits & ((1u << width) - 1));
    r->bits >>= width;
    r->bit_count -= width;
    return code;
}

enum { LZW_CODES = 4096, LZW_WIDEST = 12 };

/* How many pixels the LZW data at the cursor decode to; the count stops at `wanted`. Of the string that each
 * code stands for only the length is kept. The data end at the end code, with the sub-blocks, or at a code
 * that is not defined yet. */
static size_t coded_pixels(cursor *c, size_t wanted) {
    const int root_bits = next(c);
    if (root_bits < 1 || root_bits >= LZW_WIDEST) return 0;
    const int clear = 1 << root_bits, end = clear + 1;
    size_t length[LZW_CODES] = {0}, pixels = 0;
    for (int code = 0; code < clear; code++) length[code] = 1;

    code_reader codes = {.from = c};
    int width = root_bits + 1, used = end + 1, previous = -1;
    while (pixels < wanted) {
        const int code = next_code(&codes, width);
        if (code < 0 || code == end) break;
        if (code == clear) {
            width = root_bits + 1;
            used = end + 1;
            previous = -1;
            continue;
        }
        if (code > used || (code == used && (previous < 0 || used == LZW_CODES))) break;
        if (previous >= 0 && used < LZW_CODES) {
            length[used++] = length[previous] + 1;
            if (used == 1 << width && width < LZW_WIDEST) width++;
        }
        pixels += length[code];
        previous = code;
    }
    return pixels;
}

dn_status dni_gif_check(dni_gif_facts *out, const unsigned char *bytes, size_t size, const char *name,
                        dn_error *error) {
    enum { SIGNATURE_AND_SIZE = 10, TRAILER = 0x3B, EXTENSION = 0x21, GRAPHIC_CONTROL = 0xF9, FRAME = 0x2C };
    *out = (dni_gif_facts){.frames = 0};
    cursor c = {.bytes = bytes, .size = size};
    skip(&c, SIGNATURE_AND_SIZE);
    const int flags = next(&c);
    skip(&c, 2); /* background index, aspect ratio */
    skip_color_table(&c, flags);

    while (!c.ended) {
        const int block = next(&c);
        if (c.ended) break;
        if (block == TRAILER && out->frames > 0) return DN_OK;
        if (block == EXTENSION) {
            if (next(&c) == GRAPHIC_CONTROL && out->frames == 0) out->transparency = c.at + 1;
            skip_sub_blocks(&c);
        } else if (block == FRAME) {
            skip(&c, 4); /* left, top */
            const int width = next16(&c), height = next16(&c);
            skip_color_table(&c, next(&c));
            const size_t wanted = (size_t)width * (size_t)height;
            cursor data = c;
            skip(&c, 1); /* root bits of the codes */
            skip_sub_blocks(&c);
            if (!c.ended && out->frames == 0 && coded_pixels(&data, wanted) < wanted)
                return dni_fail(error, DN_ERR_IMAGE_CORRUPT,
                                "%s: the GIF file is broken (fewer pixels than %d x %d)", name, width,
                                height);
            out->frames++;
        } else {
            return dni_fail(error, DN_ERR_IMAGE_CORRUPT,
                            "%s: the GIF file is broken (block of kind 0x%02x at byte %zu)", name,
                            (unsigned)block, c.at - 1);
        }
    }
    return truncated("GIF", name, error);
}
