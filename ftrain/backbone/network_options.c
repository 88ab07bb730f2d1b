/* SPDX-License-Identifier: MIT */
/* The options of the network: their rows, their check, an early refusal where the machine lacks the
 * precision. */
#include "ftrain/backbone/network_options.h"

#include "core/cpu.h"
#include "ftrain/shell/message.h"

static const option_spec rows[] = {
    OPT_CHOICE("precision", 0, network_options, precision, "fp32|bf16|int8",
               "what the network computes in (default fp32); int8 is fastest, bf16 needs AVX512-BF16"),
    OPT_CHOICE("memory", 0, network_options, memory, "fast|low",
               "fast (default), or low: half the memory, a tenth to a sixth slower"),
    THREADS_OPTION(network_options, threads),
};

const option_table network_option_table = OPTION_TABLE(rows);

const char *precision_name(int precision) {
    static const char *const names[] = {
        [DN_PRECISION_FLOAT32] = "fp32", [DN_PRECISION_BFLOAT16] = "bf16", [DN_PRECISION_INT8] = "int8"};
    return names[precision];
}

outcome network_options_check(const network_options *options) {
    if (options->precision != DN_PRECISION_BFLOAT16) return OUTCOME_OK;
    dni_isa isa;
    dn_error error;
    dn_status status = dni_cpu_choose_isa(&isa, &error);
    if (!status) status = dni_cpu_require_bf16(isa, &error);
    if (!status) return OUTCOME_OK;
    message("--precision %s: %s", precision_name(options->precision), error.message);
    return OUTCOME_USAGE;
}

dn_model_options network_model_options(const network_options *options) {
    return (dn_model_options){.struct_size = sizeof(dn_model_options),
                              .threads = options->threads,
                              .precision = (dn_precision)options->precision,
                              .memory = (dn_memory)options->memory};
}
