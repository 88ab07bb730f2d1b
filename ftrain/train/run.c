/* What follows from a run of `ftrain train`. */
#include "ftrain/train/run.h"

bool train_stopped_early(const train_run *run) {
    return !run->options->folds && run->result.epochs < run->options->training.epochs;
}

bool train_has_schedule(const train_run *run) {
    const dn_schedule *schedule = &run->options->training.schedule;
    return schedule->kind != DN_CONSTANT || schedule->warmup;
}
