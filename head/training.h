/* SPDX-License-Identifier: MIT */
/* The trainable head: a multi-layer perceptron over feature vectors, and its training.
 *
 *     dn_head_create(&head, 2208, 2, &head_options, &error);
 *     dn_head_train(head, &train, &valid, &train_options, &result, &error);
 *
 * Linear layers run on BLAS. The same seed gives the same bits when the BLAS library runs one thread (ftrain
 * sees to that; the library does not touch BLAS's process-wide setting). A head is trained by one thread of
 * control; a trained one may be read by many. */
#ifndef DN_HEAD_TRAINING_H
#define DN_HEAD_TRAINING_H

#include "core/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- the head ---- */

/* A multi-layer perceptron: linear layers with ReLU between them, and log-softmax behind. Many threads may
 * read it while nobody changes it. */
typedef struct dn_head dn_head;

/* What a new head is like. */
typedef struct dn_head_options {
    size_t struct_size; /* sizeof(dn_head_options) */
    const int *hidden;  /* width of each hidden layer, input to output; read by create only */
    int hidden_count;   /* 0: logistic regression */
    float dropout;      /* after every hidden layer while training; 0 <= dropout < 1 */
    uint64_t seed;      /* of the initial weights: U(-1/sqrt(in), 1/sqrt(in)), as nn.Linear */
} dn_head_options;

/* The defaults: hidden layers of 512 and 256; dropout 0.2; seed 1. */
DN_API void dn_head_options_init(dn_head_options *options, size_t struct_size);
static inline dn_head_options dn_head_options_default(void) {
    dn_head_options options;
    dn_head_options_init(&options, sizeof options);
    return options;
}

/* A head with drawn weights, for vectors of `features` >= 1 values and `classes` >= 2. */
DN_API dn_status dn_head_create(dn_head **out, int features, int classes, const dn_head_options *options,
                                dn_error *error);
/* Frees `head`; NULL is fine. */
DN_API void dn_head_free(dn_head *head);
/* Values in a feature vector. */
DN_API int dn_head_features(const dn_head *head);
/* How many classes it tells apart. */
DN_API int dn_head_classes(const dn_head *head);
/* The widths of what goes in and of each layer's output: features, hidden..., classes; *count: how many these
 * are, one more than linear layers. They belong to the head; NULL where `head` or `count` is. */
DN_API const int *dn_head_widths(const dn_head *head, int *count);

/* A copy of `head` that can be trained on while the original stays as it is: the way to go on from a head
 * that came with a model file, which dn_classifier_get_head() gives to read only. */
DN_API dn_status dn_head_clone(dn_head **out, const dn_head *head, dn_error *error);
/* Sets `dropout` as dn_head_options has it. A model file does not hold it: the head of a loaded
 * classifier, and its clones, have 0. */
DN_API dn_status dn_head_set_dropout(dn_head *head, float dropout, dn_error *error);

/* A head for other classes than those of `head`, to be trained on: all layers but the last are the
 * original's. sources: (classes); class c begins as class sources[c] of the original, or, where that is
 * -1, as a new class, whose logit is 0 until it is trained. So classes change their order, come and go. */
DN_API dn_status dn_head_with_classes(dn_head **out, const dn_head *head, const int *sources, int classes,
                                      dn_error *error);

/* features: (count, features); out: (count, classes) natural-log probabilities. No dropout. DN_ERR_ARGUMENT
 * where a feature is infinite or NaN; DN_ERR_OVERFLOW where a result is. Allocates for at most 256 rows at a
 * time, and BLAS, in its first product, 128 MB that it keeps. */
DN_API dn_status dn_head_log_probabilities(const dn_head *head, const float *features, int count, float *out,
                                           dn_error *error);

/* Into `gradient`, as long as `features`: how the logit (before log-softmax) of class `class_index`
 * changes with each value of this one feature vector. DN_ERR_OVERFLOW where that is infinite or NaN. */
DN_API dn_status dn_head_feature_gradient(const dn_head *head, const float *features, int class_index,
                                          float *gradient, dn_error *error);

/* ---- labelled features ---- */

/* Feature vectors of `count` pictures, each in `views` variants: view 0 is the plain picture, view 1 its
 * mirror image. Training draws one view a picture and epoch; everything else uses view 0. All memory is the
 * caller's. */
typedef struct dn_features {
    const float *values; /* (count, views, features) */
    const int *labels;   /* (count), each in [0, classes) */
    int count;           /* pictures */
    int views;           /* of each picture, at least 1 */
} dn_features;

/* The same where the vectors are read when they are needed, so that they need not all be in memory. Vector
 * n * views + v is view v of picture n. Each is read many times, in any order, and has the same bits each
 * time: what is computed then has the same bits as from an array. */
