/* SPDX-License-Identifier: MIT */
/* ftrain convert: a checkpoint to safetensors, checked; or its tensors listed. */
#include "core/tensor_dict.h"
#include "densenet/densenet.h"
#include "densenet/weights.h"
#include "ftrain/backbone/backbone.h"
#include "ftrain/shell/commands.h"
#include "ftrain/shell/interrupt.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/options.h"
#include "ftrain/shell/outcome.h"
#include "ftrain/shell/output.h"
#include "ftrain/shell/quote.h"
#include "weights/checkpoint.h"

#include <stdio.h>

static void print_tensors(const dni_tensor_dict *dict, const char *behind) {
    for (size_t i = 0; i < dni_tensor_dict_count(dict); i++) {
        const dni_named_tensor *entry = dni_tensor_dict_at(dict, i);
        char shape[96];
        dni_tensor_shape_text(entry->tensor.rank, entry->tensor.shape, shape, sizeof shape);
        quote_write(stdout, entry->name);
        printf("\t%s\t%s%s\n", dni_dtype_name(entry->tensor.dtype), shape, behind);
    }
}

typedef struct convert_options {
    bool list, keep_classifier;
    const char *prefix;
} convert_options;

static outcome list(const char *path, const convert_options *options) {
    dni_checkpoint checkpoint;
    dn_error error;
    const dni_checkpoint_options reading = {.prefix = options->prefix};
    if (dni_checkpoint_load(&checkpoint, path, &reading, &error)) return report(&error, OUTCOME_MODEL);
    print_tensors(checkpoint.network, "");
    print_tensors(checkpoint.outside, "\toutside the network");
    dni_checkpoint_free(&checkpoint);
    return OUTCOME_OK;
}

static outcome write_converted(const dn_weights *weights, const char *to) {
    dn_error error;
    char hash[33];
    dn_weights_hash(weights, hash);
    const bool before = interrupts_wait(true);
    const dn_status status = dn_weights_save(weights, to, &error);
    interrupts_wait(before);
    if (status) return report(&error, OUTCOME_MACHINE);
    quote_write(stdout, to);
    printf(": %s, hash %s", dn_weights_config(weights)->name, hash);
    const size_t kept = weights->classifier ? dni_tensor_dict_count(weights->classifier) : 0;
    if (kept) printf(", with %zu tensors of a classifier of its own", kept);
    putchar('\n');
    return OUTCOME_OK;
}

static outcome convert(const char *from, const char *to, const convert_options *options) {
    dn_weights *weights;
    dn_error error;
    dn_weights_load_options loading = dn_weights_load_options_default();
    loading.prefix = options->prefix;
    loading.keep_classifier = options->keep_classifier;
    outcome code = check_outputs_apart(&(named_file){"OUT", to}, 1, &(named_file){"IN", from}, 1);
    if (!code) code = check_output(to);
    if (code) return code;
    if (dn_weights_load_with_options(&weights, from, &loading, &error)) return report(&error, OUTCOME_MODEL);
    backbone_tell_notes(weights, from);
    code = write_converted(weights, to);
    dn_weights_free(weights);
    return code;
}

static const option_spec rows[] = {
    OPT_FLAG("list", 0, convert_options, list, "print name, type and shape of IN's tensors; no OUT"),
    OPT_FLAG("keep-classifier", 0, convert_options, keep_classifier,
             "keep a classifier that is not ImageNet's, whatever its layers are"),
    OPT_TEXT("prefix", 0, convert_options, prefix, "PREFIX",
             "what stands before the network's names, where IN holds two networks"),
};

static outcome run(const command *self, int argc, char **argv) {
    convert_options options = {.list = false};
    int first;
    const outcome code = parse_options(self, &options, argc, argv, &first);
    if (code) return code;
    if (options.list && options.keep_classifier) {
        message("convert: --keep-classifier goes with OUT only: --list shows every tensor");
        return OUTCOME_USAGE;
    }
    if (argc - first == (options.list ? 1 : 2))
        return options.list ? list(argv[first], &options) : convert(argv[first], argv[first + 1], &options);
    message("convert: %s",
            options.list ? "--list takes IN alone" : "OUT is missing, or did you mean --list?");
    return OUTCOME_USAGE;
}

const command convert_command = {
    .name = "convert",
    .arguments = "IN OUT | --list IN",
    .summary = "turn a PyTorch checkpoint into safetensors",
    .description =
        "Reads .pth (both formats) or safetensors, checks every tensor against DenseNet-121, 161, 169 or 201, and\n"
        "writes safetensors under torchvision's present names. Nothing in the file is executed. What is not the\n"
        "network's is left out and named, and so is a classifier of its own, unless --keep-classifier is given.\n\n"
        "  ftrain convert densenet161-8d451a50.pth densenet161.safetensors\n"
        "  ftrain convert fine-tuned.pth network.safetensors --keep-classifier\n\n",
    .options = OPTIONS(rows),
    .min_paths = 1,
    .max_paths = 2,
    .run = run,
};
