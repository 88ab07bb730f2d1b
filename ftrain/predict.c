/* ftrain predict: classes and probabilities of pictures, a line each. */
#include "core/pool.h"
#include "ftrain/commands.h"
#include "ftrain/model_weights.h"
#include "ftrain/options.h"
#include "ftrain/program.h"
#include "head/head.h"
#include "io/file.h"
#include "io/json.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { GROUP = 4 }; /* pictures in memory at a time */

typedef struct prediction {
    const char *model, *weights_option;
    int threads, top;
    bool json, strict;

    dn_classifier *classifier;
    dni_pool *pool;
    float *probabilities; /* (GROUP, classes) */
    int *order;           /* (classes) */
    char *paths[GROUP];
    size_t path_count;
    dn_image images[GROUP];
    dn_error errors[GROUP];
    dn_status statuses[GROUP];
    size_t skipped;
} prediction;

/* ---- output ---- */

/* Class indices by falling probability; equal ones in the model's order. */
static void sort_classes(int *order, const float *probabilities, int classes) {
    for (int i = 0; i < classes; i++) {
        int place = i;
        for (; place > 0 && probabilities[order[place - 1]] < probabilities[i]; place--)
            order[place] = order[place - 1];
        order[place] = i;
    }
}

static bool print_line(const prediction *work, const char *path, const float *probabilities) {
    const dn_classifier_info *info = dn_classifier_get_info(work->classifier);
    const int shown = work->top && work->top < info->class_count ? work->top : info->class_count;
    sort_classes(work->order, probabilities, info->class_count);
    if (!work->json) {
        fputs(path, stdout);
        for (int i = 0; i < shown; i++)
            printf("%s%s %.4f", i ? ", " : "\t", info->classes[work->order[i]],
                   (double)probabilities[work->order[i]]);
        putchar('\n');
        fflush(stdout);
        return true;
    }
    json_t *all = json_object();
    for (int i = 0; i < shown; i++)
        json_object_set_new(all, info->classes[work->order[i]],
                            dni_json_float(probabilities[work->order[i]]));
    return print_json(json_pack("{s:o, s:s, s:o}", "path", dni_json_text(path), "class",
                                info->classes[work->order[0]], "probabilities", all));
}

static int skip(prediction *work, const dn_error *error) {
    work->skipped++;
    if (work->strict) return report(error, EXIT_DATA);
    message("skipped: %s", error->message);
    return CONTINUE;
}

/* ---- groups of pictures ---- */

static void decode_one(void *context, size_t i) {
    prediction *work = context;
    work->statuses[i] = dn_image_load(&work->images[i], work->paths[i], &work->errors[i]);
}

/* Predicts one decoded picture of a group whose members did not all go through: each fails for itself. */
static int predict_one(prediction *work, size_t i) {
    dn_error error;
    if (!work->statuses[i] &&
        dn_classifier_predict(work->classifier, &work->images[i], 1, work->probabilities, &error)) {
        work->statuses[i] = error.status;
        snprintf(work->errors[i].message, sizeof work->errors[i].message, "%.400s: %.600s", work->paths[i],
                 error.message);
        work->errors[i].status = error.status;
    }
    if (work->statuses[i]) return skip(work, &work->errors[i]);
    return print_line(work, work->paths[i], work->probabilities) ? CONTINUE : EXIT_MACHINE;
}

static int predict_decoded(prediction *work) {
    bool all_decoded = true;
    for (size_t i = 0; i < work->path_count; i++) all_decoded = all_decoded && !work->statuses[i];
    int code = CONTINUE;
    const size_t classes = (size_t)dn_classifier_get_info(work->classifier)->class_count;
    const bool together =
        all_decoded && !dn_classifier_predict(work->classifier, work->images, (int)work->path_count,
                                              work->probabilities, NULL);
    for (size_t i = 0; code == CONTINUE && i < work->path_count; i++) {
        if (!together)
            code = predict_one(work, i);
        else if (!print_line(work, work->paths[i], work->probabilities + i * classes))
            code = EXIT_MACHINE;
    }
    return code;
}

static int predict_group(prediction *work) {
    dni_pool_run(work->pool, decode_one, work, work->path_count);
    dni_pool_rest(work->pool);
    const int code = predict_decoded(work);
    for (size_t i = 0; i < work->path_count; i++) {
        dn_image_free(&work->images[i]);
        free(work->paths[i]);
    }
    work->path_count = 0;
    return code;
}

