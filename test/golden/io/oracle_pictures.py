#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Makes test/golden/io/pictures: small synthetic pictures in every format, and what Pillow and torchvision make
of them.

    NAME            the file
    NAME.rgb        width and height as little-endian uint32, then Pillow's convert('RGB')
    NAME.RESIZE-CROP.input
                    resize and crop as little-endian uint32, then torchvision's tensor, (crop, crop, 3) float32

Run from the repository root with Debian's python3-pil, python3-numpy and python3-torchvision. With arguments,
RESIZE CROP FILE..., it writes to standard output instead, for each file: width, height and the CRC-32 of the RGB
bytes as little-endian uint32, then the tensor."""
import io, os, struct, sys, zlib
import numpy as np
from PIL import Image
from torchvision import transforms

FOLDER = "test/golden/io/pictures"
MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


def picture(width, height, seed=1):
    """Smooth colour waves with some noise and hard edges."""
    rng = np.random.RandomState(seed)
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    waves = [127 + 90 * np.sin(x / a + seed) * np.cos(y / b) for a, b in ((7, 9), (5, 13), (11, 6))]
    pixels = np.stack(waves, 2) + rng.uniform(-20, 20, (height, width, 3))
    pixels[height // 4 : height // 2, width // 4 : width // 2] = (250, 5, 120)
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def tensor(image, resize, crop):
    steps = transforms.Compose(
        [transforms.Resize(resize), transforms.CenterCrop(crop), transforms.ToTensor(), transforms.Normalize(MEAN, STD)]
    )
    return steps(image).permute(1, 2, 0).contiguous().numpy().astype("<f4")


def write(name, data):
    with open(f"{FOLDER}/{name}", "wb") as f:
        f.write(data)


def keep(name, data, inputs=(), image=None):
    """The file, and what Pillow makes of it, or `image` where that is not right."""
    write(name, data)
    image = (image or Image.open(io.BytesIO(data))).convert("RGB")
    write(name + ".rgb", struct.pack("<II", *image.size) + image.tobytes())
    for resize, crop in inputs:
        write(f"{name}.{resize}-{crop}.input", struct.pack("<II", resize, crop) + tensor(image, resize, crop).tobytes())


def encoded(image, format, **options):
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def grey16_png(width, height):
    """A 16-bit RGB PNG: Pillow cannot write one."""
    values = (np.arange(width * height * 3, dtype=np.uint32) * 977 % 65536).astype(">u2").reshape(height, -1)
    rows = b"".join(b"\0" + row.tobytes() for row in values)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def packbits(row):
    """Literal runs only: valid PackBits."""
    return b"".join(bytes([len(row[i : i + 128]) - 1]) + row[i : i + 128] for i in range(0, len(row), 128))


def psd(image, compressed):
    planes = [np.asarray(image)[:, :, c] for c in range(3)]
    width, height = image.size
    head = b"8BPS" + struct.pack(">H6xHIIHH", 1, 3, height, width, 8, 3) + struct.pack(">III", 0, 0, 0)
    if not compressed:
        return head + struct.pack(">H", 0) + b"".join(p.tobytes() for p in planes)
    rows = [packbits(row.tobytes()) for p in planes for row in p]
    return head + struct.pack(">H", 1) + struct.pack(f">{len(rows)}H", *map(len, rows)) + b"".join(rows)


def marker_at(jpeg, marker):
    """Where the first segment of that marker begins."""
    at = 2
    while jpeg[at + 1] != marker:
        at += 2 + struct.unpack(">H", jpeg[at + 2 : at + 4])[0]
    return at


def odd_jpegs(jpeg):
    """Sound files with headers that decoders warn about, as cameras and other programs write them."""
    scan, tables = marker_at(jpeg, 0xDA), marker_at(jpeg, 0xDB)
    data = scan + 2 + jpeg[scan + 3]
    yield "odd_scan_range.jpg", jpeg[: data - 3] + b"\0\0\0" + jpeg[data:]
    yield "odd_jfif_version.jpg", jpeg[:11] + b"\2" + jpeg[12:]
    yield "odd_stray_bytes.jpg", jpeg[:tables] + b"\x11\x22\x33" + jpeg[tables:]
    adobe = b"\xff\xee\0\x0eAdobe" + struct.pack(">HHHB", 100, 0, 0, 7)
    yield "odd_adobe_transform.jpg", jpeg[:2] + adobe + jpeg[20:]


def pnm(kind, image, largest):
    """Samples of all sizes up to the largest, by the picture's."""
    levels = np.asarray(image).astype(np.float64) / 255 * largest
    samples = np.round(levels).astype(">u2" if largest > 255 else "u1")
    return kind + b"\n# a comment\n%d %d\n%d\n" % (*image.size, largest) + samples.tobytes()


def top_down(bmp):
    """The same BMP with its topmost row first and a negative height."""
    pixels, height = struct.unpack("<I", bmp[10:14])[0], struct.unpack("<i", bmp[22:26])[0]
    row = (len(bmp) - pixels) // height
    rows = [bmp[pixels + y * row : pixels + (y + 1) * row] for y in range(height)]
    return bmp[:22] + struct.pack("<i", -height) + bmp[26:pixels] + b"".join(reversed(rows))


