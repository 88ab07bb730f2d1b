/* The trainable classifier: a multi-layer perceptron over feature vectors, and the whole classifier around
 * it.
 *
 *     dn_head_create(&head, 2208, 2, &head_options, &error);
 *     dn_head_train(head, &train, &valid, &train_options, &result, &error);
 *     dn_classifier_save("model.safetensors", head, &info, weights, &error);
 *
 *     dn_classifier_load(&classifier, "model.safetensors", &error);
 *     dn_classifier_attach(classifier, weights_or_null, NULL, &session_options, &error);
 *     dn_classifier_predict(classifier, images, count, probabilities, &error);
 *
 * Linear layers run on BLAS. The same seed gives the same bits when the BLAS library runs one thread (ftrain
 * sees to that; the library does not touch BLAS's process-wide setting). A head is trained by one thread of
 * control; a trained one may be read by many. */
#ifndef DN_HEAD_HEAD_H
#define DN_HEAD_HEAD_H

#include "core/status.h"
#include "densenet/densenet.h"
#include "io/image.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- the head ---- */

typedef struct dn_head dn_head;

typedef struct dn_head_options {
    const int *hidden; /* width of each hidden layer, input to output; read by create only */
    int hidden_count;  /* 0: logistic regression */
    float dropout;     /* after every hidden layer while training; 0 <= dropout < 1 */
    uint64_t seed;     /* of the initial weights: U(-1/sqrt(in), 1/sqrt(in)), as nn.Linear */
} dn_head_options;

DN_API dn_head_options dn_head_options_default(void); /* 512, 256; dropout 0.2; seed 1 */

/* features >= 1, classes >= 2. */
DN_API dn_status dn_head_create(dn_head **out, int features, int classes, const dn_head_options *options,
                                dn_error *error);
DN_API void dn_head_free(dn_head *head);
DN_API int dn_head_features(const dn_head *head);
DN_API int dn_head_classes(const dn_head *head);

/* features: (count, features); out: (count, classes) natural-log probabilities. No dropout. */
DN_API dn_status dn_head_log_probabilities(const dn_head *head, const float *features, int count, float *out,
                                           dn_error *error);

/* The gradient of one class's logit (before log-softmax) with respect to one feature vector, (features). */
DN_API dn_status dn_head_feature_gradient(const dn_head *head, const float *features, int class_index,
                                          float *gradient, dn_error *error);

/* ---- labelled features ---- */

/* Feature vectors of `count` pictures, each in `views` variants: view 0 is the plain picture, view 1 its
 * mirror image. Training draws one view a picture and epoch; everything else uses view 0. All memory is the
 * caller's. */
typedef struct dn_features {
    const float *values; /* (count, views, features) */
    const int *labels;   /* (count), each in [0, classes) */
    int count, views;
} dn_features;

/* ---- training ---- */

typedef enum dn_optimizer { DN_SGD, DN_ADAM } dn_optimizer;

typedef enum dn_schedule_kind {
    DN_CONSTANT,
    DN_STEP,   /* times `factor` after every `epochs` epochs */
    DN_COSINE, /* half a cosine from the learning rate down to `floor` (Loshchilov & Hutter 2017) */
    DN_PLATEAU, /* times `factor`, to `floor` at least, after `epochs` epochs without a lower validation loss */
} dn_schedule_kind;

/* How the learning rate changes from epoch to epoch. All zeros: it does not. */
typedef struct dn_schedule {
    dn_schedule_kind kind;
    int warmup; /* epochs e = 1 .. warmup run at e / (warmup + 1) of the learning rate; then the schedule begins */
    int epochs;   /* step, plateau */
    float factor; /* step, plateau: 0 < factor < 1 */
    float floor;  /* cosine, plateau: 0 <= floor <= the learning rate */
} dn_schedule;

/* One line of training, after an epoch: the training loss is the mean that is minimised, as met on the way (with
 * dropout, class weights and label smoothing), the validation loss the plain mean negative log-likelihood, with
 * the epoch's final weights. */
