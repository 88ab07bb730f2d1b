#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Heads for the tests of `ftrain import`, made by torch and scikit-learn, and the log-probabilities that these give.

    /usr/bin/python3 test/golden/ftrain/oracle_import.py          writes files and import.txt beside it

Inputs are made from SplitMix64 streams (core/rng.h), here and in the C tests alike.
"""
import json
import os
import struct
import sys

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, "..", "..", "support"))
from streams import Stream  # noqa: E402

torch.set_num_threads(1)
FEATURES, ROWS = 20, 6
inputs = Stream(1, "import/inputs").uniform(ROWS, FEATURES).astype(np.float32)
training = Stream(1, "import/training").uniform(60, FEATURES).astype(np.float32)
labels = (training[:, 0] > 0.5).astype(int) + (training[:, 1] > 0.7)
golden = {}


def at(name):
    return os.path.join(here, name)


# ---- scikit-learn ----

def logistic(name, save, y, scaler=None, **changes):
    x, z = training.astype(np.float64), inputs.astype(np.float64)
    if scaler:
        scaler.fit(x)
        x, z = scaler.transform(x), scaler.transform(z)
    model = LogisticRegression(C=3.0, max_iter=1000).fit(x, y)
    golden[name] = model.predict_log_proba(z)
    arrays = {"coef_": model.coef_, "intercept_": model.intercept_, "classes_": model.classes_}
    if scaler:
        arrays.update(mean_=scaler.mean_, scale_=scaler.scale_)
    arrays.update({key: change(arrays[key]) for key, change in changes.items()})
    save(at(name), **arrays)


names = np.array(["ant", "bee, \u00e9", "c"])
logistic("logistic.npz", np.savez, names[labels])
logistic("scaled_binary.npz", np.savez_compressed, labels > 0, StandardScaler(),
         coef_=lambda a: np.asfortranarray(a, np.float32), classes_=lambda a: a.astype(np.int32))
logistic("fortran.npz", np.savez, labels, coef_=np.asfortranarray)
logistic("objects.npz", np.savez, names[labels], classes_=lambda a: a.astype(object))
logistic("big_endian.npz", np.savez, labels, coef_=lambda a: a.astype(">f8"))
logistic("object_coef.npz", np.savez, labels, coef_=lambda a: a.astype(object))


# ---- torch ----

def linear(name, n_in, n_out, bias=True):
    layer = torch.nn.Linear(n_in, n_out, bias)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(2 * Stream(1, name + "/weight").uniform(n_out, n_in) - 1))
        if bias:
            layer.bias.copy_(torch.from_numpy(2 * Stream(1, name + "/bias").uniform(n_out) - 1))
    return layer


def log_probabilities(head):
    with torch.no_grad():
        logits = head.eval().double()(torch.from_numpy(inputs).double())
        if logits.shape[1] == 1:
            logits = torch.cat([torch.zeros_like(logits), logits], 1)
        return torch.log_softmax(logits, 1).numpy()


def state(head, prefix=""):
    return {prefix + key: value.clone() for key, value in head.float().state_dict().items()}


Relu, Dropout, Sequential = torch.nn.ReLU, torch.nn.Dropout, torch.nn.Sequential


def sequential():
    # more than ten modules, so that numbers and not texts have the order
    return Sequential(linear("a", FEATURES, 8), Relu(), Dropout(0.2), Dropout(0.1), Dropout(0.1), linear("b", 8, 7), Relu(),
                      Dropout(0.1), Dropout(0.1), Dropout(0.1), linear("c", 7, 3))


torch.save(state(sequential()), at("sequential.pth"))
golden["sequential.pth"] = log_probabilities(sequential())
torch.save({"epoch": 3, "state_dict": {**state(sequential(), "model.classifier."), "criterion.weight": torch.ones(3),
                                       "model.features.conv.weight": torch.ones(2, 3, 1, 1)}}, at("prefixed.pth"))
golden["prefixed.pth"] = golden["sequential.pth"]
torch.save(state(Sequential(linear("d", FEATURES, 1)), "fc."), at("one_logit.pth"))
golden["one_logit.pth"] = log_probabilities(linear("d", FEATURES, 1))
torch.save(state(linear("e", FEATURES, 3, bias=False), "fc."), at("without_bias.pth"))
golden["without_bias.pth"] = log_probabilities(linear("e", FEATURES, 3, bias=False))
named = {**state(linear("a", FEATURES, 8), "fc1."), **state(linear("f", 8, 3), "fc2.")}
torch.save(named, at("numbered_names.pth"))
golden["numbered_names.pth"] = log_probabilities(Sequential(linear("a", FEATURES, 8), Relu(), linear("f", 8, 3)))
torch.save({**state(linear("e", FEATURES, 3), "head."), **state(linear("a", FEATURES, 8), "auxiliary.")}, at("two_heads.pth"))
golden["two_heads.pth"] = log_probabilities(linear("e", FEATURES, 3))

torch.save(state(Sequential(linear("a", FEATURES, 8), torch.nn.BatchNorm1d(8), Relu(), linear("f", 8, 3))), at("batch_norm.pth"))
torch.save(state(Sequential(linear("a", FEATURES, 8), linear("f", 8, 3))), at("adjacent.pth"))
torch.save(state(Sequential(linear("a", FEATURES, 8), Relu(), linear("c", 7, 3))), at("broken_chain.pth"))


def write_safetensors(path, tensors):
    header, data = {}, b""
    for name, array in tensors.items():
        header[name] = {"dtype": "F16", "shape": list(array.shape), "data_offsets": [len(data), len(data) + array.nbytes]}
        data += array.tobytes()
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


half = linear("e", FEATURES, 3).half()
write_safetensors(at("half.safetensors"), {key: value.numpy() for key, value in half.state_dict().items()})
golden["half.safetensors"] = log_probabilities(half)

with open(at("import.txt"), "w") as file:
    for name, values in golden.items():
        values = np.asarray(values, np.float64).ravel()
        file.write(f"{name} {len(values)} " + " ".join(f"{value:.17g}" for value in values) + "\n")
