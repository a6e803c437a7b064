"""Odd pictures among thousands: extreme shapes, many frames, inks; what changes between listing and use."""

from __future__ import annotations

import io
import os
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from data.archives.packing import packed, zipped
from data.samples import chunk, config, folder, noise, png_of, saved, smooth
from data.sources.making import put
from PIL import Image

from nettrain.data.bad_picture import BadPicture
from nettrain.data.cache import Bad
from nettrain.data.cache import decode as decode_all
from nettrain.data.pictures import decode
from nettrain.data.sources.table import list_source
from nettrain.data.split import Split
from nettrain.errors import DataError

FITS = ("stretch", "crop", "pad")
LONG = {"PNG": 65_500, "JPEG": 65_500, "GIF": 65_500, "BMP": 65_500, "WEBP": 16_383}  # pixels, the most there can be
DETAILS = {"JPEG": {"quality": 100, "subsampling": 0}, "WEBP": {"lossless": True}}


def split_of(root: Path) -> Split:
    listing = list_source(root)
    return Split("train", listing.reader, listing.files, listing.labels, listing.classes)


@pytest.mark.parametrize("turned", [False, True], ids=["wide", "high"])
@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("kind", LONG)
def test_a_picture_one_pixel_high(kind: str, fit: str, turned: bool) -> None:
    """Left half dark, right half light: so it is after a stretch; its middle is left by a crop, a line by a pad."""
    side = LONG[kind]
    pixels = np.where(np.arange(side) < side // 2, 40, 220).astype(np.uint8)
    line = np.repeat(pixels[None, :, None], 3, axis=2)
    data = saved(line.transpose(1, 0, 2) if turned else line, kind, **DETAILS.get(kind, {}))
    got = decode(data, config(32, fit=fit), "x").astype(int)
    got = got.transpose(1, 0, 2) if turned else got
    near = 3 if kind == "JPEG" else 0
    if fit == "stretch":
        assert np.abs(got[:, :15] - 40).max() <= near
        assert np.abs(got[:, 17:] - 220).max() <= near
    elif fit == "crop":
        assert set(np.unique(got // 90)) <= {0, 1, 2}
        assert (np.ptp(got[:, 0], axis=0) == 0).all()  # it is one pixel, or the edge between two
    else:
        inked = (got != 255).any(axis=(1, 2))
        assert inked.sum() == 1
        assert np.abs(got[inked][0, :15] - 40).max() <= near


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("kind", LONG)
def test_a_picture_of_one_pixel(kind: str, fit: str) -> None:
    data = saved(np.full((1, 1, 3), (200, 100, 50), np.uint8), kind, **DETAILS.get(kind, {}))
    got = decode(data, config(32, fit=fit), "x").astype(int)
    assert np.abs(got - np.array([200, 100, 50])).max() <= 2


@pytest.mark.parametrize("kind", ["gif", "webp", "png"])
def test_ten_thousand_frames_are_counted_and_one_is_made(kind: str) -> None:
    file = io.BytesIO()
    frames = [Image.fromarray(noise(4, 4, seed=seed)) for seed in (1, 2)]
    frames[0].save(file, kind, save_all=True, append_images=frames[1:], lossless=True)
    data = file.getvalue()
    plain = decode(data, config(4, animated="first"), "x")
    if kind == "gif":
        place = data.rindex(b"\x21\xf9")
        data = data[:place] + data[place:-1] * 9999 + b";"
    elif kind == "webp":
        place = data.rindex(b"ANMF")
        data = data[:place] + data[place:] * 9999
        data = data[:4] + struct.pack("<I", len(data) - 8) + data[8:]
    else:
        place = data.index(b"acTL") - 4
        data = data[:place] + chunk(b"acTL", struct.pack(">II", 10_000, 0)) + data[place + 20 :]
    with pytest.raises(BadPicture) as caught:
        decode(data, config(4), "x")
    assert caught.value.reason == (
        "an animation of 10000 frames, where a single picture is wanted;"
        " set data.image.animated: first to take the first of each, or data.image.frames to train on clips"
    )
    np.testing.assert_array_equal(decode(data, config(4, animated="first"), "x"), plain)


@pytest.mark.parametrize("colour", [(255, 0, 0, 0), (0, 255, 0, 0), (0, 0, 255, 0), (0, 0, 0, 255), (0, 0, 0, 0)])
def test_inks_are_what_is_missing_of_white(colour: tuple[int, ...]) -> None:
    file = io.BytesIO()
    Image.new("CMYK", (16, 16), colour).save(file, "JPEG", quality=100)  # inverted, as Adobe's programs write it
    assert b"Adobe" in file.getvalue()
    *inks, black = (value / 255 for value in colour)
    expected = [255 * (1 - ink) * (1 - black) for ink in inks]
    got = decode(file.getvalue(), config(4), "x").reshape(-1, 3)
    assert np.abs(got - expected).max() <= 3


@pytest.mark.parametrize("kind", [b"zTXt", b"iTXt", b"iCCP"])
def test_chunks_that_grow_are_never_inflated(kind: bytes) -> None:
    packed = zlib.compress(bytes(50_000_000))
    body = b"k\0\1\0\0\0" + packed if kind == b"iTXt" else b"k\0\0" + packed
    got = decode(png_of(noise(3, 3), chunk(kind, body)), config(3), "x")
    np.testing.assert_array_equal(got, noise(3, 3))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"RIFF\4\0\0\0WEBP", "damaged: the WebP file holds no picture"),
        (b"RIFF", "not a picture in a known format; expected one of PNG, JPEG, BMP, GIF, WebP, TIFF"),
        (b"\xff\xd8", "not a picture in a known format; expected one of PNG, JPEG, BMP, GIF, WebP, TIFF"),
        (b"GIF8", "not a picture in a known format; expected one of PNG, JPEG, BMP, GIF, WebP, TIFF"),
        (b"B", "not a picture in a known format; expected one of PNG, JPEG, BMP, GIF, WebP, TIFF"),
    ],
)
def test_a_beginning_alone(data: bytes, reason: str) -> None:
    with pytest.raises(BadPicture) as caught:
        decode(data, config(), "x")
    assert caught.value.reason == reason


