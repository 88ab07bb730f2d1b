/* SPDX-License-Identifier: MIT */
/* Checks a file of comma-separated values by RFC 4180, lines ending in a line feed alone:
 *
 *     csv [--null] FILE   prints the fields, with tabs, a record a line; --null: a zero byte behind each
 *
 * Refused, with the number of the line: a quote in a field that is not quoted, anything behind a closing
 * quote, a quoted field without an end, records of unequal length, two columns of one name, a last line
 * without its end. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 64, FIELD = 4096 };

typedef struct reader {
    FILE *from;
    int line;
    char names[COLUMNS][FIELD];
    char field[FIELD];
    size_t used;
} reader;

static bool refuse(const reader *self, const char *what) {
    fprintf(stderr, "line %d: %s\n", self->line, what);
    return false;
}

static bool keep(reader *self, int byte) {
    if (self->used + 1 == FIELD) return refuse(self, "a field is too long for this checker");
    self->field[self->used++] = (char)byte;
    self->field[self->used] = '\0';
    return true;
}

/* Reads a quoted field's content and what stands behind it, which is *end. */
static bool read_quoted(reader *self, int *end) {
    for (;;) {
        const int byte = getc(self->from);
        if (byte == EOF) return refuse(self, "a quoted field has no end");
        if (byte == '\n') self->line++;
        if (byte == '"') {
            *end = getc(self->from);
            if (*end != '"') break;
        }
        if (!keep(self, byte)) return false;
    }
    if (*end == ',' || *end == '\n') return true;
    return refuse(self, "something follows a closing quote");
}

static bool read_field(reader *self, int *end) {
    self->used = 0;
    self->field[0] = '\0';
    int byte = getc(self->from);
    if (byte == '"') return read_quoted(self, end);
    for (; byte != ',' && byte != '\n'; byte = getc(self->from)) {
        if (byte == EOF) return refuse(self, "the last line has no end");
        if (byte == '"' || byte == '\r')
            return refuse(self, "a quote or carriage return in a field without quotes");
        if (!keep(self, byte)) return false;
    }
    *end = byte;
    return true;
}

static bool is_new(reader *self, int column) {
    for (int c = 0; c < column; c++)
        if (strcmp(self->names[c], self->field) == 0) return refuse(self, "two columns have one name");
    strcpy(self->names[column], self->field);
    return true;
}

/* A record; *count: its fields. */
static bool read_record(reader *self, bool is_header, char after, int *count) {
    int end = ',';
    for (*count = 0; end == ','; ++*count) {
        if (*count == COLUMNS) return refuse(self, "more columns than this checker knows");
        if (!read_field(self, &end) || (is_header && !is_new(self, *count))) return false;
        printf("%s%s", *count && after != '\0' ? "\t" : "", self->field);
        if (after == '\0') putchar('\0');
    }
    if (after != '\0') putchar(after);
    return true;
}

int main(int argc, char **argv) {
    static reader self = {.line = 1};
    const bool null = argc == 3 && strcmp(argv[1], "--null") == 0;
    int columns, count;
    if (argc != 2 + null || !(self.from = fopen(argv[1 + null], "r"))) {
        fprintf(stderr, "csv [--null] FILE\n");
        return 2;
    }
    if (!read_record(&self, true, null ? '\0' : '\n', &columns)) return 1;
    for (int next; (next = getc(self.from)) != EOF;) {
        ungetc(next, self.from);
        self.line++;
        if (!read_record(&self, false, null ? '\0' : '\n', &count)) return 1;
        if (count != columns) return !refuse(&self, "another number of fields than the header has");
    }
    fclose(self.from);
    return 0;
}
