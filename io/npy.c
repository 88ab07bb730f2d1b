/* SPDX-License-Identifier: MIT */
/* .npy: a magic, the version, a little-endian length, a header, which is a Python dictionary as text that is
 * padded with spaces and ended by a line feed, then the elements. The dictionary has three keys of fixed
 * meaning, so that it is taken apart here word by word; nothing in it is evaluated. */
#include "io/npy.h"

#include "core/error.h"
#include "core/memory.h"
#include "core/tensor.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PREFIX = 10, LONG_PREFIX = 12 };

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "numbers are used as they lie in the file");

void dni_npy_header(char out[DNI_NPY_HEADER], uint64_t rows, uint64_t columns) {
    static const char prefix[] = {'\x93', 'N', 'U', 'M', 'P', 'Y', 1, 0, DNI_NPY_HEADER - PREFIX, 0};
    _Static_assert(sizeof prefix == PREFIX, "the prefix of version 1.0");
    memset(out, ' ', DNI_NPY_HEADER);
    memcpy(out, prefix, PREFIX);
    const int used = snprintf(
        out + PREFIX, DNI_NPY_HEADER - PREFIX,
        "{'descr': '<f4', 'fortran_order': False, 'shape': (%" PRIu64 ", %" PRIu64 "), }", rows, columns);
    out[PREFIX + used] = ' '; /* snprintf's zero byte */
    out[DNI_NPY_HEADER - 1] = '\n';
}

/* ---- the dictionary ---- */

typedef struct text_reader {
    const char *at, *end;
} text_reader;

static void skip_spaces(text_reader *text) {
    while (text->at < text->end && *text->at == ' ') text->at++;
}

/* Goes on behind the word, where it is the next one. */
static bool take(text_reader *text, const char *word) {
    skip_spaces(text);
    const size_t length = strlen(word);
    if ((size_t)(text->end - text->at) < length || memcmp(text->at, word, length) != 0) return false;
    text->at += length;
    return true;
}

static bool take_number(text_reader *text, int64_t *out) {
    skip_spaces(text);
    const char *begin = text->at;
    *out = 0;
    for (; text->at < text->end && *text->at >= '0' && *text->at <= '9'; text->at++)
        if (__builtin_mul_overflow(*out, 10, out) || __builtin_add_overflow(*out, *text->at - '0', out))
            return false;
    return text->at > begin;
}

/* "(1, 20)", "(3,)", "()". */
static bool take_shape(text_reader *text, dni_npy *out) {
    if (!take(text, "(")) return false;
    bool more = !take(text, ")");
    while (more) {
        if (out->rank == DNI_NPY_MAX_RANK || !take_number(text, &out->shape[out->rank++])) return false;
        const bool comma = take(text, ",");
        more = !take(text, ")");
        if (more && !comma) return false;
    }
    return true;
}

/* "'<f8'": what stands between the quotes goes to `descr`, as far as it fits. */
static bool take_descr(text_reader *text, char descr[16]) {
    if (!take(text, "'")) {
        snprintf(descr, 16, "[...]"); /* a record of several fields */
        while (text->at < text->end && *text->at != ']') text->at++;
        return take(text, "]");
    }
    size_t used = 0;
    for (; text->at < text->end && *text->at != '\''; text->at++)
        if (used < 15) descr[used++] = *text->at;
    descr[used] = '\0';
    return take(text, "'");
}

static bool take_entry(text_reader *text, dni_npy *out, char descr[16], int *seen) {
    enum { DESCR = 1, ORDER = 2, SHAPE = 4 };
    int which = 0;
    bool right = false;
    if (take(text, "'descr':")) {
        which = DESCR;
        right = take_descr(text, descr);
    } else if (take(text, "'fortran_order':")) {
        which = ORDER;
        out->is_fortran = take(text, "True");
        right = out->is_fortran || take(text, "False");
    } else if (take(text, "'shape':")) {
        which = SHAPE;
        right = take_shape(text, out);
    }
    right = right && !(*seen & which);
    *seen |= which;
    return right;
}