typedef struct dn_epoch {
    int epoch; /* 1 .. */
    int epochs;
    double learning_rate;
    double train_loss, valid_loss, valid_accuracy;
    double seconds;
    int is_best; /* the lowest validation loss so far */
} dn_epoch;

typedef struct dn_train_options {
    dn_optimizer optimizer;
    int epochs, batch;
    float learning_rate;
    dn_schedule schedule;
    int patience;   /* stop after so many epochs without a lower validation loss; 0: run all */
    float momentum; /* SGD */
    int nesterov;   /* SGD: 0 or 1; needs momentum */
    float weight_decay;
    float beta1, beta2, epsilon; /* Adam */
    int standardise; /* measure mean and deviation of each feature on the training split and use them */
    int flip;        /* draw among all views each epoch; 0: view 0 alone */
    int balanced;    /* weight class c by n / (classes * n_c), counted on the training split */
    const float *class_weights; /* (classes), each above 0: what a picture of the class counts; NULL: all 1 */
    float label_smoothing;      /* share of every target that is spread over all classes; 0 <= share < 1 */
    uint64_t seed;              /* order, dropout, views */
    /* Called after each epoch, may be NULL; anything but 0 stops with DN_ERR_CANCELLED. */
    int (*on_epoch)(void *context, const dn_epoch *epoch);
    void *context;
} dn_train_options;

/* SGD with momentum and settings that train well on a few hundred to many thousand pictures. */
DN_API dn_train_options dn_train_options_default(void);
/* The 2021 capstone's: Adam, learning rate 0.002, batch 64, 3 epochs, random flips, features as they are. */
DN_API dn_train_options dn_train_options_capstone(void);

typedef struct dn_train_result {
    int epochs; /* that were run: fewer than asked for where patience ended */
    int best_epoch;
    double train_loss, valid_loss, valid_accuracy; /* at the best epoch, which is what the head now holds */
} dn_train_result;

/* Trains from the head's present weights and leaves those of the epoch with the lowest validation loss. On
 * failure (DN_ERR_DATA_DIVERGED: the loss left the finite numbers) the head is as it was before. `result` may
 * be NULL. */
DN_API dn_status dn_head_train(dn_head *head, const dn_features *train, const dn_features *valid,
                               const dn_train_options *options, dn_train_result *result, dn_error *error);

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
DN_API void dn_trainer_free(dn_trainer *trainer);

/* Whether all epochs are run, or patience has ended. */
DN_API int dn_trainer_is_done(const dn_trainer *trainer);
DN_API int dn_trainer_epochs(const dn_trainer *trainer); /* run so far */
/* Runs the next epoch. After a failure the trainer is good for dn_trainer_free() alone. */
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
 * with another provenance, DN_ERR_MISMATCH names what differs, and the trainer is as it was before. */
DN_API dn_status dn_trainer_load(dn_trainer *trainer, const char *path, const char *provenance,
                                 dn_error *error);

/* ---- metrics ---- */

/* Of natural-log probabilities (count, classes), as dn_head_log_probabilities() gives them, against labels
 * (count). The prediction is the most probable class, the first of equal ones. What is not defined (the recall
 * of a class without pictures) is NaN. */

/* Wilson's 95 % interval (Wilson 1927) of `successes` in `count` trials: 0 to 1 when there are none. */
DN_API void dn_wilson_interval(int successes, int count, double *low, double *high);

typedef struct dn_metrics {
    int count, correct;
    double accuracy;
    double accuracy_low, accuracy_high; /* Wilson's interval */
    double loss;                        /* mean negative log-likelihood */
    /* Mean over pictures of the sum over classes of (probability - truth)^2, 0 to 2 (Brier 1950); for two
     * classes twice the form that looks at one of them. */
    double brier;
} dn_metrics;

/* `confusion` may be NULL, else it gets classes x classes counts, row: truth, column: prediction. All are 0,
 * accuracy_high 1, without pictures. */