/* Takes over `path`. */
static int add_picture(prediction *work, char *path) {
    work->paths[work->path_count++] = path;
    return work->path_count == GROUP ? predict_group(work) : CONTINUE;
}

static int add_path(prediction *work, const char *path);

static int add_folder(prediction *work, const char *folder) {
    dni_listing listing;
    dn_error error;
    if (dni_list_folder(&listing, folder, &error)) return skip(work, &error);
    int code = CONTINUE;
    for (size_t i = 0; code == CONTINUE && i < listing.count; i++) {
        char *path = dni_path_join(folder, listing.names[i]);
        code = path ? add_path(work, path) : report_no_memory();
        free(path);
    }
    dni_listing_free(&listing);
    return code;
}

/* What is neither folder nor readable file is told by the decoder. */
static int add_path(prediction *work, const char *path) {
    struct stat found;
    if (stat(path, &found) == 0 && S_ISDIR(found.st_mode)) return add_folder(work, path);
    char *copy = strdup(path);
    return copy ? add_picture(work, copy) : report_no_memory();
}

/* ---- the command ---- */

static int attach(prediction *work) {
    dn_weights *weights = NULL;
    int code = CONTINUE;
    if (!dn_classifier_is_complete(work->classifier) || work->weights_option)
        code = model_weights(&weights, work->classifier, work->weights_option);
    if (code != CONTINUE) return code;
    dn_session_options options = dn_session_options_default();
    options.batch = GROUP;
    options.threads = work->threads;
    dn_error error;
    if (dn_classifier_attach(work->classifier, weights, &options, &error)) code = report(&error, EXIT_MODEL);
    dn_weights_free(weights);
    return code;
}

static int prepare(prediction *work) {
    dn_error error;
    if (!work->model) {
        message("predict: -m MODEL is missing");
        return EXIT_USAGE;
    }
    if (dn_classifier_load(&work->classifier, work->model, &error)) return report(&error, EXIT_MODEL);
    if (dni_pool_create(&work->pool, work->threads, &error)) return report(&error, EXIT_MACHINE);
    const size_t classes = (size_t)dn_classifier_get_info(work->classifier)->class_count;
    work->probabilities = malloc(GROUP * classes * sizeof *work->probabilities);
    work->order = malloc(classes * sizeof *work->order);
    if (!work->probabilities || !work->order) return report_no_memory();
    return attach(work);
}

static int predict(prediction *work, char *const *paths, int count) {
    int code = prepare(work);
    for (int i = 0; code == CONTINUE && i < count; i++) code = add_path(work, paths[i]);
    if (code == CONTINUE && work->path_count) code = predict_group(work);
    if (code != CONTINUE) return code;
    return work->skipped ? EXIT_SKIPPED : EXIT_DONE;
}

static int run(const command *self, int argc, char **argv) {
    prediction work = {.top = 0};
    const option_spec specs[] = {
        {"model", 'm', OPTION_TEXT, &work.model, 0, 0, "MODEL", "a file of 'ftrain train'"},
        {"weights", 'w', OPTION_TEXT, &work.weights_option, 0, 0, "WEIGHTS",
         "the file it was trained with; else found by itself"},
        {"top", 0, OPTION_INT, &work.top, 1, 1e6, "N", "only the N most probable classes"},
        {"threads", 0, OPTION_INT, &work.threads, 0, 1024, "N", "0: one a core (default)"},
        {"strict", 0, OPTION_FLAG, &work.strict, 0, 0, NULL, "stop at the first picture that cannot be used"},
        {"json", 0, OPTION_FLAG, &work.json, 0, 0, NULL, "a JSON object a line"},
    };
    int first;
    int code = parse_options(self, specs, sizeof specs / sizeof *specs, argc, argv, 1, INT_MAX, &first);
    if (code == CONTINUE) code = predict(&work, argv + first, argc - first);
    for (size_t i = 0; i < work.path_count; i++) free(work.paths[i]);
    free(work.probabilities);
    free(work.order);
    dni_pool_free(work.pool);
    dn_classifier_free(work.classifier);
    return code;
}

const command predict_command = {
    .name = "predict",
    .arguments = "-m MODEL PATH... [options]",
    .summary = "tell the classes of pictures",
    .description =
        "A line for each picture, and for each picture in a folder: the path, a tab, then classes with "
        "their\n"
        "probabilities, the most probable first.\n\n"
        "  ftrain predict -m flowers.safetensors a.jpg b.png holiday/\n\n",
    .run = run,
};
