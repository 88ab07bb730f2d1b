/* SPDX-License-Identifier: MIT */
/* Sequence headers of HEVC and AV1, put together bit by bit as the specifications list their fields: whatever
 * optional fields stand before the size, it is found behind them. */
#include "io/heif_coded.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include <cmocka.h>

enum { WIDTH = 1234, HEIGHT = 567, ROOM = 512 };

typedef struct bit_writer {
    unsigned char bytes[ROOM];
    size_t at; /* bits */
} bit_writer;

static void put_bits(bit_writer *w, int count, uint64_t value) {
    for (int i = count - 1; i >= 0; i--, w->at++)
        if (i < 64 && value >> i & 1) w->bytes[w->at / 8] |= (unsigned char)(0x80 >> w->at % 8);
}

/* Exponential Golomb code: the zeros, then value + 1 in one bit more than there are zeros. */
static void put_golomb(bit_writer *w, uint64_t value) {
    int bits = 1;
    while ((value + 1) >> bits) bits++;
    put_bits(w, bits - 1, 0);
    put_bits(w, bits, value + 1);
}

static size_t whole_bytes(const bit_writer *w) {
    return (w->at + 7) / 8;
}

/* ---- HEVC ---- */

/* A sequence parameter set behind its length, where each of `sub_layers` has a profile, a level, or both. */
static bit_writer parameter_set(int sub_layers, bool has_profiles, bool has_levels, int chroma) {
    bit_writer w = {.at = 0};
    put_bits(&w, 16, 0);           /* the length, below */
    put_bits(&w, 16, 33 << 9 | 1); /* type; layer 0, temporal id 1 */
    put_bits(&w, 4, 0);            /* video parameter set */
    put_bits(&w, 3, (uint64_t)sub_layers);
    put_bits(&w, 1, 1);
    for (int i = 0; i < 88; i++) put_bits(&w, 1, (uint64_t)(i % 3 == 0)); /* never three zero bytes */
    put_bits(&w, 8, 93);
    for (int i = 0; i < sub_layers; i++) {
        put_bits(&w, 1, has_profiles);
        put_bits(&w, 1, has_levels);
    }
    for (int i = sub_layers; sub_layers && i < 8; i++) put_bits(&w, 2, 0);
    for (int i = 0; i < sub_layers; i++) {
        for (int k = 0; has_profiles && k < 88; k++) put_bits(&w, 1, (uint64_t)(k % 3 == 1));
        if (has_levels) put_bits(&w, 8, 60);
    }
    put_golomb(&w, 5); /* id */
    put_golomb(&w, (uint64_t)chroma);
    if (chroma == 3) put_bits(&w, 1, 0);
    put_golomb(&w, WIDTH);
    put_golomb(&w, HEIGHT);
    put_bits(&w, 16, 0xffff);
    w.bytes[0] = (unsigned char)((whole_bytes(&w) - 2) >> 8);
    w.bytes[1] = (unsigned char)(whole_bytes(&w) - 2);
    return w;
}

static void test_hevc_sub_layers_stand_before_the_size(void **state) {
    (void)state;
    for (int sub_layers = 0; sub_layers <= 7; sub_layers++)
        for (int which = 0; which < 8; which++) {
            const bit_writer w = parameter_set(sub_layers, which & 1, which & 2, which & 4 ? 3 : 1);
            const uint64_t pixels = dni_hevc_coded_pixels(w.bytes, whole_bytes(&w), 2);
            if (pixels != (uint64_t)WIDTH * HEIGHT)
                fail_msg("%d sub-layers, form %d: %llu pixels", sub_layers, which,
                         (unsigned long long)pixels);
        }
}

static void test_of_several_hevc_units_the_largest_counts(void **state) {
    (void)state;
    const bit_writer w = parameter_set(0, false, false, 1);
    unsigned char both[3 * ROOM] = {0, 4, 1 << 1, 1, 0, 0}; /* another unit first */
    memcpy(both + 6, w.bytes, whole_bytes(&w));
    assert_int_equal(dni_hevc_coded_pixels(both, 6 + whole_bytes(&w), 2), WIDTH * HEIGHT);
    assert_int_equal(dni_hevc_coded_pixels(both, 6, 2), 0);
    assert_int_equal(dni_hevc_coded_pixels(both, 0, 2), 0);
}

/* A length beyond the end of the bytes is taken as their end. */
static void test_an_hevc_unit_that_is_cut_short_is_read_to_its_end(void **state) {
    (void)state;
    bit_writer w = parameter_set(2, true, true, 1);
    w.bytes[0] = w.bytes[1] = 0xff;
    assert_int_equal(dni_hevc_coded_pixels(w.bytes, whole_bytes(&w), 2), WIDTH * HEIGHT);
}

