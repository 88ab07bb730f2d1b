/* SPDX-License-Identifier: MIT */
/* Parsing by table, over getopt_long. */
#include "ftrain/shell/options.h"

#include "core/number.h"
#include "ftrain/shell/commands.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/outcome.h"
#include "ftrain/shell/suggestion.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_LONG = 256, HELP = 'h' };

/* A command's options, those of groups included. */
typedef struct option_list {
    struct {
        const option_spec *spec;
        void *target;
    } options[MAX_OPTIONS];
    size_t count;
} option_list;

/* In the table's order; false, after a message, when there are too many. */
static bool add_options(option_list *list, const option_table *table, void *base) {
    for (size_t i = 0; i < table->count; i++) {
        const option_spec *spec = &table->specs[i];
        void *target = (char *)base + spec->offset;
        if (spec->kind == OPTION_GROUP) {
            if (!add_options(list, spec->group, target)) return false;
            continue;
        }
        if (list->count == MAX_OPTIONS) {
            message("--%s: a command has at most %d options", spec->name, MAX_OPTIONS);
            return false;
        }
        list->options[list->count].spec = spec;
        list->options[list->count++].target = target;
    }
    return true;
}

void options_visit(const option_table *table, void (*visit)(const option_spec *spec, void *context),
                   void *context) {
    for (size_t i = 0; i < table->count; i++)
        if (table->specs[i].kind == OPTION_GROUP)
            options_visit(table->specs[i].group, visit, context);
        else
            visit(&table->specs[i], context);
}

static bool takes_argument(const option_spec *spec) {
    return spec->kind != OPTION_FLAG && spec->kind != OPTION_NO_FLAG;
}

static bool parse_int(const char *option, const char *text, double min, double max, int *out) {
    char *end;
    errno = 0;
    const long value = strtol(text, &end, 10);
    if (end == text || *end || errno || (double)value < min || (double)value > max) {
        message("%s: '%s' is not a whole number from %.0f to %.0f", option, text, min, max);
        return false;
    }
    *out = (int)value;
    return true;
}

static bool parse_double(const char *option, const char *text, double min, double max, double *out) {
    char *end;
    const double value = strtod(text, &end);
    if (end == text || *end || !(value >= min && value <= max)) {
        message("%s: '%s' is not a number from %g to %g", option, text, min, max);
        return false;
    }
    *out = value;
    return true;
}

static bool parse_float(const char *option, const char *text, double min, double max, float *out) {
    double value;
    if (!parse_double(option, text, min, max, &value)) return false;
    *out = (float)value;
    return true;
}

static bool parse_seed(const char *option, const char *text, uint64_t *out) {
    if (dni_parse_u64(text, out)) return true;
    message("%s: '%s' is not a whole number from 0 to 18446744073709551615", option, text);
    return false;
}

static bool parse_widths(const char *option, const char *text, widths *out) {
    out->count = 0;
    if (strcmp(text, "none") == 0) return true;
    for (;;) {
        char number[16];
        const size_t length = strcspn(text, ",");
        if (out->count == MAX_WIDTHS || length >= sizeof number) {
            message("%s: '%s': at most %d widths of 1 to 65536", option, text, MAX_WIDTHS);
            return false;
        }
        memcpy(number, text, length);
        number[length] = '\0';
        if (!parse_int(option, number, 1, 65536, &out->values[out->count])) return false;
        out->count++;
        if (!text[length]) return true;
        text += length + 1;
    }
}

static bool parse_choice(const char *option, const char *text, const char *choices, int *out) {
    const size_t length = strlen(text);
    int index = 0;
    for (const char *word = choices;; index++) {
        const size_t end = strcspn(word, "|");
        if (end == length && strncmp(word, text, length) == 0) {
            *out = index;
            return true;
        }
        if (!word[end]) break;
        word += end + 1;
    }
    message("%s: '%s' is not one of %s", option, text, choices);
    return false;
}

