/* SPDX-License-Identifier: MIT */
/* evaluate --report: what an evaluation found, as one page. */
#ifndef FTRAIN_EVALUATE_REPORT_H
#define FTRAIN_EVALUATE_REPORT_H

#include "ftrain/evaluate/evaluation.h"
#include "ftrain/page/evidence_map.h"
#include "ftrain/page/html.h"
#include "ftrain/page/judged.h"
#include "ftrain/shell/outcome.h"

typedef struct evaluation_page {
    const char *path;
    int max_maps; /* of wrong pictures; 0: the page has no map at all, and the network is not needed */
} evaluation_page;

/* Attaches the backbone, for the maps of evidence. Returns OUTCOME_OK or, after a message, another
 * outcome. */
outcome evaluation_write_report(evaluation *result, const scorer_options *options,
                                const evaluation_page *wanted);

/* ROC and precision-recall curves; nothing where no class has pictures and others beside it. */
outcome evaluation_write_curves(html *page, const evaluation *result);
/* Section "pictures": the surest right ones and the least sure, each with its map. */
outcome evaluation_write_pictures(html *page, const judged_pictures *pictures, const evidence_maps *maps);

#endif
