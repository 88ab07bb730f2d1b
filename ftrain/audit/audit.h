/* SPDX-License-Identifier: MIT */
/* What an audit finds, as data: some files fill it in, others print it. */
#ifndef FTRAIN_AUDIT_AUDIT_H
#define FTRAIN_AUDIT_AUDIT_H

#include "ftrain/cues/cues.h"
#include "ftrain/features/label_check.h"
#include "ftrain/shell/decisions.h"
#include "ftrain/shell/outcome.h"
#include "head/metrics.h"
#include "head/modified_z.h"
#include "head/significance.h"

enum { AUDIT_PARTS = DNI_SPLITS, WORST = 5, TINY_BYTES = 3 * TINY_SIDE * TINY_SIDE };

/* A data set in one piece. Where it has no splits there is one part, without a name. */
typedef struct audit_data {
    const char *folder; /* the caller's */
    char **classes;
    int class_count;
    dni_samples samples;            /* part by part, each by class */
    const char *parts[AUDIT_PARTS]; /* "train", "valid", "test"; or "" alone */
    size_t ends[AUDIT_PARTS];       /* a part's samples end before this index */
    int part_count;
    double *matrix;       /* (count, CUE_COUNT) */
    picture_facts *facts; /* (count) */
    size_t skipped;
    heeded_decisions decisions;
    double *tiny_sums; /* (classes, TINY_BYTES) */
    size_t *usable;    /* (classes): pictures in those sums */
} audit_data;

/* The part that sample i belongs to. */
int audit_part(const audit_data *data, size_t i);

/* Both return OUTCOME_OK or, after a message, another outcome; audit_close() is to follow in any case. */
outcome audit_open(audit_data *out, const char *folder, const decision_options *decisions);
outcome audit_measure(audit_data *data, dni_pool *pool, bool quiet);
void audit_close(audit_data *data);

/* ---- one class in one part ---- */

typedef struct range_summary {
    double min, median, max;
} range_summary;

/* Sorts the values. Of none, all NaN. */
range_summary audit_range(double *values, size_t count);

typedef struct class_summary {
    char name[320]; /* "train/rose", or "rose" without splits */
    const char *split, *class_name;
    size_t count, unusable;
    size_t formats[DNI_IMAGE_FORMATS];
    range_summary width, height, bytes, bits_per_pixel;
    range_summary quality; /* of the JPEG files that have a table; NaN without any */
    size_t chroma_full, chroma_half,
        chroma_quarter; /* 4:4:4, 4:2:2 or 4:4:0, 4:2:0; others are counted nowhere */
    size_t grey, progressive, exif, rotated, icc, xmp, camera, software;
    double mean[3];
} class_summary;

outcome audit_summarise(class_summary *out, const audit_data *data, int part, int label);

/* ---- copies ---- */

typedef struct audit_copies {
    uint32_t *same, *near; /* (count): the first picture of each one's group; what cannot be used is alone */
    size_t same_count, near_count; /* pictures that have an earlier one of the same bytes, look */
    size_t same_across_parts, near_across_parts; /* groups with pictures in more than one part */
    size_t same_across_classes, near_across_classes;
} audit_copies;

outcome audit_find_copies(audit_copies *out, const audit_data *data);
void audit_copies_free(audit_copies *copies);

/* ---- outliers ---- */

typedef struct outlier {
    size_t index;
    double score;
    int cue; /* by which it stands out; -1: the network's features */
} outlier;

typedef struct class_outliers {
    outlier worst[WORST]; /* by falling score */
    int count;
} class_outliers;

/* By colour (ftrain/cues/colour_outliers.h) and by the network's features
 * (ftrain/features/feature_outliers.h): the worst above DNI_OUTLIER_Z. */
outcome audit_colour_outliers(class_outliers *out, const audit_data *data);
outcome audit_feature_outliers(class_outliers *out, const audit_data *data, const feature_set *set);

/* ---- the network's features ---- */

/* Of all pictures that can be used; their sample_index is among the data's samples. Returns OUTCOME_OK or,
 * after a message, another outcome; either way feature_set_free() is to follow. */
typedef struct extraction_options extraction_options;
outcome audit_collect_features(feature_set *out, const audit_data *data, const extraction_options *options,
                               dni_pool *pool);

