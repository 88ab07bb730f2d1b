/* SPDX-License-Identifier: MIT */
/* DenseNet-121, 161, 169 and 201: weights in, features out.
 *
 *     dn_weights *weights;  dn_model *model;  dn_session *session;  dn_error error;
 *     dn_weights_load(&weights, "densenet161-8d451a50.pth", &error);   a checkpoint, as PyTorch names it
 *     dn_model_create(&model, weights, NULL, &error);                  folded, packed, immutable: share it
 *     dn_weights_free(weights);
 *     dn_session_options options = dn_session_options_default();       batch 1, 224x224, all cores
 *     dn_session_create(&session, model, &options, &error);            one a thread of control
 *     dn_image_to_input(&image, &preprocessing, 0, input, &error);
 *     dn_session_forward(session, input, 1, &(dn_outputs){.features = features}, &error);
 *
 * Threads: a model may be used by any number of sessions at once, each in a thread of its own. A session runs
 * one forward pass at a time and owns its memory and its workers. The bits of a result depend neither on the
 * number of threads nor on the rest of the batch.
 *
 * fork(): a child process may go on with all that its parent made, models, sessions and classifiers, and may
 * free it. A session's workers stay behind in the parent, so in the child a forward pass runs on one thread,
 * with the same bits; a session that the child makes has workers again. As with every library, no other
 * thread of the parent may be inside a call at the time of the fork. */
#ifndef DN_DENSENET_DENSENET_H
#define DN_DENSENET_DENSENET_H

#include "core/status.h"
#include "io/image.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- configurations ---- */

/* A member of the family (Huang et al. 2017, table 1). */
typedef struct dn_config {
    const char *name;     /* "densenet161" */
    int growth;           /* channels each dense layer adds */
    int layers[4];        /* dense layers in each block */
    int initial_channels; /* out of the stem */
    int bottleneck;       /* conv1 has bottleneck * growth channels: 4 */
    int features;         /* length of the feature vector */
} dn_config;

/* "densenet121", "densenet161", "densenet169" or "densenet201"; NULL for any other name. Static. */
DN_API const dn_config *dn_config_find(const char *name);
/* All of them, by their `index`: dn_config_at(0) .. until NULL. */
DN_API const dn_config *dn_config_at(int index);

/* ---- weights: a checkpoint's tensors, before anything is folded ---- */

/* The tensors of one network, as float32. Of one thread at a time while it is changed
 * (dn_weights_calibrate(), discard_weights); otherwise of many. */
typedef struct dn_weights dn_weights;

/* Reads a .safetensors or .pth file (zip or legacy; nothing in it is executed). Old and new key names, the
 * prefixes and wrappers found in the wild are understood; the member of the family is recognised from the
 * shapes; every tensor's presence and shape is checked. The ImageNet classifier may be absent; any other
 * classifier, and tensors that are not the network's, are left out: dn_weights_notes() names them. Takes
 * as long as reading the file, and the memory of the values (densenet161: 115 MB). Fails with the
 * statuses of the machine, of files and of tensors. */
DN_API dn_status dn_weights_load(dn_weights **out, const char *path, dn_error *error);

/* How weights are read. */
typedef struct dn_weights_load_options {
    size_t struct_size;            /* sizeof(dn_weights_load_options) */
    const dn_allocator *allocator; /* for the values; NULL: the system's. Must outlive the weights */
    /* Called again and again while bytes are read, with how many have been and how many there are; `done`
     * rises, and the last call, when all is loaded and checked, has done == total. Not 0: loading stops with
     * DN_ERR_CANCELLED, within a megabyte. NULL: nobody is told. */
    int (*on_progress)(void *context, size_t done, size_t total);
    void *context; /* handed to on_progress */
    /* What stands before the network's names ("teacher", "model.net"), where a file holds two networks; "":
     * nothing does. NULL: the one network is found. DN_ERR_TENSOR_MISSING where none has this prefix. */
    const char *prefix;
    /* Not 0: a classifier that is not ImageNet's is kept, whatever layers it has, as "classifier.*".
     * dn_weights_save() writes it; the network does not use it. One of its matrices must take the network's
     * features: DN_ERR_TENSOR_SHAPE otherwise. */
    int keep_classifier;
    /* Not 0, of dn_weights_load_memory(): the bytes stay, unchanged, until the weights are freed, and so do
     * not have to be copied. What lies in them as float32 at a multiple of 4, as a safetensors file has it
     * where its own beginning is aligned so, is used where it lies; zip archives are copied all the same. */
    int borrow;
} dn_weights_load_options;

