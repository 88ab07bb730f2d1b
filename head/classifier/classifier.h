/* SPDX-License-Identifier: MIT */
/* The whole classifier, kept in one model file: a backbone and a trained head joined, pictures in, classes
 * and maps of evidence out.
 *
 *     dn_classifier_save("model.safetensors", head, &info, weights, &error);
 *
 *     dn_classifier_load(&classifier, "model.safetensors", &error);
 *     dn_classifier_attach(classifier, weights_or_null, NULL, &session_options, &error);
 *     dn_classifier_predict(classifier, images, count, probabilities, &error);
 *
 * A classifier is used by one thread of control at a time. Many threads take one file and one network
 * together:
 *
 *     dn_classifier_create_model(&model, classifier, weights_or_null, NULL, &error);   once
 *     dn_classifier_share(&mine, classifier, &error);                                  in each thread
 *     dn_classifier_attach_model(mine, model, &session_options, &error);
 */
#ifndef DN_HEAD_CLASSIFIER_CLASSIFIER_H
#define DN_HEAD_CLASSIFIER_CLASSIFIER_H

#include "core/status.h"
#include "densenet/densenet.h"
#include "head/classifier/picture_keys.h"
#include "head/conformal.h"
#include "head/novelty.h"
#include "head/training.h"
#include "io/image.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a model file says of itself. Texts belong to whoever filled it in; of a loaded classifier, to that. */
typedef struct dn_classifier_info {
    size_t struct_size;             /* sizeof(dn_classifier_info); of a loaded classifier, the library's */
    const char *backbone;           /* "densenet161" */
    const char *weights_source;     /* "random:1", or the name of the weights file, without folder */
    const char *weights_hash;       /* dn_weights_hash() */
    int class_count;                /* at least 2 */
    const char *const *classes;     /* names in label order */
    dn_preprocessing preprocessing; /* how pictures become the network's input */
    uint64_t seed;                  /* of the training */
    const char *recipe;             /* JSON object: how the head was trained */
    const char *metrics;            /* JSON object: what it reached */
    /* What sets with a guarantee are made of, calibrated on this model's probabilities; NULL: nothing. */
    const dn_conformal *conformal;
    /* (picture_key_count): of the pictures it was made from; NULL: not kept. */
    const dn_picture_key *picture_keys;
    int picture_key_count;     /* 0 where there are none */
    const dn_novelty *novelty; /* tells unfamiliar pictures; NULL: the file has none, as older ones */
} dn_classifier_info;

/* Nothing but the defaults of preprocessing, and recipe and metrics without members. */
DN_API void dn_classifier_info_init(dn_classifier_info *info, size_t struct_size);
static inline dn_classifier_info dn_classifier_info_default(void) {
    dn_classifier_info info;
    dn_classifier_info_init(&info, sizeof info);
    return info;
}

/* A model file that was read, and the backbone that was attached to it. Of one thread at a time. */
typedef struct dn_classifier dn_classifier;

/* Writes a model file, atomically: `head` (feature standardisation folded into its first layer) under
 * the names of torch's nn.Sequential(Linear, ReLU, Dropout, ..., Linear), "classifier.0.weight", and
 * `info` as metadata and tensors. `weights` are the backbone's: of seeded ones the batch-norm statistics are
 * stored too, so that the file alone is enough to predict; of others only the hash. info->conformal,
 * info->picture_keys and info->novelty are written where they are not NULL. DN_ERR_ARGUMENT,
 * DN_ERR_MISMATCH or DN_ERR_DATA_CLASSES for all that dn_classifier_load() would refuse; then a file that
 * was there stays as it is. Hashes the weights. */
DN_API dn_status dn_classifier_save(const char *path, const dn_head *head, const dn_classifier_info *info,
                                    const dn_weights *weights, dn_error *error);
/* The same bytes, all *size of them, in memory that is the caller's: from `allocator`, which is asked once
 * for as many, or, where that is NULL, for free(). On failure *bytes is NULL. */
DN_API dn_status dn_classifier_save_memory(void **bytes, size_t *size, const dn_head *head,
                                           const dn_classifier_info *info, const dn_weights *weights,
                                           const dn_allocator *allocator, dn_error *error);

/* Reads a model file, a few megabytes. Cheap: the backbone comes with dn_classifier_attach(). */
DN_API dn_status dn_classifier_load(dn_classifier **out, const char *path, dn_error *error);
/* Reads the `size` bytes of a model file, wherever and however aligned they lie. They are copied: nothing
 * of them is needed afterwards. `name` is what messages call them; NULL: "model in memory". */
DN_API dn_status dn_classifier_load_memory(dn_classifier **out, const void *bytes, size_t size,
                                           const char *name, dn_error *error);
/* Frees `classifier` and what is attached to it, but not a model of the caller's; NULL is fine. */
DN_API void dn_classifier_free(dn_classifier *classifier);
/* A second classifier over what `original` has read from its file: head, classes and whatever else is not
 * written any more are shared, an attached backbone is not, so that each works in a thread of its own. The
 * first one must outlive it. Copies nothing. */
