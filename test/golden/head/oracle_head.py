#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Golden numbers for the head's tests, from torch, scikit-learn and scipy.

    /usr/bin/python3 test/golden/head/oracle_head.py          writes test/golden/head/head.txt

Inputs are made from SplitMix64 streams (core/rng.h), here and in the C tests alike, so that only results are
stored. Whatever can be computed in float64 is; the optimizers and the training runs are in float32, as in C.
"""
import os
import sys

import numpy as np
import scipy.stats
import sklearn.metrics
import sklearn.utils.class_weight
import torch
import torch.nn.functional as F

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "support"))
from streams import Stream  # noqa: E402

torch.set_num_threads(1)
def signed(name, *shape):
    """U(-1, 1) of a test's stream."""
    return (2 * Stream(1, name).uniform(*shape) - 1).astype(np.float32)


golden = {}


def put(name, values):
    golden[name] = np.asarray(values, np.float64).ravel()


# ---- gradients of a small perceptron ----

def split_parameters(flat, widths):
    parameters, at = [], 0
    for n_in, n_out in zip(widths, widths[1:]):
        parameters.append((flat[at:at + n_in * n_out].reshape(n_out, n_in), flat[at + n_in * n_out:at + n_in * n_out + n_out]))
        at += n_in * n_out + n_out
    return parameters


def logits_of(x, flat, widths):
    layers = split_parameters(flat, widths)
    for i, (weight, bias) in enumerate(layers):
        x = F.linear(x, weight, bias)
        if i + 1 < len(layers):
            x = torch.relu(x)
    return x


widths, rows = (7, 6, 5, 3), 9
count = sum((i + 1) * o for i, o in zip(widths, widths[1:]))
flat = torch.tensor(signed("test/parameters", count), dtype=torch.float64, requires_grad=True)
x = torch.tensor(signed("test/inputs", rows, 7), dtype=torch.float64, requires_grad=True)
labels = torch.arange(rows) % 3
log_probabilities = F.log_softmax(logits_of(x, flat, widths), 1)
loss = F.nll_loss(log_probabilities, labels)
loss.backward()
put("mlp/log_probabilities", log_probabilities.detach())
put("mlp/loss", [loss.item()])
put("mlp/parameter_gradient", flat.grad)
put("mlp/input_gradient", x.grad)
first = x.detach()[:1].clone().requires_grad_()
logits_of(first, flat.detach(), widths)[0, 2].backward()
put("mlp/logit_gradient", first.grad)

# ---- log-softmax and NLL, large logits among them ----

logits = signed("test/logits", 8, 5).astype(np.float64)
logits *= np.array([1, 1, 10, 100, 1e4, 1e4, 1e-3, 30])[:, None]
logits[5] = [1e4, -1e4, 1e4, 0, 9999]
logits = torch.tensor(logits.astype(np.float32), dtype=torch.float64, requires_grad=True)
y = F.log_softmax(logits, 1)
loss = F.nll_loss(y, torch.arange(8) % 5)
loss.backward()
put("loss/logits", logits.detach())
put("loss/log_softmax", y.detach())
put("loss/nll", [loss.item()])
put("loss/gradient", logits.grad)

weights = torch.tensor(np.array([0.2, 1, 5, 0.5, 2], np.float32), dtype=torch.float64)
tenth = float(np.float32(0.1))
for name, options in (("weighted", dict(weight=weights)), ("smoothed", dict(label_smoothing=tenth)),
                      ("weighted_smoothed", dict(weight=weights, label_smoothing=tenth))):
    logits.grad = None
    loss = F.cross_entropy(logits, torch.arange(8) % 5, **options)
    loss.backward()
    put("loss/" + name, [loss.item()])
    put("loss/%s_gradient" % name, logits.grad)

# ---- optimizers: ten steps along given gradients ----

def optimizer_steps(make):
    p = torch.tensor(signed("test/start", 40)).requires_grad_()
    optimizer = make([p])
    gradients, trace = torch.tensor(signed("test/gradients", 10, 40)), []
    for g in gradients:
        p.grad = g.clone()
        optimizer.step()
        trace.append(p.detach().clone())
    return torch.stack(trace)


rate, momentum, decay = (float(np.float32(v)) for v in (0.05, 0.9, 0.01))
betas = tuple(float(np.float32(v)) for v in (0.9, 0.999))
SGD, Adam = torch.optim.SGD, torch.optim.Adam
put("optimizer/sgd", optimizer_steps(lambda p: SGD(p, rate)))
put("optimizer/sgd_decay", optimizer_steps(lambda p: SGD(p, rate, weight_decay=decay)))
put("optimizer/momentum", optimizer_steps(lambda p: SGD(p, rate, momentum=momentum)))
put("optimizer/momentum_decay", optimizer_steps(lambda p: SGD(p, rate, momentum=momentum, weight_decay=decay)))
put("optimizer/nesterov", optimizer_steps(lambda p: SGD(p, rate, momentum=momentum, nesterov=True, weight_decay=decay)))
put("optimizer/adam", optimizer_steps(lambda p: Adam(p, rate, betas=betas)))
put("optimizer/adam_decay", optimizer_steps(lambda p: Adam(p, rate, betas=betas, weight_decay=decay)))

# ---- learning-rate schedules: 12 epochs from rate 0.03 ----

scheduler = torch.optim.lr_scheduler
losses = [1.0, 0.9, 0.95, 0.9, 0.85, 0.86, 0.87, 0.88, 0.89, 0.9, 0.84, 0.9]  # the C test has the same


def schedule_rates(make, epochs=12):
    optimizer = SGD([torch.zeros(1, requires_grad=True)], float(np.float32(0.03)))
    schedule, rates = make(optimizer), []
    for loss in losses[:epochs]:
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step(*([loss] if isinstance(schedule, scheduler.ReduceLROnPlateau) else []))
    return rates