/* The defaults: the system's memory, nobody is told, no prefix, no other classifier, nothing borrowed. */
DN_API void dn_weights_load_options_init(dn_weights_load_options *options, size_t struct_size);
static inline dn_weights_load_options dn_weights_load_options_default(void) {
    dn_weights_load_options options;
    dn_weights_load_options_init(&options, sizeof options);
    return options;
}

/* dn_weights_load() with options; NULL: the defaults. */
DN_API dn_status dn_weights_load_with_options(dn_weights **out, const char *path,
                                              const dn_weights_load_options *options, dn_error *error);
/* The same of the `size` bytes of such a file, wherever and however aligned they lie; it may be a mapped one.
 * Nothing of them is needed afterwards, unless options->borrow is set. `name` is what messages call them;
 * NULL: "weights in memory". NULL options: the defaults. */
DN_API dn_status dn_weights_load_memory(dn_weights **out, const void *bytes, size_t size, const char *name,
                                        const dn_weights_load_options *options, dn_error *error);

/* What the file held and the weights do not, as one line of text for the user ("left out 1 tensor outside the
 * network: criterion.weight (10)"); "" where that is nothing. Names in it are as the file has them, whatever
 * characters these are. Belongs to the weights. */
DN_API const char *dn_weights_notes(const dn_weights *weights);

/* Weights of the network that `config` describes, of dn_config_find() or the caller's own, drawn from `seed`:
 * convolutions uniform with bound sqrt(6 / fan_in) (He et al. 2015), batch norms
 * neutral, classifier as nn.Linear. The same seed gives the same bits on every machine. Draws on the calling
 * thread alone. */
DN_API dn_status dn_weights_random(dn_weights **out, const dn_config *config, uint64_t seed, dn_error *error);

/* How weights are calibrated. */
typedef struct dn_calibrate_options {
    size_t struct_size;          /* sizeof(dn_calibrate_options) */
    int threads;                 /* 0: one a core, or the executor's */
    const dn_executor *executor; /* computes in the place of threads; `threads` must then be 0 */
    /* Called on the calling thread after each layer, may be NULL; anything but 0 stops with DN_ERR_CANCELLED,
     * and the weights are as they were. */
    int (*on_progress)(void *context, size_t done, size_t total);
    void *context; /* handed to on_progress */
} dn_calibrate_options;

/* The defaults: all cores, nobody is told. */
DN_API void dn_calibrate_options_init(dn_calibrate_options *options, size_t struct_size);
static inline dn_calibrate_options dn_calibrate_options_default(void) {
    dn_calibrate_options options;
    dn_calibrate_options_init(&options, sizeof options);
    return options;
}

/* Replaces every batch norm's mean and variance by those measured on `inputs`, (count, height, width, 3)
 * floats, layer by layer, each in the network as normalised so far. For untrained weights: without it
 * activations drift. The same bits for any number of threads. Inputs must be finite. Takes a little longer
 * than `count` forward passes, and for each input the memory of all channels of a block. */
DN_API dn_status dn_weights_calibrate(dn_weights *weights, const float *inputs, int count, int height,
                                      int width, const dn_calibrate_options *options, dn_error *error);

