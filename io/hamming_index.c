/* SPDX-License-Identifier: MIT */
/* Multi-index hashing (Norouzi, Punjani & Fleet 2012, "Fast search in Hamming space with multi-index
 * hashing").
 *
 * The 64 bits are dealt out to m parts. Of two hashes within distance d = r * m + a, with a < m, either one
 * of the first a + 1 parts differs in at most r bits, or one of the others in at most r - 1: otherwise they
 * would differ in (a + 1) * (r + 1) + (m - a - 1) * r = d + 1 bits or more. Each part has a table, in which
 * the hashes lie bucket by bucket, under the key that some of the part's bits are. A search goes to the
 * buckets whose keys differ from its own in so few bits, and compares with the hashes there alone.
 *
 * How many parts there are, and how many bits their keys have, is what costs least for random hashes: with n
 * of them and keys of b bits, a part of radius r costs (C(b, 0) + ... + C(b, r)) * (VISIT + n / 2^b)
 * comparisons a search. At distance 4 that are 5 parts of 13 bits with r = 0 for 100,000 hashes, 73
 * comparisons a search, and 3 parts with keys of 19 bits for 1,000,000, two of them with r = 1: 78
 * comparisons in 41 buckets. So the cost of a search hardly grows with n, and that of all clusters little
 * faster than n: half of that a hash, 3.7 million and 39 million comparisons. One part with a key of no bits,
 * where all hashes are in one bucket, is what large distances and few hashes end with.
 *
 * Bits that are equal in all hashes tell nothing and are in no part; the others are dealt by how evenly they
 * are 0 and 1, so that each part has its share of those that tell most. Hashes of photos are not quite
 * random: of 1787 the pairs that shared a key of 13 bits were 3.6 times as many as of random hashes.
 *
 * Clusters are taken by breadth-first search. A hash is dropped from a bucket when it is met there after it
 * was taken: so a bucket full of near hashes is soon empty, and no pair is compared twice in a part. At
 * worst, where hashes crowd in few buckets and are yet far from each other, that is every pair once a part.
 * Equal hashes are one, whatever their number.
 *
 * Memory: 13 bytes for each different hash and, for each part, 12 bytes and a table of 8 bytes a bucket; a
 * part has at most as many buckets as hashes. At distance 4 that are 76 bytes a hash for 100,000 and 62 for
 * 1,000,000. */
#include "io/hamming_index.h"

#include "core/error.h"
#include "core/memory.h"
#include "io/perceptual_hash.h"

#include <stdlib.h>
#include <string.h>

enum {
    BITS = 64,
    MOST_PARTS = 8,
    MOST_KEY_BITS = 30,
    VISIT = 4, /* comparisons in the time that going to another bucket takes, which waits for memory */
};

typedef struct part {
    int shift, bits; /* where its key lies in a hash */
    int radius;
    uint32_t *starts, *ends; /* (2^bits): where each bucket begins, and ends by now */
    uint64_t *hashes;        /* (count): bucket by bucket, */
    uint32_t *places;        /* (count): and where they are among all */
} part;

struct dni_hamming_index {
    int distance, part_count;
    uint32_t count, next;   /* different hashes; the first that may still be there to take */
    uint8_t position[BITS]; /* of each bit of a hash, in the order of the parts */
    part parts[MOST_PARTS];
    uint64_t *hashes;  /* (count): in that order */
    uint32_t *indices; /* (count) */
    bool *is_taken;    /* (count) */
};

/* ---- which bits, how many parts ---- */

typedef struct spread_bit {
    int bit;
    uint32_t rarer; /* how many hashes have the rarer of its two values */
} spread_bit;

static int by_spread(const void *a, const void *b) {
    const spread_bit *const x = a, *const y = b;
    if (x->rarer != y->rarer) return x->rarer > y->rarer ? -1 : 1;
    return x->bit - y->bit;
}

/* The bits, those first that tell most hashes apart. Returns how many tell any apart. */
static int order_bits(spread_bit order[BITS], const dni_hamming_index *self) {
    uint32_t ones[BITS] = {0};
    for (uint32_t i = 0; i < self->count; i++)
        for (int bit = 0; bit < BITS; bit++) ones[bit] += (uint32_t)(self->hashes[i] >> bit & 1);
    int varying = 0;
    for (int bit = 0; bit < BITS; bit++) {
        const uint32_t zeros = self->count - ones[bit];
        order[bit] = (spread_bit){.bit = bit, .rarer = ones[bit] < zeros ? ones[bit] : zeros};
        varying += order[bit].rarer > 0;
    }
    qsort(order, BITS, sizeof *order, by_spread);
    return varying;
}

/* Buckets whose keys of so many bits differ from one in at most `radius` bits. */
static double buckets_within(int bits, int radius) {
    double sum = 1, chosen = 1;
    for (int k = 1; k <= radius && k <= bits; k++) {
        chosen = chosen * (bits - k + 1) / k;
        sum += chosen;
    }
    return sum;
}

