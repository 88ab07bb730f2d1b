/* SPDX-License-Identifier: MIT */
/* The pickle's opcodes: a loop that reads each with its operands and lets the machine do it. */
#include "weights/pickle.h"

#include "core/error.h"
#include "weights/pickle_machine.h"
#include "weights/pickle_torch.h"

#include <stdlib.h>
#include <string.h>

/* ---- operands ---- */

static dn_status take(dni_machine *m, size_t size, const unsigned char **out) {
    if (size > m->size - m->position)
        return dni_fail(m->error, DN_ERR_TRUNCATED, "%s: pickle, byte %zu: ends inside an opcode", m->path,
                        m->opcode_position);
    *out = m->bytes + m->position;
    m->position += size;
    return DN_OK;
}

/* A little-endian unsigned number of `size` bytes, at most 8. */
static dn_status take_number(dni_machine *m, size_t size, uint64_t *out) {
    const unsigned char *bytes = NULL;
    const dn_status status = take(m, size, &bytes);
    *out = 0;
    if (!status) memcpy(out, bytes, size);
    return status;
}

/* A length of `width` bytes, then as many bytes. */
static dn_status take_string(dni_machine *m, dni_pickle_kind kind, size_t width) {
    uint64_t size = 0;
    const unsigned char *bytes = NULL;
    dn_status status = take_number(m, width, &size);
    if (!status) status = take(m, (size_t)size, &bytes);
    return status ? status : dni_machine_push_string(m, kind, bytes, (size_t)size);
}

static dn_status take_line(dni_machine *m, const unsigned char **line, size_t *size) {
    const unsigned char *begin = m->bytes + m->position;
    const unsigned char *end = memchr(begin, '\n', m->size - m->position);
    *line = begin;
    *size = end ? (size_t)(end - begin) : 0;
    return take(m, end ? *size + 1 : SIZE_MAX, &begin);
}

static dn_status op_global(dni_machine *m) {
    const unsigned char *module = NULL, *name = NULL;
    size_t module_size = 0, name_size = 0;
    dn_status status = take_line(m, &module, &module_size);
    if (!status) status = take_line(m, &name, &name_size);
    return status ? status : dni_torch_push_global(m, module, module_size, name, name_size);
}

static dn_status op_stack_global(dni_machine *m) {
    dni_pickle_value *module = NULL, *name = NULL;
    dn_status status = dni_machine_pop(m, &name);
    if (!status) status = dni_machine_pop(m, &module);
    if (status) return status;
    if (module->kind != DNI_PICKLE_STRING || name->kind != DNI_PICKLE_STRING)
        return dni_machine_corrupt(m, "a global whose name is no string");
    return dni_torch_push_global(m, (const unsigned char *)module->as.string.text, module->as.string.size,
                                 (const unsigned char *)name->as.string.text, name->as.string.size);
}

/* A two's complement number of any length; what fits becomes an INT. */
static dn_status op_long1(dni_machine *m) {
    uint64_t size = 0;
    const unsigned char *bytes = NULL;
    dn_status status = take_number(m, 1, &size);
    if (!status) status = take(m, (size_t)size, &bytes);
    if (status) return status;
    if (size > 8) return dni_machine_push_string(m, DNI_PICKLE_LONG, bytes, (size_t)size);
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): bytes that were taken are there */
    int64_t number = size && bytes[size - 1] & 0x80 ? -1 : 0;
    memcpy(&number, bytes, (size_t)size);
    return dni_machine_push_new(m, DNI_PICKLE_INT, number);
}

static dn_status op_binfloat(dni_machine *m) {
    uint64_t bits = 0;
    dni_pickle_value *value = NULL;
    dn_status status = take_number(m, 8, &bits);
    if (!status) status = dni_machine_new_value(m, DNI_PICKLE_FLOAT, &value);
    if (status) return status;
    bits = __builtin_bswap64(bits); /* the one big-endian thing in a pickle */
    memcpy(&value->as.real, &bits, sizeof bits);
    return dni_machine_push(m, value);
}

static dn_status op_integer(dni_machine *m, size_t width) {
    uint64_t number = 0;
    const dn_status status = take_number(m, width, &number);
    return status ? status
                  : dni_machine_push_new(m, DNI_PICKLE_INT, width == 4 ? (int32_t)number : (int64_t)number);
}

static dn_status op_memo(dni_machine *m, size_t width, dn_status (*use)(dni_machine *m, size_t index)) {
    uint64_t index = 0;
    const dn_status status = take_number(m, width, &index);
    return status ? status : use(m, (size_t)index);
}

static dn_status op_proto(dni_machine *m) {
    uint64_t version = 0;
    const dn_status status = take_number(m, 1, &version);
    if (!status && (version < 2 || version > 5))
        return dni_fail(m->error, DN_ERR_UNSUPPORTED, "%s: pickle protocol %d, not 2 to 5", m->path,
                        (int)version);
    return status;
}

static dn_status op_frame(dni_machine *m) {
    uint64_t size = 0;
    const dn_status status = take_number(m, 8, &size);
    if (!status && size > m->size - m->position)
        return dni_fail(m->error, DN_ERR_TRUNCATED, "%s: pickle, byte %zu: ends inside a frame", m->path,
                        m->opcode_position);
    return status;
}

