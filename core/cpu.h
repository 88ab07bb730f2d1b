/* SPDX-License-Identifier: MIT */
/* Which instruction sets the CPU and the operating system support, and which tier of kernels can therefore
 * run. */
#ifndef DN_CORE_CPU_H
#define DN_CORE_CPU_H

#include "core/status.h"

#include <stdbool.h>

/* Tiers, in each architecture lowest first: a CPU that has one has all of its architecture before it. */
typedef enum dni_isa {
    DNI_ISA_PORTABLE, /* plain C, the compiler's baseline */
    DNI_ISA_NEON,     /* AArch64's vectors of 128 bits, which each of its CPUs has */
    DNI_ISA_AVX2,     /* x86-64's AVX2 and FMA */
    DNI_ISA_AVX512,   /* AVX-512 F, VL, DQ, BW */
    DNI_ISA_COUNT,
} dni_isa;

/* "portable", "neon", "avx2", "avx512". */
const char *dni_isa_name(dni_isa isa);

/* Whether this CPU has the tier, and the operating system saves its registers. */
bool dni_cpu_has(dni_isa isa);

/* The best tier of this CPU. */
dni_isa dni_cpu_isa(void);

/* The tier to use: the best one, or the one that the environment variable DN_ISA names. DN_ERR_ARGUMENT when
 * that is not the name of a tier, DN_ERR_UNSUPPORTED when the CPU does not have it. */
dn_status dni_cpu_choose_isa(dni_isa *out, dn_error *error);

/* What some CPUs of a tier have and others do not: bits of a set. */
enum {
    DNI_CPU_AVX512_BF16 = 1, /* of the tier avx512: products of bfloat16 numbers */
    DNI_CPU_AVX512_VNNI = 2, /* of the tier avx512: products of bytes, summed in 32 bits */
    DNI_CPU_AVX_VNNI = 4,    /* of the tier avx2: the same in 256 bits */
    DNI_CPU_DOTPROD = 8,     /* of the tier neon: the same in 128 bits */
};

/* The set of those that this CPU has, and whose tier it has. */
unsigned dni_cpu_features(void);

/* DN_ERR_UNSUPPORTED with the reason where bfloat16 kernels cannot run: on a lower tier than avx512, or on a
 * CPU without AVX512-BF16. */
dn_status dni_cpu_require_bf16(dni_isa isa, dn_error *error);

/* Writes the CPU's brand string, or "unknown", into name: at most `size` bytes, terminated. */
void dni_cpu_name(char *name, size_t size);

#endif
