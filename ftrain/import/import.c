/* SPDX-License-Identifier: MIT */
/* ftrain import: a head that was trained elsewhere, on features of 'ftrain export', becomes a model file. */
#include "core/error.h"
#include "core/name_index.h"
#include "core/number.h"
#include "ftrain/backbone/backbone.h"
#include "ftrain/features/extraction.h"
#include "ftrain/import/imported_head.h"
#include "ftrain/shell/commands.h"
#include "ftrain/shell/interrupt.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/new_array.h"
#include "ftrain/shell/output.h"
#include "head/classifier/classifier.h"
#include "io/content_key.h"
#include "io/json.h"
#include "weights/npz.h"

#include <stdlib.h>
#include <string.h>

typedef struct import_options {
    extraction_options extraction; /* the network and its preprocessing */
    const char *model, *classes, *data, *prefix;
    bool json;
} import_options;

typedef struct import_run {
    const import_options *options;
    const char *path; /* of the head */
    imported_head parts;
    extraction network; /* weights, preprocessing; with --data the data set */
    char *class_list;   /* --classes, cut at the commas */
    const char **classes;
    int class_count;
    dn_head *head;
} import_run;

/* ---- the network ---- */

static outcome check_options(const import_options *options) {
    const decision_options *decisions = &options->extraction.decisions;
    if (!options->model) {
        message("import: -o MODEL is missing: the file to write");
        return OUTCOME_USAGE;
    }
    if (options->data || (!decisions->file && !decisions->ignore)) return OUTCOME_OK;
    message("import: %s is of no use without --data", decisions->file ? "--decisions" : "--no-decisions");
    return OUTCOME_USAGE;
}

static outcome check_files(const import_run *run) {
    const extraction_options *e = &run->options->extraction;
    const named_file model = {"-o", run->options->model};
    const named_file inputs[] = {{"HEAD", run->path}, {"-w", e->weights}, {"--decisions", e->decisions.file}};
    return check_outputs_apart(&model, 1, inputs, 3);
}

/* Without a data set there is nothing that random weights could be calibrated on. */
static outcome open_without_data(extraction *out, const extraction_options *options) {
    *out = (extraction){.preprocessing = extraction_preprocessing(options)};
    const outcome code = weights_source_find(&out->source, options->weights, options->arch);
    if (code || !out->source.is_random) return code;
    message("%s: --data is missing: the statistics of random weights are measured on its pictures",
            out->source.name);
    return OUTCOME_USAGE;
}

static outcome find_network(import_run *run) {
    const import_options *options = run->options;
    return options->data ? extraction_open(&run->network, &options->extraction, options->data)
                         : open_without_data(&run->network, &options->extraction);
}

static outcome load_network(import_run *run) {
    const extraction_options *options = &run->options->extraction;
    extraction *network = &run->network;
    outcome code = OUTCOME_OK;
    dn_error error;
    if (dn_preprocessing_check(&network->preprocessing, &error)) code = report(&error, OUTCOME_USAGE);
    char *cache = NULL;
    if (!code && network->source.is_random) code = features_cache(&cache, options->features.cache);
    if (!code)
        code = backbone_open(&network->weights, &network->source, &network->preprocessing,
                             &network->data.splits[DNI_TRAIN], cache, network->pool);
    free(cache);
    if (!code) dn_weights_hash(network->weights, network->hash);
    return code;
}

/* ---- the classes ---- */

/* What could not be a model's classes is the option's fault, not that of the file that would be written. */
static outcome check_names(const import_run *run) {
    dni_name_index index;
    dn_error error;
    if (dni_name_index_make(&index, run->classes, run->class_count, "--classes", &error))
        return report(&error, OUTCOME_MACHINE);
    outcome code = OUTCOME_OK;
    for (int i = 0; !code && i < run->class_count; i++) {
        const char *const name = run->classes[i];
        const int first = dni_name_index_find(&index, name);
        if (*name && first == i) continue;
        if (!*name)
            message("--classes: the name of class %d is empty", i);
        else
            message("--classes: classes %d and %d have the same name, '%s'", first, i, name);
        code = OUTCOME_USAGE;
    }
    dni_name_index_free(&index);
    return code;
}

/* --classes, "cat,dog". */
static outcome split_list(import_run *run) {
    const char *list = run->options->classes;
    int count = 1;
    for (const char *c = list; *c; c++) count += *c == ',';
    run->classes = new_array((size_t)count, sizeof *run->classes);
    run->class_list = strdup(list);
    if (!run->classes || !run->class_list) return report_no_memory();
    for (char *name = run->class_list, *rest; name; name = rest) {
        rest = strchr(name, ',');
        if (rest) *rest++ = '\0';
        run->classes[run->class_count++] = name;
    }
    return check_names(run);
}

