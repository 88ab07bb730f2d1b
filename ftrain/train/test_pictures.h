/* SPDX-License-Identifier: MIT */
/* What became of the test pictures, for the page of train --report. */
#ifndef FTRAIN_TRAIN_TEST_PICTURES_H
#define FTRAIN_TRAIN_TEST_PICTURES_H

#include "ftrain/page/html.h"
#include "ftrain/shell/outcome.h"
#include "ftrain/train/run.h"

/* Sections "classes", "confusion" and "errors", of a model that was written. Returns OUTCOME_OK or, after a
 * message, another outcome. */
outcome train_write_test_pictures(html *page, const train_run *run);

#endif
