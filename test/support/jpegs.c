/* SPDX-License-Identifier: MIT */
/* Making JPEG files. */
#include "test/support/jpegs.h"

#include "core/rng.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static void encode_rows(struct jpeg_compress_struct *encoder) {
    dni_rng rng = dni_rng_named(1, "noise");
    const size_t samples = encoder->image_width * (size_t)encoder->input_components;
    JSAMPLE *const row = malloc(samples);
    assert_non_null(row);
    for (unsigned y = 0; y < encoder->image_height; y++) {
        for (size_t i = 0; i < samples; i++) row[i] = (JSAMPLE)(dni_rng_below(&rng, 256));
        JSAMPROW rows[] = {row};
        jpeg_write_scanlines(encoder, rows, 1);
    }
    free(row);
}

jpeg encode_jpeg_colours(const jpeg_recipe *how, unsigned width, unsigned height, J_COLOR_SPACE colours,
                         int channels) {
    static const jpeg_scan_info separate[] = {
        {1, {0}, 0, 63, 0, 0}, {1, {1}, 0, 63, 0, 0}, {1, {2}, 0, 63, 0, 0}};
    struct jpeg_compress_struct encoder;
    struct jpeg_error_mgr messages;
    jpeg out = {NULL, 0};
    unsigned long size = 0;
    encoder.err = jpeg_std_error(&messages);
    jpeg_create_compress(&encoder);
    jpeg_mem_dest(&encoder, &out.bytes, &size);
    encoder.image_width = width;
    encoder.image_height = height;
    encoder.input_components = channels;
    encoder.in_color_space = colours;
    jpeg_set_defaults(&encoder);
    if (channels == 3)
        encoder.comp_info[0].h_samp_factor = encoder.comp_info[0].v_samp_factor = how->luma_sampling;
    encoder.restart_interval = how->restart_interval;
    encoder.arith_code = how->is_arithmetic;
    if (how->is_progressive) jpeg_simple_progression(&encoder);
    if (how->has_separate_scans) {
        encoder.scan_info = separate;
        encoder.num_scans = 3;
    }
    jpeg_start_compress(&encoder, TRUE);
    encode_rows(&encoder);
    jpeg_finish_compress(&encoder);
    jpeg_destroy_compress(&encoder);
    out.size = size;
    return out;
}

jpeg encode_jpeg(const jpeg_recipe *how, unsigned width, unsigned height) {
    return how->is_grey ? encode_jpeg_colours(how, width, height, JCS_GRAYSCALE, 1)
                        : encode_jpeg_colours(how, width, height, JCS_RGB, 3);
}

jpeg splice_jpeg(const jpeg *file, size_t at, size_t removed, const void *inserted, size_t count) {
    jpeg out = {malloc(file->size + count), file->size + count - removed};
    assert_non_null(out.bytes);
    memcpy(out.bytes, file->bytes, at);
    memcpy(out.bytes + at, inserted, count);
    memcpy(out.bytes + at + count, file->bytes + at + removed, file->size - at - removed);
    return out;
}

size_t find_jpeg_marker(const jpeg *file, int marker) {
    for (size_t at = 2; at + 4 <= file->size;
         at += 2 + ((size_t)file->bytes[at + 2] << 8 | file->bytes[at + 3])) {
        assert_int_equal(file->bytes[at], 0xFF);
        if (file->bytes[at + 1] == marker) return at;
        assert_int_not_equal(file->bytes[at + 1], MARKER_SOS);
    }
    fail_msg("no marker 0x%02x", (unsigned)marker);
    return 0;
}

size_t find_jpeg_scan_data(const jpeg *file) {
    const size_t at = find_jpeg_marker(file, MARKER_SOS);
    return at + 2 + file->bytes[at + 3];
}
