/* SPDX-License-Identifier: MIT */
/* A feature store's work, to be recorded, and its judge, to be asked of thousands of states:
 * test/crash/crash.py.
 *
 *     store work PATH      puts records in parts, finishes some, leaves some to the journal
 *     store judge PATH     for each line "DONE" of standard input: that many records were finished. Opens what a
 *                          crash has left, does the rest of the work, and prints "ok" or what is wrong */
#include "io/feature_store.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FEATURES = 6, RECORDS = 40 };

/* test/crash/record.c, when it is preloaded. */
extern void record_mark(int number) __attribute__((weak));

/* The first words of a line that say what is wrong. */
static int wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));

static int wrong(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    return 1;
}

static dni_key key_of(int i) {
    return dni_key_of_bytes(&i, sizeof i);
}

static void fill(int i, float record[FEATURES]) {
    for (int j = 0; j < FEATURES; j++) record[j] = (float)(100 * i + j);
}

static int open_store(dni_feature_store **out, const char *path) {
    const dni_feature_store_options options = {.path = path, .provenance = "backbone", .features = FEATURES};
    dn_error error;
    return dni_feature_store_open(out, &options, &error) ? wrong("%s", error.message) : 0;
}

static int put(dni_feature_store *store, int first, int last) {
    dn_error error;
    for (int i = first; i < last; i++) {
        const dni_key key = key_of(i);
        float record[FEATURES];
        fill(i, record);
        if (dni_feature_store_put(store, &key, record, &error)) return wrong("%s", error.message);
    }
    return 0;
}

static int finish(dni_feature_store *store) {
    dn_error error;
    return dni_feature_store_finish(store, &error) ? wrong("%s", error.message) : 0;
}

static void mark(int done) {
    if (record_mark) record_mark(done);
}

/* A merge, a journal that is left, a merge of what was left and what came, and one more. */
static int work(const char *path) {
    dni_feature_store *store;
    if (open_store(&store, path) || put(store, 0, 12) || finish(store)) return 1;
    mark(12);
    if (put(store, 12, 20)) return 1;
    dni_feature_store_close(store);
    if (open_store(&store, path) || put(store, 20, 28) || finish(store)) return 1;
    mark(28);
    if (put(store, 28, RECORDS) || finish(store)) return 1;
    mark(RECORDS);
    dni_feature_store_close(store);
    return 0;
}

/* Every record that there is, is as it was put, and those that were finished are there. */
static int check(const dni_feature_store *store, int done) {
    dn_error error;
    size_t count = 0;
    for (int i = 0; i < RECORDS; i++) {
        const dni_key key = key_of(i);
        float expected[FEATURES], found[FEATURES];
        fill(i, expected);
        const bool is_there = dni_feature_store_has(store, &key);
        if (!is_there && i < done) return wrong("record %d of %d that were finished is lost", i, done);
        if (!is_there) continue;
        count++;
        if (dni_feature_store_get(store, &key, found, &error)) return wrong("%s", error.message);
        if (memcmp(expected, found, sizeof found) != 0) return wrong("record %d is another", i);
    }
    if (count != dni_feature_store_count(store)) return wrong("there are records that nobody put");
    return 0;
}

static int judge(const char *path, int done) {
    dni_feature_store *store;
    if (open_store(&store, path)) return 1;
    const int code = check(store, done) || put(store, 0, RECORDS) || finish(store);
    dni_feature_store_close(store);
    return code;
}

int main(int argc, char **argv) {
    char line[32];
    if (argc == 3 && strcmp(argv[1], "work") == 0) return work(argv[2]);
    if (argc != 3 || strcmp(argv[1], "judge") != 0) return 2;
    while (fgets(line, sizeof line, stdin)) {
        if (!judge(argv[2], (int)strtol(line, NULL, 10))) printf("ok");
        printf("\n");
        fflush(stdout);
    }
    return 0;
}
