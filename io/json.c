/* SPDX-License-Identifier: MIT */
/* JSON forms over jansson, which neither reads nor writes by the locale. */
#include "io/json.h"

#include "core/error.h"
#include "core/memory.h"
#include "io/real_text.h"
#include "io/text_stream.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t dni_utf8_length(const unsigned char *text) {
    const unsigned char a = text[0];
    if (a < 0x80) return 1;
    const size_t length = a >= 0xc2 && a < 0xe0   ? 2
                          : a >= 0xe0 && a < 0xf0 ? 3
                          : a >= 0xf0 && a < 0xf5 ? 4
                                                  : 0;
    for (size_t i = 1; i < length; i++)
        if ((text[i] & 0xc0) != 0x80) return 0;
    if (a == 0xe0 && text[1] < 0xa0) return 0; /* overlong */
    if (a == 0xed && text[1] > 0x9f) return 0; /* surrogates */
    if (a == 0xf0 && text[1] < 0x90) return 0; /* overlong */
    if (a == 0xf4 && text[1] > 0x8f) return 0; /* above U+10FFFF */
    return length;
}

bool dni_is_utf8(const char *text) {
    const unsigned char *from = (const unsigned char *)text;
    while (*from) {
        const size_t length = dni_utf8_length(from);
        if (!length) return false;
        from += length;
    }
    return true;
}

/* Whether there are more values than the limit: of no JSON, it may tell anything. */
static bool has_too_many_values(const char *text, size_t size) {
    size_t count = 1;
    bool in_string = false;
    if (size < DNI_JSON_VALUE_LIMIT) return false;
    for (size_t i = 0; i < size; i++) {
        const char c = text[i];
        if (c == '"')
            in_string = !in_string;
        else if (in_string)
            i += c == '\\'; /* what it escapes, maybe a quote, is passed over */
        else
            count += c == ',' || c == '[' || c == '{';
    }
    return count > DNI_JSON_VALUE_LIMIT;
}

/* jansson says of some failed allocations that there was an "invalid token", and of others, when the room for
 * a long string or number has to grow, nothing: characters are missing then, and where no memory comes back
 * it reads on behind that room, or ends the process. So memory is asked for before, as much as the longest
 * string of the text could take twice over, and what is right is what two readings agree on. */
dn_status dni_json_parse(json_t **out, const char *text, size_t size, size_t flags, json_error_t *reason) {
    enum { ROOM = 1 << 16 };
    *out = NULL;
    if (!(flags & JSON_DISABLE_EOF_CHECK) && has_too_many_values(text, size)) {
        *reason = (json_error_t){.position = 0};
        snprintf(reason->text, sizeof reason->text, "more than %d values", DNI_JSON_VALUE_LIMIT);
        return DN_ERR_CORRUPT;
    }
    if (!dni_memory_is_left(ROOM + 4 * size)) return DN_ERR_MEMORY;
    json_t *const first = json_loadb(text, size, flags, reason);
    json_t *const second = json_loadb(text, size, flags, reason);
    if (first && second && json_equal(first, second)) *out = json_incref(first);
    const bool both_failed = !first && !second;
    json_decref(first);
    json_decref(second);
    if (*out) return DN_OK;
    return both_failed && *reason->text && json_error_code(reason) != json_error_out_of_memory &&
                   dni_memory_is_left(size < ROOM ? ROOM : size)
               ? DN_ERR_CORRUPT
               : DN_ERR_MEMORY;
}

json_t *dni_json_of_checked(const char *text) {
    json_error_t reason;
    json_t *value;
    return dni_json_parse(&value, text, strlen(text), JSON_DECODE_ANY, &reason) ? NULL : value;
}

json_t *dni_json_text(const char *text) {
    json_t *string = json_string(text);
    if (string) return string;
    char *clean = malloc(3 * strlen(text) + 1);
    if (!clean) return NULL;
    size_t used = 0;
    const unsigned char *from = (const unsigned char *)text;
    while (*from) {
        const size_t length = dni_utf8_length(from);
        memcpy(clean + used, length ? (const char *)from : "\xef\xbf\xbd", length ? length : 3);
        used += length ? length : 3;
        from += length ? length : 1;
    }
    string = json_stringn(clean, used);
    free(clean);
    return string;
}

json_t *dni_json_number(double value) {
    return isfinite(value) ? json_real(value) : json_null();
}

/* Digits are tried until the text reads back as the same float. */
json_t *dni_json_float(float value) {
    char text[40];
    int digits = FLT_DIG;
    if (!isfinite(value)) return json_null();
    do snprintf(text, sizeof text, "%.*g", digits, (double)value);
    while ((float)strtod(text, NULL) != value && ++digits <= FLT_DECIMAL_DIG);
    return json_real(strtod(text, NULL));
}

/* ---- putting together ---- */

/* Releases what lacks a part. */
static void keep_whole(json_t **value, int failed) {
    if (!failed) return;
    json_decref(*value);
    *value = NULL;
}

void dni_json_set(json_t **object, const char *key, json_t *value) {
    keep_whole(object, json_object_set_new(*object, key, value));
}

void dni_json_append(json_t **array, json_t *value) {
    keep_whole(array, json_array_append_new(*array, value));
}

void dni_json_update(json_t **object, json_t *more) {
    keep_whole(object, json_object_update_new(*object, more));
}

/* ---- writing ---- */