static bool set_option(const option_spec *spec, void *target, const char *value) {
    char name[40];
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): the caller has found it */
    snprintf(name, sizeof name, "--%s", spec->name);
    switch (spec->kind) {
    case OPTION_FLAG:
        *(bool *)target = true;
        return true;
    case OPTION_NO_FLAG:
        *(bool *)target = false;
        return true;
    case OPTION_TEXT:
        *(const char **)target = value;
        return true;
    case OPTION_INT:
        return parse_int(name, value, spec->min, spec->max, target);
    case OPTION_FLOAT:
        return parse_float(name, value, spec->min, spec->max, target);
    case OPTION_DOUBLE:
        return parse_double(name, value, spec->min, spec->max, target);
    case OPTION_SEED:
        return parse_seed(name, value, target);
    case OPTION_WIDTHS:
        return parse_widths(name, value, target);
    case OPTION_CHOICE:
        return parse_choice(name, value, spec->argument, target);
    case OPTION_GROUP: /* add_options() has put its rows in its place */
        break;
    }
    return false;
}

bool option_set(const option_table *table, void *base, const char *name, const char *value) {
    option_list list = {.count = 0};
    if (!add_options(&list, table, base)) return false;
    for (size_t i = 0; i < list.count; i++)
        if (strcmp(list.options[i].spec->name, name) == 0)
            return set_option(list.options[i].spec, list.options[i].target, value);
    return false;
}

/* The options in getopt_long()'s forms: value FIRST_LONG + i for option i, and its letter in `letters`. */
static void fill_getopt(const option_list *list, struct option *longs, char *letters) {
    *letters++ = ':'; /* a missing argument is told apart from an unknown option */
    for (size_t i = 0; i < list->count; i++) {
        const option_spec *spec = list->options[i].spec;
        longs[i] = (struct option){spec->name, takes_argument(spec) ? required_argument : no_argument, NULL,
                                   FIRST_LONG + (int)i};
        if (!spec->letter) continue;
        *letters++ = spec->letter;
        if (takes_argument(spec)) *letters++ = ':';
    }
    longs[list->count] = (struct option){"help", no_argument, NULL, HELP};
    longs[list->count + 1] = (struct option){NULL, 0, NULL, 0};
    *letters++ = HELP;
    *letters = '\0';
}

/* `value` is getopt_long()'s. */
static size_t find_option(const option_list *list, int value) {
    if (value >= FIRST_LONG) return (size_t)(value - FIRST_LONG);
    size_t i = 0;
    while (i + 1 < list->count && list->options[i].spec->letter != value) i++;
    return i;
}

static outcome print_help(const command *self, const option_list *list) {
    printf("Usage: ftrain %s %s\n\n%s", self->name, self->arguments, self->description);
    puts("Options:");
    for (size_t i = 0; i < list->count; i++) {
        const option_spec *spec = list->options[i].spec;
        char left[48];
        const char letter[] = {'-', spec->letter, ',', ' ', '\0'};
        snprintf(left, sizeof left, "%s--%s%s%s", spec->letter ? letter : "    ", spec->name,
                 takes_argument(spec) ? " " : "", takes_argument(spec) ? spec->argument : "");
        printf("  %-26s %s\n", left, spec->help);
    }
    printf("  %-26s %s\n", "-h, --help", "print this");
    return OUTCOME_FINISHED;
}

/* ---- what is told about an option that cannot be taken ---- */

/* Option i's name; behind the last comes --help. */
static const char *name_at(const option_list *list, size_t i) {
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): each of `count` options has one */
    return i < list->count ? list->options[i].spec->name : "help";
}

static outcome refuse(const command *self, const char *option, const char *what) {
    message("%s: option '%s' %s 'ftrain help %s' lists the options", self->name, option, what, self->name);
    return OUTCOME_USAGE;
}

/* getopt_long() has met a long option that is none, or the beginning of several. */
static outcome refuse_name(const command *self, const option_list *list, const char *word) {
    const char *const name = word + 2;
    const size_t length = strcspn(name, "=");
    char candidates[600];
    size_t used = 0, matches = 0;
    suggestion nearest = {.typed = name, .length = length};
    for (size_t i = 0; i <= list->count; i++) {
        const char *const other = name_at(list, i);
        suggestion_consider(&nearest, other);
        if (!length || strncmp(other, name, length) != 0) continue;
        const size_t room = sizeof candidates - used;
        const int written = snprintf(candidates + used, room, "%s--%s", matches++ ? ", " : "", other);
        used += written > 0 && (size_t)written < room ? (size_t)written : room - 1;
    }
    char what[640] = "is unknown;";
    if (matches)
        snprintf(what, sizeof what, "is ambiguous: %s;", candidates);
    else if (nearest.best)
        snprintf(what, sizeof what, "is unknown; did you mean '--%s'?", nearest.best);
    return refuse(self, word, what);
}