/* Writes all tensors of `weights` as safetensors under PyTorch's present names, atomically.
 * DN_ERR_UNSUPPORTED for a network of dn_weights_random() that is no member of the family:
 * dn_weights_load() would not know it. */
DN_API dn_status dn_weights_save(const dn_weights *weights, const char *path, dn_error *error);
/* The same bytes, all *size of them, in memory that is the caller's: from `allocator`, which is asked once
 * for as many, or, where that is NULL, for free(). On failure *bytes is NULL. */
DN_API dn_status dn_weights_save_memory(const dn_weights *weights, void **bytes, size_t *size,
                                        const dn_allocator *allocator, dn_error *error);

/* Which network the weights are of. Belongs to them. */
DN_API const dn_config *dn_weights_config(const dn_weights *weights);
/* Into `hex`: XXH3-128 over the tensors the network uses (names, shapes and float32 values), as 32 hex
 * digits and a terminator: the same for one set of weights whatever file format it came in. The classifier
 * is left out. Each call reads all weights; a model keeps the result. */
DN_API void dn_weights_hash(const dn_weights *weights, char hex[33]);
/* Frees `weights`; NULL is fine. */
DN_API void dn_weights_free(dn_weights *weights);

/* ---- model: immutable, ready to run ---- */

/* A network that is ready to run on this CPU. Nothing changes it, so any number of threads may use it. */
typedef struct dn_model dn_model;

/* What convolutions compute in. BFLOAT16 rounds what most of them multiply to 8 significant bits and sums in
 * float32: faster, and features differ by about a hundredth. It needs a CPU with AVX512-BF16. INT8 rounds
 * what 1x1 convolutions multiply to 256 steps, each pixel's values to its largest and each output channel's
 * weights to theirs, and sums in 32-bit integers; 3x3 ones likewise, or in what is faster and finer on this
 * CPU. It is the fastest where the CPU has AVX512-VNNI, takes a quarter of the memory or less, and features
 * differ by a few hundredths. It needs no pictures to be tuned with and is refused on no CPU: where float32
 * is as fast as bytes would be, as with AVX-512 without VNNI, it is float32, and dn_model_kernel() tells. */
typedef enum dn_precision {
    DN_PRECISION_FLOAT32 = 0,  /* as PyTorch does */
    DN_PRECISION_BFLOAT16 = 1, /* products of 8 bits, sums in float32 */
    DN_PRECISION_INT8 = 2,     /* products of bytes, sums in 32-bit integers */
} dn_precision;

/* What a model may take. FAST keeps the weights of most convolutions in forms that are larger than the
 * checkpoint's (densenet161: 252 MB for 115) and quicker to compute with; LOW keeps them at their size. */
typedef enum dn_memory {
    DN_MEMORY_FAST = 0, /* the most speed */
    DN_MEMORY_LOW = 1,  /* the least memory: a tenth to a sixth slower */
} dn_memory;

/* How a model is made. */
typedef struct dn_model_options {
    size_t struct_size;            /* sizeof(dn_model_options) */
    const dn_allocator *allocator; /* for the prepared weights; NULL: the system's. Must outlive the model */
    int threads;                   /* that prepare the weights; 0: one a core, or the executor's */
    dn_precision precision;        /* what convolutions compute in */
    dn_memory memory;              /* what the prepared weights may take */
    /* Not 0: the weights are not needed afterwards. Their memory is given back while they are packed, so
     * that the peak is lower (densenet161: by up to 115 MB), and the only call that they are then good for
     * is dn_weights_free(), also where the call fails. They must then be nobody else's in the meantime.
     * Borrowed values and those in an allocator's memory stay as they are. */
    int discard_weights;
    const dn_executor *executor; /* prepares the weights in the place of threads; read by the call only */
    /* Called on the calling thread while weights are prepared, may be NULL; anything but 0 stops with
     * DN_ERR_CANCELLED. */
    int (*on_progress)(void *context, size_t done, size_t total);
    /* Called on the calling thread with lines of text for people, may be NULL: tier, kernels, bytes. */
    void (*on_log)(void *context, const char *line);
    void *context; /* of both */
} dn_model_options;