/* Divides `varying` bits into parts; keys have at most so many of them. Returns what a search costs. */
static double lay_out(dni_hamming_index *self, int parts, int key_bits, int varying) {
    double cost = 0;
    int shift = 0;
    self->part_count = parts;
    for (int p = 0; p < parts; p++) {
        const int width = varying / parts + (p < varying % parts);
        part *const to = &self->parts[p];
        to->shift = shift;
        to->bits = width < key_bits ? width : key_bits;
        to->radius = self->distance / parts - (p > self->distance % parts);
        cost += buckets_within(to->bits, to->radius) *
                /* NOLINTNEXTLINE(clang-analyzer-*): a part's bits are 0 at least */
                (VISIT + (double)self->count / (double)((uint64_t)1 << to->bits));
        shift += width;
    }
    return cost;
}

static void lay_out_best(dni_hamming_index *self, int varying) {
    int most_bits = 0, best_parts = 1, best_bits = 0;
    while (most_bits < MOST_KEY_BITS && (uint64_t)2 << most_bits <= self->count) most_bits++;
    double least = lay_out(self, 1, 0, varying);
    for (int parts = 1; parts <= MOST_PARTS && parts <= self->distance + 1 && parts <= varying; parts++)
        for (int bits = 1; bits <= most_bits; bits++) {
            const double cost = lay_out(self, parts, bits, varying);
            if (cost >= least) continue;
            least = cost;
            best_parts = parts;
            best_bits = bits;
        }
    lay_out(self, best_parts, best_bits, varying);
}

/* Like cards: a bit for each part, then the next for each. What is constant comes last. */
static void deal_bits(dni_hamming_index *self, const spread_bit order[BITS], int varying) {
    for (int k = 0; k < BITS; k++) {
        const int place = k < varying ? self->parts[k % self->part_count].shift + k / self->part_count : k;
        self->position[order[k].bit] = (uint8_t)place;
    }
}

static uint64_t arrange(const dni_hamming_index *self, uint64_t hash) {
    uint64_t out = 0;
    for (int bit = 0; bit < BITS; bit++) out |= (hash >> bit & 1) << self->position[bit];
    return out;
}

/* ---- tables ---- */

static void *new_values(size_t count, size_t size) {
    size_t bytes;
    return dni_size_mul(count, size, &bytes) ? malloc(bytes + 1) : NULL;
}

static uint32_t key_of(const part *of, uint64_t hash) {
    return (uint32_t)(hash >> of->shift & (((uint64_t)1 << of->bits) - 1));
}

static bool fill_part(part *to, const dni_hamming_index *self) {
    const size_t buckets = (size_t)1 << to->bits;
    to->starts = new_values(buckets, sizeof *to->starts);
    to->ends = calloc(buckets, sizeof *to->ends);
    to->hashes = new_values(self->count, sizeof *to->hashes);
    to->places = new_values(self->count, sizeof *to->places);
    if (!to->starts || !to->ends || !to->hashes || !to->places) return false;
    for (uint32_t i = 0; i < self->count; i++) to->ends[key_of(to, self->hashes[i])]++;
    uint32_t used = 0;
    for (size_t key = 0; key < buckets; key++) {
        const uint32_t size = to->ends[key];
        to->starts[key] = to->ends[key] = used;
        used += size;
    }
    for (uint32_t i = 0; i < self->count; i++) {
        const uint32_t place = to->ends[key_of(to, self->hashes[i])]++;
        to->hashes[place] = self->hashes[i];
        to->places[place] = i;
    }
    return true;
}

static int by_hash(const void *a, const void *b) {
    const dni_hamming_item *const x = a, *const y = b;
    if (x->hash != y->hash) return x->hash < y->hash ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

static bool keep_different(dni_hamming_index *self, const dni_hamming_item *items, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) self->count += i == 0 || items[i].hash != items[i - 1].hash;
    self->hashes = new_values(self->count, sizeof *self->hashes);
    self->indices = new_values(self->count, sizeof *self->indices);
    self->is_taken = calloc((size_t)self->count + 1, sizeof *self->is_taken);
    if (!self->hashes || !self->indices || !self->is_taken) return false;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0 && items[i].hash == items[i - 1].hash) continue;
        self->hashes[kept] = items[i].hash;
        self->indices[kept++] = items[i].index;
    }
    return true;
}

static bool fill(dni_hamming_index *self, const dni_hamming_item *items, uint32_t count) {
    if (!keep_different(self, items, count)) return false;
    spread_bit order[BITS];
    const int varying = order_bits(order, self);
    lay_out_best(self, varying);
    deal_bits(self, order, varying);
    for (uint32_t i = 0; i < self->count; i++) self->hashes[i] = arrange(self, self->hashes[i]);
    for (int p = 0; p < self->part_count; p++)
        if (!fill_part(&self->parts[p], self)) return false;
    return true;
}