/* The whole dictionary, each key once. */
static bool take_dictionary(text_reader *text, dni_npy *out, char descr[16]) {
    int seen = 0;
    if (!take(text, "{")) return false;
    for (int i = 0; i < 3; i++) {
        if (!take_entry(text, out, descr, &seen)) return false;
        if (!take(text, ",") && i < 2) return false;
    }
    if (!take(text, "}") || seen != 7) return false;
    while (text->at < text->end && (*text->at == ' ' || *text->at == '\n')) text->at++;
    return text->at == text->end;
}

/* ---- the type ---- */

static dn_status read_type(dni_npy *out, const char *descr, dn_error *error) {
    const char order = descr[0];
    const bool has_order = strchr("<>|=", order) && order;
    const char *type = descr + has_order;
    out->kind = *type;
    if (out->kind == 'O')
        return dni_fail(error, DN_ERR_UNSAFE,
                        "%s: holds Python objects, which only a pickle describes, and none is read: save "
                        "numbers, or text by .astype(str)",
                        out->name);
    text_reader digits = {type + (*type != '\0'), type + strlen(type)};
    int64_t number = 0;
    const bool known = *type && strchr("fiubUS", out->kind) && take_number(&digits, &number) &&
                       digits.at == digits.end && number >= (out->kind == 'U' || out->kind == 'S' ? 0 : 1) &&
                       number <= 1 << 20;
    const bool fits = out->kind == 'f'   ? number == 4 || number == 8
                      : out->kind == 'b' ? number == 1
                      : out->kind == 'i' || out->kind == 'u'
                          ? number == 1 || number == 2 || number == 4 || number == 8
                          : true;
    if (!known || !fits || order == '>')
        return dni_fail(error, DN_ERR_UNSUPPORTED,
                        "%s: elements of type '%s'; little-endian float32, float64, whole numbers and text "
                        "are read",
                        out->name, descr);
    out->width = (size_t)number * (out->kind == 'U' ? 4 : 1);
    return DN_OK;
}

static dn_status check_size(dni_npy *out, size_t left, dn_error *error) {
    size_t size = out->width;
    out->count = 1;
    for (int d = 0; d < out->rank; d++)
        if (__builtin_mul_overflow(out->count, out->shape[d], &out->count) ||
            !dni_size_mul(size, (size_t)out->shape[d], &size))
            return dni_fail(error, DN_ERR_CORRUPT, "%s: has more elements than fit memory", out->name);
    if (size == left) return DN_OK;
    char shape[96];
    return dni_fail(error, size > left ? DN_ERR_TRUNCATED : DN_ERR_CORRUPT,
                    "%s: %zu bytes of elements, not the %zu of shape %s", out->name, left, size,
                    dni_npy_shape_text(out, shape, sizeof shape));
}

dn_status dni_npy_parse(dni_npy *out, const unsigned char *bytes, size_t size, const char *name,
                        dn_error *error) {
    *out = (dni_npy){.name = name};
    if (size < PREFIX || memcmp(bytes, "\x93NUMPY", 6) != 0)
        return dni_fail(error, DN_ERR_FORMAT, "%s: does not begin as .npy", name);
    const unsigned version = bytes[6];
    const size_t prefix = version == 1 ? PREFIX : LONG_PREFIX;
    if (version < 1 || version > 3)
        return dni_fail(error, DN_ERR_UNSUPPORTED, "%s: .npy of version %u; 1 to 3 are read", name, version);
    if (size < prefix) return dni_fail(error, DN_ERR_TRUNCATED, "%s: ends inside its header", name);
    size_t length = bytes[8] | (size_t)bytes[9] << 8;
    if (version > 1) length |= (size_t)bytes[10] << 16 | (size_t)bytes[11] << 24;
    if (length > size - prefix) return dni_fail(error, DN_ERR_TRUNCATED, "%s: ends inside its header", name);
    const char *header = (const char *)bytes + prefix;
    text_reader text = {header, header + length};
    char descr[16] = "";
    if (!take_dictionary(&text, out, descr))
        return dni_fail(error, DN_ERR_CORRUPT, "%s: header, byte %zu: not as NumPy writes it", name,
                        (size_t)(text.at - (const char *)bytes));
    const dn_status status = read_type(out, descr, error);
    out->values = bytes + prefix + length;
    return status ? status : check_size(out, size - prefix - length, error);
}

