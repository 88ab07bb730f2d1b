/* SPDX-License-Identifier: MIT */
/* folder [-j THREADS] [-w WEIGHTS] MODEL FOLDER: the most probable class of every picture in a folder.
 *
 * Threads take a few pictures at a time and judge them in one batch. All share one network and one model
 * file; each has a session of its own, which costs little. A picture that cannot be judged does not stop
 * the others: it is named, and the exit status is then 1. Lines come in the order of the names, whichever
 * thread was first. */
#define _POSIX_C_SOURCE 200809L
#include <densenet.h>

#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BATCH = 4, MOST_THREADS = 64 };

typedef struct result {
    char *path;
    dn_status status; /* of this picture */
    char *message;    /* why it could not be decoded; NULL: it could */
    int best;
    float probability;
} result;

typedef struct job {
    const dn_classifier *original;
    const dn_model *model;
    result *results; /* (count) */
    int count;
    atomic_int next; /* the first picture that nobody has taken */
    int threads;
} job;

typedef struct worker {
    pthread_t thread;
    job *of;
    dn_status status;
    dn_error error;
} worker;

/* ---- a thread ---- */

/* Whether the machine has failed, and not the picture. */
static int ends_all(dn_status status) {
    return status == DN_ERR_MEMORY || status == DN_ERR_THREADS || status == DN_ERR_IO;
}

/* Decodes; what fails keeps its message, and its image has no pixels, which the classifier notices. */
static dn_status decode(dn_image *image, result *to, dn_error *error) {
    to->status = dn_image_load(image, to->path, error);
    if (!to->status) return DN_OK;
    if (ends_all(to->status)) return to->status;
    to->message = strdup(error->message);
    return DN_OK;
}

static void keep(result *to, dn_status status, const float *probabilities, int classes) {
    if (!to->status) to->status = status;
    for (int c = 1; c < classes; c++)
        if (probabilities[c] > probabilities[to->best]) to->best = c;
    to->probability = probabilities[to->best];
}

static dn_status judge_batch(dn_classifier *classifier, result *results, int count, float *probabilities,
                             dn_error *error) {
    const int classes = dn_classifier_get_info(classifier)->class_count;
    dn_image images[BATCH] = {{0}};
    dn_status statuses[BATCH], status = DN_OK;
    const dn_judgements out = {.probabilities = probabilities, .statuses = statuses};
    for (int i = 0; !status && i < count; i++) status = decode(&images[i], &results[i], error);
    if (!status) status = dn_classifier_judge(classifier, images, count, &out, error);
    for (int i = 0; !status && i < count; i++)
        keep(&results[i], statuses[i], probabilities + (size_t)i * (size_t)classes, classes);
    for (int i = 0; i < count; i++) dn_image_free(&images[i]);
    return status;
}

static dn_status judge_all(job *of, dn_error *error) {
    dn_classifier *classifier = NULL;
    dn_session_options options = dn_session_options_default();
    options.threads = 1; /* the pictures are shared out already */
    options.batch = BATCH;
    const size_t row = (size_t)dn_classifier_get_info(of->original)->class_count;
    float *probabilities = malloc(sizeof *probabilities * row * BATCH);
    if (!probabilities) {
        *error = (dn_error){DN_ERR_MEMORY, "out of memory"};
        return DN_ERR_MEMORY;
    }
    dn_status status = dn_classifier_share(&classifier, of->original, error);
    if (!status) status = dn_classifier_attach_model(classifier, of->model, &options, error);
    while (!status) {
        const int first = atomic_fetch_add(&of->next, BATCH);
        if (first >= of->count) break;
        const int count = of->count - first < BATCH ? of->count - first : BATCH;
        status = judge_batch(classifier, of->results + first, count, probabilities, error);
    }
    if (status) atomic_store(&of->next, of->count); /* the others need not go on */
    dn_classifier_free(classifier);
    free(probabilities);
    return status;
}

static void *work(void *context) {
    worker *self = context;
    self->status = judge_all(self->of, &self->error);
    return NULL;
}

/* ---- all threads ---- */

