/* SPDX-License-Identifier: MIT */
/* What threads that predict take in memory: with file and network of their own, with a file each over one
 * network (dn_classifier_attach_model()), and with one file, too (dn_classifier_share()).
 *
 *     share FOLDER [ARCHITECTURE [fast|low]]          densenet161 unless another is named; fast
 *
 * Makes a model file of random weights in FOLDER. Then for 1, 2, 4 and 8 threads it starts a process that
 * loads the file in each of them, or takes what is shared, and judges a picture of 224 by 224 pixels at
 * batch 1. It prints how much of the process is in memory then (VmRSS of /proc/self/status) and was at most
 * (VmHWM), in MB of 10^6 bytes. Memory does not depend on how busy the machine is. */
#include "head/classifier/classifier.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CROP = 224, CLASSES = 2, MAX_THREADS = 8 };

_Noreturn static void give_up(const char *what) {
    fprintf(stderr, "share: %s\n", what);
    exit(1);
}

static void must(dn_status status, const dn_error *error) {
    if (status) give_up(error->message);
}

/* ---- the model file ---- */

static void make_file(const char *path, const dn_config *config) {
    dn_error error;
    dn_weights *weights;
    dn_head *head;
    char hash[33];
    float *input = malloc(CROP * CROP * 3 * sizeof *input);
    if (!input) give_up("out of memory");
    for (int i = 0; i < CROP * CROP * 3; i++) input[i] = (float)(i % 251) / 125.0f - 1.0f;
    must(dn_weights_random(&weights, config, 1, &error), &error);
    must(dn_weights_calibrate(weights, input, 1, CROP, CROP, NULL, &error), &error);
    dn_weights_hash(weights, hash);
    must(dn_head_create(&head, config->features, CLASSES, NULL, &error), &error);
    const dn_classifier_info info = {.struct_size = sizeof info,
                                     .backbone = config->name,
                                     .weights_source = "random:1",
                                     .weights_hash = hash,
                                     .class_count = CLASSES,
                                     .classes = (const char *const[]){"a", "b"},
                                     .preprocessing = dn_preprocessing_default(),
                                     .recipe = "{}",
                                     .metrics = "{}"};
    must(dn_classifier_save(path, head, &info, weights, &error), &error);
    dn_head_free(head);
    dn_weights_free(weights);
    free(input);
}

/* ---- a process of some threads ---- */

typedef struct job {
    pthread_t thread;
    const char *path;
    dn_memory memory;
    const dn_model *network;       /* NULL: one's own */
    const dn_classifier *original; /* NULL: the file is read again */
    pthread_barrier_t *judged, *measured;
} job;

static void *judge(void *context) {
    const job *j = context;
    dn_classifier *classifier;
    dn_error error;
    dn_model_options model_options = dn_model_options_default();
    dn_session_options options = dn_session_options_default();
    float probabilities[CLASSES];
    uint8_t *rgb = calloc(CROP * CROP, 3);
    if (!rgb) give_up("out of memory");
    const dn_image image = {.width = CROP, .height = CROP, .rgb = rgb};
    options.threads = model_options.threads = 1;
    model_options.memory = j->memory;
    must(j->original ? dn_classifier_share(&classifier, j->original, &error)
                     : dn_classifier_load(&classifier, j->path, &error),
         &error);
    must(j->network ? dn_classifier_attach_model(classifier, j->network, &options, &error)
                    : dn_classifier_attach(classifier, NULL, &model_options, &options, &error),
         &error);
    must(dn_classifier_predict(classifier, &image, 1, probabilities, &error), &error);
    pthread_barrier_wait(j->judged);
    pthread_barrier_wait(j->measured); /* until then everything stays */
    dn_classifier_free(classifier);
    free(rgb);
    return NULL;
}

