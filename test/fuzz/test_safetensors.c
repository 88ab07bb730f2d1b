/* SPDX-License-Identifier: MIT */
/* safetensors from memory. What is read is written, and what was written reads the same and is written the
 * same; the header alone is taken where the whole is. */
#include "test/fuzz/fuzz.h"

#include "io/safetensors.h"

#include <stdlib.h>
#include <string.h>

/* jansson has 200 bytes for an object, whose text may be of three; 64 KB are asked for before it reads. */
enum { TIMES_INPUT = 128, ALLOWANCE = 96 << 10 };

static dni_tensor_dict *read_back(const void *bytes, size_t size) {
    const dni_file file = dni_file_of_memory(bytes, size, FUZZ_NAME);
    dni_tensor_dict *dict;
    dn_error error = {.message = ""};
    const dn_status status = dni_safetensors_read_file(&dict, &file, NULL, &error);
    fuzz_require(!status, "what was written is refused: %s", error.message);
    return dict;
}

static void check_round(const dni_tensor_dict *dict) {
    fuzz_take();
    void *first, *second;
    size_t first_size, second_size;
    dn_error error = {.message = ""};
    dn_status status = dni_safetensors_write_memory(dict, FUZZ_NAME, NULL, &first, &first_size, &error);
    fuzz_require(!status, "what was read is not written: %s", error.message);
    dni_tensor_dict *const again = read_back(first, first_size);
    fuzz_check_same_dict(dict, again);
    status = dni_safetensors_write_memory(again, FUZZ_NAME, NULL, &second, &second_size, &error);
    fuzz_require(!status, "%s", error.message);
    fuzz_require(first_size == second_size && memcmp(first, second, first_size) == 0, "other bytes");
    dni_tensor_dict_free(again);
    free(first);
    free(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    const dni_file file = dni_file_of_memory(bytes, size, FUZZ_NAME);
    dni_tensor_dict *dict, *header;
    dn_error error = {.message = ""};
    fuzz_meter_begin();
    const dn_status status = dni_safetensors_read_file(&dict, &file, NULL, &error);
    fuzz_meter_end(TIMES_INPUT * size + ALLOWANCE);
    const dn_status described = dni_safetensors_describe(&header, &file, NULL, NULL);
    fuzz_require(status == described, "whole: %s, header: %s", dn_status_name(status),
                 dn_status_name(described));
    fuzz_require(!dict == (status != DN_OK) && !header == (described != DN_OK), "what is left");
    if (status)
        fuzz_check_refusal(status, &error, FUZZ_NAME);
    else
        check_round(dict);
    dni_tensor_dict_free(dict);
    dni_tensor_dict_free(header);
    return 0;
}
