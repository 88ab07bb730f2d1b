/* SPDX-License-Identifier: MIT */
/* From the library's statuses to the program's outcomes. */
#include "ftrain/shell/outcome.h"

#include "core/error.h"
#include "ftrain/shell/message.h"

static outcome outcome_of(dn_status status, outcome not_found) {
    switch (status) {
    case DN_ERR_CANCELLED:
        return OUTCOME_INTERRUPTED;
    case DN_ERR_NOT_FOUND:
    case DN_ERR_FILE_KIND:
        return not_found;
    case DN_ERR_ARGUMENT:
        return OUTCOME_USAGE;
    case DN_ERR_UNSUPPORTED:
        return OUTCOME_MODEL;
    default:
        break;
    }
    if (status < 40) return OUTCOME_MACHINE;
    return status < 80 ? OUTCOME_MODEL : OUTCOME_DATA;
}

outcome report(const dn_error *error, outcome not_found) {
    message("%s", error->message);
    return outcome_of(error->status, not_found);
}

outcome report_no_memory(void) {
    message("out of memory");
    return OUTCOME_MACHINE;
}

outcome skip_input(const dn_error *error, bool strict, size_t *skipped) {
    if (dni_status_is_machine(error->status)) return report(error, OUTCOME_MACHINE);
    message(strict ? "%s" : "skipped: %s", error->message);
    if (strict) return OUTCOME_DATA;
    ++*skipped;
    return OUTCOME_OK;
}

outcome finish(size_t skipped) {
    return skipped ? OUTCOME_SKIPPED : OUTCOME_OK;
}
