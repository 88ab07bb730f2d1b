#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Makes test/golden/io/webp, tiff and heif: small synthetic pictures in all the ways that these formats have, and
the pixels that they stand for. Formats as in oracle_pictures.py: NAME.rgb has width, height and RGB.

WebP and TIFF: Pillow's convert('RGB') says what is right. Of grey with 16 bits Pillow clips to white; there the high
byte is right. HEIC and AVIF: Pillow reads neither, so the picture that was given to the encoder is right, but for
the rounding of YCbCr where the encoding is without loss. heif-enc (Debian's libheif-examples) writes them; where it is not installed, what
is there stays.

Run from the repository root with Debian's python3-pil, python3-numpy and python3-torchvision."""
import io, os, shutil, struct, subprocess, sys, tempfile, zlib
import numpy as np
from PIL import Image, ImageOps

sys.path.insert(0, "test/golden/io")
from oracle_orientation import exif
from oracle_pictures import encoded, picture

FOLDER = "test/golden/io"
SMALL = picture(37, 29)
SLOPES = Image.fromarray(np.fromfunction(lambda y, x, c: x + y * c, (64, 72, 3)).astype(np.uint8))


def write(name, data, image):
    """The file, and the image that it stands for."""
    with open(f"{FOLDER}/{name}", "wb") as file:
        file.write(data)
    with open(f"{FOLDER}/{name}.rgb", "wb") as file:
        file.write(struct.pack("<II", *image.size) + image.convert("RGB").tobytes())


def keep(name, data):
    image = Image.open(io.BytesIO(data))
    image.load()
    write(name, data, image)


def clear(folder):
    os.makedirs(f"{FOLDER}/{folder}", exist_ok=True)
    for old in os.listdir(f"{FOLDER}/{folder}"):
        os.remove(f"{FOLDER}/{folder}/{old}")


# ---- WebP ----


def with_alpha(image):
    out = image.copy()
    out.putalpha(image.convert("L"))
    return out


def riff(chunks):
    body = b"WEBP" + b"".join(k + struct.pack("<I", len(d)) + d + b"\0" * (len(d) % 2) for k, d in chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def chunks_of(webp):
    at, out = 12, []
    while at + 8 <= len(webp):
        size = struct.unpack("<I", webp[at + 4 : at + 8])[0]
        out.append((webp[at : at + 4], webp[at + 8 : at + 8 + size]))
        at += 8 + size + size % 2
    return out


def frame_on_canvas(image, canvas, left, top):
    """An animation whose first frame covers a part of its canvas."""
    frame = [c for c in chunks_of(encoded(image, "WEBP", lossless=True)) if c[0] in (b"VP8L", b"VP8 ")][0]

    def place(x, y):
        numbers = (x // 2, y // 2, image.size[0] - 1, image.size[1] - 1, 100)
        head = b"".join(struct.pack("<I", n)[:3] for n in numbers) + b"\0"
        return b"ANMF", head + frame[0] + struct.pack("<I", len(frame[1])) + frame[1] + b"\0" * (len(frame[1]) % 2)

    size = b"".join(struct.pack("<I", n - 1)[:3] for n in canvas)
    head = [(b"VP8X", b"\x02\0\0\0" + size), (b"ANIM", b"\xff\xff\xff\xff\0\0")]
    return riff(head + [place(left, top), place(0, 0)])


def make_webp():
    clear("webp")
    rgba = with_alpha(SMALL)
    keep("webp/lossy.webp", encoded(SMALL, "WEBP", quality=80))
    keep("webp/lossless.webp", encoded(SMALL, "WEBP", lossless=True))
    keep("webp/lossy_alpha.webp", encoded(rgba, "WEBP", quality=80))
    keep("webp/lossless_alpha.webp", encoded(rgba, "WEBP", lossless=True, exact=True))
    frames = [picture(37, 29, seed) for seed in (2, 3, 4)]
    keep("webp/animated.webp", encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:], quality=70))
    keep("webp/part_of_canvas.webp", frame_on_canvas(picture(11, 7), (37, 29), 6, 10))
    keep("webp/exif_6.webp", encoded(SMALL, "WEBP", quality=60, exif=exif(6, "<")))
    keep("webp/exif_prefix_8.webp", encoded(SMALL, "WEBP", quality=60, exif=b"Exif\0\0" + exif(8, ">")))


# ---- TIFF ----

SHORT, LONG = 3, 4


def tiff(tags, blocks, order="<", big=False, places=(273, 279), pages=None):
    """A TIFF of one page, or of `pages` that have the same blocks: the blocks, and behind them the folders. `tags` is
    {tag: (type, values)}; `places` are the tags of the blocks' positions and lengths."""
    mark = b"II" if order == "<" else b"MM"
    word = "Q" if big else "I"
    head = mark + (struct.pack(order + "HHHQ", 43, 8, 0, 0) if big else struct.pack(order + "HI", 42, 0))
    data, positions = bytearray(head), []
    for block in blocks:
        positions.append(len(data))
        data += block + b"\0" * (len(block) % 2)
    link = len(head) - (8 if big else 4)
    for extra in pages or [{}]:
        page = {**tags, **extra}
        page[places[0]] = (LONG, positions)
        page[places[1]] = (LONG, [len(b) for b in blocks])
        entries = []
        for tag in sorted(page):
            kind, values = page[tag]
            raw = struct.pack(order + {SHORT: "H", LONG: "I"}[kind] * len(values), *values)
            if len(raw) > (8 if big else 4):
                field = struct.pack(order + word, len(data))
                data += raw + b"\0" * (len(raw) % 2)
            else:
                field = raw.ljust(8 if big else 4, b"\0")
            entries.append(struct.pack(order + "HH" + word, tag, kind, len(values)) + field)
        data[link : link + (8 if big else 4)] = struct.pack(order + word, len(data))
        data += struct.pack(order + ("Q" if big else "H"), len(entries)) + b"".join(entries)
        link = len(data)
        data += b"\0" * (8 if big else 4)
    return bytes(data)


def tags_of(width, height, bits, photometric, rows=None, compression=1, **more):
    tags = {
        256: (LONG, [width]), 257: (LONG, [height]), 258: (SHORT, bits), 259: (SHORT, [compression]),
        262: (SHORT, [photometric]), 277: (SHORT, [len(bits)]), 278: (LONG, [rows or height]),
    }  # fmt: skip
    names = {"planar": 284, "extra": 338, "format": 339, "orientation": 274, "fill": 266, "predictor": 317}
    tags.update({names[k]: (SHORT, v if isinstance(v, list) else [v]) for k, v in more.items()})
    return tags


def strips(array, rows):
    return [array[y : y + rows].tobytes() for y in range(0, len(array), rows)]


def packed(values, bits):
    """Rows of samples of less than 8 bits, each row in whole bytes."""
    spread = (values[:, :, None] >> np.arange(bits - 1, -1, -1)) & 1
    return np.packbits(spread.reshape(len(values), -1).astype(np.uint8), axis=1)


def tiles(array, width, height):
    """Tiles of the array, filled up with 7."""
    out = []
    for y in range(0, array.shape[0], height):
        for x in range(0, array.shape[1], width):
            tile = np.full((height, width) + array.shape[2:], 7, array.dtype)
            part = array[y : y + height, x : x + width]
            tile[: part.shape[0], : part.shape[1]] = part
            out.append(tile.tobytes())
    return out


def make_tiff_by_pillow():
    grey = SMALL.convert("L")
    for name in ("lzw", "packbits", "adobe_deflate", "deflate"):
        keep(f"tiff/{name}.tif", encoded(SMALL, "TIFF", compression=f"tiff_{name}" if name != "packbits" else name))
    keep("tiff/zstd.tif", encoded(SMALL, "TIFF", compression="zstd"))
    keep("tiff/webp.tif", encoded(SMALL, "TIFF", compression="webp"))
    keep("tiff/jpeg.tif", encoded(SMALL, "TIFF", compression="jpeg", quality=85))
    keep("tiff/jpeg_grey.tif", encoded(grey, "TIFF", compression="jpeg", quality=85))
    keep("tiff/jpeg_ycbcr.tif", encoded(SMALL.convert("YCbCr"), "TIFF", compression="jpeg", quality=85))
    for name in ("group3", "group4", "tiff_ccitt"):
        keep(f"tiff/{name}.tif", encoded(SMALL.convert("1"), "TIFF", compression=name))
    keep("tiff/raw.tif", encoded(SMALL, "TIFF"))
    keep("tiff/palette.tif", encoded(SMALL.quantize(200), "TIFF"))
    keep("tiff/grey_alpha.tif", encoded(with_alpha(SMALL).convert("LA"), "TIFF"))
    keep("tiff/rgba.tif", encoded(with_alpha(SMALL), "TIFF"))
    keep("tiff/cmyk.tif", encoded(SMALL.convert("CMYK"), "TIFF"))
    for orientation in range(1, 9):  # Pillow turns TIFF by itself
        keep(f"tiff/orientation_{orientation}.tif", encoded(picture(5, 9), "TIFF", tiffinfo={274: orientation}))
    pages = [picture(13, 7, seed) for seed in (5, 6, 7)]
    keep("tiff/pages.tif", encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:]))


