/* SPDX-License-Identifier: MIT */
/* NumPy's arrays. One that is taken lies wholly in the input, and all its numbers, or texts, can be read. */
#include "test/fuzz/fuzz.h"

#include "io/json.h"
#include "io/npy.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_TEXTS = 64 };

static void read_numbers(const dni_npy *array) {
    double *const values = malloc((size_t)array->count * sizeof *values + 1);
    dn_error error = {.message = ""};
    fuzz_require(values, "no memory for %lld numbers", (long long)array->count);
    const dn_status status = dni_npy_doubles(array, values, &error);
    const bool are_numbers = strchr("fiub", array->kind);
    fuzz_require(!status == are_numbers, "kind %c: %s", array->kind, error.message);
    if (status) fuzz_check_refusal(status, &error, FUZZ_NAME);
    free(values);
}

static void read_texts(const dni_npy *array) {
    for (int64_t i = 0; i < array->count && i < MAX_TEXTS && array->rank == 1; i++) {
        char *text = NULL;
        dn_error error = {.message = ""};
        const dn_status status = dni_npy_text(array, i, &text, &error);
        if (status)
            fuzz_check_refusal(status, &error, FUZZ_NAME);
        else
            fuzz_require(text && (array->kind == 'S' || dni_is_utf8(text)), "'%s' is not UTF-8", text);
        free(text);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    dni_npy array;
    dn_error error = {.message = ""};
    const dn_status status = dni_npy_parse(&array, bytes, size, FUZZ_NAME, &error);
    if (status) {
        fuzz_check_refusal(status, &error, FUZZ_NAME);
        return 0;
    }
    fuzz_require(array.rank >= 0 && array.rank <= DNI_NPY_MAX_RANK, "rank %d", array.rank);
    int64_t count = 1;
    for (int i = 0; i < array.rank; i++) {
        fuzz_require(array.shape[i] >= 0, "side %lld", (long long)array.shape[i]);
        count *= array.shape[i];
    }
    fuzz_require(count == array.count, "%lld elements", (long long)array.count);
    const size_t at = (size_t)(array.values - bytes);
    fuzz_require(at <= size && (size_t)array.count <= (size - at) / array.width, "outside of the file");
    read_numbers(&array);
    read_texts(&array);
    fuzz_take();
    return 0;
}
