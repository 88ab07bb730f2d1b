/* SPDX-License-Identifier: MIT */
/* What the pages of --report share: how they begin, and where their numbers come from. */
#ifndef FTRAIN_PAGE_REPORT_H
#define FTRAIN_PAGE_REPORT_H

#include "core/pool.h"
#include "densenet/densenet.h"
#include "ftrain/page/html.h"
#include "ftrain/shell/guessing.h"
#include "ftrain/shell/outcome.h"
#include "io/dataset.h"
#include "io/image.h"

#include <jansson.h>

/* Opens the page and shows the command line. Returns OUTCOME_OK or, after a message, another
 * outcome. */
outcome report_open(html **out, const char *path, const char *title);
outcome report_close(html *page);

/* A paragraph: `opening`, as "This is ", and the sentence. */
void report_guessing(html *page, const char *opening, const guessing_sentence *sentence);

/* A paragraph that says what figures on random weights are worth; nothing for other weights. `source`: the
 * weights' name, "random:1" or a file's. */
void report_random_weights(html *page, const char *source);

/* Section "data": pictures of each class and split; counts: (DNI_SPLITS, classes). */
void report_data(html *page, const dni_dataset *data, int *const *counts, size_t skipped);

/* Section "recipe": a table of the object's keys and values. Releases the object; NULL, of which there
 * was no memory, fails the page. */
void report_recipe(html *page, json_t *recipe);

/* What a page's numbers come from; what is NULL or 0 is left out. */
typedef struct report_source {
    const dni_pool *pool;
    const char *model;                     /* its file */
    const char *backbone, *weights, *hash; /* of the network */
    const char *precision;
    dn_preprocessing preprocessing;
    const uint64_t *seed;
} report_source;

/* Fills in what is of the network; does nothing without weights. */
void report_source_backbone(report_source *source, const dn_weights *weights, const char *weights_name,
                            const char *hash, const char *precision);

/* Section "provenance": program, machine, and the source. */
void report_provenance(html *page, const report_source *source);

#endif