dn_status dni_hamming_index_create(dni_hamming_index **out, dni_hamming_item *items, uint32_t count,
                                   int distance, dn_error *error) {
    *out = calloc(1, sizeof **out);
    if (!*out) return dni_no_memory(error, "an index of %u perceptual hashes", count);
    (*out)->distance = distance;
    if (count) qsort(items, count, sizeof *items, by_hash);
    if (fill(*out, items, count)) return DN_OK;
    dni_hamming_index_free(*out);
    *out = NULL;
    return dni_no_memory(error, "an index of %u perceptual hashes", count);
}

void dni_hamming_index_free(dni_hamming_index *index) {
    if (!index) return;
    for (int p = 0; p < index->part_count; p++) {
        free(index->parts[p].starts);
        free(index->parts[p].ends);
        free(index->parts[p].hashes);
        free(index->parts[p].places);
    }
    free(index->hashes);
    free(index->indices);
    free(index->is_taken);
    free(index);
}

/* ---- searches ---- */

/* The buckets that a search goes to, one after the other: in each part first the hash's own, then those whose
 * keys differ in one bit, in two bits, and so on. */
typedef struct bucket_walk {
    uint64_t hash;
    int part, ones;
    uint64_t mask; /* the bits in which the key differs, so many ones */
} bucket_walk;

/* The next larger number with as many ones (HAKMEM, item 175). */
static uint64_t next_with_as_many_ones(uint64_t mask) {
    const uint64_t lowest = mask & (~mask + 1), ripple = mask + lowest;
    return ripple | (mask ^ ripple) / lowest >> 2;
}

static void walk_on(bucket_walk *walk, const dni_hamming_index *self) {
    const part *const at = &self->parts[walk->part];
    const uint64_t end = (uint64_t)1 << at->bits;
    if (walk->mask) walk->mask = next_with_as_many_ones(walk->mask);
    if (walk->mask && walk->mask < end) return;
    walk->mask = ((uint64_t)1 << ++walk->ones) - 1;
    if (walk->ones <= at->radius && walk->ones <= at->bits) return;
    *walk = (bucket_walk){.hash = walk->hash, .part = walk->part + 1};
}

bool dni_hamming_index_nearest(const dni_hamming_index *self, uint64_t hash, uint32_t *found,
                               uint64_t *compared) {
    bucket_walk walk = {.hash = arrange(self, hash)};
    int least = self->distance + 1;
    uint64_t looked_at = 0;
    for (; walk.part < self->part_count; walk_on(&walk, self)) {
        const part *const at = &self->parts[walk.part];
        const uint32_t key = key_of(at, walk.hash) ^ (uint32_t)walk.mask;
        for (uint32_t k = at->starts[key]; k < at->ends[key]; k++) {
            const int distance = dni_perceptual_distance(at->hashes[k], walk.hash);
            if (distance > least || distance > self->distance) continue;
            const uint32_t index = self->indices[at->places[k]];
            if (distance < least || index < *found) *found = index;
            least = distance;
        }
        looked_at += at->ends[key] - at->starts[key];
    }
    if (compared) *compared += looked_at;
    return least <= self->distance;
}

/* Takes what is within the distance of `hash` out of a bucket, and drops what was taken before. Writes their
 * places, and returns how many they are. */
static uint32_t take_from_bucket(dni_hamming_index *self, const part *from, uint32_t key, uint64_t hash,
                                 uint32_t *places, uint64_t *looked_at) {
    uint32_t taken = 0, end = from->ends[key];
    for (uint32_t k = from->starts[key]; k < end;) {
        const uint32_t place = from->places[k];
        if (!self->is_taken[place]) {
            ++*looked_at;
            if (dni_perceptual_distance(from->hashes[k], hash) > self->distance) {
                k++;
                continue;
            }
            self->is_taken[place] = true;
            places[taken++] = place;
        }
        from->places[k] = from->places[--end];
        from->hashes[k] = from->hashes[end];
    }
    from->ends[key] = end;
    return taken;
}

static uint32_t take_near(dni_hamming_index *self, uint64_t hash, uint32_t *places, uint64_t *looked_at) {
    uint32_t taken = 0;
    for (bucket_walk walk = {.hash = hash}; walk.part < self->part_count; walk_on(&walk, self)) {
        const part *const at = &self->parts[walk.part];
        const uint32_t key = key_of(at, hash) ^ (uint32_t)walk.mask;
        taken += take_from_bucket(self, at, key, hash, places + taken, looked_at);
    }
    return taken;
}

uint32_t dni_hamming_index_take_cluster(dni_hamming_index *self, uint32_t *members, uint64_t *compared) {
    uint64_t looked_at = 0;
    while (self->next < self->count && self->is_taken[self->next]) self->next++;
    if (self->next == self->count) return 0;
    uint32_t size = 0;
    members[size++] = self->next;
    self->is_taken[self->next] = true;
    for (uint32_t i = 0; i < size; i++)
        size += take_near(self, self->hashes[members[i]], members + size, &looked_at);
    for (uint32_t i = 0; i < size; i++) members[i] = self->indices[members[i]];
    if (compared) *compared += looked_at;
    return size;
}
