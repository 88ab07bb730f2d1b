/* SPDX-License-Identifier: MIT */
/* Looks for the memory that OpenBLAS takes. */
#include "head/blas.h"

#include "core/error.h"

#include <cblas.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/mman.h>

enum {
    BUFFER = 128 << 20, /* bytes of a work buffer: what OpenBLAS 0.3 takes on x86-64 and arm64 */
    LENGTH = 4096,      /* of a vector that does not fit on OpenBLAS's stack, so that it takes its buffer */
};

/* Like OpenBLAS's buffers, these belong to the process. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int users;  /* threads between acquire and release */
static int mapped; /* the most there were: OpenBLAS has, or finds, buffers for so many */

static bool is_room(void) {
    void *const memory = mmap(NULL, BUFFER, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory != MAP_FAILED && munmap(memory, BUFFER) == 0;
}

/* A product for which OpenBLAS takes the buffer, before anybody else takes the memory. */
static void take_buffer(void) {
    static const float zeros[LENGTH];
    float sum;
    cblas_sgemv(CblasRowMajor, CblasNoTrans, 1, LENGTH, 1, zeros, LENGTH, zeros, 1, 0, &sum, 1);
}

dn_status dni_blas_acquire(dn_error *error) {
    pthread_mutex_lock(&lock);
    const bool has_room = users < mapped || is_room();
    if (has_room && users == mapped && mapped++ == 0) take_buffer();
    users += has_room;
    pthread_mutex_unlock(&lock);
    return has_room ? DN_OK
                    : dni_no_memory(error, "matrix products (OpenBLAS's buffer of %d MB)", BUFFER >> 20);
}

void dni_blas_release(void) {
    pthread_mutex_lock(&lock);
    users--;
    pthread_mutex_unlock(&lock);
}

dn_status dni_blas_prepare(dn_error *error) {
    const dn_status status = dni_blas_acquire(error);
    if (!status) dni_blas_release();
    return status;
}
