#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Makes test/golden/io/form: what Pillow makes of golden pictures where 'ftrain prepare' gives them one form.

    NAME.SIDE-{square,ratio}.rgb   width and height as little-endian uint32, then the pixels: turned by EXIF, resized
                                   with BILINEAR, the middle square cut out or not
    420.rgb, 444.rgb               the pixels of a picture after JPEG of quality 83 with that subsampling

Run from the repository root with Debian's python3-pil and python3-numpy."""
import io, os, struct
from PIL import Image, ImageOps

FOLDER = "test/golden/io/form"


def keep(name, image):
    with open(f"{FOLDER}/{name}.rgb", "wb") as file:
        file.write(struct.pack("<II", *image.size) + image.tobytes())


def formed(path, side, square):
    image = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
    shorter = min(image.size)
    image = image.resize([side * s // shorter for s in image.size], Image.BILINEAR)
    if square:
        left, top = [(s - side) // 2 for s in image.size]
        image = image.crop((left, top, left + side, top + side))
    return image


if __name__ == "__main__":
    os.makedirs(FOLDER, exist_ok=True)
    for path in ("test/golden/io/pictures/photo.jpg", "test/golden/io/pictures/tall.png",
                 "test/golden/io/orientation/large_6.jpg", "test/golden/io/pictures/grey.jpg",
                 "test/golden/io/pictures/cmyk.jpg"):
        for side in (24, 28):
            for square in (True, False):
                name = "%s.%d-%s" % (os.path.basename(path), side, "square" if square else "ratio")
                keep(name, formed(path, side, square))
    photo = Image.open("test/golden/io/pictures/photo.jpg").convert("RGB").crop((0, 0, 64, 48))
    for name, subsampling in (("444", 0), ("420", 2)):
        data = io.BytesIO()
        photo.save(data, "JPEG", quality=83, subsampling=subsampling)
        keep(name, Image.open(data))
