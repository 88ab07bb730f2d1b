/* SPDX-License-Identifier: MIT */
/* Decisions beside the pictures that they are on. */
#include "ftrain/review/review_set.h"

#include "core/error.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/new_array.h"
#include "io/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- the set ---- */

/* A file of decisions is part of the data, whatever is wrong with it. */
static outcome refuse(const dn_error *error) {
    if (dni_status_is_machine(error->status)) return report(error, OUTCOME_MACHINE);
    message("%s", error->message);
    return OUTCOME_DATA;
}

dn_status review_set_read(review_set *self, dn_error *error) {
    const dni_samples *const parts[] = {&self->set.samples};
    dni_decisions decisions;
    dni_decision_match match;
    dn_status status = dni_decisions_load(&decisions, self->file, error);
    if (status) return status;
    status = dni_decisions_match(&match, &decisions, self->folder, parts, 1, error);
    if (status) {
        dni_decisions_free(&decisions);
        return status;
    }
    dni_decision_match_free(&self->match);
    dni_decisions_free(&self->decisions);
    self->decisions = decisions;
    self->match = match;
    self->is_behind = false;
    return DN_OK;
}

outcome review_set_reload(review_set *self) {
    dn_error error;
    return review_set_read(self, &error) ? refuse(&error) : OUTCOME_OK;
}

static int by_name(const void *a, const void *b) {
    return strcmp(**(const char *const *const *)a, **(const char *const *const *)b);
}

outcome review_set_open(review_set *out, const decision_options *options, const char *folder) {
    *out = (review_set){.folder = folder};
    outcome code = picture_set_open(&out->set, folder, NULL, &out->skipped);
    if (code) return code;
    out->file = decisions_path(options, folder);
    out->inside = new_array(out->set.samples.count, sizeof *out->inside);
    out->by_name = new_array(out->set.samples.count, sizeof *out->by_name);
    if (!out->file || !out->inside || !out->by_name) return OUTCOME_MACHINE;
    for (size_t i = 0; i < out->set.samples.count; i++) {
        out->inside[i] = dni_path_inside(out->set.samples.items[i].path, folder);
        out->by_name[i] = &out->inside[i];
    }
    qsort(out->by_name, out->set.samples.count, sizeof *out->by_name, by_name);
    return review_set_reload(out);
}

void review_set_free(review_set *self) {
    dni_decision_match_free(&self->match);
    dni_decisions_free(&self->decisions);
    picture_set_free(&self->set);
    free(self->inside);
    free(self->by_name);
    free(self->file);
}

size_t review_set_find(const review_set *self, const char *inside) {
    const char *const *const wanted = &inside;
    const char *const *const *const found =
        bsearch(&wanted, self->by_name, self->set.samples.count, sizeof *self->by_name, by_name);
    return found ? (size_t)(*found - self->inside) : self->set.samples.count;
}

/* ---- deciding ---- */

bool review_set_has_class(const review_set *self, const char *class_name) {
    for (int c = 0; c < self->set.class_count; c++)
        if (strcmp(self->set.classes[c], class_name) == 0) return true;
    return false;
}

/* Copies of both names. */
static dn_status add(pending_decisions *to, const char *path, const verdict *made, const dni_key *key,
                     uint64_t bytes, dn_error *error) {
    if (to->count == to->capacity) {
        const size_t wanted = to->capacity ? 2 * to->capacity : 64;
        dni_decision *const larger = realloc(to->items, wanted * sizeof *larger);
        if (!larger) return dni_no_memory(error, "%zu decisions", wanted);
        to->items = larger;
        to->capacity = wanted;
    }
    dni_decision *const next = &to->items[to->count];
    *next = (dni_decision){.path = strdup(path), .key = *key, .bytes = bytes, .kind = made->kind};
    if (made->kind == DNI_MOVE) next->class_name = strdup(made->class_name);
    to->count++; /* also freed where it is not whole */
    if (next->path && (next->class_name || made->kind != DNI_MOVE)) return DN_OK;
    return dni_no_memory(error, "%zu decisions", to->count);
}

/* The line that takes back a decision is on the same path and bytes. */
static dn_status add_undo(pending_decisions *to, const dni_decision *of, dn_error *error) {
    return add(to, of->path, &(verdict){.kind = DNI_UNDO}, &of->key, of->bytes, error);
}

