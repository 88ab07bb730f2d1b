/* The search for weights. */
#include "ftrain/backbone/weights_source.h"

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

#define DEFAULT_ARCH "densenet161"

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
    return found ? found : find_in_folder(torch_checkpoints_folder());
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
    out->path = option ? strdup(option) : find_by_itself();
    if (!out->path) {
        message(
            "no weights: give -w FILE, or fetch densenet161's with 'make weights', or try with untrained "
            "ones: "
            "-w random:1 (searched: $DENSENET_WEIGHTS, the caches of densenet and of torch hub)");
        return OUTCOME_MODEL;
    }
    out->name = strdup(dni_path_name(out->path));
    return out->name ? OUTCOME_OK : report_no_memory();
}

void weights_source_free(weights_source *source) {
    free(source->path);
    free(source->name);
}
