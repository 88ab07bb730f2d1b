/* SPDX-License-Identifier: MIT */
/* libdensenet, all of it: programs include this header as <densenet.h>, in C from C99 and in C++ from C++11
 * on. A whole program, `classify MODEL PICTURE`, which prints every class and its probability:
 *
 *     #include <densenet.h>
 *
 *     #include <stdio.h>
 *     #include <stdlib.h>
 *
 *     int main(int argc, char **argv) {
 *         dn_error error = {DN_OK, ""};
 *         dn_classifier *classifier = NULL;
 *         dn_image image = {0};
 *         float *probabilities = NULL;
 *         if (argc != 3) return 2;
 *
 *         dn_status status = dn_classifier_load(&classifier, argv[1], &error);
 *         if (!status) status = dn_classifier_attach(classifier, NULL, NULL, NULL, &error);
 *         if (!status) status = dn_image_load(&image, argv[2], &error);
 *         if (!status) {
 *             const dn_classifier_info *info = dn_classifier_get_info(classifier);
 *             probabilities = malloc((size_t)info->class_count * sizeof *probabilities);
 *             if (!probabilities) return 1;
 *             status = dn_classifier_predict(classifier, &image, 1, probabilities, &error);
 *             for (int i = 0; !status && i < info->class_count; i++)
 *                 printf("%s %.4f\n", info->classes[i], (double)probabilities[i]);
 *         }
 *         if (status) fprintf(stderr, "classify: %s\n", error.message);
 *         free(probabilities);
 *         dn_image_free(&image);
 *         dn_classifier_free(classifier);
 *         return status ? 1 : 0;
 *     }
 *
 * Built with: cc classify.c $(pkg-config --cflags --libs densenet) -o classify
 *
 * <densenet/status.h> has what holds for all calls: errors, NULL, threads, cost, versions (DN_VERSION_NUMBER,
 * dn_version()). Each header below can also be included alone. */
#ifndef DN_HEAD_CLASSIFIER_LIBDENSENET_H
#define DN_HEAD_CLASSIFIER_LIBDENSENET_H

#include "core/status.h"                  /* statuses, errors, version, allocator */
#include "io/image.h"                     /* pictures: from a file to the network's input */
#include "densenet/densenet.h"            /* the network: weights in, features out */
#include "head/training.h"                /* the trainable head over features */
#include "head/novelty.h"                 /* how unfamiliar a picture's features are to it */
#include "head/metrics.h"                 /* how good its predictions are */
#include "head/conformal.h"               /* sets of classes with a guarantee */
#include "head/classifier/picture_keys.h" /* whether a picture is one that the model was made from */
#include "head/classifier/classifier.h"   /* network and head joined, in one model file */

#endif
