/* SPDX-License-Identifier: MIT */
/* The parser of command lines, over a table with an option of every kind; words end in zero bytes. What is
 * taken lies in its range and gives no message; what is refused gives exactly one. Bytes of the words stay.
 * */
#include "test/fuzz/fuzz.h"

#include "ftrain/shell/commands.h"
#include "ftrain/shell/message.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_WORDS = 40, CHOICES = 3 };

typedef struct settings {
    bool flag, no_flag;
    const char *text;
    int number, choice;
    float share;
    double exact;
    uint64_t seed;
    widths hidden;
} settings;

static const option_spec inner_rows[] = {
    OPT_FLOAT("share", 0, settings, share, 0, 0.99999999, "X", "a share below 1"),
    OPT_DOUBLE("exact", 0, settings, exact, -1, 1, "X", "a number"),
};
static const option_table inner_table = OPTION_TABLE(inner_rows);
static const option_spec rows[] = {
    OPT_FLAG("flag", 'f', settings, flag, "a flag"),
    OPT_NO_FLAG("no-flag", 0, settings, no_flag, "no flag"),
    OPT_TEXT("text", 't', settings, text, "TEXT", "a text"),
    OPT_INT("number", 'n', settings, number, -3, 1024, "N", "a number"),
    OPT_ROWS(inner_table),
    OPT_SEED("seed", 0, settings, seed, "a seed"),
    OPT_WIDTHS("hidden", 0, settings, hidden, "WIDTHS", "widths"),
    OPT_CHOICE("choice", 'c', settings, choice, "one|other|third", "a word"),
};
static const command program = {
    .name = "test", .arguments = "PATH...", .options = OPTIONS(rows), .min_paths = 0, .max_paths = 5};

static int messages;

static void count_message(const char *text) {
    fuzz_require(*text, "an empty message");
    messages++;
}

/* Cuts the text into words; returns how many, or 0 where one of them asks for help, which is printed. */
static int cut(char *text, size_t size, char **argv) {
    static char name[] = "test";
    int argc = 0;
    argv[argc++] = name;
    for (size_t at = 0; at < size && argc < MAX_WORDS; at += strlen(text + at) + 1) {
        argv[argc++] = text + at;
        if (text[at] == '-' && strchr(text + at, 'h')) return 0;
    }
    argv[argc] = NULL;
    return argc;
}

static void check_ranges(const settings *got) {
    fuzz_require(got->number >= -3 && got->number <= 1024, "--number %d", got->number);
    fuzz_require(got->share >= 0 && got->share < 1, "--share %.9g", (double)got->share);
    fuzz_require(got->exact >= -1 && got->exact <= 1, "--exact %.17g", got->exact);
    fuzz_require(got->choice >= 0 && got->choice < CHOICES, "--choice %d", got->choice);
    fuzz_require(got->hidden.count >= 0 && got->hidden.count <= MAX_WIDTHS, "%d widths", got->hidden.count);
    for (int i = 0; i < got->hidden.count; i++)
        fuzz_require(got->hidden.values[i] >= 1 && got->hidden.values[i] <= 65536, "width %d",
                     got->hidden.values[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    char *const text = fuzz_text(bytes, size);
    char *argv[MAX_WORDS + 1];
    const int argc = cut(text, size, argv);
    settings got = {.text = NULL};
    int first = 0;
    messages = 0;
    message_divert(count_message);
    if (argc) {
        const outcome code = parse_options(&program, &got, argc, argv, &first);
        fuzz_require(code == OUTCOME_OK || code == OUTCOME_USAGE, "outcome %d", (int)code);
        fuzz_require((code == OUTCOME_OK) == (messages == 0), "%d messages", messages);
        if (!code) {
            fuzz_take();
            check_ranges(&got);
            fuzz_require(first >= 1 && first <= argc && argc - first <= program.max_paths, "%d of %d", first,
                         argc);
        }
    }
    fuzz_require(size == 0 || memcmp(text, bytes, size) == 0, "words were changed");
    free(text);
    return 0;
}
