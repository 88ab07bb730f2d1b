/* The folder appears whole or not at all: rename() is the last step, and needs the goal absent or empty. */
#define _XOPEN_SOURCE 700 /* nftw() */
#include "ftrain/split/output.h"

#include "ftrain/shell/interrupt.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/options.h"
#include "ftrain/shell/outcome.h"
#include "ftrain/shell/progress.h"
#include "ftrain/shell/quote.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static outcome complain(const char *path, const char *what) {
    message("%s: %s: %s", path, what, strerror(errno));
    return OUTCOME_MACHINE;
}

outcome split_output_check(const char *folder) {
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

/* ---- the temporary folder ---- */

static const char temporary_name[] = ".ftrain-split-";

/* What a run that was killed could not remove is named, no more: on a shared disk it may be another
 * machine's. */
static void tell_leftovers(const char *parent) {
    DIR *folder = opendir(*parent ? parent : ".");
    const struct dirent *entry;
    while (folder && (entry = readdir(folder))) {
        if (strncmp(entry->d_name, temporary_name, sizeof temporary_name - 1) != 0) continue;
        const long pid = strtol(entry->d_name + sizeof temporary_name - 1, NULL, 10);
        if (pid > 0 && kill((pid_t)pid, 0) != 0 && errno == ESRCH)
            message("%s%s: left by a split that was killed; nobody needs it", parent, entry->d_name);
    }
    if (folder) closedir(folder);
}

/* A new folder in the one that `folder` is in. */
static outcome make_temporary(char **out, const char *folder) {
    char *goal = strdup(folder);
    *out = NULL;
    if (!goal) return report_no_memory();
    for (size_t length = strlen(goal); length > 1 && goal[length - 1] == '/'; length--)
        goal[length - 1] = '\0';
    const size_t parent = (size_t)(dni_path_name(goal) - goal), capacity = parent + 48;
    goal[parent] = '\0';
    dn_error error;
    outcome code = parent && dni_make_folders(goal, &error) ? report(&error, OUTCOME_MACHINE) : OUTCOME_OK;
    if (!code) {
        tell_leftovers(goal);
        *out = malloc(capacity);
        if (*out) snprintf(*out, capacity, "%s%s%ld", goal, temporary_name, (long)getpid());
        if (!*out)
            code = report_no_memory();
        else if (mkdir(*out, 0777) != 0)
            code = complain(*out, "cannot be made");
    }
    if (code) {
        free(*out);
        *out = NULL;
    }
    free(goal);
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

/* ---- pictures ---- */

static outcome copy_picture(const char *from, const char *to) {
    dni_file_content file;
    dni_file_writer *writer = NULL;
    dn_error error;
    dn_status status = dni_file_load(&file, from, &error);
    if (status) return report(&error, OUTCOME_DATA);
    status = dni_file_writer_open(&writer, to, &error);
    if (!status) status = dni_file_write(writer, file.data, file.size, &error);
    if (!status)
        status = dni_file_writer_commit(writer, &error);
    else
        dni_file_writer_abandon(writer);
    dni_file_unload(&file);
    return status ? report(&error, OUTCOME_MACHINE) : OUTCOME_OK;
}

/* Whatever keeps a link from being made (another file system, one without links, their number), a copy may
 * succeed, and else tells the reason. */
static outcome place_picture(const char *from, const char *to, bool copy) {
    if (!copy && linkat(AT_FDCWD, from, AT_FDCWD, to, AT_SYMLINK_FOLLOW) == 0) return OUTCOME_OK;
    return copy_picture(from, to);
}

static outcome place_pictures(const char *folder, const split_pictures *pictures, bool copy) {
    outcome code = OUTCOME_OK;
    for (uint32_t i = 0; !code && i < pictures->count; i++) {
        const split_picture *const picture = &pictures->items[i];
        if (picture->split == DNI_SPLITS) continue;
        const char *const class_name = pictures->classes.names[picture->label];
        const char *const split = dni_split_name((dni_split)picture->split);
        const size_t capacity = strlen(folder) + strlen(class_name) + strlen(picture->name) + 16;
        char *path = malloc(capacity);
        if (!path) return report_no_memory();
        dn_error error;
        const size_t end = (size_t)snprintf(path, capacity, "%s/%s/%s", folder, split, class_name);
        if (dni_make_folders(path, &error)) code = report(&error, OUTCOME_MACHINE);
        snprintf(path + end, capacity - end, "/%s", picture->name);
        if (!code) code = place_picture(picture->path, path, copy);
        if (!code && interrupted()) code = OUTCOME_INTERRUPTED;
        progress_step(i + 1);
        free(path);
    }
    return code;
}

/* ---- the manifest ---- */

static char *manifest_line(const split_pictures *pictures, const split_picture *picture) {
    char hash[33], *line = NULL;
    /* escaped, because a name may hold what would break a line or a column */
    char *class_name = quote_text(pictures->classes.names[picture->label]), *name = quote_text(picture->name);
    char *path = quote_text(picture->path);
    dni_key_text(&picture->print.content, hash);
    if (class_name && name && path) {
        const size_t capacity = strlen(class_name) + strlen(name) + strlen(path) + 80;
        line = malloc(capacity);
        if (line)
            snprintf(line, capacity, "%s\t%s\t%s\t%s\t%s\t%u\n", dni_split_name((dni_split)picture->split),
                     class_name, name, path, hash, picture->group + 1);
    }
    free(class_name);
    free(name);
    free(path);
    return line;
}

static dn_status write_lines(dni_file_writer *writer, const split_pictures *pictures, dn_error *error) {
    static const char header[] = "split\tclass\tfile\tsource\txxh3\tgroup\n";
    dn_status status = dni_file_write(writer, header, sizeof header - 1, error);
    for (int split = 0; split < DNI_SPLITS; split++)
        for (uint32_t i = 0; !status && i < pictures->count; i++) {
            if (pictures->items[i].split != split) continue;
            char *line = manifest_line(pictures, &pictures->items[i]);
            if (!line) {
                *error = (dn_error){.status = DN_ERR_MEMORY, .message = "out of memory"};
                return DN_ERR_MEMORY;
            }
            status = dni_file_write(writer, line, strlen(line), error);
            free(line);
        }
    return status;
}

static outcome write_manifest(const char *folder, const split_pictures *pictures) {
    char *path = dni_path_join(folder, "manifest.tsv");
    dni_file_writer *writer = NULL;
    dn_error error;
    if (!path) return report_no_memory();
    dn_status status = dni_file_writer_open(&writer, path, &error);
    if (!status) status = write_lines(writer, pictures, &error);
    if (!status)
        status = dni_file_writer_commit(writer, &error);
    else
        dni_file_writer_abandon(writer);
    free(path);
    return status ? report(&error, OUTCOME_MACHINE) : OUTCOME_OK;
}

static outcome write_all(const char *folder, const split_pictures *pictures, bool copy, bool quiet) {
    char *temporary;
    outcome code = make_temporary(&temporary, folder);
    if (code) return code;
    progress_start("files", pictures->count, quiet);
    code = place_pictures(temporary, pictures, copy);
    progress_end();
    if (!code) code = write_manifest(temporary, pictures);
    if (!code && interrupted()) code = OUTCOME_INTERRUPTED;
    if (!code && rename(temporary, folder) != 0) code = complain(folder, "cannot be made");
    if (code)
        remove_temporary(temporary);
    else
        interrupts_say("interrupted after %s was made", folder);
    free(temporary);
    return code;
}

outcome split_output_write(const char *folder, const split_pictures *pictures, bool copy, bool quiet) {
    const bool before = interrupts_wait(true);
    const outcome code = write_all(folder, pictures, copy, quiet);
    interrupts_wait(before);
    return code;
}