DN_API dn_status dn_classifier_share(dn_classifier **out, const dn_classifier *original, dn_error *error);
/* What the file says of itself. Belongs to the classifier. */
DN_API const dn_classifier_info *dn_classifier_get_info(const dn_classifier *classifier);
/* Its head, to be read, or cloned to be trained on. Belongs to the classifier. */
DN_API const dn_head *dn_classifier_get_head(const dn_classifier *classifier);
/* The attached backbone's session, to be asked what it is, and through it the model; NULL: none is
 * attached. It is gone with the attachment. */
DN_API const dn_session *dn_classifier_get_session(const dn_classifier *classifier);
/* Whether the file carries all it needs, so that attach takes NULL weights. */
DN_API bool dn_classifier_is_complete(const dn_classifier *classifier);

/* Builds the backbone and a session, in the place of those that were attached; after a failure none is.
 * `weights` may be NULL where the file is complete; others must have the hash that the file names
 * (DN_ERR_MISMATCH). NULL options: the defaults, but where `model_options` are NULL the model takes threads,
 * executor, allocator and log of the session's; an executor prepares the pictures, too. Height and width are
 * ignored: they are the crop's. Costs what dn_model_create() and dn_session_create() do, drawing or hashing
 * the weights, and an input of the session's for each picture of a batch. */
DN_API dn_status dn_classifier_attach(dn_classifier *classifier, const dn_weights *weights,
                                      const dn_model_options *model_options,
                                      const dn_session_options *options, dn_error *error);

/* The network that the file needs, for dn_classifier_attach_model(): with weights as dn_classifier_attach()
 * takes them, NULL or those of the file's hash. The caller's to free; it does not need the classifier any
 * more. dn_model_create() of the same weights gives as good a one. */
DN_API dn_status dn_classifier_create_model(dn_model **out, const dn_classifier *classifier,
                                            const dn_weights *weights, const dn_model_options *options,
                                            dn_error *error);

/* Opens a session over a model that is already there, in the place of what was attached; after a failure
 * nothing is. Any number of classifiers, of one file or of several that were trained on the same weights,
 * may share a model, each in a thread of its own: it costs each a session alone. The model is the caller's
 * and must outlive the attachment. DN_ERR_MISMATCH unless dn_model_hash() is what the file names. Options as
 * dn_classifier_attach() takes them. */
DN_API dn_status dn_classifier_attach_model(dn_classifier *classifier, const dn_model *model,
                                            const dn_session_options *options, dn_error *error);

/* What is in `images`: probabilities, (count, class_count). Any count: worked off in batches. Needs an
 * attached backbone. A picture that cannot be judged ends the call with its status and a message that
 * names its index; DN_ERR_OVERFLOW, as in the calls below, where weights that are too large give a result
 * that is infinite or NaN. Preprocessing allocates for each picture, the head for each batch; the network
 * does not. */
DN_API dn_status dn_classifier_predict(dn_classifier *classifier, const dn_image *images, int count,
                                       float *probabilities, dn_error *error);

/* What can be told of pictures; each may be NULL. Arrays are dense, a row a picture. */
typedef struct dn_judgements {
    float *probabilities;     /* (count, class_count) */
    double *unfamiliarity;    /* (count): percentile among the validation pictures, 0 to 1; from
                               * DN_NOVELTY_LINE on a picture is unlike those that the classes were learnt
                               * from */
    float *log_probabilities; /* (count, class_count): natural logarithms of the probabilities */
    float *features;          /* (count, features of the backbone): what the head sees of a picture */
    /* (count): DN_OK, or why this picture could not be judged (no pixels, too long and thin); its numbers are
     * then NaN, and the others are judged. NULL: the first such picture ends the call, with a message. */
    dn_status *statuses;
    /* Called on the calling thread after each batch; anything but 0 ends the call with DN_ERR_CANCELLED. The
     * arrays hold what was judged by then. */
    int (*on_progress)(void *context, size_t done, size_t total);
    void *context; /* handed to on_progress */
} dn_judgements;

/* What dn_classifier_predict() tells of `images` and more, in one pass: whatever `out` has room for.
 * DN_ERR_UNSUPPORTED where `unfamiliarity` is asked for and the file has no novelty. A machine that fails,
 * in a lack of memory for instance, ends the call, whatever the picture. */
DN_API dn_status dn_classifier_judge(dn_classifier *classifier, const dn_image *images, int count,
                                     const dn_judgements *out, dn_error *error);

/* Into *height and *width: those of the map of evidence; both 0 as long as no backbone is attached. */
DN_API void dn_classifier_map_size(const dn_classifier *classifier, int *height, int *width);

/* What in `image` speaks for a class: evidence, (map height, map width), is the class activation map
 * over the crop (Grad-CAM, Selvaraju et al. 2017: max(0, sum over channels of the logit's gradient times
 * the feature map)), in units of the logit. *class_index: the class, or -1 for the most probable one,
 * which it is set to. probabilities: (class_count), may be NULL. Needs an attached backbone. A forward pass
 * on all threads; allocates a feature map. */
DN_API dn_status dn_classifier_explain(dn_classifier *classifier, const dn_image *image, int *class_index,
                                       float *evidence, float *probabilities, dn_error *error);

#ifdef __cplusplus
}
#endif

#endif