/* The number behind "NAME:" in /proc/self/status, in MB; there it is in KiB. */
static double own_memory(const char *name) {
    char line[200];
    double kib = -1;
    FILE *file = fopen("/proc/self/status", "r");
    if (!file) give_up("/proc/self/status cannot be read");
    while (fgets(line, sizeof line, file))
        if (strncmp(line, name, strlen(name)) == 0) kib = strtod(line + strlen(name) + 1, NULL);
    fclose(file);
    return kib * 1024 / 1e6;
}

/* What threads have in common. */
typedef enum sharing { NOTHING, NETWORK, FILE_AND_NETWORK, SHARINGS } sharing;

static void run_threads(const char *path, dn_memory memory, sharing what, int threads) {
    static const char *const names[SHARINGS] = {"nothing", "network", "file and network"};
    job jobs[MAX_THREADS];
    pthread_barrier_t judged, measured;
    dn_classifier *original = NULL;
    dn_model *model = NULL;
    dn_error error;
    dn_model_options options = dn_model_options_default();
    options.memory = memory;
    if (what != NOTHING) {
        must(dn_classifier_load(&original, path, &error), &error);
        must(dn_classifier_create_model(&model, original, NULL, &options, &error), &error);
    }
    pthread_barrier_init(&judged, NULL, (unsigned)threads + 1);
    pthread_barrier_init(&measured, NULL, (unsigned)threads + 1);
    for (int i = 0; i < threads; i++) {
        jobs[i] = (job){.path = path,
                        .memory = memory,
                        .network = model,
                        .original = what == FILE_AND_NETWORK ? original : NULL,
                        .judged = &judged,
                        .measured = &measured};
        if (pthread_create(&jobs[i].thread, NULL, judge, &jobs[i])) give_up("a thread cannot be started");
    }
    pthread_barrier_wait(&judged);
    printf("%d threads share %-16s %5.0f MB, at most %5.0f MB\n", threads, names[what], own_memory("VmRSS"),
           own_memory("VmHWM"));
    pthread_barrier_wait(&measured);
    for (int i = 0; i < threads; i++) pthread_join(jobs[i].thread, NULL);
    dn_model_free(model);
    dn_classifier_free(original);
}

/* Runs in a process of its own, so that nothing of an earlier one is counted. */
static void measure(const char *path, dn_memory memory, sharing what, int threads) {
    const pid_t child = fork();
    if (child < 0) give_up("a process cannot be started");
    if (child == 0) {
        run_threads(path, memory, what, threads);
        exit(0);
    }
    int status;
    if (waitpid(child, &status, 0) != child || status != 0) give_up("a process failed");
}

int main(int argc, char **argv) {
    if (argc < 2 || argc > 4) give_up("share FOLDER [ARCHITECTURE [fast|low]]");
    const dn_config *config = dn_config_find(argc > 2 ? argv[2] : "densenet161");
    if (!config) give_up("there is no architecture of that name");
    const bool low = argc > 3 && strcmp(argv[3], "low") == 0;
    if (argc > 3 && !low && strcmp(argv[3], "fast") != 0) give_up("memory is fast or low");
    char path[4096];
    if (snprintf(path, sizeof path, "%s/share.safetensors", argv[1]) >= (int)sizeof path)
        give_up("the folder's name is too long");
    const pid_t child = fork(); /* threads of this process would not be those of its children */
    if (child < 0) give_up("a process cannot be started");
    if (child == 0) {
        make_file(path, config);
        exit(0);
    }
    int status;
    if (waitpid(child, &status, 0) != child || status != 0) give_up("the model file was not made");
    printf("%s, memory %s\n", config->name, low ? "low" : "fast");
    fflush(stdout); /* or each child would print it again */
    for (int what = 0; what < SHARINGS; what++)
        for (int threads = 1; threads <= MAX_THREADS; threads *= 2)
            measure(path, low ? DN_MEMORY_LOW : DN_MEMORY_FAST, (sharing)what, threads);
    remove(path);
    return 0;
}