floor = float(np.float32(0.004))
put("schedule/warmup", schedule_rates(lambda o: scheduler.LinearLR(o, 1 / 4, total_iters=3)))
put("schedule/step", schedule_rates(lambda o: scheduler.StepLR(o, 5, 0.5)))
put("schedule/cosine", schedule_rates(lambda o: scheduler.CosineAnnealingLR(o, 12, floor)))
put("schedule/cosine_of_eight", schedule_rates(lambda o: scheduler.CosineAnnealingLR(o, 8, floor), 8))
put("schedule/cosine_of_nine", schedule_rates(lambda o: scheduler.CosineAnnealingLR(o, 9, floor), 9))
put("schedule/plateau", schedule_rates(
    lambda o: scheduler.ReduceLROnPlateau(o, factor=0.25, patience=1, threshold=0, min_lr=floor, eps=0)))

# ---- whole training runs: same order, views, dropout masks and first weights, torch's arithmetic ----

def toy_data(name, n, views, width):
    v = Stream(1, name).uniform(n, views, width)
    v = v * v * v
    v[1::2, :, :width // 2] *= np.float32(3)
    return torch.tensor(v * np.array([0.1, 1, 10], np.float32)[np.arange(width) % 3]), torch.arange(n) % 2


def training_run(make, widths, rate_of_dropout, epochs, batch, seed, standardise, schedule=None, **loss_options):
    train, train_labels = toy_data("test/train", 50, 2, widths[0])
    valid, valid_labels = toy_data("test/valid", 30, 2, widths[0])
    valid = valid[:, 0]
    if standardise:
        flat = train.double().reshape(-1, widths[0])
        mean, deviation = flat.mean(0).float(), flat.std(0, unbiased=False)
        train, valid = (train - mean) / deviation.float(), (valid - mean) / deviation.float()
    stream, parameters = Stream(seed, "head/weights"), []
    for n_in, n_out in zip(widths, widths[1:]):
        bound = np.float32(1) / np.sqrt(np.float32(n_in))
        for shape in ((n_out, n_in), (n_out,)):
            parameters.append(torch.tensor((2 * stream.uniform(*shape) - 1) * bound).requires_grad_())
    optimizer = make(parameters)
    schedule = schedule(optimizer) if schedule else None
    weight = loss_options.get("weight", torch.ones(2))

    def forward(x, dropout):
        for i in range(0, len(parameters), 2):
            x = F.linear(x, parameters[i], parameters[i + 1])
            if i + 2 < len(parameters):
                x = torch.relu(x)
                if dropout:
                    kept = torch.tensor(dropout.uniform(*x.shape) >= np.float32(rate_of_dropout))
                    x = x * kept / (1 - rate_of_dropout)
        return x

    curve = []
    for epoch in range(1, epochs + 1):
        order = Stream(seed + epoch, "head/order").permutation(len(train))
        views, dropout, total = Stream(seed + epoch, "head/views"), Stream(seed + epoch, "head/dropout"), 0.0
        for at in range(0, len(train), batch):
            index = torch.tensor(order[at:at + batch])
            view = torch.tensor([views.below(2) for _ in index])
            logits = forward(train[index, view], dropout if rate_of_dropout else None)
            loss = F.cross_entropy(logits, train_labels[index], **loss_options)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * weight[train_labels[index]].sum().item()
        with torch.no_grad():
            y = F.log_softmax(forward(valid, None), 1)
        accuracy = (y.argmax(1) == valid_labels).double().mean().item()
        if schedule:
            schedule.step()
        curve.append([total / weight[train_labels].sum().item(), F.nll_loss(y, valid_labels).item(), accuracy])
    return curve


rate = float(np.float32(0.03))
put("training/sgd", training_run(lambda p: SGD(p, rate, momentum=momentum, weight_decay=decay),
                                 (12, 16, 8, 2), 0.25, 8, 16, 7, True))
put("training/everything", training_run(lambda p: SGD(p, rate, momentum=momentum, weight_decay=decay),
                                        (12, 16, 8, 2), 0.25, 8, 16, 7, True,
                                        lambda o: scheduler.CosineAnnealingLR(o, 8, floor),
                                        weight=torch.tensor([0.5, 2.0]), label_smoothing=tenth))
put("training/adam", training_run(lambda p: Adam(p, rate, betas=betas), (12, 10, 2), 0, 8, 16, 7, False))

# ---- class weights: 10 of 50 pictures in class 0 ----

few = np.array([0 if n % 5 == 0 else 1 for n in range(50)])
put("class_weights/balanced", sklearn.utils.class_weight.compute_class_weight("balanced", classes=[0, 1], y=few))

# ---- metrics ----

scores = Stream(1, "test/scores").uniform(200, 4)
truth = np.array([(7 * n + n // 5) % 4 for n in range(200)])
scores[np.arange(200), truth] += np.float32(0.2)
log_scores = F.log_softmax(torch.tensor(4 * scores), 1).numpy()
predictions = log_scores.argmax(1)
put("metrics/accuracy", [sklearn.metrics.accuracy_score(truth, predictions)])
put("metrics/loss", [sklearn.metrics.log_loss(truth, np.exp(log_scores.astype(np.float64)))])
put("metrics/confusion", sklearn.metrics.confusion_matrix(truth, predictions))
cases = ((0, 10), (10, 10), (1, 1), (67, 134), (119, 134), (8897, 10000))
put("metrics/wilson", [list(scipy.stats.binomtest(k, n).proportion_ci(0.95, "wilson")) for k, n in cases])

path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "head.txt")
with open(path, "w") as out:
    for name, values in golden.items():
        print(name, len(values), *("%.10g" % v for v in values), file=out)
