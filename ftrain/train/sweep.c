/* ftrain train --sweep LIST.
 *
 * Every run is the training that its options alone would give, with the same seed, so its numbers depend neither
 * on the others nor on how many run at a time. */
#include "ftrain/train/sweep.h"

#include "ftrain/shell/interrupt.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/outcome.h"
#include "ftrain/shell/progress.h"
#include "io/json.h"

#include <cblas.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_VALUES = 64, MAX_RUNS = 10000 };

static const char *const options_swept[] = {"hidden",   "dropout",      "lr",     "optimizer",
                                            "momentum", "weight-decay", "batch",  "label-smoothing",
                                            "schedule", "warmup",       "epochs", "class-weights"};

typedef struct axis {
    const char *name;
    const char *values[MAX_VALUES];
    int count;
} axis;

typedef enum run_state { RUN_OPEN, RUN_DONE, RUN_DIVERGED } run_state;

typedef struct run {
    run_state state;
    dn_train_result result;
} run;

struct sweep {
    const train_options *base;
    char *text; /* the list, cut into the axes' names and values */
    axis axes[MAX_SWEEP_AXES];
    int axis_count;
    int run_count;
    run *runs;

    const dn_features *train, *valid;
    int width, classes;
    pthread_mutex_t lock; /* of all below, of the runs, and of progress */
    int best;             /* the run with the lowest validation loss so far; -1: none */
    dn_head *best_head;
    epoch_log best_epochs;
    train_options best_options;
    dn_status status; /* a failure that ends the sweep */
    dn_error error;
    size_t done;

    sweep_place *places; /* the runs that ended, the best first */
    int place_count;
};

/* ---- the list ---- */

static bool is_swept(const char *name) {
    for (size_t i = 0; i < sizeof options_swept / sizeof *options_swept; i++)
        if (strcmp(name, options_swept[i]) == 0) return true;
    return false;
}

/* "lr=0.001/0.003", which is cut up. */
static outcome parse_axis(sweep *of, char *text) {
    char *values = strchr(text, '=');
    if (values) *values++ = '\0';
    if (!values || !is_swept(text)) {
        message(
            "--sweep: '%s' is not one of hidden, dropout, lr, optimizer, momentum, weight-decay, batch, "
            "label-smoothing, schedule, warmup, epochs, class-weights, with =VALUE/VALUE...",
            text);
        return OUTCOME_USAGE;
    }
    for (int a = 0; a < of->axis_count; a++)
        if (strcmp(of->axes[a].name, text) == 0) {
            message("--sweep: '%s' is there twice", text);
            return OUTCOME_USAGE;
        }
    if (of->axis_count == MAX_SWEEP_AXES) {
        message("--sweep: more than %d options, at '%s'", MAX_SWEEP_AXES, text);
        return OUTCOME_USAGE;
    }
    axis *to = &of->axes[of->axis_count++];
    to->name = text;
    for (char *value = values; value; value = values) {
        values = strchr(value, '/');
        if (values) *values++ = '\0';
        if (to->count == MAX_VALUES) {
            message("--sweep: more than %d values of '%s'", MAX_VALUES, text);
            return OUTCOME_USAGE;
        }
        to->values[to->count++] = value;
    }
    return OUTCOME_OK;
}

static outcome parse_list(sweep *of) {
    char *rest = NULL;
    of->run_count = 1;
    for (char *text = strtok_r(of->text, " \t\n", &rest); text; text = strtok_r(NULL, " \t\n", &rest)) {
        const outcome code = parse_axis(of, text);
        if (code) return code;
        of->run_count *= of->axes[of->axis_count - 1].count;
        if (of->run_count > MAX_RUNS) {
            message("--sweep: more than %d combinations", MAX_RUNS);
            return OUTCOME_USAGE;
        }
    }
    if (of->axis_count) return OUTCOME_OK;
    message("--sweep: '%s' names no option", of->base->sweep);
    return OUTCOME_USAGE;
}

int sweep_axis_count(const sweep *of) {
    return of->axis_count;
}

const char *sweep_axis_name(const sweep *of, int a) {
    return of->axes[a].name;
}

/* The last axis turns fastest. */
const char *sweep_value(const sweep *of, int index, int a) {
    for (int later = of->axis_count - 1; later > a; later--) index /= of->axes[later].count;
    return of->axes[a].values[index % of->axes[a].count];
}

static outcome options_of(const sweep *of, int index, train_options *out) {
    *out = *of->base;
    for (int a = 0; a < of->axis_count; a++) {
        const outcome code = train_options_set(out, of->axes[a].name, sweep_value(of, index, a));
        if (code) return code;
    }
    return OUTCOME_OK;
}

static outcome prepare(sweep *of) {
    outcome code = parse_list(of);
    train_options trial;
    for (int i = 0; !code && i < of->run_count; i++) code = options_of(of, i, &trial);
    if (code) return code;
    of->runs = calloc((size_t)of->run_count, sizeof *of->runs);
    return of->runs ? OUTCOME_OK : report_no_memory();
}

outcome sweep_create(sweep **out, const train_options *base) {
    *out = NULL;
    sweep *made = calloc(1, sizeof *made);
    if (!made) return report_no_memory();
    pthread_mutex_init(&made->lock, NULL);
    made->base = base;
    made->best = -1;
    made->text = strdup(base->sweep);
    const outcome code = made->text ? prepare(made) : report_no_memory();
    if (!code)
        *out = made;
    else
        sweep_free(made);
    return code;
}

