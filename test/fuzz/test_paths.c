/* SPDX-License-Identifier: MIT */
/* Lists of paths on standard input. What comes out is what a plain reading of the list gives: for each line a
 * file, an error that names it, or all files of a folder; for a list that is none one error in its place; and
 * the paths behind it on the command line come in any case.
 *
 * The first byte says what ends a path and whether the list begins with one of nearly the greatest length.
 * Each path of the list is put below a folder of the target's own, which has files, folders and links;
 * none leads out of it. */
#include "test/fuzz/fuzz.h"

#include "core/error.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/paths.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of a path with what ends it: ftrain/shell/paths.c. */
enum { LONGEST_PATH = 65536, MOST_INPUT = 4096 };
/* The list goes through one buffer of LONGEST_PATH; a path of it is copied, here too, and folders that are
 * read take some ten kilobytes each, one in the other. */
enum { ALLOWANCE = 3 * LONGEST_PATH + (256 << 10) };
enum { ENDS_IN_ZERO = 1, BEGINS_LONG = 2 };
enum { SHOWN = 300 }; /* bytes of a path in messages */

static char base[400];   /* the folder, "/" at its end */
static char behind[500]; /* what the command line names behind the list */

static void ignore_message(const char *text) {
    (void)text;
}

static void make_file(const char *name) {
    char path[500];
    snprintf(path, sizeof path, "%s%s", base, name);
    FILE *const file = fopen(path, "w");
    fuzz_require(file && !fclose(file), "%s cannot be made", path);
}

static void make_folder(const char *name) {
    char path[500];
    snprintf(path, sizeof path, "%s%s", base, name);
    fuzz_require(!mkdir(path, 0700), "%s cannot be made", path);
}

/* a, f/b, f/g/c, f/.h, e/ (empty), l -> l, u -> the folder itself, n -> nowhere. */
static void make_tree(void) {
    snprintf(base, sizeof base, "%s/", fuzz_path("paths"));
    snprintf(behind, sizeof behind, "%sa", base);
    fuzz_require(!mkdir(base, 0700), "%s cannot be made", base);
    make_file("a");
    make_folder("f");
    make_folder("f/g");
    make_folder("e");
    make_file("f/b");
    make_file("f/g/c");
    make_file("f/.h");
    static const char *const links[][2] = {{"l", "l"}, {".", "f/u"}, {"nowhere", "n"}};
    for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
        char path[500];
        snprintf(path, sizeof path, "%s%s", base, links[i][1]);
        fuzz_require(!symlink(links[i][0], path), "%s cannot be made", path);
    }
}

/* ---- the list ---- */

typedef struct list {
    char *bytes;
    size_t size;
} list;

static void add(list *to, const void *bytes, size_t size) {
    memcpy(to->bytes + to->size, bytes, size);
    to->size += size;
}

/* Each path below the folder; ".." would lead out of it. */
static list make_list(const uint8_t *input, size_t size, bool begins_long, char separator) {
    list made = {malloc(LONGEST_PATH + (size + 1) * (sizeof base + 1)), 0};
    fuzz_require(made.bytes, "no memory for a list");
    bool at_begin = true;
    if (begins_long) {
        add(&made, base, strlen(base));
        memset(made.bytes + made.size, 'x', LONGEST_PATH - 8 - made.size);
        made.size = LONGEST_PATH - 8;
        at_begin = false;
    }
    for (size_t i = 0; i < size; i++) {
        char byte = (char)input[i];
        if (at_begin && byte != separator) add(&made, base, strlen(base));
        at_begin = byte == separator;
        if (byte == '.' && i && input[i - 1] == '.') byte = '_';
        add(&made, &byte, 1);
    }
    return made;
}