/* ---- AV1 ---- */

/* Which of the optional fields a sequence header has. */
typedef struct av1_form {
    bool is_reduced, has_timing, has_equal_intervals, has_decoder_model, has_display_delays;
    int points, level;
} av1_form;

static void put_timing(bit_writer *w, const av1_form *form) {
    put_bits(w, 1, form->has_timing);
    if (!form->has_timing) return;
    put_bits(w, 32, 1);
    put_bits(w, 32, 25);
    put_bits(w, 1, form->has_equal_intervals);
    if (form->has_equal_intervals) put_golomb(w, 300);
    put_bits(w, 1, form->has_decoder_model);
    if (!form->has_decoder_model) return;
    put_bits(w, 5, 9); /* delays of 10 bits */
    put_bits(w, 32, 77);
    put_bits(w, 5, 3);
    put_bits(w, 5, 4);
}

static void put_points(bit_writer *w, const av1_form *form) {
    put_bits(w, 1, form->has_display_delays);
    put_bits(w, 5, (uint64_t)form->points - 1);
    for (int i = 0; i < form->points; i++) {
        put_bits(w, 12, 0xabc);
        put_bits(w, 5, (uint64_t)form->level);
        if (form->level > 7) put_bits(w, 1, 1);
        if (form->has_timing && form->has_decoder_model) {
            put_bits(w, 1, i % 2 == 0);
            if (i % 2 == 0) put_bits(w, 2 * 10 + 1, 0x155555);
        }
        if (form->has_display_delays) {
            put_bits(w, 1, i % 2 == 1);
            if (i % 2 == 1) put_bits(w, 4, 7);
        }
    }
}

static bit_writer sequence_header(const av1_form *form) {
    bit_writer w = {.at = 0};
    put_bits(&w, 8, 1 << 3); /* type; neither extension nor size */
    put_bits(&w, 4, 1);      /* profile, still picture */
    put_bits(&w, 1, form->is_reduced);
    if (form->is_reduced)
        put_bits(&w, 5, (uint64_t)form->level);
    else {
        put_timing(&w, form);
        put_points(&w, form);
    }
    put_bits(&w, 4, 11 - 1);
    put_bits(&w, 4, 10 - 1);
    put_bits(&w, 11, WIDTH - 1);
    put_bits(&w, 10, HEIGHT - 1);
    put_bits(&w, 16, 0xffff);
    return w;
}

static void test_av1_timing_and_operating_points_stand_before_the_size(void **state) {
    (void)state;
    for (int which = 0; which < 64; which++) {
        const av1_form form = {.is_reduced = which == 63,
                               .has_timing = which & 1,
                               .has_equal_intervals = which & 2,
                               .has_decoder_model = which & 4,
                               .has_display_delays = which & 8,
                               .points = which & 16 ? 5 : 1,
                               .level = which & 32 ? 8 : 7};
        const bit_writer w = sequence_header(&form);
        const uint64_t pixels = dni_av1_coded_pixels(w.bytes, whole_bytes(&w));
        if (pixels != (uint64_t)WIDTH * HEIGHT)
            fail_msg("form %d: %llu pixels", which, (unsigned long long)pixels);
    }
}

/* Units with an extension, with sizes of one byte and of two. */
static void test_av1_units_are_walked_over_by_their_sizes(void **state) {
    (void)state;
    const bit_writer w = sequence_header(&(av1_form){.points = 1});
    unsigned char units[2 * ROOM] = {2 << 3 | 2, 0, 5 << 3 | 4 | 2, 0, 0x81, 0x01}; /* 0 bytes; 129 bytes */
    size_t size = 6 + 129;
    units[size++] = 1 << 3 | 2;
    units[size++] = (unsigned char)(whole_bytes(&w) - 1);
    memcpy(units + size, w.bytes + 1, whole_bytes(&w) - 1);
    size += whole_bytes(&w) - 1;
    assert_int_equal(dni_av1_coded_pixels(units, size), WIDTH * HEIGHT);
    assert_int_equal(dni_av1_coded_pixels(units, 6 + 129), 0);
    assert_int_equal(dni_av1_coded_pixels(units, 3), 0); /* the extension is behind the end */
    assert_int_equal(dni_av1_coded_pixels(units, 0), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hevc_sub_layers_stand_before_the_size),
        cmocka_unit_test(test_of_several_hevc_units_the_largest_counts),
        cmocka_unit_test(test_an_hevc_unit_that_is_cut_short_is_read_to_its_end),
        cmocka_unit_test(test_av1_timing_and_operating_points_stand_before_the_size),
        cmocka_unit_test(test_av1_units_are_walked_over_by_their_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
