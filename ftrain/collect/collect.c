/* ftrain collect: pictures from a web address, politely. */
#include "core/rng.h"
#include "ftrain/collect/fetch.h"
#include "ftrain/collect/folder.h"
#include "ftrain/shell/commands.h"
#include "ftrain/shell/interrupt.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/options.h"
#include "ftrain/shell/outcome.h"
#include "ftrain/shell/output.h"
#include "ftrain/shell/progress.h"
#include "io/image.h"
#include "io/json.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

/* Seconds: the longest wait of our own, the longest a server may ask for, between looks at the interrupt flag. */
static const double longest_backoff = 60, longest_asked = 600, slice = 0.1;

typedef struct collection {
    const char *url, *output;
    int count, retries, give_up, max_bytes, start;
    float delay, backoff, timeout;
    bool json, quiet;

    fetcher *fetcher;
    collect_folder folder;
    dni_rng jitter;
    long page;        /* replaces {n} in the next request */
    int requests;     /* so far: none is made without the delay before it, but the first */
    int unsuccessful; /* in a row */
    size_t skipped, duplicates;
} collection;

/* ---- waiting ---- */

static outcome wait_seconds(double seconds) {
    while (seconds > 0 && !interrupted()) {
        const double turn = seconds < slice ? seconds : slice;
        nanosleep(&(struct timespec){.tv_nsec = (long)(turn * 1e9)}, NULL);
        seconds -= turn;
    }
    return interrupted() ? OUTCOME_INTERRUPTED : OUTCOME_OK;
}

/* Doubled with every try, and by chance up to halved, so that many who failed together do not come back
 * together; never less than the server asks for, nor than the usual delay. */
static outcome wait_for_retry(collection *work, int attempt, const fetched *answer) {
    double seconds = (double)work->backoff;
    for (int i = 0; i < attempt && seconds < longest_backoff; i++) seconds *= 2;
    if (seconds > longest_backoff) seconds = longest_backoff;
    seconds *= 0.5 + 0.5 * (double)dni_rng_uniform(&work->jitter);
    if (seconds < (double)answer->retry_after) seconds = (double)answer->retry_after;
    if (seconds < (double)work->delay) seconds = (double)work->delay;
    message("%s; trying again in %.1f s (%d of %d)", answer->reason, seconds, attempt + 1, work->retries);
    return wait_seconds(seconds);
}

/* ---- one picture ---- */

static char *page_url(const collection *work) {
    const char *place = strstr(work->url, "{n}");
    if (!place) return strdup(work->url);
    const size_t room = strlen(work->url) + 24;
    char *url = malloc(room);
    if (url) snprintf(url, room, "%.*s%ld%s", (int)(place - work->url), work->url, work->page, place + 3);
    return url;
}

/* OUTCOME_OK with *result set, or another outcome. */
static outcome fetch_patiently(collection *work, const char *url, fetched *answer, fetch_result *result) {
    outcome code = work->requests++ ? wait_seconds((double)work->delay) : OUTCOME_OK;
    for (int attempt = 0; !code; attempt++) {
        *result = fetch(work->fetcher, url, answer);
        if (*result == FETCH_INTERRUPTED) return OUTCOME_INTERRUPTED;
        if (*result == FETCH_NO_MEMORY) return report_no_memory();
        if (*result != FETCH_AGAIN) return OUTCOME_OK;
        if (attempt == work->retries || (double)answer->retry_after > longest_asked) {
            message("%s: %s", url, answer->reason);
            if (answer->retry_after)
                message("the server asks to wait for %ld s; run the command again then", answer->retry_after);
            return OUTCOME_MACHINE;
        }
        code = wait_for_retry(work, attempt, answer);
    }
    return code;
}

static bool print_added(const collection *work, const fetched *answer, const char *url) {
    if (!work->json) {
        printf("%s/%s\t%s\n", work->folder.path, work->folder.last, url);
        fflush(stdout);
        return true;
    }
    return print_json(json_pack("{s:o, s:o, s:I}", "file", dni_json_text(work->folder.last), "url",
                                dni_json_text(url), "bytes", (json_int_t)answer->size));
}

static outcome skip(collection *work, const char *reason) {
    message("skipped: %s", reason);
    work->skipped++;
    work->unsuccessful++;
    return OUTCOME_OK;
}

static outcome keep(collection *work, const fetched *answer, const char *url) {
    dn_image image;
    dn_error error;
    if (dn_image_decode(&image, answer->bytes, answer->size, url, &error)) return skip(work, error.message);
    dn_image_free(&image);
    const dni_key key = dni_key_of_bytes(answer->bytes, answer->size);
    if (collect_folder_has(&work->folder, &key)) {
        work->duplicates++;
        work->unsuccessful++;
        return OUTCOME_OK;
    }
    const outcome code = collect_folder_add(&work->folder, answer->bytes, answer->size, &key, url);
    if (code) return code;
    work->unsuccessful = 0;
    progress_step(work->folder.count);
    return print_added(work, answer, url) ? OUTCOME_OK : OUTCOME_MACHINE;
}

static outcome collect_one(collection *work) {
    fetched answer;
    fetch_result result;
    char *url = page_url(work);
    if (!url) return report_no_memory();
    outcome code = fetch_patiently(work, url, &answer, &result);
    if (!code && result == FETCH_DONE) {
        code = keep(work, &answer, url);
    } else if (!code) {
        char reason[600];
        snprintf(reason, sizeof reason, "%.250s: %s", url, answer.reason);
        code = skip(work, reason);
        /* the same address would be refused again; another page may be there */
        if (result == FETCH_REFUSED && !strstr(work->url, "{n}")) code = OUTCOME_DATA;
    }
    work->page++;
    free(url);
    return code;
}

