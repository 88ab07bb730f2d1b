/* SPDX-License-Identifier: MIT */
/* Perceptual hashes and groups of duplicates. */
#include "core/rng.h"
#include "io/duplicates.h"
#include "io/perceptual_hash.h"
#include "test/support/files.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Soft blobs at places drawn from the seed, the same scene at any size: brightness from a sum of six
 * cosines. */
static dn_image scene(uint64_t seed, int width, int height) {
    dn_image image = {.width = width, .height = height, .rgb = malloc(3 * (size_t)width * (size_t)height)};
    assert_non_null(image.rgb);
    float wave[6][4];
    dni_rng rng = dni_rng_named(seed, "scene");
    for (int i = 0; i < 6; i++)
        for (int k = 0; k < 4; k++) wave[i][k] = dni_rng_uniform(&rng);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            float value = 128;
            for (int i = 0; i < 6; i++)
                value += 18 * cosf(20 * wave[i][0] * ((float)x + 0.5f) / (float)width +
                                   20 * wave[i][1] * ((float)y + 0.5f) / (float)height + 6 * wave[i][2]);
            uint8_t *const pixel = image.rgb + 3 * ((size_t)y * (size_t)width + (size_t)x);
            pixel[0] = (uint8_t)value;
            pixel[1] = (uint8_t)(0.8f * value);
            pixel[2] = (uint8_t)(0.6f * value + 20);
        }
    return image;
}

static uint64_t hash_of(const dn_image *image) {
    uint64_t hash;
    dn_error error = {0};
    if (dni_perceptual_hash(&hash, image, &error)) fail_msg("%s", error.message);
    return hash;
}

static uint64_t scene_hash(uint64_t seed, int width, int height) {
    dn_image image = scene(seed, width, height);
    const uint64_t hash = hash_of(&image);
    dn_image_free(&image);
    return hash;
}

static void test_distance_counts_differing_bits(void **state) {
    (void)state;
    assert_int_equal(dni_perceptual_distance(0, 0), 0);
    assert_int_equal(dni_perceptual_distance(0, ~(uint64_t)0), 64);
    assert_int_equal(dni_perceptual_distance(0x8000000000000001u, 0x0000000000000003u), 2);
}

static void test_another_size_hardly_changes_the_hash(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 50; seed++) {
        const uint64_t hash = scene_hash(seed, 240, 240);
        assert_in_range(dni_perceptual_distance(hash, scene_hash(seed, 120, 120)), 0, DNI_NEAR_DISTANCE);
        assert_in_range(dni_perceptual_distance(hash, scene_hash(seed, 480, 300)), 0, DNI_NEAR_DISTANCE);
    }
}

static void test_brightness_and_noise_hardly_change_the_hash(void **state) {
    (void)state;
    dni_rng rng = dni_rng_named(1, "noise");
    for (uint64_t seed = 0; seed < 50; seed++) {
        dn_image image = scene(seed, 200, 160);
        const uint64_t hash = hash_of(&image);
        for (size_t i = 0; i < 3 * 200 * 160; i++)
            image.rgb[i] = (uint8_t)(0.9f * (float)image.rgb[i] + 8 * dni_rng_uniform(&rng));
        assert_in_range(dni_perceptual_distance(hash, hash_of(&image)), 0, DNI_NEAR_DISTANCE);
        dn_image_free(&image);
    }
}

static void test_other_scenes_are_far(void **state) {
    (void)state;
    uint64_t hashes[50];
    for (uint64_t seed = 0; seed < 50; seed++) hashes[seed] = scene_hash(seed, 100, 100);
    for (int i = 0; i < 50; i++)
        for (int j = 0; j < i; j++)
            assert_true(dni_perceptual_distance(hashes[i], hashes[j]) > DNI_NEAR_DISTANCE);
}

static void test_flat_pictures_have_the_flat_hash(void **state) {
    (void)state;
    dni_rng rng = dni_rng_named(2, "flat");
    for (int level = 0; level < 256; level += 17) {
        uint8_t rgb[3 * 64 * 48];
        const dn_image image = {.width = 64, .height = 48, .rgb = rgb};
        memset(rgb, level, sizeof rgb);
        assert_true(hash_of(&image) == DNI_PERCEPTUAL_FLAT);
        for (size_t i = 0; i < sizeof rgb; i++) rgb[i] = (uint8_t)(rgb[i] ^ (dni_rng_next(&rng) & 1));
        assert_true(hash_of(&image) == DNI_PERCEPTUAL_FLAT);
    }
}

