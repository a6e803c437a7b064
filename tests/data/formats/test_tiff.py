"""TIFF files made by hand: which pages can be taken, and what is refused before a decoder sees it."""

from __future__ import annotations

import io
import struct
import tracemalloc

import numpy as np
import pytest
from data.samples import config, noise
from data.tiff_samples import file, over_one_another, tiled
from PIL import Image

from nettrain.data.bad_picture import BadPicture
from nettrain.data.formats import tiff
from nettrain.data.formats.found import Damaged
from nettrain.data.pictures import decode

PIXELS = noise(3, 4, 1)
WHOLE = "expected whole ones without a sign, of 1, 2, 4, 8 or 16 bits"


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_pages_of_both_byte_orders(order: str, dtype: type) -> None:
    pages = [noise(3, 4, 1, seed=seed).astype(dtype) * (1 if dtype == np.uint8 else 257) for seed in range(3)]
    found = tiff.inspect(file(*pages, order=order))
    assert (found.width, found.height, found.frames) == (4, 3, 3)
    got = decode(file(*pages, order=order), config(3, 4, channels=1, frames=3), "x")[..., 0]
    np.testing.assert_array_equal(got, [noise(3, 4, 1, seed=seed) for seed in range(3)])
    still = decode(file(pages[0], order=order), config(3, 4, channels=1), "x")[..., 0]
    np.testing.assert_array_equal(still, noise(3, 4, 1, seed=0))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_page_is_turned_upright_once(orientation: int) -> None:
    data = file(PIXELS, t274=orientation)
    expected = {
        1: PIXELS,
        2: PIXELS[:, ::-1],
        3: PIXELS[::-1, ::-1],
        4: PIXELS[::-1],
        5: PIXELS.T,
        6: np.rot90(PIXELS, -1),
        7: PIXELS[::-1, ::-1].T,
        8: np.rot90(PIXELS),
    }[orientation]
    np.testing.assert_array_equal(decode(data, config(*expected.shape, channels=1), "x")[..., 0], expected)


def test_white_as_zero_is_turned_over() -> None:
    np.testing.assert_array_equal(decode(file(PIXELS, t262=0), config(3, 4, channels=1), "x")[..., 0], 255 - PIXELS)


def loop() -> bytes:
    data = bytearray(file(PIXELS, PIXELS))
    second = struct.unpack_from("<I", data, 8 + 2 + 12 * 9)[0]
    struct.pack_into("<I", data, second + 2 + 12 * 9, 8)
    return bytes(data)