/* The defaults: all cores, float32, fast, weights kept. */
DN_API void dn_model_options_init(dn_model_options *options, size_t struct_size);
static inline dn_model_options dn_model_options_default(void) {
    dn_model_options options;
    dn_model_options_init(&options, sizeof options);
    return options;
}

/* Folds norm0 and norm2 into their convolutions and packs everything for the best kernels of this CPU, or of
 * the tier that the environment variable DN_ISA names (portable, neon, avx2, avx512). Keeps nothing of
 * `weights`, and leaves them as they are unless discard_weights is set. Reads and writes them once, on all
 * threads, and hashes them on the way. Takes dn_model_size() bytes. DN_ERR_UNSUPPORTED where bfloat16 is
 * asked for and cannot be had; the message says why. NULL options: the defaults. */
DN_API dn_status dn_model_create(dn_model **out, const dn_weights *weights, const dn_model_options *options,
                                 dn_error *error);
/* dn_weights_load(), dn_model_create() and dn_weights_free() in one, for whom a model is enough. Of a
 * safetensors file in float32 the values of convolutions and classifier are never in memory as a whole: they
 * are checked, hashed and packed as they are read, which saves their memory (densenet161: 115 MB) and the
 * time that the system needs to provide it. Of any other file they are read, and discarded as they are
 * packed, whatever options->discard_weights says. The model has the same bits as that of the three calls, and
 * the same hash. NULL options: the defaults. */
DN_API dn_status dn_model_load(dn_model **out, const char *path, const dn_model_options *options,
                               dn_error *error);
/* Frees `model`, of which no session may be left; NULL is fine. */
DN_API void dn_model_free(dn_model *model);

/* Which network it is: dn_model_config(model)->features is the length of a feature vector. Belongs to the
 * model. */
DN_API const dn_config *dn_model_config(const dn_model *model);
/* dn_weights_hash() of the weights that the model was made from; "" without a model. Belongs to the model. */
DN_API const char *dn_model_hash(const dn_model *model);
/* Whether ImageNet's logits can be asked for. */
DN_API bool dn_model_has_classifier(const dn_model *model);
/* Bytes of prepared weights. */
DN_API size_t dn_model_size(const dn_model *model);
/* What its convolutions compute in. */
DN_API dn_precision dn_model_precision(const dn_model *model);
/* What it was allowed to take. */
DN_API dn_memory dn_model_memory(const dn_model *model);
/* The tier of instructions that its kernels were chosen from: "portable", "neon", "avx2", "avx512"; ""
 * without a model. Static. */
DN_API const char *dn_model_tier(const dn_model *model);
/* The names of its convolutions by their `index` in the order of execution: dn_model_convolution(model, 0)
 * .. until NULL. Belongs to the model. */
DN_API const char *dn_model_convolution(const dn_model *model, int index);
/* The name of the kernel behind the convolution of that name ("features.denseblock1.denselayer1.conv1"); NULL
 * when there is none such. */
DN_API const char *dn_model_kernel(const dn_model *model, const char *convolution);

/* ---- session: one arena, one pool of workers ---- */

/* How many logits there are. */
enum {
    DN_LOGITS = 1000, /* ImageNet's classes */
};

/* The name of the class that logit `index` stands for, as torchvision has it ("tench", "goldfish", ...);
 * NULL unless 0 <= index < DN_LOGITS. Static. */
DN_API const char *dn_imagenet_class(int index);

/* Memory and workers for forward passes through a model; of one thread at a time. */
typedef struct dn_session dn_session;

