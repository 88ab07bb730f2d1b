/* SPDX-License-Identifier: MIT */
/* The part of the validation split that sets of classes are calibrated on (head/conformal.h). */
#ifndef FTRAIN_TRAIN_CALIBRATE_H
#define FTRAIN_TRAIN_CALIBRATE_H

#include "ftrain/train/run.h"

/* With --calibration-share: moves that share of the pictures of each class of the validation split, at
 * least one and not all, into run->calibration, drawn by the training's seed. Returns OUTCOME_OK or, after
 * a message, another outcome: a class has only one picture. */
outcome calibrate_divide(train_run *run);

/* The calibration of the trained head: on run->calibration or, where nothing was kept apart, on the whole
 * validation split. Returns OUTCOME_OK or, after a message, another outcome; *out is dn_conformal_free()'s.
 * */
outcome calibrate_run(dn_conformal **out, const train_run *run);

/* How many pictures calibrate, and whether none of them chose the epoch. */
int calibrate_count(const train_run *run);
bool calibrate_is_apart(const train_run *run);

#endif