static bool is_made(const dni_decision *before, const verdict *made) {
    return before && before->kind == made->kind &&
           (made->kind != DNI_MOVE || strcmp(before->class_name, made->class_name) == 0);
}

static dn_status add_on_file(pending_decisions *to, const char *path, const char *inside, const verdict *made,
                             dn_error *error) {
    struct stat info;
    dni_key key;
    if (stat(path, &info) != 0) return dni_fail_errno(error, errno, "%s: cannot be examined", path);
    const dn_status status = dni_key_of_file(&key, path, error);
    return !status ? add(to, inside, made, &key, (uint64_t)info.st_size, error) : status;
}

dn_status pending_add(pending_decisions *to, const review_set *from, size_t i, const verdict *made,
                      dn_error *error) {
    const dni_sample *const sample = &from->set.samples.items[i];
    const dni_decision *const before = from->match.of_sample[i];
    verdict wanted = *made;
    if (made->kind == DNI_MOVE && strcmp(made->class_name, from->set.classes[sample->label]) == 0)
        wanted = (verdict){.kind = DNI_KEEP};
    if (wanted.kind == DNI_UNDO && !before)
        return dni_fail(error, DN_ERR_NOT_FOUND, "%s: nothing is decided that could be undone", sample->path);
    if (wanted.kind == DNI_UNDO) return add_undo(to, before, error);
    if (!is_made(before, &wanted)) return add_on_file(to, sample->path, from->inside[i], &wanted, error);
    to->unchanged++;
    return DN_OK;
}

dn_status pending_undo_missing(pending_decisions *to, const review_set *from, const char *inside,
                               dn_error *error) {
    const dni_decision *last = NULL;
    for (size_t i = 0; i < from->decisions.count; i++) {
        const dni_decision *const decision = &from->decisions.items[i];
        if (strcmp(decision->path, inside) == 0 && (!last || decision->line > last->line)) last = decision;
    }
    if (last) return add_undo(to, last, error);
    return dni_fail(error, DN_ERR_NOT_FOUND, "%s: is no picture of %s", inside, from->folder);
}

static int by_key(const void *a, const void *b) {
    const dni_decision *const x = a, *const y = b;
    return memcmp(&x->key, &y->key, sizeof x->key);
}

/* Whether a decision at another path is on the same bytes as one that was taken back. */
static bool has_heir(pending_decisions *undone, const dni_decisions *now) {
    if (!undone->count || undone->items[0].kind != DNI_UNDO) return false;
    qsort(undone->items, undone->count, sizeof *undone->items, by_key);
    for (size_t i = 0; i < now->count; i++) {
        const dni_decision *const found =
            bsearch(&now->items[i], undone->items, undone->count, sizeof *undone->items, by_key);
        if (found && strcmp(found->path, now->items[i].path) != 0) return true;
    }
    return false;
}

/* What was decided on before is found again by its path and bytes; what was appended, likewise. */
static void take_over(review_set *self, const pending_decisions *appended, const dni_decisions *now) {
    const dni_decision **const of_sample = self->match.of_sample;
    for (size_t i = 0; i < self->set.samples.count; i++)
        if (of_sample[i]) of_sample[i] = dni_decisions_find(now, of_sample[i]->path, &of_sample[i]->key);
    for (size_t k = 0; k < appended->count; k++) {
        const dni_decision *const made = &appended->items[k];
        const size_t i = review_set_find(self, made->path);
        if (made->kind != DNI_UNDO && i < self->set.samples.count)
            of_sample[i] = dni_decisions_find(now, made->path, &made->key);
    }
    free(self->match.places);
    self->match.places = NULL;
}

dn_status review_set_follow(review_set *self, pending_decisions *appended, dn_error *error) {
    dni_decisions now;
    self->is_behind = true;
    const dn_status status = dni_decisions_load(&now, self->file, error);
    if (status) return status;
    if (has_heir(appended, &now)) {
        dni_decisions_free(&now);
        return review_set_read(self, error);
    }
    take_over(self, appended, &now);
    dni_decisions_free(&self->decisions);
    self->decisions = now;
    self->is_behind = false;
    return DN_OK;
}

void pending_free(pending_decisions *pending) {
    for (size_t i = 0; i < pending->count; i++) {
        free(pending->items[i].path);
        free(pending->items[i].class_name);
    }
    free(pending->items);
    *pending = (pending_decisions){.count = 0};
}
