/* SPDX-License-Identifier: MIT */
/* The keys of the pictures that a model is made from. */
#ifndef FTRAIN_TRAIN_PICTURE_KEYS_H
#define FTRAIN_TRAIN_PICTURE_KEYS_H

#include "ftrain/shell/outcome.h"
#include "ftrain/train/run.h"

/* Fills in run->picture_keys, those of the model that the training goes on from included, and finds the test
 * pictures that have one of them. Says how many of valid the head was trained on before: they flatter it.
 * Does nothing where no keys are wanted. Returns OUTCOME_OK or, after a message, another outcome. */
outcome picture_keys_list(train_run *run);

#endif
