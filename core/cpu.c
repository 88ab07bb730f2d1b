/* SPDX-License-Identifier: MIT */
/* CPU features through the compiler's built-ins, which also ask the OS (XGETBV) whether it saves the
 * registers. */
#include "core/cpu.h"

#include "core/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif

static const char *const names[] = {
    [DNI_ISA_PORTABLE] = "portable",
    [DNI_ISA_NEON] = "neon",
    [DNI_ISA_AVX2] = "avx2",
    [DNI_ISA_AVX512] = "avx512",
};

const char *dni_isa_name(dni_isa isa) {
    return names[isa];
}

#if defined(__x86_64__)
static bool has_avx2(void) {
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

static bool has_avx512(void) {
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
}
#endif

bool dni_cpu_has(dni_isa isa) {
#if defined(__aarch64__)
    if (isa == DNI_ISA_NEON) return true;
#elif defined(__x86_64__)
    if (isa == DNI_ISA_AVX2) return has_avx2();
    if (isa == DNI_ISA_AVX512) return has_avx512();
#endif
    return isa == DNI_ISA_PORTABLE;
}

dni_isa dni_cpu_isa(void) {
    dni_isa best = DNI_ISA_COUNT - 1;
    while (!dni_cpu_has(best)) best--;
    return best;
}

/* The names of all tiers or of those that this CPU has, separated by commas; at most `size` bytes. */
static const char *list_tiers(bool all, char *list, size_t size) {
    size_t length = 0;
    list[0] = '\0';
    for (dni_isa isa = DNI_ISA_PORTABLE; isa < DNI_ISA_COUNT && length < size; isa++)
        if (all || dni_cpu_has(isa))
            length += (size_t)snprintf(list + length, size - length, "%s%s", length ? ", " : "", names[isa]);
    return list;
}

dn_status dni_cpu_choose_isa(dni_isa *out, dn_error *error) {
    *out = dni_cpu_isa();
    const char *forced = getenv("DN_ISA");
    if (!forced || !*forced) return DN_OK;
    char tiers[64];
    for (dni_isa isa = DNI_ISA_PORTABLE; isa < DNI_ISA_COUNT; isa++) {
        if (strcmp(forced, names[isa]) != 0) continue;
        if (!dni_cpu_has(isa))
            return dni_fail(error, DN_ERR_UNSUPPORTED, "DN_ISA=%s, but this CPU has no more than %s", forced,
                            list_tiers(false, tiers, sizeof tiers));
        *out = isa;
        return DN_OK;
    }
    return dni_fail(error, DN_ERR_ARGUMENT, "DN_ISA=%s: it is one of %s", forced,
                    list_tiers(true, tiers, sizeof tiers));
}

#if defined(__x86_64__)
/* Not every compiler's __builtin_cpu_supports() knows its name. */
static bool has_avx_vnni(void) {
    unsigned a = 0, b = 0, c = 0, d = 0;
    return has_avx2() && __get_cpuid_count(7, 1, &a, &b, &c, &d) && a >> 4 & 1;
}
#endif

unsigned dni_cpu_features(void) {
    unsigned features = 0;
#if defined(__x86_64__)
    if (has_avx_vnni()) features |= DNI_CPU_AVX_VNNI;
    if (has_avx512() && __builtin_cpu_supports("avx512bf16")) features |= DNI_CPU_AVX512_BF16;
    if (has_avx512() && __builtin_cpu_supports("avx512vnni")) features |= DNI_CPU_AVX512_VNNI;
#elif defined(__aarch64__) && defined(__linux__)
    if (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) features |= DNI_CPU_DOTPROD;
#endif
    return features;
}

dn_status dni_cpu_require_bf16(dni_isa isa, dn_error *error) {
    if (dni_cpu_features() & DNI_CPU_AVX512_BF16 && isa == DNI_ISA_AVX512) return DN_OK;
    if (isa < dni_cpu_isa())
        return dni_fail(error, DN_ERR_UNSUPPORTED,
                        "bf16 needs AVX512-BF16, but DN_ISA=%s allows no more than %s", names[isa],
                        names[isa]);
    char cpu[64];
    dni_cpu_name(cpu, sizeof cpu);
    return dni_fail(error, DN_ERR_UNSUPPORTED,
                    "bf16 needs AVX512-BF16, but this CPU (%s) has no more than %s%s", cpu, names[isa],
                    isa == DNI_ISA_AVX512 ? " without it" : "");
}

void dni_cpu_name(char *name, size_t size) {
    if (size == 0) return;
    name[0] = '\0';
#if defined(__x86_64__)
    unsigned brand[12];
    if ((unsigned)__get_cpuid_max(0x80000000u, NULL) >= 0x80000004u) {
        for (unsigned leaf = 0; leaf < 3; leaf++) {
            unsigned *r = brand + 4 * leaf;
            __get_cpuid(0x80000002 + leaf, r, r + 1, r + 2, r + 3);
        }
        const char *text = (const char *)brand;
        size_t length = strnlen(text, sizeof brand);
        while (length && *text == ' ') text++, length--;
        while (length && text[length - 1] == ' ') length--;
        if (length >= size) length = size - 1;
        memcpy(name, text, length);
        name[length] = '\0';
    }
#endif
    if (!*name) strncat(name, "unknown", size - 1);
}
