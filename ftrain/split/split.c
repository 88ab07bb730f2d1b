/* SPDX-License-Identifier: MIT */
/* ftrain split: a folder of classes becomes a data set. */
#include "ftrain/backbone/network_options.h"
#include "ftrain/shell/commands.h"
#include "ftrain/shell/interrupt.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/options.h"
#include "ftrain/shell/outcome.h"
#include "ftrain/shell/output.h"
#include "ftrain/shell/quote.h"
#include "ftrain/shell/whole_folder.h"
#include "ftrain/split/output.h"
#include "ftrain/split/plan.h"
#include "io/json.h"
#include "io/perceptual_hash.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct split_options {
    const char *output, *fractions;
    int counts[DNI_SPLITS]; /* -1: not given */
    uint64_t seed;
    int distance; /* -1: not given */
    int threads;
    decision_options decisions;
    bool group_near, copy, strict, dry_run, json, quiet;
} split_options;

/* ---- options ---- */

static outcome parse_fractions(double out[DNI_SPLITS], const char *text) {
    double sum = 0;
    const char *at = text;
    for (int s = 0; s < DNI_SPLITS; s++) {
        char *end;
        out[s] = strtod(at, &end);
        if (end == at || !(out[s] >= 0 && out[s] <= 1) || *end != (s + 1 < DNI_SPLITS ? ',' : '\0')) {
            sum = -1;
            break;
        }
        sum += out[s];
        at = end + 1;
    }
    if (fabs(sum - 1) < 1e-6) return OUTCOME_OK;
    message("--fractions: '%s' is not three numbers for train, valid and test whose sum is 1", text);
    return OUTCOME_USAGE;
}

static outcome make_wish(split_wish *out, const split_options *options) {
    int given = 0;
    *out = (split_wish){.seed = options->seed, .distance = options->distance, .strict = options->strict};
    if (options->group_near && out->distance < 0) out->distance = DNI_NEAR_DISTANCE;
    for (int s = 0; s < DNI_SPLITS; s++) given += options->counts[s] >= 0;
    if (!options->output && !options->dry_run) {
        message("split: -o DATA is missing: the folder to make");
        return OUTCOME_USAGE;
    }
    if (given == 0)
        return parse_fractions(out->fractions, options->fractions ? options->fractions : "0.7,0.15,0.15");
    if (given < DNI_SPLITS || options->fractions) {
        message("split: give --train, --valid and --test together, and not with --fractions");
        return OUTCOME_USAGE;
    }
    out->by_count = true;
    memcpy(out->counts, options->counts, sizeof out->counts);
    return OUTCOME_OK;
}

/* ---- the result ---- */

static uint32_t count_of(const split_pictures *pictures, int split, int label) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < pictures->count; i++)
        count += pictures->items[i].split == split && (label < 0 || pictures->items[i].label == label);
    return count;
}

static bool print_split_json(const split_pictures *pictures, int split) {
    json_t *classes = json_object();
    for (size_t k = 0; k < pictures->classes.count; k++) {
        json_t *name = dni_json_text(pictures->classes.names[k]);
        dni_json_set(&classes, json_string_value(name), json_integer(count_of(pictures, split, (int)k)));
        json_decref(name);
    }
    return print_json(json_pack("{s:s, s:o, s:I, s:o}", "split", dni_split_name((dni_split)split), "classes",
                                classes, "count", (json_int_t)count_of(pictures, split, -1), "decisions",
                                decisions_json(&pictures->decisions)));
}

static outcome print_result(const split_pictures *pictures, bool json) {
    if (!json) {
        fputs("split", stdout);
        for (size_t k = 0; k < pictures->classes.count; k++) {
            putchar('\t');
            quote_write(stdout, pictures->classes.names[k]);
        }
        puts("\tall");
    }
    for (int split = 0; split < DNI_SPLITS; split++) {
        if (json) {
            if (!print_split_json(pictures, split)) return OUTCOME_MACHINE;
            continue;
        }
        fputs(dni_split_name((dni_split)split), stdout);
        for (size_t k = 0; k < pictures->classes.count; k++)
            printf("\t%u", count_of(pictures, split, (int)k));
        printf("\t%u\n", count_of(pictures, split, -1));
    }
    return OUTCOME_OK;
}

