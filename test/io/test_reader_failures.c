/* SPDX-License-Identifier: MIT */
/* Pictures read ahead, when the machine fails: whichever thread it meets, the reader ends, and no picture is
 * taken for broken. */
#include "core/error.h"
#include "io/reader.h"
#include "test/support/failures.h"
#include "test/support/files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { READ_AHEAD = 6, SIDE = 8 };

static char read_ahead[READ_AHEAD][800];

static _Atomic int released;

static void count_released(void *user_data) {
    (void)user_data;
    released++;
}

static bool name_picture(void *context, dni_reader_job *out) {
    static const dni_view views[] = {{.flip = false}, {.flip = true}, {.kind = DNI_VIEW_BLUR, .amount = 1}};
    int *const next = context;
    if (*next == READ_AHEAD) return false;
    *out = (dni_reader_job){
        .path = read_ahead[(*next)++], .views = views, .view_count = (int)(sizeof views / sizeof *views)};
    return true;
}

static void make_pictures(const char *folder) {
    for (int i = 0; i < READ_AHEAD; i++) {
        unsigned char ppm[13 + 3 * 10 * 12] = "P6 10 12 255\n";
        for (size_t at = 13; at < sizeof ppm; at++) ppm[at] = (unsigned char)(at * at * (size_t)(i + 3) >> 3);
        snprintf(read_ahead[i], sizeof read_ahead[i], "%s/ahead%d.ppm", folder, i);
        write_whole(read_ahead[i], ppm, i == 3 ? sizeof ppm / 2 : sizeof ppm); /* one is broken */
    }
}

/* All pictures by so many threads. One that cannot be read counts with its reason; the machine's failure is
 * none, and ends the run in the middle of the pictures. */
static dn_status read_pictures(const void *threads, uint64_t *digest, dn_error *error) {
    const dn_preprocessing preprocessing = {
        .resize = SIDE, .crop = SIDE, .mean = {0.5f, 0.4f, 0.3f}, .std = {0.2f, 0.2f, 0.2f}};
    int next = 0;
    released = 0;
    const dni_reader_options options = {.preprocessing = &preprocessing,
                                        .next = name_picture,
                                        .release = count_released,
                                        .context = &next,
                                        .threads = *(const int *)threads,
                                        .batch = 2,
                                        .fingerprint = true};
    dni_reader *reader;
    dn_status status = dni_reader_create(&reader, &options, error);
    if (status) {
        assert_null(reader);
        assert_int_equal(next, 0);
    }
    while (!status) {
        const dni_reader_run run = dni_reader_take(reader);
        if (!run.count) break;
        if (run.error && dni_status_is_machine(run.error->status)) status = run.error->status;
        if (run.error && error) *error = *run.error;
        if (run.error)
            digest_add(digest, run.error->message, strlen(run.error->message));
        else
            digest_add(digest, run.inputs, run.count * SIDE * SIDE * 3 * sizeof(float));
        for (size_t i = 0; !run.error && i < run.count; i++)
            digest_add(digest, &run.slots[i].print, sizeof run.slots[i].print);
        dni_reader_release(reader);
    }
    dni_reader_free(reader);
    assert_int_equal(released, next);
    return status;
}

static void test_pictures_read_ahead(void **state) {
    static const int threads[] = {1, 3};
    make_pictures(*state);
    for (int i = 0; i < 2; i++) {
        const scenario it = {
            .name = i ? "reading ahead on three threads" : "reading ahead on a thread",
            .run = read_pictures,
            .context = &threads[i],
        };
        fail_each_allocation(&it);
        fail_each_file_call(&it);
        disturb_each_file_call(&it);
        fail_each_thread(&it);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pictures_read_ahead),
    };
    return cmocka_run_group_tests_name("pictures read ahead, when the machine fails", tests, failures_set_up,
                                       folder_tear_down);
}