typedef struct dn_feature_rows {
    /* Puts the vectors `vectors[0 .. count - 1]` one behind the other into `out`, (count, features). Returns
     * DN_OK or, after a message in *error, which may be NULL, the status that the call ends with. It runs on
     * the thread of that call: on several at once, where rows are shared by several trainings. */
    dn_status (*read)(void *context, const size_t *vectors, size_t count, float *out, dn_error *error);
    void *context;     /* handed to it */
    const int *labels; /* (count), each in [0, classes) */
    int count;         /* pictures */
    int views;         /* of each picture, at least 1 */
} dn_feature_rows;

/* ---- training ---- */

/* How a step is made of a gradient. */
typedef enum dn_optimizer {
    DN_SGD,  /* stochastic gradient descent, with momentum where that is not 0 */
    DN_ADAM, /* Kingma & Ba 2015 */
} dn_optimizer;

/* By which rule the learning rate changes. */
typedef enum dn_schedule_kind {
    DN_CONSTANT, /* not at all */
    DN_STEP,     /* times `factor` after every `epochs` epochs */
    DN_COSINE,   /* half a cosine from the learning rate down to `floor` (Loshchilov & Hutter 2017) */
    DN_PLATEAU, /* times `factor`, not below `floor`, after `epochs` epochs without a lower validation loss */
} dn_schedule_kind;

/* How the learning rate changes from epoch to epoch. All zeros: it does not. */
typedef struct dn_schedule {
    dn_schedule_kind kind; /* by which rule */
    int warmup; /* epochs e = 1 .. warmup run at e / (warmup + 1) of the learning rate, before the schedule */
    int epochs; /* step, plateau */
    float factor; /* step, plateau: 0 < factor < 1 */
    float floor;  /* cosine, plateau: 0 <= floor <= the learning rate */
} dn_schedule;

/* One line of training, after an epoch. The training loss is the running mean over the epoch's
 * mini-batches, so it includes dropout, class weights and label smoothing. The validation loss is the
 * plain mean negative log-likelihood, with the epoch's final weights. */
typedef struct dn_epoch {
    int epoch;             /* from 1 on */
    int epochs;            /* that will be run at most */
    double learning_rate;  /* that it ran at */
    double train_loss;     /* see above */
    double valid_loss;     /* see above */
    double valid_accuracy; /* share of the validation pictures, 0 to 1 */
    double seconds;        /* that it took */
    bool is_best;          /* the lowest validation loss so far */
} dn_epoch;

/* How a head is trained. */
typedef struct dn_train_options {
    size_t struct_size;          /* sizeof(dn_train_options) */
    dn_optimizer optimizer;      /* which one; its own options are below */
    int epochs;                  /* at most so many passes over the pictures */
    int batch;                   /* pictures in a mini-batch */
    float learning_rate;         /* at the beginning, and as the schedule has it */
    dn_schedule schedule;        /* of the learning rate */
    int patience;                /* stop after so many epochs without a lower validation loss; 0: run all */
    float momentum;              /* SGD */
    int nesterov;                /* SGD: 0 or 1; needs momentum */
    float weight_decay;          /* what is added to the gradient, as a multiple of the weights */
    float beta1, beta2, epsilon; /* Adam */
    /* Measure mean and deviation of each feature on the training split and use them. A head that was trained
     * with such numbers keeps them; one that was trained without, or loaded from a file, is rewritten to
     * compute the same from standardised features. */
    int standardise;
    int flip;                   /* draw among all views each epoch; 0: view 0 alone */
    int balanced;               /* weight class c by n / (classes * n_c), counted on the training split */
    const float *class_weights; /* (classes), each above 0: what a picture of the class counts; NULL: all 1 */
    float label_smoothing;      /* share of every target that is spread over all classes; 0 <= share < 1 */
    uint64_t seed;              /* order, dropout, views */
    /* Called after each epoch, may be NULL; anything but 0 stops with DN_ERR_CANCELLED. */
    int (*on_epoch)(void *context, const dn_epoch *epoch);
    /* Asked before each mini-batch, may be NULL; anything but 0 ends the epoch with DN_ERR_CANCELLED. A
     * trainer can then only be freed, for its state lies between two epochs. */
    int (*is_cancelled)(void *context);
    void *context; /* handed to both */
} dn_train_options;

/* The defaults: SGD with momentum and settings that train well on a few hundred to many thousand pictures. */
DN_API void dn_train_options_init(dn_train_options *options, size_t struct_size);
static inline dn_train_options dn_train_options_default(void) {
    dn_train_options options;
    dn_train_options_init(&options, sizeof options);
    return options;
}
/* Adam with PyTorch's betas: learning rate 0.002, batch 64, 3 epochs, no weight decay, features as they
 * are (not standardised). For a quick training; the default reaches a lower loss. */
