/* SPDX-License-Identifier: MIT */
/* What JPEG headers tell. Files are libjpeg-turbo's, with segments put in by hand as the standards lay them
 * out. */
#include "core/rng.h"
#include "io/jpeg.h"
#include "io/jpeg_facts.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <turbojpeg.h>

typedef struct jpeg {
    unsigned char *bytes;
    size_t size;
} jpeg;

static dn_image noise(int width, int height) {
    dn_image image = {.width = width, .height = height, .rgb = malloc(3 * (size_t)width * (size_t)height)};
    assert_non_null(image.rgb);
    dni_rng rng = dni_rng_named(1, "noise");
    for (int i = 0; i < 3 * width * height; i++) image.rgb[i] = (uint8_t)(255 * dni_rng_uniform(&rng));
    return image;
}

static jpeg plain(int quality) {
    dn_image image = noise(40, 24);
    jpeg out;
    dn_error error;
    assert_int_equal(dni_jpeg_encode(&out.bytes, &out.size, &image, quality, DNI_CHROMA_420, &error), DN_OK);
    dn_image_free(&image);
    return out;
}

static jpeg encoded(int subsampling, int flags) {
    dn_image image = noise(40, 24);
    unsigned char *bytes = NULL;
    unsigned long size = 0;
    tjhandle encoder = tjInitCompress();
    assert_int_equal(
        tjCompress2(encoder, image.rgb, 40, 0, 24, TJPF_RGB, &bytes, &size, subsampling, 80, flags), 0);
    tjDestroy(encoder);
    jpeg out = {malloc(size), size};
    assert_non_null(out.bytes);
    memcpy(out.bytes, bytes, size);
    tjFree(bytes);
    dn_image_free(&image);
    return out;
}

/* The segment `marker` with that body, right behind the start of the image. Takes the file over. */
static jpeg with_segment(jpeg file, int marker, const void *body, size_t length) {
    jpeg out = {malloc(file.size + length + 4), file.size + length + 4};
    assert_non_null(out.bytes);
    memcpy(out.bytes, file.bytes, 2);
    const unsigned char head[] = {0xFF, (unsigned char)marker, (unsigned char)((length + 2) >> 8),
                                  (unsigned char)(length + 2)};
    memcpy(out.bytes + 2, head, 4);
    memcpy(out.bytes + 6, body, length);
    memcpy(out.bytes + 6 + length, file.bytes + 2, file.size - 2);
    free(file.bytes);
    return out;
}

static dni_jpeg_facts facts_of(const jpeg *file) {
    dni_jpeg_facts facts;
    assert_true(dni_jpeg_facts_read(&facts, file->bytes, file->size));
    return facts;
}

static void test_every_quality_of_libjpeg_is_told(void **state) {
    (void)state;
    for (int quality = 1; quality <= 100; quality++) {
        jpeg file = plain(quality);
        const dni_jpeg_facts facts = facts_of(&file);
        assert_int_equal(facts.quality, quality);
        assert_true(facts.is_standard);
        assert_int_equal(facts.width, 40);
        assert_int_equal(facts.height, 24);
        free(file.bytes);
    }
}

static void test_a_table_of_ones_own_is_not_standard(void **state) {
    (void)state;
    jpeg file = plain(75);
    for (size_t i = 2; i + 20 < file.size; i++)
        if (file.bytes[i] == 0xFF && file.bytes[i + 1] == 0xDB) {
            file.bytes[i + 10]++;
            break;
        }
    const dni_jpeg_facts facts = facts_of(&file);
    assert_false(facts.is_standard);
    assert_in_range(facts.quality, 74, 76);
    free(file.bytes);
}

