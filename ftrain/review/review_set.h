/* SPDX-License-Identifier: MIT */
/* A data set and the decisions on its pictures: what is listed, and what new decisions are made on. */
#ifndef FTRAIN_REVIEW_REVIEW_SET_H
#define FTRAIN_REVIEW_REVIEW_SET_H

#include "ftrain/shell/outcome.h"
#include "ftrain/shell/picture_set.h"
#include "io/decision_match.h"

typedef struct review_set {
    const char *folder;          /* the caller's */
    char *file;                  /* of the decisions */
    picture_set set;             /* all pictures, as they lie there */
    const char **inside;         /* (pictures): each path, relative to the folder */
    const char *const **by_name; /* (pictures): into `inside`, sorted */
    dni_decisions decisions;
    dni_decision_match match;
    bool is_behind; /* what was written last could not be read again */
    size_t skipped;
} review_set;

/* All return OUTCOME_OK or, after a message, another outcome. */

/* Either way review_set_free() is to follow. */
outcome review_set_open(review_set *out, const decision_options *options, const char *folder);
void review_set_free(review_set *self);
/* Reads the decisions again, and looks at the pictures that they are on. */
outcome review_set_reload(review_set *self);
/* The same, without a message. On failure all is as it was. */
dn_status review_set_read(review_set *self, dn_error *error);

/* The place of a picture among all, by its path relative to the folder; the number of pictures: none. */
size_t review_set_find(const review_set *self, const char *inside);

/* ---- deciding ---- */

/* What is to be written: decisions that differ from those that count. */
typedef struct pending_decisions {
    dni_decision *items;
    size_t count, capacity;
    size_t unchanged; /* pictures on which the same is decided already */
} pending_decisions;

typedef struct verdict {
    dni_decision_kind kind;
    const char *class_name; /* DNI_MOVE's; one of the set's */
} verdict;

/* Whether the set has the class that pictures are to be moved to. */
bool review_set_has_class(const review_set *self, const char *class_name);

/* Adds the decision on picture i. A picture that is moved to the class in which it lies is kept. A file that
 * cannot be read, and an undo where nothing is decided, are errors. */
dn_status pending_add(pending_decisions *to, const review_set *from, size_t i, const verdict *made,
                      dn_error *error);
/* Adds an undo of the decision on a file that is not there any more. DN_ERR_NOT_FOUND: there is none. */
dn_status pending_undo_missing(pending_decisions *to, const review_set *from, const char *inside,
                               dn_error *error);
/* After they were appended: reads the file again, and what is decided on each picture, without looking at the
 * pictures; unless an undo may leave one to a decision that was made under an older name of its file.
 * `places` of the match are then not known, and `appended` has another order. On failure the set
 * is_behind. */
dn_status review_set_follow(review_set *self, pending_decisions *appended, dn_error *error);
void pending_free(pending_decisions *pending);

#endif
