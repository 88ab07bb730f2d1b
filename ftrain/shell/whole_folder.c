/* SPDX-License-Identifier: MIT */
/* rename() is the last step, and needs the goal absent or empty. Before it every folder in the temporary one
 * is synced, or after a power cut the goal might be there without some of what it should hold.
 *
 * Who builds a folder holds a lock, which ends with the process however that ends: that of a file beside the
 * folder, ".ftrain-COMMAND-SLOT.lock". Whoever can get a slot's lock owns its folder, and removes what is in
 * it. The lock is a file's, because that of a folder is not seen by other machines of a shared disk. */
#define _XOPEN_SOURCE 700 /* nftw() */
#include "ftrain/shell/whole_folder.h"

#include "ftrain/shell/message.h"
#include "io/entry.h"
#include "io/file.h"
#include "io/sync.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_SIZE = 64, SLOTS = 10000, SWEPT_SLOTS = 16, OPEN_FOLDERS = 16 };

static outcome complain(const char *path, const char *what) {
    message("%s: %s: %s", path, what, strerror(errno));
    return OUTCOME_MACHINE;
}

outcome whole_folder_check(const char *goal) {
    struct stat info;
    if (lstat(goal, &info) != 0) return errno == ENOENT ? OUTCOME_OK : complain(goal, "cannot be examined");
    dni_listing listing = {.count = 0};
    dn_error error;
    if (S_ISDIR(info.st_mode) && dni_list_folder(&listing, goal, &error)) return report(&error, OUTCOME_DATA);
    const bool empty = S_ISDIR(info.st_mode) && listing.count == 0;
    dni_listing_free(&listing);
    if (empty) return OUTCOME_OK;
    message("%s: is there and is not an empty folder; nothing is overwritten", goal);
    return OUTCOME_USAGE;
}

/* ---- trees ---- */

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *position) {
    (void)info, (void)kind, (void)position;
    return remove(path);
}

static bool remove_tree(const char *path) {
    return nftw(path, remove_entry, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS) == 0 || errno == ENOENT;
}

/* nftw() ends at what is not 0, and gives it back. */
static int sync_entry(const char *path, const struct stat *info, int kind, struct FTW *position) {
    (void)info, (void)position;
    dn_error error;
    if (kind != FTW_DP || !dni_sync_folder(path, path, &error)) return 0;
    return (int)report(&error, OUTCOME_MACHINE);
}

/* Files are on the disk already: links are of such, and others are written by dni_file_writer. */
static outcome sync_tree(const char *path) {
    const int result = nftw(path, sync_entry, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS);
    return result < 0 ? complain(path, "cannot be synced") : (outcome)result;
}

/* ---- slots ---- */

/* Without locks of the file system, a slot is only taken where nobody has its lock's file. */
static int open_lock(const char *path) {
    int descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (descriptor < 0 || flock(descriptor, LOCK_EX | LOCK_NB) == 0) return descriptor;
    const int number = errno;
    close(descriptor);
    errno = number;
    if (number != ENOLCK && number != EOPNOTSUPP && number != ENOSYS) return -1;
    return open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
}

static void free_slot(const whole_folder *folder) {
    unlink(folder->lock_path);
    close(folder->lock);
}

/* Whether the slot is ours now; else errno is EEXIST or EWOULDBLOCK where it is somebody else's. Its owner
 * before may have removed the file that we have just locked. */
static bool lock_slot(whole_folder *folder) {
    enum { ATTEMPTS = 3 }; /* to examine it */
    for (int failed = 0;;) {
        folder->lock = open_lock(folder->lock_path);
        if (folder->lock < 0) return false;
        const int is_open = dni_entry_is_open(folder->lock_path, folder->lock), number = errno;
        if (is_open > 0) return true;
        if (is_open < 0 && ++failed == ATTEMPTS) {
            free_slot(folder);
            errno = number;
            return false;
        }
        close(folder->lock);
    }
}

static size_t name_size(const char *parent) {
    return strlen(parent) + NAME_SIZE;
}

/* Room for the names of any slot; either way to be freed. */
static bool make_names(whole_folder *out, const char *parent) {
    *out =
        (whole_folder){.path = malloc(name_size(parent)), .lock_path = malloc(name_size(parent)), .lock = -1};
    return out->path && out->lock_path;
}