static dn_status step(dni_machine *m, unsigned char opcode) {
    switch (opcode) {
    case 0x80: /* PROTO */
        return op_proto(m);
    case 0x95: /* FRAME */
        return op_frame(m);
    case 'N':
        return dni_machine_push_new(m, DNI_PICKLE_NONE, 0);
    case 0x88: /* NEWTRUE */
        return dni_machine_push_new(m, DNI_PICKLE_BOOL, 1);
    case 0x89: /* NEWFALSE */
        return dni_machine_push_new(m, DNI_PICKLE_BOOL, 0);
    case 'J': /* BININT */
        return op_integer(m, 4);
    case 'M': /* BININT2 */
        return op_integer(m, 2);
    case 'K': /* BININT1 */
        return op_integer(m, 1);
    case 0x8a:
        return op_long1(m);
    case 'G':
        return op_binfloat(m);
    case 'X': /* BINUNICODE */
    case 'T': /* BINSTRING */
    case 'B': /* BINBYTES */
        return take_string(m, DNI_PICKLE_STRING, 4);
    case 0x8c: /* SHORT_BINUNICODE */
    case 'U':  /* SHORT_BINSTRING */
    case 'C':  /* SHORT_BINBYTES */
        return take_string(m, DNI_PICKLE_STRING, 1);
    case '(':
        return dni_machine_mark(m);
    case ')': /* EMPTY_TUPLE */
        return dni_machine_fixed_tuple(m, 0);
    case 0x85: /* TUPLE1 */
        return dni_machine_fixed_tuple(m, 1);
    case 0x86: /* TUPLE2 */
        return dni_machine_fixed_tuple(m, 2);
    case 0x87: /* TUPLE3 */
        return dni_machine_fixed_tuple(m, 3);
    case 't':
        return dni_machine_marked_tuple(m);
    case ']':
        return dni_machine_push_new(m, DNI_PICKLE_LIST, 0);
    case '}':
        return dni_machine_push_new(m, DNI_PICKLE_DICT, 0);
    case 'a': /* APPEND */
        return dni_machine_add_fixed(m, DNI_PICKLE_LIST, 1);
    case 'e': /* APPENDS */
        return dni_machine_add_marked(m, DNI_PICKLE_LIST);
    case 's': /* SETITEM */
        return dni_machine_add_fixed(m, DNI_PICKLE_DICT, 2);
    case 'u': /* SETITEMS */
        return dni_machine_add_marked(m, DNI_PICKLE_DICT);
    case 'q': /* BINPUT */
        return op_memo(m, 1, dni_machine_put);
    case 'r': /* LONG_BINPUT */
        return op_memo(m, 4, dni_machine_put);
    case 0x94: /* MEMOIZE */
        return dni_machine_put(m, m->memoized++);
    case 'h': /* BINGET */
        return op_memo(m, 1, dni_machine_get);
    case 'j': /* LONG_BINGET */
        return op_memo(m, 4, dni_machine_get);
    case 'c':
        return op_global(m);
    case 0x93: /* STACK_GLOBAL */
        return op_stack_global(m);
    case 'Q': /* BINPERSID */
        return dni_torch_push_storage(m);
    case 'R':
        return dni_torch_reduce(m);
    case 0x81: /* NEWOBJ */
        return dni_torch_new_object(m);
    case 'b':
        return dni_torch_set_attributes(m);
    default:
        return dni_fail(m->error, DN_ERR_UNSAFE,
                        "%s: pickle, byte %zu: opcode 0x%02x is not one of a state dict's", m->path,
                        m->opcode_position, opcode);
    }
}

static dn_status run(dni_machine *m) {
    for (;;) {
        const unsigned char *opcode = NULL;
        m->opcode_position = m->position;
        dn_status status = take(m, 1, &opcode);
        if (status) return status;
        if (*opcode == '.') break;
        if (m->opcode_position == m->start && *opcode != 0x80)
            return dni_machine_corrupt(m, "does not begin with a protocol number");
        status = step(m, *opcode);
        if (status) return status;
    }
    if (m->marks.count || m->values.count != 1)
        return dni_machine_corrupt(m, "stops with other than one value");
    return dni_machine_pop(m, &m->pickle->root);
}

/* ---- the whole ---- */

dn_status dni_pickle_read(dni_pickle **out, const unsigned char *bytes, size_t size, size_t *position,
                          dni_allowance *allowance, dn_error *error) {
    *out = NULL;
    dni_machine m = {.path = allowance->path,
                     .error = error,
                     .allowance = allowance,
                     .bytes = bytes,
                     .size = size,
                     .start = *position,
                     .position = *position,
                     .pickle = calloc(1, sizeof(dni_pickle))};
    dn_status status = m.pickle ? run(&m) : dni_machine_no_memory(&m);
    if (!status) status = dni_torch_link_storages(&m);
    dni_machine_clear(&m);
    if (status) {
        dni_pickle_free(m.pickle);
        return status;
    }
    *position = m.position;
    *out = m.pickle;
    return DN_OK;
}

dni_pickle_value *dni_pickle_get(const dni_pickle_value *dict, const char *key) {
    if (dict->kind != DNI_PICKLE_DICT) return NULL;
    for (size_t i = dict->as.list.count; i >= 2; i -= 2) {
        const dni_pickle_value *name = dict->as.list.items[i - 2];
        if (name->kind == DNI_PICKLE_STRING && strcmp(name->as.string.text, key) == 0)
            return dict->as.list.items[i - 1];
    }
    return NULL;
}
