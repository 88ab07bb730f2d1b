/* SPDX-License-Identifier: MIT */
/* ftrain collect: pictures from a web address, politely. */
#include "ftrain/collect/folder.h"
#include "ftrain/net/fetch.h"
#include "ftrain/net/retry.h"
#include "ftrain/net/url.h"
#include "ftrain/shell/commands.h"
#include "ftrain/shell/interrupt.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/options.h"
#include "ftrain/shell/outcome.h"
#include "ftrain/shell/output.h"
#include "ftrain/shell/progress.h"
#include "ftrain/shell/quote.h"
#include "io/file.h"
#include "io/image.h"
#include "io/json.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { DEFAULT_BYTES = 20000000 }; /* of a picture */

typedef struct collect_run {
    const char *url, *output;
    int count, retries, give_up, max_bytes, start;
    float delay, backoff, timeout;
    bool json, quiet;

    fetcher *fetcher;
    collect_folder folder;
    retry_policy policy;
    long long page;   /* replaces {n} in the next request */
    int requests;     /* so far: none is made without the delay before it, but the first */
    int unsuccessful; /* in a row */
    size_t skipped, duplicates;
} collect_run;

/* ---- one picture ---- */

static char *page_url(const collect_run *run) {
    const char *place = strstr(run->url, "{n}");
    if (!place) return strdup(run->url);
    const size_t capacity = strlen(run->url) + 24;
    char *url = malloc(capacity);
    if (url) snprintf(url, capacity, "%.*s%lld%s", (int)(place - run->url), run->url, run->page, place + 3);
    return url;
}

/* OUTCOME_OK with *result set, or another outcome. `shown`: the address without its password, for
 * messages. */
static outcome fetch_patiently(collect_run *run, const char *url, const char *shown, fetched *answer,
                               fetch_result *result) {
    outcome code = run->requests++ ? wait_seconds((double)run->delay) : OUTCOME_OK;
    for (int attempt = 0; !code; attempt++) {
        *result = fetch(run->fetcher, url, answer);
        if (*result == FETCH_INTERRUPTED) return OUTCOME_INTERRUPTED;
        if (*result == FETCH_NO_MEMORY) return report_no_memory();
        if (*result != FETCH_AGAIN) return OUTCOME_OK;
        code = retry_wait(&run->policy, attempt, shown, &answer->reason);
    }
    return code;
}

static outcome print_added(const collect_run *run, const fetched *answer, const char *url) {
    char *path = dni_path_join(run->folder.path, run->folder.last);
    if (!path) return report_no_memory();
    bool printed = true;
    if (run->json) {
        printed = print_json(json_pack("{s:o, s:o, s:I}", "path", dni_json_text(path), "url",
                                       dni_json_text(url), "bytes", (json_int_t)answer->size));
    } else {
        quote_write(stdout, path);
        putchar('\t');
        quote_write(stdout, url);
        putchar('\n');
        fflush(stdout);
    }
    free(path);
    return printed ? OUTCOME_OK : OUTCOME_MACHINE;
}

static void skip(collect_run *run, const char *reason) {
    message("skipped: %s", reason);
    run->skipped++;
    run->unsuccessful++;
}

static outcome keep(collect_run *run, const fetched *answer, const char *url) {
    dn_image image;
    dn_error error;
    if (dn_image_decode(&image, answer->bytes, answer->size, url, &error)) {
        skip(run, error.message);
        return OUTCOME_OK;
    }
    dn_image_free(&image);
    const dni_key key = dni_key_of_bytes(answer->bytes, answer->size);
    if (collect_folder_has(&run->folder, &key)) {
        run->duplicates++;
        run->unsuccessful++;
        return OUTCOME_OK;
    }
    const outcome code = collect_folder_add(&run->folder, answer->bytes, answer->size, &key, url);
    if (code) return code;
    run->unsuccessful = 0;
    progress_step(run->folder.count);
    return print_added(run, answer, url);
}

static outcome fetch_and_keep(collect_run *run, const char *url, const char *shown) {
    fetched answer;
    fetch_result result;
    const outcome code = fetch_patiently(run, url, shown, &answer, &result);
    if (code) return code;
    if (result == FETCH_DONE) return keep(run, &answer, shown);
    char reason[600];
    snprintf(reason, sizeof reason, "%.250s: %s", shown, answer.reason.text);
    skip(run, reason);
    /* the same address would be refused again; another page may be there */
    return result == FETCH_REFUSED && !strstr(run->url, "{n}") ? OUTCOME_DATA : OUTCOME_OK;
}

static outcome collect_one(collect_run *run) {
    char *url = page_url(run), *shown = url ? url_public(url) : NULL;
    const outcome code = shown ? fetch_and_keep(run, url, shown) : report_no_memory();
    run->page++;
    free(shown);
    free(url);
    return code;
}

/* ---- the command ---- */

