/* SPDX-License-Identifier: MIT */
/* Rank 0 and its helpers: pictures out, results in. A helper works through its pictures in the order in which
 * it got them, so that what it sends belongs to the first ones of its line. */
#include "ftrain/ranks/private.h"

#include "core/error.h"
#include "ftrain/shell/new_array.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { AHEAD = 64 }; /* pictures a rank, by which one may be handed out before its turn */

/* ---- pictures out ---- */

/* Where rows wait for their turn, one slow helper must not make them pile up. */
static bool has_room(const shared_pictures *self) {
    return !self->options.in_order || self->named - self->order.turn < AHEAD * (size_t)ranks_count();
}

static void append(helper_line *line, ticket *one) {
    if (line->first)
        line->last->next = one;
    else
        line->first = one;
    line->last = one;
}

/* Also of a picture that cannot be used, as is known before it is read. */
static outcome give(shared_pictures *self, helper_line *to, picture_block *block, ticket *one) {
    outcome code = OUTCOME_OK;
    if (one->job.error) {
        code = shared_pictures_refuse(self, one, one->job.error);
        self->helped_done += (size_t)one->job.view_count;
    } else if (picture_block_add(block, &one->job)) {
        append(to, one);
        self->out++;
        return OUTCOME_OK;
    } else {
        code = report_no_memory();
    }
    ticket_release(one);
    return code;
}

static outcome hand_block(shared_pictures *self, int rank) {
    helper_line *const to = &self->lines[rank];
    picture_block block = {.bytes = NULL};
    outcome code = OUTCOME_OK;
    size_t views = 0;
    while (!code && views < to->asked && has_room(self)) {
        ticket *const one = ticket_new(self, false);
        if (!one) break;
        views += (size_t)one->job.view_count;
        code = give(self, to, &block, one);
    }
    if (!code && block.size) {
        mail_send(rank, LETTER_BLOCK, block.bytes, block.size);
        to->asked = 0;
    }
    free(block.bytes);
    return code;
}

outcome desk_hand_out(shared_pictures *self) {
    outcome code = OUTCOME_OK;
    for (int i = 1; !code && i < ranks_count(); i++)
        if (self->lines[i].asked) code = hand_block(self, i);
    return code;
}

/* ---- results in ---- */

static void finish_first(shared_pictures *self, helper_line *line) {
    ticket *const first = line->first;
    line->first = first->next;
    self->out--;
    ticket_release(first);
}

/* After `count` views. */
static void advance(shared_pictures *self, helper_line *line, size_t count) {
    self->helped_done += count;
    while (count--)
        if (++line->first->views_done == line->first->job.view_count) finish_first(self, line);
}

/* Of each view its head and its result; slots and results: of so many. */
static void unpack(const shared_pictures *self, const helper_line *line, const letter *from,
                   dni_reader_slot *slots, char *results, size_t count) {
    const size_t size = self->options.result_size;
    const char *at = from->bytes;
    ticket *of = line->first;
    int view = of->views_done;
    for (size_t i = 0; i < count; i++, view++) {
        if (view == of->job.view_count) {
            of = of->next;
            view = 0;
        }
        view_head head;
        memcpy(&head, at, sizeof head);
        memcpy(results + i * size, at + sizeof head, size);
        at += sizeof head + size;
        slots[i] = (dni_reader_slot){
            .user_data = of, .view = &of->job.views[view], .print = head.print, .frames = head.frames};
    }
}

static outcome take_results(shared_pictures *self, const letter *from) {
    helper_line *const line = &self->lines[from->peer];
    const size_t count = from->size / (sizeof(view_head) + self->options.result_size);
    dni_reader_slot *const slots = new_array(count, sizeof *slots);
    char *const results = slots ? new_matrix(count, self->options.result_size, 1) : NULL;
    outcome code = OUTCOME_MACHINE;
    if (slots && results) {
        unpack(self, line, from, slots, results, count);
        code = shared_pictures_deliver(self, slots, results, count);
        advance(self, line, count);
    }
    free(slots);
    free(results);
    return code;
}

/* What a helper's machine lacks is not the picture's fault: neither memory, nor the file, where rank 0 sees
 * it. */
static outcome take_failure(shared_pictures *self, const letter *from) {
    helper_line *const line = &self->lines[from->peer];
    ticket *const of = line->first;
    const dn_error *const found = from->bytes;
    dn_error error = *found;
    const bool is_lost = (found->status == DN_ERR_NOT_FOUND || found->status == DN_ERR_PERMISSION) &&
                         access(of->job.path, R_OK) == 0;
    if (dni_status_is_machine(found->status) || is_lost) {
        error.status = is_lost ? DN_ERR_IO : found->status;
        snprintf(error.message, sizeof error.message, "%.300s: %.600s%s", ranks_name(from->peer),
                 found->message, is_lost ? "; rank 0 sees it, and all ranks must see the same files" : "");
    }
    const outcome code = shared_pictures_refuse(self, of, &error);
    self->helped_done += (size_t)(of->job.view_count - of->views_done);
    finish_first(self, line);
    return code;
}

static outcome take_letter(shared_pictures *self, const letter *from) {
    switch (from->kind) {
    case LETTER_ASK:
        memcpy(&self->lines[from->peer].asked, from->bytes, sizeof(size_t));
        return OUTCOME_OK;
    case LETTER_RESULTS:
        return take_results(self, from);
    case LETTER_FAILURE:
        return take_failure(self, from);
    default:
        return ranks_hear(from);
    }
}

outcome desk_read(shared_pictures *self, bool wait) {
    if (ranks_count() == 1) return OUTCOME_OK;
    outcome code = OUTCOME_OK;
    for (letter *one; !code && (one = mail_receive(wait));) {
        wait = false;
        code = take_letter(self, one);
        mail_free(one);
        if (!code) shared_pictures_progress(self);
    }
    return code;
}
