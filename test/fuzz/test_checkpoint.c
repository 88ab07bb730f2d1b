/* SPDX-License-Identifier: MIT */
/* Checkpoints, taken up by a training of one epoch on eight pictures. One that is refused leaves the trainer
 * as it was; one that is taken is saved and taken again, and is then the same bytes. */
#include "test/fuzz/fuzz.h"

#include "head/training.h"
#include "io/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT = 8, FEATURES = 3, CLASSES = 2 };

typedef struct training {
    dn_trainer *trainer;
    char base[512]; /* the file of the state after its first epoch */
} training;

/* The same training every time, for the corpus to fit. */
static dn_trainer *new_trainer(void) {
    static float values[COUNT * FEATURES];
    static int labels[COUNT];
    for (int i = 0; i < COUNT * FEATURES; i++) values[i] = (float)(i * i % 7) / 8;
    for (int i = 0; i < COUNT; i++) labels[i] = i % CLASSES;
    const dn_features data = {.values = values, .labels = labels, .count = COUNT, .views = 1};
    dn_head_options shape = dn_head_options_default();
    shape.hidden_count = 0;
    dn_train_options options = dn_train_options_default();
    options.epochs = 3;
    options.batch = COUNT;
    dn_head *head;
    dn_trainer *trainer;
    fuzz_require(!dn_head_create(&head, FEATURES, CLASSES, &shape, NULL), "no head");
    fuzz_require(!dn_trainer_create(&trainer, head, &data, &data, &options, NULL), "no trainer");
    dn_head_free(head);
    return trainer;
}

static void begin(training *out) {
    dn_epoch epoch;
    dn_error error = {.message = ""};
    out->trainer = new_trainer();
    snprintf(out->base, sizeof out->base, "%s", fuzz_path("base.checkpoint"));
    fuzz_require(!dn_trainer_epoch(out->trainer, &epoch, &error), "%s", error.message);
    fuzz_require(!dn_trainer_save(out->trainer, out->base, NULL, &error), "%s", error.message);
}

static void check_same_file(const char *a, const char *b) {
    dni_file_content first, second;
    fuzz_require(!dni_file_load(&first, a, NULL) && !dni_file_load(&second, b, NULL), "%s, %s", a, b);
    fuzz_require(first.size == second.size && memcmp(first.data, second.data, first.size) == 0, "%s and %s",
                 a, b);
    dni_file_unload(&first);
    dni_file_unload(&second);
}

static void check_taken(dn_trainer *trainer) {
    fuzz_take();
    dn_error error = {.message = ""};
    const char *const saved = fuzz_path("saved.checkpoint"), *const again = fuzz_path("again.checkpoint");
    fuzz_require(!dn_trainer_save(trainer, saved, NULL, &error), "%s", error.message);
    fuzz_require(!dn_trainer_load(trainer, saved, NULL, &error), "%s", error.message);
    fuzz_require(!dn_trainer_save(trainer, again, NULL, &error), "%s", error.message);
    check_same_file(saved, again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    static training one;
    if (!one.trainer) begin(&one);
    dn_error error = {.message = ""};
    fuzz_require(!dn_trainer_load(one.trainer, one.base, NULL, &error), "%s", error.message);
    const char *const path = fuzz_file("input.checkpoint", bytes, size);
    const dn_status status = dn_trainer_load(one.trainer, path, NULL, &error);
    if (!status) {
        check_taken(one.trainer);
        return 0;
    }
    fuzz_check_refusal(status, &error, path);
    const char *const after = fuzz_path("after.checkpoint");
    fuzz_require(!dn_trainer_save(one.trainer, after, NULL, &error), "%s", error.message);
    check_same_file(one.base, after);
    return 0;
}
