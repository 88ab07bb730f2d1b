/* SPDX-License-Identifier: MIT */
/* SHA-256 of files and of weights. */
#include "ftrain/weights/sha256.h"

#include "core/error.h"
#include "io/retry.h"

#include <errno.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <unistd.h>

enum { PIECE = 1 << 16 };

static void finish_hex(struct sha256_ctx *context, char hex[SHA256_HEX]) {
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_digest(context, sizeof digest, digest);
    for (size_t i = 0; i < sizeof digest; i++) snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

dn_status sha256_of_file(char hex[SHA256_HEX], int descriptor, const char *path, dn_error *error) {
    struct sha256_ctx context;
    uint8_t bytes[PIECE];
    int attempts = 0;
    sha256_init(&context);
    for (off_t at = 0;;) {
        const ssize_t count = pread(descriptor, bytes, sizeof bytes, at);
        if (count < 0 && dni_retry(errno, &attempts)) continue;
        if (count < 0) return dni_fail_errno(error, errno, "%s: cannot be read", path);
        if (count == 0) break;
        sha256_update(&context, (size_t)count, bytes);
        at += count;
    }
    finish_hex(&context, hex);
    return DN_OK;
}

void sha256_of_tensors(char hex[SHA256_HEX], const dni_tensor_dict *dict) {
    struct sha256_ctx context;
    sha256_init(&context);
    for (size_t i = 0; i < dni_tensor_dict_count(dict); i++) {
        const dni_tensor *tensor = &dni_tensor_dict_at(dict, i)->tensor;
        sha256_update(&context, (size_t)dni_tensor_count(tensor) * dni_dtype_size(tensor->dtype),
                      tensor->data);
    }
    finish_hex(&context, hex);
}
