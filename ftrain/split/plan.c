/* SPDX-License-Identifier: MIT */
/* Groups of copies are drawn in random order, the largest first, and each goes to a split with room for it,
 * chosen with the probability of the room that is left: for pictures without copies that is a draw without
 * replacement, and every split is filled exactly. */
#include "ftrain/split/plan.h"

#include "core/rng.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/options.h"
#include "ftrain/shell/outcome.h"

#include <stdlib.h>
#include <string.h>

typedef long room_of_class[DNI_SPLITS];

typedef struct block {
    uint32_t first, size; /* members[first ..] */
    uint32_t rank;        /* in the draw */
} block;

typedef struct plan {
    split_pictures *pictures;
    const split_wish *wish;
    uint32_t *members; /* pictures' indices, group by group */
    block *blocks;
    uint32_t block_count;
    room_of_class *room, *wanted; /* (classes, splits) */
    dni_rng rng;
} plan;

/* -1: by their bytes alone. */
static outcome group_by(plan *work, uint32_t *group, int distance) {
    const split_pictures *const pictures = work->pictures;
    dni_fingerprint *prints = malloc(pictures->count * sizeof *prints + 1);
    if (!prints) return report_no_memory();
    for (uint32_t i = 0; i < pictures->count; i++) prints[i] = pictures->items[i].print;
    dn_error error;
    const dn_status status = distance < 0 ? dni_group_same(group, prints, pictures->count, &error)
                                          : dni_group_near(group, prints, pictures->count, distance, &error);
    free(prints);
    return status ? report(&error, OUTCOME_DATA) : OUTCOME_OK;
}

/* ---- pictures with two labels ---- */

/* other[first of a group]: a member of another class; 0, which is no group's second member: none. */
static void find_conflicts(const split_pictures *pictures, const uint32_t *group, uint32_t *other) {
    memset(other, 0, pictures->count * sizeof *other);
    for (uint32_t i = 0; i < pictures->count; i++)
        if (pictures->items[i].label != pictures->items[group[i]].label && !other[group[i]])
            other[group[i]] = i;
}

static uint32_t name_conflicts(const split_pictures *pictures, const uint32_t *group, const uint32_t *other) {
    uint32_t files = 0;
    for (uint32_t i = 0; i < pictures->count; i++) {
        const uint32_t first = group[i];
        if (!other[first]) continue;
        const split_picture *const a = &pictures->items[i], *b = &pictures->items[first];
        if (a->label == b->label) b = &pictures->items[other[first]];
        message("in two classes: %s ('%s') has the same bytes as %s ('%s')", a->path,
                pictures->classes.names[a->label], b->path, pictures->classes.names[b->label]);
        files++;
    }
    return files;
}

/* `group` holds the groups of the same bytes; `other` is scratch. */
static outcome drop_conflicts(plan *work, const uint32_t *group, uint32_t *other) {
    split_pictures *const pictures = work->pictures;
    find_conflicts(pictures, group, other);
    const uint32_t files = name_conflicts(pictures, group, other);
    if (files && work->wish->strict) {
        message("%u files are of pictures in two classes; without --strict they would be left out", files);
        return OUTCOME_DATA;
    }
    uint32_t kept = 0;
    for (uint32_t i = 0; i < pictures->count; i++)
        if (!other[group[i]]) pictures->items[kept++] = pictures->items[i];
    if (files) message("%u files left out: what is in two classes teaches nothing", files);
    pictures->skipped += files;
    pictures->count = kept;
    return OUTCOME_OK;
}

/* ---- groups that stay together ---- */

/* Lists the members of every group one after the other: sizes first, then places. `place` is scratch. */
static void fill_blocks(plan *work, uint32_t *place) {
    const split_pictures *const pictures = work->pictures;
    for (uint32_t i = 0; i < pictures->count; i++) place[i] = 0;
    for (uint32_t i = 0; i < pictures->count; i++) place[pictures->items[i].group]++;
    uint32_t used = 0;
    for (uint32_t i = 0; i < pictures->count; i++) {
        if (pictures->items[i].group != i) continue;
        work->blocks[work->block_count++] = (block){.first = used, .size = place[i]};
        used += place[i];
        place[i] = used - place[i];
    }
    for (uint32_t i = 0; i < pictures->count; i++) work->members[place[pictures->items[i].group]++] = i;
}

