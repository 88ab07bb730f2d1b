/* SPDX-License-Identifier: MIT */
/* The checker of JSON schemas, over small ones whose verdicts are plain, and the schemas of docs/json/. That
 * it agrees with python3-jsonschema over all outputs is tested by test/cli/test_json.sh. */
#include "test/support/json_schema.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

typedef struct example {
    const char *schema, *value;
    const char *why; /* NULL: it is accepted; else part of what is said */
} example;

static const example examples[] = {
    {"{'type': 'object', 'properties': {'a': {'type': 'integer'}}, 'additionalProperties': false}",
     "{'a': 1}", NULL},
    {"{'type': 'object', 'properties': {'a': {'type': 'integer'}}, 'additionalProperties': false}", "{}",
     NULL},
    {"{'type': 'object', 'properties': {'a': {'type': 'integer'}}, 'additionalProperties': false}",
     "{'a': 1, 'b': 2}", "a member 'b'"},
    {"{'type': 'object', 'properties': {'a': {'type': 'integer'}}, 'additionalProperties': false}",
     "{'a': 1.5}", "/a: is not \"integer\""},
    {"{'type': 'object', 'required': ['a', 'b']}", "{'a': null}", "lacks the member 'b'"},
    {"{'type': 'object', 'additionalProperties': {'type': 'number'}}", "{'x': 0.5, 'y': 1}", NULL},
    {"{'type': 'object', 'additionalProperties': {'type': 'number'}}", "{'x': 0.5, 'y': '1'}", "/y: is not"},
    {"{'dependentRequired': {'a': ['b']}}", "{'b': 1}", NULL},
    {"{'dependentRequired': {'a': ['b']}}", "{'a': 1}", "lacks the member 'b'"},
    {"{'type': 'integer'}", "[2.0]", NULL},
    {"{'type': ['number', 'null'], 'minimum': 0, 'maximum': 1}", "[null]", NULL},
    {"{'type': ['number', 'null'], 'minimum': 0, 'maximum': 1}", "[1]", NULL},
    {"{'type': ['number', 'null'], 'minimum': 0, 'maximum': 1}", "[1.0001]", "above 1"},
    {"{'type': ['number', 'null'], 'minimum': 0, 'maximum': 1}", "[-1]", "below 0"},
    {"{'type': ['number', 'null'], 'minimum': 0, 'maximum': 1}", "[true]", "is not"},
    {"{'type': 'array', 'items': {'type': 'string'}, 'minItems': 1, 'maxItems': 2}", "[['a', 'b']]", NULL},
    {"{'type': 'array', 'items': {'type': 'string'}, 'minItems': 1, 'maxItems': 2}", "[[]]", "fewer than 1"},
    {"{'type': 'array', 'items': {'type': 'string'}, 'minItems': 1, 'maxItems': 2}", "[['a', 'b', 'c']]",
     "more than 2"},
    {"{'type': 'array', 'items': {'type': 'string'}, 'minItems': 1, 'maxItems': 2}", "[['a', 3]]",
     "/1: is not"},
    {"{'enum': ['a', 1, null]}", "[1]", NULL},
    {"{'enum': ['a', 1, null]}", "['b']", "none of the values"},
    {"{'const': false}", "[false]", NULL},
    {"{'const': false}", "[null]", "not the one value"},
    {"{'type': 'string', 'pattern': '^[0-9a-f]{4}$'}", "['00ff']", NULL},
    {"{'type': 'string', 'pattern': '^[0-9a-f]{4}$'}", "['00fff']", "does not match"},
    {"{'oneOf': [{'type': 'null'}, {'type': 'string'}]}", "['a']", NULL},
    {"{'oneOf': [{'type': 'null'}, {'type': 'string'}]}", "[1]", "is of no form"},
    {"{'oneOf': [{'type': 'number'}, {'type': 'integer'}]}", "[1]", "2 of the forms at once"},
    {"{'$ref': '#/$defs/a', '$defs': {'a': {'type': 'string'}}}", "['x']", NULL},
    {"{'$ref': '#/$defs/a', '$defs': {'a': {'type': 'string'}}}", "[1]", "is not \"string\""},
    {"{'$ref': '#/$defs/b', '$defs': {'a': {'type': 'string'}}}", "['x']", "leads nowhere"},
    {"{'$ref': 'other.schema.json#/$defs/hex'}", "['ff']", NULL},
    {"{'$ref': 'other.schema.json#/$defs/hex'}", "['xx']", "does not match"},
    {"{'$ref': 'absent.schema.json'}", "['xx']", "absent.schema.json"},
    {"{'$ref': 'http://example.org/#/$defs/a'}", "['xx']", "of no form that is known"},
    {"{'type': 'string', 'minLength': 3}", "['abc']", "'minLength' is not known"},
};

static void write_file(const char *folder, const char *name, const char *text) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *to = fopen(path, "w");
    assert_non_null(to);
    for (; *text; text++) putc(*text == '\'' ? '"' : *text, to);
    assert_int_equal(fclose(to), 0);
}

