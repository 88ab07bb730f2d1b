/* SPDX-License-Identifier: MIT */
/* What the sanitizer does that a test is compiled with. gcc tells which one it is by macros, clang by
 * __has_feature(). */
#ifndef TEST_SUPPORT_SANITIZER_H
#define TEST_SUPPORT_SANITIZER_H

#ifdef __has_feature
#define SANITIZER_HAS_FEATURE(name) __has_feature(name)
#else
#define SANITIZER_HAS_FEATURE(name) 0
#endif

/* Blocks that are freed stay for a while. */
#if defined(__SANITIZE_ADDRESS__) || SANITIZER_HAS_FEATURE(address_sanitizer)
#define SANITIZER_KEEPS_BLOCKS 1
#else
#define SANITIZER_KEEPS_BLOCKS 0
#endif

/* A child process cannot start threads where its parent has some: they are taken for the parent's. */
#if defined(__SANITIZE_THREAD__) || SANITIZER_HAS_FEATURE(thread_sanitizer)
#define SANITIZER_COUNTS_THREADS 1
#else
#define SANITIZER_COUNTS_THREADS 0
#endif

/* Beside each byte stand others that tell of it, and count as the process's. */
#if SANITIZER_COUNTS_THREADS || SANITIZER_HAS_FEATURE(memory_sanitizer)
#define SANITIZER_SHADOWS_MEMORY 1
#else
#define SANITIZER_SHADOWS_MEMORY 0
#endif

/* malloc() and its family are the sanitizer's own: a test cannot stand in front of them. */
#define SANITIZER_HAS_MALLOC (SANITIZER_KEEPS_BLOCKS || SANITIZER_SHADOWS_MEMORY)

#endif
