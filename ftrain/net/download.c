/* SPDX-License-Identifier: MIT */
/* Downloading with HTTP's ranges (RFC 9110, section 14). A file that changed at the server between two
 * requests is told by its ETag (If-Range, section 13.1.5) or by its size, and fetched from its start. */
#include "ftrain/net/download.h"

#include "core/number.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/progress.h"
#include "io/entry.h"
#include "io/retry.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HTTP_OK = 200, HTTP_PARTIAL = 206, HTTP_REDIRECTS = 300, HTTP_RANGE = 416, MEGABYTE = 1000000 };

typedef struct job {
    const download_options *options;
    transfer transfer;
    int part;
    uint64_t size, total; /* bytes in the part; of the whole file, 0: unknown */
    char etag[200];       /* of the file that is under way; "": it has none */

    /* of one request */
    bool begun;   /* the first bytes of the body have been looked at */
    bool ignored; /* the body is that of an error */
    bool is_page, is_too_large, is_other;
    int failure; /* errno of the part */

    bool is_cut_off, is_resumed;
} job;

/* ---- the part ---- */

static outcome complain(const job *j, int number) {
    message("%s: cannot be written: %s; what has come is kept, and the same command goes on from there",
            j->options->part, strerror(number));
    return OUTCOME_MACHINE;
}

/* As dni_entry_is_open(), of a regular file alone. */
static int is_named(int descriptor, const char *path) {
    struct stat file;
    if (fstat(descriptor, &file) != 0) return -1;
    return S_ISREG(file.st_mode) ? dni_entry_is_open(path, descriptor) : 0;
}

static outcome refuse_part(const char *path) {
    message("%s: cannot be opened: %s", path, strerror(errno));
    return OUTCOME_MACHINE;
}

/* Only one process fills a part. */
static outcome open_part(job *j) {
    const char *const path = j->options->part;
    j->part = dni_open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);
    if (j->part < 0) return refuse_part(path);
    const bool is_taken = flock(j->part, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    const int named = is_named(j->part, path);
    if (named < 0) return refuse_part(path);
    if (is_taken || !named) {
        message("%s: another download seems to fill this file", path);
        return OUTCOME_MACHINE;
    }
    const off_t size = j->options->resume ? lseek(j->part, 0, SEEK_END) : 0;
    if (size < 0 || dni_cut(j->part, (uint64_t)size) != 0) return complain(j, errno);
    j->size = (uint64_t)size;
    j->is_resumed = size > 0;
    return OUTCOME_OK;
}

static bool start_over(job *j) {
    j->size = j->total = 0;
    j->is_resumed = false;
    if (dni_cut(j->part, 0) == 0) return true;
    j->failure = errno;
    return false;
}

/* ---- an answer ---- */

/* A header of the last answer; "": there is none. */
static const char *header(const job *j, const char *name) {
    struct curl_header *found;
    return curl_easy_header(j->transfer.curl, name, 0, CURLH_HEADER, -1, &found) == CURLHE_OK ? found->value
                                                                                              : "";
}