static int larger_first(const void *a, const void *b) {
    const block *const x = a, *const y = b;
    if (x->size != y->size) return x->size > y->size ? -1 : 1;
    return (x->rank > y->rank) - (x->rank < y->rank);
}

static void draw_order(plan *work, uint32_t *ranks) {
    for (uint32_t i = 0; i < work->block_count; i++) ranks[i] = i;
    dni_rng_shuffle(&work->rng, ranks, work->block_count);
    for (uint32_t i = 0; i < work->block_count; i++) work->blocks[i].rank = ranks[i];
    qsort(work->blocks, work->block_count, sizeof *work->blocks, larger_first);
}

/* ---- how much room ---- */

/* Shares by largest remainder; each split that wants any gets one. false: too few pictures for that. */
static bool share(const double fractions[DNI_SPLITS], long available, room_of_class room) {
    double remainder[DNI_SPLITS];
    long left = available;
    for (int s = 0; s < DNI_SPLITS; s++) {
        const double exact = fractions[s] * (double)available;
        room[s] = (long)(exact + 1e-9);
        remainder[s] = exact - (double)room[s];
        left -= room[s];
    }
    for (; left > 0; left--) {
        int most = 0;
        for (int s = 1; s < DNI_SPLITS; s++)
            if (remainder[s] > remainder[most] + 1e-9) most = s;
        room[most]++;
        remainder[most] -= 1;
    }
    for (int s = 0; s < DNI_SPLITS; s++) {
        if (room[s] > 0 || !(fractions[s] > 0)) continue;
        int richest = 0;
        for (int other = 1; other < DNI_SPLITS; other++)
            if (room[other] > room[richest]) richest = other;
        if (room[richest] < 2) return false;
        room[richest]--;
        room[s]++;
    }
    return true;
}

static outcome make_room(plan *work, int label, long available) {
    const split_wish *const wish = work->wish;
    const char *const class_name = work->pictures->classes.names[label];
    long total = 0;
    for (int s = 0; s < DNI_SPLITS; s++) {
        work->room[label][s] = wish->counts[s];
        total += wish->counts[s];
    }
    if (wish->by_count && total > available) {
        message("class '%s': %ld pictures wanted (train %d, valid %d, test %d), %ld available", class_name,
                total, wish->counts[DNI_TRAIN], wish->counts[DNI_VALID], wish->counts[DNI_TEST], available);
        return OUTCOME_DATA;
    }
    if (!wish->by_count && !share(wish->fractions, available, work->room[label])) {
        message("class '%s': %ld pictures are too few for every split to get one", class_name, available);
        return OUTCOME_DATA;
    }
    memcpy(work->wanted[label], work->room[label], sizeof work->room[label]);
    return OUTCOME_OK;
}

static outcome make_all_room(plan *work) {
    const split_pictures *const pictures = work->pictures;
    outcome code = OUTCOME_OK;
    uint32_t i = 0; /* the pictures are sorted by class */
    for (int label = 0; !code && label < (int)pictures->classes.count; label++) {
        const uint32_t before = i;
        while (i < pictures->count && pictures->items[i].label == label) i++;
        code = make_room(work, label, (long)(i - before));
    }
    return code;
}

/* ---- the draw ---- */

static void put(plan *work, const block *b, int split, int sign) {
    for (uint32_t i = 0; i < b->size; i++)
        work->room[work->pictures->items[work->members[b->first + i]].label][split] -= sign;
}

