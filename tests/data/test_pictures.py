"""The picture path: exact pixels for what is allowed, one reason in words for what is not."""

from __future__ import annotations

import io
import os
import socket
import struct
import threading
import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from data.samples import (
    PALETTE,
    chunk,
    config,
    exif,
    noise,
    png,
    png_of,
    saved,
    smooth,
)
from PIL import Image

from nettrain.data.bad_picture import BadPicture
from nettrain.data.formats.gif import inspect
from nettrain.data.pictures import decode, load
from nettrain.errors import ExitCode

KNOWN = "expected one of PNG, JPEG, BMP, GIF, WebP, TIFF"
JPEG = saved(smooth(64, 48), "JPEG", quality=95)
PNG = png_of(noise(6, 5))
HEADER = struct.pack(">IIBBBBB", 4, 4, 8, 0, 0, 0, 0)
ROWS = zlib.compress(b"\0\1\2\3\4" * 4)
START = b"\x89PNG\r\n\x1a\n"


def raw_png(header: bytes, data: bytes, *extra: bytes) -> bytes:
    return START + chunk(b"IHDR", header) + b"".join(extra) + chunk(b"IDAT", data) + chunk(b"IEND")


def animation(kind: str, frames: int = 3) -> bytes:
    pictures = [Image.fromarray(noise(6, 6, seed=seed)) for seed in range(frames)]
    file = io.BytesIO()
    pictures[0].save(file, kind, save_all=True, append_images=pictures[1:], lossless=True)
    return file.getvalue()


# pixels


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("kind", ["png", "bmp", "gif"])
def test_lossless_formats_keep_every_pixel(kind, channels):
    grey = noise(7, 5, 1)
    data = png_of(grey) if kind == "png" else saved(grey, kind)
    expected = np.repeat(grey[:, :, None], channels, axis=2)
    if channels == 4:
        expected[..., 3] = 255
    pixels = decode(data, config(7, 5, channels=channels), "x")
    np.testing.assert_array_equal(pixels, expected)
    assert pixels.dtype == np.uint8
    assert pixels.flags.c_contiguous
    assert pixels.flags.writeable


def test_colour_becomes_grey_by_bt601():
    pixels = noise(9, 9)
    expected = pixels.astype(float) @ [0.299, 0.587, 0.114]
    got = decode(png_of(pixels), config(9, channels=1), "x")[..., 0]
    assert np.abs(got - expected).max() <= 0.51


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("value", "expected"), [(0, 0), (255, 0), (256, 1), (300, 1), (511, 1), (65535, 255)])
@pytest.mark.parametrize("samples", [1, 2, 3, 4])
def test_16_bit_samples_keep_their_high_byte(samples, value, expected, channels):
    pixels = np.full((3, 3, samples), value, np.uint16)
    if samples in (2, 4):
        pixels[..., -1] = 65535
    assert (decode(png_of(pixels), config(3, channels=channels), "x") == expected).all()


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
def test_grey_of_few_bits_is_scaled_and_its_key_colour_is_transparent(depth):
    top = 2**depth - 1
    row = {1: b"\x40", 2: b"\x80", 4: b"\xa0", 8: b"\xc8\0"}[depth]
    samples = {1: [0, 1], 2: [2, 0], 4: [10, 0], 8: [200, 0]}[depth]
    plain = decode(png([row], 2, depth), config(1, 2, channels=1), "x").ravel()
    assert plain.tolist() == [sample * 255 // top for sample in samples]
    key = chunk(b"tRNS", struct.pack(">H", samples[0]))
    keyed = decode(png([row], 2, depth, 0, key), config(1, 2, channels=4), "x")[0]
    assert keyed[:, 3].tolist() == [0, 255]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_key_colour_shows_the_background(channels, dtype):
    pixels = np.arange(4 * channels, dtype=dtype).reshape(1, 4, channels) * (256 if dtype == np.uint16 else 1)
    key = chunk(b"tRNS", struct.pack(f">{channels}H", *pixels[0, 2]))
    got = decode(png_of(pixels, key), config(1, 4, background=(9, 8, 7)), "x")[0]
    plain = decode(png_of(pixels), config(1, 4), "x")[0]
    np.testing.assert_array_equal(got[[0, 1, 3]], plain[[0, 1, 3]])
    assert got[2].tolist() == [9, 8, 7]


def test_hidden_colour_never_shows_and_alpha_is_exact():
    pixels = noise(8, 8, 4)
    pixels[:4, :, 3] = 0
    colour, alpha = pixels[..., :3].astype(int), pixels[..., 3:].astype(int)
    expected = (2 * (colour * alpha + np.array([10, 20, 30]) * (255 - alpha)) + 255) // 510  # rounded to the nearest
    got = decode(png_of(pixels), config(8, background=(10, 20, 30)), "x")
    np.testing.assert_array_equal(got, expected)


def test_four_channels_keep_alpha():
    pixels = noise(5, 5, 4)
    np.testing.assert_array_equal(decode(png_of(pixels), config(5, channels=4), "x"), pixels)


def test_palette_with_transparency():
    extra = chunk(b"PLTE", bytes([200, 0, 0, 0, 200, 0])), chunk(b"tRNS", bytes([255, 0]))
    data = png([bytes([0, 1])], 2, 8, PALETTE, *extra)
    assert decode(data, config(1, 2), "x")[0].tolist() == [[200, 0, 0], [255, 255, 255]]
    assert decode(data, config(1, 2, channels=4), "x")[0, :, 3].tolist() == [255, 0]


def test_cmyk_is_converted():
    picture = Image.new("CMYK", (8, 8), (255, 0, 0, 0))
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=100)
    red, green, blue = decode(file.getvalue(), config(8), "x")[4, 4].astype(int)
    assert red < 10
    assert green > 245
    assert blue > 245


