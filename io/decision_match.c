/* SPDX-License-Identifier: MIT */
/* Which decision is for which file. */
#include "io/decision_match.h"

#include "core/error.h"
#include "core/name_index.h"
#include "io/file.h"
#include "io/retry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct matching {
    const dni_decisions *decisions;
    const char *folder;
    const dni_samples *const *parts;
    size_t part_count;
    dni_decision_match *out;
    const dni_decision **homeless; /* decisions whose path does not hold their bytes, by size of the file */
    size_t homeless_count;
} matching;

void dni_decision_match_free(dni_decision_match *match) {
    free(match->of_sample);
    free(match->places);
    *match = (dni_decision_match){0};
}

/* ---- at home ---- */

/* What is at a path; is_there: nothing else is known of what cannot be examined. Only the machine's failures
 * are errors: they must not make a decision one on a picture that is gone. */
static dn_status examine(struct stat *info, bool *is_there, const char *path, dn_error *error) {
    int attempt = 0, failed;
    do failed = stat(path, info);
    while (failed && dni_retry(errno, &attempt));
    *is_there = !failed;
    if (!failed) return DN_OK;
    dn_error reason;
    const dn_status status = dni_fail_errno(&reason, errno, "%s: cannot be examined", path);
    if (!dni_status_is_machine(status)) return DN_OK;
    return dni_fail(error, status, "%s", reason.message);
}

/* Whether the file at a path has that size and those bytes. One that cannot be read has not; only the
 * machine's failures are errors. */
static dn_status holds(bool *out, bool *is_there, const char *path, const dni_decision *decision,
                       dn_error *error) {
    struct stat info;
    *out = false;
    dn_status status = examine(&info, is_there, path, error);
    if (status) return status;
    if (!*is_there || !S_ISREG(info.st_mode) || (uint64_t)info.st_size != decision->bytes) return DN_OK;
    dni_key key;
    status = dni_key_of_file(&key, path, error);
    if (status) return dni_status_is_machine(status) ? status : DN_OK;
    *out = memcmp(&key, &decision->key, sizeof key) == 0;
    return DN_OK;
}

static dn_status visit(matching *work, size_t i, dn_error *error) {
    const dni_decision *const decision = &work->decisions->items[i];
    char *const path = dni_path_join(work->folder, decision->path);
    if (!path) return dni_no_memory(error, "%s: its decisions", work->folder);
    bool is_home, is_there;
    const dn_status status = holds(&is_home, &is_there, path, decision, error);
    free(path);
    if (!status && !is_home) work->homeless[work->homeless_count++] = decision;
    work->out->places[i] = is_home    ? DNI_DECISION_HOME
                           : is_there ? DNI_DECISION_CHANGED
                                      : DNI_DECISION_MISSING;
    return status;
}

