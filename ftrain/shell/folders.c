/* SPDX-License-Identifier: MIT */
/* The user's folders, by the environment. */
#include "ftrain/shell/folders.h"

#include "ftrain/shell/message.h"
#include "io/file.h"

#include <stdlib.h>

/* A folder by the environment: $variable/below. */
typedef struct rule {
    const char *variable, *below;
} rule;

/* By the first rule whose variable is set; from malloc; NULL where none is. */
static outcome find_by_rules(char **out, const rule *rules, size_t count) {
    *out = NULL;
    for (size_t i = 0; i < count; i++) {
        const char *folder = getenv(rules[i].variable);
        if (!folder || !*folder) continue;
        *out = dni_path_join(folder, rules[i].below);
        return *out ? OUTCOME_OK : report_no_memory();
    }
    return OUTCOME_OK;
}

static const rule cache_rules[] = {{"XDG_CACHE_HOME", "densenet"}, {"HOME", ".cache/densenet"}};
static const rule torch_rules[] = {{"TORCH_HOME", "hub/checkpoints"},
                                   {"XDG_CACHE_HOME", "torch/hub/checkpoints"},
                                   {"HOME", ".cache/torch/hub/checkpoints"}};

outcome cache_folder(char **out, const char *what, const char *option) {
    const outcome code = find_by_rules(out, cache_rules, sizeof cache_rules / sizeof *cache_rules);
    if (code || *out) return code;
    message("no folder for %s: set HOME or XDG_CACHE_HOME, or give %s", what, option);
    return OUTCOME_MACHINE;
}

outcome weights_folders(char *out[WEIGHTS_FOLDERS]) {
    out[1] = NULL;
    const outcome code = find_by_rules(&out[0], cache_rules, sizeof cache_rules / sizeof *cache_rules);
    return code ? code : find_by_rules(&out[1], torch_rules, sizeof torch_rules / sizeof *torch_rules);
}