DN_API void dn_metrics_compute(dn_metrics *out, const float *log_probabilities, const int *labels, int count,
                               int classes, int *confusion);

typedef struct dn_class_metrics {
    int count;     /* pictures of the class */
    int predicted; /* pictures said to be of it */
    int correct;   /* both */
    double precision, recall, f1;
    double recall_low, recall_high; /* Wilson's interval; 0 to 1 without pictures */
} dn_class_metrics;

/* From a confusion matrix; out: (classes). */
DN_API void dn_class_metrics_compute(dn_class_metrics *out, const int *confusion, int classes);
/* The mean recall of the classes that have pictures. */
DN_API double dn_balanced_accuracy(const dn_class_metrics *of, int classes);

/* ---- ranking: how well a class's probability sorts its pictures before the others ---- */

/* Pictures scored `score` or higher, and how many of them are of the class and not of it. The score is the
 * class's log-probability; with two classes its log-odds, which keep their precision near 0 and near 1. */
typedef struct dn_ranking_point {
    double score;
    int true_positives, false_positives;
} dn_ranking_point;

/* One class against the rest. The points of the ROC curve are (false_positives / negatives, true_positives /
 * positives), beginning at (0, 0); of the precision-recall curve, (true_positives / positives, true_positives /
 * (true_positives + false_positives)). */
typedef struct dn_ranking {
    dn_ranking_point *points; /* by falling score, one for each score that occurs */
    int count;
    int positives, negatives;
} dn_ranking;

DN_API dn_status dn_ranking_compute(dn_ranking *out, const float *log_probabilities, const int *labels,
                                    int count, int classes, int class_index, dn_error *error);
DN_API void dn_ranking_free(dn_ranking *ranking); /* also of a cleared one */

/* The area under the ROC curve by trapezoids: ties count one half. NaN unless there are both positives and
 * negatives. */
DN_API double dn_ranking_roc_auc(const dn_ranking *ranking);
/* The sum over points of precision times gain in recall, without interpolation. NaN without positives. */
DN_API double dn_ranking_average_precision(const dn_ranking *ranking);

/* Both of every class; each (classes). */
DN_API dn_status dn_ranking_all(double *roc_auc, double *average_precision, const float *log_probabilities,
                                const int *labels, int count, int classes, dn_error *error);
/* The mean of the values that are not NaN, NaN without any: turns the above into macro averages. */
DN_API double dn_mean_defined(const double *values, int count);

/* Where to cut between two classes: a picture whose log-odds of class 1 are above is class 1. */
typedef struct dn_threshold {
    double log_odds;
    double probability;       /* of class 1, the same as log_odds */
    double balanced_accuracy; /* of the cut on the pictures it was fitted on */
} dn_threshold;

/* The cut with the highest balanced accuracy, half way (in log-odds) between the two neighbouring scores; of
 * several equally good ones the middle one. All NaN where no cut can be judged: one of the two classes is
 * missing, or all scores are equal. To be fitted on other pictures than it is judged on. */
DN_API dn_status dn_threshold_fit(dn_threshold *out, const float *log_probabilities, const int *labels,
                                  int count, dn_error *error);
/* The confusion matrix (2, 2) of predicting by the cut. */
DN_API void dn_threshold_confusion(const dn_threshold *threshold, const float *log_probabilities,
                                   const int *labels, int count, int *confusion);

/* ---- calibration: whether a probability of 0.8 is right 8 times in 10 ---- */

#define DN_RELIABILITY_BINS 15

typedef struct dn_reliability_bin {
    int count, correct;
    double confidence; /* the mean probability of the predicted classes */
} dn_reliability_bin;

/* Pictures by the probability of the predicted class; bin b holds those in (b / 15, (b + 1) / 15]. */
typedef struct dn_reliability {
    dn_reliability_bin bins[DN_RELIABILITY_BINS];
    /* Expected calibration error (Guo et al. 2017): |accuracy - confidence| of a bin, weighted by its share of
     * the pictures. */
    double error;
} dn_reliability;

