/* SPDX-License-Identifier: MIT */
/* CPU features and the tier of kernels. */
#include "core/cpu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static void test_dn_isa_chooses_a_tier_or_says_why_not(void **state) {
    (void)state;
    dni_isa isa;
    dn_error error;
    unsetenv("DN_ISA");
    assert_int_equal(dni_cpu_choose_isa(&isa, NULL), DN_OK);
    assert_int_equal(isa, dni_cpu_isa());
    setenv("DN_ISA", "", 1);
    assert_int_equal(dni_cpu_choose_isa(&isa, NULL), DN_OK);
    assert_int_equal(isa, dni_cpu_isa());
    for (dni_isa tier = DNI_ISA_PORTABLE; tier < DNI_ISA_COUNT; tier++) {
        setenv("DN_ISA", dni_isa_name(tier), 1);
        const dn_status status = dni_cpu_choose_isa(&isa, &error);
        assert_int_equal(status, dni_cpu_has(tier) ? DN_OK : DN_ERR_UNSUPPORTED);
        if (!status) assert_int_equal(isa, tier);
        if (status) assert_non_null(strstr(error.message, dni_isa_name(dni_cpu_isa())));
    }
    setenv("DN_ISA", "mmx", 1);
    assert_int_equal(dni_cpu_choose_isa(&isa, &error), DN_ERR_ARGUMENT);
    assert_non_null(strstr(error.message, "DN_ISA=mmx: it is one of portable, neon, avx2, avx512"));
    unsetenv("DN_ISA");
}

static void test_a_cpu_has_the_tiers_of_its_architecture_up_to_its_best(void **state) {
    (void)state;
#if defined(__aarch64__)
    const dni_isa of_it[] = {DNI_ISA_PORTABLE, DNI_ISA_NEON};
    assert_int_equal(dni_cpu_isa(), DNI_ISA_NEON);
#elif defined(__x86_64__)
    const dni_isa of_it[] = {DNI_ISA_PORTABLE, DNI_ISA_AVX2, DNI_ISA_AVX512};
#else
    const dni_isa of_it[] = {DNI_ISA_PORTABLE};
#endif
    bool has[DNI_ISA_COUNT] = {false};
    for (size_t i = 0; i < sizeof of_it / sizeof *of_it; i++) has[of_it[i]] = of_it[i] <= dni_cpu_isa();
    for (dni_isa tier = DNI_ISA_PORTABLE; tier < DNI_ISA_COUNT; tier++)
        assert_int_equal(dni_cpu_has(tier), has[tier]);
}

static void test_bf16_is_refused_with_the_reason_where_the_tier_or_the_cpu_lacks_it(void **state) {
    (void)state;
    dn_error error;
    for (dni_isa tier = DNI_ISA_PORTABLE; tier < DNI_ISA_COUNT; tier++) {
        if (!dni_cpu_has(tier)) continue;
        const bool has = tier == DNI_ISA_AVX512 && dni_cpu_features() & DNI_CPU_AVX512_BF16;
        assert_int_equal(dni_cpu_require_bf16(tier, &error), has ? DN_OK : DN_ERR_UNSUPPORTED);
        if (has) continue;
        assert_non_null(strstr(error.message, "AVX512-BF16"));
        assert_non_null(strstr(error.message, dni_isa_name(tier)));
    }
}

static void test_features_come_with_their_tier_alone(void **state) {
    (void)state;
    static const struct {
        unsigned feature;
        dni_isa tier;
    } tiers[] = {{DNI_CPU_AVX512_BF16, DNI_ISA_AVX512},
                 {DNI_CPU_AVX512_VNNI, DNI_ISA_AVX512},
                 {DNI_CPU_AVX_VNNI, DNI_ISA_AVX2},
                 {DNI_CPU_DOTPROD, DNI_ISA_NEON}};
    unsigned known = 0;
    for (size_t i = 0; i < sizeof tiers / sizeof *tiers; i++) {
        if (dni_cpu_features() & tiers[i].feature) assert_true(dni_cpu_has(tiers[i].tier));
        known |= tiers[i].feature;
    }
    assert_int_equal(dni_cpu_features() & ~known, 0);
}

static void test_the_cpu_has_a_name_of_any_length(void **state) {
    (void)state;
    char name[64], tiny[4];
    dni_cpu_name(name, sizeof name);
    assert_true(strlen(name) > 0);
    dni_cpu_name(tiny, sizeof tiny);
    assert_int_equal(strncmp(tiny, name, 3), 0);
    assert_int_equal(tiny[3], 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dn_isa_chooses_a_tier_or_says_why_not),
        cmocka_unit_test(test_a_cpu_has_the_tiers_of_its_architecture_up_to_its_best),
        cmocka_unit_test(test_bf16_is_refused_with_the_reason_where_the_tier_or_the_cpu_lacks_it),
        cmocka_unit_test(test_features_come_with_their_tier_alone),
        cmocka_unit_test(test_the_cpu_has_a_name_of_any_length),
    };
    return cmocka_run_group_tests_name("cpu", tests, NULL, NULL);
}