STORED = {  # what a camera stores for each orientation, from the upright picture
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: np.rot90(a, 1),  # shown after a quarter turn clockwise
    7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),
    8: lambda a: np.rot90(a, -1),
}


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("fit", ["stretch", "crop", "pad"])
def test_exif_orientations_give_eight_identical_arrays(fit, order):
    upright = noise(12, 20)
    for orientation, stored in STORED.items():
        data = png_of(np.ascontiguousarray(stored(upright)), chunk(b"eXIf", exif(orientation, order)))
        image = config(7, 9, fit=fit)
        np.testing.assert_array_equal(decode(data, image, "x"), decode(png_of(upright), image, "x"), str(orientation))


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_exif_orientations_are_read_from_every_format_that_has_them(kind):
    settings = {"quality": 100} if kind == "JPEG" else {"lossless": True}
    plain = decode(saved(smooth(16, 24), kind, **settings), config(16, 24), "x").astype(int)
    for orientation, stored in STORED.items():
        block = b"Exif\0\0" + exif(orientation, "<>"[orientation % 2])
        turned = saved(np.ascontiguousarray(stored(smooth(16, 24))), kind, exif=block, **settings)
        assert np.abs(decode(turned, config(16, 24), "x") - plain).max() <= (6 if kind == "JPEG" else 0), orientation


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("block", [b"II*\0", exif(0), exif(9), exif(6)[:12], b"MM\0*\xff\xff\xff\xff", bytes(40)])
def test_broken_exif_leaves_the_picture_as_stored(kind, block):
    pixels = noise(4, 6)
    data = png_of(pixels, chunk(b"eXIf", block)) if kind == "PNG" else saved(pixels, kind, exif=b"Exif\0\0" + block)
    np.testing.assert_array_equal(decode(data, config(4, 6), "x"), decode(saved(pixels, kind), config(4, 6), "x"))


@pytest.mark.parametrize("kind", ["gif", "png", "webp"])
def test_animations_are_refused_or_give_their_first_frame(kind):
    data = animation(kind)
    with pytest.raises(BadPicture) as caught:
        decode(data, config(6), "x")
    assert caught.value.reason == (
        "an animation of 3 frames, where a single picture is wanted;"
        " set data.image.animated: first to take the first of each, or data.image.frames to train on clips"
    )
    got = decode(data, config(6, animated="first"), "x").astype(int)
    limit = 90 if kind == "gif" else 0  # a palette of 256 colours
    assert np.abs(got - noise(6, 6, seed=0)).max() <= limit


def test_a_still_gif_of_ten_thousand_frames_decodes_one():
    frame = saved(noise(4, 4, 1), "gif")
    start = frame.index(b",")
    many = frame[:start] + frame[start:-1] * 10_000 + b";"
    found = inspect(many)
    assert found.frames == 10_000
    assert found.data == frame


