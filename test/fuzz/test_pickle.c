/* SPDX-License-Identifier: MIT */
/* A pickle alone, and the state dict in it. One that is read ends where the machine stopped: it reads to
 * there without the bytes behind that, too, and is refused without its last byte. Its tensors lie in their
 * storages. */
#include "test/fuzz/fuzz.h"

#include "weights/pickle.h"
#include "weights/state_dict.h"

#include <stdlib.h>
#include <string.h>

/* The smallest value takes one byte of the pickle, and in memory a record of 32 and its places in stacks that
 * double as they grow. Records come in chunks of 64 KB. Of large inputs the allowance is less. */
enum { TIMES_INPUT = 128, ALLOWANCE = 128 << 10 };
/* Storages and tensors above these are not looked into, for the sake of speed. */
enum { MAX_STORAGE_BYTES = 1 << 20, MAX_ELEMENTS = 1 << 16 };

static dn_status load_zeros(void *context, dni_tensor_dict *dict, dni_pickle_storage *storage,
                            dn_error *error) {
    (void)context;
    fuzz_require(storage->count >= 0, "a storage of %lld elements", (long long)storage->count);
    const size_t width = dni_dtype_size(storage->dtype);
    if ((uint64_t)storage->count > MAX_STORAGE_BYTES / width) {
        error->status = DN_ERR_CORRUPT;
        memcpy(error->message, FUZZ_NAME, sizeof FUZZ_NAME);
        return error->status;
    }
    void *memory;
    const dn_status status =
        dni_tensor_dict_new_memory(dict, (size_t)storage->count * width, FUZZ_NAME, &memory, error);
    if (!status) memset(memory, 0, (size_t)storage->count * width);
    storage->data = memory;
    return status;
}

/* Reads every element: a sanitizer sees one that is outside. */
static void read_elements(const dni_tensor *tensor) {
    const int64_t count = dni_tensor_count(tensor);
    fuzz_require(count >= 0, "a tensor of %lld elements", (long long)count);
    if (count > MAX_ELEMENTS || tensor->dtype > DNI_BF16) return;
    float *const values = malloc((size_t)count * sizeof *values + 1);
    fuzz_require(values, "no memory for %lld elements", (long long)count);
    dni_tensor_to_f32(tensor, values);
    free(values);
}

static void check_state_dict(const dni_pickle *pickle, dni_allowance *allowance) {
    dni_tensor_dict *const dict = dni_tensor_dict_create();
    dn_error error = {.message = ""};
    const dn_status status = dni_state_dict_read(dict, pickle->root, load_zeros, NULL, allowance, &error);
    if (status) fuzz_check_refusal(status, &error, FUZZ_NAME);
    for (size_t i = 0; !status && i < dni_tensor_dict_count(dict); i++)
        read_elements(&dni_tensor_dict_at(dict, i)->tensor);
    if (!status) fuzz_take();
    dni_tensor_dict_free(dict);
}

/* A pickle's beginning, in memory of exactly its size. */
static dn_status read_beginning(const uint8_t *bytes, size_t size, size_t *position) {
    uint8_t *const copy = malloc(size + !size);
    fuzz_require(copy, "no memory for %zu bytes", size);
    memcpy(copy, bytes, size);
    dni_pickle *pickle = NULL;
    dni_allowance allowance = dni_allowance_of(size, FUZZ_NAME);
    *position = 0;
    const dn_status status = dni_pickle_read(&pickle, copy, size, position, &allowance, NULL);
    dni_pickle_free(pickle);
    free(copy);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    dni_pickle *pickle = NULL;
    size_t position = 0, again;
    dn_error error = {.message = ""};
    dni_allowance allowance = dni_allowance_of(size, FUZZ_NAME);
    const size_t limit = TIMES_INPUT * size + ALLOWANCE;
    fuzz_meter_begin();
    const dn_status status = dni_pickle_read(&pickle, bytes, size, &position, &allowance, &error);
    fuzz_meter_end(limit < allowance.all ? limit : allowance.all);
    if (status) {
        fuzz_check_refusal(status, &error, FUZZ_NAME);
        fuzz_require(!pickle, "something is left of what was refused");
        return 0;
    }
    fuzz_require(position >= 1 && position <= size, "ends at %zu of %zu", position, size);
    /* Numbers in the memo are below the input's size, which is less now: one that is not as Python counts
     * them may be refused. */
    fuzz_require(read_beginning(bytes, position, &again) || again == position, "ends at %zu", again);
    fuzz_require(read_beginning(bytes, position - 1, &again), "is read without its end");
    check_state_dict(pickle, &allowance);
    dni_pickle_free(pickle);
    return 0;
}