static void test_bands_are_not_flat_and_directions_differ(void **state) {
    (void)state;
    uint8_t across[3 * 64 * 64], down[3 * 64 * 64];
    for (int y = 0; y < 64; y++)
        for (int x = 0; x < 64; x++) {
            memset(across + 3 * (64 * y + x), 3 * x, 3);
            memset(down + 3 * (64 * y + x), 3 * y, 3);
        }
    const uint64_t a = hash_of(&(dn_image){.width = 64, .height = 64, .rgb = across});
    const uint64_t b = hash_of(&(dn_image){.width = 64, .height = 64, .rgb = down});
    assert_true(a != DNI_PERCEPTUAL_FLAT && b != DNI_PERCEPTUAL_FLAT);
    assert_true(dni_perceptual_distance(a, b) > DNI_NEAR_DISTANCE);
}

static void test_the_smallest_and_the_thinnest_pictures_are_taken(void **state) {
    (void)state;
    uint8_t one[3] = {10, 200, 30};
    assert_true(hash_of(&(dn_image){.width = 1, .height = 1, .rgb = one}) == DNI_PERCEPTUAL_FLAT);
    dn_image thin = scene(3, 1, 20000);
    assert_true(hash_of(&thin) != DNI_PERCEPTUAL_FLAT);
    dn_image_free(&thin);
}

/* ---- groups ---- */

static dni_fingerprint made(int content, uint64_t phash) {
    return (dni_fingerprint){.content = dni_key_of_bytes(&content, sizeof content), .phash = phash};
}

static void assert_groups(const uint32_t *found, const uint32_t *expected, size_t count) {
    for (size_t i = 0; i < count; i++) assert_int_equal(found[i], expected[i]);
}

static void test_same_bytes_make_a_group_named_by_its_first(void **state) {
    (void)state;
    const dni_fingerprint pictures[] = {made(5, 1), made(3, 2), made(5, 1),
                                        made(4, 3), made(3, 2), made(5, 1)};
    uint32_t group[6];
    assert_int_equal(dni_group_same(group, pictures, 6, NULL), DN_OK);
    assert_groups(group, (const uint32_t[]){0, 1, 0, 3, 1, 0}, 6);
}

static void test_near_looks_join_and_lead_on(void **state) {
    (void)state;
    const dni_fingerprint pictures[] = {made(1, 0xff00), made(2, 0xf0f0000000000000), made(3, 0xff0f),
                                        made(4, 0xffff), made(2, 0x1)};
    uint32_t group[5];
    /* 0xff00 to 0xff0f: 4 bits; 0xff0f to 0xffff: 4; 0xff00 to 0xffff: 8, but through the one between */
    assert_int_equal(dni_group_near(group, pictures, 5, 4, NULL), DN_OK);
    assert_groups(group, (const uint32_t[]){0, 1, 0, 0, 1}, 5);
    assert_int_equal(dni_group_near(group, pictures, 5, 3, NULL), DN_OK);
    assert_groups(group, (const uint32_t[]){0, 1, 2, 3, 1}, 5);
}

static void test_flat_pictures_join_by_bytes_alone(void **state) {
    (void)state;
    const dni_fingerprint pictures[] = {made(1, DNI_PERCEPTUAL_FLAT), made(2, DNI_PERCEPTUAL_FLAT),
                                        made(3, 0x3), made(1, DNI_PERCEPTUAL_FLAT)};
    uint32_t group[4];
    assert_int_equal(dni_group_near(group, pictures, 4, 4, NULL), DN_OK);
    assert_groups(group, (const uint32_t[]){0, 1, 2, 0}, 4);
}

static void test_no_pictures_are_no_groups(void **state) {
    (void)state;
    uint32_t group;
    assert_int_equal(dni_group_same(&group, NULL, 0, NULL), DN_OK);
    assert_int_equal(dni_group_near(&group, NULL, 0, 4, NULL), DN_OK);
}

