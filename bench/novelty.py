#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""How well unfamiliar pictures are told, by which score: the figures behind head/novelty.h.

    /usr/bin/python3 bench/novelty.py DATA STRANGERS... [--model-options '-w random:1'] [--work FOLDER]

DATA has DATA/{train,valid,test}/CLASS/, each of STRANGERS is a folder of pictures of another kind. Drawn, noisy and flat
pictures are made and measured, too. A model is trained on DATA; the scores are then computed here, by numpy and
scikit-learn alone, from the features that ftrain keeps, and beside them stands what the program itself says
(`ftrain evaluate --unfamiliar`). For each score and each kind of strangers: the area under the ROC curve against DATA/test, and the
share beyond the line that 5 % of DATA/valid reach; "false alarms" is the share of DATA/test beyond it. At the end each class of a
set of three, DATA's first class, drawn scenes and plain noise, is left out in turn, as a stranger to the other two.
Needs Debian's python3-numpy, python3-sklearn and python3-pil, and what `make` builds.
"""
import argparse
import ctypes
import glob
import json
import os
import shlex
import struct
import subprocess
import sys

import numpy as np
from PIL import Image, ImageFilter
from sklearn.covariance import OAS
from sklearn.metrics import roc_auc_score

BUILD = os.environ.get("BUILD", "build")
FTRAIN = os.path.join(BUILD, "ftrain", "ftrain")
SAMPLES = os.path.join(BUILD, "docs", "demo", "samples")


# ---- pictures ----

def make_noise(folder):
    rng = np.random.default_rng(1)
    os.makedirs(folder, exist_ok=True)
    for i in range(40):
        values = 128 + rng.uniform(20, 120) * rng.standard_normal((256, 256, 3))
        picture = Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))
        picture.filter(ImageFilter.GaussianBlur(rng.uniform(0, 3) * (i % 2))).save(f"{folder}/{i:03}.png")


def make_flat(folder):
    rng = np.random.default_rng(2)
    os.makedirs(folder, exist_ok=True)
    for i in range(40):
        colour = rng.integers(0, 256, 3).astype(np.uint8)
        Image.fromarray(np.broadcast_to(colour, (256, 256, 3)).copy()).save(f"{folder}/{i:03}.png")


# ---- features, from the store, by the keys of the files ----

class Hash128(ctypes.Structure):
    _fields_ = [("low", ctypes.c_uint64), ("high", ctypes.c_uint64)]


XXHASH = ctypes.CDLL("libxxhash.so.0")
XXHASH.XXH3_128bits.restype = Hash128
XXHASH.XXH3_128bits.argtypes = [ctypes.c_char_p, ctypes.c_size_t]


def key(path):
    with open(path, "rb") as file:
        data = file.read()
    found = XXHASH.XXH3_128bits(data, len(data))
    return struct.pack(">QQ", found.high, found.low)


def read_store(path):
    with open(path, "rb") as file:
        data = file.read()
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + size])

    def tensor(name, dtype):
        begin, end = (8 + size + at for at in header[name]["data_offsets"])
        return np.frombuffer(data[begin:end], dtype).reshape(header[name]["shape"])
    return {bytes(k): x for k, x in zip(tensor("keys", np.uint8), tensor("features", np.float32))}


def files_below(folder):
    return sorted(p for p in glob.glob(os.path.join(folder, "**", "*"), recursive=True) if os.path.isfile(p))


# ---- scores: each is made from training vectors and labels, and gives a number for each vector ----

def lengths(x):
    return np.linalg.norm(x, axis=1, keepdims=True)


def neighbours(x, y, k=10):
    bank = x / lengths(x)
    return lambda of: np.sqrt(np.maximum(2 - 2 * np.sort(of / lengths(of) @ bank.T, axis=1)[:, -k], 0))


def directions(x, most=64):
    return np.linalg.svd(x, full_matrices=False)[2][:max(1, min(most, len(x) // 8))].T


def mahalanobis(x, y, most=64):
    basis = directions(x, most)
    z = x @ basis
    means = np.array([z[y == c].mean(axis=0) for c in np.unique(y)])
    residuals = z - means[np.searchsorted(np.unique(y), y)]
    precision = np.linalg.inv(OAS(assume_centered=True).fit(residuals).covariance_)
    whitening = np.linalg.cholesky(precision)
    return lambda of: np.sqrt(np.min([(((of @ basis - m) @ whitening) ** 2).sum(axis=1) for m in means], axis=0))


def outside(x, y):
    """What the directions leave of a vector, as in principal component analysis by reconstruction."""
    basis = directions(x)
    return lambda of: np.linalg.norm(of - of @ basis @ basis.T, axis=1)


def larger_of(parts, valid):
    """The largest of several scores, each with median 0 and 95 % quantile 1 on validation."""
    scaled = [(part, *np.quantile(part(valid), [0.5, 0.95])) for part in parts]
    return lambda of: np.max([(part(of) - low) / (high - low) for part, low, high in scaled], axis=0)


def all_scores(x, y, valid):
    near, far = neighbours(x, y), mahalanobis(x, y)
    return {"10th neighbour, lengths 1": near,
            "Mahalanobis, 64 directions": far,
            "Mahalanobis, 128 directions": mahalanobis(x, y, 128),
            "outside of 64 directions": outside(x, y),
            "larger of neighbour, Mahalanobis": larger_of([near, far], valid),
            "larger of these and outside": larger_of([near, far, outside(x, y)], valid)}


def print_row(name, alarms, cells):
    mean = np.mean([float(c.split()[0]) for c in cells])
    print(f"{name:34}{alarms:>13}" + "".join(f"{c:>16}" for c in cells) + f"{mean:>9.3f}")


def print_table(x, y, valid, familiar, strangers):
    print(f"\n{'ROC-AUC, share beyond the line':34}{'false alarms':>13}" + "".join(f"{n[:14]:>16}" for n in strangers) +
          f"{'mean':>9}")
    for name, score in all_scores(x, y, valid).items():
        line, own = np.quantile(score(valid), 0.95), score(familiar)
        cells = []
        for other in map(score, strangers.values()):
            truth = np.repeat([0, 1], [len(own), len(other)])
            cells.append(f"{roc_auc_score(truth, np.r_[own, other]):.3f} {100 * np.mean(other >= line):5.1f}%")
        print_row(name, f"{100 * np.mean(own >= line):.1f}%", cells)


# ---- the program ----

def run(*words):
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        sys.exit(f"{shlex.join(words)}: {done.stderr}")
    return done.stdout


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("data")
    parser.add_argument("strangers", nargs="*")
    parser.add_argument("--model-options", default="-w random:1")
    parser.add_argument("--work", default=os.path.join(BUILD, "bench-novelty"))
    o = parser.parse_args()
    os.makedirs(o.work, exist_ok=True)
    run(SAMPLES, f"{o.work}/drawn", "--seed", "1", "--count", "40,20,20")
    make_noise(f"{o.work}/noise")
    make_flat(f"{o.work}/flat")
    folders = {os.path.basename(os.path.normpath(f)): f for f in o.strangers}
    folders.update({"drawn, photo": f"{o.work}/drawn/train/photo", "drawn, lattice": f"{o.work}/drawn/train/generated",
                    "noise": f"{o.work}/noise", "flat": f"{o.work}/flat"})
    model, cache = f"{o.work}/model.safetensors", f"{o.work}/cache"
    run(FTRAIN, "train", o.data, *shlex.split(o.model_options), "--no-flip", "-q", "--cache", cache, "-o", model)
    found = {name: json.loads(run(FTRAIN, "evaluate", "-m", model, o.data, "-q", "--json", "--cache", cache,
                                  "--unfamiliar", folder)) for name, folder in folders.items()}
    store = {}
    for path in glob.glob(f"{cache}/features/*"):
        if not path.endswith(".journal"):
            store.update(read_store(path))

    def features(folder):
        keys = [key(path) for path in files_below(folder)]
        return np.array([store[k] for k in keys if k in store], np.float64)

    classes = sorted(os.path.basename(c) for c in glob.glob(f"{o.data}/train/*"))
    splits = {s: [features(f"{o.data}/{s}/{c}") for c in classes] for s in ("train", "valid", "test")}
    labels = np.repeat(np.arange(len(classes)), [len(x) for x in splits["train"]])
    strangers = {name: features(folder) for name, folder in folders.items()}
    print(f"{len(labels)} training, {sum(map(len, splits['valid']))} validation, {sum(map(len, splits['test']))} test "
          f"pictures; strangers: " + ", ".join(f"{len(x)} {n}" for n, x in strangers.items()))
    print_table(np.concatenate(splits["train"]), labels, np.concatenate(splits["valid"]),
                np.concatenate(splits["test"]), strangers)
    any_found = next(iter(found.values()))
    print_row("the program", f"{100 * any_found['unfamiliar'] / any_found['count']:.1f}%",
              [f"{f['strangers']['roc_auc']:.3f} {100 * f['strangers']['unfamiliar'] / f['strangers']['count']:5.1f}%"
               for f in found.values()])
    leave_out(splits, strangers, classes[0])


def leave_out(splits, strangers, first):
    three = {first: [splits[s][0] for s in ("train", "valid", "test")]}
    for name in ("drawn, photo", "noise"):
        x = strangers[name]
        three[name] = [x[:len(x) // 2], x[len(x) // 2:3 * len(x) // 4], x[3 * len(x) // 4:]]
    for out in three:
        rest = [parts for name, parts in three.items() if name != out]
        train, valid, test = (np.concatenate([parts[s] for parts in rest]) for s in range(3))
        y = np.repeat([0, 1], [len(parts[0]) for parts in rest])
        print_table(train, y, valid, test, {out: np.concatenate(three[out])})


if __name__ == "__main__":
    main()