static void tell_rest(const split_pictures *pictures, bool near) {
    uint32_t together = 0, flat = 0;
    for (uint32_t i = 0; i < pictures->count; i++) {
        together += pictures->items[i].group != i;
        flat += pictures->items[i].print.phash == DNI_PERCEPTUAL_FLAT;
    }
    const uint32_t unused = count_of(pictures, DNI_SPLITS, -1);
    if (together)
        message("%u pictures are copies of another; each stays in the split of the other", together);
    if (near && flat)
        message("%u pictures are of one colour, nearly: they were compared by their bytes alone", flat);
    if (unused) message("%u pictures are in no split", unused);
}

/* ---- the command ---- */

static outcome split(const split_options *options, const char *source) {
    split_wish wish;
    outcome code = make_wish(&wish, options);
    if (!code && !options->dry_run) code = whole_folder_check(options->output);
    if (code) return code;
    interrupts_say("interrupted; nothing was made");
    split_pictures pictures;
    code = split_pictures_scan(&pictures, source, &options->decisions, options->threads, options->strict,
                               options->quiet);
    if (!code) code = split_plan(&pictures, &wish);
    if (!code && !options->dry_run) {
        code = split_pictures_name(&pictures) ? OUTCOME_OK : OUTCOME_MACHINE;
        if (!code) code = split_output_write(options->output, &pictures, options->copy, options->quiet);
    }
    if (!code) {
        tell_rest(&pictures, wish.distance >= 0);
        code = print_result(&pictures, options->json);
    }
    if (!code) code = finish(pictures.skipped);
    split_pictures_free(&pictures);
    return code;
}

static const option_spec rows[] = {
    OPT_TEXT("output", 'o', split_options, output, "DATA", "the folder to make"),
    OPT_TEXT("fractions", 0, split_options, fractions, "A,B,C",
             "shares of train, valid, test (default 0.7,0.15,0.15)"),
    OPT_INT("train", 0, split_options, counts[DNI_TRAIN], 0, 1e9, "N",
            "instead of shares: the number of pictures of each class in train"),
    OPT_INT("valid", 0, split_options, counts[DNI_VALID], 0, 1e9, "N", "the same number for valid"),
    OPT_INT("test", 0, split_options, counts[DNI_TEST], 0, 1e9, "N", "the same number for test"),
    OPT_SEED("seed", 0, split_options, seed, "seed of the random assignment (default 1)"),
    OPT_FLAG("group-near", 0, split_options, group_near,
             "keep pictures that look the same in one split as well"),
    OPT_INT("near-distance", 0, split_options, distance, 0, 32, "N",
            "the same; how many of the 64 bits of a perceptual hash may differ (default 4)"),
    OPT_GROUP(split_options, decisions, decision_option_table),
    OPT_FLAG("copy", 0, split_options, copy, "make copies, not hard links"),
    OPT_FLAG("dry-run", 'n', split_options, dry_run, "print the counts, make nothing"),
    OPT_FLAG("strict", 0, split_options, strict,
             "stop at a picture that cannot be used or is in two classes"),
    THREADS_OPTION(split_options, threads),
    JSON_LINES_OPTION(split_options, json),
    QUIET_OPTION(split_options, quiet),
};

static outcome run(const command *self, int argc, char **argv) {
    split_options options = {.counts = {-1, -1, -1}, .seed = 1, .distance = -1};
    int first;
    const outcome code = parse_options(self, &options, argc, argv, &first);
    return !code ? split(&options, argv[first]) : code;
}

const command split_command = {
    .name = "split",
    .arguments = "SRC -o DATA [options]",
    .summary = "divide folders of pictures into train, valid and test",
    .description =
        "Divides SRC/CLASS/* into DATA/{train,valid,test}/CLASS/, every class in the same proportions, and prints how\n"
        "many pictures went where. Files with the same bytes stay in one split. Files that are no pictures, and files\n"
        "that are in two classes, are named and left out. DATA appears whole or not at all, and must not exist before.\n"
        "Its files are hard links, so they take no space; but a picture that is changed in place changes in both\n"
        "folders. DATA/manifest.tsv says where each file comes from.\n\n"
        "  ftrain split photos -o flowers\n"
        "  ftrain split photos -o flowers --train 400 --valid 100 --test 67 --group-near\n\n",
    .options = OPTIONS(rows),
    .min_paths = 1,
    .max_paths = 1,
    .run = run,
};
