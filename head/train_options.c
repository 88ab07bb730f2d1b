/* SPDX-License-Identifier: MIT */
/* Training's options: the recipes, and what is accepted. */
#include "head/train_options.h"

#include "core/error.h"
#include "core/options.h"

#include <math.h>

/* Chosen on made-up features like the backbone's: 2208 values, skewed, never negative, 40 % zeros, scales
 * over two decades, signal that logistic regression gets 72 to 90 % right. Head 512-256, dropout 0.2, 30
 * epochs, best one kept; measured with torch, whose arithmetic this is. Validation loss with 2 x 400 training
 * pictures, mean of three data sets and two seeds:
 *
 *     SGD, standardised    rate 0.0003   0.001   0.002   0.003   0.01    0.03
 *                               0.519    0.407   0.408   0.408   0.419   0.463
 *     SGD, features as they are, best rate of 0.003 to 0.1 (0.003):  0.447
 *     Adam, features as they are, rate 0.002:                        0.432
 *
 * The best epoch at 0.002 was the 9th to 13th; with 2 x 100 pictures the 26th to 30th (0.001 was not done by
 * then: 0.523 against 0.430), with 2 x 2400 the 6th to 8th. So 0.002 and 30 epochs serve from hundreds to
 * thousands of pictures. With 2 x 400, batch 32 or 128, Nesterov, and weight decay from 0 to 0.01 moved the
 * loss by 0.003 at most.
 *
 * Training on takes the same rate. Since the start is kept until an epoch is better, a rate cannot be too
 * high by undoing what the head knows, but too low for 30 epochs. Validation loss before, and with rates of
 * 0.002 times 1 to 0.03 (in brackets: the best epoch); head 128-64, mean of two seeds:
 *
 *     trained on, then on              before    1            0.3          0.1          0.03
 *     400, those and 400 more          0.645     0.612 (5)    0.613 (18)   0.617 (30)   0.632 (30)
 *     400, 60 others                   0.645     0.637 (18)   0.639 (26)   0.641 (30)   0.644 (30)
 *     400, 100 others, drifted         0.638     0.626 (10)   0.627 (24)   0.630 (30)   0.635 (30)
 *     100, 800 others                  0.693     0.608 (14)   0.630 (30)   0.680 (30)   0.689 (30)
 *     400, the same                    0.645     0.645 (1)    0.645 (3)    0.645 (5)    0.645 (15)
 *
 * On pictures like those of the first training the drifted ones' head had 0.632, 0.634, 0.637, 0.642 then:
 * higher rates forgot no more. */
static dn_train_options defaults(void) {
    return (dn_train_options){.struct_size = sizeof(dn_train_options),
                              .optimizer = DN_SGD,
                              .epochs = 30,
                              .batch = 64,
                              .learning_rate = 0.002f,
                              .schedule = {.kind = DN_CONSTANT, .epochs = 5, .factor = 0.5f},
                              .momentum = 0.9f,
                              .weight_decay = 1e-4f,
                              .beta1 = 0.9f,
                              .beta2 = 0.999f,
                              .epsilon = 1e-8f,
                              .standardise = 1,
                              .flip = 1,
                              .seed = 1};
}

DNI_OPTIONS_KIND(train_kind, dn_train_options, context, context);

void dn_train_options_init(dn_train_options *options, size_t struct_size) {
    const dn_train_options sgd = defaults();
    dni_options_init(options, struct_size, &sgd, &train_kind);
}

void dn_train_options_adam_init(dn_train_options *options, size_t struct_size) {
    dn_train_options adam = defaults();
    adam.optimizer = DN_ADAM;
    adam.epochs = 3;
    adam.learning_rate = 0.002f;
    adam.weight_decay = 0.0f;
    adam.standardise = 0;
    dni_options_init(options, struct_size, &adam, &train_kind);
}

dn_status dni_train_options_take(dn_train_options *own, const dn_train_options *given, dn_error *error) {
    *own = defaults();
    return dni_options_take(own, given, &train_kind, error);
}

/* ---- what is accepted ---- */

static dn_status refuse(dn_error *error, const char *name, const char *range, double value) {
    return dni_fail(error, DN_ERR_ARGUMENT, "%s must be %s, not %g", name, range, value);
}

