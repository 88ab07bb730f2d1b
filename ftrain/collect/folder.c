/* SPDX-License-Identifier: MIT */
/* Pictures are written whole, then told in the manifest: what a killed process leaves is a picture without a
 * line at worst, and it counts all the same. The manifest is the lock, too. */
#include "ftrain/collect/folder.h"

#include "core/number.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/options.h"
#include "ftrain/shell/outcome.h"
#include "io/file.h"
#include "io/image_format.h"
#include "io/retry.h"
#include "io/sync.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MANIFEST "manifest.tsv"
enum { COLUMNS = 5 };

static outcome complain(const collect_folder *folder, const char *name, const char *what) {
    message("%s/%s: %s: %s", folder->path, name, what, strerror(errno));
    return OUTCOME_MACHINE;
}

/* ---- what is there ---- */

static bool remember(collect_folder *folder, const dni_key *key) {
    if (folder->count == folder->capacity) {
        const size_t wanted = folder->capacity ? 2 * folder->capacity : 256;
        dni_key *keys = realloc(folder->keys, wanted * sizeof *keys);
        if (!keys) return false;
        folder->keys = keys;
        folder->capacity = wanted;
    }
    folder->keys[folder->count++] = *key;
    return true;
}

bool collect_folder_has(const collect_folder *folder, const dni_key *key) {
    for (size_t i = 0; i < folder->count; i++)
        if (memcmp(&folder->keys[i], key, sizeof *key) == 0) return true;
    return false;
}

/* The whole number at the start of `text`: what follows it, or NULL where there is none or none of at most
 * 16 digits: counting on must not overflow. */
static const char *read_number(const char *text, uint64_t *out) {
    enum { DIGITS = 16 };
    const char *const end = dni_number_at(text, out);
    return end && end - text <= DIGITS ? end : NULL;
}

static outcome read_file(collect_folder *folder, const char *name) {
    struct stat info;
    char *path = dni_path_join(folder->path, name);
    if (!path) return report_no_memory();
    outcome code = OUTCOME_OK;
    if (stat(path, &info) != 0) {
        if (errno != ENOENT) code = complain(folder, name, "cannot be examined"); /* not a link to nowhere */
    } else if (S_ISREG(info.st_mode) && strcmp(name, MANIFEST) != 0) {
        dni_key key;
        dn_error error;
        if (dni_key_of_file(&key, path, &error))
            code = report(&error, OUTCOME_DATA);
        else if (!remember(folder, &key))
            code = report_no_memory();
        uint64_t number;
        if (read_number(name, &number) && number >= folder->next) folder->next = number + 1;
    }
    free(path);
    return code;
}

static outcome read_files(collect_folder *folder) {
    dni_listing listing;
    dn_error error;
    if (dni_list_folder(&listing, folder->path, &error)) return report(&error, OUTCOME_DATA);
    outcome code = OUTCOME_OK;
    for (size_t i = 0; !code && i < listing.count; i++) code = read_file(folder, listing.names[i]);
    dni_listing_free(&listing);
    return code;
}

/* ---- the manifest ---- */

/* The page number with which `url`, a template, gives the second column of a line; -1: it does not. */
static long long page_of(const char *line, const char *url) {
    const char *place = strstr(url, "{n}"), *column = strchr(line, '\t');
    if (!place || !column) return -1;
    const size_t before = (size_t)(place - url), after = strlen(place + 3);
    column++;
    if (strncmp(column, url, before) != 0) return -1;
    uint64_t number;
    const char *end = read_number(column + before, &number);
    return end && strncmp(end, place + 3, after) == 0 && end[after] == '\t' ? (long long)number : -1;
}

/* Appends to the manifest, and syncs; false with errno. */
static bool append(const collect_folder *folder, const char *text, size_t size) {
    if (!size) return true;
    while (size) {
        const ssize_t written = write(folder->manifest, text, size);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return false;
        text += written;
        size -= (size_t)written;
    }
    errno = dni_sync(folder->manifest);
    return !errno;
}

/* Whether the line says all that a line has to, up to its hash, if it lacks its end: an editor may have left
 * it so. */
static bool has_columns(const char *line) {
    enum { DIGITS = 2 * sizeof(dni_key) };
    for (int column = 1; column < COLUMNS; column++) {
        line = strchr(line, '\t');
        if (!line) return false;
        line++;
    }
    return strlen(line) == DIGITS && strspn(line, "0123456789abcdef") == DIGITS;
}

/* What of the manifest is whole. */
typedef struct manifest_end {
    off_t size, whole; /* bytes; of these, without a last line that was cut off or that power took */
    bool is_open;      /* the last whole line lacks its end */
} manifest_end;

