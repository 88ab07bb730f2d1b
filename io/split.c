/* SPDX-License-Identifier: MIT */
/* Which folder is which split. */
#include "io/split.h"

#include "core/error.h"
#include "io/entry.h"
#include "io/file.h"
#include "io/name_text.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_NAMES = 3, SHOWN = 10 };

/* What is written, and what is read as well. */
static const char *const names[DNI_SPLITS][MAX_NAMES] = {{"train"}, {"valid", "val", "validation"}, {"test"}};

const char *dni_split_name(dni_split split) {
    return split >= 0 && split < DNI_SPLITS ? names[split][0] : "?";
}

dni_split dni_split_of_name(const char *name) {
    int split = 0;
    for (; split < DNI_SPLITS; split++)
        for (int i = 0; i < MAX_NAMES && names[split][i]; i++)
            if (strcmp(names[split][i], name) == 0) return (dni_split)split;
    return DNI_SPLITS;
}

/* The path of a folder in a folder, from malloc; NULL: there is none, or only something else. */
static dn_status find_folder(char **out, const char *folder, const char *name, dn_error *error) {
    *out = dni_path_join(folder, name);
    if (!*out) return dni_no_memory(error, "%s", folder);
    dni_entry entry;
    dn_status status = dni_entry_look(&entry, *out, error);
    const bool is_folder = !status && entry.kind == DNI_ENTRY_FOLDER;
    if (status == DN_ERR_NOT_FOUND || status == DN_ERR_FILE_KIND) status = DN_OK;
    if (is_folder) return DN_OK;
    free(*out);
    *out = NULL;
    return status;
}

static dn_status missing(const char *data, const char *name, dn_error *error) {
    dni_listing listing;
    dn_status status = dni_list_folder(&listing, data, error);
    if (status) return status;
    dni_name_text found = {.used = 0};
    int count = 0;
    for (size_t i = 0; !status && i < listing.count && count <= SHOWN; i++) {
        char *path;
        status = find_folder(&path, data, listing.names[i], error);
        if (status == DN_ERR_IO) status = DN_OK; /* as a link into a drive that does not answer */
        if (path && count++ < SHOWN)
            dni_name_text_add(&found, count > 1 ? ", '" : "'", listing.names[i], "'");
        free(path);
    }
    dni_listing_free(&listing);
    if (status) return status;
    if (!count) return dni_fail(error, DN_ERR_NOT_FOUND, "%s: has no folder '%s', and no other", data, name);
    return dni_fail(error, DN_ERR_NOT_FOUND, "%s: has no folder '%s'; it has %s%s", data, name, found.content,
                    count > SHOWN ? ", ..." : "");
}

dn_status dni_split_find(char **out, const char *data, const char *name, dn_error *error) {
    const dni_split split = dni_split_of_name(name);
    const char *const alone[MAX_NAMES] = {name};
    const char *const *const candidates = split < DNI_SPLITS ? names[split] : alone;
    const char *taken = NULL;
    dn_status status = DN_OK;
    *out = NULL;
    for (int i = 0; !status && i < MAX_NAMES && candidates[i]; i++) {
        char *path;
        status = find_folder(&path, data, candidates[i], error);
        if (path && taken) {
            status = dni_fail(error, DN_ERR_DATA_CLASSES,
                              "%s: '%s' and '%s' both stand for the validation split; keep one of them", data,
                              taken, candidates[i]);
            free(path);
        } else if (path) {
            *out = path;
            taken = candidates[i];
        }
    }
    if (!status && !*out) status = missing(data, candidates[0], error);
    if (!status) return DN_OK;
    free(*out);
    *out = NULL;
    return status;
}
