/* SPDX-License-Identifier: MIT */
/* Comparison of tensor dictionaries. */
#include "test/support/weights.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The tensor's elements in row-major order. */
static unsigned char *gather(const dni_tensor *tensor, size_t *size) {
    const size_t count = (size_t)dni_tensor_count(tensor), element = dni_dtype_size(tensor->dtype);
    *size = count * element;
    unsigned char *out = malloc(*size + 1);
    assert_non_null(out);
    for (size_t i = 0; i < count; i++) {
        size_t rest = i, offset = 0;
        for (int d = tensor->rank - 1; d >= 0; d--) {
            offset += rest % (size_t)tensor->shape[d] * (size_t)tensor->stride[d];
            rest /= (size_t)tensor->shape[d];
        }
        memcpy(out + i * element, (const char *)tensor->data + offset * element, element);
    }
    return out;
}

void weights_assert_same(const dni_tensor_dict *a, const dni_tensor_dict *b) {
    assert_int_equal(dni_tensor_dict_count(a), dni_tensor_dict_count(b));
    for (size_t i = 0; i < dni_tensor_dict_count(a); i++) {
        const dni_named_tensor *x = dni_tensor_dict_at(a, i);
        const dni_tensor *y = dni_tensor_dict_find(b, x->name);
        if (!y) fail_msg("tensor '%s' is missing", x->name);
        if (x->tensor.dtype != y->dtype || !dni_tensor_same_shape(y, x->tensor.rank, x->tensor.shape))
            fail_msg("tensor '%s' has another dtype or shape", x->name);
        size_t x_size, y_size;
        unsigned char *x_bytes = gather(&x->tensor, &x_size), *y_bytes = gather(y, &y_size);
        if (memcmp(x_bytes, y_bytes, x_size) != 0) fail_msg("tensor '%s' has other elements", x->name);
        free(x_bytes);
        free(y_bytes);
    }
}
