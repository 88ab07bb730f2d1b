/* SPDX-License-Identifier: MIT */
/* How a value is completed follows from what the help calls it. */
#include "ftrain/shell/completion.h"

#include "densenet/densenet.h"
#include "ftrain/shell/options.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

typedef struct value_kind {
    const char *name; /* in the help */
    const char *kind, *words, *endings;
} value_kind;

static const char WEIGHTS[] = "WEIGHTS", NETWORK[] = "NETWORK";

/* Every word in capital letters that stands for a value which is no number. */
static const value_kind kinds[] = {
    {"MODEL", "file", "", ".safetensors"},
    {"FEATURES", "file", "", ".safetensors"},
    {"HEAD", "file", "", ".pth .npz .safetensors"},
    {WEIGHTS, "file", "random:", ".safetensors .pth"}, /* and the names of the networks */
    {NETWORK, "words", "", ""},                        /* the names of the networks */
    {"FILE.html", "file", "", ".html"},
    {"FILE", "file", "", ""},
    {"IN", "file", "", ""},
    {"OUT", "file", "", ""},
    {"PATH", "file", "-", ""},
    {"SRC", "folder", "", ""},
    {"DST", "folder", "", ""},
    {"DATA", "folder", "", ""},
    {"DIR", "folder", "", ""},
    {"FOLDER", "folder", "", ""},
    {"SPLIT", "words", "train valid test", ""},
    {"VIEWS", "list", "jpeg: blur: resize: zoom: grey", ""},
    {"VIEW,VIEW...", "list", "plain flip jpeg: blur: resize: zoom: grey", ""},
    {"BALANCE", "words", "none balanced", ""},
    {"GRID", "value", "", ""},
    {"CLASS", "value", "", ""},
    {"CLASSES", "value", "", ""},
    {"PREFIX", "value", "", ""},
    {"NAME", "value", "", ""},
    {"ADDRESS", "value", "", ""},
    {"URL", "value", "", ""},
    {"HEX", "value", "", ""},
    {"A,B,C", "value", "", ""},
    {"Q|A-B", "value", "", ""},
};

/* What is not in the list is told as such: the tests look for it. */
static const value_kind unknown = {"", "unknown", "", ""};

static const value_kind *find_kind(const char *name, size_t length) {
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strlen(kinds[i].name) == length && strncmp(kinds[i].name, name, length) == 0) return &kinds[i];
    return &unknown;
}

/* ---- fields ---- */

/* "one|other" as "one other". */
static void print_words(const char *words, size_t length, char between) {
    for (size_t i = 0; i < length; i++) putchar(words[i] == between ? ' ' : words[i]);
}

/* "a|b" or "a,b": the values themselves, in small letters or digits; 0: a name for them. */
static char separator_of(const char *argument, size_t length) {
    for (size_t i = 0; i < length; i++)
        if (isupper((unsigned char)argument[i])) return 0;
    return memchr(argument, '|', length) ? '|' : memchr(argument, ',', length) ? ',' : 0;
}

/* KIND, WORDS and ENDINGS of a value that the help calls so. */
static void print_value(const char *argument, size_t length) {
    const char between = separator_of(argument, length);
    if (between) {
        printf("%s\t", between == '|' ? "words" : "list");
        print_words(argument, length, between);
        putchar('\t');
        return;
    }
    const value_kind *const it = find_kind(argument, length);
    printf("%s\t%s", it->kind, it->words);
    const bool names = it->name == WEIGHTS || it->name == NETWORK;
    for (int i = 0; names && dn_config_at(i); i++)
        printf("%s%s", i || *it->words ? " " : "", dn_config_at(i)->name);
    printf("\t%s", it->endings);
}

/* ---- lines ---- */

static void print_option(const option_spec *spec, void *context) {
    const char letter[] = {'-', spec->letter, '\0'};
    (void)context;
    printf("--%s\t%s\t", spec->name, spec->letter ? letter : "");
    switch (spec->kind) {
    case OPTION_FLAG:
    case OPTION_NO_FLAG:
        fputs("flag\t\t", stdout);
        break;
    case OPTION_TEXT:
    case OPTION_CHOICE:
        print_value(spec->argument, strlen(spec->argument));
        break;
    case OPTION_WIDTHS:
        fputs("words\tnone\t", stdout);
        break;
    default:
        fputs("value\t\t", stdout);
    }
    printf("\t%s\n", spec->help);
}

typedef struct option_search {
    const char *word;
    size_t length;
    const option_spec *found;
} option_search;

static void match_option(const option_spec *spec, void *context) {
    option_search *const search = context;
    const bool is_long = search->length > 2 && strlen(spec->name) == search->length - 2 &&
                         strncmp(spec->name, search->word + 2, search->length - 2) == 0;
    if (is_long || (search->length == 2 && spec->letter == search->word[1])) search->found = spec;
}

/* Whether a word of the usage line is an option whose value follows. */
static bool takes_value(const command *self, const char *word, size_t length) {
    option_search search = {.word = word, .length = length};
    if (*word != '-' || !self->options) return false;
    options_visit(self->options, match_option, &search);
    return search.found && search.found->kind != OPTION_FLAG && search.found->kind != OPTION_NO_FLAG;
}

/* The usage line's words but for options with their values: "{-m MODEL | -w WEIGHTS} PATH... [options]". */
static void print_arguments(const command *self) {
    const char *usage = self->arguments;
    static const char around[] = "[]{} ";
    bool is_value = false; /* of the option before it */
    while (*(usage += strspn(usage, around))) {
        size_t length = strcspn(usage, around);
        const char *const word = usage;
        usage += length;
        if (length > 3 && strncmp(word + length - 3, "...", 3) == 0) length -= 3;
        const bool is_option = *word == '-';
        const bool is_other = strncmp(word, "|", length) == 0 || strncmp(word, "options", length) == 0;
        if (!is_option && !is_other && !is_value) {
            fputs("-\t\t", stdout);
            print_value(word, length);
            printf("\t%.*s\n", (int)length, word);
        }
        is_value = takes_value(self, word, length);
    }
}

void completion_print_commands(const command *const *commands, size_t count) {
    for (size_t i = 0; i < count; i++) printf("%s\t%s\n", commands[i]->name, commands[i]->summary);
}

void completion_print(const command *self) {
    if (self->options) options_visit(self->options, print_option, NULL);
    puts("--help\t-h\tflag\t\t\tprint what the command does, and its options");
    print_arguments(self);
}