static void test_chroma_and_kind_are_told(void **state) {
    (void)state;
    static const struct {
        int subsampling, flags, components, x, y;
        bool progressive;
    } cases[] = {
        {TJSAMP_444, 0, 3, 1, 1, false},  {TJSAMP_422, 0, 3, 2, 1, false},
        {TJSAMP_420, 0, 3, 2, 2, false},  {TJSAMP_440, 0, 3, 1, 2, false},
        {TJSAMP_GRAY, 0, 1, 0, 0, false}, {TJSAMP_420, TJFLAG_PROGRESSIVE, 3, 2, 2, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        jpeg file = encoded(cases[i].subsampling, cases[i].flags);
        const dni_jpeg_facts facts = facts_of(&file);
        assert_int_equal(facts.components, cases[i].components);
        assert_int_equal(facts.chroma_x, cases[i].x);
        assert_int_equal(facts.chroma_y, cases[i].y);
        assert_int_equal(facts.is_progressive, cases[i].progressive);
        assert_int_equal(facts.quality, 80);
        free(file.bytes);
    }
}

/* Two entries: Make, which lies elsewhere, and orientation 6. */
static const unsigned char exif_big[] =
    "Exif\0\0MM\0\x2A\0\0\0\x08\0\x02\x01\x0F\0\x02\0\0\0\x06\0\0\0\x26"
    "\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
static const unsigned char exif_little[] =
    "Exif\0\0II\x2A\0\x08\0\0\0\x02\0\x31\x01\x02\0\x06\0\0\0\x26\0\0\0"
    "\x12\x01\x03\0\x01\0\0\0\x03\0\0\0\0\0\0\0";

static void test_exif_is_read_in_both_byte_orders(void **state) {
    (void)state;
    jpeg big = with_segment(plain(75), 0xE1, exif_big, sizeof exif_big - 1);
    dni_jpeg_facts facts = facts_of(&big);
    assert_true(facts.has_exif);
    assert_true(facts.has_camera);
    assert_false(facts.has_software);
    assert_int_equal(facts.orientation, 6);
    free(big.bytes);
    jpeg little = with_segment(plain(75), 0xE1, exif_little, sizeof exif_little - 1);
    facts = facts_of(&little);
    assert_false(facts.has_camera);
    assert_true(facts.has_software);
    assert_int_equal(facts.orientation, 3);
    free(little.bytes);
}

static void test_profiles_and_xmp_are_noticed(void **state) {
    (void)state;
    static const char xmp[] = "http://ns.adobe.com/xap/1.0/\0<x/>", icc[] = "ICC_PROFILE\0\1\1";
    jpeg file = with_segment(with_segment(plain(75), 0xE1, xmp, sizeof xmp), 0xE2, icc, sizeof icc);
    const dni_jpeg_facts facts = facts_of(&file);
    assert_true(facts.has_xmp);
    assert_true(facts.has_icc);
    assert_false(facts.has_exif);
    free(file.bytes);
}

/* Decoders read them over, and so do the facts. */
static void test_stray_bytes_and_empty_segments_are_skipped(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
    } strays[] = {{"\x11\x22", 2}, {"\xff\0\x11", 3}, {"\xff\xff", 2}, {"\xff\xd0", 2}, {"\xff\xe3\0\0", 4}};
    const jpeg file = plain(75);
    const dni_jpeg_facts expected = facts_of(&file);
    for (size_t i = 0; i < sizeof strays / sizeof *strays; i++) {
        jpeg odd = {malloc(file.size + strays[i].size), file.size + strays[i].size};
        assert_non_null(odd.bytes);
        memcpy(odd.bytes, file.bytes, 2);
        memcpy(odd.bytes + 2, strays[i].bytes, strays[i].size);
        memcpy(odd.bytes + 2 + strays[i].size, file.bytes + 2, file.size - 2);
        const dni_jpeg_facts facts = facts_of(&odd);
        assert_int_equal(facts.quality, expected.quality);
        assert_int_equal(facts.width, expected.width);
        free(odd.bytes);
    }
    free(file.bytes);
}

/* Under the sanitizers a byte read too far ends the test; so each file is as long as its memory. */
static void test_cut_and_broken_files_do_no_harm(void **state) {
    (void)state;
    jpeg file = with_segment(plain(75), 0xE1, exif_big, sizeof exif_big - 1);
    size_t refused = 0;
    for (size_t size = 0; size < 700 && size < file.size; size++) {
        unsigned char *bytes = malloc(size + 1);
        memcpy(bytes + 1, file.bytes, size);
        dni_jpeg_facts facts;
        if (!dni_jpeg_facts_read(&facts, bytes + 1, size)) {
            refused++;
            assert_int_equal(facts.width, 0);
        }
        free(bytes);
    }
    assert_true(refused > 100); /* all that end before the frame header */
    dni_rng rng = dni_rng_named(2, "flips");
    for (int i = 0; i < 20000; i++) {
        const size_t at = (size_t)(dni_rng_uniform(&rng) * 700);
        const unsigned char was = file.bytes[at];
        file.bytes[at] = (unsigned char)(256 * dni_rng_uniform(&rng));
        dni_jpeg_facts facts;
        if (dni_jpeg_facts_read(&facts, file.bytes, file.size)) {
            assert_in_range(facts.quality, 0, 100);
            assert_in_range(facts.orientation, 0, 8);
        }
        if (i % 8) file.bytes[at] = was;
    }
    free(file.bytes);
}

static void test_other_files_are_refused(void **state) {
    (void)state;
    dni_jpeg_facts facts;
    assert_false(dni_jpeg_facts_read(&facts, (const unsigned char *)"\x89PNG\r\n\x1A\n", 8));
    assert_false(dni_jpeg_facts_read(&facts, (const unsigned char *)"", 0));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_quality_of_libjpeg_is_told),
        cmocka_unit_test(test_a_table_of_ones_own_is_not_standard),
        cmocka_unit_test(test_chroma_and_kind_are_told),
        cmocka_unit_test(test_exif_is_read_in_both_byte_orders),
        cmocka_unit_test(test_profiles_and_xmp_are_noticed),
        cmocka_unit_test(test_stray_bytes_and_empty_segments_are_skipped),
        cmocka_unit_test(test_cut_and_broken_files_do_no_harm),
        cmocka_unit_test(test_other_files_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
