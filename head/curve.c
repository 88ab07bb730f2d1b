/* SPDX-License-Identifier: MIT */
/* Binary searches in a ranking's points: neither count falls from one point to the next. */
#include "head/curve.h"

/* Rates are quotients of counts: a product that misses a count by rounding is that count. */
static const double ROUNDING = 1e-9;

/* How many points, from the first on, have at most so many false positives. */
static int points_up_to(const dn_ranking *ranking, double false_positives) {
    int low = 0, high = ranking->count;
    while (low < high) {
        const int middle = low + (high - low) / 2;
        if (ranking->points[middle].false_positives <= false_positives + ROUNDING)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

double dni_roc_at(const dn_ranking *ranking, double false_positive_rate) {
    const double x = false_positive_rate * ranking->negatives;
    const int next = points_up_to(ranking, x);
    const dn_ranking_point before = next ? ranking->points[next - 1] : (dn_ranking_point){0};
    double y = before.true_positives;
    if (next < ranking->count && x > before.false_positives + ROUNDING) {
        const dn_ranking_point behind = ranking->points[next];
        const double share = (x - before.false_positives) / (behind.false_positives - before.false_positives);
        y += share * (behind.true_positives - before.true_positives);
    }
    return y / ranking->positives;
}

double dni_precision_at(const dn_ranking *ranking, double recall) {
    int low = 0, high = ranking->count - 1;
    while (low < high) {
        const int middle = low + (high - low) / 2;
        if (ranking->points[middle].true_positives >= recall * ranking->positives - ROUNDING)
            high = middle;
        else
            low = middle + 1;
    }
    const dn_ranking_point at = ranking->points[low];
    return (double)at.true_positives / (at.true_positives + at.false_positives);
}
