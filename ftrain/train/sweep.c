/* SPDX-License-Identifier: MIT */
/* ftrain train --sweep LIST.
 *
 * Every run is the training that its options alone would give, with the same seed, so its numbers depend
 * neither on the others nor on how many run at a time. */
#include "ftrain/train/sweep.h"

#include "ftrain/shell/interrupt.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/new_array.h"
#include "ftrain/shell/outcome.h"
#include "ftrain/shell/progress.h"
#include "ftrain/train/origin.h"
#include "io/json.h"

#include <cblas.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

typedef enum run_state { RUN_OPEN, RUN_DONE, RUN_DIVERGED } run_state;

typedef struct run {
    int same_as; /* the first run that is the same training: the run itself, where it is trained */
    run_state state;
    dn_train_result result;
} run;

struct sweep {
    const train_options *base;
    sweep_grid grid;
    run *runs;     /* (grid.run_count) */
    int trainings; /* runs that are no other's repetition */

    const sweep_data *data;
    pthread_mutex_t lock; /* of all below, of the runs, and of progress */
    int best;             /* the run with the lowest validation loss so far; -1: none */
    dn_head *best_head;
    epoch_log best_epochs;
    train_options best_options;
    dn_status status; /* a failure that ends the sweep */
    dn_error error;
    size_t done;

    ranked_run *ranking; /* the runs that ended, the best first */
    int ranked_count;
};

const sweep_grid *sweep_get_grid(const sweep *self) {
    return &self->grid;
}

/* Finds the runs that are the same training, so that each is done only once. */
static outcome find_same(sweep *self) {
    const int count = self->grid.run_count;
    train_options *options = new_array((size_t)count, sizeof *options);
    outcome code = options ? OUTCOME_OK : OUTCOME_MACHINE;
    for (int i = 0; !code && i < count; i++) {
        int first = 0;
        code = sweep_grid_options(&self->grid, i, self->base, &options[i]);
        while (!code && first < i && !train_options_train_alike(&options[first], &options[i])) first++;
        self->runs[i].same_as = first;
        self->trainings += first == i;
    }
    free(options);
    return code;
}

outcome sweep_create(sweep **out, const train_options *base) {
    *out = NULL;
    sweep *made = new_array(1, sizeof *made);
    if (!made) return OUTCOME_MACHINE;
    pthread_mutex_init(&made->lock, NULL);
    made->base = base;
    made->best = -1;
    outcome code = sweep_grid_parse(&made->grid, base->sweep, base);
    if (!code) made->runs = new_array((size_t)made->grid.run_count, sizeof *made->runs);
    if (!code && !made->runs) code = OUTCOME_MACHINE;
    if (!code) code = find_same(made);
    if (!code)
        *out = made;
    else
        sweep_free(made);
    return code;
}

void sweep_free(sweep *self) {
    if (!self) return;
    pthread_mutex_destroy(&self->lock);
    dn_head_free(self->best_head);
    epoch_log_free(&self->best_epochs);
    free(self->runs);
    free(self->ranking);
    sweep_grid_free(&self->grid);
    free(self);
}

/* ---- the runs ---- */

static int keep_epoch(void *context, const dn_epoch *epoch) {
    epoch_log_add(context, epoch);
    return 0;
}

static int is_cancelled(void *context) {
    (void)context;
    return interrupted();
}

/* What a run leaves: its head and epochs are kept while it is the best. */
typedef struct trained_run {
    train_options options;
    dn_head *head;
    epoch_log epochs;
    dn_train_result result;
    dn_error error; /* its status is how the run ended */
} trained_run;

/* The former best is then the trained_run's to free. */
static void keep_best(sweep *self, int index, trained_run *trained) {
    dn_head *head = self->best_head;
    const epoch_log epochs = self->best_epochs;
    self->best = index;
    self->best_head = trained->head;
    self->best_epochs = trained->epochs;
    self->best_options = trained->options;
    trained->head = head;
    trained->epochs = epochs;
}

static void conclude(sweep *self, int index, trained_run *trained) {
    const dn_status status = trained->error.status;
    pthread_mutex_lock(&self->lock);
    run *here = &self->runs[index];
    if (status == DN_ERR_DATA_DIVERGED) here->state = RUN_DIVERGED;
    if (!status) {
        here->state = RUN_DONE;
        here->result = trained->result;
        const double loss = trained->result.valid_loss;
        const double best = self->best < 0 ? HUGE_VAL : self->runs[self->best].result.valid_loss;
        if (loss < best || (loss == best && index < self->best)) keep_best(self, index, trained);
    }
    if (here->state != RUN_OPEN) progress_step(++self->done);
    if (here->state == RUN_OPEN && status != DN_ERR_CANCELLED && !self->status) {
        self->status = status;
        self->error = trained->error;
    }
    pthread_mutex_unlock(&self->lock);
}

