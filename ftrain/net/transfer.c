/* SPDX-License-Identifier: MIT */
/* Setting up libcurl and judging how a request ended. */
#include "ftrain/net/transfer.h"

#include "core/status.h"
#include "ftrain/shell/interrupt.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    MAX_REDIRECTS = 5,
    LARGEST_HEADER = 100 * 1024, /* libcurl's limit for a line of it */
    HTTP_OK = 200,
    HTTP_REDIRECTS = 300,
    HTTP_TIMEOUT = 408,
    HTTP_TOO_MANY = 429,
    HTTP_SERVER = 500
};

static int stop_when_interrupted(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d) {
    (void)context, (void)a, (void)b, (void)c, (void)d;
    return interrupted();
}

static bool configure(transfer *t, double connect, transfer_take *take, void *context) {
    char agent[64];
    snprintf(agent, sizeof agent, "ftrain/%s", dn_version());
    CURL *const c = t->curl;
    return !curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https") &&
           !curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, "http,https") &&
           !curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L) &&
           !curl_easy_setopt(c, CURLOPT_MAXREDIRS, (long)MAX_REDIRECTS) &&
           !curl_easy_setopt(c, CURLOPT_USERAGENT, agent) && !curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) &&
           !curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)(connect * 1000)) &&
           !curl_easy_setopt(c, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)t->max_bytes) &&
           !curl_easy_setopt(c, CURLOPT_ERRORBUFFER, t->detail) &&
           !curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take) &&
           !curl_easy_setopt(c, CURLOPT_WRITEDATA, context) &&
           !curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, stop_when_interrupted) &&
           !curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
}

bool transfer_open(transfer *t, double connect, size_t max_bytes, transfer_take *take, void *context) {
    t->curl = NULL;
    t->max_bytes = max_bytes;
    *t->detail = '\0';
    if (curl_global_init(CURL_GLOBAL_DEFAULT)) return false;
    t->curl = curl_easy_init();
    return t->curl && configure(t, connect, take, context);
}

void transfer_close(transfer *t) {
    curl_easy_cleanup(t->curl);
    curl_global_cleanup();
}

static fetch_result judge_status(CURL *curl, fetch_reason *reason) {
    long status = 0;
    curl_off_t wait = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &wait);
    if (status >= HTTP_OK && status < HTTP_REDIRECTS) return FETCH_DONE;
    snprintf(reason->text, sizeof reason->text, "the server answers with status %ld", status);
    reason->retry_after = (long)wait;
    const bool passing = status == HTTP_TIMEOUT || status == HTTP_TOO_MANY || status >= HTTP_SERVER;
    return passing ? FETCH_AGAIN : FETCH_REFUSED;
}

/* libcurl says CURLE_OUT_OF_MEMORY of a header that is too large, too; so memory is asked for, as much as
 * it may take. */
static bool memory_is_left(void) {
    void *probe = malloc(2 * LARGEST_HEADER);
    free(probe);
    return probe != NULL;
}

fetch_result transfer_too_large(const transfer *t, fetch_reason *reason) {
    snprintf(reason->text, sizeof reason->text, "more than %zu bytes", t->max_bytes);
    return FETCH_TOO_LARGE;
}

static fetch_result judge_failure(const transfer *t, CURLcode code, fetch_reason *reason) {
    snprintf(reason->text, sizeof reason->text, "%s", *t->detail ? t->detail : curl_easy_strerror(code));
    switch (code) {
    case CURLE_ABORTED_BY_CALLBACK:
        return FETCH_INTERRUPTED;
    case CURLE_OUT_OF_MEMORY:
        if (!memory_is_left()) return FETCH_NO_MEMORY;
        snprintf(reason->text, sizeof reason->text, "a header of the answer is larger than %d bytes",
                 LARGEST_HEADER);
        return FETCH_TOO_LARGE;
    case CURLE_FILESIZE_EXCEEDED:
        return transfer_too_large(t, reason);
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_TOO_MANY_REDIRECTS:
    case CURLE_PEER_FAILED_VERIFICATION:
        return FETCH_REFUSED;
    default:
        return FETCH_AGAIN;
    }
}

fetch_result transfer_perform(transfer *t, const char *url, fetch_reason *reason) {
    *reason = (fetch_reason){.retry_after = 0};
    *t->detail = '\0';
    if (curl_easy_setopt(t->curl, CURLOPT_URL, url)) return FETCH_NO_MEMORY;
    const CURLcode code = curl_easy_perform(t->curl);
    return code ? judge_failure(t, code, reason) : judge_status(t->curl, reason);
}
