#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Golden files for test_pth.c and test_keys.c: what torch.save() writes, and hand-written pickles of writers
that no longer run (Python 2, protocol 4). Run with Debian's python3-torch, from the repository root. Legacy
files differ from run to run: torch names their storages by memory address."""
import argparse
import collections
import datetime
import json
import os
import pathlib
import pickle
import struct
import sys
import types
import zipfile

import numpy
import torch

MAGIC = 0x1950A86A20F9469CFC6C
DTYPES = {torch.float32: "F32", torch.float64: "F64", torch.float16: "F16", torch.bfloat16: "BF16",
          torch.int64: "I64", torch.int32: "I32", torch.int16: "I16", torch.int8: "I8",
          torch.uint8: "U8", torch.bool: "BOOL"}


def raw_bytes(tensor):
    tensor = tensor.detach().contiguous()
    if tensor.dtype == torch.bfloat16:  # numpy has no such type
        tensor = tensor.view(torch.int16)
    return tensor.numpy().tobytes()


def write_safetensors(path, tensors):
    header, blocks, end = {}, [], 0
    for name, tensor in tensors.items():
        raw = raw_bytes(tensor)
        header[name] = {"dtype": DTYPES[tensor.dtype], "shape": list(tensor.shape),
                        "data_offsets": [end, end + len(raw)]}
        blocks.append(raw)
        end += len(raw)
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.writelines(blocks)


def variety():
    """Every dtype, view and shape a state dict may hold."""
    torch.manual_seed(1)
    base = torch.arange(24, dtype=torch.float32) / 7
    state = collections.OrderedDict()
    state["plain.weight"] = torch.randn(3, 4)
    state["parameter.weight"] = torch.nn.Parameter(torch.randn(5))
    state["shared.first"] = base[:12]
    state["shared.second"] = base[12:].view(3, 4)
    state["transposed.weight"] = base.view(4, 6).t()
    state["strided.weight"] = base[1::3]
    state["expanded.weight"] = torch.tensor([2.5]).expand(3, 2)
    state["scalar"] = torch.tensor(42, dtype=torch.int64)
    state["empty"] = torch.empty(0, 3)
    state["double"] = torch.randn(2, 2, dtype=torch.float64)
    state["half"] = torch.tensor([1.5, -0.0, 6e-8, 65504.0, float("inf")]).half()
    state["bfloat"] = torch.tensor([1.5, -2.25, 3e38]).bfloat16()
    state["long"] = torch.tensor([-(2 ** 62), 7])
    state["int"] = torch.tensor([-5, 2 ** 31 - 1], dtype=torch.int32)
    state["short"] = torch.tensor([-300, 300], dtype=torch.int16)
    state["char"] = torch.tensor([-128, 127], dtype=torch.int8)
    state["byte"] = torch.tensor([0, 255, 3], dtype=torch.uint8)
    state["bool"] = torch.tensor([True, False, True])
    state._metadata = collections.OrderedDict([("", {"version": 1})])
    return state


class Evil:
    def __reduce__(self):
        return (os.system, ("true",))


def small():
    """A two-tensor network in present names, for wrappers and damage."""
    return collections.OrderedDict([("features.conv0.weight", torch.arange(6.0).view(2, 3)),
                                    ("features.denseblock1.denselayer1.norm1.weight", torch.tensor([0.5, 2.0]))])


def save(folder, name, value, legacy):
    torch.save(value, os.path.join(folder, name), _use_new_zipfile_serialization=not legacy)


def short_string(text):
    return b"U" + bytes([len(text)]) + text.encode()


def long1(number):
    return b"\x8a\x01" + struct.pack("<b", number)


def python2_object():
    """small() as Python 2.7 wrote it: byte strings, longs, OrderedDict([[key, value], ...])."""
    def tensor(key, count, shape, stride):
        sizes = b"".join(map(long1, shape)), b"".join(map(long1, stride))
        return (b"ctorch._utils\n_rebuild_tensor\n(" + b"(" + short_string("storage") + b"ctorch\nFloatStorage\n" +
                b"T" + struct.pack("<i", len(key)) + key.encode() + short_string("cuda:0") + long1(count) +
                b"NtQ" + b"K\x00" + b"(" + sizes[0] + b"t(" + sizes[1] + b"ttR")
    first, second = small().keys()
    return (b"\x80\x02ccollections\nOrderedDict\nq\x01(](" +
            b"](" + short_string(first) + tensor("11", 6, (2, 3), (3, 1)) + b"e" +
            b"](" + short_string(second) + tensor("22", 2, (2,), (1,)) + b"e" + b"etRq\x02.")


def legacy_file(object_pickle, keys, storages, protocol=2):
    head = b"".join(pickle.dumps(v, protocol) for v in (MAGIC, 1001, {"little_endian": True, "protocol_version": 1001}))
    body = b"".join(struct.pack("<q", count) + raw for count, raw in storages)
    return head + object_pickle + pickle.dumps(keys, protocol) + body


def protocol4_object():
    """small() by hand in protocol 4: FRAME, MEMOIZE, SHORT_BINUNICODE, STACK_GLOBAL."""
    def text(t):
        return b"\x8c" + bytes([len(t)]) + t.encode()

    def name(module, attribute):
        return text(module) + text(attribute) + b"\x93"

    def tensor(key, count, shape, stride):
        sizes = [b"(" + b"".join(b"K" + bytes([n]) for n in s) + b"t" for s in (shape, stride)]
        return (name("torch._utils", "_rebuild_tensor_v2") + b"((" + text("storage") + name("torch", "FloatStorage") +
                text(key) + b"\x94" + text("cpu") + b"K" + bytes([count]) + b"tQK\x00" + sizes[0] + sizes[1] +
                b"\x89" + name("collections", "OrderedDict") + b")R" + b"tR")
    first, second = small().keys()
    body = (name("collections", "OrderedDict") + b"\x94)R\x94(" + text(first) + tensor("11", 6, (2, 3), (3, 1)) +
            text(second) + tensor("22", 2, (2,), (1,)) + b"u.")
    return b"\x80\x04\x95" + struct.pack("<Q", len(body)) + body


def hand_written(folder):
    raw = [(t.numel(), raw_bytes(t)) for t in small().values()]
    # The list's order is the storages' order, whatever order the object names them in.
    files = {
        "python2.pth": legacy_file(python2_object(), ["22", "11"], [raw[1], raw[0]]),
        "protocol4.pth": legacy_file(protocol4_object(), ["11", "22"], raw, 4),
        "wrong_count.pth": legacy_file(python2_object(), ["11", "22"], [(5, raw[0][1][:20]), raw[1]]),
        "unknown_opcode.pth": legacy_file(b"\x80\x02\x82\x01.", [], []),
        "plain.pickle": pickle.dumps({"a": 1}, 2),
    }
    for name, content in files.items():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(content)


def rezipped(folder, name, changes, compression=zipfile.ZIP_STORED):
    """small.pth with some records added, replaced or compressed."""
    with zipfile.ZipFile(os.path.join(folder, "small.pth")) as source:
        records = {entry: source.read(entry) for entry in source.namelist()}
    stem = next(iter(records)).split("/")[0]
    records.update({f"{stem}/{key}": value for key, value in changes.items()})
    with zipfile.ZipFile(os.path.join(folder, name), "w") as target:
        for entry, content in records.items():
            target.writestr(zipfile.ZipInfo(entry), content, compression)


def old_names(state):
    new = collections.OrderedDict()
    for key, value in state.items():
        for part in ("norm", "conv"):
            for number in "12":
                if "denselayer" in key:
                    key = key.replace(f".{part}{number}.", f".{part}.{number}.")
        new[key] = value
    return new


def prefixed(prefix, state):
    return collections.OrderedDict((prefix + k, v) for k, v in state.items())


def stand_in(module, name, base=object):
    """A class of a library that is not installed: it is pickled by the same name and opcodes."""
    for i in range(module.count(".") + 1):
        part = ".".join(module.split(".")[:i + 1])
        sys.modules.setdefault(part, types.ModuleType(part))
    made = type(name, (base,), {"__module__": module})
    setattr(sys.modules[module], name, made)
    return made


def with_attributes(value, **attributes):
    value.__dict__.update(attributes)
    return value


def bare(state, prefix):
    return collections.OrderedDict((prefix + key[len("features."):], value) for key, value in state.items())


def wild():
    """What training scripts and libraries leave in a file, all with small() in it."""
    optimizer = {"state": {0: {"exp_avg": torch.zeros(3), "step": 1}}, "param_groups": [{"lr": 0.1, "params": [0]}]}
    arguments = argparse.Namespace(lr=0.1, arch="densenet121", out=pathlib.PosixPath("/tmp"), betas=(0.9, 0.999),
                                   size=torch.Size([2, 3]), device=torch.device("cpu"), dtype=torch.float32, when=datetime.date(2026, 1, 1))
    scores = collections.defaultdict(list, {"top1": [numpy.float64(0.5), numpy.float32(0.25), numpy.arange(3)]})
    attribute_dict = stand_in("pytorch_lightning.utilities.parsing", "AttributeDict", dict)
    config = stand_in("omegaconf.dictconfig", "DictConfig")
    early_stopping = stand_in("pytorch_lightning.callbacks.early_stopping", "EarlyStopping")
    hypers = stand_in("fastcore.foundation", "L")
    lightning = collections.OrderedDict([("criterion.weight", torch.ones(3)), *prefixed("model.", small()).items()])
    return {
        "namespace": {"args": arguments, "state_dict": prefixed("module.", small()), "best": numpy.float64(0.5)},
        "numpy": {"scores": scores, "seen": {1, 2}, "model": small(), "bytes": b"abc"},
        "timm": {"epoch": 3, "arch": "densenet121", "state_dict": small(), "state_dict_ema": small(), "optimizer": optimizer,
                 "args": arguments, "version": 2, "metric": 71.5},
        "lightning": {"epoch": 1, "global_step": 10, "pytorch-lightning_version": "1.9.0", "state_dict": lightning,
                      "loops": {"fit_loop": {"state_dict": {}}},
                      "callbacks": {early_stopping: {"best_score": torch.tensor(0.5)}, "ModelCheckpoint": {"best": torch.tensor(1.0)}},
                      "optimizer_states": [optimizer], "lr_schedulers": [{"milestones": collections.Counter([3, 5])}],
                      "hparams_name": "hparams", "hyper_parameters": attribute_dict(lr=0.1, config=with_attributes(config(), _content={"a": 1}))},
        "fastai": {"model": {**bare(small(), "0.0."), "1.2.weight": torch.ones(4), "1.4.weight": torch.ones(2, 4)},
                   "opt": {"state": [{"mom": torch.ones(3)}], "hypers": with_attributes(hypers(), items=[{"lr": 0.1}])}},
        "features": bare(small(), ""),
        "ema_alone": {"ema": prefixed("module.", small()), "optimizer": optimizer},
        "ema_beside": {"net": small(), "net_ema": prefixed("module.", small())},
        "ema_inside": {**prefixed("model.", small()), **prefixed("ema_model.module.", small()), "ema_model.n_averaged": torch.tensor(3)},
        "projector": {"backbone": small(), "projector": collections.OrderedDict([("0.weight", torch.ones(2, 2))])},
    }


def golden(folder):
    os.makedirs(folder, exist_ok=True)
    write_safetensors(os.path.join(folder, "variety.safetensors"), variety())
    write_safetensors(os.path.join(folder, "small.safetensors"), small())
    optimizer = {"state": {0: {"exp_avg": torch.zeros(3), "step": 1}}, "param_groups": [{"lr": 0.1, "params": [0]}]}
    saves = {
        "variety": variety(),
        "small": small(),
        "old_names": old_names(small()),
        "prefixed": prefixed("module.model.densenet161.", old_names(small())),
        "wrapped": {"epoch": 3, "best_acc1": torch.tensor(0.5), "state_dict": prefixed("module.", small()),
                    "optimizer": optimizer},
        "model_state_dict": {"model_state_dict": small(), "optimizer_state_dict": optimizer, "loss": 0.25},
        "with_ema": {"model": small(), "model_ema": small()},
        "ambiguous": {"student": small(), "teacher": small()},
        "two_networks": {**prefixed("student.", small()), **prefixed("teacher.", small())},
        "no_tensors": {"epoch": 3, "names": ["a", "b"], "rate": 0.5},
        "evil": {"features.conv0.weight": Evil()},
        "module": torch.nn.Linear(2, 1),
    }
    saves.update(wild())
    for name, value in saves.items():
        save(folder, name + ".pth", value, False)
        save(folder, name + ".legacy.pth", value, True)
    hand_written(folder)
    rezipped(folder, "deflated.pth", {}, zipfile.ZIP_DEFLATED)
    rezipped(folder, "bomb.pth", {"data/0": bytes(20000000)}, zipfile.ZIP_DEFLATED)
    rezipped(folder, "wrong_size.pth", {"data/0": bytes(28)})
    rezipped(folder, "little_endian.pth", {"byteorder": b"little"})
    rezipped(folder, "big_endian.pth", {"byteorder": b"big"})
    rezipped(folder, "script.pth", {"constants.pkl": b"\x80\x02)."})
    with zipfile.ZipFile(os.path.join(folder, "plain.zip"), "w") as archive:
        archive.writestr(zipfile.ZipInfo("readme.txt"), "no weights here")


def densenet(folder):
    """A whole seeded DenseNet-161, for the live test."""
    import torchvision
    torch.manual_seed(161)
    state = torchvision.models.densenet161(weights=None).state_dict()
    save(folder, "new.pth", state, False)
    save(folder, "legacy.pth", state, True)
    save(folder, "old.pth", old_names(state), True)
    write_safetensors(os.path.join(folder, "expected.safetensors"), state)


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] == "densenet161":
        densenet(sys.argv[2])
    else:
        golden("test/golden/weights")
