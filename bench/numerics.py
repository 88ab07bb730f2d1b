#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""How far the results lie from PyTorch's, torchvision's, Pillow's and scikit-learn's: the figures of docs/numerics.md.

    /usr/bin/python3 bench/numerics.py [--network densenet161] [--pictures 6] [--only decode,resize,...] [--work FOLDER]

Weights are torchvision's random ones, from a seed, with batch norms measured on the pictures; pictures are drawn by the
demo's samples program. Nothing is fetched. Prints a Markdown table for each part; "exact" is torch in float64.
Needs Debian's python3-torch, python3-torchvision, python3-pil, python3-sklearn and python3-scipy, and what `make` and
`make build/docs/demo/samples` build.
"""
import argparse
import csv
import ctypes
import glob
import hashlib
import io
import json
import os
import struct
import subprocess
import tempfile

import numpy as np
import torch
import torchvision
from PIL import Image
from scipy.optimize import minimize_scalar
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, log_loss, roc_auc_score
from torchvision import transforms

BUILD = os.path.abspath(os.environ.get("BUILD", "build"))
FTRAIN = os.path.join(BUILD, "ftrain", "ftrain")
SAMPLES = os.path.join(BUILD, "docs", "demo", "samples")
MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


# ---- the library ----

class Error(ctypes.Structure):
    _fields_ = [("status", ctypes.c_int), ("message", ctypes.c_char * 1024)]


class Picture(ctypes.Structure):
    _fields_ = [("width", ctypes.c_int), ("height", ctypes.c_int), ("rgb", ctypes.POINTER(ctypes.c_uint8)),
                ("orientation", ctypes.c_int), ("frames", ctypes.c_int)]


class Preprocessing(ctypes.Structure):
    _fields_ = [("resize", ctypes.c_int), ("crop", ctypes.c_int), ("mean", ctypes.c_float * 3),
                ("std", ctypes.c_float * 3), ("exif_rotate", ctypes.c_int), ("reserved", ctypes.c_int * 7)]


class ModelOptions(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("allocator", ctypes.c_void_p), ("threads", ctypes.c_int),
                ("precision", ctypes.c_int), ("memory", ctypes.c_int), ("discard_weights", ctypes.c_int),
                ("executor", ctypes.c_void_p), ("on_progress", ctypes.c_void_p), ("on_log", ctypes.c_void_p),
                ("context", ctypes.c_void_p)]


class SessionOptions(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("batch", ctypes.c_int), ("height", ctypes.c_int),
                ("width", ctypes.c_int), ("threads", ctypes.c_int), ("allocator", ctypes.c_void_p),
                ("executor", ctypes.c_void_p), ("on_log", ctypes.c_void_p), ("context", ctypes.c_void_p)]


class Outputs(ctypes.Structure):
    _fields_ = [("features", ctypes.c_void_p), ("map", ctypes.c_void_p), ("logits", ctypes.c_void_p),
                ("strides", ctypes.c_size_t * 3)]


library = ctypes.CDLL(glob.glob(os.path.join(BUILD, "libdensenet.so.*"))[0])
library.dn_preprocessing_default.restype = Preprocessing
library.dn_classifier_get_head.restype = ctypes.c_void_p
library.dn_version.restype = ctypes.c_char_p


def call(name, *arguments):
    error = Error()
    if getattr(library, name)(*arguments, ctypes.byref(error)):
        raise RuntimeError(error.message.decode())


def decode(data):
    picture = Picture()
    call("dn_image_decode", ctypes.byref(picture), data, ctypes.c_size_t(len(data)), b"picture")
    pixels = np.ctypeslib.as_array(picture.rgb, (picture.height, picture.width, 3)).copy()
    library.dn_image_free(ctypes.byref(picture))
    return pixels


def to_input(pixels, resize=255, crop=224):
    pixels = np.ascontiguousarray(pixels)
    picture = Picture(pixels.shape[1], pixels.shape[0], pixels.ctypes.data_as(ctypes.POINTER(ctypes.c_uint8)), 0)
    preprocessing = library.dn_preprocessing_default()
    preprocessing.resize, preprocessing.crop = resize, crop
    out = np.empty((crop, crop, 3), np.float32)
    call("dn_image_to_input", ctypes.byref(picture), ctypes.byref(preprocessing), 0, ctypes.c_void_p(out.ctypes.data))
    return out


class Network:
    """The library's network on the kernels of one tier."""

    def __init__(self, path, features, tier=None, precision=0, memory=0):
        weights, self.model, self.features = ctypes.c_void_p(), ctypes.c_void_p(), features
        call("dn_weights_load", ctypes.byref(weights), path.encode())
        if tier:
            os.environ["DN_ISA"] = tier
        options = ModelOptions()
        library.dn_model_options_init(ctypes.byref(options), ctypes.c_size_t(ctypes.sizeof(options)))
        options.precision, options.memory = precision, memory
        try:
            call("dn_model_create", ctypes.byref(self.model), weights, ctypes.byref(options))
        finally:
            os.environ.pop("DN_ISA", None)
            library.dn_weights_free(weights)

    def __call__(self, inputs, threads=0, batch=1):
        options, session = SessionOptions(), ctypes.c_void_p()
        library.dn_session_options_init(ctypes.byref(options), ctypes.c_size_t(ctypes.sizeof(options)))
        options.batch, options.threads, options.height, options.width = batch, threads, *inputs.shape[1:3]
        call("dn_session_create", ctypes.byref(session), self.model, ctypes.byref(options))
        inputs = np.ascontiguousarray(inputs)
        features = np.empty((len(inputs), self.features), np.float32)
        logits = np.empty((len(inputs), 1000), np.float32)
        for i in range(0, len(inputs), batch):
            outputs = Outputs(features=features[i:].ctypes.data, logits=logits[i:].ctypes.data)
            call("dn_session_forward", session, ctypes.c_void_p(inputs[i:].ctypes.data),
                 min(batch, len(inputs) - i), ctypes.byref(outputs))
        library.dn_session_free(session)
        return features, logits