static dn_status judge_folder(job *it, dn_error *error) {
    worker workers[MOST_THREADS];
    dn_status status = DN_OK;
    int started = 0;
    for (; started < it->threads; started++) {
        workers[started] = (worker){.of = it};
        if (pthread_create(&workers[started].thread, NULL, work, &workers[started]) != 0) break;
    }
    for (int i = 0; i < started; i++) {
        pthread_join(workers[i].thread, NULL);
        if (!status && workers[i].status) {
            status = workers[i].status;
            *error = workers[i].error;
        }
    }
    if (!started) {
        *error = (dn_error){DN_ERR_THREADS, "no thread can be started"};
        return DN_ERR_THREADS;
    }
    return status;
}

static int print(const job *it) { /* how many could not be judged */
    const dn_classifier_info *info = dn_classifier_get_info(it->original);
    int failed = 0;
    for (int i = 0; i < it->count; i++) {
        const result *r = &it->results[i];
        if (!r->status) {
            printf("%s\t%s\t%.4f\n", r->path, info->classes[r->best], (double)r->probability);
        } else if (r->message) {
            fprintf(stderr, "folder: %s\n", r->message);
        } else {
            fprintf(stderr, "folder: %s: %s\n", r->path, dn_status_name(r->status));
        }
        failed += r->status != DN_OK;
    }
    return failed;
}

/* ---- the folder ---- */

static int is_visible(const struct dirent *entry) {
    return entry->d_name[0] != '.';
}

/* The names in a folder, in their order, as the job's pictures; 0 where there are none or memory ends. */
static int list(job *it, const char *folder) {
    struct dirent **entries;
    const int count = scandir(folder, &entries, is_visible, alphasort);
    if (count < 0) return 0;
    it->results = calloc((size_t)count + 1, sizeof *it->results);
    for (int i = 0; i < count; i++) {
        const size_t size = strlen(folder) + strlen(entries[i]->d_name) + 2;
        char *path = it->results && it->count == i ? malloc(size) : NULL;
        if (path) {
            snprintf(path, size, "%s/%s", folder, entries[i]->d_name);
            it->results[it->count++].path = path;
        }
        free(entries[i]);
    }
    free(entries);
    return count > 0 && it->count == count;
}

static void free_job(job *it) {
    for (int i = 0; i < it->count; i++) {
        free(it->results[i].path);
        free(it->results[i].message);
    }
    free(it->results);
}

static int run(job *it, const char *model_path, const char *weights_path) {
    dn_error error;
    dn_classifier *classifier = NULL;
    dn_weights *weights = NULL;
    dn_model *model = NULL;
    int code = 2;
    dn_status status = dn_classifier_load(&classifier, model_path, &error);
    if (!status && weights_path) status = dn_weights_load(&weights, weights_path, &error);
    if (!status) status = dn_classifier_create_model(&model, classifier, weights, NULL, &error);
    dn_weights_free(weights);
    it->original = classifier;
    it->model = model;
    if (!status) status = judge_folder(it, &error);
    if (status)
        fprintf(stderr, "folder: %s\n", error.message);
    else
        code = print(it) ? 1 : 0;
    dn_model_free(model);
    dn_classifier_free(classifier); /* last: what is shared was read by it */
    return code;
}

int main(int argc, char **argv) {
    const char *weights = NULL;
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    job it = {.threads = cores < 1 ? 1 : cores > MOST_THREADS ? MOST_THREADS : (int)cores};
    int c, code = 2;
    while ((c = getopt(argc, argv, "j:w:")) != -1) {
        if (c == 'j')
            it.threads = atoi(optarg);
        else if (c == 'w')
            weights = optarg;
        else
            return 2;
    }
    if (argc - optind != 2 || it.threads < 1 || it.threads > MOST_THREADS) {
        fputs("usage: folder [-j THREADS, 1 to 64] [-w WEIGHTS] MODEL FOLDER\n", stderr);
        return 2;
    }
    if (list(&it, argv[optind + 1]))
        code = run(&it, argv[optind], weights);
    else
        fprintf(stderr, "folder: %s: it cannot be read, or there is nothing in it\n", argv[optind + 1]);
    free_job(&it);
    return code;
}