static bool read_lines(collect_folder *folder, manifest_end *end, const char *url, const char *path) {
    FILE *stream = fopen(path, "r");
    if (!stream) return false;
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length;
    while ((length = getline(&line, &capacity, stream)) > 0) {
        const bool is_open = line[length - 1] != '\n';
        end->size += length;
        if (memchr(line, '\0', (size_t)length) || (is_open && !has_columns(line))) continue;
        end->whole = end->size;
        end->is_open = is_open;
        const long long page = page_of(line, url);
        if (page > folder->last_page) folder->last_page = page;
    }
    const bool is_read = feof(stream);
    free(line);
    fclose(stream);
    return is_read;
}

/* The header is synced before anything comes behind it, and each line before the next: what a crash leaves
 * torn is the last one. */
static outcome read_manifest(collect_folder *folder, const char *url, const char *path) {
    static const char header[] = "file\turl\ttime\tbytes\txxh3\n";
    manifest_end end = {.whole = 0};
    if (!read_lines(folder, &end, url, path)) return complain(folder, MANIFEST, "cannot be read");
    if (end.whole < end.size && dni_cut(folder->manifest, (uint64_t)end.whole) != 0)
        return complain(folder, MANIFEST, "cannot be written");
    const char *const begin = !end.whole ? header : end.is_open ? "\n" : "";
    if (append(folder, begin, strlen(begin))) return OUTCOME_OK;
    return complain(folder, MANIFEST, "cannot be written");
}

static outcome refuse_manifest(const collect_folder *folder) {
    message("%s/%s: is not a regular file", folder->path, MANIFEST);
    return OUTCOME_MACHINE;
}

static outcome open_manifest(collect_folder *folder, const char *url) {
    char *path = dni_path_join(folder->path, MANIFEST);
    if (!path) return report_no_memory();
    outcome code = OUTCOME_OK;
    struct stat found;
    /* not blocking: a FIFO would wait for a reader */
    folder->manifest = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_CLOEXEC, 0666);
    if (folder->manifest < 0 && errno != ENXIO)
        code = complain(folder, MANIFEST, "cannot be opened");
    else if (folder->manifest < 0 || fstat(folder->manifest, &found) != 0 || !S_ISREG(found.st_mode))
        code = refuse_manifest(folder);
    else if (flock(folder->manifest, LOCK_EX | LOCK_NB) != 0)
        code = complain(folder, MANIFEST,
                        errno == EWOULDBLOCK ? "another collection seems to write to this folder"
                                             : "cannot be locked");
    if (!code) code = read_manifest(folder, url, path);
    free(path);
    return code;
}

outcome collect_folder_open(collect_folder *out, const char *path, const char *url) {
    *out = (collect_folder){.path = path, .next = 1, .last_page = -1, .manifest = -1};
    dn_error error;
    if (dni_make_folders(path, &error)) return report(&error, OUTCOME_MACHINE);
    const outcome code = open_manifest(out, url);
    return !code ? read_files(out) : code;
}

void collect_folder_close(collect_folder *folder) {
    if (folder->manifest >= 0) close(folder->manifest);
    free(folder->keys);
    free(folder->last);
}

/* ---- adding ---- */

/* The usual one of the format, of what dn_image_decode() has taken. */
static int extension_length(const char **out, const unsigned char *bytes, size_t size) {
    *out = dni_image_format_find(bytes, size)->extensions + 1;
    return (int)strcspn(*out, " ");
}

static outcome write_picture(const char *path, const unsigned char *bytes, size_t size) {
    dni_file_writer *writer;
    dn_error error;
    dn_status status = dni_file_writer_open(&writer, path, &error);
    if (status) return report(&error, OUTCOME_MACHINE);
    status = dni_file_write(writer, bytes, size, &error);
    if (!status)
        status = dni_file_writer_commit(writer, &error);
    else
        dni_file_writer_abandon(writer);
    return status ? report(&error, OUTCOME_MACHINE) : OUTCOME_OK;
}

static outcome write_line(const collect_folder *folder, size_t size, const dni_key *key, const char *url) {
    char when[32], hash[33];
    struct tm utc;
    const time_t now = time(NULL);
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    dni_key_text(key, hash);
    const size_t capacity = strlen(url) + strlen(folder->last) + 128;
    char *line = malloc(capacity);
    if (!line) return report_no_memory();
    const int length = snprintf(line, capacity, "%s\t%s\t%s\t%zu\t%s\n", folder->last, url, when, size, hash);
    const bool written = append(folder, line, (size_t)length);
    free(line);
    return written ? OUTCOME_OK : complain(folder, MANIFEST, "cannot be written");
}

outcome collect_folder_add(collect_folder *folder, const unsigned char *bytes, size_t size,
                           const dni_key *key, const char *url) {
    char name[40];
    const char *extension;
    const int length = extension_length(&extension, bytes, size);
    snprintf(name, sizeof name, "%06" PRIu64 ".%.*s", folder->next, length, extension);
    free(folder->last);
    folder->last = strdup(name);
    char *path = dni_path_join(folder->path, name);
    outcome code = path && folder->last ? write_picture(path, bytes, size) : report_no_memory();
    free(path);
    if (code) return code;
    folder->next++;
    if (!remember(folder, key)) return report_no_memory();
    return write_line(folder, size, key, url);
}