def test_a_second_picture_hidden_in_a_jpeg_is_left_out():
    plain = saved(smooth(16, 16), "JPEG")
    phone = plain[:2] + b"\xff\xe2\x00\x08MPF\0\0\0" + plain[2:] + plain
    np.testing.assert_array_equal(decode(phone, config(8), "x"), decode(plain, config(8), "x"))


def test_the_suffix_does_not_matter(tmp_path):
    file = tmp_path / "photo.jpg"
    file.write_bytes(PNG)
    np.testing.assert_array_equal(load(file, config(6, 5)), noise(6, 5))


def test_a_large_jpeg_is_shrunk_by_its_decoder_to_nearly_the_same():
    data = saved(smooth(1200, 1600), "JPEG", quality=95)
    got = decode(data, config(32, 32), "x").astype(int)
    assert np.abs(got - decode(png_of(smooth(1200, 1600)), config(32, 32), "x")).max() <= 2


# what is refused

HUGE = "pixels are more than 25 megapixels; data.image.max_megapixels can raise that cap"
NO_IEND = "cut off: the PNG file has no end chunk (IEND)"
NO_EOI = "cut off: the JPEG file has no end marker"
SHORT_DATA = "cut off: the PNG file holds less pixel data than its size needs"
NO_KIND = "damaged: its PNG header names a kind of pixels that does not exist"
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 12\n"


def header(width: int, height: int, depth: int = 8, colour: int = 0, rest: bytes = b"\0\0\0") -> bytes:
    return struct.pack(">IIBB", width, height, depth, colour) + rest


