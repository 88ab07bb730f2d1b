/* SPDX-License-Identifier: MIT */
/* The lists of --augment and --sweep. Of a list of views each part is what it is alone, and the views' names,
 * as a list, read as the same views. A sweep that is taken, put together again from what was read, reads the
 * same; one that is refused gives exactly one message. */
#include "test/fuzz/fuzz.h"

#include "ftrain/shell/commands.h"
#include "ftrain/shell/message.h"
#include "ftrain/train/sweep_grid.h"
#include "io/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_LISTED = 8, MAX_TEXT = 4096, MAX_RUNS_TRIED = 256 };

static void check_same_view(const dni_view *a, const dni_view *b) {
    char names[2][DNI_VIEW_NAME];
    dni_view_name(a, names[0]);
    dni_view_name(b, names[1]);
    fuzz_require(a->kind == b->kind && !memcmp(&a->amount, &b->amount, sizeof a->amount) &&
                     a->flip == b->flip,
                 "'%s' and '%s'", names[0], names[1]);
}

/* Each part of the text, alone. */
static void check_parts(const char *text, const dni_view *views, int count) {
    for (int i = 0; i < count; i++) {
        const size_t length = strcspn(text, ",");
        char *const part = fuzz_text((const uint8_t *)text, length);
        dni_view alone;
        dn_error error = {.message = ""};
        fuzz_require(!dni_view_parse(&alone, part, &error), "a list holds what alone is refused: %s",
                     error.message);
        check_same_view(&alone, &views[i]);
        free(part);
        text += length + 1;
    }
}

static void check_names(const dni_view *views, int count) {
    char text[MAX_LISTED * (DNI_VIEW_NAME + 1)] = "";
    size_t used = 0;
    for (int i = 0; i < count; i++) {
        char name[DNI_VIEW_NAME];
        dni_view_name(&views[i], name);
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i ? "," : "", name);
    }
    dni_view again[MAX_LISTED];
    int again_count;
    dn_error error = {.message = ""};
    fuzz_require(!dni_view_parse_list(again, MAX_LISTED, &again_count, text, &error), "%s", error.message);
    fuzz_require(again_count == count, "%d views, not %d", again_count, count);
    for (int i = 0; i < count; i++) check_same_view(&views[i], &again[i]);
}

static void check_views(const char *text) {
    dni_view views[MAX_LISTED];
    int count;
    dn_error error = {.message = ""};
    const dn_status status = dni_view_parse_list(views, MAX_LISTED, &count, text, &error);
    if (status) {
        fuzz_check_refusal(status, &error, "");
        return;
    }
    fuzz_require(count >= 1 && count <= MAX_LISTED, "%d views", count);
    check_parts(text, views, count);
    check_names(views, count);
}

static int messages;

static void count_message(const char *text) {
    fuzz_require(*text, "an empty message");
    messages++;
}

static void check_same_grid(const sweep_grid *a, const sweep_grid *b) {
    fuzz_require(a->axis_count == b->axis_count && a->run_count == b->run_count, "%d, %d runs", a->run_count,
                 b->run_count);
    for (int run = 0; run < a->run_count; run++)
        for (int axis = 0; axis < a->axis_count; axis++)
            fuzz_require(strcmp(sweep_grid_value(a, run, axis), sweep_grid_value(b, run, axis)) == 0,
                         "run %d, axis %d", run, axis);
}

/* As a list again, and read anew. */
static void check_grid(const sweep_grid *grid, const train_options *base) {
    fuzz_take();
    char text[2 * MAX_TEXT] = "";
    size_t used = 0;
    int runs = 1;
    for (int a = 0; a < grid->axis_count; a++) {
        const sweep_axis *const axis = &grid->axes[a];
        runs *= axis->count;
        used += (size_t)snprintf(text + used, sizeof text - used, " %s=", axis->name);
        for (int v = 0; v < axis->count; v++)
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", v ? "/" : "", axis->values[v]);
    }
    fuzz_require(runs == grid->run_count, "%d runs, not %d", grid->run_count, runs);
    sweep_grid again;
    fuzz_require(!sweep_grid_parse(&again, text, base), "'%s' is refused", text);
    check_same_grid(grid, &again);
    sweep_grid_free(&again);
}

static void check_sweep(const char *text) {
    static char name[] = "train", data[] = "data";
    char *argv[] = {name, data, NULL};
    static train_options base;
    static bool is_ready;
    int first;
    if (!is_ready) fuzz_require(!train_options_parse(&base, &train_command, 2, argv, &first), "no options");
    is_ready = true;
    messages = 0;
    sweep_grid grid;
    const outcome code = sweep_grid_parse(&grid, text, &base);
    fuzz_require(code == OUTCOME_OK || code == OUTCOME_USAGE, "outcome %d", (int)code);
    fuzz_require((code == OUTCOME_OK) == (messages == 0) && messages <= 1, "%d messages", messages);
    if (!code && grid.run_count <= MAX_RUNS_TRIED) check_grid(&grid, &base);
    sweep_grid_free(&grid);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    if (size > MAX_TEXT) return 0;
    char *const text = fuzz_text(bytes, size);
    message_divert(count_message);
    check_views(text);
    check_sweep(text);
    free(text);
    return 0;
}
