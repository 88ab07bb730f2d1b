/* SPDX-License-Identifier: MIT */
/* Views: names, parsing, and that each kind is the perturbation of its name. */
#include "io/perturb.h"
#include "io/view.h"
#include "test/support/pictures.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void assert_name(dni_view view, const char *expected) {
    char name[DNI_VIEW_NAME];
    dni_view_name(&view, name);
    assert_string_equal(name, expected);
}

static void test_names_say_kind_amount_and_mirroring(void **state) {
    (void)state;
    assert_name((dni_view){.kind = DNI_VIEW_PLAIN}, "plain");
    assert_name((dni_view){.flip = true}, "flip");
    assert_name((dni_view){DNI_VIEW_JPEG, 75, false}, "jpeg:75");
    assert_name((dni_view){DNI_VIEW_JPEG, 100, true}, "jpeg:100 flip");
    assert_name((dni_view){DNI_VIEW_BLUR, 0.1f, false}, "blur:0.1");
    assert_name((dni_view){DNI_VIEW_RESIZE, 0.25f, false}, "resize:0.25");
    assert_name((dni_view){DNI_VIEW_ZOOM, 1.5f, true}, "zoom:1.5 flip");
    assert_name((dni_view){DNI_VIEW_GREY, 0, false}, "grey");
}

static void test_amounts_that_differ_have_names_that_differ(void **state) {
    (void)state;
    char name[2][DNI_VIEW_NAME];
    dni_view_name(&(dni_view){DNI_VIEW_BLUR, 1.2345678f, true}, name[0]);
    dni_view_name(&(dni_view){DNI_VIEW_BLUR, 1.2345679f, true}, name[1]);
    assert_string_not_equal(name[0], name[1]);
}

static void test_every_name_reads_back_as_the_same_view(void **state) {
    (void)state;
    static const char *const names[] = {"jpeg:1",      "jpeg:100", "blur:0.1", "blur:32", "blur:1.2345678",
                                        "resize:0.01", "resize:1", "zoom:1",   "zoom:64", "grey"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        dni_view view;
        dn_error error;
        if (dni_view_parse(&view, names[i], &error)) fail_msg("%s", error.message);
        assert_name(view, names[i]);
    }
}

