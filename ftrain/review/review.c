/* SPDX-License-Identifier: MIT */
/* ftrain review: look at the pictures of a data set, and decide on them. */
#include "ftrain/backbone/model_attach.h"
#include "ftrain/features/extraction.h"
#include "ftrain/review/on_paths.h"
#include "ftrain/review/site.h"
#include "ftrain/shell/commands.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/new_array.h"
#include "ftrain/shell/outcome.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct review_options {
    decision_options decisions;
    bool list, exclude, keep, undo, json;
    const char *move;

    /* of the page */
    const char *model;
    extraction_options extraction; /* its weights are -w's, with a model, too */
    server_options server;
    bool opens_browser, searches;
} review_options;

/* ---- what is asked for ---- */

/* *decides: whether it is a decision on paths, which *out then is. */
static outcome find_verdict(verdict *out, bool *decides, const review_options *options, int paths) {
    const int asked = options->exclude + options->keep + options->undo + (options->move != NULL);
    *decides = asked > 0;
    *out = (verdict){.kind = options->exclude ? DNI_EXCLUDE
                             : options->keep  ? DNI_KEEP
                             : options->undo  ? DNI_UNDO
                                              : DNI_MOVE,
                     .class_name = options->move};
    if (asked + options->list > 1) {
        message("review: give one of --list, --exclude, --keep, --move and --undo");
        return OUTCOME_USAGE;
    }
    if (*decides && !paths) {
        message("review: no pictures are named to %s", dni_decision_name(out->kind));
        return OUTCOME_USAGE;
    }
    if (!*decides && paths) {
        message("review: pictures are named, but not what is decided on them");
        return OUTCOME_USAGE;
    }
    return OUTCOME_OK;
}

/* ---- the page ---- */

/* Joins the model to its network, which the page asks for maps. */
static outcome open_model(scorer *out, const review_options *options) {
    const scorer_options wanted = {.model = options->model,
                                   .weights = options->extraction.weights,
                                   .network = options->extraction.network,
                                   .features = options->extraction.features};
    const outcome code = scorer_open(out, &wanted);
    return code ? code : scorer_attach(out);
}

static outcome search(findings *out, const review_set *set, const review_options *options, scorer *model) {
    dni_pool *pool;
    dn_error error;
    if (dni_pool_create(&pool, options->extraction.network.threads, &error))
        return report(&error, OUTCOME_MACHINE);
    const findings_request wanted = {.extraction = &options->extraction, .scorer = model, .pool = pool};
    const outcome code = findings_make(out, &set->set, &wanted);
    dni_pool_free(pool);
    return code;
}

static outcome make_site(site *out, const review_options *options) {
    int height, width;
    out->thumbnails = new_array(KEPT_THUMBNAILS, sizeof *out->thumbnails);
    if (!out->thumbnails) return OUTCOME_MACHINE;
    if (!out->scorer) return OUTCOME_OK;
    out->model = options->model;
    dn_classifier_map_size(out->scorer->classifier, &height, &width);
    out->evidence = new_matrix((size_t)height, (size_t)width, sizeof *out->evidence);
    return out->evidence ? OUTCOME_OK : OUTCOME_MACHINE;
}

static outcome browse(review_set *set, const review_options *options) {
    scorer model = {.classifier = NULL};
    findings found = {.of = NULL};
    dn_preprocessing preprocessing = dn_preprocessing_default();
    preprocessing.exif_rotate = options->extraction.exif_rotate;
    site shown = {.set = set,
                  .preprocessing = &preprocessing,
                  .set_lock = PTHREAD_MUTEX_INITIALIZER,
                  .model_lock = PTHREAD_MUTEX_INITIALIZER,
                  .decoding_lock = PTHREAD_MUTEX_INITIALIZER,
                  .decoded = PTHREAD_COND_INITIALIZER,
                  .thumbnail_lock = PTHREAD_MUTEX_INITIALIZER};
    outcome code = options->model ? open_model(&model, options) : OUTCOME_OK;
    if (!code && options->model) {
        shown.scorer = &model;
        shown.preprocessing = &dn_classifier_get_info(model.classifier)->preprocessing;
    }
    if (!code && options->searches) code = search(&found, set, options, shown.scorer);
    if (!code && options->searches) shown.found = &found;
    if (!code) code = make_site(&shown, options);
    if (!code) code = review_browse(&shown, &options->server, options->opens_browser);
    for (size_t i = 0; shown.thumbnails && i < KEPT_THUMBNAILS; i++) free(shown.thumbnails[i].jpeg);
    free(shown.thumbnails);
    free(shown.evidence);
    findings_free(&found);
    scorer_close(&model);
    return code;
}

/* What can be wrong with the page's options, told before any work. */
static outcome check_page(const review_options *options) {
    outcome code = server_options_check(&options->server);
    if (!code) code = network_options_check(&options->extraction.network);
    if (code || options->model || !options->extraction.weights) return code;
    weights_source source;
    code = weights_source_find(&source, options->extraction.weights, options->extraction.arch);
    weights_source_free(&source);
    return code;
}

