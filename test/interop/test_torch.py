#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What `ftrain export` writes for PyTorch, in PyTorch: torchvision's networks with a Sequential head load it strictly and
predict the same."""
import struct
import zipfile

from support import *

try:
    import torch
    import torchvision
    from PIL import Image
    from torch import nn
except ImportError as error:
    skip(f"{error.name} is missing (Debian: python3-torch, python3-torchvision, python3-pil)")

torch.set_num_threads(2)
NAMES = ("densenet121", "densenet161", "densenet169", "densenet201")


def with_head(name, widths):
    """torchvision's network with a Sequential head of these widths."""
    network = getattr(torchvision.models, name)()
    layers = []
    for i, (before, width) in enumerate(zip([network.classifier.in_features, *widths], widths)):
        layers += [nn.ReLU(), nn.Dropout(0.2)] if i else []
        layers.append(nn.Linear(before, width))
    network.classifier = nn.Sequential(*layers, nn.LogSoftmax(dim=1))
    return network.eval()


def loads_strictly(network, state):
    try:
        network.load_state_dict(state, strict=True)
        return True
    except RuntimeError as error:
        return str(error)


def read_safetensors(path):
    """The tensors of a safetensors file, by its format's description."""
    data = open(path, "rb").read()
    end = 8 + struct.unpack("<Q", data[:8])[0]
    kinds = {"F32": torch.float32, "I64": torch.int64}
    tensors = {}
    for name, entry in json.loads(data[8:end]).items():
        if name == "__metadata__":
            continue
        begin, stop = entry["data_offsets"]
        values = torch.frombuffer(bytearray(data[end + begin:end + stop]), dtype=kinds[entry["dtype"]])
        tensors[name] = values.reshape(entry["shape"])
    return tensors


def same_tensors(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) and a[name].dtype == b[name].dtype for name in a)


def test_family():
    for name in NAMES:
        train("m.safetensors", "-w", "random:1", "--arch", name, "--hidden", "24,12", side=32)
        run("export", "m.safetensors", "m.pth")
        run("export", "m.safetensors", "t.safetensors")
        state = torch.load("m.pth", weights_only=True)
        network = with_head(name, [24, 12, 2])
        check(f"{name} with its head loads strictly", loads_strictly(network, state))
        check(f"{name}: keys in the order of torch's own", list(state) == list(network.state_dict()))
        check(f"{name}: the same in safetensors", same_tensors(state, read_safetensors("t.safetensors")))


def test_snippet(pictures):
    train("flowers.safetensors", "-w", "random:1", "--arch", "densenet121")
    run("export", "flowers.safetensors", "flowers.pth")
    pathlib.Path("flowers.json").write_text(run("export", "flowers.safetensors", "flowers-torch.safetensors", "--json"))
    code = snippet("python", "load_state_dict")
    expected = predict("flowers.safetensors", pictures)
    found = []
    for picture in pictures:
        pathlib.Path("a.jpg").write_bytes(picture.read_bytes())
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        if done.returncode != 0:
            check("the code of docs/export.md runs", done.stderr, "")
            return
        found.append(printed(done.stdout))
    check("the code of docs/export.md predicts as ftrain does, to 1e-5", far(found, expected) < 1e-5)
    try:
        from safetensors.torch import load_file
    except ImportError:
        print("ok - the package safetensors reads it # SKIP it is missing")
        return
    check("the package safetensors reads it",
          same_tensors(load_file("flowers-torch.safetensors"), torch.load("flowers.pth", weights_only=True)))


def test_file_of_weights():
    """A model on weights from a file, which torch has written: they come back bit by bit."""
    torch.manual_seed(3)
    network = torchvision.models.densenet121()
    torch.save(network.state_dict(), "own.pth")
    train("own.safetensors", "-w", "own.pth", "--hidden", "8", side=32)
    run("export", "own.safetensors", "back.pth", "-w", "own.pth")
    backbone = {k: v for k, v in network.state_dict().items() if k.startswith("features.")}
    back = torch.load("back.pth", weights_only=True)
    check("weights from torch come back bit by bit",
          same_tensors(backbone, {k: v for k, v in back.items() if k.startswith("features.")}))
    torch.save(back, "again.pth")
    check("what torch then saves is read here", "densenet121" in run("info", "again.pth"))
    check("names and records are torch's own but for the archive's name",
          record_names("back.pth") >= record_names("again.pth") - {".data/serialization_id"})


def record_names(path):
    return {name.split("/", 1)[1] for name in zipfile.ZipFile(path).namelist()}


def main():
    with workplace():
        pictures = make_pictures()
        test_snippet(pictures)
        test_file_of_weights()
        test_family()
    finish()


if __name__ == "__main__":
    main()
