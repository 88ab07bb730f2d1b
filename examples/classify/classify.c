/* SPDX-License-Identifier: MIT */
/* classify MODEL [-w WEIGHTS] PICTURE...: the classes of pictures, the most probable first.
 *
 * WEIGHTS, a checkpoint, is needed unless the model was trained on random weights. A picture that is unlike
 * those that the model was made from is marked, where the model can tell. What cannot be judged is named,
 * and the exit status is then 1. */
#include <densenet.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct answer {
    const char *name;
    float probability;
} answer;

static int by_falling_probability(const void *a, const void *b) {
    const float left = ((const answer *)a)->probability, right = ((const answer *)b)->probability;
    return (left < right) - (left > right);
}

/* Loads model and weights, and makes the classifier ready. */
static dn_status open_classifier(dn_classifier **out, const char *model, const char *weights_path,
                                 dn_error *error) {
    dn_weights *weights = NULL;
    dn_status status = dn_classifier_load(out, model, error);
    if (!status && weights_path) status = dn_weights_load(&weights, weights_path, error);
    if (!status) status = dn_classifier_attach(*out, weights, NULL, NULL, error);
    dn_weights_free(weights); /* the network keeps nothing of them */
    return status;
}

/* Probabilities and unfamiliarity of one picture file. */
static dn_status judge(dn_classifier *classifier, const char *path, float *probabilities,
                       double *unfamiliarity, dn_error *error) {
    const int can_tell = dn_classifier_get_info(classifier)->novelty != NULL;
    const dn_judgements out = {.probabilities = probabilities,
                               .unfamiliarity = can_tell ? unfamiliarity : NULL};
    dn_image image;
    dn_status status = dn_image_load(&image, path, error);
    if (!status) status = dn_classifier_judge(classifier, &image, 1, &out, error);
    dn_image_free(&image); /* it is cleared where loading has failed */
    return status;
}

static void print(const char *path, const dn_classifier_info *info, const float *probabilities,
                  double unfamiliarity, answer *answers) {
    for (int i = 0; i < info->class_count; i++) answers[i] = (answer){info->classes[i], probabilities[i]};
    qsort(answers, (size_t)info->class_count, sizeof *answers, by_falling_probability);
    printf("%s:", path);
    for (int i = 0; i < info->class_count; i++)
        printf(" %s %.4f", answers[i].name, (double)answers[i].probability);
    puts(unfamiliarity >= DN_NOVELTY_LINE ? " (unfamiliar)" : "");
}

static int classify(const char *model, const char *weights, char **paths, int count) {
    dn_error error;
    dn_classifier *classifier = NULL;
    float *probabilities = NULL;
    answer *answers = NULL;
    int code = 2;

    if (open_classifier(&classifier, model, weights, &error)) {
        fprintf(stderr, "classify: %s\n", error.message);
        goto done;
    }
    const dn_classifier_info *info = dn_classifier_get_info(classifier);
    probabilities = malloc(sizeof *probabilities * (size_t)info->class_count);
    answers = malloc(sizeof *answers * (size_t)info->class_count);
    if (!probabilities || !answers) {
        fputs("classify: out of memory\n", stderr);
        goto done;
    }
    code = 0;
    for (int i = 0; i < count; i++) {
        double unfamiliarity = 0;
        if (!judge(classifier, paths[i], probabilities, &unfamiliarity, &error)) {
            print(paths[i], info, probabilities, unfamiliarity, answers);
        } else {
            fprintf(stderr, "classify: %s\n", error.message);
            code = 1;
        }
    }
done:
    free(answers);
    free(probabilities);
    dn_classifier_free(classifier);
    return code;
}

int main(int argc, char **argv) {
    const int with_weights = argc > 3 && strcmp(argv[2], "-w") == 0;
    const int first = with_weights ? 4 : 2;
    if (argc <= first) {
        fputs("usage: classify MODEL [-w WEIGHTS] PICTURE...\n", stderr);
        return 2;
    }
    return classify(argv[1], with_weights ? argv[3] : NULL, argv + first, argc - first);
}
