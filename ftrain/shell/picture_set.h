/* SPDX-License-Identifier: MIT */
/* A data set in one piece, with splits or without: what looks at pictures one by one has no need of three
 * lists. */
#ifndef FTRAIN_SHELL_PICTURE_SET_H
#define FTRAIN_SHELL_PICTURE_SET_H

#include "ftrain/shell/decisions.h"
#include "ftrain/shell/outcome.h"
#include "io/dataset.h"

typedef struct picture_set {
    char **classes;
    int class_count;
    dni_samples samples;           /* part by part, each by class */
    const char *parts[DNI_SPLITS]; /* "train", "valid", "test"; or "" alone where there are no splits */
    size_t ends[DNI_SPLITS];       /* a part's samples end before this index */
    int part_count;
    heeded_decisions decisions;
} picture_set;

/* Scans FOLDER/{train,valid,test}/CLASS/ where one of the splits is there, else FOLDER/CLASS/. What cannot be
 * used is named and added to *skipped. `decisions` are heeded; NULL: none are. Returns OUTCOME_OK or, after a
 * message, another outcome, also where there is no picture; either way picture_set_free() lets go of it. */
outcome picture_set_open(picture_set *out, const char *folder, const decision_options *decisions,
                         size_t *skipped);
void picture_set_free(picture_set *set);

/* The part that sample i belongs to. */
int picture_set_part(const picture_set *set, size_t i);

#endif
