/* SPDX-License-Identifier: MIT */
/* Weight files of all formats, told apart by their first bytes: safetensors, .pth in both formats. What is
 * read is written as .pth and reads the same. Lasting memory, into which tensors may point, and memory that
 * is copied give the same. */
#include "test/fuzz/fuzz.h"

#include "weights/allowance.h"
#include "weights/checkpoint.h"
#include "weights/pth.h"

#include <stdlib.h>
#include <string.h>

/* A zip archive may unpack to 16 times its size and 16 MB, and the values of a pickle take what test_pickle.c
 * says; the rest is libzip's. Of large inputs it is less: once the allowance for what the file describes, and
 * as much for its tensors' values. */
enum { TIMES_INPUT = 16 + 128, ALLOWANCE = 20 << 20 };
enum { MAX_WRITTEN = 1 << 16 };

/* Whether all tensors are dense and together small. */
static bool can_be_written(const dni_tensor_dict *dict) {
    size_t sum = 0;
    for (size_t i = 0; i < dni_tensor_dict_count(dict); i++) {
        const dni_tensor *const tensor = &dni_tensor_dict_at(dict, i)->tensor;
        if (!dni_tensor_is_dense(tensor) || dni_tensor_count(tensor) > MAX_WRITTEN) return false;
        sum += (size_t)dni_tensor_count(tensor);
    }
    return dni_tensor_dict_count(dict) > 0 && sum <= MAX_WRITTEN;
}

static void check_same_tensors(const dni_tensor_dict *a, const dni_tensor_dict *b) {
    fuzz_require(dni_tensor_dict_count(a) == dni_tensor_dict_count(b), "numbers of tensors");
    for (size_t i = 0; i < dni_tensor_dict_count(a); i++) {
        const dni_named_tensor *const entry = dni_tensor_dict_at(a, i);
        const dni_tensor *const other = dni_tensor_dict_find(b, entry->name);
        fuzz_require(other && other->dtype == entry->tensor.dtype, "tensor '%s'", entry->name);
        fuzz_require(dni_tensor_same_shape(other, entry->tensor.rank, entry->tensor.shape), "tensor '%s'",
                     entry->name);
        const size_t size = (size_t)dni_tensor_count(other) * dni_dtype_size(other->dtype);
        fuzz_require(!size || memcmp(other->data, entry->tensor.data, size) == 0, "tensor '%s'", entry->name);
    }
}

/* The metadata has no place in a .pth. */
static void check_round(const dni_tensor_dict *dict) {
    const char *const path = fuzz_path("again.pth");
    dn_error error = {.message = ""};
    dni_checkpoint again;
    dn_status status = dni_pth_zip_write(dict, path, &error);
    fuzz_require(!status, "what was read is not written: %s", error.message);
    status = dni_checkpoint_load(&again, path, NULL, &error);
    fuzz_require(!status, "what was written is refused: %s", error.message);
    check_same_tensors(dict, again.file);
    dni_checkpoint_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    dni_file file = dni_file_of_memory(bytes, size, FUZZ_NAME);
    dni_checkpoint read, viewed;
    dn_error error = {.message = ""}, of_view = {.message = ""};
    const size_t limit = TIMES_INPUT * size + ALLOWANCE, twice = 2 * dni_allowance_of(size, FUZZ_NAME).all;
    fuzz_meter_begin();
    const dn_status status = dni_checkpoint_read(&read, &file, NULL, &error);
    fuzz_meter_end(limit < twice ? limit : twice);
    file.is_lasting = true;
    const dn_status view_status = dni_checkpoint_read(&viewed, &file, NULL, &of_view);
    fuzz_require(status == view_status, "copied: %s; viewed: %s", error.message, of_view.message);
    if (status) {
        fuzz_check_refusal(status, &error, FUZZ_NAME);
        fuzz_require(!read.file && !read.network && !read.outside, "something is left of what was refused");
        return 0;
    }
    fuzz_check_same_dict(read.file, viewed.file);
    if (can_be_written(read.file)) check_round(read.file);
    dni_checkpoint_free(&read);
    dni_checkpoint_free(&viewed);
    return 0;
}
