/* SPDX-License-Identifier: MIT */
/* Status, error, version, allocator and executor: what every call of libdensenet shares.
 *
 * A call that can fail returns a dn_status and takes, last, a dn_error * that may be NULL. On failure the
 * error holds the same status and one sentence that names the file, tensor or option at fault and its value,
 * and every object the call would have created is left NULL. The library never prints, exits or aborts.
 *
 * Parameters that have the same meaning everywhere: `out` is where a call puts what it makes or reads;
 * what it makes is the caller's, who frees it with the _free of its type. `path` is the name of a file, as
 * the system takes it. `error` is said above; `options` and the objects that calls work on are told of
 * with their types.
 *
 * Pointers: options may be NULL and are then the defaults; what a header says may be NULL may be; for any
 * other one a call answers DN_ERR_ARGUMENT, with the parameter's name, where it is NULL. Calls without a
 * status then do nothing, or return NULL, 0, false or NaN. Arrays of no elements may be NULL.
 *
 * Threads: any calls may run at the same time unless one of them changes what another one uses. A call
 * changes only what it takes by a pointer that is not const; so objects that nobody changes, a model for
 * instance, are shared, and one that is changed, a session, a classifier, a trainer, belongs to one thread at
 * a time, whichever. Where a header says more, it says so.
 *
 * Cost: what returns no status, _free, _hash and the metrics aside, is a look into the object: it neither
 * allocates nor waits. Other calls allocate where their comments do not say otherwise. What takes longer than
 * its arguments' size tells says so, too. Callbacks are called on the thread that called the library, an
 * allocator's on any.
 *
 * What stays the same while the soname does: functions and their meaning, the values of enums, and all
 * structs but the options, which may get new members at their end. These begin with `size_t struct_size`, the
 * size that they have where the caller is compiled: dn_..._options_default() sets it, or, for who cannot call
 * an inline function, dn_..._options_init(&options, sizeof options), or the caller himself. A call takes so
 * many bytes and has the defaults for the rest. DN_ERR_ARGUMENT for a size that no version had,
 * DN_ERR_UNSUPPORTED where a program that was compiled for a newer library sets what this one lacks.
 * dn_classifier_info is such a struct, too. docs/library.md says more. */
#ifndef DN_CORE_STATUS_H
#define DN_CORE_STATUS_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define DN_API __attribute__((visibility("default")))
#else
#define DN_API
#endif

/* Marks the type dn_status, so that a compiler warns wherever the status of a call is dropped. */
#if defined(__clang__)
#define DN_MUST_CHECK __attribute__((warn_unused_result))
#define DN_EXTENSION
#elif defined(__GNUC__) && __GNUC__ >= 10 && (!defined(__cplusplus) || __cplusplus >= 201103L)
#define DN_MUST_CHECK [[nodiscard]]
#define DN_EXTENSION  __extension__ /* no -Wpedantic warning about an attribute that is newer than C11 */
#else
#define DN_MUST_CHECK
#define DN_EXTENSION
#endif

/* The version of these headers in its three parts. */
#define DN_VERSION_MAJOR 0
/* See DN_VERSION_MAJOR. */
#define DN_VERSION_MINOR 2
/* See DN_VERSION_MAJOR. */
#define DN_VERSION_PATCH 0

/* The version of these headers as one number that grows from version to version: 1.2.3 is 10203. */
#define DN_VERSION_NUMBER (DN_VERSION_MAJOR * 10000 + DN_VERSION_MINOR * 100 + DN_VERSION_PATCH)

/* The version of the library that runs, as "major.minor.patch". Static. */
DN_API const char *dn_version(void);
/* The same as one number, as DN_VERSION_NUMBER is: a program that compares the two finds out whether it runs
 * with the library that it was compiled for. */
DN_API int dn_version_number(void);

