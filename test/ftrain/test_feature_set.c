/* SPDX-License-Identifier: MIT */
/* Feature sets: the same vectors from a file and from memory, and sets made of other sets. */
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

/* A set of the pictures first .. first + count - 1, whose vectors lie in an array. */
static feature_set make_set(feature_vectors *vectors, int first, int count) {
    feature_set set = {.view_count = VIEWS,
                       .width = WIDTH,
                       .vectors = feature_vectors_share(vectors),
                       .rows = malloc((size_t)(count * VIEWS) * sizeof *set.rows),
                       .labels = malloc((size_t)count * sizeof *set.labels),
                       .count = count};
    assert_true(set.rows && set.labels);
    for (int i = 0; i < count; i++) {
        set.labels[i] = (first + i) % 3;
        for (int v = 0; v < VIEWS; v++) set.rows[i * VIEWS + v] = (uint32_t)((first + i) * VIEWS + v);
    }
    return set;
}

static feature_vectors *vectors_in_memory(void) {
    float *values = malloc(sizeof(float[PICTURES * VIEWS * WIDTH]));
    assert_non_null(values);
    for (int i = 0; i < PICTURES * VIEWS; i++) fill_vector(values + i * WIDTH, i / VIEWS, i % VIEWS);
    feature_vectors *vectors;
    assert_int_equal(feature_vectors_of_array(&vectors, values, WIDTH), OUTCOME_OK);
    return vectors;
}

/* The same vectors in a feature store, where keys decide on their order. */
static feature_vectors *vectors_in_store(void **state, uint32_t rows[PICTURES * VIEWS]) {
    dni_feature_store *store;
    assert_int_equal(
        dni_feature_store_open(&store, folder_path(state, "s.safetensors"), "p", WIDTH, NULL, NULL, NULL),
        DN_OK);
    for (int i = 0; i < PICTURES * VIEWS; i++) {
        float vector[WIDTH];
        fill_vector(vector, i / VIEWS, i % VIEWS);
        const dni_key key = dni_key_of_bytes(&i, sizeof i);
        assert_int_equal(dni_feature_store_put(store, &key, vector, NULL), DN_OK);
    }
    assert_int_equal(dni_feature_store_finish(store, NULL), DN_OK);
    for (int i = 0; i < PICTURES * VIEWS; i++) {
        const dni_key key = dni_key_of_bytes(&i, sizeof i);
        assert_true(dni_feature_store_row(store, &key, &rows[i]));
    }
    feature_vectors *vectors;
    assert_int_equal(feature_vectors_of_store(&vectors, store), OUTCOME_OK);
    dni_feature_store_close(store);
    return vectors;
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
    (void)state;
    feature_vectors *vectors = vectors_in_memory();
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
    (void)state;
    const int groups[] = {7, 5, 7, 7};
    feature_vectors *vectors = vectors_in_memory();
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

/* A head's log-probabilities of the second set, after both were held where they fit. */
static void score(void **state, size_t limit, bool expect_held, float out[PICTURES * 2]) {
    static uint32_t rows[PICTURES * VIEWS];
    feature_vectors *vectors = vectors_in_store(state, rows);
    feature_set sets[2] = {make_set(vectors, 0, 10), make_set(vectors, 10, PICTURES - 10)};
    for (int i = 0; i < 10 * VIEWS; i++) sets[0].rows[i] = rows[i];
    for (int i = 0; i < (PICTURES - 10) * VIEWS; i++) sets[1].rows[i] = rows[10 * VIEWS + i];
    assert_int_equal(feature_sets_hold(sets, 2, limit), OUTCOME_OK);
    assert_int_equal(sets[1].vectors != vectors, expect_held);
    feature_vectors_release(vectors);
    assert_vectors(&sets[0], (int[]){0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, 10, VIEWS);
    dn_head *head;
    assert_int_equal(dn_head_create(&head, WIDTH, 2, NULL, NULL), DN_OK);
    assert_int_equal(set_log_probabilities(head, &sets[1], out, NULL), DN_OK);
    dn_head_free(head);
    for (int s = 0; s < 2; s++) feature_set_free(&sets[s]);
}

static void test_vectors_are_the_same_from_the_file_and_from_memory(void **state) {
    static float streamed[PICTURES * 2], held[PICTURES * 2];
    const size_t size = sizeof(float[PICTURES * VIEWS * WIDTH]);
    score(state, size - 1, false, streamed);
    score(state, size, true, held);
    assert_memory_equal(streamed, held, sizeof streamed);
    score(state, 0, false, held);
    assert_memory_equal(streamed, held, sizeof streamed);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_joined_set_has_both_one_after_the_other),
        cmocka_unit_test(test_a_group_is_taken_in_order_with_the_views_asked_for),
        cmocka_unit_test_setup_teardown(test_vectors_are_the_same_from_the_file_and_from_memory,
                                        folder_set_up, folder_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
