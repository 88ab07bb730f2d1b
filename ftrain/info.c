/* ftrain info: this machine, or what is in a file. */
#include "core/cpu.h"
#include "core/pool.h"
#include "core/tensor_dict.h"
#include "densenet/topology.h"
#include "ftrain/server/server.h"
#include "ftrain/shell/commands.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/options.h"
#include "ftrain/shell/outcome.h"
#include "ftrain/shell/quote.h"
#include "head/classifier/classifier.h"
#include "io/image_format.h"
#include "io/safetensors.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* ---- the machine ---- */

static void print_kernel(const dni_part *part, const char *what, dni_conv2d_requirements requirements) {
    const dni_conv2d conv = dni_part_conv2d(part);
    printf("  %-28s %s\n", what, dni_conv2d_select(&conv, requirements)->name);
}

/* The first convolution of each role and block of densenet161: kernels are chosen by kind and channels. */
static void print_kernels(dni_conv2d_requirements requirements) {
    static const char *const roles[] = {
        [DNI_STEM] = "stem", [DNI_CONV1] = "1x1", [DNI_CONV2] = "3x3", [DNI_TRANSITION] = "transition"};
    const dn_config *config = dn_config_find("densenet161");
    printf("kernels of %s%s:\n", config->name, requirements.bf16 ? " with --precision bf16" : "");
    for (int i = 0; i < dni_convolution_count(config); i++) {
        const dni_part part = dni_part_at(config, i);
        if (part.layer > 0) continue;
        char what[48];
        if (part.role == DNI_STEM)
            snprintf(what, sizeof what, "stem");
        else
            snprintf(what, sizeof what, "%s, block %d", roles[part.role], part.block + 1);
        print_kernel(&part, what, requirements);
    }
}

/* "pictures JPEG, PNG, WebP (libwebp 1.2.4), ..."; what is missing has a line of its own, where users look for it. */
static void print_formats(void) {
    const char *before = "pictures ";
    for (size_t i = 0; i < DNI_IMAGE_FORMATS; i++) {
        const dni_image_format *const format = dni_image_format_at(i);
        if (!format->codec->decode) continue;
        printf("%s%s", before, format->name);
        before = ", ";
        char version[64];
        if (!format->codec->version) continue;
        format->codec->version(version, sizeof version);
        printf(" (%s %s)", format->codec->library, version);
    }
    putchar('\n');
    for (size_t i = 0; i < DNI_IMAGE_FORMATS; i++) {
        const dni_image_format *const format = dni_image_format_at(i);
        if (!format->codec->decode)
            printf("pictures %s not available: built without %s\n", format->name, format->codec->library);
    }
}

static outcome print_machine(void) {
    dni_isa isa;
    dn_error error;
    if (dni_cpu_choose_isa(&isa, &error)) {
        message("%s", error.message);
        return OUTCOME_USAGE;
    }
    char name[64];
    dni_cpu_name(name, sizeof name);
    printf("version %s\ncpu %s\ntier %s (best here: %s)\nthreads %d\n", dn_version(), name, dni_isa_name(isa),
           dni_isa_name(dni_cpu_isa()), dni_pool_cores());
    const char *http = server_library();
    printf("server %s\n", http ? http : "not available: built without libmicrohttpd");
    print_formats();
    const bool bf16 = !dni_cpu_require_bf16(isa, &error);
    printf("bf16 %s%s\n", bf16 ? "available" : "not available: ", bf16 ? "" : error.message);
    print_kernels((dni_conv2d_requirements){.isa = isa});
    if (bf16) print_kernels((dni_conv2d_requirements){.isa = isa, .bf16 = true});
    return OUTCOME_OK;
}

/* ---- files ---- */

/* What a file says of itself is escaped, as all names are. */
static void print_name(const char *before, const char *name) {
    fputs(before, stdout);
    quote_write(stdout, name);
}

static void print_picture_keys(const dn_classifier_info *info) {
    int train = 0;
    for (int i = 0; i < info->picture_key_count; i++) train += info->picture_keys[i].use == DN_PICTURE_TRAIN;
    printf("\npicture keys %d: trained on %d, validated with %d", info->picture_key_count, train,
           info->picture_key_count - train);
}

