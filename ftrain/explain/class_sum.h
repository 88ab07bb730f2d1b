/* SPDX-License-Identifier: MIT */
/* How much of the evidence lies inside the ellipse, over the pictures that were explained as one class. */
#ifndef FTRAIN_EXPLAIN_CLASS_SUM_H
#define FTRAIN_EXPLAIN_CLASS_SUM_H

typedef struct class_sum {
    int pictures; /* with any evidence */
    double inside, squares;
} class_sum;

/* `inside`: the share of one picture's evidence; NaN, where it has none, is not counted. */
void class_sum_add(class_sum *to, double inside);
/* Mean and standard deviation of a sum that has pictures. */
double class_sum_mean(const class_sum *sum);
double class_sum_deviation(const class_sum *sum);

#endif
