/* SPDX-License-Identifier: MIT */
/* JSON: a value that is read is written on one line that reads as the same value. Preprocessing in it comes
 * back as it was. */
#include "test/fuzz/fuzz.h"

#include "io/json.h"

#include <stdlib.h>
#include <string.h>

static json_t *parse(const char *text, size_t size) {
    json_t *value = NULL;
    json_error_t reason;
    const dn_status status = dni_json_parse(&value, text, size, JSON_DECODE_ANY, &reason);
    fuzz_require(!status == !!value, "%s", dn_status_name(status));
    fuzz_require(status == DN_OK || status == DN_ERR_CORRUPT, "%s", dn_status_name(status));
    return value;
}

static void check_round(json_t *value) {
    char *const line = dni_json_line(json_incref(value));
    fuzz_require(line && !strchr(line, '\n'), "'%s' is not one line", line ? line : "");
    json_t *const again = parse(line, strlen(line));
    fuzz_require(again && json_equal(value, again), "'%s' reads as another value", line);
    char *const second = dni_json_line(again);
    fuzz_require(second && strcmp(line, second) == 0, "'%s', then '%s'", line, second ? second : "");
    free(line);
    free(second);
}

static void check_preprocessing(const char *text) {
    dn_preprocessing first, second;
    dn_error error = {.message = ""};
    const dn_status status = dni_preprocessing_from_json(&first, text, FUZZ_NAME, &error);
    if (status) {
        fuzz_check_refusal(status, &error, FUZZ_NAME);
        return;
    }
    fuzz_take();
    fuzz_require(!dn_preprocessing_check(&first, &error), "%s", error.message);
    char *const written = dni_preprocessing_to_json(&first);
    fuzz_require(written, "preprocessing is not written");
    fuzz_require(!dni_preprocessing_from_json(&second, written, FUZZ_NAME, &error), "%s", error.message);
    fuzz_require(memcmp(&first, &second, sizeof first) == 0, "%s reads as another", written);
    free(written);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    char *const text = fuzz_text(bytes, size);
    json_t *const value = parse(text, size);
    if (value) check_round(value);
    json_decref(value);
    check_preprocessing(text);
    free(text);
    return 0;
}
