/* ftrain review: look at the pictures of a data set, and decide on them. */
#include "ftrain/review/on_paths.h"
#include "ftrain/shell/commands.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/outcome.h"

#include <limits.h>
#include <stdio.h>

typedef struct review_options {
    decision_options decisions;
    bool list, exclude, keep, undo, json;
    const char *move;
} review_options;

/* ---- without a browser ---- */

/* What the options ask for. *out is set where they decide on paths. */
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
    if (!asked && !options->list) {
        message("review: give --list, or one of --exclude, --keep, --move and --undo with pictures");
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
    if (code) return code;
    review_set set;
    code = review_set_open(&set, &options->decisions, folder);
    if (!code && made.class_name && !review_set_has_class(&set, made.class_name))
        code = refuse_class(&set, made.class_name);
    if (!code)
        code = decides ? review_decide_on_paths(&set, &made, paths, count, options->json)
                       : review_list(&set, options->json);
    review_set_free(&set);
    return code;
}

/* ---- the command ---- */

static const option_spec rows[] = {
    OPT_FLAG("list", 0, review_options, list, "print the decisions that count"),
    OPT_FLAG("exclude", 0, review_options, exclude, "leave the pictures out"),
    OPT_FLAG("keep", 0, review_options, keep, "the pictures are right as they are"),
    OPT_TEXT("move", 0, review_options, move, "CLASS", "the pictures belong to that class"),
    OPT_FLAG("undo", 0, review_options, undo, "take back the last decision on each of the pictures"),
    OPT_TEXT("decisions", 0, review_options, decisions.file, "FILE",
             "the file of decisions (default DATA/decisions.tsv)"),
    JSON_LINES_OPTION(review_options, json),
};

static outcome run(const command *self, int argc, char **argv) {
    review_options options = {.list = false};
    int first;
    const outcome code = parse_options(self, &options, argc, argv, &first);
    return !code ? review(&options, argv[first], argv + first + 1, argc - first - 1) : code;
}

const command review_command = {
    .name = "review",
    .arguments = "DATA [options] [PATH...]",
    .summary = "look at pictures and decide on them: keep, exclude, move to another class",
    .description =
        "Decisions go to DATA/decisions.tsv, a line each; no picture is ever touched. 'split', 'train', 'extract',\n"
        "'evaluate', 'baseline' and 'audit' heed them and say how many pictures they left out or moved. A decision\n"
        "goes with the picture's bytes: a renamed file keeps it, a changed one has none. A PATH may be a file, a\n"
        "folder, or - for a list on standard input; each is looked for as it is, then inside DATA.\n"
        "\n"
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
