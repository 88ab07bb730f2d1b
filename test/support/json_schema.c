/* SPDX-License-Identifier: MIT */
/* A schema is walked beside the value; each keyword is a rule of its own. */
#include "test/support/json_schema.h"

#include <math.h>
#include <regex.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct json_schemas {
    char *folder;
    json_t *files; /* name -> schema */
};

json_schemas *json_schemas_open(const char *folder) {
    json_schemas *self = calloc(1, sizeof *self);
    if (!self) return NULL;
    self->folder = strdup(folder);
    self->files = json_object();
    return self;
}

void json_schemas_close(json_schemas *self) {
    if (!self) return;
    free(self->folder);
    json_decref(self->files);
    free(self);
}

/* What is looked at: a schema, the name of the file that it is in, and where in the value. */
typedef struct place {
    json_schemas *all;
    const char *file;
    json_t *schema;
    char path[256];
} place;

__attribute__((format(printf, 3, 4))) static bool refuse(char *why, const place *at, const char *format,
                                                         ...) {
    const int used = snprintf(why, JSON_WHY, "%s: ", *at->path ? at->path : "/");
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why + used, (size_t)(JSON_WHY - used), format, arguments);
    va_end(arguments);
    return false;
}

/* ---- references ---- */

static json_t *load(json_schemas *self, const char *name, char *why) {
    json_t *found = json_object_get(self->files, name);
    if (found) return found;
    char path[512];
    json_error_t reason;
    snprintf(path, sizeof path, "%s/%s.schema.json", self->folder, name);
    json_t *const read = json_load_file(path, JSON_REJECT_DUPLICATES, &reason);
    if (!read) {
        snprintf(why, JSON_WHY, "%s: line %d: %s", path, reason.line, reason.text);
        return NULL;
    }
    json_object_set_new(self->files, name, read);
    return read;
}

/* "#/$defs/NAME", "FILE.schema.json" or both: fills in file and schema of *at. */
static bool follow(place *at, const char *reference, char *why) {
    static const char ending[] = ".schema.json", inside[] = "#/$defs/";
    char name[64];
    const size_t length = strcspn(reference, "#");
    if (length) {
        const char *const end = strstr(reference, ending);
        if (!end || end + strlen(ending) != reference + length || length >= sizeof name)
            return refuse(why, at, "$ref '%s' is of no form that is known", reference);
        snprintf(name, sizeof name, "%.*s", (int)(end - reference), reference);
        at->schema = load(at->all, name, why);
        if (!at->schema) return false;
        void *const key = json_object_iter_at(at->all->files, name);
        at->file = json_object_iter_key(key);
    } else {
        at->schema = load(at->all, at->file, why);
    }
    if (!reference[length]) return true;
    if (strncmp(reference + length, inside, strlen(inside)) != 0)
        return refuse(why, at, "$ref '%s' is of no form that is known", reference);
    at->schema = json_object_get(json_object_get(at->schema, "$defs"), reference + length + strlen(inside));
    return at->schema ? true : refuse(why, at, "$ref '%s' leads nowhere", reference);
}

/* ---- rules ---- */

static bool accepts(const place *at, json_t *value, char *why);

static bool accepts_part(const place *at, json_t *schema, json_t *value, const char *name, char *why) {
    place below = *at;
    below.schema = schema;
    const size_t used = strlen(below.path);
    snprintf(below.path + used, sizeof below.path - used, "/%s", name);
    return accepts(&below, value, why);
}

static bool is_of_type(json_t *value, const char *type) {
    if (strcmp(type, "integer") == 0)
        return json_is_integer(value) ||
               (json_is_real(value) && json_real_value(value) == floor(json_real_value(value)));
    return (strcmp(type, "object") == 0 && json_is_object(value)) ||
           (strcmp(type, "array") == 0 && json_is_array(value)) ||
           (strcmp(type, "string") == 0 && json_is_string(value)) ||
           (strcmp(type, "number") == 0 && json_is_number(value)) ||
           (strcmp(type, "boolean") == 0 && json_is_boolean(value)) ||
           (strcmp(type, "null") == 0 && json_is_null(value));
}

static bool rule_type(const place *at, json_t *rule, json_t *value, char *why) {
    if (json_is_string(rule) && is_of_type(value, json_string_value(rule))) return true;
    for (size_t i = 0; i < json_array_size(rule); i++)
        if (is_of_type(value, json_string_value(json_array_get(rule, i)))) return true;
    char *const text = json_dumps(rule, JSON_ENCODE_ANY);
    refuse(why, at, "is not %s", text ? text : "");
    free(text);
    return false;
}

static bool rule_enum(const place *at, json_t *rule, json_t *value, char *why) {
    for (size_t i = 0; i < json_array_size(rule); i++)
        if (json_equal(json_array_get(rule, i), value)) return true;
    return refuse(why, at, "is none of the values that it may have");
}

