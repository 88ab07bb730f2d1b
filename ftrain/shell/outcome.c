/* From the library's statuses to the program's outcomes. */
#include "ftrain/shell/outcome.h"

#include "ftrain/shell/message.h"

static outcome outcome_of(dn_status status, outcome not_found) {
    switch (status) {
    case DN_ERR_CANCELLED:
        return OUTCOME_INTERRUPTED;
    case DN_ERR_NOT_FOUND:
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