/* ---- the command ---- */

static outcome refuse_class(const review_set *set, const char *class_name) {
    char list[300] = "";
    size_t used = 0;
    for (int c = 0; c < set->set.class_count && used < sizeof list; c++)
        used +=
            (size_t)snprintf(list + used, sizeof list - used, "%s'%s'", c ? ", " : "", set->set.classes[c]);
    message("--move: '%s' is no class of %s; it has %s", class_name, set->folder, list);
    return OUTCOME_USAGE;
}

static outcome review(const review_options *options, const char *folder, char **paths, int count) {
    verdict made;
    bool decides;
    outcome code = find_verdict(&made, &decides, options, count);
    const bool shows_page = !decides && !options->list;
    if (!code && shows_page) code = check_page(options);
    if (code) return code;
    review_set set;
    code = review_set_open(&set, &options->decisions, folder);
    if (!code && made.class_name && !review_set_has_class(&set, made.class_name))
        code = refuse_class(&set, made.class_name);
    if (!code && decides)
        code = review_decide_on_paths(&set, &made, paths, count, options->json);
    else if (!code)
        code = shows_page ? browse(&set, options) : review_list(&set, options->json);
    review_set_free(&set);
    return code;
}

static const option_spec rows[] = {
    OPT_FLAG("list", 0, review_options, list, "print the decisions that count"),
    OPT_FLAG("exclude", 0, review_options, exclude, "leave the pictures out"),
    OPT_FLAG("keep", 0, review_options, keep, "the pictures are right as they are"),
    OPT_TEXT("move", 0, review_options, move, "CLASS", "the pictures belong to that class"),
    OPT_FLAG("undo", 0, review_options, undo, "take back the last decision on each of the pictures"),
    OPT_TEXT("decisions", 0, review_options, decisions.file, "FILE",
             "the file of decisions (default DATA/decisions.tsv)"),
    JSON_LINES_OPTION(review_options, json),
    MODEL_OPTION(review_options, model),
    OPT_TEXT("weights", 'w', review_options, extraction.weights, "WEIGHTS",
             "a file, or random:SEED: find doubtful labels and outliers in the network's features"),
    OPT_NO_FLAG("no-search", 0, review_options, searches,
                "show the pictures at once; look for no copies, outliers and doubtful labels"),
    OPT_NO_FLAG("no-open", 0, review_options, opens_browser, "print the address, open no browser"),
    OPT_GROUP(review_options, server, server_option_table),
    OPT_GROUP(review_options, extraction, pipeline_option_table),
    STORE_OPTION(review_options, extraction.features.form),
    OPT_GROUP(review_options, extraction.network, network_option_table),
    QUIET_OPTION(review_options, extraction.features.quiet),
};

static outcome run(const command *self, int argc, char **argv) {
    review_options options = {
        .extraction = extraction_options_default(), .opens_browser = true, .searches = true};
    int first;
    const outcome code = parse_options(self, &options, argc, argv, &first);
    return !code ? review(&options, argv[first], argv + first + 1, argc - first - 1) : code;
}

const command review_command = {
    .name = "review",
    .arguments = "DATA [options] [PATH...]",
    .summary = "look at pictures and decide on them: keep, exclude, move to another class",
    .description =
        "Shows all pictures of DATA/{train,valid,test}/CLASS/ or DATA/CLASS/ on a page in the browser, where those that\n"
        "deserve a look can be picked out: copies and outliers, and with -w or -m also labels that are probably wrong.\n"
        "With -m each picture has its map of evidence. Keys decide; '?' on the page lists them. Its first line names the\n"
        "page's address; Ctrl-C ends it. With --exclude and the like it decides on PATHs without a page.\n"
        "\n"
        "Decisions go to DATA/decisions.tsv at once, a line each; no picture is ever touched. 'split', 'train', 'extract',\n"
        "'evaluate', 'baseline' and 'audit' heed them and say how many pictures they left out or moved. A decision\n"
        "goes with the picture's bytes: a renamed file keeps it, a changed one has none. A PATH may be a file, a\n"
        "folder, or - for a list on standard input; each is looked for as it is, then inside DATA.\n"
        "\n"
        "  ftrain review flowers\n"
        "  ftrain review flowers -m flowers.safetensors\n"
        "  ftrain review flowers --exclude train/rose/17.jpg train/rose/18.jpg\n"
        "  ftrain review flowers --move tulip train/rose/20.jpg\n"
        "  ftrain review flowers --undo train/rose/17.jpg\n"
        "  ftrain review flowers --list\n"
        "\n",
    .options = OPTIONS(rows),
    .min_paths = 1,
    .max_paths = INT_MAX,
    .run = run,
};
