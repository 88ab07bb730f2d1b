#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Golden lists of wrong labels: confident learning, written from the paper with numpy.

    /usr/bin/python3 test/golden/head/oracle_confident_learning.py    writes test/golden/head/confident_learning.txt

Northcutt, Jiang & Chuang 2021, Confident Learning, section 3: equation 1 (the confident joint, with collisions settled by
the larger probability), equation 3 (calibration), "prune by noise rate", and the normalised margin of section 4. Counts are
rounded to whole samples as exact fractions, halves upwards.

A case is a line "case NAME COUNT CLASSES", a line of label and log-probabilities for each sample, and the lines
"thresholds", "joint", "calibrated", "wrong", "suspected" (sample:class) and "ranking". Run from the repository root."""
import math
from fractions import Fraction

import numpy as np


def cases():
    rng = np.random.default_rng(20210413)
    for name, count, classes, flipped, sharpness, empty in [
            ("two", 40, 2, 0.1, 2.0, None), ("two_clean", 30, 2, 0.0, 6.0, None), ("two_noisy", 80, 2, 0.4, 1.0, None),
            ("three", 90, 3, 0.2, 2.0, None), ("five", 150, 5, 0.15, 1.5, None), ("empty_class", 60, 4, 0.2, 2.0, 2),
            ("guessing", 70, 3, 0.0, 0.0, None), ("one_each", 3, 3, 0.0, 1.0, None), ("lopsided", 100, 3, 0.3, 2.5, None)]:
        shares = [0.85, 0.1, 0.05] if name == "lopsided" else [1 / classes] * classes
        truth = np.arange(count) if name == "one_each" else rng.choice(classes, count, p=shares)
        labels = np.where(rng.random(count) < flipped, rng.integers(0, classes, count), truth)
        if empty is not None:
            labels[labels == empty] = (empty + 1) % classes
        logits = rng.normal(size=(count, classes)) + sharpness * (np.arange(classes) == truth[:, None])
        log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        text = [["%.4f" % value for value in row] for row in log_p]
        if name == "five":  # equal samples, so that ties are settled, too
            text[20:30], labels[20:30] = text[10:20], labels[10:20]
        yield name, labels, text


def judge(labels, p):
    count, classes = p.shape
    own = p[np.arange(count), labels]
    thresholds = np.array([own[labels == j].mean() if (labels == j).any() else math.inf for j in range(classes)])
    reached = p >= thresholds
    counted = np.where(reached.any(axis=1), np.where(reached, p, -1).argmax(axis=1), -1)
    joint = np.array([[int(((labels == i) & (counted == j)).sum()) for j in range(classes)] for i in range(classes)])
    calibrated = np.zeros_like(joint)
    for i in range(classes):
        size, total = int((labels == i).sum()), int(joint[i].sum())
        for j in range(classes):
            share = Fraction(int(joint[i, j]), total) if total else Fraction(int(i == j))
            calibrated[i, j] = math.floor(share * size + Fraction(1, 2))
    best = {}
    for i in range(classes):
        members = np.flatnonzero(labels == i)
        for j in range(classes):
            if i == j:
                continue
            difference = p[members, j] - p[members, i]
            for k in np.argsort(-difference, kind="stable")[:calibrated[i, j]]:
                sample = int(members[k])
                if sample not in best or difference[k] > best[sample][0]:
                    best[sample] = (difference[k], j)
    others = p.copy()
    others[np.arange(count), labels] = -1
    ranking = np.argsort(own - others.max(axis=1), kind="stable")
    return thresholds, joint, calibrated, best, ranking


def main():
    with open("test/golden/head/confident_learning.txt", "w") as file:
        for name, labels, text in cases():
            p = np.exp(np.array(text, dtype=np.float32).astype(np.float64))
            thresholds, joint, calibrated, best, ranking = judge(labels, p)
            print("case", name, *p.shape, file=file)
            for label, row in zip(labels, text):
                print(label, *row, file=file)
            print("thresholds", *(repr(float(t)) for t in thresholds), file=file)
            print("joint", *joint.ravel(), file=file)
            print("calibrated", *calibrated.ravel(), file=file)
            print("wrong", int(calibrated.sum() - np.trace(calibrated)), file=file)
            print("suspected", len(best), *(f"{i}:{best[i][1]}" for i in sorted(best)), file=file)
            print("ranking", *ranking, file=file)


if __name__ == "__main__":
    main()
