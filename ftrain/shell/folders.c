/* The user's folders, by the environment. */
#include "ftrain/shell/folders.h"

#include "io/file.h"

#include <stdlib.h>
#include <string.h>

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

char *torch_checkpoints_folder(void) {
    return below(folder_of("TORCH_HOME", user_cache(), "torch"), "hub/checkpoints");
}
