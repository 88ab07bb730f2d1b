/* SPDX-License-Identifier: MIT */
/* Searching among hashes, beside comparing with all of them. */
#include "core/rng.h"
#include "io/duplicates.h"
#include "io/hamming_index.h"
#include "io/perceptual_hash.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

typedef struct hash_set {
    const char *name;
    uint64_t (*hash)(dni_rng *rng, uint32_t i);
} hash_set;

static uint64_t flip(dni_rng *rng, uint64_t hash, int bits) {
    for (int i = 0; i < bits; i++) hash ^= (uint64_t)1 << dni_rng_below(rng, 64);
    return hash;
}

static uint64_t random_hash(dni_rng *rng, uint32_t i) {
    (void)i;
    return dni_rng_next(rng);
}

static uint64_t equal_hash(dni_rng *rng, uint32_t i) {
    (void)rng;
    (void)i;
    return 0x123456789abcdef0;
}

/* Around one of a few centres, which are random. */
static uint64_t clustered(dni_rng *rng, uint32_t i) {
    const uint64_t centre = dni_rng_at(&(dni_rng){.key = 7}, i % 40);
    return flip(rng, centre, (int)dni_rng_below(rng, 6));
}

/* Only some bits ever change. */
static uint64_t few_bits(dni_rng *rng, uint32_t i) {
    (void)i;
    return 0xaaaa000000000000 | (dni_rng_next(rng) & 0x00010084000f0021);
}

/* Each differs from the one before in two bits. */
static uint64_t chained(dni_rng *rng, uint32_t i) {
    (void)rng;
    uint64_t hash = i / 31;
    for (uint32_t k = 0; k < i % 31; k++) hash ^= (uint64_t)3 << 2 * k;
    return hash;
}

/* Almost all bits are 1 in nearly every hash, and bit 0 is always 0, as in perceptual hashes. */
static uint64_t lopsided(dni_rng *rng, uint32_t i) {
    (void)i;
    return (dni_rng_next(rng) | dni_rng_next(rng) | dni_rng_next(rng) | dni_rng_next(rng)) & ~(uint64_t)1;
}

/* Pairs that differ in as many bits as `i` says, so that every distance is there. */
static uint64_t paired(dni_rng *rng, uint32_t i) {
    const uint64_t hash = dni_rng_at(&(dni_rng){.key = 9}, i / 2);
    return i % 2 ? hash ^ (((uint64_t)1 << i / 2 % 64) - 1) << dni_rng_below(rng, 64) : hash;
}

static const hash_set sets[] = {{"random", random_hash}, {"equal", equal_hash}, {"clustered", clustered},
                                {"few bits", few_bits},  {"chained", chained},  {"lopsided", lopsided},
                                {"paired", paired}};
enum { SETS = sizeof sets / sizeof *sets };

static const uint32_t counts[] = {0, 1, 2, 3, 50, 1500};
enum { COUNTS = sizeof counts / sizeof *counts, MOST = 1500 };
static const int distances[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 31, 32, 64};
enum { DISTANCES = sizeof distances / sizeof *distances };

static void make(dni_hamming_item *items, uint32_t count, const hash_set *set) {
    dni_rng rng = dni_rng_named(count, set->name);
    for (uint32_t i = 0; i < count; i++)
        items[i] = (dni_hamming_item){.hash = set->hash(&rng, i), .index = i};
}

static dni_hamming_index *index_of(const dni_hamming_item *items, uint32_t count, int distance) {
    dni_hamming_item *const sorted = malloc(count * sizeof *sorted + 1);
    dni_hamming_index *index;
    assert_non_null(sorted);
    memcpy(sorted, items, count * sizeof *sorted);
    assert_int_equal(dni_hamming_index_create(&index, sorted, count, distance, NULL), DN_OK);
    free(sorted);
    return index;
}

/* ---- beside the comparison with all ---- */

static void check_nearest(const dni_hamming_index *index, const dni_hamming_item *items, uint32_t count,
                          int distance, uint64_t hash, const char *name) {
    int least = distance + 1;
    uint32_t expected = UINT32_MAX, found = UINT32_MAX;
    for (uint32_t i = 0; i < count; i++)
        if (dni_perceptual_distance(items[i].hash, hash) < least) {
            least = dni_perceptual_distance(items[i].hash, hash);
            expected = items[i].index;
        }
    const bool is_found = dni_hamming_index_nearest(index, hash, &found, NULL);
    if (is_found != (least <= distance) || found != expected)
        fail_msg("%s: %u hashes, distance %d: %u found, not %u", name, count, distance, found, expected);
}

static void test_the_nearest_is_the_first_of_the_nearest_of_all(void **state) {
    (void)state;
    dni_hamming_item items[MOST];
    for (int s = 0; s < SETS; s++)
        for (int c = 0; c < COUNTS; c++) {
            make(items, counts[c], &sets[s]);
            for (int d = 0; d < DISTANCES; d++) {
                dni_hamming_index *const index = index_of(items, counts[c], distances[d]);
                dni_rng rng = dni_rng_named(3, "asked");
                for (uint32_t i = 0; i < 60; i++) {
                    const uint64_t own = sets[s].hash(&rng, i), other = dni_rng_next(&rng);
                    const int bits = (int)dni_rng_below(&rng, (uint64_t)distances[d] + 3);
                    check_nearest(index, items, counts[c], distances[d], own, sets[s].name);
                    check_nearest(index, items, counts[c], distances[d], other, sets[s].name);
                    check_nearest(index, items, counts[c], distances[d], flip(&rng, own, bits), sets[s].name);
                }
                dni_hamming_index_free(index);
            }
        }
}

