/* SPDX-License-Identifier: MIT */
/* Decisions and the pictures of a data set, joined.
 *
 * Which file a decision is for: the one at its path, while that holds the same bytes. Where it does not, the
 * picture was renamed or changed: then all files with the same bytes that have no decision of their own take
 * it. So a picture keeps its decision under any name, and two copies of one can be decided on apart. A file
 * whose bytes have changed has no decision. */
#ifndef DN_IO_DECISION_MATCH_H
#define DN_IO_DECISION_MATCH_H

#include "io/dataset.h"
#include "io/decisions.h"

typedef enum dni_decision_place {
    DNI_DECISION_HOME,    /* its path holds its bytes */
    DNI_DECISION_RENAMED, /* files of other names hold them */
    DNI_DECISION_CHANGED, /* its path holds other bytes, and no file holds its own */
    DNI_DECISION_MISSING, /* neither path nor bytes are there */
} dni_decision_place;

typedef struct dni_decision_match {
    const dni_decision **of_sample; /* (samples of all parts, one after the other): its decision, or NULL */
    dni_decision_place *places;     /* (decisions) */
} dni_decision_match;

/* Joins them, by the rule above. `folder` is the set that the paths are relative to; the samples lie in it.
 * Only files that decisions name by path are read, and, where a path does not hold its bytes any more, those
 * of the same size. On failure *out is empty. */
dn_status dni_decisions_match(dni_decision_match *out, const dni_decisions *decisions, const char *folder,
                              const dni_samples *const *parts, size_t part_count, dn_error *error);
void dni_decision_match_free(dni_decision_match *match);

typedef struct dni_decision_counts {
    size_t excluded, moved;
} dni_decision_counts;

/* Does what the decisions say, to the lists alone: leaves out samples, and gives others their class, which
 * keeps each part's order by class. `file` is for the message. DN_ERR_DATA_CLASSES: a picture is to be moved
 * to a class that is not one of `classes`; the message names file, line and class, and nothing is done. */
dn_status dni_decisions_apply(dni_decision_counts *out, const dni_decision_match *match, const char *file,
                              dni_samples *const *parts, size_t part_count, const char *const *classes,
                              int class_count, dn_error *error);

#endif