static bool put_where_it_fits(plan *work, const block *b, int split) {
    bool fits = true;
    put(work, b, split, 1);
    for (uint32_t i = 0; fits && i < b->size; i++)
        fits = work->room[work->pictures->items[work->members[b->first + i]].label][split] >= 0;
    if (!fits) put(work, b, split, -1);
    return fits;
}

/* A split, with the probability of its room. */
static int draw_split(plan *work, const room_of_class room) {
    long total = 0;
    for (int s = 0; s < DNI_SPLITS; s++) total += room[s] > 0 ? room[s] : 0;
    if (!total) return 0;
    long drawn = (long)dni_rng_below(&work->rng, (uint64_t)total);
    for (int s = 0; s < DNI_SPLITS; s++) {
        if (room[s] <= 0) continue;
        if (drawn < room[s]) return s;
        drawn -= room[s];
    }
    return 0;
}

static int roomiest(const room_of_class room) {
    int most = 0;
    for (int s = 1; s < DNI_SPLITS; s++)
        if (room[s] > room[most]) most = s;
    return most;
}

static void place_block(plan *work, const block *b) {
    const long *room = work->room[work->pictures->items[work->members[b->first]].label];
    const int drawn = draw_split(work, room);
    int split = DNI_SPLITS;
    for (int turn = 0; turn < DNI_SPLITS && split == DNI_SPLITS; turn++)
        if (put_where_it_fits(work, b, (drawn + turn) % DNI_SPLITS)) split = (drawn + turn) % DNI_SPLITS;
    if (split == DNI_SPLITS && !work->wish->by_count) { /* fractions bend, for every picture has its place */
        split = roomiest(room);
        put(work, b, split, 1);
    }
    for (uint32_t i = 0; i < b->size; i++) work->pictures->items[work->members[b->first + i]].split = split;
}

/* Groups of copies may have left a split short of pictures, or without any. */
static outcome check_filled(const plan *work) {
    for (size_t label = 0; label < work->pictures->classes.count; label++)
        for (int s = 0; s < DNI_SPLITS; s++) {
            const long wanted = work->wanted[label][s], missing = work->room[label][s];
            if (wanted == 0 || missing <= 0 || (!work->wish->by_count && missing < wanted)) continue;
            message("class '%s', %s: %ld pictures wanted, only %ld could be placed, for copies stay together",
                    work->pictures->classes.names[label], dni_split_name((dni_split)s), wanted,
                    wanted - missing);
            return OUTCOME_DATA;
        }
    return OUTCOME_OK;
}

static outcome run_plan(plan *work, uint32_t *group, uint32_t *scratch) {
    outcome code = group_by(work, group, -1);
    if (!code) code = drop_conflicts(work, group, scratch);
    if (!code) code = group_by(work, group, work->wish->distance);
    if (!code) code = make_all_room(work);
    if (code) return code;
    for (uint32_t i = 0; i < work->pictures->count; i++) work->pictures->items[i].group = group[i];
    fill_blocks(work, scratch);
    draw_order(work, scratch);
    for (uint32_t i = 0; i < work->block_count; i++) place_block(work, &work->blocks[i]);
    return check_filled(work);
}

outcome split_plan(split_pictures *pictures, const split_wish *wish) {
    const size_t count = pictures->count, classes = pictures->classes.count;
    plan work = {.pictures = pictures,
                 .wish = wish,
                 .members = malloc(count * sizeof *work.members + 1),
                 .blocks = malloc(count * sizeof *work.blocks + 1),
                 .room = calloc(classes, sizeof *work.room),
                 .wanted = calloc(classes, sizeof *work.wanted),
                 .rng = dni_rng_named(wish->seed, "split")};
    uint32_t *group = malloc(count * sizeof *group + 1), *scratch = malloc(count * sizeof *scratch + 1);
    const bool memory = work.members && work.blocks && work.room && work.wanted && group && scratch;
    const outcome code = memory ? run_plan(&work, group, scratch) : report_no_memory();
    free(work.members);
    free(work.blocks);
    free(work.room);
    free(work.wanted);
    free(group);
    free(scratch);
    return code;
}