static long status_of(const job *j) {
    long status = 0;
    curl_easy_getinfo(j->transfer.curl, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

/* What stands behind `word`, with which `text` begins; NULL: it does not, or there is no text. */
static const char *behind(const char *text, const char *word) {
    const size_t length = strlen(word);
    return text && strncmp(text, word, length) == 0 ? text + length : NULL;
}

/* The number behind the word, and what stands behind both; NULL likewise, or where no number fits. */
static const char *number_behind(const char *text, const char *word, uint64_t *out) {
    const char *const at = behind(text, word);
    return at ? dni_number_at(at, out) : NULL;
}

/* "bytes 100-199/200"; false where it does not go on from the part's end, or is of a file of another size. */
static bool goes_on(job *j) {
    uint64_t first, last, total = 0;
    const char *const range = number_behind(header(j, "Content-Range"), "bytes ", &first);
    const char *const end = number_behind(range, "-", &last);
    if (!end) return false;
    number_behind(end, "/", &total); /* or "*" */
    if (first != j->size || (j->total && total && total != j->total)) return false;
    j->total = total;
    return true;
}

/* A web page in the place of the file, as login pages and gateways send it. */
static bool is_html(const job *j, const char *data, size_t size) {
    if (strncasecmp(header(j, "Content-Type"), "text/html", 9) == 0) return true;
    while (size && strchr(" \t\r\n", *data) && *data) data++, size--;
    return (size >= 14 && strncasecmp(data, "<!doctype html", 14) == 0) ||
           (size >= 5 && strncasecmp(data, "<html", 5) == 0);
}

/* Looks at an answer when its first bytes are there; false: they are not to be taken. */
static bool begin(job *j, const char *data, size_t size) {
    const long status = status_of(j);
    j->begun = true;
    j->ignored = status < HTTP_OK || status >= HTTP_REDIRECTS;
    if (j->ignored) return true;
    j->is_page = is_html(j, data, size);
    if (j->is_page) return false;
    if (status == HTTP_PARTIAL) {
        j->is_other = !goes_on(j);
        if (j->is_other) return false;
    } else {
        curl_off_t length = -1;
        if (!start_over(j)) return false;
        curl_easy_getinfo(j->transfer.curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
        j->total = length > 0 ? (uint64_t)length : 0;
    }
    const char *const etag = header(j, "ETag");
    *j->etag = '\0';
    /* weak ones do not promise the same bytes */
    if (*etag == '"' && strlen(etag) < sizeof j->etag) memcpy(j->etag, etag, strlen(etag) + 1);
    if (j->total) progress_start("megabytes", (size_t)(j->total / MEGABYTE), j->options->quiet);
    return true;
}

static size_t take(char *data, size_t one, size_t count, void *context) {
    (void)one; /* always 1 */
    job *const j = context;
    if (!j->begun && count && !begin(j, data, count)) return 0;
    if (j->ignored) return count;
    if (count > j->options->max_bytes - j->size) {
        j->is_too_large = true;
        return 0;
    }
    for (size_t done = 0; done < count;) {
        const ssize_t written = pwrite(j->part, data + done, count - done, (off_t)j->size);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) {
            j->failure = errno;
            return 0;
        }
        done += (size_t)written;
        j->size += (size_t)written;
    }
    if (j->total) progress_step((size_t)(j->size / MEGABYTE));
    return count;
}

/* ---- requests ---- */

/* The rest of the file, if it is still the same one. *list is to be freed. */
static bool ask_for_rest(job *j, struct curl_slist **list) {
    char range[32], condition[sizeof j->etag + 16];
    CURL *const c = j->transfer.curl;
    snprintf(range, sizeof range, "%" PRIu64 "-", j->size);
    snprintf(condition, sizeof condition, "If-Range: %s", j->etag);
    *list = j->size && *j->etag ? curl_slist_append(NULL, condition) : NULL;
    return (*list || !j->size || !*j->etag) && !curl_easy_setopt(c, CURLOPT_HTTPHEADER, *list) &&
           !curl_easy_setopt(c, CURLOPT_RANGE, j->size ? range : NULL);
}

static fetch_result refuse(fetch_reason *reason, fetch_result result, const char *text) {
    snprintf(reason->text, sizeof reason->text, "%s", text);
    return result;
}

/* The server has nothing behind the part's end: it is whole, or it was never the beginning of that file. */
static fetch_result judge_range(job *j, fetch_reason *reason) {
    uint64_t total = 0;
    if (number_behind(header(j, "Content-Range"), "bytes */", &total) && total == j->size) return FETCH_DONE;
    start_over(j);
    return refuse(reason, FETCH_AGAIN, "what was kept is no beginning of the file");
}

static fetch_result request(job *j, fetch_reason *reason) {
    struct curl_slist *list = NULL;
    j->begun = j->ignored = j->is_page = j->is_too_large = j->is_other = false;
    const bool is_rest = j->size > 0;
    const fetch_result result =
        ask_for_rest(j, &list) ? transfer_perform(&j->transfer, j->options->url, reason) : FETCH_NO_MEMORY;
    curl_easy_setopt(j->transfer.curl, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(list);
    progress_end();
    if (j->is_page) return refuse(reason, FETCH_REFUSED, "a page of HTML comes instead of a file");
    if (j->is_too_large) return transfer_too_large(&j->transfer, reason);
    if (j->is_other) {
        start_over(j);
        return refuse(reason, FETCH_AGAIN, "the file has changed at the server");
    }
    if (is_rest && result == FETCH_REFUSED && status_of(j) == HTTP_RANGE) return judge_range(j, reason);
    if (result == FETCH_DONE && !j->begun) return refuse(reason, FETCH_REFUSED, "the answer is empty");
    return result;
}

static outcome request_patiently(job *j, retry_policy *policy) {
    outcome code = OUTCOME_OK;
    for (int attempt = 0; !code; attempt++) {
        fetch_reason reason;
        const fetch_result result = request(j, &reason);
        if (j->failure) return complain(j, j->failure);
        if (result == FETCH_DONE) return OUTCOME_OK;
        if (result == FETCH_INTERRUPTED) return OUTCOME_INTERRUPTED;
        if (result == FETCH_NO_MEMORY) return report_no_memory();
        if (result != FETCH_AGAIN) {
            message("%s: %s", j->options->shown, reason.text);
            return OUTCOME_MODEL;
        }
        code = retry_wait(policy, attempt, j->options->shown, &reason);
        j->is_cut_off = code == OUTCOME_MACHINE;
    }
    return code;
}

outcome download(const download_options *options, retry_policy *policy, download_end *end) {
    job j = {.options = options, .part = -1};
    outcome code = open_part(&j);
    if (!code) {
        const bool is_open =
            transfer_open(&j.transfer, options->timeout, options->max_bytes, take, &j) &&
            !curl_easy_setopt(j.transfer.curl, CURLOPT_LOW_SPEED_LIMIT, 1L) &&
            !curl_easy_setopt(j.transfer.curl, CURLOPT_LOW_SPEED_TIME, (long)(options->timeout + 0.999));
        code = is_open ? request_patiently(&j, policy) : report_no_memory();
        transfer_close(&j.transfer);
        /* nothing worth keeping came */
        if (code && !j.size && is_named(j.part, options->part) > 0) unlink(options->part);
    }
    *end = (download_end){.descriptor = j.part, .is_cut_off = j.is_cut_off, .is_resumed = j.is_resumed};
    return code;
}
