/* SPDX-License-Identifier: MIT */
/* Sums and sums of squares. */
#include "ftrain/explain/class_sum.h"

#include <math.h>

void class_sum_add(class_sum *to, double inside) {
    if (isnan(inside)) return;
    to->pictures++;
    to->inside += inside;
    to->squares += inside * inside;
}

double class_sum_mean(const class_sum *sum) {
    return sum->inside / sum->pictures;
}

double class_sum_deviation(const class_sum *sum) {
    const double mean = class_sum_mean(sum);
    return sqrt(fmax(sum->squares / sum->pictures - mean * mean, 0));
}
