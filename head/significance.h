/* SPDX-License-Identifier: MIT */
/* Whether an accuracy can be told from chance, and two classifiers from each other: exact tests, for which no
 * number of pictures is too small. */
#ifndef DN_HEAD_SIGNIFICANCE_H
#define DN_HEAD_SIGNIFICANCE_H

#include <stdbool.h>

/* An effect is called real where chance alone would give as much with a probability below this. */
#define DNI_SIGNIFICANCE_LEVEL 0.05

/* The p-value of the one-sided exact binomial test: the probability of `successes` or more in `count`
 * independent trials that each succeed at `rate`, in [0, 1]. 1 where successes <= 0, 0 where it is above
 * count. */
double dni_binomial_at_least(int successes, int count, double rate);

/* McNemar's exact test, two-sided: two classifiers judged the same pictures, `only_first` were right by the
 * first alone and `only_second` by the second alone. The probability of so uneven a division, or a more
 * uneven one, if both were equally good. 1 where nothing divides them. */
double dni_mcnemar(int only_first, int only_second);

/* An accuracy beside what always guessing the largest class of the same pictures reaches. */
typedef struct dni_versus_largest {
    int largest;    /* the class, the first of equal ones */
    int guessed;    /* its pictures, which guessing gets right */
    double share;   /* guessed / count; 0 without pictures */
    double p_value; /* of the exact binomial test of `correct` against `share` */
    bool better;    /* p_value < DNI_SIGNIFICANCE_LEVEL */
} dni_versus_largest;

/* of_class: pictures of each class, (classes); `correct` of all of them were classified correctly. */
dni_versus_largest dni_versus_largest_class(const int *of_class, int classes, int correct);

#endif
