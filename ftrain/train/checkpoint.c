/* SPDX-License-Identifier: MIT */
/* The loop over epochs, which saves the state of training every now and then. */
#include "ftrain/train/checkpoint.h"

#include "core/clock.h"
#include "ftrain/shell/interrupt.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/options.h"
#include "ftrain/shell/outcome.h"
#include "head/trainer.h"

#include <stdio.h>
#include <unistd.h>

/* Between two checkpoints where none was asked for: a state has some fifteen megabytes, an epoch often takes
 * milliseconds. */
enum { SECONDS_BETWEEN = 10 };

/* Seconds. A signal waits for the end of an epoch; where that takes longer, it ends the program at once,
 * and so the state is kept after each epoch. */
static const double LONG_EPOCH = 0.5;

/* What a signal prints from now on. */
static void say_kept(const checkpoint *keep, const dn_trainer *trainer, const dn_train_options *options) {
    interrupts_say(
        "interrupted after epoch %d of %d, which %s keeps: the same command with --resume goes on "
        "from there",
        dn_trainer_epochs(trainer), options->epochs, keep->path);
}

static outcome resume(checkpoint *keep, dn_trainer *trainer, const dn_train_options *options) {
    dn_error error;
    const dn_status status = dn_trainer_load(trainer, keep->path, keep->provenance, &error);
    if (status == DN_ERR_NOT_FOUND) {
        message("%s: there is no checkpoint: training begins anew", keep->path);
        return OUTCOME_OK;
    }
    if (status) return report(&error, OUTCOME_MODEL);
    keep->is_there = true;
    say_kept(keep, trainer, options);
    message("%s: going on after epoch %d of %d", keep->path, dn_trainer_epochs(trainer), options->epochs);
    return OUTCOME_OK;
}

static outcome save(checkpoint *keep, const dn_trainer *trainer) {
    dn_error error;
    if (dn_trainer_save(trainer, keep->path, keep->provenance, &error))
        return report(&error, OUTCOME_MACHINE);
    keep->is_there = true;
    return OUTCOME_OK;
}

static outcome stop(checkpoint *keep, const dn_trainer *trainer, const dn_train_options *options) {
    const outcome code = save(keep, trainer);
    if (code) return code;
    say_kept(keep, trainer, options);
    return OUTCOME_INTERRUPTED;
}

/* A head that was trained before is told as epoch 0. */
static void tell_start(const dn_trainer *trainer, const dn_train_options *options) {
    if (!trainer->starts_trained || dn_trainer_epochs(trainer)) return;
    const dn_train_result *start = &trainer->progress.result;
    const dn_epoch epoch = {.epochs = options->epochs,
                            .train_loss = start->train_loss,
                            .valid_loss = start->valid_loss,
                            .valid_accuracy = start->valid_accuracy,
                            .is_best = true};
    (void)options->on_epoch(options->context, &epoch);
}

static outcome run_epochs(checkpoint *keep, dn_trainer *trainer, const dn_train_options *options) {
    double last = dni_clock_seconds();
    tell_start(trainer, options);
    bool is_kept = true; /* the state before the next epoch is in the file, or is where training began */
    while (!dn_trainer_is_done(trainer)) {
        dn_epoch epoch;
        dn_error error;
        interrupts_wait(!is_kept);
        const dn_status status = dn_trainer_epoch(trainer, &epoch, &error);
        interrupts_wait(true);
        if (status) return report(&error, OUTCOME_DATA);
        const bool asked = options->on_epoch(options->context, &epoch) != 0;
        if (asked && !dn_trainer_is_done(trainer)) return stop(keep, trainer, options);
        is_kept =
            keep->every_epoch || epoch.seconds > LONG_EPOCH || dni_clock_seconds() - last >= SECONDS_BETWEEN;
        if (!is_kept) continue;
        const outcome code = save(keep, trainer);
        if (code) return code;
        say_kept(keep, trainer, options);
        last = dni_clock_seconds();
    }
    return OUTCOME_OK;
}

outcome checkpoint_train(checkpoint *keep, dn_head *head, const dn_feature_rows *train,
                         const dn_feature_rows *valid, const dn_train_options *options,
                         dn_train_result *result) {
    dn_trainer *trainer;
    dn_error error;
    if (dn_trainer_create_from_rows(&trainer, head, train, valid, options, &error))
        return report(&error, OUTCOME_DATA);
    outcome code = keep->resume ? resume(keep, trainer, options) : OUTCOME_OK;
    const bool before = interrupts_wait(true);
    if (!code) code = run_epochs(keep, trainer, options);
    if (!code) interrupts_say("interrupted");
    interrupts_wait(before); /* ends the program where a signal has waited */
    if (!code && dn_trainer_finish(trainer, head, result, &error)) code = report(&error, OUTCOME_DATA);
    dn_trainer_free(trainer);
    return code;
}

void checkpoint_discard(const checkpoint *keep) {
    if (keep->is_there && !keep->every_epoch) unlink(keep->path);
}