static outcome take_names(import_run *run, char *const *names, int count) {
    run->classes = new_array((size_t)count, sizeof *run->classes);
    if (!run->classes) return OUTCOME_MACHINE;
    for (; run->class_count < count; run->class_count++)
        run->classes[run->class_count] = names[run->class_count];
    return OUTCOME_OK;
}

/* Names in the order of the head's outputs: what the head's file says must hold. */
static outcome find_classes(import_run *run) {
    const imported_head *parts = &run->parts;
    const dni_dataset *data = &run->network.data;
    const outcome code = run->options->classes ? split_list(run)
                         : parts->classes      ? take_names(run, parts->classes, parts->class_count)
                                               : take_names(run, data->classes, data->class_count);
    if (code) return code;
    const int outputs = parts->layers[parts->count - 1].out;
    if (!run->class_count) {
        message("import: --classes or --data is missing: what the %d output%s of %s stand for", outputs,
                outputs > 1 ? "s" : "", run->path);
        return OUTCOME_USAGE;
    }
    for (int i = 0; parts->classes && i < run->class_count && i < parts->class_count; i++)
        if (strcmp(parts->classes[i], run->classes[i]) != 0) {
            message("--classes: class %d is '%s', but '%s' in %s", i, run->classes[i], parts->classes[i],
                    run->path);
            return OUTCOME_USAGE;
        }
    return OUTCOME_OK;
}

/* ---- the head ---- */

static outcome read_head(import_run *run) {
    dni_file file;
    dn_error error;
    if (dni_file_open(&file, run->path, &error)) return report(&error, OUTCOME_MODEL);
    bool is_npz;
    outcome code = OUTCOME_OK;
    if (dni_npz_begins(&is_npz, &file, &error)) {
        code = report(&error, OUTCOME_MODEL);
    } else if (is_npz && run->options->prefix) {
        message("import: --prefix is of no use with .npz, which %s is", run->path);
        code = OUTCOME_USAGE;
    } else {
        code = is_npz ? import_scikit_learn(&run->parts, &file)
                      : import_torch(&run->parts, &file, run->options->prefix);
    }
    dni_file_close(&file);
    return code;
}

static outcome check_finite(const import_run *run) {
    for (int i = 0; i < run->parts.count; i++) {
        const dni_linear *layer = &run->parts.layers[i];
        if (dni_all_finite(layer->weight, (size_t)layer->in * (size_t)layer->out) &&
            dni_all_finite(layer->bias, (size_t)layer->out))
            continue;
        message("%s: linear layer %d holds numbers that are not finite", run->path, i);
        return OUTCOME_MODEL;
    }
    return OUTCOME_OK;
}

static outcome make_head(import_run *run) {
    imported_head *parts = &run->parts;
    const dn_config *config = dn_weights_config(run->network.weights);
    const int in = parts->layers[0].in;
    outcome code = OUTCOME_OK;
    if (in != config->features) {
        message("%s: its head takes %d features, %s has %d", run->path, in, config->name, config->features);
        return OUTCOME_MODEL;
    }
    if (parts->layers[parts->count - 1].out == 1 && run->class_count == 2)
        code = imported_head_split_logit(parts);
    if (code) return code;
    const int outputs = parts->layers[parts->count - 1].out;
    if (outputs != run->class_count) {
        message("%s: its head has %d output%s for %d classes", run->path, outputs, outputs > 1 ? "s" : "",
                run->class_count);
        return OUTCOME_MODEL;
    }
    code = check_finite(run);
    dn_error error;
    if (!code && dni_head_from_linears(&run->head, parts->layers, parts->count, 0.0f, &error))
        code = report(&error, OUTCOME_MODEL);
    return code;
}

/* A whole network that was trained further has a backbone of its own, on which the head depends. */
static outcome check_backbone(const import_run *run) {
    dn_weights *own;
    dn_error error;
    const dn_status status = dn_weights_load(&own, run->path, &error);
    if (dni_status_is_machine(status)) return report(&error, OUTCOME_MACHINE);
    if (status) return OUTCOME_OK; /* a head alone */
    char hash[33];
    dn_weights_hash(own, hash);
    dn_weights_free(own);
    if (strcmp(hash, run->network.hash) == 0) return OUTCOME_OK;
    message("%s: holds a backbone, and it is not that of %s; -w %s takes it", run->path,
            run->network.source.name, run->path);
    return OUTCOME_MODEL;
}

/* ---- the model file ---- */

/* {"name": "import", "source": "head.npz", "xxh3": "...", "hidden": [], ...} */
static outcome make_recipe(const import_run *run, char **out) {
    dni_key key;
    char hash[33];
    dn_error error;
    if (dni_key_of_file(&key, run->path, &error)) return report(&error, OUTCOME_MODEL);
    dni_key_text(&key, hash);
    json_t *hidden = json_array();
    for (int i = 0; i + 1 < run->parts.count; i++)
        dni_json_append(&hidden, json_integer(run->parts.layers[i].out));
    json_t *recipe = json_pack("{s:s, s:o, s:s, s:o}", "name", "import", "source",
                               dni_json_text(dni_path_name(run->path)), "xxh3", hash, "hidden", hidden);
    dni_json_update(&recipe, json_incref(run->parts.recipe));
    *out = dni_json_line(recipe);
    return *out ? OUTCOME_OK : report_no_memory();
}

