/* ftrain convert: a checkpoint to safetensors, checked; or its tensors listed. */
#include "core/tensor_dict.h"
#include "densenet/densenet.h"
#include "ftrain/shell/commands.h"
#include "ftrain/shell/interrupt.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/options.h"
#include "ftrain/shell/outcome.h"
#include "weights/checkpoint.h"

#include <stdio.h>

static outcome list(const char *path) {
    dni_tensor_dict *dict;
    dn_error error;
    if (dni_checkpoint_read(&dict, path, &error)) return report(&error, OUTCOME_MODEL);
    for (size_t i = 0; i < dni_tensor_dict_count(dict); i++) {
        const dni_named_tensor *entry = dni_tensor_dict_at(dict, i);
        char shape[96];
        dni_tensor_shape_text(entry->tensor.rank, entry->tensor.shape, shape, sizeof shape);
        printf("%s\t%s\t%s\n", entry->name, dni_dtype_name(entry->tensor.dtype), shape);
    }
    dni_tensor_dict_free(dict);
    return OUTCOME_OK;
}

static outcome convert(const char *from, const char *to) {
    dn_weights *weights;
    dn_error error;
    if (dn_weights_load(&weights, from, &error)) return report(&error, OUTCOME_MODEL);
    char hash[33];
    dn_weights_hash(weights, hash);
    outcome code = OUTCOME_OK;
    const bool before = interrupts_wait(true);
    const dn_status status = dn_weights_save(weights, to, &error);
    interrupts_wait(before);
    if (status)
        code = report(&error, OUTCOME_MACHINE);
    else
        printf("%s: %s, hash %s\n", to, dn_weights_config(weights)->name, hash);
    dn_weights_free(weights);
    return code;
}

static outcome run(const command *self, int argc, char **argv) {
    bool list_only = false;
    const option_spec specs[] = {
        {"list", 0, OPTION_FLAG, &list_only, 0, 0, NULL,
         "print name, type and shape of IN's tensors; no OUT"},
    };
    int first;
    const outcome code = parse_options(self, specs, 1, argc, argv, 1, 2, &first);
    if (code) return code;
    if (argc - first == (list_only ? 1 : 2))
        return list_only ? list(argv[first]) : convert(argv[first], argv[first + 1]);
    message("convert: %s", list_only ? "--list takes IN alone" : "OUT is missing, or did you mean --list?");
    return OUTCOME_USAGE;
}

const command convert_command = {
    .name = "convert",
    .arguments = "IN OUT | --list IN",
    .summary = "turn a PyTorch checkpoint into safetensors",
    .description =
        "Reads .pth (both formats) or safetensors, checks every tensor against DenseNet-121, 161, 169 or "
        "201, and\n"
        "writes safetensors under torchvision's present names. Nothing in the file is executed.\n\n"
        "  ftrain convert densenet161-8d451a50.pth densenet161.safetensors\n\n",
    .run = run,
};
