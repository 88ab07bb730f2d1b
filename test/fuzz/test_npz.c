/* SPDX-License-Identifier: MIT */
/* NumPy's .npz: the arrays that `ftrain import` asks for, each read to its last number or text. */
#include "test/fuzz/fuzz.h"

#include "weights/npz.h"

#include <stdlib.h>
#include <string.h>

/* A zip archive may unpack to 16 times its size and 16 MB; the rest is libzip's. */
enum { TIMES_INPUT = 32, ALLOWANCE = 20 << 20 };

static void read_values(const dni_npy *array) {
    dn_error error = {.message = ""};
    double *const values = malloc((size_t)array->count * sizeof *values + 1);
    fuzz_require(values, "no memory for %lld numbers", (long long)array->count);
    const dn_status status = dni_npy_doubles(array, values, &error);
    if (status) fuzz_check_refusal(status, &error, FUZZ_NAME);
    free(values);
    if (array->rank != 1 || !array->count) return;
    char *text = NULL;
    const dn_status of_text = dni_npy_text(array, array->count - 1, &text, &error);
    if (of_text) fuzz_check_refusal(of_text, &error, FUZZ_NAME);
    free(text);
}

static dn_status load(dni_npz *npz, const char *name, size_t size, dn_error *error) {
    dni_npz_array array;
    bool found = true;
    fuzz_meter_begin();
    const dn_status status = dni_npz_load(npz, name, &found, &array, error);
    fuzz_meter_end(TIMES_INPUT * size + ALLOWANCE);
    fuzz_require(status || found || !array.bytes, "an array that is not there");
    if (!status && found) {
        fuzz_take();
        read_values(&array.npy);
    }
    dni_npz_array_free(&array);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    static const char *const names[] = {"coef_", "intercept_", "classes_", "mean_", "scale_"};
    const dni_file file = dni_file_of_memory(bytes, size, FUZZ_NAME);
    dni_npz npz;
    bool begins;
    dn_error error = {.message = ""};
    dn_status status = dni_npz_begins(&begins, &file, &error);
    if (status) fuzz_check_refusal(status, &error, FUZZ_NAME);
    status = dni_npz_open(&npz, &file, &error);
    for (size_t i = 0; !status && i < sizeof names / sizeof *names; i++)
        status = load(&npz, names[i], size, &error);
    if (status) fuzz_check_refusal(status, &error, FUZZ_NAME);
    dni_npz_close(&npz);
    return 0;
}