static void test_what_is_no_perturbation_is_refused_with_its_text(void **state) {
    (void)state;
    static const struct {
        const char *text, *part;
    } cases[] = {
        {"", "'' is not jpeg:QUALITY, blur:SIGMA"},
        {"sepia:3", "'sepia:3' is not jpeg:QUALITY"},
        {"plain", "'plain' is not jpeg:QUALITY"},
        {"jpeg", "'jpeg' is not jpeg:QUALITY"},
        {"grey:1", "'grey:1' is not jpeg:QUALITY"},
        {"jpe:75", "'jpe:75' is not"},
        {"jpeg:", "'jpeg:': '' is not a whole number from 1 to 100"},
        {"jpeg:0", "'0' is not a whole number from 1 to 100"},
        {"jpeg:101", "'101' is not a whole number from 1 to 100"},
        {"jpeg:7.5", "'7.5' is not a whole number"},
        {"blur:0", "'0' is not a number from 0.1 to 32"},
        {"blur:nan", "'nan' is not a number from 0.1 to 32"},
        {"blur:1e1", "'1e1' is not a number"},
        {"blur:1.2.3", "'1.2.3' is not a number"},
        {"resize:2", "'2' is not a number from 0.01 to 1"},
        {"zoom:-2", "'-2' is not a number from 1 to 64"},
        {"zoom:2 flip", "'2 flip' is not a number"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dni_view view;
        dn_error error = {.message = ""};
        assert_int_equal(dni_view_parse(&view, cases[i].text, &error), DN_ERR_ARGUMENT);
        if (!strstr(error.message, cases[i].part))
            fail_msg("'%s': the message is: %s", cases[i].text, error.message);
    }
}

static void test_lists_are_read_item_by_item(void **state) {
    (void)state;
    dni_view views[3];
    int count;
    assert_int_equal(dni_view_parse_list(views, 3, &count, "jpeg:75,grey,zoom:2", NULL), DN_OK);
    assert_int_equal(count, 3);
    assert_name(views[0], "jpeg:75");
    assert_name(views[1], "grey");
    assert_name(views[2], "zoom:2");
    assert_int_equal(dni_view_parse_list(views, 3, &count, "blur:1", NULL), DN_OK);
    assert_int_equal(count, 1);

    char long_item[300];
    memset(long_item, '7', sizeof long_item - 1);
    long_item[sizeof long_item - 1] = '\0';
    char long_number[100]; /* with something behind it that is none */
    snprintf(long_number, sizeof long_number, "resize:.%080d?", 0);
    long_number[8] = '5';
    const char *const wrong[] = {
        "", "grey,", ",grey", "grey,,grey", "grey,grey,grey,grey", "grey,jpeg:0", long_item, long_number};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(dni_view_parse_list(views, 3, &count, wrong[i], NULL), DN_ERR_ARGUMENT);
    *strchr(long_number, '?') = '\0';
    assert_int_equal(dni_view_parse_list(views, 3, &count, long_number, NULL), DN_OK);
    assert_name(views[0], "resize:0.5");
}

static void test_each_view_is_the_perturbation_of_its_name(void **state) {
    (void)state;
    dn_image image, out, expected[5];
    assert_int_equal(dn_image_load(&image, GOLDEN_PICTURES "/rgb.png", NULL), DN_OK);
    assert_int_equal(dni_perturb_jpeg(&expected[0], &image, 40, NULL), DN_OK);
    assert_int_equal(dni_perturb_blur(&expected[1], &image, 1.5, NULL), DN_OK);
    assert_int_equal(dni_perturb_resize(&expected[2], &image, 0.5, NULL), DN_OK);
    assert_int_equal(dni_perturb_zoom(&expected[3], &image, 2, NULL), DN_OK);
    assert_int_equal(dni_perturb_grey(&expected[4], &image, NULL), DN_OK);
    dni_view views[5];
    int count;
    assert_int_equal(dni_view_parse_list(views, 5, &count, "jpeg:40,blur:1.5,resize:0.5,zoom:2,grey", NULL),
                     DN_OK);
    for (int v = 0; v < 5; v++) {
        assert_int_equal(dni_view_apply(&views[v], &image, &out, NULL), DN_OK);
        assert_int_equal(out.width, expected[v].width);
        assert_int_equal(out.height, expected[v].height);
        const size_t bytes = 3 * (size_t)out.width * (size_t)out.height;
        assert_memory_equal(out.rgb, expected[v].rgb, bytes);
        if (v != 3) assert_memory_not_equal(out.rgb, image.rgb, bytes);
        dn_image_free(&out);
        dn_image_free(&expected[v]);
    }
    assert_int_equal(dni_view_apply(&(dni_view){.flip = true}, &image, &out, NULL), DN_OK);
    assert_null(out.rgb); /* mirroring is preprocessing's */
    dn_image_free(&image);
}

static void test_a_mirrored_view_is_the_mirror_of_the_perturbed_input(void **state) {
    (void)state;
    enum { SIDE = 32 };
    const dn_preprocessing p = {.resize = SIDE, .crop = SIDE, .std = {1, 1, 1}};
    dn_image image;
    assert_int_equal(dn_image_load(&image, GOLDEN_PICTURES "/rgb.png", NULL), DN_OK);
    float *const plain = malloc(2 * 3 * SIDE * SIDE * sizeof *plain), *const mirrored =
                                                                          plain + 3 * SIDE * SIDE;
    assert_non_null(plain);
    assert_int_equal(dni_view_to_input(&(dni_view){DNI_VIEW_BLUR, 2, false}, &image, &p, plain, NULL), DN_OK);
    assert_int_equal(dni_view_to_input(&(dni_view){DNI_VIEW_BLUR, 2, true}, &image, &p, mirrored, NULL),
                     DN_OK);
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++)
            assert_memory_equal(plain + 3 * (y * SIDE + x), mirrored + 3 * (y * SIDE + SIDE - 1 - x),
                                3 * sizeof *plain);
    free(plain);
    dn_image_free(&image);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_say_kind_amount_and_mirroring),
        cmocka_unit_test(test_amounts_that_differ_have_names_that_differ),
        cmocka_unit_test(test_every_name_reads_back_as_the_same_view),
        cmocka_unit_test(test_what_is_no_perturbation_is_refused_with_its_text),
        cmocka_unit_test(test_lists_are_read_item_by_item),
        cmocka_unit_test(test_each_view_is_the_perturbation_of_its_name),
        cmocka_unit_test(test_a_mirrored_view_is_the_mirror_of_the_perturbed_input),
    };
    return cmocka_run_group_tests_name("view", tests, NULL, NULL);
}
