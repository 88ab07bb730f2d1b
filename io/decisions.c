/* SPDX-License-Identifier: MIT */
/* Decisions: a file of lines that grows at its end. */
#include "io/decisions.h"

#include "core/error.h"
#include "core/number.h"
#include "io/escape.h"
#include "io/entry.h"
#include "io/file.h"
#include "io/retry.h"
#include "io/sync.h"
#include "io/text_stream.h"

#include <ctype.h>
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

static const char header[] = "path\txxh3\tbytes\tdecision\ttime\n";
enum { HEADER = sizeof header - 1, COLUMNS = 5 };

/* Bytes of the shortest line: a path of one letter, a key, a digit, "keep", a time, and what is between and
 * behind them. */
enum { LEAST_LINE = 1 + 32 + 1 + 4 + DNI_TIME_TEXT - 1 + COLUMNS };

static const char *const names[DNI_DECISIONS] = {"keep", "exclude", "move", "undo"};

const char *dni_decision_name(dni_decision_kind kind) {
    return names[kind];
}

static void free_decision(dni_decision *decision) {
    free(decision->path);
    free(decision->class_name);
}

void dni_decisions_free(dni_decisions *decisions) {
    for (size_t i = 0; i < decisions->count; i++) free_decision(&decisions->items[i]);
    free(decisions->items);
    *decisions = (dni_decisions){0};
}

/* ---- a line ---- */

/* The name in a column, from malloc; NULL: it is none, or memory is out, which *status tells apart. */
static char *take_name(const char *text, size_t size, dn_status *status) {
    char *name = malloc(size + 1);
    if (!name) {
        *status = DN_ERR_MEMORY;
        return NULL;
    }
    memcpy(name, text, size);
    if (dni_unescape(name, size) > 0) return name;
    free(name);
    return NULL;
}

/* Whether a path stays in the folder that it is relative to. */
static bool stays_inside(const char *path) {
    if (*path == '/') return false;
    for (const char *part = path; part; part = strchr(part, '/')) {
        if (*part == '/') part++;
        if (strncmp(part, "..", 2) == 0 && (!part[2] || part[2] == '/')) return false;
    }
    return true;
}

