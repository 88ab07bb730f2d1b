/* ftrain train --sweep LIST.
 *
 * Every run is the training that its options alone would give, with the same seed, so its numbers depend neither
 * on the others nor on how many run at a time. */
#include "ftrain/sweep.h"

#include "ftrain/program.h"
#include "ftrain/progress.h"
#include "ftrain/table.h"
#include "io/json.h"

#include <cblas.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_AXES = 8, MAX_VALUES = 64, MAX_RUNS = 10000 };

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
    axis axes[MAX_AXES];
    int axis_count;
    int run_count;
    run *runs;

    const dn_features *train, *valid;
    int width, classes;
    pthread_mutex_t lock; /* of all below, of the runs, and of progress */
    int best;             /* the run with the lowest validation loss so far; -1: none */
    dn_head *best_head;
    train_options best_options;
    dn_status status; /* a failure that ends the sweep */
    dn_error error;
    size_t done;
};

/* ---- the list ---- */

static bool is_swept(const char *name) {
    for (size_t i = 0; i < sizeof options_swept / sizeof *options_swept; i++)
        if (strcmp(name, options_swept[i]) == 0) return true;
    return false;
}

/* "lr=0.001/0.003", which is cut up. */
static int parse_axis(sweep *of, char *text) {
    char *values = strchr(text, '=');
    if (values) *values++ = '\0';
    if (!values || !is_swept(text)) {
        message(
            "--sweep: '%s' is not one of hidden, dropout, lr, optimizer, momentum, weight-decay, batch, "
            "label-smoothing, schedule, warmup, epochs, class-weights, with =VALUE/VALUE...",
            text);
        return EXIT_USAGE;
    }
    for (int a = 0; a < of->axis_count; a++)
        if (strcmp(of->axes[a].name, text) == 0) {
            message("--sweep: '%s' is there twice", text);
            return EXIT_USAGE;
        }
    if (of->axis_count == MAX_AXES) {
        message("--sweep: more than %d options, at '%s'", MAX_AXES, text);
        return EXIT_USAGE;
    }
    axis *to = &of->axes[of->axis_count++];
    to->name = text;
    for (char *value = values; value; value = values) {
        values = strchr(value, '/');
        if (values) *values++ = '\0';
        if (to->count == MAX_VALUES) {
            message("--sweep: more than %d values of '%s'", MAX_VALUES, text);
            return EXIT_USAGE;
        }
        to->values[to->count++] = value;
    }
    return CONTINUE;
}

static int parse_list(sweep *of) {
    char *rest = NULL;
    of->run_count = 1;
    for (char *text = strtok_r(of->text, " \t\n", &rest); text; text = strtok_r(NULL, " \t\n", &rest)) {
        const int code = parse_axis(of, text);
        if (code != CONTINUE) return code;
        of->run_count *= of->axes[of->axis_count - 1].count;
        if (of->run_count > MAX_RUNS) {
            message("--sweep: more than %d combinations", MAX_RUNS);
            return EXIT_USAGE;
        }
    }
    if (of->axis_count) return CONTINUE;
    message("--sweep: '%s' names no option", of->base->sweep);
    return EXIT_USAGE;
}

/* The value of axis `a` in run `index`: the last axis turns fastest. */
static const char *value_of(const sweep *of, int index, int a) {
    for (int later = of->axis_count - 1; later > a; later--) index /= of->axes[later].count;
    return of->axes[a].values[index % of->axes[a].count];
}

static int options_of(const sweep *of, int index, train_options *out) {
    *out = *of->base;
    for (int a = 0; a < of->axis_count; a++) {
        const int code = train_options_set(out, of->axes[a].name, value_of(of, index, a));
        if (code != CONTINUE) return code;
    }
    return CONTINUE;
}

static int prepare(sweep *of) {
    int code = parse_list(of);
    train_options trial;
    for (int i = 0; code == CONTINUE && i < of->run_count; i++) code = options_of(of, i, &trial);
    if (code != CONTINUE) return code;
    of->runs = calloc((size_t)of->run_count, sizeof *of->runs);
    return of->runs ? CONTINUE : report_no_memory();
}

