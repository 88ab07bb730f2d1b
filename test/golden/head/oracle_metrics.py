#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Golden numbers for the metrics, from scikit-learn, scipy and numpy.

    /usr/bin/python3 test/golden/head/oracle_metrics.py       writes test/golden/head/metrics.txt

A line an array: CASE/NAME, its length, its values. CASE/y are log-probabilities (count, classes), exact in
float32, CASE/labels the truth; what is not defined is nan. Run from the repository root."""
import warnings

import numpy as np
import scipy.optimize
import sklearn.metrics as metrics
from scipy.special import log_softmax

BINS = 15
golden = {}


def make(count, classes, scale, rng, labels=None, steps=None):
    """Logits around the truth; `steps` rounds them, which makes ties."""
    labels = rng.randint(0, classes, count) if labels is None else np.asarray(labels)
    logits = rng.normal(0, 1, (count, classes))
    logits[np.arange(count), labels] += 1
    if steps:
        logits = np.round(logits * steps) / steps
    return log_softmax(scale * logits, 1).astype(np.float32), labels


def calibration_error(p, labels):
    """Guo et al. 2017, from their formula."""
    confidence, right = p.max(1), p.argmax(1) == labels
    edges, error, bins = np.linspace(0, 1, BINS + 1), 0.0, []
    for low, high in zip(edges, edges[1:]):
        inside = (confidence > low) & (confidence <= high)
        bins.append([inside.sum(), right[inside].sum()])
        if inside.any():
            error += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    return error, bins


def temperature(y, labels):
    def slope(b):
        q = np.exp(log_softmax(b * y, 1))
        return ((q * y).sum(1) - y[np.arange(len(y)), labels]).mean()

    if slope(1.0) == 0:
        return 1.0
    if slope(0.01) >= 0:
        return 100.0
    if slope(100.0) <= 0:
        return 0.01
    return 1 / scipy.optimize.brentq(slope, 0.01, 100, xtol=1e-14, rtol=1e-14)


def threshold(odds, labels):
    """Every cut between neighbouring scores, by brute force."""
    scores = np.unique(odds)
    if len(scores) < 2 or len(set(labels)) < 2:
        return [np.nan] * 3
    cuts = (scores[1:] + scores[:-1])[::-1] / 2
    balanced = [round(metrics.balanced_accuracy_score(labels, odds > cut), 12) for cut in cuts]
    best = [i for i, b in enumerate(balanced) if b == max(balanced)]
    cut = cuts[best[(len(best) - 1) // 2]]
    return [cut, 1 / (1 + np.exp(-cut)), max(balanced)]


def case(name, y, labels):
    count, classes = y.shape
    put = lambda key, values: golden.__setitem__(f"{name}/{key}", np.asarray(values, np.float64).ravel())
    put("y", y)
    put("labels", labels)
    y = y.astype(np.float64)
    p, predicted, every = np.exp(y), y.argmax(1), list(range(classes))
    truth = np.eye(classes)[labels]
    put("accuracy", [metrics.accuracy_score(labels, predicted)])
    loss = -y[np.arange(count), labels].mean()
    if p.min() > 1e-14:
        assert np.isclose(loss, metrics.log_loss(labels, p, labels=every), atol=1e-6)
    put("loss", [loss])
    brier = ((p - truth) ** 2).sum(1).mean()
    if classes == 2:
        assert np.isclose(brier, 2 * metrics.brier_score_loss(labels == 1, np.minimum(p[:, 1], 1)), atol=1e-6)
    put("brier", [brier])
    put("confusion", metrics.confusion_matrix(labels, predicted, labels=every))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        put("balanced", [metrics.balanced_accuracy_score(labels, predicted)])
        precision, recall, f1, support = metrics.precision_recall_fscore_support(labels, predicted, labels=every)
    seen = np.bincount(predicted, minlength=classes)
    put("precision", np.where(seen > 0, precision, np.nan))
    put("recall", np.where(support > 0, recall, np.nan))
    put("f1", np.where(seen + support > 0, f1, np.nan))
    scores = np.stack([y[:, 0] - y[:, 1], y[:, 1] - y[:, 0]], 1) if classes == 2 else y
    both = [0 < support[c] < count for c in every]
    auc = [metrics.roc_auc_score(truth[:, c], scores[:, c]) if both[c] else np.nan for c in every]
    ap = [metrics.average_precision_score(truth[:, c], scores[:, c]) if both[c] else np.nan for c in every]
    put("auc", auc)
    put("ap", ap)
    put("macro_auc", [np.nanmean(auc) if any(both) else np.nan])
    put("macro_ap", [np.nanmean(ap) if any(both) else np.nan])
    # The rounding of y to float32 leaves sums off by more than scikit-learn takes. Division can part what was equal and
    # make equal what was not; where it does, the ranks differ, rightly.
    exact = p / p.sum(1, keepdims=True)
    same = all(len(np.unique(exact[:, c])) == len(np.unique(y[:, c])) for c in every)
    if all(both) and same and classes > 2 and np.allclose(p.sum(1), 1, atol=1e-7):
        assert np.isclose(np.nanmean(auc), metrics.roc_auc_score(labels, exact, multi_class="ovr"), atol=1e-4)
    error, bins = calibration_error(p, labels)
    put("ece", [error])
    put("bins", bins)
    t = temperature(y, labels)
    put("temperature", [t])
    put("calibrated", log_softmax(y / t, 1))
    if classes == 2:
        put("threshold", threshold(scores[:, 1], labels))
        if all(both):
            fpr, tpr, _ = metrics.roc_curve(labels, scores[:, 1], drop_intermediate=False)
            put("roc", np.stack([fpr[1:], tpr[1:]], 1))
            precision, recall, _ = metrics.precision_recall_curve(labels, scores[:, 1])
            put("pr", np.stack([recall[:-1], precision[:-1]], 1)[::-1])


rng = np.random.RandomState(1)
case("binary", *make(120, 2, 1.5, rng))
case("ties", *make(90, 2, 1.0, rng, steps=2))
case("sure", *make(80, 2, 6.0, rng))
case("three", *make(90, 3, 1.0, rng))
case("three_ties", *make(60, 3, 1.0, rng, steps=1))
case("ten", *make(150, 10, 1.2, rng))
case("missing", *make(40, 5, 1.0, rng, labels=rng.choice([0, 2, 3], 40)))
case("one_class", *make(30, 2, 1.0, rng, labels=[1] * 30))
case("one_picture", *make(1, 3, 1.0, rng))
case("extreme", *make(60, 2, 40.0, rng))
case("extreme_three", *make(60, 3, 60.0, rng))
case("equal", np.full((20, 2), np.log(0.5), np.float32), np.arange(20) % 2)
apart = log_softmax([[2.3, 0], [1.5, 0], [-1.2, 0], [-3, 0]], 1).astype(np.float32)
case("separated", apart, np.array([0, 0, 1, 1]))
case("reversed", apart, np.array([1, 1, 0, 0]))

with open("test/golden/head/metrics.txt", "w") as out:
    for name, values in golden.items():
        print(name, len(values), *("%.12g" % v for v in values), file=out)
