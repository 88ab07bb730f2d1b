/* SPDX-License-Identifier: MIT */
/* The table of digests: lines of five words with tabs between them, sorted. */
#include "test/support/digests.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <xxhash.h>

enum { MOST_ROWS = 500, WORD = 48, LINE = 5 * WORD };

typedef struct row {
    char key[LINE]; /* the four words of digest_key */
    char digest[33];
} row;

static const char path[] = "test/golden/digests.tsv", head[] = "what\tcode\tprecision\tvariant\txxh3\n";
static row rows[MOST_ROWS];
static size_t row_count;
static bool is_update, is_once;
static int differing, missing; /* of the running test */

static void give_up(const char *why) {
    fprintf(stderr, "%s: %s\n", path, why);
    exit(EXIT_FAILURE);
}

static row *find(const char *key) {
    for (size_t i = 0; i < row_count; i++)
        if (strcmp(rows[i].key, key) == 0) return &rows[i];
    return NULL;
}

static row *add(const char *key) {
    if (row_count == MOST_ROWS) give_up("too many rows");
    if (strlen(key) >= sizeof rows->key) give_up("a row is too long");
    return strcpy(rows[row_count++].key, key), &rows[row_count - 1];
}

static void read_row(char *line) {
    char *const tab = strrchr(line, '\t');
    if (!tab || strcspn(tab + 1, "\n") != 32) give_up("a line is not of the form that `make digests` writes");
    *tab = '\0';
    snprintf(add(line)->digest, sizeof rows->digest, "%.32s", tab + 1);
}

void digests_open(int count, char **arguments) {
    for (int i = 1; i < count; i++) {
        if (strcmp(arguments[i], "--update") == 0) {
            is_update = true;
        } else if (strcmp(arguments[i], "--once") == 0) {
            is_once = true;
        } else {
            fprintf(stderr, "usage: %s [--update] [--once]\n", arguments[0]);
            exit(EXIT_FAILURE);
        }
    }
    char line[LINE + 40];
    FILE *const file = fopen(path, "r");
    if (!file || !fgets(line, sizeof line, file) || strcmp(line, head) != 0) give_up("cannot be read");
    while (fgets(line, sizeof line, file)) read_row(line);
    fclose(file);
}

bool digests_once(void) {
    return is_once;
}

void digests_check(const digest_key *key, const void *bytes, size_t size) {
    const XXH128_hash_t hash = XXH3_128bits(bytes, size);
    char name[LINE], digest[33];
    snprintf(name, sizeof name, "%s\t%s\t%s\t%s", key->what, key->code, key->precision, key->variant);
    snprintf(digest, sizeof digest, "%016llx%016llx", (unsigned long long)hash.high64,
             (unsigned long long)hash.low64);
    row *known = find(name);
    if (is_update) {
        if (!known) known = add(name);
        memcpy(known->digest, digest, sizeof digest);
    } else if (!known) {
        print_message("there is no digest yet of: %s\n", name);
        missing++;
    } else if (strcmp(known->digest, digest) != 0) {
        print_message("other bits than before: %s\n", name);
        differing++;
    }
}

void digests_verdict(void) {
    const int differed = differing, missed = missing;
    differing = missing = 0;
    if (differed)
        fail_msg(
            "%d results have other bits than %s has. Where that is meant, `make digests` writes the table "
            "anew, and CHANGELOG.md has to tell it.",
            differed, path);
    if (missed) skip();
}

static int by_key(const void *a, const void *b) {
    return strcmp(((const row *)a)->key, ((const row *)b)->key);
}

bool digests_close(void) {
    if (!is_update) return true;
    qsort(rows, row_count, sizeof *rows, by_key);
    FILE *const file = fopen(path, "w");
    bool good = file && fputs(head, file) >= 0;
    for (size_t i = 0; good && i < row_count; i++)
        good = fprintf(file, "%s\t%s\n", rows[i].key, rows[i].digest) > 0;
    if (file && fclose(file)) good = false;
    if (!good) perror(path);
    return good;
}
