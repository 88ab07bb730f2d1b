/* SPDX-License-Identifier: MIT */
/* ftrain weights: ImageNet's weights, fetched, checked and put where every command finds them. */
#include "densenet/densenet.h"
#include "ftrain/backbone/backbone.h"
#include "ftrain/backbone/weights_source.h"
#include "ftrain/net/download.h"
#include "ftrain/shell/commands.h"
#include "ftrain/shell/folders.h"
#include "ftrain/shell/interrupt.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/options.h"
#include "ftrain/shell/outcome.h"
#include "ftrain/shell/output.h"
#include "ftrain/shell/quote.h"
#include "ftrain/weights/kept.h"
#include "ftrain/weights/source.h"
#include "io/content_key.h"
#include "io/file.h"
#include "io/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SHORT_HASH = 8 };

/* More than any of the networks takes, even in 64 bits a number: what is larger is something else. */
enum { LARGEST_FILE = 1000000000 };

typedef struct weights_run {
    const char *url, *output, *sha256;
    int retries;
    float backoff, timeout;
    bool json, quiet;

    weights_address address;
    char *folder;     /* of the cache; NULL with -o */
    char *goal;       /* the file to write; NULL: its name is known when the download is there */
    char *part;       /* what the download fills */
    char *torch_file; /* in the cache, as torch hub calls it; NULL: none such */
    bool replaces_torch_file;
    char hash[SHA256_HEX]; /* of what came */
} weights_run;

/* ---- names ---- */

/* FOLDER/NETWORK-HASH.EXTENSION, from malloc. */
static char *name_in_cache(const char *folder, const char *network, const char *hash, const char *extension) {
    char name[80];
    snprintf(name, sizeof name, "%s-%.*s.%s", network, SHORT_HASH, hash, extension);
    return dni_path_join(folder, name);
}

static char *with_part(const char *path) {
    char *out = malloc(strlen(path) + sizeof ".part");
    if (out) sprintf(out, "%s.part", path);
    return out;
}

/* Of a download whose network and hash are not known yet: by its address, so that two do not meet. */
static char *part_by_address(const weights_run *run) {
    char hex[33];
    const dni_key key = dni_key_of_bytes(run->address.url, strlen(run->address.url));
    dni_key_text(&key, hex);
    return name_in_cache(run->folder, "weights", hex, "part");
}

static outcome choose_names(weights_run *run) {
    const weights_address *const address = &run->address;
    const bool is_known = address->network && *address->expected;
    if (run->output) {
        run->goal = strdup(run->output);
        run->part = with_part(run->output);
        return run->goal && run->part ? check_output(run->output) : report_no_memory();
    }
    outcome code = cache_folder(&run->folder, "weights", "-o FILE");
    if (code) return code;
    dn_error error;
    if (dni_make_folders(run->folder, &error)) return report(&error, OUTCOME_MACHINE);
    if (is_known)
        run->goal = name_in_cache(run->folder, address->network->name, address->expected, "safetensors");
    run->part = is_known ? name_in_cache(run->folder, address->network->name, address->expected, "part")
                         : part_by_address(run);
    if (*address->torch_name) run->torch_file = dni_path_join(run->folder, address->torch_name);
    const bool has_all = (run->goal || !is_known) && run->part && (run->torch_file || !*address->torch_name);
    return has_all ? OUTCOME_OK : report_no_memory();
}

/* ---- what is told ---- */

static outcome print_result(const weights_run *run, const char *path, const dn_config *network,
                            const char *sha256, bool downloaded) {
    if (run->json) {
        json_t *row = json_pack("{s:o, s:s, s:s, s:b}", "path", dni_json_text(path), "network", network->name,
                                "sha256", sha256, "downloaded", (int)downloaded);
        if (downloaded && row) {
            dni_json_set(&row, "url", dni_json_text(run->address.shown));
            dni_json_set(&row, "sha256_was_known", json_boolean(*run->address.expected));
        }
        return print_json(row) ? OUTCOME_OK : OUTCOME_MACHINE;
    }
    quote_write(stdout, path);
    if (downloaded)
        printf(": %s, %s, SHA-256 %s\n", network->name,
               *run->address.expected ? "downloaded and checked" : "downloaded", sha256);
    else
        printf(": %s, is there and sound\n", network->name);
    return OUTCOME_OK;
}