/* How a session is made. */
typedef struct dn_session_options {
    size_t struct_size;            /* sizeof(dn_session_options) */
    int batch;                     /* the most images a forward pass takes; >= 1 */
    int height, width;             /* of every input; >= 32 */
    int threads;                   /* 0: one a core, or the executor's */
    const dn_allocator *allocator; /* for the arena; NULL: the system's. Must outlive the session */
    /* NULL: the session has workers of its own. Otherwise it has none, and `threads` must be 0; the struct is
     * copied. */
    const dn_executor *executor;
    /* Called by dn_session_create() with lines of text for people, may be NULL: threads, lanes, bytes. */
    void (*on_log)(void *context, const char *line);
    void *context; /* handed to on_log */
} dn_session_options;

/* The defaults: batch 1, 224x224, all cores. */
DN_API void dn_session_options_init(dn_session_options *options, size_t struct_size);
static inline dn_session_options dn_session_options_default(void) {
    dn_session_options options;
    dn_session_options_init(&options, sizeof options);
    return options;
}

/* Allocates the arena, dn_session_plan() bytes, and starts threads - 1 workers, which sleep between forward
 * passes. The model must outlive the session. */
DN_API dn_status dn_session_create(dn_session **out, const dn_model *model, const dn_session_options *options,
                                   dn_error *error);
/* Ends the workers and frees `session`; NULL is fine. */
DN_API void dn_session_free(dn_session *session);

/* Into *bytes: what the arena of a session over `model` with these options takes, without creating it.
 * Allocates nothing. */
DN_API dn_status dn_session_plan(const dn_model *model, const dn_session_options *options, size_t *bytes,
                                 dn_error *error);
/* Bytes of its arena. */
DN_API size_t dn_session_arena_size(const dn_session *session);
/* The model that it was made for. */
DN_API const dn_model *dn_session_model(const dn_session *session);
/* The most images a forward pass takes. */
DN_API int dn_session_batch(const dn_session *session);
/* Into *height and *width: those of every input. */
DN_API void dn_session_input_size(const dn_session *session, int *height, int *width);
/* On how many threads it runs, the calling one among them; 1 in a child process that was forked since. */
DN_API int dn_session_threads(const dn_session *session);
/* Into *height and *width: those of the feature map. */
DN_API void dn_session_map_size(const dn_session *session, int *height, int *width);

/* Where results go; any may be NULL. float32, images outermost, dense but for the strides: so results may go
 * straight into the rows of a larger array. */
typedef struct dn_outputs {
    float *features; /* (count, features): relu(norm5), averaged over space */
    float *map;      /* (count, map height, map width, features): relu(norm5) */
    float *logits;   /* (count, 1000): the ImageNet classifier's */
    /* Floats from one image's result to the next one's; 0: they lie one behind the other. What lies between
     * them is not touched. */
    size_t features_stride;
    size_t map_stride;    /* likewise, of the map */
    size_t logits_stride; /* likewise, of the logits */
} dn_outputs;

/* A forward pass: `outputs` says what is wanted, and where to. inputs: (count, height, width, 3) floats, R
 * G B, preprocessed; 1 <= count <= batch. DN_ERR_UNSUPPORTED for logits of a model without a classifier;
 * DN_ERR_ARGUMENT, with its place, where an input is infinite or NaN; DN_ERR_OVERFLOW where a result is.
 * Allocates nothing, and takes no lock but, where workers sleep, the one that wakes them. Images of one call
 * are computed side by side where there are at least as many as threads; of fewer, each by all threads. */
DN_API dn_status dn_session_forward(dn_session *session, const float *inputs, int count,
                                    const dn_outputs *outputs, dn_error *error);
/* The same for inputs that begin `input_stride` floats behind each other, at least height * width * 3; 0:
 * they lie one behind the other. */
DN_API dn_status dn_session_forward_strided(dn_session *session, const float *inputs, size_t input_stride,
                                            int count, const dn_outputs *outputs, dn_error *error);

#ifdef __cplusplus
}
#endif

#endif