int sweep_create(sweep **out, const train_options *base) {
    *out = NULL;
    sweep *made = calloc(1, sizeof *made);
    if (!made) return report_no_memory();
    pthread_mutex_init(&made->lock, NULL);
    made->base = base;
    made->best = -1;
    made->text = strdup(base->sweep);
    const int code = made->text ? prepare(made) : report_no_memory();
    if (code == CONTINUE)
        *out = made;
    else
        sweep_free(made);
    return code;
}

void sweep_free(sweep *of) {
    if (!of) return;
    pthread_mutex_destroy(&of->lock);
    dn_head_free(of->best_head);
    free(of->runs);
    free(of->text);
    free(of);
}

/* ---- the runs ---- */

static int stop_if_interrupted(void *context, const dn_epoch *epoch) {
    (void)context;
    (void)epoch;
    return interrupted();
}

/* Keeps a finished run, and its head if it is the best so far; else the head is let go. */
static void conclude(sweep *of, int index, const train_options *options, dn_head *head, dn_status status,
                     const dn_train_result *result, const dn_error *error) {
    pthread_mutex_lock(&of->lock);
    run *here = &of->runs[index];
    dn_head *unwanted = head;
    if (status == DN_ERR_DATA_DIVERGED) here->state = RUN_DIVERGED;
    if (!status) {
        *here = (run){RUN_DONE, *result};
        const double best = of->best < 0 ? HUGE_VAL : of->runs[of->best].result.valid_loss;
        if (result->valid_loss < best || (result->valid_loss == best && index < of->best)) {
            unwanted = of->best_head;
            of->best = index;
            of->best_head = head;
            of->best_options = *options;
        }
    }
    if (here->state != RUN_OPEN) progress_step(++of->done);
    if (here->state == RUN_OPEN && status != DN_ERR_CANCELLED && !of->status) {
        of->status = status;
        of->error = *error;
    }
    pthread_mutex_unlock(&of->lock);
    dn_head_free(unwanted);
}

static bool is_stopped(sweep *of) {
    pthread_mutex_lock(&of->lock);
    const bool failed = of->status != DN_OK;
    pthread_mutex_unlock(&of->lock);
    return failed || interrupted();
}

static void run_one(void *context, size_t i) {
    sweep *of = context;
    train_options options;
    if (is_stopped(of) || options_of(of, (int)i, &options) != CONTINUE) return;
    const dn_head_options head_options = train_options_head(&options);
    dn_train_options training = train_options_training(&options);
    training.on_epoch = stop_if_interrupted;
    dn_head *head;
    dn_error error = {.status = DN_OK};
    dn_train_result result = {.epochs = 0};
    dn_status status = dn_head_create(&head, of->width, of->classes, &head_options, &error);
    if (!status) status = dn_head_train(head, of->train, of->valid, &training, &result, &error);
    conclude(of, (int)i, &options, head, status, &result, &error);
}

/* ---- the ranking ---- */

typedef struct place {
    int index; /* of the run */
    const run *run;
} place;

static int by_loss(const void *a, const void *b) {
    const place *x = a, *y = b;
    const run *p = x->run, *q = y->run;
    if (p->state != q->state) return p->state < q->state ? -1 : 1;
    if (p->state == RUN_DONE && p->result.valid_loss != q->result.valid_loss)
        return p->result.valid_loss < q->result.valid_loss ? -1 : 1;
    return x->index < y->index ? -1 : 1;
}

/* The runs that ended, the best first; those that diverged are last. */
static int rank_runs(const sweep *of, place *order) {
    int count = 0;
    for (int i = 0; i < of->run_count; i++)
        if (of->runs[i].state != RUN_OPEN) order[count++] = (place){i, &of->runs[i]};
    qsort(order, (size_t)count, sizeof *order, by_loss);
    return count;
}

static bool same_loss(const place *order, int count, int a, int b) {
    if (a < 0 || b >= count) return false;
    const run *p = order[a].run, *q = order[b].run;
    return p->state == RUN_DONE && q->state == RUN_DONE && p->result.valid_loss == q->result.valid_loss;
}

/* Ties share the rank of the first of them. */
static int rank_at(const place *order, int count, int at) {
    while (same_loss(order, count, at - 1, at)) at--;
    return at + 1;
}

static bool is_tied(const place *order, int count, int at) {
    return same_loss(order, count, at - 1, at) || same_loss(order, count, at, at + 1);
}

