/* ftrain convert: a checkpoint to safetensors, checked; or its tensors listed. */
#include "core/tensor_dict.h"
#include "densenet/densenet.h"
#include "ftrain/backbone/backbone.h"
#include "ftrain/shell/commands.h"
#include "ftrain/shell/interrupt.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/options.h"
#include "ftrain/shell/outcome.h"
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

static outcome list(const char *path) {
    dni_checkpoint checkpoint;
    dn_error error;
    if (dni_checkpoint_load(&checkpoint, path, NULL, &error)) return report(&error, OUTCOME_MODEL);
    print_tensors(checkpoint.network, "");
    print_tensors(checkpoint.outside, "\toutside the network");
    dni_checkpoint_free(&checkpoint);
    return OUTCOME_OK;
}

static outcome convert(const char *from, const char *to) {
    dn_weights *weights;
    dn_error error;
    if (dn_weights_load(&weights, from, &error)) return report(&error, OUTCOME_MODEL);
    backbone_tell_notes(weights, from);
    char hash[33];
    dn_weights_hash(weights, hash);
    outcome code = OUTCOME_OK;
    const bool before = interrupts_wait(true);
    const dn_status status = dn_weights_save(weights, to, &error);
    interrupts_wait(before);
    if (status)
        code = report(&error, OUTCOME_MACHINE);
    else {
        quote_write(stdout, to);
        printf(": %s, hash %s\n", dn_weights_config(weights)->name, hash);
    }
    dn_weights_free(weights);
    return code;
}

typedef struct convert_options {
    bool list;
} convert_options;

static const option_spec rows[] = {
    OPT_FLAG("list", 0, convert_options, list, "print name, type and shape of IN's tensors; no OUT"),
};

static outcome run(const command *self, int argc, char **argv) {
    convert_options options = {.list = false};
    int first;
    const outcome code = parse_options(self, &options, argc, argv, &first);
    if (code) return code;
    if (argc - first == (options.list ? 1 : 2))
        return options.list ? list(argv[first]) : convert(argv[first], argv[first + 1]);
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
        "writes safetensors under torchvision's present names. Nothing in the file is executed.\n\n"
        "  ftrain convert densenet161-8d451a50.pth densenet161.safetensors\n\n",
    .options = OPTIONS(rows),
    .min_paths = 1,
    .max_paths = 2,
    .run = run,
};