/* ---- the command ---- */

static outcome check(const collection *work) {
    if (!work->output || !work->count) {
        message("collect: %s is missing", work->output ? "-n COUNT" : "-o DIR: the folder to fill");
        return OUTCOME_USAGE;
    }
    if (strncasecmp(work->url, "http://", 7) == 0 || strncasecmp(work->url, "https://", 8) == 0)
        return OUTCOME_OK;
    message("'%s' is not an address that begins with http:// or https://", work->url);
    return OUTCOME_USAGE;
}

static outcome collect_all(collection *work) {
    outcome code = OUTCOME_OK;
    while (!code && work->folder.count < (size_t)work->count) {
        code = interrupted() ? OUTCOME_INTERRUPTED : collect_one(work);
        if (!code && work->unsuccessful >= work->give_up) {
            message("%d answers in a row gave nothing new: giving up", work->unsuccessful);
            code = OUTCOME_DATA;
        }
    }
    return code;
}

static outcome collect(collection *work) {
    outcome code = check(work);
    if (code) return code;
    interrupts_wait(true);
    code = collect_folder_open(&work->folder, work->output, work->url);
    if (!code) {
        work->page = work->folder.last_page >= work->start ? work->folder.last_page + 1 : work->start;
        work->jitter = dni_rng_named((uint64_t)time(NULL) ^ (uint64_t)getpid() << 32, "jitter");
        work->fetcher = fetcher_create((double)work->timeout, (size_t)work->max_bytes);
        progress_start("pictures", (size_t)work->count, work->quiet);
        progress_step(work->folder.count);
        code = work->fetcher ? collect_all(work) : report_no_memory();
        progress_end();
        if (work->fetcher) fetcher_free(work->fetcher);
        if (code == OUTCOME_INTERRUPTED) message("interrupted; run the command again to go on");
        message("%s holds %zu pictures; %zu duplicates dropped, %zu answers skipped", work->output,
                work->folder.count, work->duplicates, work->skipped);
    }
    collect_folder_close(&work->folder);
    if (code) return code;
    return work->skipped ? OUTCOME_SKIPPED : OUTCOME_OK;
}

static outcome run(const command *self, int argc, char **argv) {
    collection work = {.retries = 5,
                       .give_up = 20,
                       .max_bytes = 20000000,
                       .start = 1,
                       .delay = 1,
                       .backoff = 1,
                       .timeout = 30,
                       .folder = {.manifest = -1}};
    const option_spec specs[] = {
        {"output", 'o', OPTION_TEXT, &work.output, 0, 0, "DIR", "the folder to fill, or to fill further"},
        {"count", 'n', OPTION_INT, &work.count, 1, 1e8, "N", "pictures that DIR is to hold in the end"},
        {"delay", 0, OPTION_FLOAT, &work.delay, 0, 3600, "S", "seconds between two requests (default 1)"},
        {"retries", 0, OPTION_INT, &work.retries, 0, 100, "N", "tries more when a request fails (default 5)"},
        {"backoff", 0, OPTION_FLOAT, &work.backoff, 0, 60, "S",
         "wait before the first of them, then doubled (default 1)"},
        {"timeout", 0, OPTION_FLOAT, &work.timeout, 0.1, 3600, "S", "of one request, seconds (default 30)"},
        {"max-bytes", 0, OPTION_INT, &work.max_bytes, 1, INT_MAX, "N", "of one picture (default 20000000)"},
        {"give-up", 0, OPTION_INT, &work.give_up, 1, 1e8, "N",
         "answers in a row with nothing new (default 20)"},
        {"start", 0, OPTION_INT, &work.start, 0, INT_MAX, "N", "the first {n} (default 1)"},
        {"json", 0, OPTION_FLAG, &work.json, 0, 0, NULL, "a JSON object a line"},
        {"quiet", 'q', OPTION_FLAG, &work.quiet, 0, 0, NULL, "no progress"},
    };
    int first;
    const outcome code = parse_options(self, specs, sizeof specs / sizeof *specs, argc, argv, 1, 1, &first);
    if (code) return code;
    work.url = argv[first];
    return collect(&work);
}

const command collect_command = {
    .name = "collect",
    .arguments = "URL -o DIR -n COUNT [options]",
    .summary = "fetch pictures from a web address that gives a new one each time",
    .description =
        "Fetches URL again and again, as for a generator that answers every request with a new picture, "
        "until\n"
        "DIR holds COUNT of them; {n} in URL becomes 1, 2, 3, ..., for numbered pages. Prints each new "
        "file.\n"
        "What is no whole picture is not kept, nor what DIR holds already. Run again, it goes on where it\n"
        "stopped. DIR/manifest.tsv tells where and when each file was fetched.\n\n"
        "You are a guest there: read the site's terms and its /robots.txt first, which are not read for "
        "you;\n"
        "fetch no more than you need, and keep the delay. A server that is busy is asked again later and\n"
        "later, and not before the time it names (Retry-After).\n\n"
        "  ftrain collect https://example.org/random-face -o faces/fake -n 500\n"
        "  ftrain collect 'https://example.org/photo/{n}.jpg' -o photos -n 100 --delay 2\n\n",
    .run = run,
};