/* The oracle: groups by comparing every pair. */
static void group_all(uint32_t *group, const dni_fingerprint *pictures, uint32_t count, int distance) {
    for (uint32_t i = 0; i < count; i++) {
        group[i] = i;
        for (uint32_t j = 0; j < i; j++) {
            const uint64_t a = pictures[i].phash, b = pictures[j].phash;
            const bool same = memcmp(&pictures[i].content, &pictures[j].content, sizeof(dni_key)) == 0;
            if (!same && (a == 0 || b == 0 || dni_perceptual_distance(a, b) > distance)) continue;
            if (group[i] == group[j]) continue;
            const uint32_t low = group[i] < group[j] ? group[i] : group[j], high = group[i] ^ group[j] ^ low;
            for (uint32_t k = 0; k <= i; k++)
                if (group[k] == high) group[k] = low;
        }
    }
}

static void test_groups_are_those_of_comparing_every_pair(void **state) {
    (void)state;
    dni_hamming_item items[MOST];
    dni_fingerprint pictures[MOST];
    uint32_t group[MOST], expected[MOST];
    for (int s = 0; s < SETS; s++)
        for (int c = 0; c < COUNTS; c++) {
            const uint32_t count = counts[c];
            make(items, count, &sets[s]);
            dni_rng rng = dni_rng_named(count, "contents");
            for (uint32_t i = 0; i < count; i++) {
                const uint64_t content = dni_rng_below(&rng, 4 * count);
                const bool flat = dni_rng_below(&rng, 20) == 0;
                pictures[i] = (dni_fingerprint){.content = dni_key_of_bytes(&content, sizeof content),
                                                .phash = flat ? DNI_PERCEPTUAL_FLAT : items[i].hash};
            }
            for (int d = 0; d < DISTANCES; d++) {
                group_all(expected, pictures, count, distances[d]);
                assert_int_equal(dni_group_near(group, pictures, count, distances[d], NULL), DN_OK);
                for (uint32_t i = 0; i < count; i++)
                    if (group[i] != expected[i])
                        fail_msg("%s: %u hashes, distance %d: %u is in group %u, not %u", sets[s].name, count,
                                 distances[d], i, group[i], expected[i]);
            }
        }
}

/* ---- how many comparisons ---- */

/* Returns how many clusters there are. */
static uint32_t take_all(const hash_set *set, uint32_t count, int distance, uint64_t *compared) {
    dni_hamming_item *const items = malloc(count * sizeof *items);
    uint32_t *const members = malloc(count * sizeof *members);
    assert_non_null(items);
    assert_non_null(members);
    make(items, count, set);
    dni_hamming_index *const index = index_of(items, count, distance);
    uint32_t clusters = 0;
    *compared = 0;
    while (dni_hamming_index_take_cluster(index, members, compared)) clusters++;
    dni_hamming_index_free(index);
    free(items);
    free(members);
    return clusters;
}

enum { MANY = 100000 };
static const uint64_t pairs = (uint64_t)MANY * (MANY - 1) / 2;

static void test_of_a_hundred_thousand_random_hashes_a_pair_in_a_thousand_is_compared(void **state) {
    (void)state;
    uint64_t compared;
    assert_int_equal(take_all(&sets[0], MANY, DNI_NEAR_DISTANCE, &compared), MANY);
    assert_true(compared < pairs / 1000);
}

/* Comparing every pair would be a hundred times as many. */
static void test_ten_times_the_hashes_are_less_than_twenty_times_the_comparisons(void **state) {
    (void)state;
    uint64_t less, more;
    take_all(&sets[0], MANY, DNI_NEAR_DISTANCE, &less);
    take_all(&sets[0], 10 * MANY, DNI_NEAR_DISTANCE, &more);
    assert_true(more < 20 * less);
}

static void test_equal_hashes_are_not_compared(void **state) {
    (void)state;
    uint64_t compared;
    assert_int_equal(take_all(&sets[1], MANY, DNI_NEAR_DISTANCE, &compared), 1);
    assert_int_equal(compared, 0);
}

/* All within 5 bits of 40 centres: nearly every hash in a cluster has 2500 others around it. */
static void test_clusters_are_taken_whole(void **state) {
    (void)state;
    uint64_t compared;
    assert_in_range(take_all(&sets[2], MANY, DNI_NEAR_DISTANCE, &compared), 40, MANY);
    assert_true(compared < pairs / 50);
}

static void test_a_search_looks_at_few_of_many(void **state) {
    (void)state;
    dni_hamming_item *const items = malloc(MANY * sizeof *items);
    assert_non_null(items);
    make(items, MANY, &sets[0]);
    dni_hamming_index *const index = index_of(items, MANY, DNI_NEAR_DISTANCE);
    uint64_t compared = 0;
    uint32_t found;
    for (uint32_t i = 0; i < 1000; i++) {
        assert_true(dni_hamming_index_nearest(index, items[i].hash ^ 0x8001, &found, &compared));
        assert_int_equal(found, i);
    }
    assert_true(compared / 1000 < 100);
    dni_hamming_index_free(index);
    free(items);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_nearest_is_the_first_of_the_nearest_of_all),
        cmocka_unit_test(test_groups_are_those_of_comparing_every_pair),
        cmocka_unit_test(test_of_a_hundred_thousand_random_hashes_a_pair_in_a_thousand_is_compared),
        cmocka_unit_test(test_ten_times_the_hashes_are_less_than_twenty_times_the_comparisons),
        cmocka_unit_test(test_equal_hashes_are_not_compared),
        cmocka_unit_test(test_clusters_are_taken_whole),
        cmocka_unit_test(test_a_search_looks_at_few_of_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
