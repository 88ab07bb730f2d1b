/* SPDX-License-Identifier: MIT */
/* What a classifier reaches that never looks at a picture: scikit-learn's DummyClassifier, strategy by
 * strategy. Where the strategy draws lots, the expectation over all draws is given instead of one draw. */
#ifndef DN_HEAD_DUMMY_H
#define DN_HEAD_DUMMY_H

typedef enum dni_dummy {
    DNI_DUMMY_MOST_FREQUENT, /* always the training split's largest class, the first of equal ones */
    DNI_DUMMY_PRIOR, /* the same prediction; probabilities are the classes' shares of the training split */
    DNI_DUMMY_STRATIFIED, /* draws a class by those shares */
    DNI_DUMMY_UNIFORM,    /* draws any class alike */
    DNI_DUMMIES,
} dni_dummy;

typedef struct dni_dummy_result {
    double accuracy;
    double balanced_accuracy; /* over the classes that have pictures */
    double loss;              /* mean negative log-likelihood; NaN where a strategy gives no probabilities */
} dni_dummy_result;

const char *dni_dummy_name(dni_dummy strategy); /* "most frequent" */

/* train, test: pictures of each class, (classes); at least one picture in each. */
dni_dummy_result dni_dummy_judge(dni_dummy strategy, const int *train, const int *test, int classes);

#endif
