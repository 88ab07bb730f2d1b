/* SPDX-License-Identifier: MIT */
/* Sequence headers: HEVC's sequence parameter set (ITU-T H.265, 7.3.2.2 and 7.3.3) and AV1's sequence
 * header OBU (AV1 bitstream specification, 5.5), up to the size. */
#include "io/heif_coded.h"

#include <stdbool.h>

/* Bits, the highest of each byte first; behind the end zeros. */
typedef struct bit_reader {
    const unsigned char *bytes;
    size_t size, at; /* at: bits */
} bit_reader;

static unsigned next_bit(bit_reader *r) {
    const size_t byte = r->at / 8, bit = 7 - r->at % 8;
    r->at++;
    return byte < r->size ? r->bytes[byte] >> bit & 1u : 0;
}

static uint64_t next_bits(bit_reader *r, int count) {
    uint64_t value = 0;
    while (count-- > 0) value = value << 1 | next_bit(r);
    return value;
}

/* Exponential Golomb code, unsigned. */
static uint64_t next_golomb(bit_reader *r) {
    int zeros = 0;
    while (zeros < 32 && !next_bit(r)) zeros++;
    return ((uint64_t)1 << zeros) - 1 + next_bits(r, zeros);
}

/* ---- HEVC ---- */

static void skip_profile_tier_level(bit_reader *r, int sub_layers) {
    enum { PROFILE = 88, LEVEL = 8, MOST = 7 };
    bool has_profile[MOST], has_level[MOST];
    r->at += PROFILE + LEVEL;
    for (int i = 0; i < sub_layers; i++) {
        has_profile[i] = next_bit(r);
        has_level[i] = next_bit(r);
    }
    if (sub_layers > 0) r->at += 2 * (size_t)(8 - sub_layers);
    for (int i = 0; i < sub_layers; i++)
        r->at += (has_profile[i] ? (size_t)PROFILE : 0) + (has_level[i] ? (size_t)LEVEL : 0);
}

static uint64_t pixels_of_parameter_set(const unsigned char *unit, size_t size) {
    enum { NAL_HEAD = 2, ENOUGH = 160 };
    unsigned char plain[ENOUGH];
    size_t count = 0;
    int zeros = 0;
    for (size_t i = NAL_HEAD; i < size && count < ENOUGH; i++) {
        const bool is_emulation_prevention = zeros >= 2 && unit[i] == 3;
        zeros = unit[i] == 0 ? zeros + 1 : 0;
        if (!is_emulation_prevention) plain[count++] = unit[i];
    }
    bit_reader r = {.bytes = plain, .size = count};
    next_bits(&r, 4);
    const int sub_layers = (int)next_bits(&r, 3);
    next_bit(&r);
    skip_profile_tier_level(&r, sub_layers);
    next_golomb(&r);
    if (next_golomb(&r) == 3) next_bit(&r); /* colour planes of their own */
    const uint64_t limit = (uint64_t)1 << 31, width = next_golomb(&r), height = next_golomb(&r);
    return (width < limit ? width : limit) * (height < limit ? height : limit);
}

uint64_t dni_hevc_coded_pixels(const unsigned char *bytes, size_t size, int length_bytes) {
    enum { SEQUENCE_PARAMETER_SET = 33 };
    uint64_t most = 0;
    for (size_t at = 0; size - at >= (size_t)length_bytes + 2;) {
        size_t length = 0;
        for (int i = 0; i < length_bytes; i++) length = length << 8 | bytes[at++];
        if (length > size - at) length = size - at;
        const unsigned char *const unit = bytes + at;
        if (length > 2 && (unit[0] >> 1 & 63) == SEQUENCE_PARAMETER_SET) {
            const uint64_t pixels = pixels_of_parameter_set(unit, length);
            most = pixels > most ? pixels : most;
        }
        at += length;
    }
    return most;
}

/* ---- AV1 ---- */

static void skip_operating_points(bit_reader *r, bool has_decoder_model, int delay_bits) {
    const bool has_initial_delay = next_bit(r);
    const int points = (int)next_bits(r, 5) + 1;
    for (int i = 0; i < points; i++) {
        next_bits(r, 12);
        if (next_bits(r, 5) > 7) next_bit(r); /* tier */
        if (has_decoder_model && next_bit(r)) next_bits(r, 2 * delay_bits + 1);
        if (has_initial_delay && next_bit(r)) next_bits(r, 4);
    }
}

static uint64_t pixels_of_sequence_header(const unsigned char *unit, size_t size) {
    bit_reader r = {.bytes = unit, .size = size};
    next_bits(&r, 4); /* profile, still picture */
    if (next_bit(&r)) {
        next_bits(&r, 5); /* level of a reduced header */
    } else {
        bool has_decoder_model = false;
        int delay_bits = 0;
        if (next_bit(&r)) { /* timing */
            next_bits(&r, 64);
            if (next_bit(&r)) next_golomb(&r);
            has_decoder_model = next_bit(&r);
            if (has_decoder_model) {
                delay_bits = (int)next_bits(&r, 5) + 1;
                next_bits(&r, 32 + 5 + 5);
            }
        }
        skip_operating_points(&r, has_decoder_model, delay_bits);
    }
    const int width_bits = (int)next_bits(&r, 4) + 1, height_bits = (int)next_bits(&r, 4) + 1;
    const uint64_t width = next_bits(&r, width_bits) + 1, height = next_bits(&r, height_bits) + 1;
    return width * height;
}

uint64_t dni_av1_coded_pixels(const unsigned char *bytes, size_t size) {
    enum { SEQUENCE_HEADER = 1 };
    uint64_t most = 0;
    for (size_t at = 0; at < size;) {
        const int head = bytes[at++], type = head >> 3 & 15;
        const bool has_extension = head & 4, has_size = head & 2;
        at += has_extension;
        uint64_t length = 0;
        bool goes_on = has_size;
        for (int shift = 0; goes_on && shift < 56 && at < size; shift += 7) {
            length |= (uint64_t)(bytes[at] & 127) << shift;
            goes_on = bytes[at++] & 128;
        }
        if (at > size) break;
        if (!has_size || length > size - at) length = size - at;
        if (type == SEQUENCE_HEADER) {
            const uint64_t pixels = pixels_of_sequence_header(bytes + at, (size_t)length);
            most = pixels > most ? pixels : most;
        }
        at += (size_t)length;
    }
    return most;
}
