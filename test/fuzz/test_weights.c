/* SPDX-License-Identifier: MIT */
/* Weight files of all formats, told apart by their first bytes: safetensors, .pth in both formats. What is
 * read is written as .pth and as safetensors, reads the same, and is then written as the same bytes.
 * Lasting memory, into which tensors may point, and memory that is copied give the same. A head that is
 * found in it has layers that fit. */
#include "test/fuzz/fuzz.h"

#include "io/safetensors.h"
#include "weights/allowance.h"
#include "weights/checkpoint.h"
#include "weights/linears.h"
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

/* Reads what was written; the caller frees it. */
static void read_again(dni_checkpoint *out, const char *path) {
    dn_error error = {.message = ""};
    const dn_status status = dni_checkpoint_load(out, path, NULL, &error);
    fuzz_require(!status, "what was written is refused: %s", error.message);
}

static void check_same_bytes(const char *a, const char *b) {
    dni_file_content first, second;
    fuzz_require(!dni_file_load(&first, a, NULL) && !dni_file_load(&second, b, NULL), "%s, %s", a, b);
    fuzz_require(first.size == second.size && memcmp(first.data, second.data, first.size) == 0,
                 "%s and %s: other bytes", a, b);
    dni_file_unload(&first);
    dni_file_unload(&second);
}

typedef dn_status write_dict(const dni_tensor_dict *dict, const char *path, dn_error *error);

static void check_writer(const dni_tensor_dict *dict, write_dict *write, const char *first,
                         const char *second) {
    dn_error error = {.message = ""};
    dni_checkpoint again;
    fuzz_require(!write(dict, first, &error), "what was read is not written: %s", error.message);
    read_again(&again, first);
    check_same_tensors(dict, again.file);
    fuzz_require(!write(again.file, second, &error), "%s", error.message);
    check_same_bytes(first, second);
    dni_checkpoint_free(&again);
}

/* The metadata has no place in a .pth. */
static void check_round(const dni_tensor_dict *dict) {
    fuzz_take();
    check_writer(dict, dni_pth_zip_write, fuzz_path("first.pth"), fuzz_path("second.pth"));
    check_writer(dict, dni_safetensors_write, fuzz_path("first.safetensors"),
                 fuzz_path("second.safetensors"));
}

static void check_head(const dni_tensor_dict *dict) {
    dni_linears found;
    dn_error error = {.message = ""};
    const dn_status status = dni_linears_find(&found, dict, NULL, FUZZ_NAME, &error);
    if (status) {
        fuzz_check_refusal(status, &error, FUZZ_NAME);
        return;
    }
    fuzz_require(found.count >= 1 && found.count <= DNI_LINEARS_LIMIT, "%d layers", found.count);
    for (int i = 0; i < found.count; i++) {
        const dni_tensor *const weight = &found.layers[i].weight->tensor;
        fuzz_require(weight->rank == 2, "layer %d", i);
        fuzz_require(!i || weight->shape[1] == found.layers[i - 1].weight->tensor.shape[0], "layer %d", i);
        if (found.layers[i].bias)
            fuzz_require(dni_tensor_same_shape(&found.layers[i].bias->tensor, 1, weight->shape), "layer %d",
                         i);
    }
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
    check_head(read.file);
    dni_checkpoint_free(&read);
    dni_checkpoint_free(&viewed);
    return 0;
}