REFUSED = {
    "nothing": (b"II*\0" + bytes(4), "damaged: the TIFF file holds no picture"),
    "only its head": (b"II*\0\x08\0", "cut off: the TIFF file is only 6 bytes long"),
    "page beyond the end": (b"II*\0\x08\0\0\0", "cut off: a page of the TIFF file lies beyond its end"),
    "a loop": (loop(), "damaged: page 3 of the TIFF file is one of those before"),
    "several sizes": (
        file(PIXELS, noise(4, 4, 1)),
        "pages of several sizes: page 2 has 4x4 pixels, page 1 4x3",
    ),
    "no size": (file(PIXELS, t256=0), "damaged: its size is 0x3 pixels"),
    "huge": (
        file(PIXELS, t256=30000, t257=30000),
        "30000x30000 pixels are more than 25 megapixels; data.image.max_megapixels can raise that cap",
    ),
    "float": (file(PIXELS.astype(np.float32), t339=3), f"its samples are floating-point numbers of 32 bits; {WHOLE}"),
    "signed": (file(PIXELS.astype(np.int16), t339=2), f"its samples are signed numbers of 16 bits; {WHOLE}"),
    "32 bits": (file(PIXELS.astype(np.uint32)), f"its samples are numbers of 32 bits; {WHOLE}"),
    "12 bits": (file(PIXELS, t258=12), f"its samples are numbers of 12 bits; {WHOLE}"),
    "YCbCr": (file(PIXELS, t262=6), "its samples are of kind 6; expected grey, RGB, a palette or CMYK"),
    "RGB of one sample": (file(PIXELS, t262=2), "its pixels have 1 samples of 8 bits each, which is not supported"),
    "a predictor of its own": (file(PIXELS, t317=3), "its pixels are packed in a way that is not supported"),
    "no palette": (file(PIXELS, t262=3), "damaged: the TIFF file has no palette"),
    "more rows than strips": (
        file(PIXELS, t278=1),
        "damaged: a page of the TIFF file does not say where its pixels are",
    ),
    "fax": (
        file(PIXELS, t259=4),
        "its compression, number 4, is not supported; expected none, LZW, Deflate or PackBits",
    ),
    "13 bands": (
        file(PIXELS.astype(np.uint16), t277=13),
        "its pixels have 13 samples of 16 bits each, which is not supported",
    ),
    "tiles that are mostly outside": (
        file(PIXELS, t256=65500, t257=1, t322=4096, t323=4096),
        "damaged: tiles of 4096x4096 pixels in a picture of 65500x1",
    ),
    "the same strip for ever": (
        over_one_another(5000, b"\x80\x40\x20\x10\x08\x04\x02\x01\x00" * 20_000, compression=5),  # clear, clear, ...
        "damaged: the strips of the TIFF file lie over one another",
    ),
    "nothing said for ever": (
        over_one_another(5000, b"\x80" * 100_000, compression=32773),
        "damaged: the strips of the TIFF file lie over one another",
    ),
    "huge tiles": (
        file(PIXELS, t322=1 << 20, t323=16),
        "damaged: tiles of 1048576x16 pixels in a picture of 4x3",
    ),
    "pixels cut off": (
        file(PIXELS)[:-1],
        "cut off: a page of the TIFF file holds less pixel data than its size needs",
    ),
    "bad Deflate": (
        file(PIXELS, t259=8),
        "damaged: the pixel data of the TIFF file cannot be inflated",
    ),
    "bad LZW": (
        file(PIXELS | 128, t259=5),
        "damaged: the pixel data of the TIFF file has a code that stands for nothing",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_taken_is_refused_with_the_reason(name: str) -> None:
    data, reason = REFUSED[name]
    with pytest.raises(BadPicture) as caught:
        decode(data, config(3, 4, animated="first"), "x")
    assert caught.value.reason.startswith(reason)


def test_several_pages_are_an_animation_where_a_still_picture_is_wanted() -> None:
    with pytest.raises(BadPicture, match="an animation of 2 frames") as caught:
        decode(file(PIXELS, PIXELS), config(3, 4), "x")
    assert "animated: first" in caught.value.reason


def test_pages_that_overlap_end_the_walk_soon() -> None:
    """Each page begins in the first tag of the one before: 900 of them, each good, with 1,000 tags in 24 kB."""
    tags, pages, start = 1000, 900, 18  # the first page's number of tags lies where that of any other would
    good = ((256, 1), (257, 1), (258, 8), (259, 1), (262, 1), (273, 8), (277, 1), (278, 1), (279, 1))
    data = bytearray(b"II*\0" + struct.pack("<I", start - 2) + bytes(start - 10) + struct.pack("<H", tags))
    data += b"".join(struct.pack("<HHIHH", tag, 3, 1, value, tags) for tag, value in good * 223)[: 12 * (tags + pages)]
    for page in range(pages):
        struct.pack_into("<I", data, start + 12 * (tags + page), start - 2 + 12 * (page + 1))
    with pytest.raises(Damaged, match="the pages of the TIFF file have more tags than it has room for"):
        tiff.inspect(bytes(data) + bytes(4))
    assert tiff.inspect(bytes(data[: start + 12 * tags]) + bytes(4)).frames == 1


def test_tags_of_very_many_numbers_take_no_room() -> None:
    """12 of them, each with 4 million numbers."""
    count, head = 4_000_000, 8 + 2 + 12 * 14 + 4
    entries = [(tag, 4, 1, 4) for tag in (256, 257)] + [(tag, 4, count, head) for tag in (258, *range(273, 284))]
    data = b"II*\0" + struct.pack("<IH", 8, len(entries)) + b"".join(struct.pack("<HHII", *one) for one in entries)
    data += bytes(4 + 4 * count)
    tracemalloc.start()
    with pytest.raises(Damaged):
        tiff.inspect(data)
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


PACKINGS = [{}, *({"compression": name} for name in ("tiff_lzw", "tiff_adobe_deflate", "tiff_deflate", "packbits"))]


@pytest.mark.parametrize("packing", PACKINGS, ids=str)
@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize(
    ("mode", "shape"), [("L", ()), ("RGB", (3,)), ("RGBA", (4,)), ("CMYK", (4,)), ("LA", (2,)), ("P", ()), ("1", ())]
)
def test_every_packing_of_every_kind_of_pixels_gives_what_pillow_gives(
    packing: dict[str, str], large: bool, mode: str, shape: tuple[int, ...]
) -> None:
    """Noise, which fills the table of LZW, and runs; in several strips where it is large."""
    height, width = (301, 203) if large else (5, 7)
    values = np.random.default_rng(1).integers(0, 256, (height, width, *shape), np.uint8)
    values[: height // 2] = values[0, 0]
    stored = np.packbits(values > 127, axis=1) if mode == "1" else values
    picture = Image.frombytes(mode, (width, height), stored.tobytes())
    if mode == "P":
        picture.putpalette(np.random.default_rng(2).integers(0, 256, 768, np.uint8).tobytes())
    data = io.BytesIO()
    picture.save(data, "TIFF", **packing)
    image = config(height, width, channels=4 if mode in ("LA", "RGBA") else 3)
    expected = np.asarray(picture.convert("RGBA" if image.channels == 4 else "RGB"))
    np.testing.assert_array_equal(decode(data.getvalue(), image, "x"), expected)


@pytest.mark.parametrize("packing", PACKINGS, ids=str)
def test_differences_are_added_up_again(packing: dict[str, str]) -> None:
    values = noise(40, 31)
    data = io.BytesIO()
    Image.fromarray(values).save(data, "TIFF", tiffinfo={317: 2}, **packing)
    expected = np.asarray(Image.open(data))
    np.testing.assert_array_equal(decode(data.getvalue(), config(40, 31), "x"), expected)


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_tiles_and_planes(apart: bool, dtype: type) -> None:
    """16x16 tiles over 20x35 pixels, samples together or each in a plane of its own."""
    values = np.random.default_rng(3).integers(0, np.iinfo(dtype).max, (20, 35, 3), dtype, endpoint=True)
    expected = values >> (8 if dtype == np.uint16 else 0)
    np.testing.assert_array_equal(decode(tiled(values, apart), config(20, 35), "x"), expected)


def test_transparency_that_is_multiplied_in_already() -> None:
    pixels = np.zeros((2, 2, 4), np.uint8)
    pixels[0, 0] = 100, 50, 0, 128
    file = io.BytesIO()
    Image.frombytes("RGBA", (2, 2), pixels.tobytes()).save(file, "TIFF")
    data, tag = file.getvalue(), struct.pack("<HHI", 338, 3, 1)
    assert tag + b"\2\0" in data
    got = decode(data.replace(tag + b"\2\0", tag + b"\1\0"), config(2, channels=4), "x")[0, 0]
    assert got.tolist() == [199, 99, 0, 128]


@pytest.mark.parametrize("bits", [1, 2, 4])
@pytest.mark.parametrize("meaning", [0, 1])
def test_few_bits_are_spread_over_all_shades(bits: int, meaning: int) -> None:
    values = np.arange(15).reshape(3, 5) % (1 << bits)
    rows = [np.packbits((row[:, None] >> np.arange(bits)[::-1]) & 1) for row in values]
    data = file(np.stack(rows), t256=5, t258=bits, t262=meaning)
    shades = values * 255 // ((1 << bits) - 1)
    expected = shades if meaning else 255 - shades
    np.testing.assert_array_equal(decode(data, config(3, 5, channels=1), "x")[..., 0], expected)