static void put_on_stdin(const list *what) {
    static int file = -1;
    if (file < 0) file = open(fuzz_path("list"), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    fuzz_require(file >= 0 && !ftruncate(file, 0), "no file for a list");
    fuzz_require(pwrite(file, what->bytes, what->size, 0) == (ssize_t)what->size, "no list");
    fuzz_require(lseek(file, 0, SEEK_SET) == 0 && dup2(file, STDIN_FILENO) == STDIN_FILENO, "no input");
}

/* ---- what comes out ---- */

static named_picture *next(path_source *source) {
    named_picture *picture = NULL;
    return path_source_next(source, &picture) ? picture : NULL;
}

/* A message has no room for all of a long path. */
static void check_error(const named_picture *picture, const char *named) {
    char beginning[SHOWN + 1];
    snprintf(beginning, sizeof beginning, "%s", named);
    fuzz_require(picture->error, "'%.*s' is taken", SHOWN, picture->path);
    fuzz_check_refusal(picture->error->status, picture->error, beginning);
}

/* Files in a folder and its folders that are not hidden. A link to a folder counts as one: each leads to a
 * folder that it lies in. */
static int count_files(const char *path) {
    DIR *const folder = opendir(path);
    fuzz_require(folder, "%s", path);
    int count = 0;
    for (const struct dirent *entry; (entry = readdir(folder));) {
        char inside[1024];
        struct stat info;
        if (entry->d_name[0] == '.') continue;
        snprintf(inside, sizeof inside, "%s/%s", path, entry->d_name);
        fuzz_require(!lstat(inside, &info), "%s", inside);
        count += S_ISDIR(info.st_mode) ? count_files(inside) : 1;
    }
    closedir(folder);
    return count;
}

/* All files of a folder: those that are not hidden, each once, below it, by name. Returns the first of what
 * comes behind. */
static named_picture *check_folder(path_source *source, named_picture *first, const char *path) {
    const size_t length = strlen(path);
    const int count = count_files(path);
    char before[1024] = "";
    named_picture *each = first;
    if (!count) {
        check_error(first, path);
        named_picture_free(first);
        return next(source);
    }
    for (int i = 0; i < count; i++) {
        fuzz_require(each && strncmp(each->path, path, length) == 0 && strcmp(each->path, before) > 0,
                     "'%s' comes as file %d of '%s'", each ? each->path : "", i, path);
        fuzz_require(!strstr(each->path + length, "/."), "'%s' is hidden", each->path);
        snprintf(before, sizeof before, "%s", each->path);
        named_picture_free(each);
        each = next(source);
    }
    return each;
}

static named_picture *check_path(path_source *source, named_picture *picture, const char *path) {
    struct stat info;
    fuzz_require(picture, "'%.*s' does not come", SHOWN, path);
    const bool is_there = stat(path, &info) == 0;
    if (is_there && S_ISDIR(info.st_mode)) return check_folder(source, picture, path);
    fuzz_require(strcmp(picture->path, path) == 0, "'%.*s' comes, not '%.*s'", SHOWN, picture->path, SHOWN,
                 path);
    if (is_there) fuzz_take();
    if (is_there)
        fuzz_require(!picture->error, "%s", picture->error->message);
    else
        check_error(picture, path);
    named_picture_free(picture);
    return next(source);
}

/* The list as it is read plainly. */
static void check_list(path_source *source, const list *given, char separator) {
    named_picture *picture = next(source);
    for (size_t at = 0; at < given->size;) {
        const char *const begin = given->bytes + at;
        const char *const end = memchr(begin, separator, given->size - at);
        const size_t length = end ? (size_t)(end - begin) : given->size - at;
        at += length + 1;
        if (!length) continue;
        if (length >= LONGEST_PATH || memchr(begin, '\0', length)) {
            fuzz_require(picture && strcmp(picture->path, "-") == 0, "a wrong list is taken");
            check_error(picture, length >= LONGEST_PATH ? "a path of more than 65535 bytes"
                                                        : "a line with a zero byte");
            named_picture_free(picture);
            picture = next(source);
            break; /* nothing more is read of it */
        }
        char *const path = fuzz_text((const uint8_t *)begin, length);
        picture = check_path(source, picture, path);
        free(path);
    }
    picture = check_path(source, picture, behind);
    fuzz_require(!picture, "'%.*s' is too much", SHOWN, picture->path);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    static char from_list[] = "-";
    if (!*base) make_tree();
    if (!size || size > MOST_INPUT) return 0;
    const char separator = bytes[0] & ENDS_IN_ZERO ? '\0' : '\n';
    list given = make_list(bytes + 1, size - 1, bytes[0] & BEGINS_LONG, separator);
    put_on_stdin(&given);
    message_divert(ignore_message);
    char *const paths[] = {from_list, behind};
    path_source *source;
    fuzz_meter_begin();
    fuzz_require(path_source_create(&source, paths, 2, separator) == OUTCOME_OK, "no source");
    check_list(source, &given, separator);
    fuzz_require(!path_source_lacks_memory(source), "no memory");
    path_source_free(source);
    fuzz_meter_end(ALLOWANCE + 2 * size);
    free(given.bytes);
    return 0;
}
