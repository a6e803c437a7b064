"""JPEG files: the segments that are kept, and the quick way to their pixels, which must be those of Pillow's own."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from data.samples import exif, noise, saved, smooth
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from nettrain.data.formats import jpeg
from nettrain.data.formats.found import Damaged

FILES = {
    "plain": saved(smooth(40, 61), "JPEG", quality=90),
    "noise": saved(noise(33, 17), "JPEG", quality=30),
    "no subsampling": saved(smooth(31, 33), "JPEG", subsampling=0),
    "half subsampling": saved(smooth(31, 33), "JPEG", subsampling=1),
    "grey": saved(noise(21, 30, 1), "JPEG"),
    "progressive": saved(smooth(50, 50), "JPEG", progressive=True),
    "optimised": saved(smooth(50, 50), "JPEG", optimize=True),
    "restarts": saved(noise(64, 64), "JPEG", restart_marker_blocks=2),
    "RGB samples": saved(smooth(16, 16), "JPEG", keep_rgb=True),
    "exif and a comment": saved(smooth(16, 16), "JPEG", exif=exif(6), comment=b"\xff\xd8\xff a comment"),
    "one pixel": saved(smooth(1, 1), "JPEG"),
}
each_file = pytest.mark.parametrize("data", FILES.values(), ids=FILES)


def by_pillow(data: bytes) -> np.ndarray:
    return np.asarray(JpegImageFile(io.BytesIO(data)))


@each_file
def test_the_quick_way_gives_the_pixels_that_pillow_gives(data: bytes) -> None:
    quick = jpeg.decode(jpeg.inspect(data))
    assert quick is not None
    np.testing.assert_array_equal(np.asarray(quick), by_pillow(data))


@each_file
def test_what_does_not_make_pixels_is_left_out(data: bytes) -> None:
    segment = b"\xff\xe2\x00\x06MPF\0"
    start = data.index(b"\xff\xdb")
    noisy = data[:start] + segment + b"\xff\xff" + data[start:] + b"behind the end"
    found = jpeg.inspect(noisy)
    assert found.data == jpeg.inspect(data).data
    assert found.data.startswith(b"\xff\xd8")
    assert found.data.endswith(b"\xff\xd9")
    assert b"MPF" not in found.data
    np.testing.assert_array_equal(by_pillow(found.data), by_pillow(data))


def test_a_file_of_needed_segments_alone_is_kept_as_it_is() -> None:
    assert jpeg.inspect(FILES["plain"]).data == FILES["plain"]


def test_four_samples_take_a_closer_look() -> None:
    file = io.BytesIO()
    Image.fromarray(smooth(8, 8)).convert("CMYK").save(file, "JPEG")
    assert jpeg.decode(jpeg.inspect(file.getvalue())) is None


def test_no_huffman_table_takes_a_closer_look() -> None:
    data = re.sub(rb"\xff\xc4..[^\xff]*", b"", FILES["plain"], flags=re.DOTALL)
    found = jpeg.inspect(data)
    try:
        expected = by_pillow(found.data)
    except (OSError, SyntaxError):
        assert jpeg.decode(found) is None
    else:
        np.testing.assert_array_equal(np.asarray(jpeg.decode(found)), expected)


@pytest.mark.parametrize("place", range(0, len(FILES["exif and a comment"]) - 2, 23))
def test_a_changed_byte_makes_no_difference_between_the_ways(place: int) -> None:
    data = bytearray(FILES["exif and a comment"])
    data[place] ^= 0x15
    try:
        found = jpeg.inspect(bytes(data))
    except (Damaged, IndexError):
        return
    quick = jpeg.decode(found)
    if quick is not None:
        assert quick.size == (found.width, found.height)
        np.testing.assert_array_equal(np.asarray(quick), by_pillow(found.data))
