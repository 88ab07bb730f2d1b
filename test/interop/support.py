# SPDX-License-Identifier: MIT
"""What the tests of other programs share: a trained model, its predictions, and the code in the documents.

    make interop                                       runs all of them
    BUILD=build test/interop/test_torch.py             runs one, from the repository root

Where another program is missing, its tests skip and say so.
"""
import contextlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from cases import check, finish  # noqa: E402, F401 (for the tests)

root = pathlib.Path(__file__).resolve().parents[2]
build = pathlib.Path(os.environ.get("BUILD", "build")).resolve()
ftrain = build / "ftrain" / "ftrain"
samples = build / "docs" / "demo" / "samples"
peers = build / "peers"  # npm's packages


def skip(why):
    print(f"ok - {pathlib.Path(sys.argv[0]).name} # SKIP {why}")
    sys.exit(0)


@contextlib.contextmanager
def workplace():
    """A new folder, in which the test then is, and which holds the program's cache, too."""
    with tempfile.TemporaryDirectory(prefix="ftrain-interop-") as name:
        os.environ["XDG_CACHE_HOME"] = name + "/cache"
        for variable in ("DENSENET_WEIGHTS", "TORCH_HOME", "DN_ISA"):
            os.environ.pop(variable, None)
        os.chdir(name)
        yield pathlib.Path(name)
        os.chdir("/")


def run(*arguments, tier=None):
    """What ftrain prints."""
    environment = dict(os.environ, **({"DN_ISA": tier} if tier else {}))
    done = subprocess.run([ftrain, *map(str, arguments)], capture_output=True, text=True, env=environment)
    if done.returncode != 0:
        raise RuntimeError(f"ftrain {arguments}: status {done.returncode}: {done.stderr}")
    return done.stdout


def make_pictures(side=64):
    """A data set of drawn pictures, which no resizing changes; the pictures of its test split."""
    subprocess.run([samples, "flowers", "--seed", "5", "--count", "8,4,4", "--size", str(side)], check=True)
    return sorted(pathlib.Path("flowers/test").glob("*/*.jpg"))


def train(name, *options, side=64):
    run("train", "flowers", "--resize", side, "--crop", side, "--epochs", 3, "-q", "-o", name, *options)


def predict(model, pictures, *options, tier=None):
    """Their probabilities, in the order of the classes of the model."""
    lines = run("predict", "-m", model, "--format", "json", *options, *pictures, tier=tier).splitlines()
    rows = [json.loads(line)["probabilities"] for line in lines]
    return [[row[name] for name in sorted(row)] for row in rows]


def far(found, expected):
    """The largest difference of two lists of lists of numbers."""
    return max(abs(a - b) for x, y in zip(found, expected, strict=True) for a, b in zip(x, y, strict=True))


def snippet(language, word):
    """The one block of code of docs/export.md in this language that holds the word."""
    text = (root / "docs" / "export.md").read_text()
    blocks = [code for kind, code in re.findall(r"^```(\w+)\n(.*?)^```", text, re.M | re.S) if kind == language]
    fitting = [code for code in blocks if word in code]
    if len(fitting) != 1:
        raise RuntimeError(f"docs/export.md: {len(fitting)} blocks of {language} hold {word!r}")
    return fitting[0]


def printed(text):
    """What the snippets print, lines of "class probability", by the names of the classes."""
    rows = [line.rsplit(maxsplit=1) for line in text.splitlines()]
    return [float(value) for _, value in sorted((name, value) for name, value in rows)]