static bool rule_const(const place *at, json_t *rule, json_t *value, char *why) {
    return json_equal(rule, value) ? true : refuse(why, at, "is not the one value that it may have");
}

static bool rule_minimum(const place *at, json_t *rule, json_t *value, char *why) {
    if (!json_is_number(value) || json_number_value(value) >= json_number_value(rule)) return true;
    return refuse(why, at, "%g is below %g", json_number_value(value), json_number_value(rule));
}

static bool rule_maximum(const place *at, json_t *rule, json_t *value, char *why) {
    if (!json_is_number(value) || json_number_value(value) <= json_number_value(rule)) return true;
    return refuse(why, at, "%g is above %g", json_number_value(value), json_number_value(rule));
}

static bool rule_pattern(const place *at, json_t *rule, json_t *value, char *why) {
    regex_t pattern;
    if (!json_is_string(value)) return true;
    if (regcomp(&pattern, json_string_value(rule), REG_EXTENDED | REG_NOSUB) != 0)
        return refuse(why, at, "pattern '%s' is none", json_string_value(rule));
    const bool found = regexec(&pattern, json_string_value(value), 0, NULL, 0) == 0;
    regfree(&pattern);
    return found
               ? true
               : refuse(why, at, "'%s' does not match %s", json_string_value(value), json_string_value(rule));
}

static bool rule_properties(const place *at, json_t *rule, json_t *value, char *why) {
    for (void *i = json_object_iter(rule); i; i = json_object_iter_next(rule, i)) {
        const char *const name = json_object_iter_key(i);
        json_t *const member = json_object_get(value, name);
        if (member && !accepts_part(at, json_object_iter_value(i), member, name, why)) return false;
    }
    return true;
}

static bool rule_additional(const place *at, json_t *rule, json_t *value, char *why) {
    json_t *const known = json_object_get(at->schema, "properties");
    for (void *i = json_object_iter(value); i; i = json_object_iter_next(value, i)) {
        const char *const name = json_object_iter_key(i);
        if (json_object_get(known, name)) continue;
        if (json_is_false(rule))
            return refuse(why, at, "has a member '%s', which the schema does not know", name);
        if (!accepts_part(at, rule, json_object_iter_value(i), name, why)) return false;
    }
    return true;
}

static bool has_all(const place *at, json_t *names, json_t *value, char *why) {
    for (size_t i = 0; json_is_object(value) && i < json_array_size(names); i++) {
        const char *const name = json_string_value(json_array_get(names, i));
        if (!json_object_get(value, name)) return refuse(why, at, "lacks the member '%s'", name);
    }
    return true;
}

static bool rule_dependent(const place *at, json_t *rule, json_t *value, char *why) {
    for (void *i = json_object_iter(rule); i; i = json_object_iter_next(rule, i))
        if (json_object_get(value, json_object_iter_key(i)) &&
            !has_all(at, json_object_iter_value(i), value, why))
            return false;
    return true;
}

static bool rule_items(const place *at, json_t *rule, json_t *value, char *why) {
    for (size_t i = 0; i < json_array_size(value); i++) {
        char name[24];
        snprintf(name, sizeof name, "%zu", i);
        if (!accepts_part(at, rule, json_array_get(value, i), name, why)) return false;
    }
    return true;
}

static bool rule_min_items(const place *at, json_t *rule, json_t *value, char *why) {
    if (!json_is_array(value) || (json_int_t)json_array_size(value) >= json_integer_value(rule)) return true;
    return refuse(why, at, "has %zu items, fewer than %lld", json_array_size(value),
                  (long long)json_integer_value(rule));
}

static bool rule_max_items(const place *at, json_t *rule, json_t *value, char *why) {
    if (!json_is_array(value) || (json_int_t)json_array_size(value) <= json_integer_value(rule)) return true;
    return refuse(why, at, "has %zu items, more than %lld", json_array_size(value),
                  (long long)json_integer_value(rule));
}

/* Why each of them does not fit, one after the other. */
static bool rule_one_of(const place *at, json_t *rule, json_t *value, char *why) {
    char reasons[JSON_WHY] = "", reason[JSON_WHY];
    int fitting = 0;
    for (size_t i = 0; i < json_array_size(rule); i++) {
        place choice = *at;
        choice.schema = json_array_get(rule, i);
        if (accepts(&choice, value, reason)) {
            fitting++;
            continue;
        }
        const size_t used = strlen(reasons);
        snprintf(reasons + used, sizeof reasons - used, "%s%.200s", used ? "; or: " : "", reason);
    }
    if (fitting == 1) return true;
    return fitting ? refuse(why, at, "is %d of the forms at once", fitting)
                   : refuse(why, at, "is of no form: %.800s", reasons);
}

static bool rule_ref(const place *at, json_t *rule, json_t *value, char *why) {
    place there = *at;
    return follow(&there, json_string_value(rule), why) && accepts(&there, value, why);
}

