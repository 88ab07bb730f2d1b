#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""classify.py MODEL [-w WEIGHTS] PICTURE...: the classes of pictures, the most probable first.

The same as the example in C. Pictures that cannot be read are named, and the exit status is then 1.
"""
import argparse
import sys

import densenet

BATCH = 8


def judge(classifier, paths):
    """Prints a line for each picture; returns how many could not be judged."""
    names, pictures, failed = [], [], 0
    for path in paths:
        try:
            pictures.append(densenet.read_picture(path))
            names.append(path)
        except densenet.Error as error:
            print(f"classify.py: {error}", file=sys.stderr)
            failed += 1
    if not pictures:
        return failed
    probabilities, unfamiliarity, statuses = classifier.judge(pictures)
    for i, path in enumerate(names):
        if statuses[i]:
            name = densenet.library.dn_status_name(int(statuses[i])).decode()
            print(f"classify.py: {path}: {name}", file=sys.stderr)
            failed += 1
            continue
        order = (-probabilities[i]).argsort(kind="stable")
        answers = " ".join(f"{classifier.classes[c]} {probabilities[i, c]:.4f}" for c in order)
        strange = unfamiliarity is not None and unfamiliarity[i] >= densenet.DN_NOVELTY_LINE
        print(f"{path}: {answers}" + (" (unfamiliar)" if strange else ""))
    return failed


def main():
    parser = argparse.ArgumentParser(description="The classes of pictures, the most probable first.")
    parser.add_argument("model")
    parser.add_argument("-w", "--weights")
    parser.add_argument("pictures", nargs="+", metavar="picture")
    options = parser.parse_args()
    try:
        classifier = densenet.Classifier(options.model, options.weights, batch=BATCH)
        failed = 0
        for first in range(0, len(options.pictures), BATCH):
            failed += judge(classifier, options.pictures[first:first + BATCH])
    except densenet.Error as error:
        print(f"classify.py: {error}", file=sys.stderr)
        return 2
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