static json_t *value_of(const char *text) {
    char quoted[256];
    snprintf(quoted, sizeof quoted, "%s", text);
    for (char *at = quoted; (at = strchr(at, '\''));) *at = '"';
    json_t *root = json_loads(quoted, 0, NULL);
    assert_non_null(root);
    return root;
}

static void test_every_rule_holds_and_is_named(void **state) {
    (void)state;
    char folder[] = "/tmp/schemas.XXXXXX";
    assert_non_null(mkdtemp(folder));
    write_file(folder, "other.schema.json",
               "{'$defs': {'hex': {'type': 'string', 'pattern': '^[0-9a-f]+$'}}}");
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        write_file(folder, "it.schema.json", examples[i].schema);
        json_schemas *all = json_schemas_open(folder);
        json_t *root = value_of(examples[i].value);
        char why[JSON_WHY] = "";
        const bool good =
            json_schema_accepts(all, "it", json_is_array(root) ? json_array_get(root, 0) : root, why);
        if (good != !examples[i].why || (!good && !strstr(why, examples[i].why)))
            fail_msg("%s and %s: %s, not %s", examples[i].schema, examples[i].value, good ? "accepted" : why,
                     examples[i].why ? examples[i].why : "accepted");
        json_decref(root);
        json_schemas_close(all);
    }
    char command[64];
    snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0);
}

static void test_a_schema_that_is_not_whole_is_found(void **state) {
    static const example schemas[] = {
        {"{'type': 'object', 'additionalProperties': false, 'properties': {'a': {'description': 'x'}}}", NULL,
         NULL},
        {"{'type': 'object', 'additionalProperties': false, 'properties': {'a': {'type': 'null'}}}", NULL,
         "/properties/a: has no description"},
        {"{'type': 'object', 'properties': {'a': {'description': 'x'}}}", NULL, "whether it may have more"},
        {"{'oneOf': [{'$ref': '#/$defs/a'}]}", NULL, "leads nowhere"},
        {"{'items': {'minLength': 1}}", NULL, "'minLength' is not known"},
    };
    char folder[] = "/tmp/schemas.XXXXXX";
    (void)state;
    assert_non_null(mkdtemp(folder));
    for (size_t i = 0; i < sizeof schemas / sizeof *schemas; i++) {
        write_file(folder, "it.schema.json", schemas[i].schema);
        json_schemas *all = json_schemas_open(folder);
        char why[JSON_WHY] = "";
        const bool good = json_schema_is_sound(all, "it", why);
        const char *const expected = schemas[i].why ? strrchr(schemas[i].why, ':') : NULL;
        if (good != !schemas[i].why || (!good && !strstr(why, expected ? expected + 2 : schemas[i].why)))
            fail_msg("%s: %s", schemas[i].schema, good ? "sound" : why);
        json_schemas_close(all);
    }
    char command[64];
    snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0);
}

/* Of every kind of output the names of all members are described, and nothing beyond them is let through. */
static void test_the_schemas_of_all_outputs_are_whole(void **state) {
    (void)state;
    DIR *folder = opendir("docs/json");
    assert_non_null(folder);
    json_schemas *all = json_schemas_open("docs/json");
    int count = 0;
    for (struct dirent *entry; (entry = readdir(folder));) {
        char name[sizeof entry->d_name], why[JSON_WHY];
        char *const end = strstr(strcpy(name, entry->d_name), ".schema.json");
        if (!end) continue;
        *end = '\0';
        if (!json_schema_is_sound(all, name, why)) fail_msg("%s: %s", entry->d_name, why);
        count++;
    }
    assert_true(count >= 18);
    json_schemas_close(all);
    closedir(folder);
}

static void test_an_unknown_member_or_a_wrong_one_is_refused(void **state) {
    static const struct {
        const char *line, *why;
    } lines[] = {
        {"{\"path\": \"a.jpg\", \"url\": \"http://x/a\", \"bytes\": 3}", NULL},
        {"{\"path\": \"a.jpg\", \"url\": \"http://x/a\", \"bytes\": 3, \"file\": \"a.jpg\"}",
         "a member 'file'"},
        {"{\"file\": \"a.jpg\", \"url\": \"http://x/a\", \"bytes\": 3}", "lacks the member 'path'"},
        {"{\"path\": \"a.jpg\", \"url\": \"http://x/a\", \"bytes\": \"3\"}", "/bytes: is not"},
    };
    (void)state;
    json_schemas *all = json_schemas_open("docs/json");
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        char why[JSON_WHY] = "";
        json_t *value = json_loads(lines[i].line, 0, NULL);
        assert_int_equal(json_schema_accepts(all, "collect", value, why), !lines[i].why);
        if (lines[i].why) assert_non_null(strstr(why, lines[i].why));
        json_decref(value);
    }
    json_schemas_close(all);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_rule_holds_and_is_named),
        cmocka_unit_test(test_a_schema_that_is_not_whole_is_found),
        cmocka_unit_test(test_the_schemas_of_all_outputs_are_whole),
        cmocka_unit_test(test_an_unknown_member_or_a_wrong_one_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
