#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Golden numbers for the baselines' tests, from scikit-learn.

    /usr/bin/python3 test/golden/head/oracle_baseline.py      writes test/golden/head/baseline.txt

Vectors come from SplitMix64 streams (core/rng.h), here and in the C test alike: class k's are shifted by k along
the first two axes, so that the classes overlap.
"""
import os
import sys
import warnings

import numpy as np
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, log_loss
from sklearn.svm import SVC

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "support"))
from streams import Stream  # noqa: E402

WIDTH = 5


def vectors(name, count, classes):
    x = Stream(1, name).uniform(count, WIDTH).astype(np.float64)
    y = np.arange(count) % classes
    x[:, 0] += 0.4 * y
    x[:, 1] -= 0.3 * y
    return x, y


def golden():
    for classes in (2, 3):
        x, y = vectors(f"baseline/train{classes}", 60, classes)
        test, _ = vectors(f"baseline/test{classes}", 30, classes)
        svm = SVC(C=10, kernel="rbf", gamma="scale").fit(x, y)
        yield f"svm{classes}/classes", svm.predict(test)
        if classes == 2:
            yield "svm2/decisions", svm.decision_function(test)
        for c in (0.01, 1, 100):
            # its default solver stops at 1e-4; this one goes on
            model = LogisticRegression(C=c, multi_class="multinomial", solver="newton-cg", tol=1e-10,
                                       max_iter=10000).fit(x, y)
            yield f"logistic{classes}/{c:g}", model.predict_log_proba(test)
    train = np.repeat([0, 1, 2], [5, 9, 2])
    test = np.repeat([0, 1, 2], [3, 4, 6])
    for strategy in ("most_frequent", "prior"):
        dummy = DummyClassifier(strategy=strategy).fit(np.zeros((16, 1)), train)
        found = dummy.predict(np.zeros((13, 1)))
        yield f"dummy/{strategy}", [np.mean(found == test), balanced_accuracy_score(test, found)]
    prior = DummyClassifier(strategy="prior").fit(np.zeros((16, 1)), train)
    yield "dummy/prior_loss", [log_loss(test, prior.predict_proba(np.zeros((13, 1))))]
    for strategy in ("stratified", "uniform"):  # the mean over many draws
        scores = []
        for seed in range(20000):
            dummy = DummyClassifier(strategy=strategy, random_state=seed).fit(np.zeros((16, 1)), train)
            found = dummy.predict(np.zeros((13, 1)))
            scores.append((np.mean(found == test), balanced_accuracy_score(test, found)))
        yield f"dummy/{strategy}", np.mean(scores, axis=0)


def main():
    warnings.simplefilter("ignore")
    folder = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(folder, "baseline.txt"), "w") as file:
        for name, values in golden():
            values = np.asarray(values, np.float64).ravel()
            file.write(f"{name} {len(values)} " + " ".join(f"{v:.9g}" for v in values) + "\n")


if __name__ == "__main__":
    main()