/* How a call went. Values are stable: new ones are added inside their group, none is ever reused. */
DN_EXTENSION typedef enum DN_MUST_CHECK dn_status {
    DN_OK = 0, /* all is done */

    /* the call (10-19) */
    DN_ERR_ARGUMENT = 10,    /* an argument or option is out of range */
    DN_ERR_UNSUPPORTED = 11, /* valid, but not offered here: the message says what is missing */
    DN_ERR_CANCELLED = 12,   /* a callback asked to stop */

    /* the machine (20-39) */
    DN_ERR_MEMORY = 20,     /* an allocation failed */
    DN_ERR_IO = 21,         /* the system refused a read or a write */
    DN_ERR_NOT_FOUND = 22,  /* no such file or folder */
    DN_ERR_PERMISSION = 23, /* the system denies access */
    DN_ERR_NO_SPACE = 24,   /* the disk is full; what was there before is intact */
    DN_ERR_THREADS = 25,    /* worker threads cannot be started */
    DN_ERR_FILE_KIND = 26,  /* a folder, pipe, socket or device where a file is needed */

    /* weight, model and feature files (40-59) */
    DN_ERR_FORMAT = 40,    /* not a format that is known here */
    DN_ERR_CORRUPT = 41,   /* a known format, broken inside */
    DN_ERR_TRUNCATED = 42, /* ends too early */
    DN_ERR_UNSAFE = 43,    /* would need to execute code from the file */
    DN_ERR_MISMATCH = 44,  /* sound, but it belongs to something else: another backbone, another hash */
    DN_ERR_OVERFLOW = 45,  /* sound, but its numbers are so large that a result is infinite or NaN */

    /* tensors in them (60-79) */
    DN_ERR_TENSOR_MISSING = 60,    /* the network has a tensor that the file has not */
    DN_ERR_TENSOR_SHAPE = 61,      /* it has other dimensions than the network's */
    DN_ERR_TENSOR_DTYPE = 62,      /* its numbers are of a kind that is not read */
    DN_ERR_TENSOR_UNEXPECTED = 63, /* the file has one that does not belong there */

    /* pictures (80-99) */
    DN_ERR_IMAGE_EMPTY = 80,       /* a file of no bytes */
    DN_ERR_IMAGE_UNSUPPORTED = 81, /* no decoder for it here */
    DN_ERR_IMAGE_CORRUPT = 82,     /* broken inside */
    DN_ERR_IMAGE_TRUNCATED = 83,   /* ends too early */
    DN_ERR_IMAGE_TOO_LARGE = 84,   /* above the pixel limit; refused before any allocation */

    /* data sets and training (100-119) */
    DN_ERR_DATA_EMPTY = 100,    /* no pictures, or none left, where some are needed */
    DN_ERR_DATA_CLASSES = 101,  /* fewer than two classes, or splits that disagree on them */
    DN_ERR_DATA_DIVERGED = 102, /* the training loss is no longer finite */
} dn_status;

/* The name of a status, as written above; "DN_ERR_?" for a value that is none. */
DN_API const char *dn_status_name(dn_status status);

/* Why a call has failed. The caller owns it; a call only writes to it when it fails. */
typedef struct dn_error {
    dn_status status;   /* what the call has returned */
    char message[1024]; /* one sentence, always terminated */
} dn_error;

/* Where the large blocks come from: weights as loaded and as prepared, session arenas, files written to
 * memory. Both functions must be safe to call from any thread. */
typedef struct dn_allocator {
    void *(*allocate)(void *context, size_t size); /* `size` bytes, aligned to 64, or NULL: there are none */
    void (*release)(void *context, void *memory, size_t size); /* gets the size that was asked for */
    void *context;                                             /* handed to both */
} dn_allocator;

/* Whose threads do the work: with an executor of the caller's, over his own pool for instance, a call or an
 * object starts no thread. Results have the same bits as on the library's own threads.
 *
 * What the context points to outlives whatever was given the executor. */
typedef struct dn_executor {
    /* Into how many parts most loops are cut, so about as many as run at a time, 1 to 1024; memory grows with
     * it. With 1 run() is not called. */
    int threads;
    /* Calls task(task_context, i) exactly once for every i in [0, count), in any order, on any threads and as
     * many of them at a time as it likes, the calling thread among them or alone, and returns when all calls
     * have returned; what they wrote the calling thread then sees. It must not fail. It is called a few
     * hundred times in a forward pass, never twice at a time for one object, and never from inside a task. */
    void (*run)(void *context, void (*task)(void *task_context, size_t index), void *task_context,
                size_t count);
    void *context; /* handed to run() */
} dn_executor;

#ifdef __cplusplus
}
#endif

#endif
