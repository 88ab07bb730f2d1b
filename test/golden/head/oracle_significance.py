#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Golden p-values of the exact tests, from scipy.

    /usr/bin/python3 test/golden/head/oracle_significance.py      writes test/golden/head/significance.txt

A line a case: "binomial K N RATE P", the one-sided test of K or more of N at RATE; "mcnemar B C P", the two-sided
test of B and C discordant pairs. Run from the repository root."""
from scipy.stats import binomtest

BINOMIAL = [(0, 1, 0.5), (1, 1, 0.5), (1, 1, 0.001), (76, 134, 0.5), (67, 134, 0.5), (60, 134, 0.5), (80, 134, 0.5),
            (134, 134, 0.5), (1, 134, 0.5), (30, 30, 0.9), (28, 30, 0.9), (5, 30, 1 / 3), (15, 30, 1 / 3), (3, 3, 2 / 3),
            (999, 1000, 0.99), (120, 1000, 0.1), (500, 1000, 0.1), (900, 1000, 0.1), (2, 1000, 1e-4),
            (50000, 100000, 0.5), (50300, 100000, 0.5), (52000, 100000, 0.5),
            (500000, 1000000, 0.5), (501000, 1000000, 0.5), (510000, 1000000, 0.5), (490000, 1000000, 0.5),
            (999000, 1000000, 0.999), (999100, 1000000, 0.999), (1200, 1000000, 0.001), (333000, 1000000, 1 / 3)]
MCNEMAR = [(0, 1), (1, 1), (2, 8), (8, 2), (5, 5), (0, 5), (0, 6), (12, 3), (40, 61), (61, 40), (500, 430), (50600, 50000)]


def main():
    with open("test/golden/head/significance.txt", "w") as file:
        for k, n, rate in BINOMIAL:
            file.write(f"binomial {k} {n} {rate!r} {float(binomtest(k, n, rate, alternative='greater').pvalue)!r}\n")
        for b, c in MCNEMAR:
            file.write(f"mcnemar {b} {c} {float(binomtest(b, b + c, 0.5).pvalue)!r}\n")


if __name__ == "__main__":
    main()