# files that are two things at once: a picture is what it begins as, and what lies in it or behind it is never looked at

PIXELS = smooth(8, 8)
ZIP = b"PK\3\4" + bytes(26) + b"PK\5\6" + bytes(18)
SCRIPT = b"<script>alert(1)</script><?php system('id'); ?>\n#!/bin/sh\nexit 1\n"
TWO_AT_ONCE = {
    **{f"{kind}, then a zip": saved(PIXELS, kind) + ZIP for kind in ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF")},
    "PNG, then HTML": saved(PIXELS, "PNG") + b"<html>" + SCRIPT,
    "PNG with a script in its text": png_of(PIXELS, chunk(b"tEXt", b"Comment\0" + SCRIPT)),
    "PNG with a PDF in a chunk": png_of(PIXELS, chunk(b"prVt", b"%PDF-1.7\n%%EOF")),
    "PNG, then a JPEG": saved(PIXELS, "PNG") + saved(PIXELS[::-1], "JPEG"),
    "JPEG with a script in its comment": saved(PIXELS, "JPEG", comment=SCRIPT),
    "JPEG with a script in its EXIF": saved(PIXELS, "JPEG", exif=b"Exif\0\0" + SCRIPT),
    "JPEG with a zip in its comment": saved(PIXELS, "JPEG", comment=ZIP),
    "JPEG, then another": saved(PIXELS, "JPEG") + saved(PIXELS[::-1], "JPEG"),
    "GIF with a script in its comment": saved(PIXELS, "GIF", comment=SCRIPT),
    "WebP, then a script": saved(PIXELS, "WEBP") + SCRIPT,
}


@pytest.mark.parametrize("name", TWO_AT_ONCE)
def test_a_file_that_is_two_things_is_the_picture_that_it_begins_as(name: str) -> None:
    kind = name.partition(",")[0].partition(" ")[0].upper()
    got = decode(TWO_AT_ONCE[name], config(8), "x")
    np.testing.assert_array_equal(got, decode(saved(PIXELS, kind), config(8), "x"))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"%PDF-1.7\n" + saved(PIXELS, "JPEG"), "a PDF document"),
        (b"<html>" + saved(PIXELS, "PNG"), "an HTML page"),
        (ZIP + saved(PIXELS, "PNG"), "a ZIP archive"),
        (b"Rar!\x1a\7\1\0" + saved(PIXELS, "PNG"), "a RAR archive"),
        (b"7z\xbc\xaf\x27\x1c\0\4" + saved(PIXELS, "PNG"), "a 7z archive"),
        (b"BZh9" + saved(PIXELS, "PNG"), "a bzip2 archive"),
        (b"a/1.png".ljust(257, b"\0") + b"ustar\0" + saved(PIXELS, "PNG"), "a tar archive"),
        (b"#!/bin/sh\n" + saved(PIXELS, "GIF"), "not a picture in a known format"),
        (b"\xff\xd8\xff" + saved(PIXELS, "PNG"), None),
        (b"\x89PNG\r\n\x1a\n" + saved(PIXELS, "JPEG"), None),
    ],
)
def test_a_picture_behind_something_else_is_none(data: bytes, reason: str | None) -> None:
    with pytest.raises(BadPicture) as caught:
        decode(data, config(), "x")
    known = "expected one of PNG, JPEG, BMP, GIF, WebP, TIFF"
    assert reason is None or caught.value.reason == f"{reason}; {known}"


