/* SPDX-License-Identifier: MIT */
/* How a model does on the pictures of an evaluation when they are perturbed. */
#ifndef FTRAIN_EVALUATE_ROBUSTNESS_H
#define FTRAIN_EVALUATE_ROBUSTNESS_H

#include "ftrain/evaluate/evaluation.h"
#include "ftrain/shell/outcome.h"

/* Evaluates the pictures of `result` again under each perturbation: result->rows. To be called once, after
 * evaluation_run(). Returns OUTCOME_OK or, after a message, another outcome. */
outcome robustness_run(evaluation *result, const dni_view *perturbations, int count);

#endif