/* Where another file is found first, commands do not use this one. */
static outcome tell_if_hidden(const char *path, const dn_config *network) {
    char *found;
    const outcome code = weights_find_file(&found, network->name);
    if (!code && found && strcmp(found, path) != 0)
        message("%s is what commands find first; for this file give -w %s", found, path);
    free(found);
    return code;
}

/* What can be done where this machine has no way there. */
static void tell_by_hand(const weights_run *run) {
    const char *const goal = run->goal ? run->goal : "FILE.safetensors";
    message(
        "to go on without a connection: fetch %s on a machine that has one, and here 'ftrain convert "
        "DOWNLOADED %s'",
        run->address.shown, goal);
}

/* ---- what is there already ---- */

/* OUTCOME_FINISHED where the file is there and sound. */
static outcome look_at(const weights_run *run, const char *path, bool *is_broken) {
    kept_file kept;
    outcome code = kept_check(&kept, path, &run->address);
    if (code) return code;
    *is_broken = kept.is_there && !kept.is_sound;
    if (!kept.is_sound) return OUTCOME_OK;
    code = print_result(run, path, kept.network, kept.file_sha256, false);
    if (!code && !run->output) code = tell_if_hidden(path, kept.network);
    return code ? code : OUTCOME_FINISHED;
}

/* torch hub's own copy is as good as ours, and every command finds it, too. */
static outcome look_at_torch_hub(const weights_run *run) {
    bool is_broken;
    char *folders[WEIGHTS_FOLDERS], *path = NULL;
    outcome code = weights_folders(folders);
    if (!code && folders[1]) {
        path = dni_path_join(folders[1], run->address.torch_name);
        code = path ? look_at(run, path, &is_broken) : report_no_memory();
    }
    for (int i = 0; i < WEIGHTS_FOLDERS; i++) free(folders[i]);
    free(path);
    return code;
}

static outcome look_for_sound(weights_run *run) {
    bool is_broken;
    /* without a hash nothing tells whether it is the same as the one that is asked for */
    if (!*run->address.expected || !run->goal) return OUTCOME_OK;
    outcome code = look_at(run, run->goal, &is_broken);
    if (!code && run->torch_file) code = look_at(run, run->torch_file, &run->replaces_torch_file);
    if (!code && run->torch_file) code = look_at_torch_hub(run);
    return code;
}

/* ---- fetching ---- */

static outcome check_hash(weights_run *run, int part) {
    dn_error error;
    if (sha256_of_file(run->hash, part, run->part, &error)) return report(&error, OUTCOME_MACHINE);
    const char *const expected = run->address.expected;
    if (!*expected)
        message("nothing says which SHA-256 %s must have: only its tensors are checked; --sha256 tells it",
                run->address.shown);
    if (strncmp(run->hash, expected, strlen(expected)) == 0) return OUTCOME_OK;
    message("%s: what came has the SHA-256 %s, which should %s %s; it is not kept", run->address.shown,
            run->hash, strlen(expected) < SHA256_HEX - 1 ? "begin with" : "be", expected);
    return OUTCOME_MODEL;
}

static outcome load(const weights_run *run, dn_weights **out) {
    dn_error error;
    if (dn_weights_load(out, run->part, &error)) {
        message("%s: what came cannot be used", run->address.shown);
        return report(&error, OUTCOME_MODEL);
    }
    backbone_tell_notes(*out, run->address.shown);
    const char *const name = dn_weights_config(*out)->name;
    if (!run->address.network || strcmp(name, run->address.network->name) == 0) return OUTCOME_OK;
    message("%s: what came is %s, not %s; it is not kept", run->address.shown, name,
            run->address.network->name);
    return OUTCOME_MODEL;
}

static outcome write_goal(weights_run *run, dn_weights *weights) {
    const dn_config *const network = dn_config_find(dn_weights_config(weights)->name);
    if (!run->goal) run->goal = name_in_cache(run->folder, network->name, run->hash, "safetensors");
    outcome code = run->goal ? kept_write(weights, run->goal, &run->address, run->hash) : report_no_memory();
    if (code) return code;
    if (run->replaces_torch_file && unlink(run->torch_file) == 0)
        message("%s: is removed, as it is broken", run->torch_file);
    code = print_result(run, run->goal, network, run->hash, true);
    return code || run->output ? code : tell_if_hidden(run->goal, network);
}

/* Of the part that is whole. What is not the file that was asked for is not kept. */
static outcome check_and_keep(weights_run *run, int part) {
    dn_weights *weights = NULL;
    outcome code = check_hash(run, part);
    if (!code) code = load(run, &weights);
    const bool is_wrong = code == OUTCOME_MODEL;
    if (!code) code = write_goal(run, weights);
    dn_weights_free(weights);
    if (!code || is_wrong) unlink(run->part);
    return code;
}

