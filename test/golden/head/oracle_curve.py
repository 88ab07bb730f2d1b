#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Golden points of ROC and precision-recall curves, and their means over classes, from scikit-learn and numpy.

    /usr/bin/python3 test/golden/head/oracle_curve.py      writes test/golden/head/curve.txt

A line a picture: "picture LABEL LOG_PROBABILITY...", one number a class; then a line a place: "at X MEAN_TRUE_POSITIVE_RATE
MEAN_PRECISION TRUE_POSITIVE_RATE... PRECISION...", each class against the rest. Some scores are equal. Run from the
repository root."""
import numpy as np
from sklearn.metrics import precision_recall_curve, roc_curve

CLASSES, PICTURES, PLACES = 4, 90, 21


def main():
    random = np.random.default_rng(5)
    labels = random.integers(0, CLASSES, PICTURES)
    logits = random.normal(size=(PICTURES, CLASSES)).round(1) + 1.2 * np.eye(CLASSES)[labels]
    logits[1::7] = logits[0]  # equal scores, of several classes
    logs = (logits - np.log(np.exp(logits).sum(1, keepdims=True))).astype(np.float32)
    places = np.linspace(0, 1, PLACES)
    rates, precisions = [], []
    for c in range(CLASSES):
        truth = labels == c
        x, y, _ = roc_curve(truth, logs[:, c], drop_intermediate=False)
        # numpy takes the last of several points at one place, which is the upper end
        rates.append(np.interp(places, x, y))
        precision, recall, _ = precision_recall_curve(truth, logs[:, c])
        # both by falling threshold, without scikit-learn's last point (recall 0, precision 1)
        precision, recall = precision[-2::-1], recall[-2::-1]
        precisions.append([precision[np.argmax(recall >= place - 1e-12)] for place in places])
    with open("test/golden/head/curve.txt", "w") as file:
        for label, row in zip(labels, logs):
            file.write(f"picture {label} " + " ".join(repr(float(v)) for v in row) + "\n")
        for i, place in enumerate(places):
            values = [np.mean([r[i] for r in rates]), np.mean([p[i] for p in precisions])]
            values += [r[i] for r in rates] + [p[i] for p in precisions]
            file.write(f"at {float(place)!r} " + " ".join(repr(float(v)) for v in values) + "\n")


if __name__ == "__main__":
    main()