static bool rule_required(const place *at, json_t *rule, json_t *value, char *why) {
    return has_all(at, rule, value, why);
}

static bool rule_none(const place *at, json_t *rule, json_t *value, char *why) {
    (void)at, (void)rule, (void)value, (void)why;
    return true;
}

static const struct {
    const char *keyword;
    bool (*holds)(const place *at, json_t *rule, json_t *value, char *why);
} rules[] = {
    {"$schema", rule_none},
    {"$id", rule_none},
    {"$defs", rule_none},
    {"title", rule_none},
    {"description", rule_none},
    {"type", rule_type},
    {"required", rule_required},
    {"additionalProperties", rule_additional},
    {"properties", rule_properties},
    {"dependentRequired", rule_dependent},
    {"items", rule_items},
    {"minItems", rule_min_items},
    {"maxItems", rule_max_items},
    {"enum", rule_enum},
    {"const", rule_const},
    {"minimum", rule_minimum},
    {"maximum", rule_maximum},
    {"pattern", rule_pattern},
    {"oneOf", rule_one_of},
    {"$ref", rule_ref},
};

enum { RULES = sizeof rules / sizeof *rules };

static bool accepts(const place *at, json_t *value, char *why) {
    for (void *i = json_object_iter(at->schema); i; i = json_object_iter_next(at->schema, i)) {
        size_t r = 0;
        while (r < RULES && strcmp(rules[r].keyword, json_object_iter_key(i)) != 0) r++;
        if (r == RULES) return refuse(why, at, "the keyword '%s' is not known here", json_object_iter_key(i));
        if (!rules[r].holds(at, json_object_iter_value(i), value, why)) return false;
    }
    return true;
}

bool json_schema_accepts(json_schemas *self, const char *name, json_t *value, char why[JSON_WHY]) {
    place at = {.all = self, .file = name, .path = ""};
    at.schema = load(self, name, why);
    return at.schema && accepts(&at, value, why);
}

/* ---- schemas themselves ---- */

static bool is_sound(const place *at, bool is_member, char *why);

static bool part_is_sound(const place *at, json_t *schema, const char *name, bool is_member, char *why) {
    place below = *at;
    below.schema = schema;
    const size_t used = strlen(below.path);
    snprintf(below.path + used, sizeof below.path - used, "/%s", name);
    return is_sound(&below, is_member, why);
}

static bool members_are_sound(const place *at, const char *keyword, bool are_members, char *why) {
    json_t *const all = json_object_get(at->schema, keyword);
    for (void *i = json_object_iter(all); i; i = json_object_iter_next(all, i))
        if (!part_is_sound(at, json_object_iter_value(i), json_object_iter_key(i), are_members, why))
            return false;
    return true;
}

/* Its own, or that of what it refers to. */
static bool is_described(const place *at) {
    char why[JSON_WHY];
    place there = *at;
    if (json_object_get(at->schema, "description")) return true;
    const char *const reference = json_string_value(json_object_get(at->schema, "$ref"));
    return reference && follow(&there, reference, why) && json_object_get(there.schema, "description");
}

static bool is_sound(const place *at, bool is_member, char *why) {
    if (!json_is_object(at->schema)) return refuse(why, at, "is no schema");
    for (void *i = json_object_iter(at->schema); i; i = json_object_iter_next(at->schema, i)) {
        size_t r = 0;
        while (r < RULES && strcmp(rules[r].keyword, json_object_iter_key(i)) != 0) r++;
        if (r == RULES) return refuse(why, at, "the keyword '%s' is not known here", json_object_iter_key(i));
    }
    json_t *const reference = json_object_get(at->schema, "$ref");
    place there = *at;
    if (reference && !follow(&there, json_string_value(reference), why)) return false;
    if (is_member && !is_described(at)) return refuse(why, at, "has no description");
    json_t *const more = json_object_get(at->schema, "additionalProperties");
    if (json_object_get(at->schema, "properties") && !more)
        return refuse(why, at, "does not say whether it may have more members");
    if (json_is_object(more) && !part_is_sound(at, more, "*", false, why)) return false;
    json_t *const items = json_object_get(at->schema, "items"), *forms = json_object_get(at->schema, "oneOf");
    if (items && !part_is_sound(at, items, "[]", false, why)) return false;
    for (size_t i = 0; i < json_array_size(forms); i++)
        if (!part_is_sound(at, json_array_get(forms, i), "oneOf", false, why)) return false;
    return members_are_sound(at, "properties", true, why) && members_are_sound(at, "$defs", false, why);
}

bool json_schema_is_sound(json_schemas *self, const char *name, char why[JSON_WHY]) {
    place at = {.all = self, .file = name, .path = ""};
    at.schema = load(self, name, why);
    return at.schema && is_sound(&at, false, why);
}
