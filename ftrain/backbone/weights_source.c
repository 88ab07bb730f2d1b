/* The search for weights. */
#include "ftrain/backbone/weights_source.h"

#include "ftrain/shell/options.h"
#include "ftrain/shell/program.h"
#include "head/classifier.h"
#include "io/file.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_ARCH "densenet161"

/* $variable, else `below` joined to `folder` (which is freed); NULL when there is neither. */
static char *folder_of(const char *variable, char *folder, const char *below) {
    const char *value = getenv(variable);
    char *path = value && *value ? strdup(value) : folder ? dni_path_join(folder, below) : NULL;
    free(folder);
    return path;
}

static char *user_cache(void) {
    const char *home = getenv("HOME");
    return folder_of("XDG_CACHE_HOME", home && *home ? strdup(home) : NULL, ".cache");
}

static char *below(char *folder, const char *name) {
    char *path = folder ? dni_path_join(folder, name) : NULL;
    free(folder);
    return path;
}

char *cache_folder(void) {
    return below(user_cache(), "densenet");
}

static char *torch_checkpoints(void) {
    return below(folder_of("TORCH_HOME", user_cache(), "torch"), "hub/checkpoints");
}

/* The first file in a folder (which is freed) that is named as densenet161's weights are; NULL: none. */
static char *find_in_folder(char *folder) {
    char *found = NULL;
    dni_listing listing = {.names = NULL};
    if (folder && !dni_list_folder(&listing, folder, NULL)) {
        for (size_t i = 0; !found && i < listing.count; i++) {
            const char *name = listing.names[i], *end = strrchr(name, '.');
            if (strncmp(name, DEFAULT_ARCH, strlen(DEFAULT_ARCH)) == 0 && end &&
                (strcmp(end, ".pth") == 0 || strcmp(end, ".safetensors") == 0))
                found = dni_path_join(folder, name);
        }
        dni_listing_free(&listing);
    }
    free(folder);
    return found;
}

static char *find_by_itself(void) {
    const char *variable = getenv("DENSENET_WEIGHTS");
    if (variable && *variable) return strdup(variable);
    char *found = find_in_folder(cache_folder());
    return found ? found : find_in_folder(torch_checkpoints());
}

static int take_random(weights_source *out, const char *option, const char *arch) {
    if (!dni_random_source(option, &out->seed)) {
        message("--weights: '%s': 'random:' wants a seed, a whole number, as in random:1", option);
        return EXIT_USAGE;
    }
    out->is_random = true;
    out->config = dn_config_find(arch ? arch : DEFAULT_ARCH);
    if (!out->config) {
        message("--arch: '%s' is not densenet121, densenet161, densenet169 or densenet201", arch);
        return EXIT_USAGE;
    }
    out->name = malloc(32);
    if (!out->name) return report_no_memory();
    snprintf(out->name, 32, "random:%" PRIu64, out->seed);
    return CONTINUE;
}

int weights_source_find(weights_source *out, const char *option, const char *arch) {
    *out = (weights_source){.path = NULL};
    if (option && strncmp(option, "random:", 7) == 0) return take_random(out, option, arch);
    if (arch) {
        message("--arch: '%s' goes with -w random:SEED only: a weights file says itself what it is", arch);
        return EXIT_USAGE;
    }
    out->path = option ? strdup(option) : find_by_itself();
    if (!out->path) {
        message(
            "no weights: give -w FILE, or fetch densenet161's with 'make weights', or try with untrained "
            "ones: "
            "-w random:1 (searched: $DENSENET_WEIGHTS, the caches of densenet and of torch hub)");
        return EXIT_MODEL;
    }
    out->name = strdup(dni_path_name(out->path));
    return out->name ? CONTINUE : report_no_memory();
}

void weights_source_free(weights_source *source) {
    free(source->path);
    free(source->name);
}