/* json_dumpb() needs no memory for the text: it counts what does not fit. */
char *dni_json_dump(const json_t *value, size_t flags) {
    const size_t size = value ? json_dumpb(value, NULL, 0, flags) : 0;
    char *const text = size ? malloc(size + 1) : NULL;
    if (!text) return NULL;
    if (json_dumpb(value, text, size, flags) == size) {
        text[size] = '\0';
        return text;
    }
    free(text);
    return NULL;
}

/* False without memory. */
static bool write_leaf(FILE *to, const json_t *value) {
    char *text = dni_json_dump(value, JSON_ENCODE_ANY);
    if (text) fputs(text, to);
    free(text);
    return text != NULL;
}

static bool write_value(FILE *to, json_t *value);

static bool write_object(FILE *to, json_t *object) {
    const char *space = "";
    bool whole = true;
    putc('{', to);
    for (void *at = json_object_iter(object); whole && at; at = json_object_iter_next(object, at)) {
        json_t *const key = json_stringn(json_object_iter_key(at), json_object_iter_key_len(at));
        fputs(space, to);
        whole = key && write_leaf(to, key);
        fputs(": ", to);
        whole = whole && write_value(to, json_object_iter_value(at));
        json_decref(key);
        space = ", ";
    }
    putc('}', to);
    return whole;
}

static bool write_array(FILE *to, json_t *array) {
    bool whole = true;
    putc('[', to);
    for (size_t i = 0; whole && i < json_array_size(array); i++) {
        if (i) fputs(", ", to);
        whole = write_value(to, json_array_get(array, i));
    }
    putc(']', to);
    return whole;
}

/* Only what this program has put together, or what jansson has read, which bounds how deep it is. */
static bool write_value(FILE *to, json_t *value) {
    if (json_is_object(value)) return write_object(to, value);
    if (json_is_array(value)) return write_array(to, value);
    if (!json_is_real(value)) return write_leaf(to, value);
    dni_real_write(to, json_real_value(value));
    return true;
}

char *dni_json_line(json_t *value) {
    dni_text_stream line;
    const bool is_written = value && dni_text_stream_open(&line) && write_value(line.to, value);
    const bool is_whole = value && dni_text_stream_close(&line) && is_written;
    json_decref(value);
    if (is_whole) return line.text;
    if (value) free(line.text);
    return NULL;
}

static json_t *three(const float values[3]) {
    json_t *array = json_array();
    for (int i = 0; i < 3; i++) dni_json_append(&array, dni_json_float(values[i]));
    return array;
}

char *dni_preprocessing_to_json(const dn_preprocessing *preprocessing) {
    return dni_json_line(json_pack("{s:i, s:i, s:o, s:o, s:o*}", "resize", preprocessing->resize, "crop",
                                   preprocessing->crop, "mean", three(preprocessing->mean), "std",
                                   three(preprocessing->std), "exif_rotate",
                                   preprocessing->exif_rotate ? json_true() : NULL));
}

/* A member of preprocessing that there is no such option for; NULL: there is none. By jansson's own search,
 * JSON_STRICT, members that it had no memory to remember were such ones. */
static const char *unknown_option(json_t *preprocessing) {
    static const char *const known[] = {"resize", "crop", "mean", "std", "exif_rotate"};
    const char *name;
    json_t *value;
    json_object_foreach(preprocessing, name, value) {
        size_t i = 0;
        while (i < sizeof known / sizeof *known && strcmp(name, known[i]) != 0) i++;
        if (i == sizeof known / sizeof *known) return name;
    }
    return NULL;
}

static dn_status unpack_preprocessing(dn_preprocessing *out, double mean[3], double std[3], json_t *from,
                                      const char *name, dn_error *error) {
    json_error_t reason;
    *out = (dn_preprocessing){.exif_rotate = 0}; /* where the key is absent, as in files from before it */
    if (json_unpack_ex(from, &reason, 0, "{s:i, s:i, s:[F,F,F!], s:[F,F,F!], s?b}", "resize", &out->resize,
                       "crop", &out->crop, "mean", &mean[0], &mean[1], &mean[2], "std", &std[0], &std[1],
                       &std[2], "exif_rotate", &out->exif_rotate))
        return json_error_code(&reason) == json_error_out_of_memory
                   ? dni_no_memory(error, "%s", name)
                   : dni_fail(error, DN_ERR_CORRUPT, "%s: preprocessing: %s", name, reason.text);
    const char *const unknown = unknown_option(from);
    return unknown
               ? dni_fail(error, DN_ERR_CORRUPT, "%s: preprocessing: '%s' is no option of it", name, unknown)
               : DN_OK;
}

dn_status dni_preprocessing_from_json(dn_preprocessing *out, const char *text, const char *name,
                                      dn_error *error) {
    json_error_t reason;
    json_t *root;
    double mean[3], std[3];
    dn_status status = dni_json_parse(&root, text, strlen(text), JSON_REJECT_DUPLICATES, &reason);
    if (status == DN_ERR_MEMORY) return dni_no_memory(error, "%s", name);
    if (status) return dni_fail(error, status, "%s: preprocessing is no JSON: %s", name, reason.text);
    status = unpack_preprocessing(out, mean, std, root, name, error);
    json_decref(root);
    if (status) return status;
    for (int i = 0; i < 3; i++) {
        out->mean[i] = (float)mean[i];
        out->std[i] = (float)std[i];
    }
    dn_error range;
    if (dn_preprocessing_check(out, &range))
        return dni_fail(error, DN_ERR_CORRUPT, "%s: preprocessing: %s", name, range.message);
    return DN_OK;
}
