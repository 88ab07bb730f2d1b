/* evaluate --report: what an evaluation found, as one page. */
#ifndef FTRAIN_EVALUATE_REPORT_H
#define FTRAIN_EVALUATE_REPORT_H

#include "ftrain/evaluate/evaluation.h"
#include "ftrain/page/html.h"
#include "ftrain/shell/outcome.h"

/* Attaches the backbone, for the maps of evidence. Returns OUTCOME_OK or, after a message, another
 * outcome. */
outcome evaluation_write_report(evaluation *result, const scorer_options *options, const char *path);

/* Section "pictures": the surest right ones, the surest wrong ones and the least sure, each with its map. */
outcome evaluation_write_pictures(html *page, evaluation *result);

#endif