/* The word of several letters with one dash, "-epochs", in which getopt_long() has met `letter`; NULL: it has
 * one letter alone. */
static const char *dashed_word(int argc, char **argv, char letter) {
    for (int i = optind - 1; i <= optind && i < argc; i++) {
        const char *const word = argv[i];
        if (word[0] == '-' && word[1] != '-' && strlen(word) > 2 && strchr(word + 1, letter)) return word;
    }
    return NULL;
}

/* The long option that is meant where it was typed with one dash; NULL: none. `exactly`: not one that is only
 * near. */
static const char *meant_by_dashed(const option_list *list, const char *word, bool exactly) {
    const size_t length = strcspn(word + 1, "=");
    suggestion nearest = {.typed = word + 1, .length = length};
    for (size_t i = 0; i <= list->count; i++) {
        const char *const name = name_at(list, i);
        if (strlen(name) == length && strncmp(name, word + 1, length) == 0) return name;
        if (!exactly) suggestion_consider(&nearest, name);
    }
    return nearest.best;
}

static outcome refuse_dashed(const command *self, const char *word, const char *meant) {
    char what[80];
    snprintf(what, sizeof what, "is unknown; did you mean '--%s'?", meant);
    return refuse(self, word, what);
}

/* `value` and optopt are getopt_long()'s: optopt is 0 for a long option that it could not find, an unknown
 * letter, or the option that lacks its value or has a needless one. */
static outcome complain(const command *self, const option_list *list, int value, int argc, char **argv) {
    const char *const word = argv[optind - 1]; /* a long option as it was typed */
    if (!optopt) return refuse_name(self, list, word);
    const char letter[] = {'-', (char)optopt, '\0'};
    char what[80];
    if (value == ':') {
        if (optopt < FIRST_LONG) return refuse(self, letter, "needs a value;");
        return refuse(self, word, "needs a value;");
    }
    if (optopt < FIRST_LONG && optopt != HELP) {
        const char *const dashed = dashed_word(argc, argv, letter[1]);
        const char *const meant = dashed ? meant_by_dashed(list, dashed, false) : NULL;
        return meant ? refuse_dashed(self, dashed, meant) : refuse(self, letter, "is unknown;");
    }
    const char *const name = name_at(list, optopt == HELP ? list->count : (size_t)(optopt - FIRST_LONG));
    snprintf(what, sizeof what, "gives a value to --%s, which takes none;", name);
    return refuse(self, word, what);
}

outcome parse_options(const command *self, void *base, int argc, char **argv, int *first) {
    option_list list = {.count = 0};
    struct option longs[MAX_OPTIONS + 2];
    char letters[2 * MAX_OPTIONS + 3];
    if (self->options && !add_options(&list, self->options, base)) return OUTCOME_USAGE;
    fill_getopt(&list, longs, letters);
#ifdef __GLIBC__
    optind = 0; /* starts anew, with what it keeps of the line before; elsewhere that is a place in argv */
#else
    optind = 1;
#endif
    opterr = 0;
    for (;;) {
        const int value = getopt_long(argc, argv, letters, longs, NULL);
        if (value == -1) break;
        if (value == HELP) return print_help(self, &list);
        if (value == '?' || value == ':') return complain(self, &list, value, argc, argv);
        /* "-weights FILE" would be -w with the value "eights" */
        const char *const word =
            optarg && value < FIRST_LONG && optarg == argv[optind - 1] + 2 ? argv[optind - 1] : NULL;
        const char *const meant = word ? meant_by_dashed(&list, word, true) : NULL;
        if (meant) return refuse_dashed(self, word, meant);
        const size_t i = find_option(&list, value);
        if (!set_option(list.options[i].spec, list.options[i].target, optarg)) return OUTCOME_USAGE;
    }
    *first = optind;
    if (argc - optind >= self->min_paths && argc - optind <= self->max_paths) return OUTCOME_OK;
    message("usage: ftrain %s %s; 'ftrain help %s' tells more", self->name, self->arguments, self->name);
    return OUTCOME_USAGE;
}