def test_a_name_that_lies_about_the_format_does_no_harm(tmp_path: Path) -> None:
    root = folder(tmp_path / "data", {"a": 2, "b": 2})
    (root / "a" / "photo.jpg").write_bytes(saved(smooth(9, 9), "GIF"))
    (root / "b" / "drawing.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n")
    with pytest.raises(DataError) as caught:
        decode_all(split_of(root), config())
    assert caught.value.lines() == [
        f"nettrain: error: {root}/b/drawing.png: a PostScript (EPS) file; "
        "expected one of PNG, JPEG, BMP, GIF, WebP, TIFF"
    ]


# between listing and use


def test_what_is_gone_cut_or_another_thing_since_listing(tmp_path: Path) -> None:
    root = folder(tmp_path / "data", {"a": 6, "b": 2})
    split = split_of(root)
    (root / "a/000.png").unlink()
    (root / "a/001.png").write_bytes((root / "a/001.png").read_bytes()[:-20])
    (root / "a/002.png").unlink()
    (root / "a/002.png").mkdir()
    (root / "a/003.png").unlink()
    os.mkfifo(root / "a/003.png")
    with (root / "a/004.png").open("ab") as file:  # it grows: what is behind a picture is no part of it
        file.write(bytes(1000))
    with pytest.raises(DataError) as caught:
        decode_all(split, config(), workers=2)
    assert caught.value.lines() == [
        f"nettrain: error: {root}/a/000.png: no such file",
        f"nettrain: error: {root}/a/001.png: cut off in its IDAT chunk",
        f"nettrain: error: {root}/a/002.png: a folder, not a file",
        f"nettrain: error: {root}/a/003.png: a named pipe (FIFO), not a file",
    ]


