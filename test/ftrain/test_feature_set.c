/* SPDX-License-Identifier: MIT */
/* Feature sets: vectors that are read from a store's file, and sets made of other sets. */
#include "ftrain/features/feature_set.h"

#include "test/support/files.h"

#include "ftrain/features/set_scores.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { WIDTH = 2, VIEWS = 2, PICTURES = 300 };

/* Picture i has the values 10 i, 10 i + 1 in its first view and 10 i + 5, 10 i + 6 in its second. */
static void fill_vector(float *out, int picture, int view) {
    out[0] = (float)(10 * picture + 5 * view);
    out[1] = out[0] + 1;
}

static dn_status open_store(void **state, dni_feature_store **out) {
    const dni_feature_store_options options = {
        .path = folder_path(state, "s.safetensors"), .provenance = "p", .features = WIDTH};
    return dni_feature_store_open(out, &options, NULL);
}

static uint32_t store_rows[PICTURES * VIEWS]; /* of each vector, in the store's file */

/* All vectors in a feature store, where keys decide on their order. */
static feature_vectors *make_store(void **state) {
    dni_feature_store *store;
    assert_int_equal(open_store(state, &store), DN_OK);
    for (int i = 0; i < PICTURES * VIEWS; i++) {
        float vector[WIDTH];
        fill_vector(vector, i / VIEWS, i % VIEWS);
        const dni_key key = dni_key_of_bytes(&i, sizeof i);
        assert_int_equal(dni_feature_store_put(store, &key, vector, NULL), DN_OK);
    }
    assert_int_equal(dni_feature_store_finish(store, NULL), DN_OK);
    for (int i = 0; i < PICTURES * VIEWS; i++) {
        const dni_key key = dni_key_of_bytes(&i, sizeof i);
        assert_true(dni_feature_store_row(store, &key, &store_rows[i]));
    }
    feature_vectors *vectors;
    assert_int_equal(feature_vectors_of_store(&vectors, store), OUTCOME_OK);
    dni_feature_store_close(store);
    return vectors;
}

/* A set of the pictures first .. first + count - 1. */
static feature_set make_set(feature_vectors *vectors, int first, int count) {
    feature_set set = {.view_count = VIEWS,
                       .width = WIDTH,
                       .vectors = feature_vectors_share(vectors),
                       .rows = malloc((size_t)(count * VIEWS) * sizeof *set.rows),
                       .labels = malloc((size_t)count * sizeof *set.labels),
                       .count = count};
    assert_true(set.rows && set.labels);
    memcpy(set.rows, store_rows + first * VIEWS, (size_t)(count * VIEWS) * sizeof *set.rows);
    for (int i = 0; i < count; i++) set.labels[i] = (first + i) % 3;
    return set;
}

/* `views` views of the pictures numbered in `pictures`. */
static void assert_vectors(const feature_set *set, const int *pictures, int count, int views) {
    const dn_feature_rows rows = feature_set_rows(set);
    assert_int_equal(set->count, count);
    assert_int_equal(rows.views, views);
    for (size_t i = 0; i < (size_t)(count * views); i++) {
        float found[WIDTH], expected[WIDTH];
        fill_vector(expected, pictures[i / (size_t)views], (int)i % views);
        assert_int_equal(rows.read(rows.context, &i, 1, found, NULL), DN_OK);
        assert_memory_equal(found, expected, sizeof found);
    }
}

static void test_a_joined_set_has_both_one_after_the_other(void **state) {
    feature_vectors *vectors = make_store(state);
    feature_set first = make_set(vectors, 0, 2), second = make_set(vectors, 7, 1), joined;
    feature_vectors_release(vectors);
    assert_int_equal(feature_set_join(&joined, &first, &second), OUTCOME_OK);
    feature_set_free(&first);
    feature_set_free(&second); /* the joined set's vectors stay */
    assert_vectors(&joined, (int[]){0, 1, 7}, 3, VIEWS);
    assert_memory_equal(joined.labels, ((int[]){0, 1, 1}), 3 * sizeof(int));
    feature_set_free(&joined);
}

static void test_a_group_is_taken_in_order_with_the_views_asked_for(void **state) {
    const int groups[] = {7, 5, 7, 7};
    feature_vectors *vectors = make_store(state);
    feature_set all = make_set(vectors, 0, 4), taken;
    feature_vectors_release(vectors);
    assert_int_equal(feature_set_take(&taken, &all, groups, 7, 1), OUTCOME_OK);
    assert_vectors(&taken, (int[]){0, 2, 3}, 3, 1);
    assert_memory_equal(taken.labels, ((int[]){0, 2, 0}), 3 * sizeof(int));
    feature_set_free(&taken);
    assert_int_equal(feature_set_take(&taken, &all, groups, 6, VIEWS), OUTCOME_OK);
    assert_int_equal(taken.count, 0);
    feature_set_free(&taken);
    feature_set_free(&all);
}

/* Of more pictures than are read at a time, and in two views, of which the first counts. */
static void test_a_head_says_the_same_of_a_set_as_of_an_array(void **state) {
    static float values[PICTURES * WIDTH], expected[PICTURES * 2], found[PICTURES * 2];
    for (int i = 0; i < PICTURES; i++) fill_vector(values + i * WIDTH, i, 0);
    feature_vectors *vectors = make_store(state);
    feature_set set = make_set(vectors, 0, PICTURES);
    feature_vectors_release(vectors);
    dn_head *head;
    assert_int_equal(dn_head_create(&head, WIDTH, 2, NULL, NULL), DN_OK);
    assert_int_equal(dn_head_log_probabilities(head, values, PICTURES, expected, NULL), DN_OK);
    assert_int_equal(set_log_probabilities(head, &set, found, NULL), DN_OK);
    assert_memory_equal(found, expected, sizeof found);
    dn_head_free(head);
    feature_set_free(&set);
}

/* Another program adds records and puts a new file in the place of the one that is read. */
static void test_a_set_reads_on_from_the_file_that_it_was_made_of(void **state) {
    feature_vectors *vectors = make_store(state);
    feature_set set = make_set(vectors, 0, 3);
    feature_vectors_release(vectors);
    dni_feature_store *store;
    const float vector[WIDTH] = {-1, -2};
    assert_int_equal(open_store(state, &store), DN_OK);
    for (int i = -1; i > -50; i--) {
        const dni_key key = dni_key_of_bytes(&i, sizeof i);
        assert_int_equal(dni_feature_store_put(store, &key, vector, NULL), DN_OK);
    }
    assert_int_equal(dni_feature_store_finish(store, NULL), DN_OK);
    dni_feature_store_close(store);
    assert_vectors(&set, (int[]){0, 1, 2}, 3, VIEWS);
    feature_set_free(&set);
}

int main(void) {
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_set_up, folder_tear_down)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_a_joined_set_has_both_one_after_the_other),
        IN_FOLDER(test_a_group_is_taken_in_order_with_the_views_asked_for),
        IN_FOLDER(test_a_head_says_the_same_of_a_set_as_of_an_array),
        IN_FOLDER(test_a_set_reads_on_from_the_file_that_it_was_made_of),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