REFUSED = {
    "empty": (b"", "the file is empty (0 bytes)"),
    "one byte": (b"\x89", f"not a picture in a known format; {KNOWN}"),
    "text": (b"hello", f"not a picture in a known format; {KNOWN}"),
    "html": (b"\n<!DOCTYPE html><html>", f"an HTML page; {KNOWN}"),
    "svg": (b"<svg xmlns=", f"an SVG drawing; {KNOWN}"),
    "lfs": (LFS, "a Git LFS pointer, not the picture itself; fetch it with 'git lfs pull'"),
    "pdf": (b"%PDF-1.7", f"a PDF document; {KNOWN}"),
    "eps": (b"%!PS-Adobe-3.0 EPSF-3.0", f"a PostScript (EPS) file; {KNOWN}"),
    "tiff": (b"II*\0\x08\0\0\0", "cut off: a page of the TIFF file lies beyond its end"),
    "heic": (b"\0\0\0\x18ftypheic", f"a HEIC, AVIF or video file; {KNOWN}"),
    "zip": (b"PK\x03\x04", f"a ZIP archive; {KNOWN}"),
    "png magic": (PNG[:8], NO_IEND),
    "png without end": (PNG[:-12], NO_IEND),
    "png cut in its end": (PNG[:-1], NO_IEND),
    "png half": (PNG[: len(PNG) // 2], "cut off in its IDAT chunk"),
    "png checksum": (PNG[:45] + bytes([PNG[45] ^ 1]) + PNG[46:], "damaged: the checksum of its IDAT chunk is wrong"),
    "png header checksum": (PNG[:20] + b"\7" + PNG[21:], "damaged: the checksum of its IHDR chunk is wrong"),
    "png no header": (START + chunk(b"IDAT") * 2, "damaged: the PNG file does not begin with a header chunk (IHDR)"),
    "png bad chunk": (START + chunk(b"IHDR", HEADER) + chunk(b"A\x1b B"), "damaged: byte 37 should begin a PNG chunk"),
    "png odd chunk": (raw_png(HEADER, ROWS, chunk(b"ABCD")), "damaged: a PNG file has no ABCD chunk"),
    "png short data": (raw_png(HEADER, zlib.compress(b"\0\1\2\3\4")), SHORT_DATA),
    "png no data": (START + chunk(b"IHDR", HEADER) + chunk(b"IEND"), SHORT_DATA),
    "png cut stream": (raw_png(HEADER, ROWS[:-4]), SHORT_DATA),
    "png bad stream": (
        raw_png(HEADER, ROWS[:-1] + b"\0"),
        "damaged: the pixel data of the PNG file cannot be inflated",
    ),
    "png data bomb": (
        raw_png(HEADER, zlib.compress(bytes(10_000_000))),
        "damaged: the PNG file holds more pixel data than its size needs",
    ),
    "png filter": (
        raw_png(HEADER, zlib.compress(b"\7\1\2\3\4" * 4)),
        "damaged or cut off; the PNG decoder says: unrecognized data stream contents when reading image file",
    ),
    "png depth 3": (raw_png(header(4, 4, 3), ROWS), NO_KIND),
    "png colour 1": (raw_png(header(4, 4, 8, 1), ROWS), NO_KIND),
    "png interlace 2": (raw_png(header(4, 4, rest=b"\0\0\2"), ROWS), NO_KIND),
    "png no palette": (raw_png(header(4, 4, 8, 3), ROWS), "damaged: the PNG file has no palette (PLTE)"),
    "png zero": (raw_png(header(0, 4), ROWS), "damaged: its size is 0x4 pixels"),
    "png 30000": (raw_png(header(30000, 30000), ROWS), f"30000x30000 {HUGE}"),
    "png 2**31": (raw_png(header(2**31 - 1, 2**31 - 1), ROWS), f"{2**31 - 1}x{2**31 - 1} {HUGE}"),
    "jpeg magic": (JPEG[:3], NO_EOI),
    "jpeg half": (JPEG[: len(JPEG) // 2], NO_EOI),
    "jpeg cut by 2": (JPEG[:-2], NO_EOI),
    "jpeg cut by 1": (JPEG[:-1], NO_EOI),
    "jpeg progressive half": ((p := saved(smooth(64, 64), "JPEG", progressive=True))[: len(p) // 2], NO_EOI),
    "jpeg nothing": (b"\xff\xd8\xff\xd9", "damaged: the JPEG file holds no picture"),
    "jpeg twice": (
        JPEG[:-2] + JPEG,
        f"damaged: a second JPEG picture begins at byte {len(JPEG) - 2}, inside the first",
    ),
    "gif magic": (b"GIF89a", "cut off: the GIF file has no trailer"),
    "gif half": ((g := saved(noise(9, 9), "gif"))[: len(g) // 2], "cut off: the GIF file has no trailer"),
    "gif empty": (b"GIF89a\1\0\1\0\0\0\0;", "damaged: the GIF file holds no picture"),
    "gif bomb": (b"GIF89a\xff\xff\xff\xff\0\0\0,\0\0\0\0\1\0\1\0\0\2\1\0\0;", f"65535x65535 {HUGE}"),
    "webp half": (
        (w := saved(noise(9, 9), "webp"))[: len(w) // 2],
        "cut off: the WebP file is shorter than its header says",
    ),
    "webp empty": (b"RIFF\4\0\0\0WEBP", "damaged: the WebP file holds no picture"),
    "webp canvas": (
        b"RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0" + b"\0\0\0\0" + b"\xfe\x3f\0" * 2,
        f"16383x16383 {HUGE}",
    ),
    "bmp magic": (b"BM", "cut off in its header"),
    "bmp half": (
        saved(noise(4, 4), "bmp")[:80],
        "damaged or cut off; the BMP decoder says: image file is truncated (2 bytes not processed)",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_bad_file_gives_its_path_and_one_reason(name, tmp_path):
    data, reason = REFUSED[name]
    file = tmp_path / "x.png"
    file.write_bytes(data)
    with pytest.raises(BadPicture) as caught:
        load(file, config())
    assert caught.value.lines() == [f"nettrain: error: {file}: {reason}"]
    assert caught.value.code == ExitCode.DATA
    assert file.read_bytes() == data


@pytest.mark.parametrize("kind", ["png", "jpeg", "gif", "webp", "bmp"])
def test_no_beginning_of_a_file_is_taken_for_the_whole(kind):
    data = saved(smooth(10, 12), kind)
    for length in range(len(data)):
        with pytest.raises(BadPicture):
            decode(data[:length], config(), "x")


@pytest.mark.parametrize("kind", ["png", "jpeg", "gif", "webp", "bmp"])
def test_damage_anywhere_gives_pixels_or_a_reason_and_nothing_else(kind):
    data, random = saved(smooth(12, 10), kind), np.random.default_rng(7)
    for _ in range(400):
        mutant = bytearray(data)
        for place in random.integers(0, len(data), random.integers(1, 4)):
            mutant[place] = random.integers(0, 256)
        with suppress(BadPicture):
            assert decode(bytes(mutant), config(animated="first"), "x").shape == (4, 4, 3)


@pytest.mark.parametrize("side", [5000, 5001])
def test_the_cap_is_25_megapixels(side):
    data = raw_png(header(5000, side), ROWS)
    with pytest.raises(BadPicture) as caught:
        decode(data, config(), "x")
    assert caught.value.reason == (SHORT_DATA if side == 5000 else f"5000x{side} {HUGE}")


def test_the_cap_of_a_jpeg_that_can_be_shrunk_is_64_megapixels():
    def sized(height: int, width: int) -> bytes:
        place = JPEG.index(b"\xff\xc0")
        return JPEG[: place + 5] + struct.pack(">HH", height, width) + JPEG[place + 9 :]

    with pytest.raises(BadPicture) as caught:
        decode(sized(8001, 8000), config(), "x")
    assert caught.value.reason == (
        "8000x8001 pixels are more than 64 megapixels; data.image.max_megapixels can raise that cap"
    )
    with pytest.raises(BadPicture) as caught:
        decode(sized(65500, 1000), config(), "x")
    assert "are more than 64 megapixels" in caught.value.reason
    with pytest.raises(BadPicture) as caught:
        decode(sized(5001, 5000), config(2000), "x")
    assert caught.value.reason == f"5000x5001 {HUGE}"


def test_max_megapixels_replaces_the_cap():
    data = png_of(noise(40, 50))
    with pytest.raises(BadPicture) as caught:
        decode(data, config(max_megapixels=0.0019), "x")
    assert "50x40 pixels are more than 0.0019 megapixels" in caught.value.reason
    assert decode(data, config(max_megapixels=0.002), "x").shape == (4, 4, 3)


# things that are no files


def test_nothing_but_a_regular_file_is_opened(tmp_path):
    pipe, folder, plug = tmp_path / "pipe.png", tmp_path / "folder.png", tmp_path / "plug.png"
    os.mkfifo(pipe)
    folder.mkdir()
    server = socket.socket(socket.AF_UNIX)
    here = Path.cwd()
    os.chdir(tmp_path)  # a socket's path may be no longer than about 100 bytes
    server.bind("plug.png")
    os.chdir(here)
    loop, lost = tmp_path / "loop.png", tmp_path / "lost.png"
    loop.symlink_to(loop)
    lost.symlink_to(tmp_path / "nowhere.png")
    expected = {
        pipe: "a named pipe (FIFO), not a file",
        folder: "a folder, not a file",
        plug: "a socket, not a file",
        Path("/dev/zero"): "a device, not a file",
        loop: "a link that leads back to itself",
        lost: "a link to a file that is not there",
        tmp_path / "none.png": "no such file",
        tmp_path / ("n" * 300): "the path is too long",
        Path("nul\0.png"): "the path has a NUL character",
    }
    for path, reason in expected.items():
        with pytest.raises(BadPicture) as caught:
            load(path, config())
        assert caught.value.reason == reason
    server.close()


def test_no_permission(tmp_path):
    file = tmp_path / "x.png"
    file.write_bytes(PNG)
    file.chmod(0)
    me = os.geteuid()
    try:
        if me == 0:
            os.seteuid(65534)  # root may read everything
        with pytest.raises(BadPicture) as caught:
            load(file, config())
    finally:
        os.seteuid(me)
    assert caught.value.reason == "no permission to read it"


def test_a_file_larger_than_any_picture_is_not_read_whole(tmp_path):
    file = tmp_path / "x.png"
    with file.open("wb") as sparse:
        sparse.truncate(2_000_000)
    with pytest.raises(BadPicture) as caught:
        load(file, config(max_megapixels=0.1))
    assert caught.value.reason == (
        "the file is larger than 1800000 bytes, more than a picture within the pixel cap needs"
    )


def test_a_control_character_in_a_path_is_escaped():
    assert BadPicture("a\x1b[2J.png", "no such file").lines() == ["nettrain: error: a\\x1b[2J.png: no such file"]


def test_threads_see_no_warnings_and_the_same_pixels():
    data = saved(smooth(64, 64), "JPEG")
    expected, seen = decode(data, config(), "x"), []

    def work() -> None:
        seen.extend(decode(data, config(), "x") for _ in range(20))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 80
    assert all((pixels == expected).all() for pixels in seen)
