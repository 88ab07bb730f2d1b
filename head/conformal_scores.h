/* SPDX-License-Identifier: MIT */
/* The inside of a calibration, for who keeps it in a file.
 *
 * Kept is the probability of the true class, of which the score is 1 minus: it orders pictures in the same
 * way, the other way round, and no bit of it is rounded off. */
#ifndef DN_HEAD_CONFORMAL_SCORES_H
#define DN_HEAD_CONFORMAL_SCORES_H

#include "head/conformal.h"

#include <stdint.h>

struct dn_conformal {
    int classes, count;
    int64_t *counts; /* (classes): pictures of each */
    float *by_class; /* (count): class after class; within a class, by rising probability */
    float *pooled;   /* (count): the same numbers, by rising probability */
};

/* Takes over what a file holds. DN_ERR_CORRUPT says what is wrong with it: a negative count, a sum that is
 * not `count`, a number outside [0, 1], or a class whose numbers do not rise. */
dn_status dni_conformal_restore(dn_conformal **out, const int64_t *counts, int classes, const float *by_class,
                                int64_t count, dn_error *error);

#endif