static outcome save(const import_run *run) {
    char *recipe = NULL;
    outcome code = make_recipe(run, &recipe);
    dn_classifier_info info = dn_classifier_info_default();
    info.backbone = dn_weights_config(run->network.weights)->name;
    info.weights_source = run->network.source.name;
    info.weights_hash = run->network.hash;
    info.class_count = run->class_count;
    info.classes = run->classes;
    info.preprocessing = run->network.preprocessing;
    info.recipe = recipe;
    info.metrics = "{}";
    dn_error error;
    const bool before = interrupts_wait(true);
    if (!code && dn_classifier_save(run->options->model, run->head, &info, run->network.weights, &error))
        code = report(&error, OUTCOME_MACHINE);
    interrupts_wait(before);
    free(recipe);
    return code;
}

static outcome tell(const import_run *run) {
    if (!run->options->json) {
        print_wrote(run->options->model);
        return OUTCOME_OK;
    }
    json_t *classes = json_array(), *layers = json_array();
    for (int i = 0; i < run->class_count; i++) dni_json_append(&classes, dni_json_text(run->classes[i]));
    int count;
    const int *all = dn_head_widths(run->head, &count);
    for (int i = 0; i < count; i++) dni_json_append(&layers, json_integer(all[i]));
    json_t *result = json_pack("{s:o, s:s, s:s, s:o, s:o}", "path", dni_json_text(run->options->model),
                               "backbone", dn_weights_config(run->network.weights)->name, "weights_hash",
                               run->network.hash, "classes", classes, "widths", layers);
    return print_json(result) ? OUTCOME_OK : OUTCOME_MACHINE;
}

/* ---- the command ---- */

static const option_spec rows[] = {
    OPT_TEXT("output", 'o', import_options, model, "MODEL", "the file to write"),
    OPT_TEXT("weights", 'w', import_options, extraction.weights, "WEIGHTS",
             "a file, or random:SEED; else found by itself"),
    OPT_TEXT("classes", 0, import_options, classes, "CLASSES",
             "names of the classes in the order of the head's outputs: cat,dog"),
    OPT_TEXT("data", 0, import_options, data, "DATA",
             "the data set of the features: for its classes, and for random weights"),
    OPT_TEXT("prefix", 0, import_options, prefix, "NAME",
             "what stands before the layers' numbers, where HEAD holds several: classifier"),
    OPT_GROUP(import_options, extraction, pipeline_option_table),
    OPT_GROUP(import_options, extraction.decisions, decision_option_table),
    THREADS_OPTION(import_options, extraction.network.threads),
    JSON_OBJECT_OPTION(import_options, json),
};

static outcome run(const command *self, int argc, char **argv) {
    import_options options = {.extraction = extraction_options_default()};
    int first;
    outcome code = parse_options(self, &options, argc, argv, &first);
    if (code) return code;
    import_run work = {.options = &options, .path = argv[first]};
    code = check_options(&options);
    if (!code) code = check_files(&work);
    if (!code) code = check_output(options.model);
    if (!code) code = find_network(&work);
    if (!code) code = read_head(&work);
    if (!code) code = load_network(&work);
    if (!code) code = check_backbone(&work);
    if (!code) code = find_classes(&work);
    if (!code) code = make_head(&work);
    if (!code) code = save(&work);
    if (!code) code = tell(&work);
    if (!code) code = finish(work.network.skipped);
    dn_head_free(work.head);
    imported_head_free(&work.parts);
    extraction_free(&work.network);
    free(work.classes);
    free(work.class_list);
    return code;
}

const command import_command = {
    .name = "import",
    .arguments = "HEAD [-w WEIGHTS] [--classes CLASSES | --data DATA] -o MODEL [options]",
    .summary = "make a model file of a head that was trained elsewhere",
    .description =
        "HEAD was trained on features of 'ftrain export', and is one of these:\n\n"
        "  .pth, .safetensors   the state dict of torch's Linear layers, with ReLU between them: torch.nn.Sequential\n"
        "  .npz                 coef_, intercept_ and classes_ of scikit-learn's LogisticRegression; mean_ and scale_\n"
        "                       of a StandardScaler before it\n\n"
        "The model file is as one of 'ftrain train', but tells no unfamiliar pictures and has no sets of --coverage.\n"
        "Weights and preprocessing must be those of the features.\n\n"
        "  ftrain import head.npz -w densenet161.safetensors --classes cat,dog -o model.safetensors\n"
        "  ftrain evaluate -m model.safetensors flowers\n\n",
    .options = OPTIONS(rows),
    .min_paths = 1,
    .max_paths = 1,
    .run = run,
};
