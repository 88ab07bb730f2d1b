/* SPDX-License-Identifier: MIT */
/* rename() is the last step, and needs the goal absent or empty. */
#define _XOPEN_SOURCE 700 /* nftw() */
#include "ftrain/shell/whole_folder.h"

#include "ftrain/shell/message.h"
#include "io/file.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_SIZE = 64 }; /* of a temporary name */

static outcome complain(const char *path, const char *what) {
    message("%s: %s: %s", path, what, strerror(errno));
    return OUTCOME_MACHINE;
}

outcome whole_folder_check(const char *folder) {
    struct stat info;
    if (lstat(folder, &info) != 0)
        return errno == ENOENT ? OUTCOME_OK : complain(folder, "cannot be examined");
    dni_listing listing = {.count = 0};
    dn_error error;
    if (S_ISDIR(info.st_mode) && dni_list_folder(&listing, folder, &error))
        return report(&error, OUTCOME_DATA);
    const bool empty = S_ISDIR(info.st_mode) && listing.count == 0;
    dni_listing_free(&listing);
    if (empty) return OUTCOME_OK;
    message("%s: is there and is not an empty folder; nothing is overwritten", folder);
    return OUTCOME_USAGE;
}

/* What a run that was killed could not remove is named, no more: on a shared disk it may be another
 * machine's. */
static void tell_leftovers(const char *parent, const char *command) {
    char begin[NAME_SIZE];
    const size_t length = (size_t)snprintf(begin, sizeof begin, ".ftrain-%s-", command);
    DIR *folder = opendir(*parent ? parent : ".");
    const struct dirent *entry;
    while (folder && (entry = readdir(folder))) {
        if (strncmp(entry->d_name, begin, length) != 0) continue;
        const long pid = strtol(entry->d_name + length, NULL, 10);
        if (pid > 0 && kill((pid_t)pid, 0) != 0 && errno == ESRCH)
            message("%s%s: left by a %s that was killed; nobody needs it", parent, entry->d_name, command);
    }
    if (folder) closedir(folder);
}

/* `parent` is empty or ends in a slash. */
static outcome make_in(char **out, const char *parent, const char *command) {
    const size_t capacity = strlen(parent) + NAME_SIZE;
    *out = malloc(capacity);
    if (!*out) return report_no_memory();
    snprintf(*out, capacity, "%s.ftrain-%s-%ld", parent, command, (long)getpid());
    if (mkdir(*out, 0777) == 0) return OUTCOME_OK;
    const outcome code = complain(*out, "cannot be made");
    free(*out);
    *out = NULL;
    return code;
}

outcome whole_folder_begin(char **out, const char *folder, const char *command) {
    char *parent = strdup(folder);
    *out = NULL;
    if (!parent) return report_no_memory();
    for (size_t length = strlen(parent); length > 1 && parent[length - 1] == '/'; length--)
        parent[length - 1] = '\0';
    parent[dni_path_name(parent) - parent] = '\0';
    dn_error error;
    outcome code = *parent && dni_make_folders(parent, &error) ? report(&error, OUTCOME_MACHINE) : OUTCOME_OK;
    if (!code) tell_leftovers(parent, command);
    if (!code) code = make_in(out, parent, command);
    free(parent);
    return code;
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *position) {
    (void)info, (void)kind, (void)position;
    return remove(path);
}

static void remove_temporary(const char *folder) {
    if (nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS) != 0)
        (void)complain(folder,
                       "what was begun cannot be removed"); /* the outcome is that of the step before */
}

outcome whole_folder_end(char *temporary, const char *folder, outcome code) {
    if (!code && rename(temporary, folder) != 0) code = complain(folder, "cannot be made");
    if (code) remove_temporary(temporary);
    free(temporary);
    return code;
}