def make_tiff_by_hand():
    rgb, grey = np.asarray(SMALL), np.asarray(SMALL.convert("L"))
    height, width = grey.shape
    rgba = np.dstack([rgb, grey])
    wide = (rgb.astype(np.uint16) << 8) + rgb[:, :, ::-1]
    for bits in (1, 2, 4):
        values = grey >> (8 - bits)
        for white, name in ((1, "black_is_zero"), (0, "white_is_zero")):
            keep(f"tiff/{bits}_bits_{name}.tif",
                 tiff(tags_of(width, height, [bits], white, 10), strips(packed(values, bits), 10)))  # fmt: skip
        colours = np.random.RandomState(bits).randint(0, 65536, 3 << bits).tolist()
        tags = tags_of(width, height, [bits], 3, 10)
        tags[320] = (SHORT, colours)
        keep(f"tiff/{bits}_bits_palette.tif", tiff(tags, strips(packed(values, bits), 10), ">"))
    keep("tiff/white_is_zero.tif", tiff(tags_of(width, height, [8], 0, 10), strips(grey, 10)))
    keep("tiff/big_endian.tif", tiff(tags_of(width, height, [8] * 3, 2, 8), strips(rgb, 8), ">"))
    keep("tiff/bigtiff.tif", tiff(tags_of(width, height, [8] * 3, 2, 8), strips(rgb, 8), big=True))
    keep("tiff/rgb16.tif", tiff(tags_of(width, height, [16] * 3, 2, 8), strips(wide.astype("<u2"), 8)))
    keep("tiff/rgb16_big_endian.tif", tiff(tags_of(width, height, [16] * 3, 2, 8), strips(wide.astype(">u2"), 8), ">"))
    cmyk16 = np.dstack([wide, wide[:, :, 0] // 2])
    keep("tiff/cmyk16.tif", tiff(tags_of(width, height, [16] * 4, 5, 8), strips(cmyk16.astype("<u2"), 8)))
    keep("tiff/premultiplied.tif", tiff(tags_of(width, height, [8] * 4, 2, 8, extra=1), strips(rgba, 8)))
    rgba16 = np.dstack([wide, wide[:, :, 1]])
    keep("tiff/premultiplied16.tif",
         tiff(tags_of(width, height, [16] * 4, 2, 8, extra=1), strips(rgba16.astype("<u2"), 8)))  # fmt: skip
    more = np.dstack([rgba, grey, grey])
    keep("tiff/extra_samples.tif", tiff(tags_of(width, height, [8] * 6, 2, 8, extra=[0, 0, 0]), strips(more, 8)))
    planes = [block for c in range(3) for block in strips(np.ascontiguousarray(rgb[:, :, c]), 8)]
    keep("tiff/planes.tif", tiff(tags_of(width, height, [8] * 3, 2, 8, planar=2), planes))
    differences = np.concatenate([rgb[:, :1], np.diff(rgb, axis=1)], axis=1)
    deflated = [zlib.compress(block) for block in strips(differences, 8)]
    keep("tiff/predictor.tif", tiff(tags_of(width, height, [8] * 3, 2, 8, 8, predictor=2), deflated))
    for name, blocks, more in (
        ("tiles", tiles(rgb, 16, 16), {}),
        ("tiles_deflated", [zlib.compress(b) for b in tiles(rgb, 32, 16)], {"compression": 8}),
    ):
        tags = tags_of(width, height, [8] * 3, 2, **more)
        del tags[278]
        tags[322], tags[323] = (LONG, [32 if more else 16]), (LONG, [16])
        keep(f"tiff/{name}.tif", tiff(tags, blocks, places=(324, 325)))
    preview = tags_of(width, height, [8] * 3, 2, 8)
    pages = [{}, {254: (LONG, [1])}, {254: (LONG, [0])}, {254: (LONG, [4])}]
    keep("tiff/preview_and_mask.tif", tiff(preview, strips(rgb, 8), pages=pages))

    # Pillow clips these to white: the high byte is right.
    high = Image.fromarray((wide[:, :, 1] >> 8).astype(np.uint8))
    write("tiff/grey16.tif", tiff(tags_of(width, height, [16], 1, 8), strips(wide[:, :, 1].astype("<u2"), 8)), high)
    write("tiff/grey16_white_is_zero.tif",
          tiff(tags_of(width, height, [16], 0, 8), strips(wide[:, :, 1].astype(">u2"), 8), ">"),
          ImageOps.invert(high))  # fmt: skip
    # Outside JPEG Pillow reads YCbCr where it is compressed. With chroma of half the size a unit is four brightnesses
    # and one of each chroma.
    ycbcr = np.asarray(SMALL.convert("YCbCr"))[:28, :36]
    units = ycbcr.reshape(14, 2, 18, 2, 3).transpose(0, 2, 1, 3, 4).reshape(14, 18, 4, 3)
    halved = np.concatenate([units[:, :, :, 0], units[:, :, 0, 1:]], axis=2)
    for name, sampling, blocks in (("ycbcr", 1, strips(ycbcr, 8)), ("ycbcr_halved", 2, strips(halved, 4))):
        tags = tags_of(36, 28, [8] * 3, 6, 8, 8)
        tags[530] = (SHORT, [sampling, sampling])
        keep(f"tiff/{name}.tif", tiff(tags, [zlib.compress(block) for block in blocks]))


def make_refused_tiff():
    """Sound files of kinds that are refused by name."""
    grey = np.asarray(SMALL.convert("L"))
    height, width = grey.shape
    for name, data in (
        ("float", encoded(SMALL.convert("F"), "TIFF")),
        ("int32", encoded(SMALL.convert("I"), "TIFF")),
        ("signed16", tiff(tags_of(width, height, [16], 1, 8, format=2), strips(grey.astype("<i2"), 8))),
        ("unsigned32", tiff(tags_of(width, height, [32], 1, 8), strips(grey.astype("<u4"), 8))),
        ("lab", encoded(Image.merge("LAB", SMALL.split()), "TIFF")),
        ("lzma", encoded(SMALL, "TIFF", compression="lzma")),
        ("mostly_tile", tiff({**tags_of(8, 8, [8], 1), 322: (LONG, [4096]), 323: (LONG, [4096])}, [b"\0" * 64],
                             places=(324, 325))),
    ):  # fmt: skip
        with open(f"{FOLDER}/tiff/refused_{name}.tif", "wb") as file:
            file.write(data)


def make_tiff():
    clear("tiff")
    make_tiff_by_pillow()
    make_tiff_by_hand()
    make_refused_tiff()


# ---- HEIC and AVIF ----


def heif_encoded(image, name, *options):
    with tempfile.TemporaryDirectory() as folder:
        image.save(f"{folder}/in.png")
        done = subprocess.run(["heif-enc", *options, "-o", f"{folder}/{name}", f"{folder}/in.png"], capture_output=True)
        if done.returncode:
            sys.exit(done.stderr.decode())
        with open(f"{folder}/{name}", "rb") as file:
            return file.read()


def box(kind, data):
    return struct.pack(">I", len(data) + 8) + kind + data


def with_property(heif, kind, data):
    """One more property of the first item: behind the others in `ipco`, and named last in `ipma`."""
    ipco = heif.index(b"ipco") - 4
    size = struct.unpack(">I", heif[ipco : ipco + 4])[0]
    count, at = 0, ipco + 8
    while at < ipco + size:
        count, at = count + 1, at + struct.unpack(">I", heif[at : at + 4])[0]
    added = box(kind, data)
    ipma = heif.index(b"ipma") - 4
    end = ipma + struct.unpack(">I", heif[ipma : ipma + 4])[0]
    assert heif[ipma + 8 : ipma + 16] == b"\0\0\0\0\0\0\0\1", "version 0, one item"
    named = ipma + 18  # the number of its properties
    out = bytearray(heif[: ipco + size] + added + heif[ipco + size : end] + bytes([0x80 | (count + 1)]) + heif[end:])
    out[named + len(added)] += 1
    grown = len(added) + 1
    for kind, by in ((b"ipco", len(added)), (b"ipma", 1), (b"iprp", grown), (b"meta", grown)):
        place = bytes(out).index(kind) - 4
        out[place : place + 4] = struct.pack(">I", struct.unpack(">I", out[place : place + 4])[0] + by)
    return shift_item(bytes(out), grown)


def shift_item(heif, by):
    """The first item's position in `iloc`, which heif-enc writes in version 0 or 1 with 4 bytes."""
    iloc = heif.index(b"iloc") - 4
    version = heif[iloc + 8]
    assert heif[iloc + 12] == 0x44 and version in (0, 1), "positions and lengths of 4 bytes"
    at = iloc + 16 + 2 + (2 if version else 0) + 2 + (heif[iloc + 13] >> 4) + 2
    out = bytearray(heif)
    out[at : at + 4] = struct.pack(">I", struct.unpack(">I", heif[at : at + 4])[0] + by)
    return bytes(out)


def sequence(avif, count):
    """The same file with a track of so many samples behind it."""
    sizes = box(b"stsz", struct.pack(">III", 0, 10, count))
    return avif + box(b"moov", box(b"trak", box(b"mdia", box(b"minf", box(b"stbl", sizes)))))


def make_heif():
    clear("heif")
    exact = ("-L", "-p", "chroma=444", "--matrix_coefficients=0")
    for name, kind in (("heic", ()), ("avif", ("-A",))):
        lossless = heif_encoded(SMALL, f"x.{name}", *kind, *exact)
        write(f"heif/lossless.{name}", lossless, SMALL)
        write(f"heif/lossy.{name}", heif_encoded(SLOPES, f"x.{name}", *kind, "-q", "90"), SLOPES)
        write(f"heif/alpha.{name}", heif_encoded(with_alpha(SMALL), f"x.{name}", *kind, *exact), SMALL)
        # Anticlockwise by 90 degrees. Of smaller pictures heif-enc makes HEIC of several items.
        plain = heif_encoded(SLOPES, f"x.{name}", *kind, *exact)
        write(f"heif/turned.{name}", with_property(plain, b"irot", b"\1"), SLOPES.transpose(Image.ROTATE_90))
    write("heif/sequence.avif", sequence(heif_encoded(SMALL, "x.avif", "-A", *exact), 12), SMALL)


# ---- large pictures in small files, for what decoding takes in memory ----


def write_large(name, data):
    with open(f"{FOLDER}/large/{name}", "wb") as file:
        file.write(data)


def make_large():
    clear("large")
    flat = Image.new("RGB", (1600, 1000), (90, 120, 150))
    write_large("lossless.webp", encoded(flat, "WEBP", lossless=True))
    write_large("lossy_alpha.webp", encoded(with_alpha(flat), "WEBP", quality=50))
    write_large("deflate.tif", encoded(flat, "TIFF", compression="tiff_adobe_deflate"))
    write_large("jpeg.tif", encoded(flat, "TIFF", compression="jpeg", quality=50))
    wide = np.full((1000, 1600, 4), 30000, "<u2")
    one_strip = tags_of(1600, 1000, [16] * 4, 2, 1000, 8, extra=2)
    write_large("one_strip.tif", tiff(one_strip, [zlib.compress(wide.tobytes())]))
    write_large("announced.tif", tiff(tags_of(10000, 10000, [8] * 3, 2, 10000, 8), [zlib.compress(b"\0" * 5000)]))
    if shutil.which("heif-enc"):
        write_large("flat.heic", heif_encoded(flat, "x.heic", "-q", "50"))
        write_large("flat.avif", heif_encoded(flat, "x.avif", "-A", "-q", "50"))
        # Coded as 3200 x 3000 pixels, of which the file says that they are 64 x 64.
        coded = heif_encoded(Image.new("RGB", (3200, 3000)), "x.heic", "-q", "50")
        write_large("coded.heic", coded.replace(struct.pack(">II", 3200, 3000), struct.pack(">II", 64, 64)))
        coded = heif_encoded(Image.new("RGB", (3200, 3000)), "x.avif", "-A", "-q", "50")
        write_large("coded.avif", coded.replace(struct.pack(">II", 3200, 3000), struct.pack(">II", 64, 64)))


if __name__ == "__main__":
    make_large()
    make_webp()
    make_tiff()
    if shutil.which("heif-enc"):
        make_heif()
