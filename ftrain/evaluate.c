/* ftrain evaluate: a model against labelled pictures. */
#include "ftrain/commands.h"
#include "ftrain/features.h"
#include "ftrain/model_weights.h"
#include "ftrain/options.h"
#include "ftrain/program.h"
#include "head/head.h"
#include "io/file.h"
#include "io/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct evaluation {
    const char *model, *weights_option, *cache_option, *features, *split;
    int threads;
    bool strict, quiet, json;

    dn_classifier *classifier;
    dn_weights *weights; /* once asked for */
    dni_pool *pool;
    dni_samples samples;
    feature_set set;
    size_t skipped;
    dn_metrics metrics;
    int *confusion; /* (classes, classes), row: truth */
} evaluation;

static int give_weights(void *context, const dn_weights **out) {
    evaluation *work = context;
    const int code = model_weights(&work->weights, work->classifier, work->weights_option);
    *out = work->weights;
    return code;
}

/* DATA/SPLIT where DATA has splits; DATA itself where it holds class folders and no split was asked for. */
static int find_samples(evaluation *work, const char *data) {
    const dn_classifier_info *info = dn_classifier_get_info(work->classifier);
    char *folder = dni_path_join(data, work->split ? work->split : "test");
    if (!folder) return report_no_memory();
    struct stat found;
    const bool has_split = work->split || stat(folder, &found) == 0;
    dn_error error;
    const dn_status status =
        dni_samples_scan(&work->samples, has_split ? folder : data, info->classes, info->class_count, &error);
    free(folder);
    return status ? report(&error, EXIT_DATA) : CONTINUE;
}

static int collect(evaluation *work) {
    const dn_classifier_info *info = dn_classifier_get_info(work->classifier);
    char *cache = work->features ? NULL : features_cache(work->cache_option);
    if (!cache && !work->features) return EXIT_MACHINE;
    const feature_request request = {
        .config = dn_config_find(info->backbone),
        .hash = info->weights_hash,
        .preprocessing = info->preprocessing,
        .weights = give_weights,
        .context = work,
        .cache = cache,
        .path = work->features,
        .pool = work->pool,
        .strict = work->strict,
        .quiet = work->quiet,
    };
    static const dni_view plain = {.kind = DNI_VIEW_PLAIN};
    const feature_source source = {.samples = &work->samples, .views = &plain, .view_count = 1};
    const int code = features_collect(&request, &source, 1, &work->set, &work->skipped);
    free(cache);
    if (code != CONTINUE || work->set.count) return code;
    message("no picture that can be used is left");
    return EXIT_DATA;
}

static int judge(evaluation *work) {
    const dn_head *head = dn_classifier_get_head(work->classifier);
    const size_t classes = (size_t)dn_head_classes(head), count = (size_t)work->set.count;
    float *log_probabilities = malloc(count * classes * sizeof *log_probabilities);
    work->confusion = calloc(classes * classes, sizeof *work->confusion);
    int code = log_probabilities && work->confusion ? CONTINUE : report_no_memory();
    dn_error error;
    if (code == CONTINUE &&
        dn_head_log_probabilities(head, work->set.values, work->set.count, log_probabilities, &error))
        code = report(&error, EXIT_MODEL);
    if (code == CONTINUE)
        dn_metrics_compute(&work->metrics, log_probabilities, work->set.labels, work->set.count, (int)classes,
                           work->confusion);
    free(log_probabilities);
    return code;
}

/* ---- printing ---- */

typedef struct class_result {
    int count, predicted, correct; /* truly of the class; said to be; both */
} class_result;

static class_result result_of(const evaluation *work, int class_index) {
    const int classes = dn_classifier_get_info(work->classifier)->class_count;
    class_result result = {.correct = work->confusion[class_index * classes + class_index]};
    for (int other = 0; other < classes; other++) {
        result.count += work->confusion[class_index * classes + other];
        result.predicted += work->confusion[other * classes + class_index];
    }
    return result;
}

/* A fraction of nothing is undefined: "-" in text, null in JSON. */
static const char *fraction_text(int part, int whole, char text[16]) {
    if (whole)
        snprintf(text, 16, "%.4f", (double)part / whole);
    else
        snprintf(text, 16, "-");
    return text;
}

static json_t *fraction_json(int part, int whole) {
    return whole ? json_real((double)part / whole) : json_null();
}

