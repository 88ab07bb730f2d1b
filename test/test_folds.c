/* Folds: every picture once, classes spread evenly, groups whole, the same for the same seed. */
#include "head/cross_validation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT = 230, CLASSES = 3, FOLDS = 5 };

typedef struct pictures {
    int labels[COUNT], groups[COUNT], folds[COUNT];
} pictures;

/* Class 0 has half of them, class 1 three tenths, class 2 the rest; each a group of its own. */
static void make(pictures *p) {
    for (int i = 0; i < COUNT; i++) {
        p->labels[i] = i % 10 < 5 ? 0 : i % 10 < 8 ? 1 : 2;
        p->groups[i] = 1000 - 3 * i;
    }
}

static void deal(pictures *p, uint64_t seed) {
    dn_error error;
    if (dni_folds(p->folds, p->labels, p->groups, COUNT, CLASSES, FOLDS, seed, &error))
        fail_msg("%s", error.message);
}

/* Pictures of a class in a fold; of label -1 in all. */
static int tally(const pictures *p, int label, int fold) {
    int found = 0;
    for (int i = 0; i < COUNT; i++) found += p->folds[i] == fold && (label < 0 || p->labels[i] == label);
    return found;
}

static void test_every_class_is_spread_to_within_one_picture(void **state) {
    (void)state;
    pictures p;
    make(&p);
    deal(&p, 1);
    const int sizes[CLASSES] = {115, 69, 46};
    for (int f = 0; f < FOLDS; f++) {
        for (int c = 0; c < CLASSES; c++)
            assert_in_range(tally(&p, c, f), sizes[c] / FOLDS, (sizes[c] + FOLDS - 1) / FOLDS);
        assert_in_range(tally(&p, -1, f), COUNT / FOLDS - 1, COUNT / FOLDS + 1);
    }
}

static void test_pictures_of_one_group_stay_together(void **state) {
    (void)state;
    pictures p;
    make(&p);
    for (int i = 0; i < COUNT; i++) p.groups[i] = i % 40 < 20 ? i : i - i % 4; /* some alone, some in fours */
    deal(&p, 7);
    for (int i = 0; i < COUNT; i++) {
        assert_in_range(p.folds[i], 0, FOLDS - 1);
        for (int j = 0; j < i; j++)
            if (p.groups[i] == p.groups[j]) assert_int_equal(p.folds[i], p.folds[j]);
    }
    for (int f = 0; f < FOLDS; f++) assert_in_range(tally(&p, -1, f), COUNT / FOLDS - 6, COUNT / FOLDS + 6);
}

static void test_one_large_group_does_not_overfill_its_fold(void **state) {
    (void)state;
    pictures p;
    make(&p);
    for (int i = 0, found = 0; i < COUNT && found < 20; i++)
        if (p.labels[i] == 0) {
            p.groups[i] = 5000;
            found++;
        }
    deal(&p, 3);
    for (int f = 0; f < FOLDS; f++) assert_in_range(tally(&p, 0, f), 23, 23);
}

static void test_the_seed_decides(void **state) {
    (void)state;
    pictures first, again, other;
    make(&first);
    make(&again);
    make(&other);
    deal(&first, 1);
    deal(&again, 1);
    deal(&other, 2);
    assert_memory_equal(first.folds, again.folds, sizeof first.folds);
    assert_memory_not_equal(first.folds, other.folds, sizeof first.folds);
}

static void test_too_few_pictures_of_a_class_are_told(void **state) {
    (void)state;
    pictures p;
    dn_error error = {0};
    make(&p);
    for (int i = 0; i < COUNT; i++)
        if (p.labels[i] == 2) p.groups[i] = 2000 + i / 60; /* four contents in all */
    assert_int_equal(dni_folds(p.folds, p.labels, p.groups, COUNT, CLASSES, FOLDS, 1, &error),
                     DN_ERR_DATA_CLASSES);
    assert_non_null(strstr(error.message, "class 2 has 4 different pictures, too few for 5 folds"));
    assert_int_equal(dni_folds(p.folds, p.labels, p.groups, COUNT, CLASSES, 1, 1, &error), DN_ERR_ARGUMENT);
    assert_int_equal(dni_folds(p.folds, p.labels, p.groups, 0, CLASSES, FOLDS, 1, &error), DN_ERR_ARGUMENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_class_is_spread_to_within_one_picture),
        cmocka_unit_test(test_pictures_of_one_group_stay_together),
        cmocka_unit_test(test_one_large_group_does_not_overfill_its_fold),
        cmocka_unit_test(test_the_seed_decides),
        cmocka_unit_test(test_too_few_pictures_of_a_class_are_told),
    };
    return cmocka_run_group_tests_name("folds", tests, NULL, NULL);
}
