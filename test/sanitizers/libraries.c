/* SPDX-License-Identifier: MIT */
/* For `make msan`: calls from this tree to libraries, which are compiled without MemorySanitizer. What a
 * library reads must have been written, which is looked at here in its place; what it writes counts as
 * written from then on. The linker leads each call of NAME to __wrap_NAME; __real_NAME is the library's. */
#include <cblas.h>
#include <jansson.h>
#include <sanitizer/msan_interface.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>
#include <zip.h>

/* The stack below the caller counts as written: functions of this tree's that were there before have left
 * marks, which a library's copies would take for its own. */
static __attribute__((noinline)) void clear_stack(void) {
    char below[1 << 16];
    __msan_unpoison(below, sizeof below);
    __asm__ volatile("" ::"r"(below) : "memory");
}

/* ---- BLAS: all matrices of this tree are row-major ---- */

typedef enum CBLAS_ORDER order;
typedef enum CBLAS_TRANSPOSE transpose;
typedef enum CBLAS_UPLO triangle;

static void look_at(const void *values, int rows, int columns, int stride, size_t element) {
    for (int i = 0; i < rows; i++)
        __msan_check_mem_is_initialized((const char *)values + (size_t)i * (size_t)stride * element,
                                        (size_t)columns * element);
}

/* (rows, columns), or as it lies when it is to be transposed. */
static void look_at_operand(transpose turned, const void *values, int rows, int columns, int stride,
                            size_t element) {
    const bool as_is = turned == CblasNoTrans;
    look_at(values, as_is ? rows : columns, as_is ? columns : rows, stride, element);
}

static void take_as_written(void *values, int rows, int columns, int stride, size_t element) {
    for (int i = 0; i < rows; i++)
        __msan_unpoison((char *)values + (size_t)i * (size_t)stride * element, (size_t)columns * element);
}

void __real_cblas_sgemm(order, transpose, transpose, int, int, int, float, const float *, int, const float *,
                        int, float, float *, int);
void __wrap_cblas_sgemm(order o, transpose ta, transpose tb, int m, int n, int k, float alpha, const float *a,
                        int lda, const float *b, int ldb, float beta, float *c, int ldc);