/* The model that it was trained on from, and that one's own, as the recipe tells. */
static void print_origin(const char *recipe_text) {
    json_t *recipe = json_loads(recipe_text, 0, NULL);
    const char *opening = "\ntrained on from ";
    for (const json_t *from = json_object_get(recipe, "from"); from; from = json_object_get(from, "from")) {
        const char *model = json_string_value(json_object_get(from, "model"));
        const char *hash = json_string_value(json_object_get(from, "hash"));
        print_name(opening, model ? model : "a model without a name");
        print_name(", hash ", hash ? hash : "unknown");
        opening = "; that one from ";
    }
    json_decref(recipe);
}

static outcome print_model(const char *path) {
    dn_classifier *classifier;
    dn_error error;
    if (dn_classifier_load(&classifier, path, &error)) return report(&error, OUTCOME_MODEL);
    const dn_classifier_info *info = dn_classifier_get_info(classifier);
    print_name("model\nbackbone ", info->backbone);
    print_name(", weights ", info->weights_source);
    if (dn_classifier_is_complete(classifier)) fputs(" (complete: needs no other file)", stdout);
    print_name(", hash ", info->weights_hash);
    for (int i = 0; i < info->class_count; i++) print_name(i ? ", " : "\nclasses ", info->classes[i]);
    printf("\nresize %d, crop %d%s", info->preprocessing.resize, info->preprocessing.crop,
           info->preprocessing.exif_rotate ? ", EXIF rotation applied" : "");
    if (info->conformal)
        printf("\nsets of --coverage are calibrated on %d pictures", dn_conformal_count(info->conformal, -1));
    if (info->picture_key_count) print_picture_keys(info);
    if (info->novelty)
        printf("\nunfamiliar pictures are told, by %d validation pictures, in %zu bytes",
               dn_novelty_pictures(info->novelty), dn_novelty_size(info->novelty));
    print_origin(info->recipe);
    print_name("\nrecipe ", info->recipe);
    print_name("\nmetrics ", info->metrics);
    putchar('\n');
    dn_classifier_free(classifier);
    return OUTCOME_OK;
}

static outcome print_features(const dni_tensor_dict *dict, const char *path) {
    const dni_tensor *features = dni_tensor_dict_find(dict, "features");
    if (!features || features->rank != 2) {
        message("%s: tensor 'features' of shape (n, features) is missing", path);
        return OUTCOME_MODEL;
    }
    const char *provenance = dni_tensor_dict_meta(dict, "provenance");
    printf("features\nviews of pictures %lld, features %lld", (long long)features->shape[0],
           (long long)features->shape[1]);
    print_name("\nof ", provenance ? provenance : "unknown weights");
    putchar('\n');
    return OUTCOME_OK;
}

static outcome print_weights(const char *path) {
    dn_weights *weights;
    dn_error error;
    if (dn_weights_load(&weights, path, &error)) return report(&error, OUTCOME_MODEL);
    char hash[33];
    dn_weights_hash(weights, hash);
    const dn_config *config = dn_weights_config(weights);
    printf("weights\n%s, %d features, hash %s\n", config->name, config->features, hash);
    if (*dn_weights_notes(weights)) {
        print_name("", dn_weights_notes(weights));
        putchar('\n');
    }
    dn_weights_free(weights);
    return OUTCOME_OK;
}

/* A safetensors file of ours says in its metadata what it is; all else should be weights. */
static outcome print_file(const char *path) {
    dni_tensor_dict *dict = NULL;
    const char *format = NULL;
    if (!dni_safetensors_read(&dict, path, NULL)) format = dni_tensor_dict_meta(dict, "format");
    outcome code;
    if (format && strncmp(format, "densenet classifier", 19) == 0)
        code = print_model(path);
    else if (format && strncmp(format, "densenet feature store", 22) == 0)
        code = print_features(dict, path);
    else
        code = print_weights(path);
    dni_tensor_dict_free(dict);
    return code;
}

static outcome run(const command *self, int argc, char **argv) {
    int first;
    const outcome code = parse_options(self, NULL, argc, argv, &first);
    if (code) return code;
    return first < argc ? print_file(argv[first]) : print_machine();
}

const command info_command = {
    .name = "info",
    .arguments = "[FILE]",
    .summary = "this machine's kernels, or what a file holds",
    .description =
        "Without FILE: the version, the CPU, the number of threads, whether it can serve, the formats of\n"
        "pictures that are read, whether bf16 is available, and the kernels that are chosen for DenseNet-161.\n"
        "With FILE: what a weights, model or feature file holds.\n\n"
        "  ftrain info flowers.safetensors\n\n",
    .max_paths = 1,
    .run = run,
};
