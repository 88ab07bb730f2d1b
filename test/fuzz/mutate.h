/* SPDX-License-Identifier: MIT */
/* libFuzzer's interface for mutators of one's own, which know the form of a door's inputs: mutate_*.c. */
#ifndef TEST_FUZZ_MUTATE_H
#define TEST_FUZZ_MUTATE_H

#include <stddef.h>
#include <stdint.h>

/* libFuzzer's: changes the `size` bytes somehow, to at most `capacity` of them; returns how many these are.
 * */
size_t LLVMFuzzerMutate(uint8_t *bytes, size_t size, size_t capacity);
/* Ours, in the place of that. */
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t capacity, unsigned seed);

#endif
