/* Parsing by table, over getopt_long. */
#include "ftrain/shell/options.h"

#include "core/number.h"
#include "ftrain/shell/commands.h"
#include "ftrain/shell/message.h"
#include "ftrain/shell/outcome.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_OPTIONS = 64, FIRST_LONG = 256, HELP = 'h' };

static bool takes_argument(const option_spec *spec) {
    return spec->kind != OPTION_FLAG && spec->kind != OPTION_NO_FLAG;
}

static bool parse_int(const char *option, const char *text, double low, double high, int *out) {
    char *end;
    errno = 0;
    const long value = strtol(text, &end, 10);
    if (end == text || *end || errno || (double)value < low || (double)value > high) {
        message("%s: '%s' is not a whole number from %.0f to %.0f", option, text, low, high);
        return false;
    }
    *out = (int)value;
    return true;
}

static bool parse_float(const char *option, const char *text, double low, double high, float *out) {
    char *end;
    const double value = strtod(text, &end);
    if (end == text || *end || !(value >= low && value <= high)) {
        message("%s: '%s' is not a number from %g to %g", option, text, low, high);
        return false;
    }
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

static bool set_option(const option_spec *spec, const char *value) {
    char name[40];
    snprintf(name, sizeof name, "--%s", spec->name);
    switch (spec->kind) {
    case OPTION_FLAG:
        *(bool *)spec->target = true;
        return true;
    case OPTION_NO_FLAG:
        *(bool *)spec->target = false;
        return true;
    case OPTION_TEXT:
        *(const char **)spec->target = value;
        return true;
    case OPTION_INT:
        return parse_int(name, value, spec->low, spec->high, spec->target);
    case OPTION_FLOAT:
        return parse_float(name, value, spec->low, spec->high, spec->target);
    case OPTION_SEED:
        return parse_seed(name, value, spec->target);
    case OPTION_WIDTHS:
        return parse_widths(name, value, spec->target);
    case OPTION_CHOICE:
        return parse_choice(name, value, spec->argument, spec->target);
    }
    return false;
}

bool option_set(const option_spec *specs, size_t count, const char *name, const char *value) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(specs[i].name, name) == 0) return set_option(&specs[i], value);
    return false;
}

/* The specs in getopt_long()'s forms: value FIRST_LONG + i for option i, and its letter in `letters`. */
static void fill_getopt(const option_spec *specs, size_t count, struct option *longs, char *letters) {
    *letters++ = ':'; /* a missing argument is told apart from an unknown option */
    for (size_t i = 0; i < count; i++) {
        longs[i] = (struct option){specs[i].name, takes_argument(&specs[i]) ? required_argument : no_argument,
                                   NULL, FIRST_LONG + (int)i};
        if (!specs[i].letter) continue;
        *letters++ = specs[i].letter;
        if (takes_argument(&specs[i])) *letters++ = ':';
    }
    longs[count] = (struct option){"help", no_argument, NULL, HELP};
    longs[count + 1] = (struct option){NULL, 0, NULL, 0};
    *letters++ = HELP;
    *letters = '\0';
}

static const option_spec *find_spec(const option_spec *specs, size_t count, int value) {
    if (value >= FIRST_LONG) return &specs[value - FIRST_LONG];
    for (size_t i = 0; i < count; i++)
        if (specs[i].letter == value) return &specs[i];
    return NULL;
}

static outcome print_help(const command *self, const option_spec *specs, size_t count) {
    printf("Usage: ftrain %s %s\n\n%s", self->name, self->arguments, self->description);
    puts("Options:");
    for (size_t i = 0; i < count; i++) {
        char left[48];
        const char letter[] = {'-', specs[i].letter, ',', ' ', '\0'};
        snprintf(left, sizeof left, "%s--%s%s%s", specs[i].letter ? letter : "    ", specs[i].name,
                 takes_argument(&specs[i]) ? " " : "", takes_argument(&specs[i]) ? specs[i].argument : "");
        printf("  %-26s %s\n", left, specs[i].help);
    }
    printf("  %-26s %s\n", "-h, --help", "print this");
    return OUTCOME_FINISHED;
}

static outcome complain(const command *self, int value, const char *argument) {
    message("%s: option '%s' %s; 'ftrain help %s' lists the options", self->name, argument,
            value == ':' ? "needs a value" : "is unknown, ambiguous or takes no value", self->name);
    return OUTCOME_USAGE;
}

outcome parse_options(const command *self, const option_spec *specs, size_t count, int argc, char **argv,
                      int least, int most, int *first) {
    struct option longs[MAX_OPTIONS + 2];
    char letters[2 * MAX_OPTIONS + 3];
    fill_getopt(specs, count, longs, letters);
    optind = 0; /* glibc: start anew */
    opterr = 0;
    for (;;) {
        const int at = optind ? optind : 1;
        const int value = getopt_long(argc, argv, letters, longs, NULL);
        if (value == -1) break;
        if (value == HELP) return print_help(self, specs, count);
        if (value == '?' || value == ':') return complain(self, value, argv[optind > at ? optind - 1 : at]);
        if (!set_option(find_spec(specs, count, value), optarg)) return OUTCOME_USAGE;
    }
    *first = optind;
    if (argc - optind >= least && argc - optind <= most) return OUTCOME_OK;
    message("usage: ftrain %s %s; 'ftrain help %s' tells more", self->name, self->arguments, self->name);
    return OUTCOME_USAGE;
}
