#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Golden numbers for the test of unfamiliarity, from scikit-learn and numpy.

    /usr/bin/python3 test/golden/head/oracle_novelty.py      writes test/golden/head/novelty.txt

Two sets, which the C test makes from the same streams (core/rng.h). In `narrow` there are fewer features than
directions, so that the projection loses nothing. In `wide` the vectors lie in 64 of 96 dimensions, but for a little
noise; what the projection leaves of the strangers, which lie in all 96, is orthogonal to every training vector.
"""
import os
import sys

import numpy as np
from sklearn.covariance import OAS
from sklearn.neighbors import NearestNeighbors

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "support"))
from streams import Stream  # noqa: E402

CLASSES, NEIGHBOUR, DIRECTIONS, LATENT = 3, 10, 64, 64


def uniform(name, *shape):
    return Stream(1, name).uniform(*shape).astype(np.float64)


def stretched(x, split):
    """Strangers grow stranger one after the other; classes differ in feature 0."""
    if split == "strangers":
        return x * (1 + 0.04 * np.arange(len(x)))[:, None], None
    y = np.arange(len(x)) % CLASSES
    x[:, 0] += 0.5 * y
    return x, y


def narrow(split, count):
    x, y = stretched(uniform(f"novelty/narrow/{split}", count, 12), split)
    return 0.5 + x, y


def wide(split, count):
    latent, y = stretched(uniform(f"novelty/wide/{split}", count, LATENT), split)
    noise = uniform(f"novelty/wide/{split}/noise", count, 96)
    return latent @ uniform("novelty/wide/mixing", LATENT, 96) + \
        (1e-3 if y is not None else 0.05 * np.arange(count)[:, None]) * noise, y


def lengths(x):
    return np.linalg.norm(x, axis=1, keepdims=True)


def scores_of(x, y):
    """A function that gives both scores of vectors, fitted on x with labels y."""
    basis = np.linalg.svd(x, full_matrices=False)[2][:DIRECTIONS].T

    def unit(of):  # projected vectors of length 1, and what of them is left
        z = of / lengths(of) @ basis
        return z, np.sqrt(np.maximum(1 - lengths(z) ** 2, 0))

    z, rest = unit(x)
    nearest = NearestNeighbors(n_neighbors=NEIGHBOUR).fit(np.hstack([z, rest, np.zeros_like(rest)]))
    means = np.array([(x @ basis)[y == c].mean(axis=0) for c in range(CLASSES)])
    precision = np.linalg.inv(OAS(assume_centered=True).fit(x @ basis - means[y]).covariance_)

    def score(of):
        q, left = unit(of)
        by_neighbours = nearest.kneighbors(np.hstack([q, np.zeros_like(left), left]))[0][:, -1]
        from_means = (of @ basis)[:, None] - means
        squares = np.einsum("ncd,de,nce->nc", from_means, precision, from_means)
        return np.stack([by_neighbours, np.sqrt(squares.min(axis=1))], axis=1)

    return score


def golden():
    for name, make in (("narrow", narrow), ("wide", wide)):
        score = scores_of(*make("train", 520))
        valid, strangers = score(make("valid", 60)[0]), score(make("strangers", 20)[0])
        yield f"{name}/strangers", strangers
        low, high = np.quantile(valid, [0.5, 0.95], axis=0)
        valid, strangers = (((s - low) / (high - low)).max(axis=1) for s in (valid, strangers))
        yield f"{name}/valid_scores", np.sort(valid)
        yield f"{name}/scores", strangers
        yield f"{name}/percentiles", np.searchsorted(np.sort(valid), strangers) / len(valid)


def main():
    folder = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(folder, "novelty.txt"), "w") as file:
        for name, values in golden():
            values = np.asarray(values, np.float64).ravel()
            file.write(f"{name} {len(values)} " + " ".join(f"{v:.9g}" for v in values) + "\n")


if __name__ == "__main__":
    main()