def make():
    os.makedirs(FOLDER, exist_ok=True)
    for old in os.listdir(FOLDER):
        os.remove(f"{FOLDER}/{old}")
    small = picture(37, 29)
    for subsampling, name in ((0, "444"), (1, "422"), (2, "420")):
        keep(f"baseline_{name}.jpg", encoded(small, "JPEG", quality=85, subsampling=subsampling))
        keep(f"progressive_{name}.jpg", encoded(small, "JPEG", quality=70, subsampling=subsampling, progressive=True))
    keep("grey.jpg", encoded(small.convert("L"), "JPEG", quality=80))
    keep("cmyk.jpg", encoded(small.convert("CMYK"), "JPEG", quality=80))
    # The same scan data, declared as YCCK by the Adobe marker's transform byte.
    cmyk = bytearray(encoded(small.convert("CMYK"), "JPEG", quality=80))
    cmyk[cmyk.index(b"Adobe") + 11] = 2
    keep("ycck.jpg", bytes(cmyk))
    keep("trailing_bytes.jpg", encoded(small, "JPEG") + b"trailing bytes")
    for name, data in odd_jpegs(encoded(small, "JPEG", quality=85)):
        keep(name, data)

    keep("rgb.png", encoded(small, "PNG"))
    keep("rgb16.png", grey16_png(13, 11))
    # Pillow clips 16-bit grey to white: the high byte is right.
    wide = np.asarray(small.convert("L")).astype(np.uint16) * 256 + 77
    keep("grey16.png", encoded(Image.fromarray(wide), "PNG"), image=small.convert("L"))
    frames = [picture(37, 29, seed) for seed in (4, 5, 6)]
    keep("animated.png", encoded(frames[0], "PNG", save_all=True, append_images=frames[1:]))
    rgba = small.copy()
    rgba.putalpha(small.convert("L"))
    keep("rgba.png", encoded(rgba, "PNG"))
    keep("grey_alpha.png", encoded(rgba.convert("LA"), "PNG"))
    keep("grey.png", encoded(small.convert("L"), "PNG"))
    keep("bilevel.png", encoded(small.convert("1"), "PNG"))
    keep("palette.png", encoded(small.quantize(16), "PNG"))
    keep("palette_transparent.png", encoded(small.quantize(200), "PNG", transparency=3))

    keep("palette.gif", encoded(small.quantize(64), "GIF"))
    keep("transparent.gif", encoded(small.quantize(64), "GIF", transparency=5))
    keep("interlaced.gif", encoded(small.quantize(64), "GIF", interlace=True))
    frames = [picture(37, 29, seed).quantize(32) for seed in (2, 3)]
    keep("animated.gif", encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    keep("rgb.bmp", encoded(small, "BMP"))
    keep("palette.bmp", encoded(small.quantize(16), "BMP"))
    keep("top_down.bmp", top_down(encoded(small, "BMP")))
    keep("top_down_palette.bmp", top_down(encoded(small.quantize(16), "BMP")))
    keep("rgb.tga", encoded(small, "TGA"))
    keep("runs.tga", encoded(small.quantize(8).convert("RGB"), "TGA", compression="tga_rle"))
    keep("grey.tga", encoded(small.convert("L"), "TGA"))
    keep("rgb.ppm", encoded(small, "PPM"))
    keep("grey.pgm", encoded(small.convert("L"), "PPM"))
    keep("rgb16.ppm", pnm(b"P6", small, 65535))
    keep("rgb1000.ppm", pnm(b"P6", small, 1000))
    keep("rgb15.ppm", pnm(b"P6", small, 15))
    keep("grey100.pgm", pnm(b"P5", small.convert("L"), 100))
    # Of grey Pillow clips two bytes to white, and scales those of colour: three equal channels say what is right.
    grey = small.convert("L").convert("RGB")
    colour = Image.open(io.BytesIO(pnm(b"P6", grey, 65535)))
    keep("grey16.pgm", pnm(b"P5", small.convert("L"), 65535), image=colour)
    keep("raw.psd", psd(small, False))
    keep("runs.psd", psd(small, True))

    # Preprocessing: shrinking, enlarging, odd and even differences, smaller than the crop, exactly fitting.
    keep("wide.png", encoded(picture(150, 101), "PNG"), [(48, 32), (33, 32), (35, 32), (61, 32), (40, 64)])
    keep("tall.png", encoded(picture(41, 68), "PNG"), [(48, 32), (80, 32), (41, 32), (33, 36)])
    keep("photo.jpg", encoded(picture(150, 101), "JPEG", quality=85), [(48, 32)])


def compare_live(resize, crop, files):
    for path in files:
        image = Image.open(path).convert("RGB")
        data = struct.pack("<II", *image.size) + struct.pack("<I", zlib.crc32(image.tobytes()))
        sys.stdout.buffer.write(data + tensor(image, resize, crop).tobytes())


if __name__ == "__main__":
    if len(sys.argv) > 3:
        compare_live(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
    else:
        make()
