/* Shared by the tests of files and weights: a temporary folder, and files as bytes. */
#ifndef DN_TEST_WEIGHTS_SUPPORT_H
#define DN_TEST_WEIGHTS_SUPPORT_H

#include "core/tensor_dict.h"

#include <stddef.h>

/* cmocka's setup and teardown: *state is the path of a fresh folder, removed with all it holds. */
int weights_make_folder(void **state);
int weights_remove_folder(void **state);

/* "folder/name" in a buffer of the function's own, valid until the fourth call after. */
const char *weights_path(void **state, const char *name);

unsigned char *weights_read_file(const char *path, size_t *size); /* to be freed; fails the test */
void weights_write_file(const char *path, const void *bytes, size_t size);

/* Same names in any order, dtypes, shapes and bits; strides may differ. */
void weights_assert_same(const dni_tensor_dict *a, const dni_tensor_dict *b);

#endif
