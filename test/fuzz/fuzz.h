/* SPDX-License-Identifier: MIT */
/* What the fuzz targets share: their entry point, oracles that end the process, a meter of memory, a folder.
 *
 * A target is a file test_DOOR.c with an LLVMFuzzerTestOneInput(), which takes one input and asks more of the
 * door than that it does not crash. Linked with libFuzzer it is fuzzed (`make fuzz`); linked with replay.c it
 * is a test program that takes the inputs of test/fuzz/corpus/DOOR/. */
#ifndef TEST_FUZZ_FUZZ_H
#define TEST_FUZZ_FUZZ_H

#include "core/status.h"
#include "core/tensor_dict.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One input, in memory of exactly `size` bytes. Returns 0, as libFuzzer wants it. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* What inputs in memory are called; every refusal must name it. */
#define FUZZ_NAME "fuzzed/input"

/* Ends the process, after a message, where `holds` is false: the fuzzer then keeps the input. */
#define fuzz_require(holds, ...)                                                                             \
    do {                                                                                                     \
        if (!(holds)) fuzz_fail(__FILE__, __LINE__, #holds, __VA_ARGS__);                                    \
    } while (0)
_Noreturn void fuzz_fail(const char *file, int line, const char *what, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* A refusal: *error has the same status and a message that names `name`, and the machine is not blamed for
 * what the input says. */
void fuzz_check_refusal(dn_status status, const dn_error *error, const char *name);

/* Tells that an input was taken, and what is asked of such ones was asked. fuzz_has_taken(): this has
 * happened. A door of whose kept inputs none is taken would be tested by half. */
void fuzz_take(void);
bool fuzz_has_taken(void);

/* Whether two dictionaries hold the same: names, types, shapes, bytes (of dense tensors) and metadata, in any
 * order. */
void fuzz_check_same_dict(const dni_tensor_dict *a, const dni_tensor_dict *b);

/* The most memory that was in use between the two calls, above what was there at the first one, must be at
 * most `limit` bytes. Measured where AddressSanitizer counts memory; elsewhere the calls do nothing. */
void fuzz_meter_begin(void);
void fuzz_meter_end(size_t limit);

/* "FOLDER/name" in a folder of this process's own, which is removed at its end; the text is static, four of
 * them in turn. */
const char *fuzz_path(const char *name);
/* Writes or replaces that file; returns its path. */
const char *fuzz_file(const char *name, const void *bytes, size_t size);

/* A copy that ends in a zero byte, for doors that take texts; to be freed. */
char *fuzz_text(const uint8_t *bytes, size_t size);

#endif
