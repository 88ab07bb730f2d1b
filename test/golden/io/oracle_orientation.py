#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Makes test/golden/io/orientation: pictures whose EXIF gives each orientation, and what Pillow's
ImageOps.exif_transpose() makes of them. Formats as in oracle_pictures.py: NAME.rgb holds the turned pixels,
NAME.RESIZE-CROP.input the tensor of the turned picture.

Run from the repository root with Debian's python3-pil, python3-numpy and python3-torchvision."""
import io, os, struct, sys
from PIL import Image, ImageOps

sys.path.insert(0, "test/golden/io")
from oracle_pictures import chunk, encoded, picture, tensor

FOLDER = "test/golden/io/orientation"


def exif(orientation, order):
    """A TIFF header and a folder of one entry, in either byte order."""
    mark = b"MM" if order == ">" else b"II"
    return struct.pack(order + "2sHIHHHIHHI", mark, 42, 8, 1, 0x0112, 3, 1, orientation, 0, 0)


def in_jpeg(jpeg, block):
    segment = b"Exif\0\0" + block
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + jpeg[2:]


def in_png(png, block, behind):
    """Before the pixels or behind them: the last chunk takes 12 bytes, the signature and the first 33."""
    at = len(png) - 12 if behind else 33
    return png[:at] + chunk(b"eXIf", block) + png[at:]


def keep(name, data, *inputs):
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB")
    with open(f"{FOLDER}/{name}", "wb") as file:
        file.write(data)
    with open(f"{FOLDER}/{name}.rgb", "wb") as file:
        file.write(struct.pack("<II", *image.size) + image.tobytes())
    for resize, crop in inputs:
        with open(f"{FOLDER}/{name}.{resize}-{crop}.input", "wb") as file:
            file.write(struct.pack("<II", resize, crop) + tensor(image, resize, crop).tobytes())


if __name__ == "__main__":
    os.makedirs(FOLDER, exist_ok=True)
    jpeg, png = encoded(picture(13, 7), "JPEG", quality=90), encoded(picture(5, 9), "PNG")
    for orientation in range(1, 9):
        order = "<>"[orientation % 2]
        keep(f"{orientation}.jpg", in_jpeg(jpeg, exif(orientation, order)))
        keep(f"{orientation}.png", in_png(png, exif(orientation, order), orientation % 3 == 0))
    keep("none.jpg", jpeg)
    keep("out_of_range.jpg", in_jpeg(jpeg, exif(9, "<")))
    keep("first_counts.jpg", in_jpeg(in_jpeg(jpeg, exif(3, "<")), exif(8, "<")))
    large = encoded(picture(61, 45), "JPEG", quality=90)
    keep("large_6.jpg", in_jpeg(large, exif(6, ">")), (40, 32))
