#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Features in NumPy and pandas, by the code of docs/export.md; and heads that scikit-learn and PyTorch train on them, which
`ftrain import` takes back: ftrain then predicts what they predict."""
import shutil

from support import *

try:
    import numpy
    import pandas
except ImportError as error:
    skip(f"{error.name} is missing (Debian: python3-numpy, python3-pandas)")

NETWORK = ("--resize", 64, "--crop", 64, "-w", "random:1", "--arch", "densenet121")


def execute(word, **names):
    """Runs the snippet that holds the word; its names afterwards."""
    exec(compile(snippet("python", word), f"docs/export.md: {word}", "exec"), names)
    return names


def test_arrays(found):
    features, rows = found["features"], found["rows"]
    check("the array is mapped", isinstance(features, numpy.memmap) and features.dtype == numpy.float32)
    check("a row of the table for each of its rows", len(rows) == len(features) == 2 * 16 + 8 + 8)
    check("whose columns have their types", rows["label"].dtype.kind == "i" and set(rows["view"]) == {"plain", "flip"})
    check("numpy writes the same file", (numpy.save("again.npy", features), open("again.npy", "rb").read())[1] ==
          open("features.npy", "rb").read())
    check("the rows that are chosen", found["x"].shape == (16, 1024) and sorted(set(found["y"])) == ["generated", "photo"])
    csv = execute("the same from CSV")
    check("CSV has the same table", csv["rows"][list(rows.columns)].equals(rows))
    check("and the same numbers to the bit", numpy.array_equal(csv["values"], features))


def test_odd_names():
    odd = 'NA, "x"\t\u00e9\\.jpg'
    shutil.copytree("flowers", "odd")
    pathlib.Path("odd/test/photo/000.jpg").rename("odd/test/photo/" + odd)
    run("extract", "odd", *NETWORK, "-q", "-o", "odd.safetensors")
    run("export", "odd.safetensors", "odd.npy")
    run("export", "odd.safetensors", "odd.csv")
    rows = pandas.read_csv("odd.csv", keep_default_na=False)
    check("CSV has odd names as they are", "test/photo/" + odd in set(rows["path"]))
    table = pandas.read_csv("odd.tsv", sep="\t", quoting=3, keep_default_na=False)
    check("a table has them escaped", 'test/photo/NA, "x"\\t\u00e9\\\\.jpg' in set(table["path"]))


def test_scikit_learn(found, rows, pictures):
    try:
        names = execute("a head of scikit-learn's", x=found["x"], y=found["y"])
    except ImportError as error:
        print(f"ok - scikit-learn # SKIP {error.name} is missing (Debian: python3-sklearn)")
        return
    run("import", "head.npz", *NETWORK, "--data", "flowers", "-o", "sklearn.safetensors")
    expected = names["head"].predict_proba(names["scaler"].transform(rows))
    check("a head of scikit-learn's predicts as there", far(predict("sklearn.safetensors", pictures), expected) < 1e-5)


def test_torch(found, rows, pictures):
    try:
        names = execute("a head of PyTorch's", x=found["x"], y=found["y"], numpy=numpy)
    except ImportError as error:
        print(f"ok - PyTorch # SKIP {error.name} is missing (Debian: python3-torch)")
        return
    run("import", "head.pth", *NETWORK, "--data", "flowers", "-o", "torch.safetensors")
    torch = names["torch"]
    with torch.no_grad():
        expected = names["head"].eval()(torch.tensor(rows)).softmax(1).tolist()
    check("a head of PyTorch's predicts as there", far(predict("torch.safetensors", pictures), expected) < 1e-5)


with workplace():
    pictures = make_pictures()
    run("extract", "flowers", *NETWORK, "-q", "-o", "features.safetensors")
    run("export", "features.safetensors", "features.npy")
    run("export", "features.safetensors", "features.csv")
    found = execute("features by their table")
    test_arrays(found)
    test_odd_names()
    paths = ["test/" + "/".join(picture.parts[-2:]) for picture in pictures]
    rows = numpy.array([found["features"][list(found["rows"]["path"]).index(path)] for path in paths])
    test_scikit_learn(found, rows, pictures)
    test_torch(found, rows, pictures)
finish()
