/* Fetching through libcurl. */
#include "ftrain/net/fetch.h"

#include "ftrain/shell/interrupt.h"
#include "core/status.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_REDIRECTS = 5,
    LARGEST_HEADER = 100 * 1024, /* libcurl's limit for a line of it */
    HTTP_OK = 200,
    HTTP_REDIRECTS = 300,
    HTTP_TIMEOUT = 408,
    HTTP_TOO_MANY = 429,
    HTTP_SERVER = 500
};

struct fetcher {
    CURL *curl;
    unsigned char *bytes;
    size_t size, capacity, max_bytes;
    bool too_large, no_memory;
    char detail[CURL_ERROR_SIZE];
};

/* Takes a piece of the body; anything but `count` ends the transfer. */
static size_t take(char *data, size_t one, size_t count, void *context) {
    (void)one; /* always 1 */
    fetcher *const f = context;
    if (count > f->max_bytes - f->size) {
        f->too_large = true;
        return 0;
    }
    if (f->size + count > f->capacity) {
        const size_t wanted = 2 * (f->size + count);
        unsigned char *larger = realloc(f->bytes, wanted);
        if (!larger) {
            f->no_memory = true;
            return 0;
        }
        f->bytes = larger;
        f->capacity = wanted;
    }
    memcpy(f->bytes + f->size, data, count);
    f->size += count;
    return count;
}

static int stop_when_interrupted(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d) {
    (void)context, (void)a, (void)b, (void)c, (void)d;
    return interrupted();
}

static bool configure(fetcher *f, double timeout) {
    char agent[64];
    snprintf(agent, sizeof agent, "ftrain/%s", dn_version());
    const long milliseconds = (long)(timeout * 1000);
    CURL *const c = f->curl;
    return !curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https") &&
           !curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, "http,https") &&
           !curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L) &&
           !curl_easy_setopt(c, CURLOPT_MAXREDIRS, (long)MAX_REDIRECTS) &&
           !curl_easy_setopt(c, CURLOPT_USERAGENT, agent) && !curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) &&
           !curl_easy_setopt(c, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)f->max_bytes) &&
           !curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, milliseconds) &&
           !curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, milliseconds) &&
           !curl_easy_setopt(c, CURLOPT_ERRORBUFFER, f->detail) &&
           !curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take) && !curl_easy_setopt(c, CURLOPT_WRITEDATA, f) &&
           !curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, stop_when_interrupted) &&
           !curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
}

fetcher *fetcher_create(double timeout, size_t max_bytes) {
    if (curl_global_init(CURL_GLOBAL_DEFAULT)) return NULL;
    fetcher *f = calloc(1, sizeof *f);
    if (f) {
        f->max_bytes = max_bytes;
        f->curl = curl_easy_init();
        if (f->curl && configure(f, timeout)) return f;
    }
    fetcher_free(f);
    return NULL;
}

void fetcher_free(fetcher *f) {
    if (f) {
        curl_easy_cleanup(f->curl);
        free(f->bytes);
        free(f);
    }
    curl_global_cleanup();
}

static fetch_result judge_status(fetcher *f, fetched *out) {
    long status = 0;
    curl_off_t wait = 0;
    curl_easy_getinfo(f->curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(f->curl, CURLINFO_RETRY_AFTER, &wait);
    if (status >= HTTP_OK && status < HTTP_REDIRECTS) return FETCH_DONE;
    snprintf(out->reason, sizeof out->reason, "the server answers with status %ld", status);
    out->retry_after = (long)wait;
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

static fetch_result judge_failure(const fetcher *f, CURLcode code, fetched *out) {
    snprintf(out->reason, sizeof out->reason, "%s", *f->detail ? f->detail : curl_easy_strerror(code));
    switch (code) {
    case CURLE_ABORTED_BY_CALLBACK:
        return FETCH_INTERRUPTED;
    case CURLE_OUT_OF_MEMORY:
        if (!memory_is_left()) return FETCH_NO_MEMORY;
        snprintf(out->reason, sizeof out->reason, "a header of the answer is larger than %d bytes",
                 LARGEST_HEADER);
        return FETCH_TOO_LARGE;
    case CURLE_FILESIZE_EXCEEDED:
        snprintf(out->reason, sizeof out->reason, "more than %zu bytes", f->max_bytes);
        return FETCH_TOO_LARGE;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_TOO_MANY_REDIRECTS:
    case CURLE_PEER_FAILED_VERIFICATION:
        return FETCH_REFUSED;
    default:
        return FETCH_AGAIN;
    }
}

fetch_result fetch(fetcher *f, const char *url, fetched *out) {
    *out = (fetched){.size = 0};
    f->size = 0;
    f->too_large = f->no_memory = false;
    *f->detail = '\0';
    if (curl_easy_setopt(f->curl, CURLOPT_URL, url)) return FETCH_NO_MEMORY;
    const CURLcode code = curl_easy_perform(f->curl);
    out->bytes = f->bytes;
    out->size = f->size;
    if (f->no_memory) return FETCH_NO_MEMORY;
    if (f->too_large) {
        snprintf(out->reason, sizeof out->reason, "more than %zu bytes", f->max_bytes);
        return FETCH_TOO_LARGE;
    }
    return code ? judge_failure(f, code, out) : judge_status(f, out);
}
