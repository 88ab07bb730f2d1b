#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Golden sets of split conformal prediction, from numpy, by the published formulas.

    /usr/bin/python3 test/golden/head/oracle_conformal.py       writes test/golden/head/conformal.txt

A line an array: CASE/NAME, its length, its values. CASE/p, CASE/labels: the calibration pictures' probabilities,
exact in float32, and true classes; CASE/q: the probabilities of the pictures to predict; CASE/sets_COVERAGE and
CASE/sets_per_class_COVERAGE: the sets, a 0 or 1 for each picture and class. The quantile is
the score of rank ceil((n + 1) coverage) (Angelopoulos & Bates 2021, section 1), with decimals for the product; a
set holds the classes whose score 1 - p is at most the quantile (Sadinle, Lei & Wasserman 2019). numpy's quantile
with the method "higher", which their example code uses, takes the next score above it. Run from the repository
root."""
from decimal import Decimal, ROUND_CEILING

import numpy as np
from scipy.special import softmax

COVERAGES = ["0.07", "0.5", "0.8", "0.9", "0.95", "0.99"]
golden = {}


def put(name, values):
    golden[name] = np.asarray(values, float).ravel()


def quantile(scores, coverage):
    """Infinite where there are too few."""
    n = len(scores)
    rank = int(((n + 1) * Decimal(coverage)).to_integral_value(ROUND_CEILING))
    return np.partition(scores, rank - 1)[rank - 1] if rank <= n else np.inf


def make(count, classes, scale, rng, steps=None, labels=None):
    labels = rng.randint(0, classes, count) if labels is None else labels
    logits = rng.normal(0, 1, (count, classes))
    logits[np.arange(count), labels] += 1
    p = softmax(scale * logits, 1)
    return (np.round(p * steps) / steps if steps else p).astype(np.float32), labels


def case(name, calibration, q):
    p, labels = calibration
    classes = p.shape[1]
    scores = 1 - p[np.arange(len(p)), labels].astype(float)
    put(name + "/p", p)
    put(name + "/labels", labels)
    put(name + "/q", q)
    for coverage in COVERAGES:
        put(f"{name}/sets_{coverage}", 1 - q.astype(float) <= quantile(scores, coverage))
        own = [quantile(scores[labels == c], coverage) for c in range(classes)]
        put(f"{name}/sets_per_class_{coverage}", 1 - q.astype(float) <= np.array(own))


rng = np.random.RandomState(1)
case("binary", make(99, 2, 1.5, rng), make(40, 2, 1.5, rng)[0])
case("sure", make(60, 2, 5.0, rng), make(40, 2, 5.0, rng)[0])
case("three", make(80, 3, 1.0, rng), make(40, 3, 1.0, rng)[0])
case("ties", make(50, 3, 1.0, rng, steps=8), make(40, 3, 1.0, rng, steps=8)[0])
case("few", make(7, 2, 1.0, rng), make(20, 2, 1.0, rng)[0])
case("missing", make(30, 4, 1.0, rng, labels=rng.choice([0, 2], 30)), make(20, 4, 1.0, rng)[0])

with open("test/golden/head/conformal.txt", "w") as out:
    for name, values in golden.items():
        print(name, len(values), *("%.9g" % v for v in values), file=out)
