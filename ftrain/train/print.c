/* What a training prints: a line an epoch, and what came of it. */
#include "ftrain/train/print.h"

#include "ftrain/shell/output.h"
#include "ftrain/train/recipe.h"
#include "io/json.h"

#include <stdio.h>

/* ---- as JSON ---- */

static void print_epoch_as_json(const dn_epoch *epoch) {
    print_json(json_pack("{s:i, s:f, s:f, s:f, s:o, s:b}", "epoch", epoch->epoch, "train_loss",
                         epoch->train_loss, "valid_loss", epoch->valid_loss, "valid_accuracy",
                         epoch->valid_accuracy, "learning_rate", dni_json_float((float)epoch->learning_rate),
                         "best", epoch->is_best));
}

static void print_result_as_json(const train_run *run) {
    json_t *result = recipe_metrics_json(run);
    json_object_set_new(result, "model", dni_json_text(run->options->model));
    print_json(result);
}

/* ---- as text ---- */

void train_print_epoch(const train_run *run) {
    const dn_epoch *epoch = &run->epochs.epochs[run->epochs.count - 1];
    if (run->options->json) {
        print_epoch_as_json(epoch);
        return;
    }
    const bool with_rate = train_has_schedule(run);
    if (run->epochs.count == 1)
        printf("epoch%s  train loss  valid loss  valid accuracy\n", with_rate ? "  learning rate" : "");
    printf("%5d", epoch->epoch);
    if (with_rate) printf("  %13.6g", epoch->learning_rate);
    printf("  %10.4f  %10.4f  %14.4f%s\n", epoch->train_loss, epoch->valid_loss, epoch->valid_accuracy,
           epoch->is_best ? "  best" : "");
    fflush(stdout);
}

void train_print_result(const train_run *run) {
    const dn_metrics *test = &run->test;
    if (run->options->json) {
        print_result_as_json(run);
        return;
    }
    if (train_stopped_early(run))
        printf("stopped after epoch %d of %d: no lower validation loss in %d\n", run->result.epochs,
               run->options->training.epochs, run->options->training.patience);
    printf("best epoch %d: validation loss %.4f, accuracy %.4f\n", run->result.best_epoch,
           run->result.valid_loss, run->result.valid_accuracy);
    printf("test accuracy %.4f (%d of %d; 95 %% interval %.4f to %.4f), loss %.4f\n", test->accuracy,
           test->correct, test->count, test->accuracy_low, test->accuracy_high, test->loss);
    print_wrote(run->options->model);
}