static void name_slot(whole_folder *out, const char *parent, const char *command, unsigned slot) {
    const char *const before = strcmp(parent, ".") == 0 ? "" : parent; /* else it ends in a slash */
    snprintf(out->path, name_size(parent), "%s.ftrain-%s-%u.tmp", before, command, slot);
    snprintf(out->lock_path, name_size(parent), "%s.ftrain-%s-%u.lock", before, command, slot);
}

static void free_names(whole_folder *folder) {
    free(folder->path);
    free(folder->lock_path);
    *folder = (whole_folder){.lock = -1};
}

static bool is_there(const char *path) {
    struct stat info;
    return lstat(path, &info) == 0;
}

/* Whether the slot that could not be had is somebody else's: at work, or of a user who keeps us out. */
static bool is_taken(const whole_folder *folder) {
    return errno == EWOULDBLOCK || errno == EEXIST || (errno == EACCES && is_there(folder->lock_path));
}

/* The first slot that is free, with nothing in it. */
static outcome take_slot(whole_folder *out, unsigned *slot, const char *parent, const char *command) {
    if (!make_names(out, parent)) return report_no_memory();
    for (*slot = 0; *slot < SLOTS; ++*slot) {
        name_slot(out, parent, command, *slot);
        if (lock_slot(out)) {
            if (remove_tree(out->path)) return OUTCOME_OK;
            free_slot(out); /* what is in it is another user's, or cannot be removed now */
        } else if (!is_taken(out)) {
            return complain(out->lock_path, "cannot be made");
        }
    }
    message("%s: %d runs of %s seem to be at work there", parent, SLOTS, command);
    return OUTCOME_MACHINE;
}

/* Removes what killed runs left in the slots behind. */
static void sweep(unsigned slot, const char *parent, const char *command) {
    whole_folder left;
    const bool has_names = make_names(&left, parent);
    while (has_names && ++slot < SWEPT_SLOTS) {
        name_slot(&left, parent, command, slot);
        if ((is_there(left.path) || is_there(left.lock_path)) && lock_slot(&left)) {
            if (remove_tree(left.path)) unlink(left.lock_path);
            close(left.lock);
        }
    }
    free_names(&left);
}

/* ---- the folder ---- */

static outcome make(whole_folder *folder) {
    struct stat made;
    const bool is_made = mkdir(folder->path, 0777) == 0;
    if (!is_made || lstat(folder->path, &made) != 0) {
        const outcome code = complain(folder->path, is_made ? "cannot be examined" : "cannot be made");
        if (is_made) rmdir(folder->path);
        free_slot(folder);
        return code;
    }
    folder->device = made.st_dev;
    folder->inode = made.st_ino;
    return OUTCOME_OK;
}

outcome whole_folder_begin(whole_folder *out, const char *goal, const char *command) {
    *out = (whole_folder){.lock = -1};
    char *const parent = dni_path_folder(goal);
    if (!parent) return report_no_memory();
    dn_error error;
    unsigned slot = 0;
    outcome code = dni_make_folders(parent, &error) ? report(&error, OUTCOME_MACHINE) : OUTCOME_OK;
    if (!code) code = take_slot(out, &slot, parent, command);
    if (!code) {
        sweep(slot, parent, command);
        code = make(out);
    }
    if (code) free_names(out);
    free(parent);
    return code;
}

/* Where the file system has no locks, somebody may have taken the folder from us. */
static bool is_ours(const whole_folder *folder) {
    struct stat now;
    return lstat(folder->path, &now) == 0 && now.st_dev == folder->device && now.st_ino == folder->inode;
}

static outcome put_in_place(const whole_folder *folder, const char *goal) {
    const outcome code = sync_tree(folder->path);
    if (code) return code;
    errno = 0;
    if (!is_ours(folder)) {
        if (errno && errno != ENOENT) return complain(folder->path, "cannot be examined");
        message("%s: is no longer what was made; %s is not made", folder->path, goal);
        return OUTCOME_MACHINE;
    }
    dn_error error;
    if (rename(folder->path, goal) != 0) return complain(goal, "cannot be made");
    return dni_sync_folder_of(goal, &error) ? report(&error, OUTCOME_MACHINE) : OUTCOME_OK;
}

outcome whole_folder_end(whole_folder *folder, const char *goal, outcome code) {
    if (!code) code = put_in_place(folder, goal);
    if (code && is_ours(folder) && !remove_tree(folder->path))
        (void)complain(folder->path, "what was begun cannot be removed"); /* the outcome is that of before */
    free_slot(folder);
    free_names(folder);
    return code;
}
