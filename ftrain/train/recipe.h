/* SPDX-License-Identifier: MIT */
/* What a model file keeps of its training, as JSON: the recipe and the metrics. */
#ifndef FTRAIN_TRAIN_RECIPE_H
#define FTRAIN_TRAIN_RECIPE_H

#include "ftrain/train/run.h"

#include <jansson.h>

/* {"name": "default", "hidden": [512, 256], ...}; what is not used is left out. */
json_t *recipe_json(const train_run *run);
/* {"best_epoch": 7, "train_loss": 0.1, ..., "test_loss": 0.2} */
json_t *recipe_metrics_json(const train_run *run);
/* ["plain", "flip", ...] */
json_t *recipe_views_json(const dni_view *views, int view_count);

#endif
