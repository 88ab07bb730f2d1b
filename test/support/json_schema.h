/* SPDX-License-Identifier: MIT */
/* JSON against a JSON schema: the part of draft 2020-12 that docs/json/ is written in. A schema that uses a
 * keyword beyond it accepts nothing, so that no rule is passed over in silence. python3-jsonschema is the
 * oracle (test/cli/json_oracle.py). */
#ifndef TEST_SUPPORT_JSON_SCHEMA_H
#define TEST_SUPPORT_JSON_SCHEMA_H

#include <jansson.h>
#include <stdbool.h>

typedef struct json_schemas json_schemas;

/* The schemas of a folder, FOLDER/NAME.schema.json, each read when it is first needed. NULL: no memory. */
json_schemas *json_schemas_open(const char *folder);
void json_schemas_close(json_schemas *self);

enum { JSON_WHY = 1024 };

/* Whether the value is as NAME's schema says; else `why` tells where it is not, and what is wrong there. */
bool json_schema_accepts(json_schemas *self, const char *name, json_t *value, char why[JSON_WHY]);

/* Whether the schema itself is whole: known keywords alone, references that lead somewhere, a description of
 * every member. Else `why` says what is wrong with it. */
bool json_schema_is_sound(json_schemas *self, const char *name, char why[JSON_WHY]);

#endif
