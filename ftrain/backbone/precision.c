/* --precision: its names, and an early refusal where the machine lacks it. */
#include "ftrain/backbone/precision.h"

#include "ftrain/shell/message.h"
#include "ftrain/shell/outcome.h"
#include "core/cpu.h"

const char *precision_name(int precision) {
    return precision == DN_PRECISION_BFLOAT16 ? "bf16" : "fp32";
}

outcome precision_check(int precision) {
    if (precision == DN_PRECISION_FLOAT32) return OUTCOME_OK;
    dni_isa isa;
    dn_error error;
    dn_status status = dni_cpu_choose_isa(&isa, &error);
    if (!status) status = dni_cpu_require_bf16(isa, &error);
    if (!status) return OUTCOME_OK;
    message("--precision %s: %s", precision_name(precision), error.message);
    return OUTCOME_USAGE;
}