DN_API void dn_reliability_compute(dn_reliability *out, const float *log_probabilities, const int *labels,
                                   int count, int classes);

/* Temperature scaling (Guo et al. 2017): the T from 0.01 to 100 for which softmax(log p / T) has the lowest
 * mean negative log-likelihood. Above 1, the probabilities were too sure. NaN without pictures; at a limit
 * where the pictures only pull one way: 0.01 where every prediction is right. */
DN_API double dn_temperature_fit(const float *log_probabilities, const int *labels, int count, int classes);
/* out: log-probabilities at that temperature; may be the input. */
DN_API void dn_temperature_apply(const float *log_probabilities, int count, int classes, double temperature,
                                 float *out);

/* ---- the whole classifier ---- */

/* What a model file says of itself. Texts belong to whoever filled it in; of a loaded classifier, to that. */
typedef struct dn_classifier_info {
    const char *backbone;       /* "densenet161" */
    const char *weights_source; /* "random:1", or the name of the weights file, without folder */
    const char *weights_hash;   /* dn_weights_hash() */
    int class_count;
    const char *const *classes; /* names in label order */
    dn_preprocessing preprocessing;
    uint64_t seed;
    const char *recipe;  /* JSON object: how the head was trained */
    const char *metrics; /* JSON object: what it reached */
} dn_classifier_info;

typedef struct dn_classifier dn_classifier;

/* Writes a model file, atomically: the head (feature standardisation folded into its first layer) under the
 * names of torch's nn.Sequential(Linear, ReLU, Dropout, ..., Linear), "classifier.0.weight", and `info` as
 * metadata. `weights` are the backbone's: of seeded ones the batch-norm statistics are stored too, so that
 * the file alone is enough to predict; of others only the hash. */
DN_API dn_status dn_classifier_save(const char *path, const dn_head *head, const dn_classifier_info *info,
                                    const dn_weights *weights, dn_error *error);

/* Reads a model file. Cheap: the backbone comes with dn_classifier_attach(). */
DN_API dn_status dn_classifier_load(dn_classifier **out, const char *path, dn_error *error);
DN_API void dn_classifier_free(dn_classifier *classifier);
DN_API const dn_classifier_info *dn_classifier_get_info(const dn_classifier *classifier);
DN_API const dn_head *dn_classifier_get_head(const dn_classifier *classifier);
/* Whether the file carries all it needs, so that attach takes NULL weights. */
DN_API int dn_classifier_is_complete(const dn_classifier *classifier);

/* Builds the backbone and a session. `weights` may be NULL where the file is complete; others must have the
 * hash that the file names (DN_ERR_MISMATCH). NULL options: the defaults, but a model without options of its own
 * takes threads and allocator of the session's. Height and width are ignored: they are the crop's. */
DN_API dn_status dn_classifier_attach(dn_classifier *classifier, const dn_weights *weights,
                                      const dn_model_options *model_options,
                                      const dn_session_options *options, dn_error *error);

/* probabilities: (count, class_count). Any count: worked off in batches. Needs an attached backbone. */
DN_API dn_status dn_classifier_predict(dn_classifier *classifier, const dn_image *images, int count,
                                       float *probabilities, dn_error *error);

/* Height and width of the map of evidence; needs an attached backbone. */
DN_API void dn_classifier_map_size(const dn_classifier *classifier, int *height, int *width);

/* What in one picture speaks for a class: evidence, (map height, map width), is the class activation map over the
 * crop (Grad-CAM, Selvaraju et al. 2017: max(0, sum over channels of the logit's gradient times the feature
 * map)), in units of the logit. *class_index: the class, or -1 for the most probable one, which it is set to.
 * probabilities: (class_count), may be NULL. Needs an attached backbone. */
DN_API dn_status dn_classifier_explain(dn_classifier *classifier, const dn_image *image, int *class_index,
                                       float *evidence, float *probabilities, dn_error *error);

#ifdef __cplusplus
}
#endif

#endif
