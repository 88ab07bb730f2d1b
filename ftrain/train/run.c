/* SPDX-License-Identifier: MIT */
/* What follows from a run of `ftrain train`. */
#include "ftrain/train/run.h"

#include <math.h>
#include <stdio.h>

bool train_stopped_early(const train_run *run) {
    return !run->options->folds && run->result.epochs < run->options->training.epochs;
}

bool train_kept_start(const train_run *run) {
    return run->origin.classifier && run->result.best_epoch == 0;
}

bool train_has_schedule(const train_run *run) {
    const dn_schedule *schedule = &run->options->training.schedule;
    return schedule->kind != DN_CONSTANT || schedule->warmup;
}

dni_versus_largest train_versus_largest(const train_run *run) {
    return dni_versus_largest_class(run->counts[DNI_TEST], run->extraction.data.class_count,
                                    run->test.correct);
}

guessing_sentence train_guessing(const train_run *run) {
    const dni_versus_largest versus = train_versus_largest(run);
    return guessing_sentence_make(&versus, run->extraction.data.classes[versus.largest], run->test.correct,
                                  run->test.count);
}

guessing_sentence train_folds_guessing(const train_run *run) {
    const fold_table *folds = &run->folds;
    return guessing_sentence_make(&folds->versus_largest,
                                  run->extraction.data.classes[folds->versus_largest.largest],
                                  folds->pooled.correct, folds->pooled.count);
}

/* At the best epoch. */
static int valid_correct(const train_run *run) {
    return (int)lround(run->result.valid_accuracy * run->sets[DNI_VALID].count);
}

dni_versus_largest train_valid_largest(const train_run *run) {
    return dni_versus_largest_class(run->counts[DNI_VALID], run->extraction.data.class_count,
                                    valid_correct(run));
}

bool train_learnt_nothing(const train_run *run, guessing_sentence *sentence) {
    const dn_train_result *result = &run->result;
    const dni_versus_largest valid = train_valid_largest(run);
    if (result->best_epoch != 1 || valid_correct(run) > valid.guessed) return false;
    if (!sentence) return true;
    *sentence = (guessing_sentence){.name = run->extraction.data.classes[valid.largest]};
    snprintf(
        sentence->before, sizeof sentence->before,
        "nothing was learnt: epoch 1 of %d was the best, and its validation accuracy, %.4f, is no higher than "
        "always guessing '",
        result->epochs, result->valid_accuracy);
    snprintf(sentence->after, sizeof sentence->after, "' gives, %.4f", valid.share);
    return true;
}
