/* SPDX-License-Identifier: MIT */
/* Checks lines of JSON against a schema of docs/json/:
 *
 *     validate [--verdicts] [--at MEMBER] SCHEMA [FILE]    FILE: else standard input
 *
 * From the repository root. Every line must be one JSON object that SCHEMA accepts; with --at, the object's
 * member of that name. What is wrong is named by its line, and the status is 1 then. --verdicts prints "yes"
 * or "no: WHY" for each line instead. */
#include "test/support/json_schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool accepts(json_schemas *all, const char *schema, const char *member, const char *line, char *why) {
    json_error_t reason;
    json_t *const root = json_loads(line, JSON_REJECT_DUPLICATES, &reason);
    json_t *const value = member ? json_object_get(root, member) : root;
    bool good = json_is_object(root) && value;
    if (good)
        good = json_schema_accepts(all, schema, value, why);
    else
        snprintf(why, JSON_WHY, "%s", root ? "is no object, or lacks the member" : reason.text);
    json_decref(root);
    return good;
}

int main(int argc, char **argv) {
    bool verdicts = false;
    const char *member = NULL;
    int at = 1;
    for (; at < argc && strncmp(argv[at], "--", 2) == 0; at++) {
        if (strcmp(argv[at], "--verdicts") == 0)
            verdicts = true;
        else if (strcmp(argv[at], "--at") == 0 && at + 1 < argc)
            member = argv[++at];
    }
    FILE *const from = at + 1 < argc ? fopen(argv[at + 1], "r") : stdin;
    if (at >= argc || !from) {
        fprintf(stderr, "validate [--verdicts] [--at MEMBER] SCHEMA [FILE]\n");
        return 2;
    }
    json_schemas *const all = json_schemas_open("docs/json");
    char *line = NULL, why[JSON_WHY];
    size_t capacity = 0;
    int status = 0;
    for (int number = 1; getline(&line, &capacity, from) > 0; number++) {
        const bool good = accepts(all, argv[at], member, line, why);
        if (verdicts)
            printf("%s%s\n", good ? "yes" : "no: ", good ? "" : why);
        else if (!good)
            printf("line %d is not as docs/json/%s.schema.json has it: %s\n", number, argv[at], why);
        if (!good && !verdicts) status = 1;
    }
    free(line);
    json_schemas_close(all);
    if (from != stdin) fclose(from);
    return status;
}
