/* SPDX-License-Identifier: MIT */
/* The files are named before the model is opened, which says which network it needs: so weights of all
 * networks are among them. */
#include "ftrain/predict/enter_sandbox.h"

#include "densenet/densenet.h"
#include "ftrain/backbone/weights_source.h"
#include "ftrain/sandbox/sandbox.h"
#include "ftrain/shell/folders.h"
#include "ftrain/shell/new_array.h"

#include <stdlib.h>
#include <string.h>

typedef struct readable {
    char **paths; /* each from malloc */
    size_t count;
} readable;

/* Takes over `path`, which may be NULL: there is none. */
static void add(readable *to, char *path) {
    if (path) to->paths[to->count++] = path;
}

static outcome add_copy(readable *to, const char *path) {
    char *const copy = strdup(path);
    add(to, copy);
    return copy ? OUTCOME_OK : report_no_memory();
}

/* Those that model_attach() looks for where -w is not given, and the folders in which it looks. */
static outcome add_found_weights(readable *to) {
    char *folders[WEIGHTS_FOLDERS];
    outcome code = weights_folders(folders);
    for (int i = 0; i < WEIGHTS_FOLDERS; i++) add(to, folders[i]);
    for (int i = 0; !code && dn_config_at(i); i++) {
        char *path = NULL;
        code = weights_find_file(&path, dn_config_at(i)->name);
        add(to, path);
    }
    return code;
}

static outcome gather(readable *to, const char *model, const char *weights, char *const *paths, int count) {
    outcome code = add_found_weights(to);
    for (int i = 0; !code && i < count; i++) code = add_copy(to, strcmp(paths[i], "-") == 0 ? "/" : paths[i]);
    if (!code && model) code = add_copy(to, model);
    char *path = NULL;
    if (!code && weights) code = weights_resolve(&path, weights);
    add(to, path);
    return code;
}

outcome enter_sandbox(const char *model, const char *weights, char *const *paths, int count) {
    size_t room = (size_t)count + WEIGHTS_FOLDERS + 2; /* model, weights */
    for (int i = 0; dn_config_at(i); i++) room++;
    readable all = {.paths = new_array(room, sizeof *all.paths)};
    if (!all.paths) return OUTCOME_MACHINE;
    outcome code = gather(&all, model, weights, paths, count);
    if (!code) code = sandbox_enter_reader((const char *const *)all.paths, all.count);
    for (size_t i = 0; i < all.count; i++) free(all.paths[i]);
    free(all.paths);
    return code;
}