static bool take_key(dni_key *out, const char *text, size_t size) {
    if (size != 2 * sizeof out->bytes) return false;
    for (size_t i = 0; i < size; i++)
        if (!isdigit((unsigned char)text[i]) && !(text[i] >= 'a' && text[i] <= 'f')) return false;
    for (size_t i = 0; i < sizeof out->bytes; i++) {
        const char pair[3] = {text[2 * i], text[2 * i + 1], '\0'};
        out->bytes[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return true;
}

static bool take_number(uint64_t *out, const char *text, size_t size) {
    char digits[21];
    if (!size || size >= sizeof digits) return false;
    memcpy(digits, text, size);
    digits[size] = '\0';
    return dni_parse_u64(digits, out);
}

static bool take_kind(dni_decision *out, const char *text, size_t size, dn_status *status) {
    static const size_t move = 5; /* "move:" */
    if (size > move && memcmp(text, "move:", move) == 0) {
        out->kind = DNI_MOVE;
        out->class_name = take_name(text + move, size - move, status);
        return out->class_name && !strchr(out->class_name, '/');
    }
    for (int kind = 0; kind < DNI_DECISIONS; kind++) {
        out->kind = (dni_decision_kind)kind;
        if (kind != DNI_MOVE && strlen(names[kind]) == size && memcmp(text, names[kind], size) == 0)
            return true;
    }
    return false;
}

/* 2026-11-29T04:30:00Z */
static bool take_time(char out[DNI_TIME_TEXT], const char *text, size_t size) {
    static const char form[] = "0000-00-00T00:00:00Z";
    if (size != DNI_TIME_TEXT - 1) return false;
    for (size_t i = 0; i < size; i++)
        if (form[i] == '0' ? !isdigit((unsigned char)text[i]) : text[i] != form[i]) return false;
    memcpy(out, text, size);
    out[size] = '\0';
    return true;
}

/* Reads the line without its end. NULL, or what is wrong with it; *status is then also set where the machine
 * failed. */
static const char *take_line(dni_decision *out, const char *line, size_t size, dn_status *status) {
    const char *columns[COLUMNS];
    size_t sizes[COLUMNS];
    *status = DN_OK;
    for (int c = 0; c < COLUMNS; c++) {
        const char *const tab = memchr(line, '\t', size);
        if (!tab != (c == COLUMNS - 1)) return "it has not the five columns of a decision";
        columns[c] = line;
        sizes[c] = tab ? (size_t)(tab - line) : size;
        if (!tab) break;
        line += sizes[c] + 1;
        size -= sizes[c] + 1;
    }
    out->path = take_name(columns[0], sizes[0], status);
    if (!out->path || !stays_inside(out->path)) return "its path is none inside the data set";
    if (!take_key(&out->key, columns[1], sizes[1])) return "its second column is not 32 hexadecimal digits";
    if (!take_number(&out->bytes, columns[2], sizes[2])) return "its third column is not a number of bytes";
    if (!take_kind(out, columns[3], sizes[3], status))
        return "its fourth column is not keep, exclude, move:CLASS or undo";
    if (!take_time(out->time, columns[4], sizes[4]))
        return "its last column is not a time such as 2026-11-29T04:30:00Z";
    return NULL;
}

/* ---- the file ---- */

/* Whether a crash has left it: zeros, where the disk had the file's new size and not yet its bytes. */
static bool is_torn(const char *line, size_t size) {
    return memchr(line, '\0', size) != NULL;
}

/* The size of the text without the last lines that are torn. */
static size_t size_before_torn(const char *text, size_t size) {
    for (size_t whole = size; whole;) {
        size_t begin = whole - (text[whole - 1] == '\n');
        while (begin && text[begin - 1] != '\n') begin--;
        if (!is_torn(text + begin, whole - begin)) return whole;
        whole = begin;
    }
    return 0;
}

/* Cuts *size down to what is whole. A last line without its end counts where it says all that a line has to,
 * as an editor may have left it. */
static dn_status leave_whole(const char *file, const char *text, size_t *size, dn_error *error) {
    *size = size_before_torn(text, *size);
    size_t whole = *size;
    while (whole && text[whole - 1] != '\n') whole--;
    if (whole == *size) return DN_OK;
    dni_decision last = {.path = NULL};
    dn_status status = DN_OK;
    const bool is_line = whole >= HEADER && !take_line(&last, text + whole, *size - whole, &status);
    free_decision(&last);
    if (status) return dni_no_memory(error, "%s: its last line", file);
    if (!is_line) *size = whole;
    return DN_OK;
}

/* Takes the lines of a file's whole text, behind its header, as they are. */
static dn_status take_lines(dni_decisions *out, const char *file, const char *text, size_t size,
                            dn_error *error) {
    /* One more than fit into the text may be looked at: the one that is wrong. */
    const size_t lines = size / LEAST_LINE + 1;
    size_t number = 0;
    out->items = calloc(lines, sizeof *out->items);
    if (!out->items) return dni_no_memory(error, "%s: up to %zu lines", file, lines);
    for (const char *line = text, *const end = text + size; line < end;) {
        const char *const stop = memchr(line, '\n', (size_t)(end - line));
        const size_t length = stop ? (size_t)(stop - line) : (size_t)(end - line);
        if (++number > 1 && !is_torn(line, length)) {
            dni_decision *const next = &out->items[out->count++];
            dn_status status;
            next->line = number;
            const char *const wrong = take_line(next, line, length, &status);
            if (status) return dni_no_memory(error, "%s: line %zu", file, number);
            if (wrong) return dni_fail(error, DN_ERR_CORRUPT, "%s: line %zu: %s", file, number, wrong);
        }
        line += length + 1;
    }
    out->made = out->count;
    return DN_OK;
}

static int compare(const char *path, const dni_key *key, const dni_decision *with) {
    const int order = strcmp(path, with->path);
    return order ? order : memcmp(key, &with->key, sizeof *key);
}

static int by_picture(const void *a, const void *b) {
    const dni_decision *const x = a, *const y = b;
    const int order = compare(x->path, &x->key, y);
    return order ? order : (x->line > y->line) - (x->line < y->line);
}

/* The decisions on one picture, [first, end) by line: all that do not count are freed, and of those that do
 * the last is moved to *to. Whether there is one. */
static bool settle_picture(dni_decision *items, size_t first, size_t end, dni_decision *to) {
    size_t top = first;
    for (size_t i = first; i < end; i++) {
        if (items[i].kind != DNI_UNDO) {
            items[top++] = items[i];
            continue;
        }
        free_decision(&items[i]);
        if (top > first) free_decision(&items[--top]);
    }
    if (top == first) return false;
    const dni_decision last = items[top - 1];
    for (size_t i = first; i + 1 < top; i++) free_decision(&items[i]);
    *to = last;
    return true;
}

static void settle(dni_decisions *all) {
    if (all->count) qsort(all->items, all->count, sizeof *all->items, by_picture);
    size_t kept = 0;
    for (size_t first = 0, end; first < all->count; first = end) {
        const dni_decision *const picture = &all->items[first];
        for (end = first + 1; end < all->count; end++)
            if (compare(picture->path, &picture->key, &all->items[end])) break;
        kept += settle_picture(all->items, first, end, &all->items[kept]);
    }
    all->count = kept;
}

/* 0, or errno. Where the file system has no locks it goes on without. */
static int lock(int descriptor, int how) {
    while (flock(descriptor, how) != 0)
        if (errno != EINTR) return errno == ENOLCK || errno == EOPNOTSUPP || errno == ENOSYS ? 0 : errno;
    return 0;
}

/* It is synced before anything comes behind it: a torn one is alone in the file, a beginning with zeros. */
static dn_status check_header(const char *file, const char *text, size_t size, dn_error *error) {
    const size_t most = size < HEADER ? size : HEADER, beginning = strnlen(text, most);
    size_t end = size <= HEADER ? size : beginning; /* of the zeros */
    while (end > beginning && !text[end - 1]) end--;
    if (memcmp(text, header, beginning) == 0 && end == beginning && (beginning == most || size <= HEADER))
        return DN_OK;
    return dni_fail(error, DN_ERR_CORRUPT,
                    "%s: line 1: is not that of a file of decisions: path, xxh3, bytes, decision, time",
                    file);
}

/* All that an open file holds, but for a last line that was cut off; from malloc. *size is that of the text
 * returned. */
static dn_status read_text(char **out, size_t *size, dni_file *file, dn_error *error) {
    *out = NULL;
    struct stat now;
    if (fstat(file->descriptor, &now) != 0)
        return dni_fail_errno(error, errno, "%s: cannot be examined", file->path);
    if ((uint64_t)now.st_size > DNI_FILE_LOAD_LIMIT)
        return dni_fail(error, DN_ERR_CORRUPT,
                        "%s: %lld bytes are too large for a file of decisions; the limit is %" PRIu64,
                        file->path, (long long)now.st_size, DNI_FILE_LOAD_LIMIT);
    file->size = (uint64_t)now.st_size; /* now that it is locked */
    *size = (size_t)now.st_size;
    char *const text = malloc(*size + 1);
    if (!text) return dni_no_memory(error, "%s: its %zu bytes", file->path, *size);
    dn_status status = dni_file_read_at(file, text, *size, 0, error);
    if (!status) status = check_header(file->path, text, *size, error);
    if (!status) status = leave_whole(file->path, text, size, error);
    if (status) {
        free(text);
        return status;
    }
    *out = text;
    return DN_OK;
}

dn_status dni_decisions_load(dni_decisions *out, const char *path, dn_error *error) {
    *out = (dni_decisions){0};
    dni_file file;
    dn_status status = dni_file_open(&file, path, error);
    if (status) return status == DN_ERR_NOT_FOUND ? DN_OK : status;
    char *text = NULL;
    size_t size = 0;
    const int number = lock(file.descriptor, LOCK_SH);
    status = number ? dni_fail_errno(error, number, "%s: cannot be locked", path)
                    : read_text(&text, &size, &file, error);
    dni_file_close(&file);
    if (!status) status = take_lines(out, path, text, size, error);
    if (status) {
        dni_decisions_free(out);
    } else {
        settle(out);
        out->hash = dni_key_of_bytes(text, size);
        out->is_present = true;
    }
    free(text);
    return status;
}

const dni_decision *dni_decisions_find(const dni_decisions *decisions, const char *path, const dni_key *key) {
    size_t low = 0, high = decisions->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = compare(path, key, &decisions->items[middle]);
        if (!order) return &decisions->items[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

/* ---- appending ---- */

/* False without memory. */
static bool write_line(FILE *to, const dni_decision *made, const char *now) {
    char *const path = dni_escape(made->path);
    char *const class_name = made->kind == DNI_MOVE ? dni_escape(made->class_name) : NULL;
    const bool is_ready = path && (class_name || made->kind != DNI_MOVE);
    char key[33];
    dni_key_text(&made->key, key);
    if (is_ready)
        fprintf(to, "%s\t%s\t%" PRIu64 "\t%s%s%s\t%s\n", path, key, made->bytes, names[made->kind],
                class_name ? ":" : "", class_name ? class_name : "", now);
    free(path);
    free(class_name);
    return is_ready;
}

/* The lines to be appended; from malloc. `before` comes first. NULL: out of memory. */
static char *compose(size_t *size, const char *before, const dni_decision *made, size_t count) {
    char now[DNI_TIME_TEXT];
    struct tm utc;
    const time_t seconds = time(NULL);
    strftime(now, sizeof now, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&seconds, &utc));
    dni_text_stream lines;
    if (!dni_text_stream_open(&lines)) return NULL;
    fputs(before, lines.to);
    bool is_whole = true;
    for (size_t i = 0; is_whole && i < count; i++) is_whole = write_line(lines.to, &made[i], now);
    if (!dni_text_stream_close(&lines)) return NULL;
    *size = lines.size;
    if (is_whole) return lines.text;
    free(lines.text);
    return NULL;
}

/* Opens and locks it, anew where an editor has put another in its place meanwhile. On failure there is
 * nothing to close. */
static dn_status open_locked(dni_file *out, const char *path, dn_error *error) {
    for (;;) {
        struct stat found;
        *out = (dni_file){.path = path};
        out->descriptor = dni_open(path, O_RDWR | O_CREAT | O_APPEND | O_NONBLOCK | O_CLOEXEC, 0666);
        if (out->descriptor < 0) return dni_fail_errno(error, errno, "%s: cannot be written", path);
        int number = fstat(out->descriptor, &found) != 0 ? errno : lock(out->descriptor, LOCK_EX);
        const int named = number ? 0 : dni_entry_is_open(path, out->descriptor);
        if (named > 0 && S_ISREG(found.st_mode)) return DN_OK;
        if (named < 0) number = errno;
        dni_file_close(out);
        if (number) return dni_fail_errno(error, number, "%s: cannot be locked", path);
        if (!S_ISREG(found.st_mode))
            return dni_fail(error, DN_ERR_FILE_KIND, "%s: is not a regular file", path);
    }
}

/* Writes at the file's end, which is `end`, and syncs. 0, or errno, and then nothing was added. */
static int write_at_end(int descriptor, const char *text, size_t size, size_t end) {
    int number = 0;
    while (size && !number) {
        const ssize_t written = write(descriptor, text, size);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) {
            number = written < 0 ? errno : EIO;
            continue;
        }
        text += written;
        size -= (size_t)written;
    }
    if (!number) number = dni_sync(descriptor);
    if (number) (void)dni_cut(descriptor, end); /* what cannot be cut is passed over when the file is read */
    return number;
}

/* Cuts off what is behind *end, and makes a file of no lines one of a header. */
static int prepare(int descriptor, size_t *end) {
    if (dni_cut(descriptor, *end) != 0) return errno;
    if (*end) return 0;
    const int number = write_at_end(descriptor, header, HEADER, 0);
    if (!number) *end = HEADER;
    return number;
}

static dn_status append(dni_file *file, const dni_decision *made, size_t count, dn_error *error) {
    char *text;
    size_t end, size;
    dn_status status = read_text(&text, &end, file, error);
    if (status) return status;
    const char *const before = end && text[end - 1] != '\n' ? "\n" : "";
    free(text);
    text = compose(&size, before, made, count);
    if (!text) return dni_no_memory(error, "%s: %zu lines", file->path, count);
    int number = prepare(file->descriptor, &end);
    if (!number)
        status = dni_sync_folder_of(file->path, error); /* whoever made it may not have come so far */
    if (!number && !status) number = write_at_end(file->descriptor, text, size, end);
    free(text);
    return number ? dni_fail_errno(error, number, "%s: cannot be written", file->path) : status;
}

dn_status dni_decisions_append(const char *path, const dni_decision *made, size_t count, dn_error *error) {
    dni_file file;
    if (!count) return DN_OK;
    dn_status status = open_locked(&file, path, error);
    if (status) return status;
    status = append(&file, made, count, error);
    dni_file_close(&file);
    return status;
}
