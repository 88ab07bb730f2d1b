/* SPDX-License-Identifier: MIT */
/* Fetching into memory. */
#include "ftrain/net/fetch.h"

#include <stdlib.h>
#include <string.h>

struct fetcher {
    transfer transfer;
    unsigned char *bytes;
    size_t size, capacity;
    bool too_large, no_memory;
};

/* Takes a piece of the body; anything but `count` ends the transfer. */
static size_t take(char *data, size_t one, size_t count, void *context) {
    (void)one; /* always 1 */
    fetcher *const f = context;
    if (count > f->transfer.max_bytes - f->size) {
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

fetcher *fetcher_create(double timeout, size_t max_bytes) {
    fetcher *f = calloc(1, sizeof *f);
    if (!f) return NULL;
    if (transfer_open(&f->transfer, timeout, max_bytes, take, f) &&
        !curl_easy_setopt(f->transfer.curl, CURLOPT_TIMEOUT_MS, (long)(timeout * 1000)))
        return f;
    fetcher_free(f);
    return NULL;
}

void fetcher_free(fetcher *f) {
    if (!f) return;
    transfer_close(&f->transfer);
    free(f->bytes);
    free(f);
}

fetch_result fetch(fetcher *f, const char *url, fetched *out) {
    f->size = 0;
    f->too_large = f->no_memory = false;
    const fetch_result result = transfer_perform(&f->transfer, url, &out->reason);
    out->bytes = f->bytes;
    out->size = f->size;
    if (f->no_memory) return FETCH_NO_MEMORY;
    if (f->too_large) return transfer_too_large(&f->transfer, &out->reason);
    return result;
}