def test_one_of_a_thousand_without_permission(tmp_path: Path) -> None:
    root = folder(tmp_path / "data", {"a": 1, "b": 1})
    for number in range(1, 999):
        os.link(root / "a/000.png", root / f"a/{number:03}.png")
    (root / "b/001.png").write_bytes(png_of(noise(4, 4)))
    (root / "b/001.png").chmod(0)
    for above in (root, *root.parents[:5]):  # with pytest-xdist, a folder of its own for each worker
        above.chmod(above.stat().st_mode | 0o055)
    me, split = os.geteuid(), split_of(root)
    try:
        if me == 0:
            os.seteuid(65534)  # root may read everything
        with pytest.raises(DataError) as caught:
            decode_all(split, config(), workers=2)
        skipped = decode_all(split, config(), "skip", workers=2)
    finally:
        os.seteuid(me)
    assert caught.value.lines() == [f"nettrain: error: {root}/b/001.png: no permission to read it"]
    assert skipped.bad == (Bad("b/001.png", "no permission to read it"),)
    assert len(skipped) == 1000


@pytest.mark.parametrize(("ending", "bad"), [("", 5000), (".zip", 500), (".tar.gz", 500)])
def test_half_of_ten_thousand_are_bad(tmp_path: Path, ending: str, bad: int) -> None:
    good, names = png_of(noise(4, 4, 1)), [f"{number:04}.png" for number in range(1, bad)]
    files = {"a/000.png": good, "a/bad.png": b"", "b/000.png": good}
    files |= {f"a/{name}": b"" for name in names} | {f"b/{name}": good for name in names}
    root = packed(tmp_path / f"data{ending}", files) if ending else put(tmp_path / "data", files)
    split = split_of(root)
    assert len(split.files) == 2 * bad + 1
    with pytest.raises(DataError) as caught:
        decode_all(split, config(), workers=2)
    assert len(caught.value.faults) == bad
    first, *_, last = caught.value.lines()
    assert first == f"nettrain: error: {root}/a/0001.png: the file is empty (0 bytes)"
    assert last == f"nettrain: error: and {bad - 20} more"
    skipped = decode_all(split, config(), "skip", workers=2)
    assert (len(skipped), len(skipped.bad)) == (bad + 1, bad)
    assert skipped.bad[-1] == Bad("a/bad.png", "the file is empty (0 bytes)")


def test_one_damaged_member_of_a_thousand(tmp_path: Path) -> None:
    files = {f"{label}/{number:03}.png": png_of(noise(4, 4, 1, seed=number)) for label in "ab" for number in range(500)}
    path = zipped(tmp_path / "data.zip", files, zipfile.ZIP_STORED)
    data = bytearray(path.read_bytes())
    data[data.index(b"a/321.png") + 40] ^= 1
    path.write_bytes(data)
    split = split_of(path)
    with pytest.raises(DataError) as caught:
        decode_all(split, config(), workers=2)
    why = "in the archive it is damaged: its CRC-32 is another one"
    assert caught.value.lines() == [f"nettrain: error: {path}/a/321.png: {why}"]
    skipped = decode_all(split, config(), "skip", workers=2)
    assert (len(skipped), skipped.bad) == (999, (Bad("a/321.png", why),))


@pytest.mark.parametrize("ending", [".zip", ".tar", ".tar.gz"])
def test_an_archive_that_grows_goes_or_is_replaced_since_listing_is_the_one_that_was_listed(
    tmp_path: Path, ending: str
) -> None:
    files = {f"{label}/{number}.png": png_of(noise(4, 4, 1, seed=number)) for label in "ab" for number in range(3)}
    path = packed(tmp_path / f"data{ending}", files)
    split = split_of(path)
    expected = decode_all(split, config()).take(np.arange(6))
    with path.open("ab") as file:
        file.write(bytes(5000))
    np.testing.assert_array_equal(decode_all(split, config()).take(np.arange(6)), expected)
    os.replace(packed(tmp_path / f"other{ending}", dict.fromkeys(files, b"")), path)
    np.testing.assert_array_equal(decode_all(split, config()).take(np.arange(6)), expected)
    path.unlink()
    np.testing.assert_array_equal(decode_all(split, config()).take(np.arange(6)), expected)
