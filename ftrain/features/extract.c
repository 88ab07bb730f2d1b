/* SPDX-License-Identifier: MIT */
/* ftrain extract: the feature store alone. */
#include "ftrain/features/extraction.h"
#include "ftrain/ranks/ranks.h"
#include "ftrain/shell/commands.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/outcome.h"
#include "ftrain/shell/output.h"

static const option_spec rows[] = {
    OPT_TEXT("output", 'o', extraction_options, features.file, "FEATURES",
             "the file to write or to complete"),
    OPT_ROWS(extraction_option_table),
    OPT_TEXT("augment", 0, extraction_options, augment, "VIEWS",
             "more views of the training split, such as jpeg:75,blur:1,resize:0.5,zoom:1.2,grey"),
    OPT_NO_FLAG("no-flip", 0, extraction_options, flip, "leave out the mirror images of the training split"),
};

static outcome run(const command *self, int argc, char **argv) {
    extraction_options options = extraction_options_default();
    int first;
    outcome code = parse_options(self, &options, argc, argv, &first);
    if (code) return code;
    if (!options.features.file) {
        message("extract: -o FEATURES is missing: the file to write");
        return OUTCOME_USAGE;
    }
    if (ranks_is_helper()) return extraction_help(&options);
    code = check_output(options.features.file);
    if (code) return code;
    options.describe = true;
    extraction work;
    code = extraction_open(&work, &options, argv[first]);
    if (!code) code = extraction_run(&work, &options, NULL);
    if (!code) code = finish(work.skipped);
    extraction_free(&work);
    return code;
}

const command extract_command = {
    .name = "extract",
    .arguments = "DATA [-w WEIGHTS] -o FEATURES [options]",
    .summary = "compute the features of a data set and keep them in one file",
    .description =
        "Runs every picture of DATA/{train,valid,test}/CLASS/ through the network, those of train mirrored, too, and\n"
        "writes the feature vectors as safetensors, keyed by the pictures' content, with a table of the pictures. Run again,\n"
        "it computes what is new. 'ftrain export' makes .npy or .csv of it.\n\n"
        "  ftrain extract flowers -o flowers-features.safetensors\n"
        "  ftrain extract flowers --precision int8 -o fast.safetensors     in half the time\n\n",
    .options = OPTIONS(rows),
    .min_paths = 1,
    .max_paths = 1,
    .has_helpers = true,
    .run = run,
};