static outcome check(const collect_run *run) {
    if (!run->output || !run->count) {
        message("collect: %s is missing", run->output ? "-n COUNT" : "-o DIR: the folder to fill");
        return OUTCOME_USAGE;
    }
    if (strncasecmp(run->url, "http://", 7) == 0 || strncasecmp(run->url, "https://", 8) == 0)
        return OUTCOME_OK;
    char *shown = url_public(run->url);
    if (!shown) return report_no_memory();
    message("'%s' is not an address that begins with http:// or https://", shown);
    free(shown);
    return OUTCOME_USAGE;
}

static outcome collect_all(collect_run *run) {
    outcome code = OUTCOME_OK;
    while (!code && run->folder.count < (size_t)run->count) {
        code = interrupted() ? OUTCOME_INTERRUPTED : collect_one(run);
        if (!code && run->unsuccessful >= run->give_up) {
            message("%d answers in a row gave nothing new: giving up", run->unsuccessful);
            code = OUTCOME_DATA;
        }
    }
    return code;
}

static outcome collect(collect_run *run) {
    outcome code = check(run);
    if (code) return code;
    interrupts_wait(true);
    char *shown = url_public(run->url);
    code = shown ? collect_folder_open(&run->folder, run->output, shown) : report_no_memory();
    free(shown);
    if (!code) {
        run->page = run->folder.last_page >= run->start ? run->folder.last_page + 1 : run->start;
        run->policy = (retry_policy){.retries = run->retries,
                                     .backoff = (double)run->backoff,
                                     .least = (double)run->delay,
                                     .jitter = retry_jitter()};
        run->fetcher = fetcher_create((double)run->timeout, (size_t)run->max_bytes);
        progress_start("pictures", (size_t)run->count, run->quiet);
        progress_step(run->folder.count);
        code = run->fetcher ? collect_all(run) : report_no_memory();
        progress_end();
        if (run->fetcher) fetcher_free(run->fetcher);
        if (code == OUTCOME_INTERRUPTED) message("interrupted; run the command again to go on");
        message("%s holds %zu pictures; %zu duplicates dropped, %zu answers skipped", run->output,
                run->folder.count, run->duplicates, run->skipped);
    }
    collect_folder_close(&run->folder);
    return !code ? finish(run->skipped) : code;
}

static const option_spec rows[] = {
    OPT_TEXT("output", 'o', collect_run, output, "DIR", "the folder to fill; it may hold pictures already"),
    OPT_INT("count", 'n', collect_run, count, 1, 1e8, "N", "how many pictures DIR is to hold in the end"),
    OPT_FLOAT("delay", 0, collect_run, delay, 0, 3600, "S", "seconds between two requests (default 1)"),
    OPT_INT("retries", 0, collect_run, retries, 0, 100, "N",
            "how often a failed request is tried again (default 5)"),
    OPT_FLOAT("backoff", 0, collect_run, backoff, 0, 60, "S",
              "seconds to wait before the first retry; doubled for each further one (default 1)"),
    OPT_FLOAT("timeout", 0, collect_run, timeout, 0.1, 3600, "S",
              "seconds that one request may take (default 30)"),
    OPT_INT("max-bytes", 0, collect_run, max_bytes, 1, INT_MAX, "N",
            "largest size of a picture, in bytes (default 20000000)"),
    OPT_INT("give-up", 0, collect_run, give_up, 1, 1e8, "N",
            "end after N answers in a row with nothing new (default 20)"),
    OPT_INT("start", 0, collect_run, start, 0, INT_MAX, "N", "the first value of {n} (default 1)"),
    JSON_LINES_OPTION(collect_run, json),
    QUIET_OPTION(collect_run, quiet),
};

static outcome run(const command *self, int argc, char **argv) {
    collect_run state = {.retries = 5,
                         .give_up = 20,
                         .max_bytes = DEFAULT_BYTES,
                         .start = 1,
                         .delay = 1,
                         .backoff = 1,
                         .timeout = 30,
                         .folder = {.manifest = -1}};
    int first;
    const outcome code = parse_options(self, &state, argc, argv, &first);
    if (code) return code;
    state.url = argv[first];
    return collect(&state);
}

const command collect_command = {
    .name = "collect",
    .arguments = "URL -o DIR -n COUNT [options]",
    .summary = "fetch pictures from a web address that gives a new one each time",
    .description =
        "Fetches URL again and again until DIR holds COUNT pictures: for generators that answer every request with a\n"
        "new picture. {n} in URL becomes 1, 2, 3, ..., for numbered pages. The name of each new file is printed. Broken\n"
        "or truncated pictures and duplicates are discarded. Run it again to resume. DIR/manifest.tsv records where and\n"
        "when each file was fetched; a user name and password in URL are not recorded.\n\n"
        "You are a guest there: read the site's terms and its /robots.txt first, because this command does not read\n"
        "them. Fetch no more than you need, and keep the delay. A server that is busy is asked again after waits that\n"
        "grow longer, and not before the time that it names (Retry-After).\n\n"
        "  ftrain collect https://example.org/random-face -o faces/fake -n 500\n"
        "  ftrain collect 'https://example.org/photo/{n}.jpg' -o photos -n 100 --delay 2\n\n",
    .options = OPTIONS(rows),
    .min_paths = 1,
    .max_paths = 1,
    .run = run,
};
