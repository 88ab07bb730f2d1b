/* SPDX-License-Identifier: MIT */
/* Paths of a command line to pictures of the set. */
#include "ftrain/review/on_paths.h"

#include "core/error.h"
#include "ftrain/shell/columns.h"
#include "ftrain/shell/interrupt.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/new_array.h"
#include "ftrain/shell/output.h"
#include "ftrain/shell/paths.h"
#include "ftrain/shell/quote.h"
#include "io/file.h"
#include "io/json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct choice {
    review_set *set;
    const verdict *made;
    pending_decisions pending;
    bool *is_taken; /* (pictures): a picture that is named twice is decided on once */
} choice;

/* ---- paths ---- */

/* Which picture of the set it is whose path is `beginning`, with links and dots resolved, and `rest` behind
 * it; as many as there are: none. `folder`: the set's, resolved. */
static dn_status find_behind(size_t *out, const review_set *set, const char *folder, const char *beginning,
                             const char *rest, dn_error *error) {
    char *const real = realpath(beginning, NULL);
    if (!real) return dni_fail_errno(error, errno, "%s: cannot be followed", beginning);
    char *const whole = *rest ? dni_path_join(real, rest) : strdup(real);
    free(real);
    if (!whole) return dni_no_memory(error, "%s%s", beginning, rest);
    const char *const inside = dni_path_inside(whole, folder);
    *out = inside ? review_set_find(set, inside) : set->set.samples.count;
    free(whole);
    return DN_OK;
}

/* Where the last name of the path begins that ends at `end`; slashes behind it are passed over. */
static size_t begin_of_name(const char *path, size_t end) {
    while (end && path[end - 1] == '/') end--;
    while (end && path[end - 1] != '/') end--;
    return end;
}

/* Which picture of the set a path is that spells it in another way. First all of the path is resolved, then
 * an ever shorter beginning: the picture, or a folder that it lies in, may be a link that leads out of the
 * set. */
static dn_status find_resolved(size_t *out, const review_set *set, const char *path, dn_error *error) {
    char *const folder = realpath(set->folder, NULL);
    if (!folder) return dni_fail_errno(error, errno, "%s: cannot be followed", set->folder);
    const size_t none = set->set.samples.count, root = strspn(path, "/");
    size_t end = strlen(path);
    dn_status status = find_behind(out, set, folder, path, "", error);
    while (!status && *out == none && end > root) {
        end = begin_of_name(path, end);
        char *const beginning = end ? strndup(path, end) : strdup(".");
        status = beginning ? find_behind(out, set, folder, beginning, path + end, error)
                           : dni_no_memory(error, "%s", path);
        free(beginning);
    }
    free(folder);
    return status;
}

static dn_status find(size_t *out, const review_set *set, const char *path, dn_error *error) {
    const char *const inside = dni_path_inside(path, set->folder);
    const size_t none = set->set.samples.count;
    *out = inside ? review_set_find(set, inside) : none;
    const dn_status status = *out == none ? find_resolved(out, set, path, error) : DN_OK;
    if (status || *out != none) return status;
    return dni_fail(error, DN_ERR_NOT_FOUND, "%s: is no picture of %s", path, set->folder);
}

/* A file that is not there: of a decision it can be taken back. */
static dn_status take_missing(choice *work, const named_picture *picture, dn_error *error) {
    const char *const inside = dni_path_inside(picture->path, work->set->folder);
    if (work->made->kind == DNI_UNDO && picture->error->status == DN_ERR_NOT_FOUND)
        return pending_undo_missing(&work->pending, work->set, inside ? inside : picture->path, error);
    return dni_fail(error, picture->error->status, "%s", picture->error->message);
}

static outcome take(choice *work, const named_picture *picture) {
    dn_error error;
    size_t i = 0;
    dn_status status =
        picture->error ? take_missing(work, picture, &error) : find(&i, work->set, picture->path, &error);
    if (!picture->error && !status && !work->is_taken[i]) {
        status = pending_add(&work->pending, work->set, i, work->made, &error);
        work->is_taken[i] = !status;
    }
    return status ? report(&error, OUTCOME_DATA) : OUTCOME_OK;
}

/* The path as the file system knows it: as it is, or else inside the set. From malloc; NULL: out of
 * memory. */
static char *locate(const review_set *set, const char *path) {
    char *const inside = dni_path_join(set->folder, path);
    if (!inside || (access(path, F_OK) != 0 && access(inside, F_OK) == 0)) return inside;
    free(inside);
    return strdup(path);
}

/* One that standard input names. */
static outcome take_listed(choice *work, const named_picture *picture) {
    char *const located = locate(work->set, picture->path);
    if (!located) return report_no_memory();
    const named_picture inside = {.path = located};
    const outcome code = take(work, strcmp(located, picture->path) == 0 ? picture : &inside);
    free(located);
    return code;
}