void sweep_free(sweep *of) {
    if (!of) return;
    pthread_mutex_destroy(&of->lock);
    dn_head_free(of->best_head);
    epoch_log_free(&of->best_epochs);
    free(of->runs);
    free(of->places);
    free(of->text);
    free(of);
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
static void keep_best(sweep *of, int index, trained_run *trained) {
    dn_head *head = of->best_head;
    const epoch_log epochs = of->best_epochs;
    of->best = index;
    of->best_head = trained->head;
    of->best_epochs = trained->epochs;
    of->best_options = trained->options;
    trained->head = head;
    trained->epochs = epochs;
}

static void conclude(sweep *of, int index, trained_run *trained) {
    const dn_status status = trained->error.status;
    pthread_mutex_lock(&of->lock);
    run *here = &of->runs[index];
    if (status == DN_ERR_DATA_DIVERGED) here->state = RUN_DIVERGED;
    if (!status) {
        *here = (run){RUN_DONE, trained->result};
        const double loss = trained->result.valid_loss;
        const double best = of->best < 0 ? HUGE_VAL : of->runs[of->best].result.valid_loss;
        if (loss < best || (loss == best && index < of->best)) keep_best(of, index, trained);
    }
    if (here->state != RUN_OPEN) progress_step(++of->done);
    if (here->state == RUN_OPEN && status != DN_ERR_CANCELLED && !of->status) {
        of->status = status;
        of->error = trained->error;
    }
    pthread_mutex_unlock(&of->lock);
}

static bool is_stopped(sweep *of) {
    pthread_mutex_lock(&of->lock);
    const bool failed = of->status != DN_OK;
    pthread_mutex_unlock(&of->lock);
    return failed || interrupted();
}

static void train_one(const sweep *of, trained_run *out) {
    const dn_head_options head_options = train_options_head(&out->options);
    dn_train_options training = train_options_training(&out->options);
    training.on_epoch = keep_epoch;
    training.is_cancelled = is_cancelled;
    training.context = &out->epochs;
    if (!epoch_log_create(&out->epochs, training.epochs)) {
        out->error = (dn_error){DN_ERR_MEMORY, "out of memory for the epochs of a training"};
        return;
    }
    dn_status status = dn_head_create(&out->head, of->width, of->classes, &head_options, &out->error);
    if (!status)
        status = dn_head_train(out->head, of->train, of->valid, &training, &out->result, &out->error);
    out->error.status = status;
}

static void run_one(void *context, size_t i) {
    sweep *of = context;
    trained_run out = {.error = {.status = DN_OK}};
    if (is_stopped(of) || options_of(of, (int)i, &out.options)) return;
    train_one(of, &out);
    conclude(of, (int)i, &out);
    epoch_log_free(&out.epochs);
    dn_head_free(out.head);
}

/* ---- the ranking ---- */

static int by_loss(const void *a, const void *b) {
    const sweep_place *x = a, *y = b;
    if (x->diverged != y->diverged) return x->diverged ? 1 : -1;
    if (!x->diverged && x->result.valid_loss != y->result.valid_loss)
        return x->result.valid_loss < y->result.valid_loss ? -1 : 1;
    return x->run < y->run ? -1 : 1;
}

static void rank(sweep_place *places, int count) {
    for (int i = 0; i < count && !places[i].diverged; i++) {
        places[i].rank = i + 1;
        if (i == 0 || places[i].result.valid_loss != places[i - 1].result.valid_loss) continue;
        places[i].rank = places[i - 1].rank;
        places[i].is_tied = places[i - 1].is_tied = true;
    }
}

static outcome rank_runs(sweep *of) {
    of->places = calloc((size_t)of->run_count, sizeof *of->places);
    if (!of->places) return report_no_memory();
    for (int i = 0; i < of->run_count; i++)
        if (of->runs[i].state != RUN_OPEN)
            of->places[of->place_count++] = (sweep_place){
                .run = i, .diverged = of->runs[i].state == RUN_DIVERGED, .result = of->runs[i].result};
    qsort(of->places, (size_t)of->place_count, sizeof *of->places, by_loss);
    rank(of->places, of->place_count);
    return OUTCOME_OK;
}

const sweep_place *sweep_ranking(const sweep *of, int *count) {
    *count = of->place_count;
    return of->places;
}

/* Concurrent calls are what OpenBLAS is built for only where it has threads of its own (pthreads); each call
 * still runs on one, as main() has set, so the bits are the same either way. */
static dni_pool *pool_for_runs(dni_pool *pool) {
    return openblas_get_parallel() == OPENBLAS_THREAD ? pool : NULL;
}

outcome sweep_run(sweep *of, const dn_features *train, const dn_features *valid, int width, int classes,
                  dni_pool *pool) {
    of->train = train;
    of->valid = valid;
    of->width = width;
    of->classes = classes;
    progress_start("sweep", (size_t)of->run_count, of->base->extraction.features.quiet);
    interrupts_wait(true); /* until what is done was printed: sweep_take_winner() */
    dni_pool_run(pool_for_runs(pool), run_one, of, (size_t)of->run_count);
    progress_end();
    if (of->status) return report(&of->error, OUTCOME_DATA);
    return rank_runs(of);
}

outcome sweep_take_winner(sweep *of, sweep_winner *out) {
    if (interrupted())
        interrupts_say("interrupted: %zu of %d runs are done; no model is written", of->done, of->run_count);
    interrupts_wait(false); /* ends the program where a signal has waited */
    if (of->best < 0) {
        message("every run diverged: try lower learning rates");
        return OUTCOME_DATA;
    }
    *out = (sweep_winner){&of->best_options, of->best_head, of->best_epochs, of->runs[of->best].result};
    of->best_head = NULL;
    of->best_epochs = (epoch_log){.count = 0};
    return OUTCOME_OK;
}

json_t *sweep_json(const sweep *of) {
    return json_pack("{s:o, s:i}", "list", dni_json_text(of->base->sweep), "runs", of->run_count);
}