static bool is_stopped(sweep *self) {
    pthread_mutex_lock(&self->lock);
    const bool failed = self->status != DN_OK;
    pthread_mutex_unlock(&self->lock);
    return failed || interrupted();
}

static void train_one(const sweep *self, trained_run *out) {
    const sweep_data *data = self->data;
    dn_train_options training = train_options_training(&out->options);
    training.on_epoch = keep_epoch;
    training.is_cancelled = is_cancelled;
    training.context = &out->epochs;
    if (!epoch_log_create(&out->epochs, training.epochs)) {
        out->error = (dn_error){DN_ERR_MEMORY, "out of memory for the epochs of a training"};
        return;
    }
    dn_status status =
        origin_start(&out->head, data->start, &out->options, data->width, data->classes, &out->error);
    if (!status)
        status = dn_head_train_from_rows(out->head, data->train, data->valid, &training, &out->result,
                                         &out->error);
    out->error.status = status;
}

static void run_one(void *context, size_t i) {
    sweep *self = context;
    trained_run out = {.error = {.status = DN_OK}};
    if (self->runs[i].same_as != (int)i || is_stopped(self) ||
        sweep_grid_options(&self->grid, (int)i, self->base, &out.options))
        return;
    train_one(self, &out);
    conclude(self, (int)i, &out);
    epoch_log_free(&out.epochs);
    dn_head_free(out.head);
}

/* ---- the ranking ---- */

static int by_loss(const void *a, const void *b) {
    const ranked_run *x = a, *y = b;
    if (x->diverged != y->diverged) return x->diverged ? 1 : -1;
    if (!x->diverged && x->result.valid_loss != y->result.valid_loss)
        return x->result.valid_loss < y->result.valid_loss ? -1 : 1;
    return x->index < y->index ? -1 : 1;
}

static void rank(ranked_run *ranking, int count) {
    for (int i = 0; i < count && !ranking[i].diverged; i++) {
        ranking[i].rank = i + 1;
        if (i == 0 || ranking[i].result.valid_loss != ranking[i - 1].result.valid_loss) continue;
        ranking[i].rank = ranking[i - 1].rank;
        ranking[i].is_tied = ranking[i - 1].is_tied = true;
    }
}

static outcome rank_runs(sweep *self) {
    self->ranking = new_array((size_t)self->grid.run_count, sizeof *self->ranking);
    if (!self->ranking) return OUTCOME_MACHINE;
    for (int i = 0; i < self->grid.run_count; i++)
        if (self->runs[i].state != RUN_OPEN)
            self->ranking[self->ranked_count++] = (ranked_run){
                .index = i, .diverged = self->runs[i].state == RUN_DIVERGED, .result = self->runs[i].result};
    qsort(self->ranking, (size_t)self->ranked_count, sizeof *self->ranking, by_loss);
    rank(self->ranking, self->ranked_count);
    return OUTCOME_OK;
}

const ranked_run *sweep_ranking(const sweep *self, int *count) {
    *count = self->ranked_count;
    return self->ranking;
}

/* Concurrent calls are what OpenBLAS is built for only where it has threads of its own (pthreads); each call
 * still runs on one, as main() has set, so the bits are the same either way. */
static dni_pool *pool_for_runs(dni_pool *pool) {
    return openblas_get_parallel() == OPENBLAS_THREAD ? pool : NULL;
}

outcome sweep_run(sweep *self, const sweep_data *data, dni_pool *pool) {
    self->data = data;
    progress_start("sweep", (size_t)self->trainings, self->base->extraction.features.quiet);
    interrupts_wait(true); /* until what is done was printed: sweep_take_winner() */
    dni_pool_run(pool_for_runs(pool), run_one, self, (size_t)self->grid.run_count);
    progress_end();
    if (self->status) return report(&self->error, OUTCOME_DATA);
    for (int i = 0; i < self->grid.run_count; i++) {
        const run *first = &self->runs[self->runs[i].same_as];
        self->runs[i].state = first->state;
        self->runs[i].result = first->result;
    }
    return rank_runs(self);
}

outcome sweep_take_winner(sweep *self, sweep_winner *out) {
    if (interrupted())
        interrupts_say("interrupted: %zu of %d runs are done; no model is written", self->done,
                       self->trainings);
    interrupts_wait(false); /* ends the program where a signal has waited */
    if (self->best < 0) {
        message("every run diverged: try lower learning rates");
        return OUTCOME_DATA;
    }
    *out = (sweep_winner){&self->best_options, self->best_head, self->best_epochs,
                          self->runs[self->best].result};
    self->best_head = NULL;
    self->best_epochs = (epoch_log){.count = 0};
    return OUTCOME_OK;
}

json_t *sweep_json(const sweep *self) {
    return json_pack("{s:o, s:i}", "list", dni_json_text(self->base->sweep), "runs", self->grid.run_count);
}