const char *dni_npy_shape_text(const dni_npy *array, char *text, size_t size) {
    return dni_tensor_shape_text(array->rank, array->shape, text, size);
}

/* ---- elements ---- */

static int64_t whole_number(const dni_npy *array, const unsigned char *at) {
    uint64_t bits = 0;
    memcpy(&bits, at, array->width);
    const unsigned shift = 64 - 8 * (unsigned)array->width;
    return array->kind == 'i' ? (int64_t)(bits << shift) >> shift : (int64_t)bits;
}

static double number(const dni_npy *array, const unsigned char *at) {
    float single;
    double twice;
    if (array->kind != 'f') {
        const int64_t whole = whole_number(array, at);
        return array->kind == 'u' ? (double)(uint64_t)whole : (double)whole;
    }
    memcpy(&single, at, sizeof single);
    if (array->width == sizeof single) return (double)single;
    memcpy(&twice, at, sizeof twice);
    return twice;
}

/* Where in a Fortran-ordered array the element lies whose place in C order is i. */
static int64_t fortran_place(const dni_npy *array, int64_t i) {
    int64_t place = 0, stride = array->count;
    for (int d = array->rank - 1; d >= 0; d--) {
        stride /= array->shape[d];
        place += i % array->shape[d] * stride;
        i /= array->shape[d];
    }
    return place;
}

dn_status dni_npy_doubles(const dni_npy *array, double *out, dn_error *error) {
    if (array->kind == 'U' || array->kind == 'S')
        return dni_fail(error, DN_ERR_TENSOR_DTYPE, "%s: holds text, not numbers", array->name);
    for (int64_t i = 0; i < array->count; i++) {
        const int64_t place = array->is_fortran ? fortran_place(array, i) : i;
        out[i] = number(array, array->values + (size_t)place * array->width);
    }
    return DN_OK;
}

/* Writes a code point as UTF-8; 0 bytes where it is none. */
static size_t put_utf8(char *out, uint32_t code) {
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return 0;
    const size_t length = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char first[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = length; i-- > 1; code >>= 6) out[i] = (char)(0x80 | (code & 0x3f));
    out[0] = (char)(first[length] | code);
    return length;
}

/* Text ends where only zeros follow. */
static dn_status copy_text(const dni_npy *array, const unsigned char *at, char *out, dn_error *error) {
    const size_t unit = array->kind == 'U' ? 4 : 1;
    size_t length = array->width / unit;
    static const unsigned char zeros[4] = {0};
    while (length && memcmp(at + (length - 1) * unit, zeros, unit) == 0) length--;
    for (size_t i = 0; i < length; i++) {
        uint32_t code = 0;
        memcpy(&code, at + i * unit, unit);
        const size_t written = unit == 4 ? put_utf8(out, code) : 1;
        if (!code || !written)
            return dni_fail(error, DN_ERR_CORRUPT, "%s: text with a character that is none", array->name);
        if (unit == 1) *out = (char)code;
        out += written;
    }
    *out = '\0';
    return DN_OK;
}

dn_status dni_npy_text(const dni_npy *array, int64_t i, char **out, dn_error *error) {
    *out = NULL;
    if (array->kind == 'f')
        return dni_fail(error, DN_ERR_TENSOR_DTYPE, "%s: holds numbers with a fraction, not names",
                        array->name);
    enum { DIGITS = 24 };
    char *text = malloc(array->width + DIGITS);
    if (!text) return dni_no_memory(error, "%s", array->name);
    const unsigned char *at = array->values + (size_t)i * array->width;
    dn_status status = DN_OK;
    if (array->kind == 'U' || array->kind == 'S')
        status = copy_text(array, at, text, error);
    else if (array->kind == 'u')
        snprintf(text, DIGITS, "%" PRIu64, (uint64_t)whole_number(array, at));
    else
        snprintf(text, DIGITS, "%" PRId64, whole_number(array, at));
    if (status)
        free(text);
    else
        *out = text;
    return status;
}