/* All paths of one that the command line has. */
static outcome take_path(choice *work, const char *path) {
    const bool is_list = strcmp(path, "-") == 0;
    char *const located = is_list ? strdup(path) : locate(work->set, path);
    path_source *source = NULL;
    outcome code = located ? path_source_create(&source, &located, 1, '\n') : report_no_memory();
    named_picture *picture;
    while (!code && path_source_next(source, &picture)) {
        code = is_list ? take_listed(work, picture) : take(work, picture);
        named_picture_free(picture);
    }
    if (!code && path_source_lacks_memory(source)) code = report_no_memory();
    path_source_free(source);
    free(located);
    return code;
}

/* ---- deciding ---- */

static const char *past_tense(dni_decision_kind kind) {
    static const char *const words[DNI_DECISIONS] = {"kept", "excluded", "moved", "undone"};
    return words[kind];
}

static outcome print_done(const choice *work, bool json) {
    const verdict *const made = work->made;
    const bool moves = made->kind == DNI_MOVE;
    if (json)
        return print_json(json_pack("{s:s, s:o, s:I, s:I, s:o}", "decision", dni_decision_name(made->kind),
                                    "class", moves ? dni_json_text(made->class_name) : json_null(), "count",
                                    (json_int_t)work->pending.count, "unchanged",
                                    (json_int_t)work->pending.unchanged, "decisions_path",
                                    dni_json_text(work->set->file)))
                   ? OUTCOME_OK
                   : OUTCOME_MACHINE;
    printf("%s: %zu", past_tense(made->kind), work->pending.count);
    if (moves) {
        fputs(" to ", stdout);
        quote_write(stdout, made->class_name);
    }
    if (work->pending.unchanged) printf("; %zu were so already", work->pending.unchanged);
    putchar('\n');
    return OUTCOME_OK;
}

static outcome append(const choice *work) {
    dn_error error;
    const bool before = interrupts_wait(true);
    const dn_status status =
        dni_decisions_append(work->set->file, work->pending.items, work->pending.count, &error);
    interrupts_wait(before);
    return status ? report(&error, OUTCOME_DATA) : OUTCOME_OK;
}

outcome review_decide_on_paths(review_set *self, const verdict *made, char **paths, int count, bool json) {
    choice work = {
        .set = self, .made = made, .is_taken = new_array(self->set.samples.count, sizeof *work.is_taken)};
    outcome code = work.is_taken ? OUTCOME_OK : OUTCOME_MACHINE;
    for (int i = 0; !code && i < count; i++) code = take_path(&work, paths[i]);
    if (!code) code = append(&work);
    if (!code) code = print_done(&work, json);
    pending_free(&work.pending);
    free(work.is_taken);
    return code;
}

/* ---- the list ---- */

typedef struct list_row {
    const char *path, *time, *file;
    const dni_decision *decision;
} list_row;

static const dni_decision *decision_of(const void *row) {
    return ((const list_row *)row)->decision;
}

static void show_decision(char *text, size_t size, const void *row) {
    const dni_decision *const from = decision_of(row);
    snprintf(text, size, "%s%s%s", dni_decision_name(from->kind), from->class_name ? " to " : "",
             from->class_name ? from->class_name : "");
}

static json_t *decision_json(const void *row) {
    return json_string(dni_decision_name(decision_of(row)->kind));
}

static json_t *class_json(const void *row) {
    const char *const name = decision_of(row)->class_name;
    return name ? dni_json_text(name) : json_null();
}

static json_t *key_json(const void *row) {
    char text[33];
    dni_key_text(&decision_of(row)->key, text);
    return json_string(text);
}

outcome review_list(const review_set *self, bool json) {
    static const table_column columns[] = {
        COLUMN("picture", "path", CELL_TEXT, list_row, path),
        ROW_COLUMN("decision", NULL, .show = show_decision),
        ROW_COLUMN(NULL, "decision", .json = decision_json),
        ROW_COLUMN(NULL, "class", .json = class_json),
        COLUMN("time", "time", CELL_TEXT, list_row, time),
        COLUMN("file", "state", CELL_TEXT, list_row, file),
        ROW_COLUMN(NULL, "xxh3", .json = key_json),
    };
    static const char *const places[] = {"there", "renamed", "changed", "missing"};
    list_row *const rows = new_array(self->decisions.count + 1, sizeof *rows);
    if (!rows) return OUTCOME_MACHINE;
    for (size_t i = 0; i < self->decisions.count; i++) {
        const dni_decision *const made = &self->decisions.items[i];
        rows[i] = (list_row){made->path, made->time, places[self->match.places[i]], made};
    }
    const row_table table = ROWS(columns, rows, self->decisions.count);
    bool printed = true;
    if (json)
        printed = rows_print_json(&table);
    else if (table.count)
        printed = rows_print(&table);
    else
        message("%s: no decisions", self->file);
    free(rows);
    return printed ? OUTCOME_OK : OUTCOME_MACHINE;
}
