/* SPDX-License-Identifier: MIT */
/* Section "errors": the pictures that a classifier got wrong. */
#ifndef FTRAIN_PAGE_ERRORS_H
#define FTRAIN_PAGE_ERRORS_H

#include "ftrain/page/evidence_map.h"
#include "ftrain/page/html.h"
#include "ftrain/page/judged.h"
#include "ftrain/shell/outcome.h"

#include <stdbool.h>

/* The surest first, at most 2000, each as a thumbnail, to be filtered by its true and its predicted class;
 * the first `max_maps` with a map of evidence that opens on demand. A page grows by some ten kilobytes a
 * picture. Returns OUTCOME_OK or, after a message, another outcome. */
outcome errors_write(html *page, const judged_pictures *pictures, const evidence_maps *maps, int max_maps,
                     bool quiet);

#endif
