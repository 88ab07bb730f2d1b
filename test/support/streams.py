# SPDX-License-Identifier: MIT
"""SplitMix64 streams as core/rng.h has them, for the scripts that write golden numbers."""
import numpy as np

MASK = (1 << 64) - 1


def mix(z):
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


class Stream:
    def __init__(self, seed, purpose):
        h = 0xCBF29CE484222325
        for byte in purpose.encode():
            h = ((h ^ byte) * 0x100000001B3) & MASK
        self.key, self.position = mix(seed ^ h), 0

    def next(self):
        self.position += 1
        return mix((self.key + self.position * 0x9E3779B97F4A7C15) & MASK)

    def uniform(self, *shape):
        n = int(np.prod(shape))
        return np.array([(self.next() >> 40) * 2.0**-24 for _ in range(n)], np.float32).reshape(shape)

    def below(self, bound):
        while True:
            product = self.next() * bound
            low = product & MASK
            if low >= bound or low >= (1 << 64) % bound:
                return product >> 64

    def permutation(self, n):
        items = list(range(n))
        for i in range(n, 1, -1):
            j = self.below(i)
            items[j], items[i - 1] = items[i - 1], items[j]
        return items
