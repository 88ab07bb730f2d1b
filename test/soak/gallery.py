# SPDX-License-Identifier: MIT
"""Pictures for a soak: this tree's goldens of all formats, beginnings of them, some with changed bytes, what the fuzzer has kept,
and what is no picture at all. What each of them is, good or broken, says `ftrain predict`."""
import glob
import json
import os
import random
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from server import content  # noqa: E402

LARGEST = 500000  # bytes


def contents(seed):
    """A list of files' contents; equal seeds give equal lists."""
    drawn = random.Random(seed)
    names = [name for folder in ("pictures", "webp", "tiff", "heif", "orientation") for name in
             sorted(glob.glob(f"test/golden/io/{folder}/*")) if not name.endswith((".rgb", ".input", ".json", ".py"))]
    files = [data for data in map(content, names) if 0 < len(data) <= LARGEST]
    cut = [data[:drawn.randrange(1, len(data))] for data in files]
    changed = []
    for data in files:
        changed.append(bytearray(data))
        for _ in range(8):
            changed[-1][drawn.randrange(len(data))] = drawn.randrange(256)
    kept = [content(name) for door in ("picture", "facts") for name in sorted(glob.glob(f"test/fuzz/corpus/{door}/*"))]
    none = [b"hello\n" * 100, drawn.randbytes(2000), b"P6 100000 100000 255\n" + bytes(1000), b"\0" * 64]
    return files + cut + list(map(bytes, changed)) + [data for data in kept if data] + none


def judged(ftrain, model, folder, seed):
    """[(path, bytes, what `predict --json` says of it)]; the files are written to `folder`."""
    os.makedirs(folder)
    files = contents(seed)
    paths = [os.path.join(folder, f"{i:04d}") for i in range(len(files))]
    for path, data in zip(paths, files):
        with open(path, "wb") as file:
            file.write(data)
    run = subprocess.run([ftrain, "predict", "-m", model, "--json", folder], capture_output=True, text=True)
    if run.returncode != 1:
        raise RuntimeError(f"predict ended with {run.returncode}: {run.stderr[-2000:]}")
    rows = {row["path"]: row for row in map(json.loads, run.stdout.splitlines())}
    return [(path, data, rows[path]) for path, data in zip(paths, files)]
