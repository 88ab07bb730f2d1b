/* SPDX-License-Identifier: MIT */
/* JSON by jansson, in the forms in which this project writes it to files and terminals. */
#ifndef DN_IO_JSON_H
#define DN_IO_JSON_H

#include "core/status.h"
#include "io/image.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* The most values in a text that is parsed: each takes some fifty bytes of memory, and two of the text. */
enum { DNI_JSON_VALUE_LIMIT = 1 << 20 };

/* Parses a text with jansson's JSON_* flags. DN_ERR_CORRUPT when it is no JSON, or has more values than the
 * limit: *reason then says why and where. With JSON_DISABLE_EOF_CHECK, where the text may go on behind the
 * value, they are not counted. No message is written: the caller knows what the text is. */
dn_status dni_json_parse(json_t **out, const char *text, size_t size, size_t flags, json_error_t *reason);

/* The value of a text that is known to be JSON; NULL: out of memory. */
json_t *dni_json_of_checked(const char *text);

/* Length in bytes of the valid UTF-8 sequence at the start of `text`, which ends in a zero byte; 0: there
 * is none (RFC 3629, section 4). */
size_t dni_utf8_length(const unsigned char *text);
/* Whether all of it is UTF-8 (RFC 3629), which JSON strings must be. */
bool dni_is_utf8(const char *text);

/* A JSON string. Bytes that are not UTF-8, as file names may have, become U+FFFD. NULL: out of memory. */
json_t *dni_json_text(const char *text);

/* A JSON number, and null for NaN and infinity, which JSON does not have. */
json_t *dni_json_number(double value);
/* The same of a float: the double nearest to the shortest decimal that reads back as the same float, so that
 * 0.485 is written 0.485, not 0.48500001430511475. */
json_t *dni_json_float(float value);

/* Put objects and arrays together: each call takes over `value`. Where there is no memory for it, or it is
 * NULL as there was none to make it, the object is released and becomes NULL, and stays so: a chain of calls
 * needs one look at its end, and nothing is ever left out. Keys must be UTF-8. */
void dni_json_set(json_t **object, const char *key, json_t *value);
void dni_json_append(json_t **array, json_t *value);
/* Adds all members of an object. */
void dni_json_update(json_t **object, json_t *more);

/* The value on one line, every number with the fewest digits that read back as the same double, keys in
 * order of adding; from malloc, NULL when out of memory or `value` is NULL. Takes over `value`. */
char *dni_json_line(json_t *value);

/* json_dumps(), which leaves out keys that there was no memory for, without a word: nothing is left out here.
 * From malloc, NULL when out of memory or `value` is NULL. */
char *dni_json_dump(const json_t *value, size_t flags);

/* {"resize": 255, "crop": 224, "mean": [...], "std": [...]}; from malloc, NULL when out of memory. */
char *dni_preprocessing_to_json(const dn_preprocessing *preprocessing);

/* Reads it back and checks it with dn_preprocessing_check(). DN_ERR_CORRUPT when it is not such JSON or out
 * of range; `name` begins every message. */
dn_status dni_preprocessing_from_json(dn_preprocessing *out, const char *text, const char *name,
                                      dn_error *error);

#endif