/* Comparisons are written so that NaN fails them. */
static dn_status check_optimizer(const dn_train_options *o, dn_error *error) {
    if (o->optimizer != DN_SGD && o->optimizer != DN_ADAM)
        return refuse(error, "optimizer", "DN_SGD (0) or DN_ADAM (1)", (double)o->optimizer);
    if (o->epochs < 1) return refuse(error, "epochs", "at least 1", o->epochs);
    if (o->batch < 1) return refuse(error, "batch", "at least 1", o->batch);
    if (!(o->learning_rate > 0.0f && isfinite(o->learning_rate)))
        return refuse(error, "learning_rate", "above 0 and finite", (double)o->learning_rate);
    if (!(o->weight_decay >= 0.0f && isfinite(o->weight_decay)))
        return refuse(error, "weight_decay", "at least 0 and finite", (double)o->weight_decay);
    if (!(o->momentum >= 0.0f && o->momentum < 1.0f))
        return refuse(error, "momentum", "at least 0 and below 1", (double)o->momentum);
    if (o->optimizer == DN_SGD && o->nesterov && o->momentum == 0.0f)
        return refuse(error, "momentum", "above 0 with nesterov", (double)o->momentum);
    if (!(o->beta1 >= 0.0f && o->beta1 < 1.0f))
        return refuse(error, "beta1", "at least 0 and below 1", (double)o->beta1);
    if (!(o->beta2 >= 0.0f && o->beta2 < 1.0f))
        return refuse(error, "beta2", "at least 0 and below 1", (double)o->beta2);
    if (!(o->epsilon > 0.0f && isfinite(o->epsilon)))
        return refuse(error, "epsilon", "above 0 and finite", (double)o->epsilon);
    if (o->patience < 0) return refuse(error, "patience", "at least 0", o->patience);
    return DN_OK;
}

static dn_status check_schedule(const dn_train_options *o, dn_error *error) {
    const dn_schedule *s = &o->schedule;
    if (s->kind < DN_CONSTANT || s->kind > DN_PLATEAU)
        return refuse(error, "schedule.kind", "DN_CONSTANT (0) to DN_PLATEAU (3)", (double)s->kind);
    if (s->warmup < 0 || s->warmup >= o->epochs)
        return dni_fail(error, DN_ERR_ARGUMENT, "schedule.warmup must be 0 to %d of %d epochs, not %d",
                        o->epochs - 1, o->epochs, s->warmup);
    const int reduces = s->kind == DN_STEP || s->kind == DN_PLATEAU;
    if (reduces && s->epochs < 1) return refuse(error, "schedule.epochs", "at least 1", s->epochs);
    if (reduces && !(s->factor > 0.0f && s->factor < 1.0f))
        return refuse(error, "schedule.factor", "above 0 and below 1", (double)s->factor);
    if ((s->kind == DN_COSINE || s->kind == DN_PLATEAU) &&
        !(s->floor >= 0.0f && s->floor <= o->learning_rate))
        return dni_fail(error, DN_ERR_ARGUMENT, "schedule.floor must be 0 to the learning_rate of %g, not %g",
                        (double)o->learning_rate, (double)s->floor);
    return DN_OK;
}

static dn_status check_loss(const dn_train_options *o, int classes, dn_error *error) {
    if (!(o->label_smoothing >= 0.0f && o->label_smoothing < 1.0f))
        return refuse(error, "label_smoothing", "at least 0 and below 1", (double)o->label_smoothing);
    if (o->balanced && o->class_weights)
        return dni_fail(error, DN_ERR_ARGUMENT, "class_weights must be NULL with balanced");
    for (int c = 0; o->class_weights && c < classes; c++)
        if (!(o->class_weights[c] > 0.0f && isfinite(o->class_weights[c])))
            return dni_fail(error, DN_ERR_ARGUMENT, "class_weights[%d] must be above 0 and finite, not %g", c,
                            (double)o->class_weights[c]);
    return DN_OK;
}

dn_status dni_train_options_check(const dn_train_options *options, int classes, dn_error *error) {
    dn_status status = check_optimizer(options, error);
    if (!status) status = check_schedule(options, error);
    return status ? status : check_loss(options, classes, error);
}
