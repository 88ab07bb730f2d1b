/* SPDX-License-Identifier: MIT */
/* Inputs that were kept, as tests: each file of test/fuzz/corpus/DOOR/ goes through the target of that door,
 * of which this program, test_DOOR, is made. A target that finds something ends the process; the last line
 * then names the input. */
#include "test/fuzz/fuzz.h"

#include "io/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void replay(const char *path) {
    dni_file_content content;
    dn_error error;
    if (dni_file_load(&content, path, &error)) fail_msg("%s", error.message);
    /* of exactly that size, so that a sanitizer sees what is read behind the end */
    uint8_t *const bytes = malloc(content.size ? content.size : 1);
    assert_non_null(bytes);
    if (content.size) memcpy(bytes, content.data, content.size);
    fprintf(stderr, "%s\n", path);
    assert_int_equal(LLVMFuzzerTestOneInput(bytes, content.size), 0);
    free(bytes);
    dni_file_unload(&content);
}

static void test_every_kept_input_is_taken_or_refused_as_it_should_be(void **state) {
    const char *const folder = *state;
    dni_listing listing;
    dn_error error;
    if (dni_list_folder(&listing, folder, &error)) fail_msg("%s", error.message);
    assert_true(listing.count > 0);
    for (size_t i = 0; i < listing.count; i++) {
        char *const path = dni_path_join(folder, listing.names[i]);
        assert_non_null(path);
        replay(path);
        free(path);
    }
    dni_listing_free(&listing);
    if (!fuzz_has_taken()) fail_msg("%s: every input is refused", folder);
}

int main(int argc, char **argv) {
    (void)argc;
    const char *const name = dni_path_name(argv[0]), *const door = strchr(name, '_');
    static char folder[200];
    snprintf(folder, sizeof folder, "test/fuzz/corpus/%s", door ? door + 1 : name);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(test_every_kept_input_is_taken_or_refused_as_it_should_be, folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