DN_API void dn_train_options_adam_init(dn_train_options *options, size_t struct_size);
static inline dn_train_options dn_train_options_adam(void) {
    dn_train_options options;
    dn_train_options_adam_init(&options, sizeof options);
    return options;
}

/* What training has reached. */
typedef struct dn_train_result {
    int epochs;     /* that were run: fewer than asked for where patience ended */
    int best_epoch; /* 0: a trained head was trained on, and none was better than what it began with */
    /* At the best epoch, which is what the head now holds, as the next two; of epoch 0 without dropout. */
    double train_loss;
    double valid_loss;     /* the mean negative log-likelihood */
    double valid_accuracy; /* share of the validation pictures, 0 to 1 */
} dn_train_result;

/* Trains `head` on `train` from its present weights, and leaves those of the epoch with the lowest
 * validation loss; of a head that was trained before, those that it has already where no epoch comes below
 * theirs. On failure (DN_ERR_DATA_DIVERGED: the loss left the finite numbers) the head is as it was
 * before. `result` may be NULL. Works on the calling thread and on BLAS's: seconds for some thousand
 * pictures. */
DN_API dn_status dn_head_train(dn_head *head, const dn_features *train, const dn_features *valid,
                               const dn_train_options *options, dn_train_result *result, dn_error *error);

/* The same on vectors that are read: a mini-batch at a time, and each epoch all of `valid`. What does not
 * depend on their number is in memory, and 4 bytes for each label and picture and 4 for each class of a
 * validation picture. A status of `read` ends the training. */
DN_API dn_status dn_head_train_from_rows(dn_head *head, const dn_feature_rows *train,
                                         const dn_feature_rows *valid, const dn_train_options *options,
                                         dn_train_result *result, dn_error *error);

/* ---- training, an epoch at a time ---- */

/* The same training in steps that can be left and taken up again:
 *
 *     dn_trainer_create(&trainer, head, &train, &valid, &options, &error);
 *     dn_trainer_load(trainer, "m.checkpoint", NULL, &error);                 to go on from there
 *     while (!dn_trainer_is_done(trainer)) {
 *         dn_trainer_epoch(trainer, &epoch, &error);
 *         dn_trainer_save(trainer, "m.checkpoint", NULL, &error);
 *     }
 *     dn_trainer_finish(trainer, head, &result, &error);
 *
 * A training that was saved and loaded any number of times ends with the same bits as one that was not. */
typedef struct dn_trainer dn_trainer;

/* Starts from a copy of `head`. The arrays that `train`, `valid` and `options` point to must outlive the
 * trainer; on_epoch is not called. */
DN_API dn_status dn_trainer_create(dn_trainer **out, const dn_head *head, const dn_features *train,
                                   const dn_features *valid, const dn_train_options *options,
                                   dn_error *error);
/* The same on vectors that are read; contexts and labels must outlive the trainer. */
DN_API dn_status dn_trainer_create_from_rows(dn_trainer **out, const dn_head *head,
                                             const dn_feature_rows *train, const dn_feature_rows *valid,
                                             const dn_train_options *options, dn_error *error);
/* Frees `trainer`; the head that it was made from is not touched. NULL is fine. */
DN_API void dn_trainer_free(dn_trainer *trainer);

/* Whether all epochs are run, or patience has ended. */
DN_API bool dn_trainer_is_done(const dn_trainer *trainer);
/* How many epochs were run so far, those before a load among them. */
DN_API int dn_trainer_epochs(const dn_trainer *trainer);
/* Runs the next epoch and tells of it in *epoch. After a failure the trainer is good for dn_trainer_free()
 * alone. */
DN_API dn_status dn_trainer_epoch(dn_trainer *trainer, dn_epoch *epoch, dn_error *error);
/* Puts the best epoch's weights into `head`, which has the layers of the one the trainer was made from. At
 * least one epoch must have been run. `result` may be NULL. */
DN_API dn_status dn_trainer_finish(const dn_trainer *trainer, dn_head *head, dn_train_result *result,
                                   dn_error *error);

/* Writes the trainer's state, atomically. `provenance` is a JSON object that says what the features were made
 * from and whatever else must be the same when the training goes on; NULL: {}. */
DN_API dn_status dn_trainer_save(const dn_trainer *trainer, const char *path, const char *provenance,
                                 dn_error *error);
/* Takes up a saved state in a trainer that was made from the same head, features and options. Otherwise, and
 * with another provenance, DN_ERR_MISMATCH names what differs, and the trainer is as it was before. The
 * options may have more epochs than those of the saved training, finished or not, and the end is the same
 * bits as that of a training which had so many from its beginning; with DN_COSINE, whose every rate depends
 * on their number, that is DN_ERR_MISMATCH, too. */
DN_API dn_status dn_trainer_load(dn_trainer *trainer, const char *path, const char *provenance,
                                 dn_error *error);

#ifdef __cplusplus
}
#endif

#endif
