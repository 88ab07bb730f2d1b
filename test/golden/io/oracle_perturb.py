#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Makes test/golden/io/perturb: what Pillow and scipy make of test/golden/io/pictures/tall.png and rgb.png.

    NAME.rgb    width and height as little-endian uint32, then the pixels

Run from the repository root with Debian's python3-pil, python3-numpy and python3-scipy."""
import io, os, struct
import numpy as np
import scipy.ndimage
from PIL import Image

FOLDER = "test/golden/io/perturb"


def keep(name, image):
    with open(f"{FOLDER}/{name}.rgb", "wb") as f:
        f.write(struct.pack("<II", *image.size) + image.convert("RGB").tobytes())


def jpeg(image, quality):
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality, subsampling="4:2:0")
    return Image.open(io.BytesIO(buffer.getvalue()))


def blur(image, sigma):
    pixels = scipy.ndimage.gaussian_filter(np.asarray(image, np.float64), (sigma, sigma, 0), mode="nearest")
    return Image.fromarray(np.rint(pixels).astype(np.uint8))


def resize(image, factor):
    small = image.resize([max(1, round(side * factor)) for side in image.size], Image.BILINEAR)
    return small.resize(image.size, Image.BILINEAR)


def zoom(image, factor):
    width, height = (round(side / factor) for side in image.size)
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))


os.makedirs(FOLDER, exist_ok=True)
for old in os.listdir(FOLDER):
    os.remove(f"{FOLDER}/{old}")
for name in ("tall.png", "rgb.png"):
    picture = Image.open(f"test/golden/io/pictures/{name}").convert("RGB")
    for quality in (1, 30, 75, 90, 100):
        keep(f"{name}.jpeg-{quality}", jpeg(picture, quality))
    for sigma in (0.5, 1, 2, 8):
        keep(f"{name}.blur-{sigma:g}", blur(picture, sigma))
    for factor in (0.5, 0.25, 0.7):
        keep(f"{name}.resize-{factor:g}", resize(picture, factor))
    for factor in (1.25, 2):
        keep(f"{name}.zoom-{factor:g}", zoom(picture, factor))
    keep(f"{name}.grey", picture.convert("L"))
