/* SPDX-License-Identifier: MIT */
/* What ftrain serve answers under its addresses. */
#ifndef FTRAIN_SERVE_SITE_H
#define FTRAIN_SERVE_SITE_H

#include "ftrain/features/class_sets.h"
#include "ftrain/serve/pipeline.h"
#include "ftrain/server/server.h"

typedef struct site {
    const char *model; /* its file */
    const char *precision;
    size_t max_body;
    pipeline *pipeline;
    const class_sets *sets; /* without thresholds: no sets are told */
} site;

/* Handlers; their context is a site. */
void answer_predict(void *context, const request *in, response *out);
void answer_explain(void *context, const request *in, response *out);
void answer_model(void *context, const request *in, response *out);
void answer_health(void *context, const request *in, response *out);
void answer_metrics(void *context, const request *in, response *out);
void answer_page(void *context, const request *in, response *out);
void answer_script(void *context, const request *in, response *out);
void answer_style(void *context, const request *in, response *out);

#endif