void __wrap_cblas_sgemm(order o, transpose ta, transpose tb, int m, int n, int k, float alpha, const float *a,
                        int lda, const float *b, int ldb, float beta, float *c, int ldc) {
    look_at_operand(ta, a, m, k, lda, sizeof *a);
    look_at_operand(tb, b, k, n, ldb, sizeof *b);
    if (beta < 0 || beta > 0) look_at(c, m, n, ldc, sizeof *c);
    __real_cblas_sgemm(o, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
    take_as_written(c, m, n, ldc, sizeof *c);
}

void __real_cblas_dgemm(order, transpose, transpose, int, int, int, double, const double *, int,
                        const double *, int, double, double *, int);
void __wrap_cblas_dgemm(order o, transpose ta, transpose tb, int m, int n, int k, double alpha,
                        const double *a, int lda, const double *b, int ldb, double beta, double *c, int ldc);
void __wrap_cblas_dgemm(order o, transpose ta, transpose tb, int m, int n, int k, double alpha,
                        const double *a, int lda, const double *b, int ldb, double beta, double *c, int ldc) {
    look_at_operand(ta, a, m, k, lda, sizeof *a);
    look_at_operand(tb, b, k, n, ldb, sizeof *b);
    if (beta < 0 || beta > 0) look_at(c, m, n, ldc, sizeof *c);
    __real_cblas_dgemm(o, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
    take_as_written(c, m, n, ldc, sizeof *c);
}

void __real_cblas_sgemv(order, transpose, int, int, float, const float *, int, const float *, int, float,
                        float *, int);
void __wrap_cblas_sgemv(order o, transpose ta, int m, int n, float alpha, const float *a, int lda,
                        const float *x, int incx, float beta, float *y, int incy);
void __wrap_cblas_sgemv(order o, transpose ta, int m, int n, float alpha, const float *a, int lda,
                        const float *x, int incx, float beta, float *y, int incy) {
    const bool as_is = ta == CblasNoTrans;
    look_at(a, m, n, lda, sizeof *a);
    look_at(x, as_is ? n : m, 1, incx, sizeof *x);
    if (beta < 0 || beta > 0) look_at(y, as_is ? m : n, 1, incy, sizeof *y);
    __real_cblas_sgemv(o, ta, m, n, alpha, a, lda, x, incx, beta, y, incy);
    take_as_written(y, as_is ? m : n, 1, incy, sizeof *y);
}

/* Only one triangle is written, the one right of the diagonal. */
void __real_cblas_ssyrk(order, triangle, transpose, int, int, float, const float *, int, float, float *, int);
void __wrap_cblas_ssyrk(order o, triangle half, transpose t, int n, int k, float alpha, const float *a,
                        int lda, float beta, float *c, int ldc);
void __wrap_cblas_ssyrk(order o, triangle half, transpose t, int n, int k, float alpha, const float *a,
                        int lda, float beta, float *c, int ldc) {
    look_at_operand(t, a, n, k, lda, sizeof *a);
    __real_cblas_ssyrk(o, half, t, n, k, alpha, a, lda, beta, c, ldc);
    for (int i = 0; i < n; i++) take_as_written(c + (size_t)i * (size_t)ldc + i, 1, n - i, ldc, sizeof *c);
}

void __real_cblas_dsyrk(order, triangle, transpose, int, int, double, const double *, int, double, double *,
                        int);
void __wrap_cblas_dsyrk(order o, triangle half, transpose t, int n, int k, double alpha, const double *a,
                        int lda, double beta, double *c, int ldc);
void __wrap_cblas_dsyrk(order o, triangle half, transpose t, int n, int k, double alpha, const double *a,
                        int lda, double beta, double *c, int ldc) {
    look_at_operand(t, a, n, k, lda, sizeof *a);
    __real_cblas_dsyrk(o, half, t, n, k, alpha, a, lda, beta, c, ldc);
    for (int i = 0; i < n; i++) take_as_written(c + (size_t)i * (size_t)ldc + i, 1, n - i, ldc, sizeof *c);
}

void __real_cblas_dcopy(int, const double *, int, double *, int);
void __wrap_cblas_dcopy(int n, const double *x, int incx, double *y, int incy);
void __wrap_cblas_dcopy(int n, const double *x, int incx, double *y, int incy) {
    look_at(x, n, 1, incx, sizeof *x);
    __real_cblas_dcopy(n, x, incx, y, incy);
    take_as_written(y, n, 1, incy, sizeof *y);
}

/* What is changed in place must be written already, and so it stays. */
void __real_cblas_saxpy(int, float, const float *, int, float *, int);
void __wrap_cblas_saxpy(int n, float k, const float *x, int incx, float *y, int incy);
void __wrap_cblas_saxpy(int n, float k, const float *x, int incx, float *y, int incy) {
    look_at(x, n, 1, incx, sizeof *x);
    look_at(y, n, 1, incy, sizeof *y);
    __real_cblas_saxpy(n, k, x, incx, y, incy);
}

void __real_cblas_daxpy(int, double, const double *, int, double *, int);
void __wrap_cblas_daxpy(int n, double k, const double *x, int incx, double *y, int incy);
void __wrap_cblas_daxpy(int n, double k, const double *x, int incx, double *y, int incy) {
    look_at(x, n, 1, incx, sizeof *x);
    look_at(y, n, 1, incy, sizeof *y);
    __real_cblas_daxpy(n, k, x, incx, y, incy);
}

double __real_cblas_ddot(int, const double *, int, const double *, int);
double __wrap_cblas_ddot(int n, const double *x, int incx, const double *y, int incy);
double __wrap_cblas_ddot(int n, const double *x, int incx, const double *y, int incy) {
    look_at(x, n, 1, incx, sizeof *x);
    look_at(y, n, 1, incy, sizeof *y);
    return __real_cblas_ddot(n, x, incx, y, incy);
}

float __real_cblas_snrm2(int, const float *, int);
float __wrap_cblas_snrm2(int n, const float *x, int incx);
float __wrap_cblas_snrm2(int n, const float *x, int incx) {
    look_at(x, n, 1, incx, sizeof *x);
    return __real_cblas_snrm2(n, x, incx);
}

/* ---- jansson ---- */

json_t *__real_json_loadb(const char *, size_t, size_t, json_error_t *);
json_t *__wrap_json_loadb(const char *text, size_t size, size_t flags, json_error_t *error);
json_t *__wrap_json_loadb(const char *text, size_t size, size_t flags, json_error_t *error) {
    __msan_check_mem_is_initialized(text, size);
    clear_stack();
    json_t *const value = __real_json_loadb(text, size, flags, error);
    if (error) __msan_unpoison(error, sizeof *error);
    return value;
}

char *__real_json_dumps(const json_t *, size_t);
char *__wrap_json_dumps(const json_t *value, size_t flags);
char *__wrap_json_dumps(const json_t *value, size_t flags) {
    clear_stack();
    return __real_json_dumps(value, flags);
}

/* Of a format's letters those that this tree uses: a key is an `s` before `:` or `?`. */
int __wrap_json_unpack_ex(json_t *root, json_error_t *error, size_t flags, const char *format, ...);
int __wrap_json_unpack_ex(json_t *root, json_error_t *error, size_t flags, const char *format, ...) {
    va_list arguments;
    clear_stack();
    va_start(arguments, format);
    const int refused = json_vunpack_ex(root, error, flags, format, arguments);
    va_end(arguments);
    __msan_unpoison(error, sizeof *error);
    va_start(arguments, format);
    for (const char *letter = format; *letter && !refused; letter++) {
        if (*letter == 's') (void)va_arg(arguments, const char *);
        if (*letter == 'i' || *letter == 'b') __msan_unpoison(va_arg(arguments, int *), sizeof(int));
        if (*letter == 'F') __msan_unpoison(va_arg(arguments, double *), sizeof(double));
    }
    va_end(arguments);
    return refused;
}

/* ---- the C library ---- */

/* test/support/calls.c stands before the functions by which MemorySanitizer learns what was read. */
ssize_t __real_read(int, void *, size_t);
ssize_t __wrap_read(int descriptor, void *bytes, size_t size);
ssize_t __wrap_read(int descriptor, void *bytes, size_t size) {
    const ssize_t count = __real_read(descriptor, bytes, size);
    if (count > 0) __msan_unpoison(bytes, (size_t)count);
    return count;
}

ssize_t __real_pread64(int, void *, size_t, off_t);
ssize_t __wrap_pread64(int descriptor, void *bytes, size_t size, off_t from);
ssize_t __wrap_pread64(int descriptor, void *bytes, size_t size, off_t from) {
    const ssize_t count = __real_pread64(descriptor, bytes, size, from);
    if (count > 0) __msan_unpoison(bytes, (size_t)count);
    return count;
}

/* These clang 14's MemorySanitizer does not know. */

int __real_stat64(const char *, struct stat *);
int __wrap_stat64(const char *path, struct stat *out);
int __wrap_stat64(const char *path, struct stat *out) {
    const int failed = __real_stat64(path, out);
    if (!failed) __msan_unpoison(out, sizeof *out);
    return failed;
}

int __real_lstat64(const char *, struct stat *);
int __wrap_lstat64(const char *path, struct stat *out);
int __wrap_lstat64(const char *path, struct stat *out) {
    const int failed = __real_lstat64(path, out);
    if (!failed) __msan_unpoison(out, sizeof *out);
    return failed;
}

int __real_fstat64(int, struct stat *);
int __wrap_fstat64(int descriptor, struct stat *out);
int __wrap_fstat64(int descriptor, struct stat *out) {
    const int failed = __real_fstat64(descriptor, out);
    if (!failed) __msan_unpoison(out, sizeof *out);
    return failed;
}

/* ---- libzip, xxHash ---- */

/* libzip calls back functions of this tree, which leave marks on the stack again; so what the C library's
 * functions look at for libzip is not looked at. */
static void enter(void) {
    clear_stack();
    __msan_scoped_disable_interceptor_checks();
}

static void leave(void) {
    __msan_scoped_enable_interceptor_checks();
}

zip_int64_t __real_zip_fread(zip_file_t *, void *, zip_uint64_t);
zip_int64_t __wrap_zip_fread(zip_file_t *file, void *bytes, zip_uint64_t size);
zip_int64_t __wrap_zip_fread(zip_file_t *file, void *bytes, zip_uint64_t size) {
    enter();
    const zip_int64_t count = __real_zip_fread(file, bytes, size);
    leave();
    if (count > 0) __msan_unpoison(bytes, (size_t)count);
    return count;
}

#define HANDED_ON(type, real, wrap, parameters, arguments)                                                   \
    type real parameters;                                                                                    \
    type wrap parameters;                                                                                    \
    type wrap parameters {                                                                                   \
        enter();                                                                                             \
        type result = real arguments;                                                                        \
        leave();                                                                                             \
        return result;                                                                                       \
    }

HANDED_ON(zip_t *, __real_zip_open_from_source, __wrap_zip_open_from_source,
          (zip_source_t * source, int flags, zip_error_t *error), (source, flags, error))
HANDED_ON(zip_int64_t, __real_zip_name_locate, __wrap_zip_name_locate,
          (zip_t * zip, const char *name, zip_flags_t flags), (zip, name, flags))
HANDED_ON(zip_file_t *, __real_zip_fopen_index, __wrap_zip_fopen_index,
          (zip_t * zip, zip_uint64_t index, zip_flags_t flags), (zip, index, flags))
HANDED_ON(zip_int64_t, __real_zip_file_add, __wrap_zip_file_add,
          (zip_t * zip, const char *name, zip_source_t *source, zip_flags_t flags),
          (zip, name, source, flags))
HANDED_ON(int, __real_zip_close, __wrap_zip_close, (zip_t * zip), (zip))

int __real_zip_stat_index(zip_t *, zip_uint64_t, zip_flags_t, zip_stat_t *);
int __wrap_zip_stat_index(zip_t *zip, zip_uint64_t index, zip_flags_t flags, zip_stat_t *out);
int __wrap_zip_stat_index(zip_t *zip, zip_uint64_t index, zip_flags_t flags, zip_stat_t *out) {
    const int refused = __real_zip_stat_index(zip, index, flags, out);
    if (!refused) __msan_unpoison(out, sizeof *out);
    return refused;
}

void __real_zip_stat_init(zip_stat_t *);
void __wrap_zip_stat_init(zip_stat_t *out);
void __wrap_zip_stat_init(zip_stat_t *out) {
    __real_zip_stat_init(out);
    __msan_unpoison(out, sizeof *out);
}

void __real_zip_error_init(zip_error_t *);
void __wrap_zip_error_init(zip_error_t *error);
void __wrap_zip_error_init(zip_error_t *error) {
    __real_zip_error_init(error);
    __msan_unpoison(error, sizeof *error);
}

XXH_errorcode __real_XXH3_128bits_update(XXH3_state_t *, const void *, size_t);
XXH_errorcode __wrap_XXH3_128bits_update(XXH3_state_t *state, const void *bytes, size_t size);
XXH_errorcode __wrap_XXH3_128bits_update(XXH3_state_t *state, const void *bytes, size_t size) {
    __msan_check_mem_is_initialized(bytes, size);
    return __real_XXH3_128bits_update(state, bytes, size);
}

void __real_XXH128_canonicalFromHash(XXH128_canonical_t *, XXH128_hash_t);
void __wrap_XXH128_canonicalFromHash(XXH128_canonical_t *out, XXH128_hash_t hash);
void __wrap_XXH128_canonicalFromHash(XXH128_canonical_t *out, XXH128_hash_t hash) {
    __real_XXH128_canonicalFromHash(out, hash);
    __msan_unpoison(out, sizeof *out);
}