/* The oracle: components by spreading the lowest index along every edge until nothing changes. */
static void test_near_groups_are_the_connected_components(void **state) {
    (void)state;
    enum { COUNT = 120 };
    dni_rng rng = dni_rng_named(4, "looks");
    dni_fingerprint pictures[COUNT];
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < COUNT; i++)
            pictures[i] = made((int)dni_rng_below(&rng, 200), dni_rng_next(&rng) & 0xffff);
        uint32_t group[COUNT], expected[COUNT];
        for (uint32_t i = 0; i < COUNT; i++) expected[i] = i;
        for (int changed = 1; changed;) {
            changed = 0;
            for (int i = 0; i < COUNT; i++)
                for (int j = 0; j < COUNT; j++) {
                    const int same = memcmp(&pictures[i].content, &pictures[j].content, sizeof(dni_key)) == 0;
                    const uint64_t a = pictures[i].phash, b = pictures[j].phash;
                    if ((same || (a && b && dni_perceptual_distance(a, b) <= 2)) && expected[i] > expected[j])
                        expected[i] = expected[j], changed = 1;
                }
        }
        assert_int_equal(dni_group_near(group, pictures, COUNT, 2, NULL), DN_OK);
        assert_groups(group, expected, COUNT);
    }
}

static void test_ten_thousand_pictures_are_compared(void **state) {
    (void)state;
    enum { COUNT = 10000 };
    dni_fingerprint *const pictures = malloc(COUNT * sizeof *pictures);
    uint32_t *const group = malloc(COUNT * sizeof *group);
    assert_non_null(pictures);
    assert_non_null(group);
    dni_rng rng = dni_rng_named(5, "looks");
    for (int i = 0; i < COUNT; i++) pictures[i] = made(i, dni_rng_next(&rng));
    pictures[COUNT - 1].phash = pictures[17].phash ^ 0x11;
    assert_int_equal(dni_group_near(group, pictures, COUNT, DNI_NEAR_DISTANCE, NULL), DN_OK);
    for (uint32_t i = 0; i < COUNT - 1; i++) assert_int_equal(group[i], i);
    assert_int_equal(group[COUNT - 1], 17);
    free(pictures);
    free(group);
}

/* ---- files ---- */

static void test_a_file_has_the_key_of_its_bytes_and_the_hash_of_its_pixels(void **state) {
    (void)state;
    char *const folder = make_folder();
    char path[600], small_path[600], bytes[32 + 3 * 60 * 60];
    dn_image image = scene(6, 60, 60);
    int size = snprintf(bytes, 32, "P6 60 60 255\n");
    memcpy(bytes + size, image.rgb, 3 * 60 * 60);
    size += 3 * 60 * 60;
    snprintf(path, sizeof path, "%s/a.ppm", folder);
    snprintf(small_path, sizeof small_path, "%s/cut.ppm", folder);
    write_whole(path, bytes, (size_t)size);
    write_whole(small_path, bytes, (size_t)size - 1);

    dni_fingerprint found;
    dn_error error = {0};
    assert_int_equal(dni_fingerprint_of_file(&found, path, &error), DN_OK);
    const dni_key key = dni_key_of_bytes(bytes, (size_t)size);
    assert_memory_equal(&found.content, &key, sizeof key);
    assert_true(found.phash == hash_of(&image));
    assert_int_equal(dni_fingerprint_of_file(&found, small_path, &error), DN_ERR_IMAGE_TRUNCATED);
    assert_non_null(strstr(error.message, "cut.ppm"));
    assert_int_equal(dni_fingerprint_of_file(&found, folder, &error), DN_ERR_FILE_KIND);
    dn_image_free(&image);
    remove_folder(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_distance_counts_differing_bits),
        cmocka_unit_test(test_another_size_hardly_changes_the_hash),
        cmocka_unit_test(test_brightness_and_noise_hardly_change_the_hash),
        cmocka_unit_test(test_other_scenes_are_far),
        cmocka_unit_test(test_flat_pictures_have_the_flat_hash),
        cmocka_unit_test(test_bands_are_not_flat_and_directions_differ),
        cmocka_unit_test(test_the_smallest_and_the_thinnest_pictures_are_taken),
        cmocka_unit_test(test_same_bytes_make_a_group_named_by_its_first),
        cmocka_unit_test(test_near_looks_join_and_lead_on),
        cmocka_unit_test(test_flat_pictures_join_by_bytes_alone),
        cmocka_unit_test(test_no_pictures_are_no_groups),
        cmocka_unit_test(test_near_groups_are_the_connected_components),
        cmocka_unit_test(test_ten_thousand_pictures_are_compared),
        cmocka_unit_test(test_a_file_has_the_key_of_its_bytes_and_the_hash_of_its_pixels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