/* *is_spoilt: what came is not the file, and its beginning is what a former run left. */
static outcome fetch_once(weights_run *run, bool resume, bool *is_spoilt) {
    const download_options options = {.url = run->address.url,
                                      .shown = run->address.shown,
                                      .part = run->part,
                                      .resume = resume,
                                      .timeout = (double)run->timeout,
                                      .max_bytes = LARGEST_FILE,
                                      .quiet = run->quiet};
    retry_policy policy = {
        .retries = run->retries, .backoff = (double)run->backoff, .jitter = retry_jitter()};
    download_end end;
    const bool before = interrupts_wait(true);
    outcome code = download(&options, &policy, &end);
    if (end.is_cut_off) tell_by_hand(run);
    if (code == OUTCOME_INTERRUPTED) message("interrupted; run the command again to go on");
    const bool has_come = !code;
    if (has_come) code = check_and_keep(run, end.descriptor);
    *is_spoilt = has_come && code == OUTCOME_MODEL && end.is_resumed;
    if (end.descriptor >= 0) close(end.descriptor);
    if (code != OUTCOME_INTERRUPTED) interrupts_wait(before);
    return code;
}

/* After a power cut a part may have holes: the disk had its size, and not all of its bytes. */
static outcome fetch(weights_run *run) {
    bool is_spoilt;
    const outcome code = fetch_once(run, *run->address.expected != '\0', &is_spoilt);
    if (!is_spoilt) return code;
    message("%s: began with what a former run had left; it is fetched again from its start",
            run->address.shown);
    return fetch_once(run, false, &is_spoilt);
}

static outcome fetch_unless_there(weights_run *run, const char *network) {
    outcome code = weights_address_find(&run->address, network, run->url, run->sha256);
    if (!code) code = choose_names(run);
    if (!code) code = look_for_sound(run);
    return code ? code : fetch(run);
}

/* ---- the command ---- */

static const option_spec rows[] = {
    OPT_TEXT("url", 0, weights_run, url, "URL", "fetch from this address instead, .pth or safetensors"),
    OPT_TEXT("sha256", 0, weights_run, sha256, "HEX",
             "what the file's SHA-256 must be (default: as its name says)"),
    OPT_TEXT("output", 'o', weights_run, output, "FILE",
             "the safetensors file to write (default: in the cache)"),
    OPT_INT("retries", 0, weights_run, retries, 0, 1000, "N",
            "how often a connection that fails is made again (default 10)"),
    OPT_FLOAT("backoff", 0, weights_run, backoff, 0, 60, "S",
              "seconds to wait before the first retry; doubled for each further one (default 1)"),
    OPT_FLOAT("timeout", 0, weights_run, timeout, 0.1, 3600, "S",
              "seconds without a byte after which a connection is given up (default 30)"),
    JSON_OBJECT_OPTION(weights_run, json),
    QUIET_OPTION(weights_run, quiet),
};

static outcome run(const command *self, int argc, char **argv) {
    weights_run state = {.retries = 10, .backoff = 1, .timeout = 30};
    int first;
    outcome code = parse_options(self, &state, argc, argv, &first);
    if (code) return code;
    code = fetch_unless_there(&state, first < argc ? argv[first] : NULL);
    weights_address_free(&state.address);
    free(state.folder);
    free(state.goal);
    free(state.part);
    free(state.torch_file);
    return code;
}

const command weights_command = {
    .name = "weights",
    .arguments = "[121|161|169|201] [options]",
    .summary = "fetch ImageNet's weights, once",
    .description =
        "Fetches ImageNet's weights of a DenseNet (default: 161, 110 MB) from download.pytorch.org, checks the file's\n"
        "SHA-256 against that in its name and every tensor against the network, and keeps them as safetensors where every\n"
        "command finds them: 161 by itself, another by -w densenet121. Nothing in the file is executed. Weights that are\n"
        "there and sound are not fetched again. A download that was cut goes on where it stopped, in this run or the next.\n"
        "With --url alone the network is what comes. Proxies are taken from http_proxy, https_proxy and no_proxy.\n\n"
        "  ftrain weights\n"
        "  ftrain weights 121 --url https://example.org/densenet121.safetensors --sha256 0123...\n\n",
    .options = OPTIONS(rows),
    .min_paths = 0,
    .max_paths = 1,
    .run = run,
};
