#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""How well `ftrain audit --labels` finds labels that were planted wrong.

    bench/labels.py [--data DATA] [--ftrain PROGRAM] [--samples PROGRAM] [--cache FOLDER] [-- OPTIONS]

Pictures of different classes, drawn with a seed, change places, until 3, 10 and 20 % of all labels are wrong. `audit
--labels` then judges the set, and its list is compared with what was moved:

  listed       how long the list is
  precision    the share of the list that was moved
  recall       the share of what was moved that is on the list
  by loss      the precision of as many pictures taken by the loss of their given label alone
  AP           average precision of the whole ranking: the list, then all others by margin
  AP, loss     of the ranking by the loss alone

Each line is the mean over --seeds runs. Without --data two sets are drawn by docs/demo's samples: its two classes, and
three, where the third shows photographs taken from further away. With two classes a margin and a loss sort in the same
order inside a class: the two rankings can differ only in how the classes are mixed. OPTIONS go to ftrain audit, as
"-- -w densenet161.pth"; without them seeded, untrained weights are used, on which such a set is hard."""
import argparse
import json
import os
import random
import shutil
import subprocess
import tempfile

SHARES = [0.03, 0.10, 0.20]
SPLITS = ["train", "valid", "test"]
CALIBRATION = 32  # pictures, evenly spread: CALIBRATION_PICTURES of ftrain/backbone/backbone.c
UNTRAINED = ["-w", "random:1", "--arch", "densenet121"]


def draw(samples, folder, three, counts):
    subprocess.run([samples, folder, "--seed", "1", "--count", counts], check=True)
    if not three:
        return
    with tempfile.TemporaryDirectory() as wide:
        subprocess.run([samples, wide, "--seed", "2", "--count", counts, "--framing", "2"], check=True)
        for split in SPLITS:
            shutil.copytree(f"{wide}/{split}/photo", f"{folder}/{split}/wide")


def plant(source, target, share, seed):
    """Links the pictures into `target`, some of them in each other's place; returns the paths of these. Those that random
    weights are calibrated on stay where they are: the network is the same for all runs then, and features are computed
    once."""
    classes = sorted(os.listdir(f"{source}/train"))
    pictures = [(split, label, name) for split in SPLITS for label in classes
                for name in sorted(os.listdir(f"{source}/{split}/{label}"))]
    rng = random.Random(seed)
    free = list(set(range(len(pictures))) - {i * len(pictures) // CALIBRATION for i in range(CALIBRATION)})
    rng.shuffle(free)
    place = list(range(len(pictures)))
    moved = set()
    while len(moved) < round(share * len(pictures) / 2) * 2:
        first = free.pop()
        second = next(i for i in reversed(free) if pictures[i][1] != pictures[first][1])
        free.remove(second)
        place[first], place[second] = second, first
        moved |= {first, second}
    paths = []
    for picture, to in zip(pictures, place):
        paths.append("/".join((target, *pictures[to])))
        os.makedirs(os.path.dirname(paths[-1]), exist_ok=True)
        os.link("/".join((source, *picture)), paths[-1])
    return {paths[i] for i in moved}


def average_precision(ranking, wanted):
    hits, total = 0, 0.0
    for i, path in enumerate(ranking, 1):
        if path in wanted:
            hits += 1
            total += hits / i
    return total / len(wanted)


def measure(arguments, source, share, seed):
    with tempfile.TemporaryDirectory(dir=os.path.dirname(source)) as folder:
        moved = plant(source, folder, share, seed)
        command = [arguments.ftrain, "audit", folder, "--labels", "--json", "-q", "--cache", arguments.cache]
        run = subprocess.run(command + (arguments.options or UNTRAINED), check=True, stdout=subprocess.PIPE)
        labels = json.loads(run.stdout)["labels"]
        listed, others = labels["suspected"], labels["others"]
        by_loss = [row["path"] for row in sorted(listed + others, key=lambda row: row["given_probability"])]
        hits = sum(row["path"] in moved for row in listed)
        loss_hits = sum(path in moved for path in by_loss[:len(listed)])
        return (len(moved), len(listed), hits / max(len(listed), 1), hits / len(moved), loss_hits / max(len(listed), 1),
                average_precision([row["path"] for row in listed + others], moved), average_precision(by_loss, moved),
                labels["accuracy"])


def table(arguments, name, source):
    print(f"\n{name}\n{'moved':>12}  listed  precision  recall  by loss     AP  AP, loss  accuracy out of fold", flush=True)
    for share in SHARES:
        runs = [measure(arguments, source, share, seed) for seed in range(1, arguments.seeds + 1)]
        moved, listed, precision, recall, by_loss, ap, ap_loss, accuracy = (sum(v) / len(runs) for v in zip(*runs))
        print(f"{moved:5.0f} ({share:4.0%})  {listed:6.1f}  {precision:9.3f}  {recall:6.3f}  {by_loss:7.3f}  {ap:5.3f}"
              f"  {ap_loss:8.3f}  {accuracy:.3f}", flush=True)


def main():
    build = os.environ.get("BUILD", "build")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data")
    parser.add_argument("--ftrain", default=f"{build}/ftrain/ftrain")
    parser.add_argument("--samples", default=f"{build}/docs/demo/samples")
    parser.add_argument("--cache")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--count", default="120,30,40", help="pictures of a class in each split of the drawn sets")
    parser.add_argument("options", nargs="*")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        arguments.cache = arguments.cache or f"{folder}/cache"
        if arguments.data:
            # Links must stay on one file system, and the user's folder is left alone.
            shutil.copytree(arguments.data, f"{folder}/data")
            table(arguments, arguments.data, f"{folder}/data")
            return
        for name, three in [("two classes: photo, generated", False), ("three classes: photo, generated, wide", True)]:
            draw(arguments.samples, f"{folder}/{three}", three, arguments.count)
            table(arguments, name, f"{folder}/{three}")


if __name__ == "__main__":
    main()