# ---- what they are compared with ----

def torch_input(pixels, resize=255, crop=224):
    steps = transforms.Compose([transforms.Resize(resize), transforms.CenterCrop(crop), transforms.ToTensor(),
                                transforms.Normalize(MEAN, STD)])
    return steps(Image.fromarray(pixels)).permute(1, 2, 0).numpy()


def torch_network(name, inputs, path):
    """Random, with batch norms that normalise: in training mode they take the statistics of these pictures."""
    torch.manual_seed(1)
    network = getattr(torchvision.models, name)(weights=None)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.0
            torch.nn.init.uniform_(module.weight, 0.75, 1.25)
            torch.nn.init.uniform_(module.bias, -0.25, 0.25)
    with torch.no_grad():
        network.train()(torch.from_numpy(inputs).permute(0, 3, 1, 2))
    torch.save(network.eval().state_dict(), path)
    return network


def torch_results(network, inputs, dtype):
    network = network.to(dtype)
    with torch.no_grad():
        maps = network.features(torch.from_numpy(inputs).to(dtype).permute(0, 3, 1, 2))
        features = torch.relu(maps).mean((2, 3))
        return features.double().numpy(), network.classifier(features).double().numpy()


def softmax(logits):
    powers = np.exp(logits - logits.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def table(title, columns, rows):
    print(f"\n### {title}\n\n| {' | '.join(columns)} |\n|{' --- |' * len(columns)}")
    for row in rows:
        print("| " + " | ".join(f"{cell:.1e}" if isinstance(cell, float) else str(cell) for cell in row) + " |",
              flush=True)


def draw(settings, side, count):
    """The pixels of pictures of the demo, `side` in square; larger than the demo draws, four of them side by side."""
    size = min(-(-side // 4) * 4, 1024)
    folder = os.path.join(settings.work, f"drawn{size}")
    if not os.path.isdir(folder):
        subprocess.run([SAMPLES, folder, "--seed", "3", "--count", f"{settings.pictures},1,1", "--size", str(size)],
                       check=True, stdout=subprocess.DEVNULL)
    paths = sorted(glob.glob(os.path.join(folder, "train", "*", "*")))
    chosen = paths[:count // 2] + paths[-(count - count // 2):]
    pixels = [np.asarray(Image.open(path).convert("RGB")) for path in chosen]
    return [np.tile(p, (2, 2, 1))[:side, :side] for p in pixels]


PRECISIONS = ["fp32", "bf16", "int8"]


# ---- the parts ----

def part_decode(settings):
    pixels = draw(settings, 256, 2)[1]
    rows = []
    for form, options in (("JPEG", {"quality": 50}), ("JPEG", {"quality": 90, "subsampling": 0}),
                          ("JPEG", {"quality": 75, "progressive": True}), ("PNG", {}), ("BMP", {}), ("GIF", {})):
        for size in ((256, 256), (201, 131)):
            kept = io.BytesIO()
            Image.fromarray(pixels[:size[1], :size[0]]).save(kept, form, **options)
            theirs = np.asarray(Image.open(io.BytesIO(kept.getvalue())).convert("RGB")).astype(int)
            difference = np.abs(decode(kept.getvalue()).astype(int) - theirs)
            rows.append([form, " ".join(f"{k} {v}" for k, v in options.items()), "%dx%d" % size, int(difference.max())])
    table("Decoding: bytes of pixels, of 255, beside Pillow", ["format", "written with", "size", "largest difference"], rows)


def part_resize(settings):
    rows = []
    noise = np.random.default_rng(1)
    for side in (224, 255, 256, 320, 512, 1024, 2048):
        pixels = draw(settings, side, 2)[1]
        for what, picture in (("drawn", pixels), ("noise", noise.integers(0, 256, pixels.shape, np.uint8))):
            difference = np.abs(to_input(picture) - torch_input(picture)) * np.array(STD, np.float32) * 255
            rows.append([side, what, f"{difference.max():.2g}", f"{difference.mean():.2g}"])
    table("Resizing to 255, cropping 224, normalising: input values beside torchvision, in pixel levels of 255",
          ["side", "picture", "largest", "mean"], rows)


def prepared(settings):
    """Inputs made by torchvision, the seeded network over them, and its results in float64 and float32."""
    if not hasattr(settings, "made"):
        pixels = draw(settings, 320, settings.pictures)
        inputs = np.stack([torch_input(p) for p in pixels])
        path = os.path.join(settings.work, "weights.pth")
        network = torch_network(settings.network, inputs, path)
        fast = torch_results(network, inputs, torch.float32)
        exact = torch_results(network, inputs, torch.float64)
        settings.made = inputs, path, network, fast, exact
    return settings.made


def deviations(found, exact):
    features, logits = np.abs(exact[0]).max(), np.abs(exact[1]).max()
    cosine = (found[0] * exact[0]).sum(1) / np.linalg.norm(found[0], axis=1) / np.linalg.norm(exact[0], axis=1)
    return [float(np.abs(found[0] - exact[0]).max() / features), f"{cosine.min():.4f}",
            float(np.abs(found[1] - exact[1]).max() / logits),
            float(np.abs(softmax(found[1].astype(float)) - softmax(exact[1])).max())]


def part_network(settings):
    inputs, path, _, fast, exact = prepared(settings)
    width = exact[0].shape[1]
    rows = [["torch", "float32", *deviations(fast, exact)]]
    for tier, precision, memory in (("portable", 0, 0), ("neon", 0, 0), ("avx2", 0, 0), ("avx512", 0, 0), ("portable", 0, 1),
                                    ("neon", 0, 1), ("avx2", 0, 1), ("avx512", 0, 1), ("avx512", 1, 0), ("portable", 2, 0),
                                    ("neon", 2, 0), ("avx2", 2, 0), ("avx512", 2, 0)):
        what = PRECISIONS[precision] + (", memory low" if memory else "")
        try:
            found = Network(path, width, tier, precision, memory)(inputs)
        except RuntimeError as reason:
            rows.append([tier, what, f"not here: {reason}", "", "", ""])
        else:
            rows.append([tier, what, *deviations(found, exact)])
    table(f"{settings.network}, {len(inputs)} pictures: beside torch in float64", [
        "kernels", "", "features, of the largest", "their least cosine", "logits, of the largest", "a probability of 1000"],
        rows)


def part_chain(settings):
    """From the picture's bytes to a probability, with everything ours and everything theirs."""
    inputs, path, network, _, exact = prepared(settings)
    ours = Network(path, exact[0].shape[1])
    labels = np.arange(len(inputs)) * 2 // len(inputs)
    scale = exact[0].mean(0), exact[0].std(0) + 1e-9
    head = LogisticRegression(C=1.0).fit((exact[0] - scale[0]) / scale[1], labels)
    rows = []
    for side in (224, 255, 320, 512, 1024, 2048):
        pixels = draw(settings, side, settings.pictures)
        resize = side if side <= 255 else 255
        theirs = torch_results(network, np.stack([torch_input(p, resize) for p in pixels]), torch.float64)[0]
        found = ours(np.stack([to_input(p, resize) for p in pixels]))[0]
        p, q = (head.predict_proba((f - scale[0]) / scale[1])[:, 1] for f in (theirs, found))
        rows.append([side, "no" if side <= 255 else "yes", float(np.abs(found - theirs).max() / np.abs(theirs).max()),
                     float(np.abs(p - q).max())])
    table("From pixels to a probability of two classes", ["side", "resized", "features, of the largest", "probability"], rows)


def ftrain(*arguments, **environment):
    done = subprocess.run([FTRAIN, *arguments], capture_output=True, text=True,
                          env={**os.environ, "DENSENET_WEIGHTS": "", **environment})
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout


def trained(settings):
    """A set of small pictures and a model on it."""
    data, model = os.path.join(settings.work, "set"), os.path.join(settings.work, "model.safetensors")
    if not os.path.exists(model):
        subprocess.run([SAMPLES, data, "--seed", "9", "--count", "40,40,60", "--size", "48"], check=True,
                       stdout=subprocess.DEVNULL)
        ftrain("train", data, *SMALL, "-o", model, "--cache", settings.work, "--epochs", "6")
    return data, model


SMALL = ["-w", "random:3", "--arch", "densenet121", "--resize", "36", "--crop", "32", "-q"]


def part_head(settings):
    _, path = trained(settings)
    with open(path, "rb") as file:
        data = file.read()
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + size])
    layers = sorted({int(name.split(".")[1]) for name in header if name.startswith("classifier.")})

    def tensor(name):
        begin, end = header[name]["data_offsets"]
        return np.frombuffer(data[8 + size + begin:8 + size + end], np.float32).reshape(header[name]["shape"])

    x = np.random.default_rng(1).uniform(0, 1, (200, 1024)).astype(np.float32)
    results = {}
    for kind in (np.float32, np.float64):
        y = x.astype(kind)
        for i in layers:
            y = y @ tensor(f"classifier.{i}.weight").astype(kind).T + tensor(f"classifier.{i}.bias").astype(kind)
            y = y if i == layers[-1] else np.maximum(y, 0)
        results[kind] = torch.log_softmax(torch.from_numpy(y), 1).double().numpy()
    classifier = ctypes.c_void_p()
    call("dn_classifier_load", ctypes.byref(classifier), path.encode())
    found = np.empty((200, 2), np.float32)
    call("dn_head_log_probabilities", ctypes.c_void_p(library.dn_classifier_get_head(classifier)),
         ctypes.c_void_p(x.ctypes.data), 200, ctypes.c_void_p(found.ctypes.data))
    exact = results[np.float64]
    table("The head: log-probabilities beside float64", ["", "largest difference"], [
        ["numpy and torch in float32", float(np.abs(results[np.float32] - exact).max())],
        ["dn_head_log_probabilities", float(np.abs(found - exact).max())]])


def evaluated(settings, split):
    """What ftrain tells of a split, and the true classes and probabilities that it tells it of."""
    data, model = trained(settings)
    predictions = os.path.join(settings.work, "predictions.csv")
    found = json.loads(ftrain("evaluate", "-m", model, data, "-q", "--json", "--cache", settings.work, "--predictions",
                              predictions, "--split", split))
    with open(predictions, newline="") as file:
        rows = list(csv.DictReader(file))
    classes = [name[2:] for name in rows[0] if name.startswith("p_")]
    truth = np.array([classes.index(row["truth"]) for row in rows])
    return found, classes, truth, np.array([[float(row["p_" + name]) for name in classes] for row in rows])


def part_metrics(settings):
    _, _, on, valid = evaluated(settings, "valid")
    best = minimize_scalar(lambda t: -np.log(softmax(np.log(valid) / np.exp(t))[range(len(on)), on]).mean(),
                           bounds=(-5, 5), method="bounded", options={"xatol": 1e-12})
    ours, classes, truth, p = evaluated(settings, "test")
    one_hot = np.eye(len(classes))[truth]
    theirs = {"accuracy": np.mean(p.argmax(1) == truth), "loss": log_loss(truth, p),
              "roc_auc": roc_auc_score(one_hot, p, average="macro"),
              "average_precision": average_precision_score(one_hot, p, average="macro")}
    table("Metrics of `ftrain evaluate` beside scikit-learn, of the same probabilities", ["metric", "difference"],
          [[name, float(abs(ours[name] - value))] for name, value in theirs.items()] +
          [["temperature, of itself, beside SciPy", float(abs(ours["calibrated"]["temperature"] / np.exp(best.x) - 1))]])


def part_precision(settings):
    """What the network's precision does to heads: each is trained and tested on features of one precision."""
    rows = []
    for drawn in range(1, settings.sets + 1):
        data = os.path.join(settings.work, f"precision{drawn}")
        if not os.path.isdir(data):
            subprocess.run([SAMPLES, data, "--seed", str(drawn), "--count", "40,30,150", "--size", "64"], check=True,
                           stdout=subprocess.DEVNULL)
        for precision in PRECISIONS:
            model, right, low, high = os.path.join(settings.work, "head.safetensors"), [], 0, 0
            for seed in range(1, settings.seeds + 1):
                ftrain("train", data, "-w", f"random:{drawn}", "--arch", settings.network, "--resize", "64", "--crop", "64",
                       "-q", "-o", model, "--cache", settings.work, "--precision", precision, "--seed", str(seed))
                found = json.loads(ftrain("evaluate", "-m", model, data, "-q", "--json", "--cache", settings.work))
                right.append(found["accuracy"])
                if seed == 1:
                    low, high = found["accuracy_low"], found["accuracy_high"]
            rows.append([drawn, precision, " ".join(f"{100 * a:.1f}" for a in right), f"{100 * np.mean(right):.1f}",
                         f"{100 * low:.1f} to {100 * high:.1f}"])
    table(f"{settings.network}, 300 test pictures of 64x64: accuracy in per cent, by the precision of the features",
          ["set", "precision", f"seeds 1 to {settings.seeds}", "mean", "95 % interval of seed 1"], rows)


def digest(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()[:8]


def part_bits(settings):
    inputs, path, _, _, exact = prepared(settings)
    rows = []
    for tier in ("portable", "neon", "avx2", "avx512"):
        try:
            network = Network(path, exact[0].shape[1], tier)
        except RuntimeError:
            continue
        found = {digest(network(inputs[:4], threads, batch)[0]) for threads in (1, 2, 3) for batch in (1, 2, 4)}
        rows.append([f"features, {tier}, 1 to 3 threads, batch 1, 2, 4", " ".join(sorted(found))])
    data, _ = trained(settings)
    for core in ("Haswell", "SkylakeX", "Zen"):
        models = set()
        for threads in ("1", "2"):
            model = os.path.join(settings.work, f"{core}{threads}.safetensors")
            ftrain("train", data, *SMALL, "-o", model, "--cache", settings.work, "--epochs", "2", "--threads", threads,
                   OPENBLAS_CORETYPE=core)
            with open(model, "rb") as file:
                models.add(hashlib.sha256(file.read()).hexdigest()[:8])
        rows.append([f"model file, OPENBLAS_CORETYPE={core}, 1 and 2 threads", " ".join(sorted(models))])
    table("Which bits come out: hashes; one hash is one result", ["what", "hashes"], rows)


PARTS = {"decode": part_decode, "resize": part_resize, "network": part_network, "chain": part_chain, "head": part_head,
         "metrics": part_metrics, "precision": part_precision, "bits": part_bits}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", default="densenet161",
                        choices=["densenet121", "densenet161", "densenet169", "densenet201"])
    parser.add_argument("--pictures", type=int, default=6)
    parser.add_argument("--sets", type=int, default=3, help="precision: sets of pictures, each with weights of its own")
    parser.add_argument("--seeds", type=int, default=3, help="precision: seeds of heads for each set")
    parser.add_argument("--only", default=",".join(PARTS), help="parts, of: " + ",".join(PARTS))
    parser.add_argument("--work", help="a folder for pictures and weights (default: one that is removed)")
    settings = parser.parse_args()
    for name in settings.only.split(","):
        if name not in PARTS:
            parser.error(f"--only: '{name}' is not one of {', '.join(PARTS)}")
    with tempfile.TemporaryDirectory() as folder:
        settings.work = settings.work or folder
        os.makedirs(settings.work, exist_ok=True)
        cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
        print(f"densenet {library.dn_version().decode()}, {cpu}; torch {torch.__version__}, torchvision "
              f"{torchvision.__version__}, Pillow {Image.__version__}, numpy {np.__version__}")
        for name in settings.only.split(","):
            PARTS[name](settings)


if __name__ == "__main__":
    main()