static bool print_line(const sweep *of, const place *order, int count, int at) {
    const run *r = order[at].run;
    json_t *options = json_object();
    for (int a = 0; a < of->axis_count; a++)
        json_object_set_new(options, of->axes[a].name, dni_json_text(value_of(of, order[at].index, a)));
    if (r->state == RUN_DIVERGED)
        return print_json(json_pack("{s:n, s:o, s:b}", "rank", "options", options, "diverged", 1));
    return print_json(json_pack("{s:i, s:b, s:o, s:i, s:i, s:f, s:f, s:f}", "rank", rank_at(order, count, at),
                                "tied", is_tied(order, count, at), "options", options, "epochs",
                                r->result.epochs, "best_epoch", r->result.best_epoch, "train_loss",
                                r->result.train_loss, "valid_loss", r->result.valid_loss, "valid_accuracy",
                                r->result.valid_accuracy));
}

/* NaN, which a table shows as "-", for a run that came to nothing. */
static double shown(const run *r, double value) {
    return r->state == RUN_DONE ? value : (double)NAN;
}

static bool print_table(const sweep *of, const place *order, int count) {
    table *out = table_create(of->axis_count + 5);
    table_text(out, "rank");
    for (int a = 0; a < of->axis_count; a++) table_text(out, of->axes[a].name);
    static const char *const titles[] = {"best epoch", "train loss", "valid loss", "valid accuracy"};
    for (int i = 0; i < 4; i++) table_text(out, titles[i]);
    for (int at = 0; at < count; at++) {
        const run *r = order[at].run;
        char rank[24] = "diverged";
        if (r->state == RUN_DONE)
            snprintf(rank, sizeof rank, "%d%s", rank_at(order, count, at),
                     is_tied(order, count, at) ? " tied" : "");
        table_text(out, rank);
        for (int a = 0; a < of->axis_count; a++) table_text(out, value_of(of, order[at].index, a));
        table_number(out, "%.0f", shown(r, r->result.best_epoch));
        table_number(out, "%.4f", shown(r, r->result.train_loss));
        table_number(out, "%.4f", shown(r, r->result.valid_loss));
        table_number(out, "%.4f", shown(r, r->result.valid_accuracy));
    }
    return table_print(out);
}

static int print_ranking(const sweep *of) {
    place *order = malloc((size_t)of->run_count * sizeof *order);
    if (!order) return report_no_memory();
    const int count = rank_runs(of, order);
    bool printed = true;
    if (of->base->json)
        for (int at = 0; printed && at < count; at++) printed = print_line(of, order, count, at);
    else if (count)
        printed = print_table(of, order, count);
    if (!of->base->json && is_tied(order, count, 0))
        message(
            "runs tie for the lowest validation loss: the first of them in the order of the list is taken");
    free(order);
    return printed ? CONTINUE : EXIT_MACHINE;
}

/* Concurrent calls are what OpenBLAS is built for only where it has threads of its own (pthreads); each call
 * still runs on one, as main() has set, so the bits are the same either way. */
static dni_pool *pool_for_runs(dni_pool *pool) {
    return openblas_get_parallel() == OPENBLAS_THREAD ? pool : NULL;
}

int sweep_run(sweep *of, const dn_features *train, const dn_features *valid, int width, int classes,
              dni_pool *pool) {
    of->train = train;
    of->valid = valid;
    of->width = width;
    of->classes = classes;
    progress_start("sweep", (size_t)of->run_count, of->base->extraction.quiet);
    dni_pool_run(pool_for_runs(pool), run_one, of, (size_t)of->run_count);
    dni_pool_rest(pool);
    progress_end();
    if (of->status) return report(&of->error, EXIT_DATA);
    const int code = print_ranking(of);
    if (code != CONTINUE) return code;
    if (interrupted()) {
        message("interrupted: %zu of %d runs are done; no model is written", of->done, of->run_count);
        return EXIT_INTERRUPTED;
    }
    if (of->best >= 0) return CONTINUE;
    message("every run diverged: try lower learning rates");
    return EXIT_DATA;
}

const train_options *sweep_winner(sweep *of, dn_head **head, dn_train_result *result) {
    *head = of->best_head;
    of->best_head = NULL;
    *result = of->runs[of->best].result;
    return &of->best_options;
}

json_t *sweep_json(const sweep *of) {
    return json_pack("{s:o, s:i}", "list", dni_json_text(of->base->sweep), "runs", of->run_count);
}
