/* SPDX-License-Identifier: MIT */
/* The search for weights. */
#include "ftrain/backbone/weights_source.h"

#include "core/error.h"
#include "ftrain/shell/folders.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/options.h"
#include "densenet/weights.h"
#include "ftrain/shell/outcome.h"
#include "head/classifier/backbone.h"
#include "io/file.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_ARCH "densenet161"

static outcome copy_text(char **out, const char *text) {
    *out = strdup(text);
    return *out ? OUTCOME_OK : report_no_memory();
}

static bool is_weights_name(const char *name, const char *network) {
    const char *end = strrchr(name, '.');
    return strncmp(name, network, strlen(network)) == 0 && end &&
           (strcmp(end, ".pth") == 0 || strcmp(end, ".safetensors") == 0);
}

/* The first file in a folder that is named as the network's weights are, from malloc; NULL: none. */
static outcome find_in_folder(char **out, const char *folder, const char *network) {
    dni_listing listing;
    dn_error error;
    const dn_status status = dni_list_folder(&listing, folder, &error);
    if (status) return dni_status_is_machine(status) ? report(&error, OUTCOME_MACHINE) : OUTCOME_OK;
    outcome code = OUTCOME_OK;
    for (size_t i = 0; !code && !*out && i < listing.count; i++) {
        if (!is_weights_name(listing.names[i], network)) continue;
        *out = dni_path_join(folder, listing.names[i]);
        if (!*out) code = report_no_memory();
    }
    dni_listing_free(&listing);
    return code;
}

static outcome find_in_caches(char **out, const char *network) {
    *out = NULL;
    char *folders[WEIGHTS_FOLDERS];
    outcome code = weights_folders(folders);
    for (int i = 0; i < WEIGHTS_FOLDERS; i++) {
        if (!code && !*out && folders[i]) code = find_in_folder(out, folders[i], network);
        free(folders[i]);
    }
    return code;
}

outcome weights_find_file(char **out, const char *network) {
    const char *variable = getenv("DENSENET_WEIGHTS");
    return variable && *variable ? copy_text(out, variable) : find_in_caches(out, network);
}

outcome weights_resolve(char **out, const char *option) {
    if (!dn_config_find(option) || access(option, F_OK) == 0) return copy_text(out, option);
    const outcome code = find_in_caches(out, option);
    if (code || *out) return code;
    message(
        "-w %s: there is no such file, nor weights of this network in the caches of densenet and of torch "
        "hub; 'ftrain weights %s' fetches them",
        option, option);
    return OUTCOME_MODEL;
}

static outcome take_random(weights_source *out, const char *option, const char *arch) {
    if (!dni_random_source(option, &out->seed)) {
        message("--weights: '%s': 'random:' wants a seed, a whole number, as in random:1", option);
        return OUTCOME_USAGE;
    }
    out->is_random = true;
    out->config = dn_config_find(arch ? arch : DEFAULT_ARCH);
    if (!out->config) {
        message("--arch: '%s' is not densenet121, densenet161, densenet169 or densenet201", arch);
        return OUTCOME_USAGE;
    }
    out->name = malloc(32);
    if (!out->name) return report_no_memory();
    snprintf(out->name, 32, "random:%" PRIu64, out->seed);
    return OUTCOME_OK;
}

outcome weights_source_find(weights_source *out, const char *option, const char *arch) {
    *out = (weights_source){.path = NULL};
    if (option && strncmp(option, "random:", 7) == 0) return take_random(out, option, arch);
    if (arch) {
        message("--arch: '%s' goes with -w random:SEED only: a weights file says itself what it is", arch);
        return OUTCOME_USAGE;
    }
    const outcome code =
        option ? weights_resolve(&out->path, option) : weights_find_file(&out->path, DEFAULT_ARCH);
    if (code) return code;
    if (!out->path) {
        message(
            "no weights: give -w FILE, or fetch densenet161's with 'ftrain weights', or try with untrained ones: "
            "-w random:1 (searched: $DENSENET_WEIGHTS, the caches of densenet and of torch hub)");
        return OUTCOME_MODEL;
    }
    return copy_text(&out->name, dni_path_name(out->path));
}

void weights_source_free(weights_source *source) {
    free(source->path);
    free(source->name);
}
