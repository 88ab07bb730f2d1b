/* SPDX-License-Identifier: MIT */
/* What analyzers are told that read one file at a time: `make tidy` and `make analyze` include this before
 * each source. A call that reports a failure gives a failure; without that they follow a way on which memory
 * is missing and all is well. */
#ifndef TEST_HOUSE_ANALYSIS_H
#define TEST_HOUSE_ANALYSIS_H

#include "core/error.h"

static inline dn_status analysis_failed(dn_status status) {
    if (status == DN_OK) __builtin_unreachable();
    return status;
}

#define dni_fail(...)       analysis_failed(dni_fail(__VA_ARGS__))
#define dni_fail_errno(...) analysis_failed(dni_fail_errno(__VA_ARGS__))
#define dni_no_memory(...)  analysis_failed(dni_no_memory(__VA_ARGS__))
#define dni_no_thread(...)  analysis_failed(dni_no_thread(__VA_ARGS__))

/* The program's ways to do the same. */
#if defined(ANALYSIS_OF_PROGRAM)
#include "ftrain/shell/outcome.h"

static inline outcome analysis_ended(outcome code) {
    if (code == OUTCOME_OK) __builtin_unreachable();
    return code;
}

#define report(...)        analysis_ended(report(__VA_ARGS__))
#define report_no_memory() analysis_ended(report_no_memory())
#endif

#endif
