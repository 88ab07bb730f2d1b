/* SPDX-License-Identifier: MIT */
/* Files of decisions. One that is read takes one more decision; the others are then as before. Those that
 * count, written into a new file, are the same. */
#include "test/fuzz/fuzz.h"

#include "io/decisions.h"

#include <string.h>
#include <unistd.h>

static const char own_path[] = "one more/picture";

static dni_decisions load(const char *path) {
    dni_decisions out;
    dn_error error = {.message = ""};
    fuzz_require(!dni_decisions_load(&out, path, &error), "what was written is refused: %s", error.message);
    return out;
}

/* All decisions of `a` but those on own_path are in `b`. */
static void check_all_in(const dni_decisions *a, const dni_decisions *b) {
    for (size_t i = 0; i < a->count; i++) {
        const dni_decision *const one = &a->items[i];
        if (strcmp(one->path, own_path) == 0) continue;
        const dni_decision *const other = dni_decisions_find(b, one->path, &one->key);
        fuzz_require(other, "the decision on '%s'", one->path);
        fuzz_require(one->kind == other->kind && one->bytes == other->bytes, "the decision on '%s'",
                     one->path);
        fuzz_require(!one->class_name == !other->class_name, "the class of '%s'", one->path);
        fuzz_require(!one->class_name || strcmp(one->class_name, other->class_name) == 0, "class '%s'",
                     one->class_name);
    }
}

static void check_growth(const dni_decisions *before, const char *path) {
    char name[sizeof own_path];
    memcpy(name, own_path, sizeof name);
    const dni_decision more = {.path = name, .kind = DNI_KEEP, .bytes = 5};
    dn_error error = {.message = ""};
    fuzz_require(!dni_decisions_append(path, &more, 1, &error), "%s", error.message);
    dni_decisions after = load(path);
    fuzz_require(after.made == before->made + 1, "%zu decisions after %zu", after.made, before->made);
    fuzz_require(dni_decisions_find(&after, own_path, &more.key), "the new one");
    check_all_in(before, &after);
    check_all_in(&after, before);
    dni_decisions_free(&after);
}

static void check_round(const dni_decisions *all) {
    const char *const path = fuzz_path("again.tsv");
    dn_error error = {.message = ""};
    unlink(path);
    fuzz_require(!dni_decisions_append(path, all->items, all->count, &error), "%s", error.message);
    dni_decisions again = load(path);
    fuzz_require(again.count == all->count, "%zu decisions, not %zu", again.count, all->count);
    check_all_in(all, &again);
    dni_decisions_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    const char *const path = fuzz_file(DNI_DECISIONS_NAME, bytes, size);
    dni_decisions found;
    dn_error error = {.message = ""};
    const dn_status status = dni_decisions_load(&found, path, &error);
    if (status) {
        fuzz_check_refusal(status, &error, path);
        fuzz_require(!found.items && !found.count, "something is left of what was refused");
        return 0;
    }
    if (found.count) fuzz_take();
    fuzz_require(found.is_present, "the file is not seen");
    check_round(&found);
    check_growth(&found, path);
    dni_decisions_free(&found);
    return 0;
}