/* The decision that is at home at a path, or NULL. */
static const dni_decision *find_home(const matching *work, const char *path) {
    const dni_decisions *const all = work->decisions;
    size_t low = 0, high = all->count;
    while (low < high) { /* the first of that path */
        const size_t middle = low + (high - low) / 2;
        if (strcmp(all->items[middle].path, path) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < all->count && strcmp(all->items[low].path, path) == 0; low++)
        if (work->out->places[low] == DNI_DECISION_HOME) return &all->items[low];
    return NULL;
}

/* ---- renamed ---- */

static int by_size(const void *a, const void *b) {
    const dni_decision *const x = *(const dni_decision *const *)a, *const y = *(const dni_decision *const *)b;
    if (x->bytes != y->bytes) return x->bytes < y->bytes ? -1 : 1;
    return (x->line > y->line) - (x->line < y->line);
}

/* The first of the homeless whose file is at least that large. */
static size_t first_of_size(const matching *work, uint64_t bytes) {
    size_t low = 0, high = work->homeless_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (work->homeless[middle]->bytes < bytes)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The last decision on the bytes of a file, of those that are not at home; *out: NULL where there is none. */
static dn_status find_renamed(matching *work, const dni_decision **out, const char *path, dn_error *error) {
    struct stat info;
    bool is_there = false;
    *out = NULL;
    if (!work->homeless_count) return DN_OK;
    dn_status status = examine(&info, &is_there, path, error);
    if (status || !is_there) return status;
    const uint64_t bytes = (uint64_t)info.st_size;
    size_t at = first_of_size(work, bytes);
    if (at == work->homeless_count || work->homeless[at]->bytes != bytes) return DN_OK;
    dni_key key;
    status = dni_key_of_file(&key, path, error);
    if (status) return dni_status_is_machine(status) ? status : DN_OK;
    for (; at < work->homeless_count && work->homeless[at]->bytes == bytes; at++) {
        const dni_decision *const decision = work->homeless[at];
        if (memcmp(&key, &decision->key, sizeof key) != 0) continue;
        *out = decision;
        work->out->places[decision - work->decisions->items] = DNI_DECISION_RENAMED;
    }
    return DN_OK;
}

/* ---- both ---- */

static dn_status match_sample(matching *work, size_t number, const char *path, dn_error *error) {
    const char *const inside = dni_path_inside(path, work->folder);
    const dni_decision **const found = &work->out->of_sample[number];
    *found = inside ? find_home(work, inside) : NULL;
    return *found ? DN_OK : find_renamed(work, found, path, error);
}

static dn_status match_all(matching *work, dn_error *error) {
    dn_status status = DN_OK;
    for (size_t i = 0; !status && i < work->decisions->count; i++) status = visit(work, i, error);
    if (work->homeless_count) qsort(work->homeless, work->homeless_count, sizeof *work->homeless, by_size);
    size_t number = 0;
    for (size_t p = 0; p < work->part_count; p++)
        for (size_t i = 0; !status && i < work->parts[p]->count; i++)
            status = match_sample(work, number++, work->parts[p]->items[i].path, error);
    return status;
}

dn_status dni_decisions_match(dni_decision_match *out, const dni_decisions *decisions, const char *folder,
                              const dni_samples *const *parts, size_t part_count, dn_error *error) {
    size_t samples = 0;
    for (size_t p = 0; p < part_count; p++) samples += parts[p]->count;
    *out = (dni_decision_match){.of_sample = calloc(samples + 1, sizeof *out->of_sample),
                                .places = calloc(decisions->count + 1, sizeof *out->places)};
    matching work = {.decisions = decisions,
                     .folder = folder,
                     .parts = parts,
                     .part_count = part_count,
                     .out = out,
                     .homeless = calloc(decisions->count + 1, sizeof *work.homeless)};
    const bool is_ready = out->of_sample && out->places && work.homeless;
    const dn_status status =
        is_ready ? match_all(&work, error) : dni_no_memory(error, "%s: its decisions", folder);
    free(work.homeless);
    if (status) dni_decision_match_free(out);
    return status;
}

/* ---- doing what they say ---- */

static dn_status check_classes(const dni_decision *const *found, size_t count, const char *file,
                               const dni_name_index *classes, dn_error *error) {
    for (size_t i = 0; i < count; i++)
        if (found[i] && found[i]->kind == DNI_MOVE && dni_name_index_find(classes, found[i]->class_name) < 0)
            return dni_fail(error, DN_ERR_DATA_CLASSES,
                            "%s: line %zu: moves %s to '%s', which is not a class here", file, found[i]->line,
                            found[i]->path, found[i]->class_name);
    return DN_OK;
}

/* Samples by label; those of one label keep their order. `room`: as many again; `ends`: (classes + 1). */
static void sort_by_label(dni_samples *samples, dni_sample *room, size_t *ends, int class_count) {
    memset(ends, 0, ((size_t)class_count + 1) * sizeof *ends);
    for (size_t i = 0; i < samples->count; i++) ends[samples->items[i].label + 1]++;
    for (int c = 0; c < class_count; c++) ends[c + 1] += ends[c]; /* ends[c]: of the labels below c */
    for (size_t i = 0; i < samples->count; i++) room[ends[samples->items[i].label]++] = samples->items[i];
    if (samples->count) memcpy(samples->items, room, samples->count * sizeof *room);
}

/* One part; whether an order by class has to be made anew. */
static bool apply_to_part(dni_decision_counts *counts, dni_samples *samples, const dni_decision *const *found,
                          const dni_name_index *classes) {
    size_t kept = 0;
    const size_t moved_before = counts->moved;
    for (size_t i = 0; i < samples->count; i++) {
        dni_sample sample = samples->items[i];
        if (found[i] && found[i]->kind == DNI_EXCLUDE) {
            counts->excluded++;
            continue;
        }
        const int label = found[i] && found[i]->kind == DNI_MOVE
                              ? dni_name_index_find(classes, found[i]->class_name)
                              : sample.label;
        counts->moved += label != sample.label;
        sample.label = label;
        samples->items[kept++] = sample;
    }
    samples->count = kept;
    return counts->moved > moved_before;
}

static dn_status apply(dni_decision_counts *out, const dni_decision_match *match, dni_samples *const *parts,
                       size_t part_count, const dni_name_index *classes, const char *file, dn_error *error) {
    size_t total = 0, first = 0;
    for (size_t p = 0; p < part_count; p++) total += parts[p]->count;
    const dn_status status = check_classes(match->of_sample, total, file, classes, error);
    if (status) return status;
    dni_sample *const room = malloc((total + 1) * sizeof *room);
    size_t *const ends = malloc(((size_t)classes->count + 1) * sizeof *ends);
    const bool is_ready = room && ends;
    for (size_t p = 0; is_ready && p < part_count; p++) {
        const size_t count = parts[p]->count;
        if (apply_to_part(out, parts[p], match->of_sample + first, classes))
            sort_by_label(parts[p], room, ends, classes->count);
        first += count;
    }
    free(room);
    free(ends);
    return is_ready ? DN_OK : dni_no_memory(error, "%s: %zu pictures", file, total);
}

dn_status dni_decisions_apply(dni_decision_counts *out, const dni_decision_match *match, const char *file,
                              dni_samples *const *parts, size_t part_count, const char *const *classes,
                              int class_count, dn_error *error) {
    *out = (dni_decision_counts){0};
    dni_name_index index;
    dn_status status = dni_name_index_make(&index, classes, class_count, file, error);
    if (!status) status = apply(out, match, parts, part_count, &index, file, error);
    dni_name_index_free(&index);
    return status;
}
