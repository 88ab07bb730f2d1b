/* SPDX-License-Identifier: MIT */
/* Reading ahead gives the same sequence whatever the timing: every view in the order of the pictures, every
 * broken picture in its place, the user data of each released once. The oracle is the same work done one by
 * one. */
#include "io/reader.h"

#include "test/support/files.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SIDE = 32, FLOATS = 3 * SIDE * SIDE, KINDS = 4, MOST_VIEWS = 4 };

/* A view of each, and its mirror image, so that some come in pairs and some do not. */
static const dni_view views[MOST_VIEWS] = {{.flip = true}, {.flip = false}, {.flip = true}, {.flip = false}};

static const dn_preprocessing preprocessing = {
    .resize = 40, .crop = SIDE, .mean = {0.5f, 0.4f, 0.3f}, .std = {0.2f, 0.2f, 0.2f}};

/* Picture i of a list: of one of few kinds, the last of which is broken, in a changing number of views. */
typedef struct picture {
    int number, kind, view_count;
    dn_error error; /* status 0: none is known beforehand */
} picture;

static char *folder, *paths[KINDS];
static float expected[KINDS][2][FLOATS]; /* plain, mirrored */
static dni_fingerprint prints[KINDS];

typedef struct list {
    int next, count;
    int (*kind)(int number);
} list;

static pthread_mutex_t dropping = PTHREAD_MUTEX_INITIALIZER;
static int dropped;

static bool next_picture(void *context, dni_reader_job *out) {
    list *pictures = context;
    if (pictures->next == pictures->count) return false;
    picture *user_data = calloc(1, sizeof *user_data);
    if (!user_data) return false;
    user_data->number = pictures->next++;
    user_data->kind = pictures->kind(user_data->number);
    user_data->view_count = 1 + user_data->number % MOST_VIEWS;
    *out = (dni_reader_job){.user_data = user_data,
                            .path = paths[user_data->kind],
                            .views = views,
                            .view_count = user_data->view_count};
    if (user_data->number % 7 != 6) return true;
    user_data->error = (dn_error){.status = DN_ERR_NOT_FOUND, .message = "known beforehand"};
    out->error = &user_data->error;
    return true;
}

static void drop(void *user_data) {
    pthread_mutex_lock(&dropping);
    dropped++;
    pthread_mutex_unlock(&dropping);
    free(user_data);
}

static bool is_broken(const picture *p) {
    return p->error.status || p->kind == KINDS - 1;
}

static int make_pictures(void **state) {
    (void)state;
    folder = make_folder();
    for (int kind = 0; kind < KINDS; kind++) {
        unsigned char ppm[15 + 3 * 40 * 50] = "P6 40 50 255\n";
        const size_t header = strlen((char *)ppm), size = header + 3 * 40 * 50;
        for (size_t i = header; i < size; i++) ppm[i] = (unsigned char)(i * i * (size_t)(kind + 3) >> 4);
        paths[kind] = malloc(strlen(folder) + 16);
        if (!paths[kind]) return -1;
        sprintf(paths[kind], "%s/%d.ppm", folder, kind);
        write_whole(paths[kind], ppm, kind == KINDS - 1 ? size / 2 : size);
        dn_image image;
        if (dn_image_load(&image, paths[kind], NULL)) continue;
        if (dni_fingerprint_of_file(&prints[kind], paths[kind], NULL) || !prints[kind].phash) return -1;
        for (int flip = 0; flip < 2; flip++)
            if (dn_image_to_input(&image, &preprocessing, flip, expected[kind][flip], NULL)) return -1;
        dn_image_free(&image);
    }
    return 0;
}

static int remove_pictures(void **state) {
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) free(paths[kind]);
    remove_folder(folder);
    return 0;
}

/* Takes everything, or what comes before picture `until`, and checks it. */
static void read_list(list pictures, int threads, int batch, int until) {
    dropped = 0;
    const dni_reader_options options = {.preprocessing = &preprocessing,
                                        .next = next_picture,
                                        .release = drop,
                                        .context = &pictures,
                                        .threads = threads,
                                        .batch = batch,
                                        .fingerprint = batch % 2};
    dni_reader *reader;
    assert_int_equal(dni_reader_create(&reader, &options, NULL), DN_OK);
    int number = 0, view = 0;
    size_t done = 0;
    while (number < until) {
        const dni_reader_run run = dni_reader_take(reader);
        if (!run.count) break;
        assert_true(run.count <= (size_t)batch);
        assert_true(run.done >= done + run.count);
        done = run.done;
        for (size_t i = 0; i < run.count; i++) {
            const picture *p = run.slots[i].user_data;
            assert_int_equal(p->number, number);
            assert_ptr_equal(run.slots[i].view, &views[view]);
            assert_int_equal(run.error != NULL, is_broken(p));
            const dni_fingerprint none = {.phash = 0},
                                  *print = batch % 2 && !run.error ? &prints[p->kind] : &none;
            assert_memory_equal(run.slots[i].print.content.bytes, print->content.bytes, 16);
            assert_true(run.slots[i].print.phash == print->phash);
            if (!run.error)
                assert_memory_equal(run.inputs + i * FLOATS, expected[p->kind][views[view].flip],
                                    FLOATS * sizeof(float));
            else if (p->error.status)
                assert_string_equal(run.error->message, "known beforehand");
            else
                assert_non_null(strstr(run.error->message, paths[p->kind]));
            if (run.error || ++view == p->view_count) view = 0, number++;
        }
        dni_reader_release(reader);
    }
    dni_reader_free(reader);
    assert_int_equal(dropped, pictures.next);
    if (until < pictures.count) return;
    assert_int_equal(number, pictures.count);
    assert_int_equal(pictures.next, pictures.count);
}

static int mixed(int number) {
    return number < 3 ? KINDS - 1 : number * 5 % KINDS;
}

static int all_broken(int number) {
    (void)number;
    return KINDS - 1;
}

static void test_views_come_in_order_for_any_number_of_threads_and_slots(void **state) {
    (void)state;
    for (int threads = 1; threads <= 6; threads++)
        for (int batch = 1; batch <= 9; batch++)
            for (int count = 0; count < 60; count += 1 + count)
                read_list((list){0, count, mixed}, threads, batch, count);
}

static void test_a_list_without_a_good_picture_ends(void **state) {
    (void)state;
    for (int threads = 1; threads <= 4; threads++) read_list((list){0, 40, all_broken}, threads, 3, 40);
}

static void test_it_can_be_stopped_anywhere(void **state) {
    (void)state;
    for (int until = 0; until < 30; until++)
        read_list((list){0, 1000, mixed}, 1 + until % 5, 1 + until % 4, until);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_views_come_in_order_for_any_number_of_threads_and_slots),
        cmocka_unit_test(test_a_list_without_a_good_picture_ends),
        cmocka_unit_test(test_it_can_be_stopped_anywhere),
    };
    return cmocka_run_group_tests_name("reader", tests, make_pictures, remove_pictures);
}