static void print_text(const evaluation *work) {
    const dn_classifier_info *info = dn_classifier_get_info(work->classifier);
    const dn_metrics *m = &work->metrics;
    printf("accuracy %.4f (%d of %d; 95 %% interval %.4f to %.4f), loss %.4f\n\n", m->accuracy, m->correct,
           m->count, m->accuracy_low, m->accuracy_high, m->loss);
    puts("class\tpictures\tprecision\trecall");
    for (int c = 0; c < info->class_count; c++) {
        const class_result r = result_of(work, c);
        char precision[16], recall[16];
        printf("%s\t%d\t%s\t%s\n", info->classes[c], r.count,
               fraction_text(r.correct, r.predicted, precision), fraction_text(r.correct, r.count, recall));
    }
    fputs("\ntruth \\ predicted", stdout);
    for (int c = 0; c < info->class_count; c++) printf("\t%s", info->classes[c]);
    putchar('\n');
    for (int truth = 0; truth < info->class_count; truth++) {
        fputs(info->classes[truth], stdout);
        for (int c = 0; c < info->class_count; c++)
            printf("\t%d", work->confusion[truth * info->class_count + c]);
        putchar('\n');
    }
}

static bool print_as_json(const evaluation *work) {
    const dn_classifier_info *info = dn_classifier_get_info(work->classifier);
    const dn_metrics *m = &work->metrics;
    json_t *classes = json_array(), *confusion = json_array();
    for (int c = 0; c < info->class_count; c++) {
        const class_result r = result_of(work, c);
        json_array_append_new(classes,
                              json_pack("{s:o, s:i, s:o, s:o}", "name", dni_json_text(info->classes[c]),
                                        "count", r.count, "precision", fraction_json(r.correct, r.predicted),
                                        "recall", fraction_json(r.correct, r.count)));
        json_t *row = json_array();
        for (int p = 0; p < info->class_count; p++)
            json_array_append_new(row, json_integer(work->confusion[c * info->class_count + p]));
        json_array_append_new(confusion, row);
    }
    return print_json(json_pack("{s:f, s:i, s:i, s:f, s:f, s:f, s:o, s:o}", "accuracy", m->accuracy,
                                "correct", m->correct, "count", m->count, "accuracy_low", m->accuracy_low,
                                "accuracy_high", m->accuracy_high, "loss", m->loss, "classes", classes,
                                "confusion", confusion));
}

static int evaluate(evaluation *work, const char *data) {
    dn_error error;
    if (!work->model) {
        message("evaluate: -m MODEL is missing");
        return EXIT_USAGE;
    }
    if (dn_classifier_load(&work->classifier, work->model, &error)) return report(&error, EXIT_MODEL);
    if (dni_pool_create(&work->pool, work->threads, &error)) return report(&error, EXIT_MACHINE);
    catch_interrupts();
    int code = find_samples(work, data);
    if (code == CONTINUE) code = collect(work);
    if (code == CONTINUE) code = judge(work);
    if (code != CONTINUE) return code;
    if (!work->json)
        print_text(work);
    else if (!print_as_json(work))
        return EXIT_MACHINE;
    return work->skipped ? EXIT_SKIPPED : EXIT_DONE;
}

static int run(const command *self, int argc, char **argv) {
    evaluation work = {.threads = 0};
    const option_spec specs[] = {
        {"model", 'm', OPTION_TEXT, &work.model, 0, 0, "MODEL", "a file of 'ftrain train'"},
        {"weights", 'w', OPTION_TEXT, &work.weights_option, 0, 0, "WEIGHTS",
         "the file it was trained with; else found by itself"},
        {"split", 0, OPTION_TEXT, &work.split, 0, 0, "NAME", "train, valid or test (default test)"},
        {"cache", 0, OPTION_TEXT, &work.cache_option, 0, 0, "FOLDER",
         "where features are kept (default ~/.cache/densenet)"},
        {"features", 0, OPTION_TEXT, &work.features, 0, 0, "FEATURES",
         "a file of 'ftrain extract' instead of the cache"},
        {"threads", 0, OPTION_INT, &work.threads, 0, 1024, "N", "0: one a core (default)"},
        {"strict", 0, OPTION_FLAG, &work.strict, 0, 0, NULL, "stop at the first picture that cannot be used"},
        {"json", 0, OPTION_FLAG, &work.json, 0, 0, NULL, "the result as one JSON object"},
        {"quiet", 'q', OPTION_FLAG, &work.quiet, 0, 0, NULL, "no progress"},
    };
    int first;
    int code = parse_options(self, specs, sizeof specs / sizeof *specs, argc, argv, 1, 1, &first);
    if (code == CONTINUE) code = evaluate(&work, argv[first]);
    free(work.confusion);
    feature_set_free(&work.set);
    dni_samples_free(&work.samples);
    dni_pool_free(work.pool);
    dn_weights_free(work.weights);
    dn_classifier_free(work.classifier);
    return code;
}

const command evaluate_command = {
    .name = "evaluate",
    .arguments = "-m MODEL DATA [options]",
    .summary = "judge a model on labelled pictures",
    .description =
        "Accuracy with its 95 % interval, loss, precision and recall of each class, and the confusion "
        "matrix, on\n"
        "DATA/test/CLASS/FILE, on another split, or on DATA/CLASS/FILE. Classes are matched by name.\n\n"
        "  ftrain evaluate -m flowers.safetensors flowers --split valid\n\n",
    .run = run,
};
