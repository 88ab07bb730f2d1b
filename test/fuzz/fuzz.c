/* SPDX-License-Identifier: MIT */
/* Oracles, a meter of memory, and a folder for the fuzz targets. */
#define _GNU_SOURCE /* nftw */
#include "test/fuzz/fuzz.h"

#include "core/error.h"

#include <ftw.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void fuzz_fail(const char *file, int line, const char *what, const char *format, ...) {
    va_list arguments;
    fprintf(stderr, "%s:%d: '%s' does not hold: ", file, line, what);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    abort();
}

void fuzz_check_refusal(dn_status status, const dn_error *error, const char *name) {
    fuzz_require(status != DN_OK, "nothing was refused");
    fuzz_require(error->status == status, "returned %s, told %s", dn_status_name(status),
                 dn_status_name(error->status));
    fuzz_require(!dni_status_is_machine(status), "%s: %s", dn_status_name(status), error->message);
    fuzz_require(strstr(error->message, name), "'%s' does not name %s", error->message, name);
}

static atomic_bool is_taken;

void fuzz_take(void) {
    atomic_store(&is_taken, true);
}

bool fuzz_has_taken(void) {
    return atomic_load(&is_taken);
}

/* ---- dictionaries ---- */

static void check_same_tensor(const char *name, const dni_tensor *a, const dni_tensor *b) {
    fuzz_require(b, "tensor '%s' is missing", name);
    fuzz_require(a->dtype == b->dtype, "tensor '%s'", name);
    fuzz_require(dni_tensor_same_shape(a, b->rank, b->shape), "tensor '%s'", name);
    const size_t size = (size_t)dni_tensor_count(a) * dni_dtype_size(a->dtype);
    if (size && a->data && b->data && dni_tensor_is_dense(a) && dni_tensor_is_dense(b))
        fuzz_require(memcmp(a->data, b->data, size) == 0, "tensor '%s'", name);
}

void fuzz_check_same_dict(const dni_tensor_dict *a, const dni_tensor_dict *b) {
    fuzz_require(dni_tensor_dict_count(a) == dni_tensor_dict_count(b), "numbers of tensors");
    for (size_t i = 0; i < dni_tensor_dict_count(a); i++) {
        const dni_named_tensor *const entry = dni_tensor_dict_at(a, i);
        check_same_tensor(entry->name, &entry->tensor, dni_tensor_dict_find(b, entry->name));
    }
    fuzz_require(dni_tensor_dict_meta_count(a) == dni_tensor_dict_meta_count(b), "entries of metadata");
    for (size_t i = 0; i < dni_tensor_dict_meta_count(a); i++) {
        const char *key, *value;
        dni_tensor_dict_meta_at(a, i, &key, &value);
        const char *const other = dni_tensor_dict_meta(b, key);
        fuzz_require(other && strcmp(value, other) == 0, "metadata '%s'", key);
    }
}

/* ---- memory ---- */

/* The sanitizer's own, where there is one. */
int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void *, size_t),
                                              void (*on_free)(const volatile void *)) __attribute__((weak));
size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

static atomic_size_t peak;
static atomic_bool is_metered;
static size_t at_begin;

/* Asking for the sum takes a lock: small blocks wait for the next large one, or for the end. */
enum { LARGE_BLOCK = 2048 };

static void note_peak(void) {
    const size_t now = __sanitizer_get_current_allocated_bytes();
    size_t before = atomic_load(&peak);
    while (now > before && !atomic_compare_exchange_weak(&peak, &before, now)) continue;
}

static void on_malloc(const volatile void *block, size_t size) {
    (void)block;
    if (size >= LARGE_BLOCK && atomic_load(&is_metered)) note_peak();
}

static void on_free(const volatile void *block) {
    (void)block;
}

static bool can_meter(void) {
    static int installed = -1;
    if (installed < 0)
        installed = __sanitizer_get_current_allocated_bytes && __sanitizer_install_malloc_and_free_hooks &&
                    __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free) > 0;
    return installed;
}

void fuzz_meter_begin(void) {
    if (!can_meter()) return;
    at_begin = __sanitizer_get_current_allocated_bytes();
    atomic_store(&peak, at_begin);
    atomic_store(&is_metered, true);
}

void fuzz_meter_end(size_t limit) {
    if (!can_meter()) return;
    note_peak();
    atomic_store(&is_metered, false);
    const size_t taken = atomic_load(&peak) - at_begin;
    fuzz_require(taken <= limit, "%zu bytes of memory, above %zu", taken, limit);
}

/* ---- files ---- */

static char folder[400];

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *position) {
    (void)info, (void)kind, (void)position;
    return remove(path);
}

static void remove_folder(void) {
    nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

const char *fuzz_path(const char *name) {
    static char paths[4][512];
    static unsigned turn;
    if (!*folder) {
        const char *const base = getenv("TMPDIR");
        snprintf(folder, sizeof folder, "%s/densenet-fuzz-XXXXXX", base && *base ? base : "/tmp");
        fuzz_require(mkdtemp(folder), "%s cannot be made", folder);
        atexit(remove_folder);
    }
    char *const path = paths[turn++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

const char *fuzz_file(const char *name, const void *bytes, size_t size) {
    const char *const path = fuzz_path(name);
    FILE *const file = fopen(path, "wb");
    fuzz_require(file, "%s cannot be made", path);
    fuzz_require(fwrite(bytes, 1, size, file) == size, "%s cannot be written", path);
    fuzz_require(fclose(file) == 0, "%s cannot be written", path);
    return path;
}

char *fuzz_text(const uint8_t *bytes, size_t size) {
    char *const text = malloc(size + 1);
    fuzz_require(text, "no memory for a text");
    if (size) memcpy(text, bytes, size);
    text[size] = '\0';
    return text;
}