/* ---- labels that are probably wrong ---- */

/* A picture whose label was judged; the texts are the data's. */
typedef struct label_row {
    size_t index; /* among the samples */
    const char *split, *path, *given;
    const char *likely;                                   /* NULL: it is not suspected */
    double given_probability, likely_probability, margin; /* as label_verdict has them */
} label_row;

typedef struct audit_labels {
    bool is_asked;
    label_check check;
    label_row *rows; /* (check.count): those suspected first; each half by rising margin */
} audit_labels;

/* All splits together; near copies never vouch for each other. Returns OUTCOME_OK or, after a message,
 * another outcome; either way audit_labels_free() is to follow. */
outcome audit_check_labels(audit_labels *out, const audit_data *data, const feature_set *set,
                           const audit_copies *copies, uint64_t seed);
void audit_labels_free(audit_labels *labels);

/* Above this share of suspected labels the list itself is in doubt. */
#define DOUBTFUL_SHARE 0.2
/* Why little is to be expected of the list, a whole sentence; NULL: nothing speaks against it. */
const char *audit_labels_doubt(const audit_labels *labels);

/* ---- what gives the label away ---- */

enum { GROUP_FILE, GROUP_PIXELS, GROUP_BOTH, CUE_GROUPS, FOLDS = 5 };

typedef struct cue_rank {
    int cue;
    double auc; /* of the cue alone, in the better direction; the mean over classes, each against the rest */
} cue_rank;

/* How well a group of cues gives the labels away, by cross-validated logistic regression on it. */
typedef struct cue_group {
    const char *name;
    dn_metrics metrics;
    dni_versus_largest versus_largest; /* by number of pictures; its `largest` is no class of the data */
    bool alarm;
} cue_group;

/* A strong cue in words: "'MORE' PHRASE: VALUE against VALUE of 'LESS'". */
typedef struct giveaway {
    int cue;
    double auc;
    const char *more, *less;             /* the classes that have the most and the least of it; the data's */
    const char *phrase;                  /* "has larger pictures" */
    char more_value[40], less_value[40]; /* medians, or shares of pictures: "1024 x 1024" */
} giveaway;

/* A cue with such an AUC alone is told, and in any case the strongest; of a kind of cues one, and not more
 * than so many. */
#define GIVEAWAY_AUC 0.7
enum { MAX_GIVEAWAYS = 3 };

typedef struct audit_leak {
    bool is_evaluated; /* false: too few pictures */
    int pictures;      /* pictures */
    double majority;
    cue_group groups[CUE_GROUPS];
    const char *largest;       /* the class with the most pictures; the data's */
    bool alarm;                /* of any group */
    bool is_told;              /* from guessing: some group's classifier */
    cue_rank ranks[CUE_COUNT]; /* by falling AUC */
    giveaway giveaways[MAX_GIVEAWAYS];
    int giveaway_count; /* 0 where the labels cannot be read from cues */
} audit_leak;

/* There is an alarm where the lower end of the accuracy's interval closes this share of the gap between the
 * majority's rate and 1. */
#define ALARM_SHARE 0.3

outcome audit_evaluate_cues(audit_leak *out, const audit_data *data, const audit_copies *copies,
                            uint64_t seed);
/* Fills in the giveaways of what was evaluated. */
outcome audit_find_giveaways(audit_leak *leak, const audit_data *data);
/* The group with the highest accuracy, the first of equal ones. */
const cue_group *audit_best_group(const audit_leak *leak);
/* One sentence. */
void audit_verdict(char *text, size_t size, const audit_leak *leak);
/* What can be done about an alarm; NULL without one. */
const char *audit_advice(const audit_leak *leak);

/* ---- all of it ---- */

typedef struct audit {
    audit_data data;
    class_summary *summaries; /* (parts, classes) */
    audit_copies copies;
    class_outliers *colour;   /* (classes) */
    class_outliers *features; /* (classes), or NULL: no features were asked for */
    audit_leak leak;
    audit_labels labels;
    int sheet; /* pictures of a class on its contact sheet at most; 0: not said */
} audit;

outcome audit_print(const audit *findings);
outcome audit_print_json(const audit *findings);
outcome audit_write_report(const audit *findings, const char *path, dni_pool *pool);

#endif
