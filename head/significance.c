/* SPDX-License-Identifier: MIT */
/* Exact binomial probabilities, and the tests that are made of them.
 *
 * The terms of a binomial distribution follow each other by a ratio, w(i + 1) / w(i) = (n - i) / (i + 1) *
 * p / (1 - p). Beginning with 1 at the mode, where the true terms are largest, they fall to both sides and
 * cannot overflow; the tail's share of their sum is the probability wanted. So neither factorials nor their
 * logarithms are needed, whose rounding would cost 7 digits at a million trials: here a term differs from
 * the true one by a few roundings for each step, 1e-10 of it after a million. A tail below 1e-307 comes out
 * with fewer digits or as 0. */
#include "head/significance.h"

#include <math.h>

double dni_binomial_at_least(int successes, int count, double rate) {
    if (successes <= 0) return 1.0;
    if (successes > count || rate <= 0.0) return 0.0;
    if (rate >= 1.0) return 1.0;
    const double odds = rate / (1.0 - rate);
    const int mode = (int)fmin(floor((count + 1.0) * rate), count);
    double tail = 0.0, all = 0.0, term = 1.0;
    for (int i = mode; i <= count && term > 0.0; i++) {
        all += term;
        if (i >= successes) tail += term;
        term *= (double)(count - i) / (i + 1.0) * odds;
    }
    term = 1.0;
    for (int i = mode; i > 0 && term > 0.0; i--) {
        term *= (double)i / (count - i + 1.0) / odds;
        all += term;
        if (i - 1 >= successes) tail += term;
    }
    return fmin(tail / all, 1.0);
}

double dni_mcnemar(int only_first, int only_second) {
    /* At a rate of one half the distribution is symmetric: both tails are equal. */
    const int more = only_first > only_second ? only_first : only_second;
    return fmin(2.0 * dni_binomial_at_least(more, only_first + only_second, 0.5), 1.0);
}

dni_versus_largest dni_versus_largest_class(const int *of_class, int classes, int correct) {
    dni_versus_largest out = {.p_value = 1.0};
    int count = 0;
    for (int c = 0; c < classes; c++) {
        count += of_class[c];
        if (of_class[c] > of_class[out.largest]) out.largest = c;
    }
    if (!count) return out;
    out.guessed = of_class[out.largest];
    out.share = (double)out.guessed / count;
    out.p_value = dni_binomial_at_least(correct, count, out.share);
    out.better = out.p_value < DNI_SIGNIFICANCE_LEVEL;
    return out;
}
