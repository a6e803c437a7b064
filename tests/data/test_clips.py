"""Clips: which frames are taken, every format to the pixel, what is refused, and folders of frames."""

from __future__ import annotations

import io
import os
import struct
from pathlib import Path

import numpy as np
import pytest
from data.clip_samples import LOSSLESS, clip, frame_folder, greys, png_chunks, png_file
from data.samples import config, exif, noise, png_of, saved, smooth
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from nettrain.data import clips
from nettrain.data.bad_picture import BadPicture
from nettrain.data.clips import FOLDER, Frames, grouped, in_time, sampled, stamp
from nettrain.data.config import ImageConfig
from nettrain.data.pictures import decode, load
from nettrain.data.tree import DISK

REPEAT = "set data.image.stills: repeat to take such a one for every frame"
STILL = f"a single picture, where a clip is wanted; {REPEAT}"


def of_frames(count: int, height: int = 5, width: int = 4, **settings: object) -> ImageConfig:
    return config(height, width, **{"channels": 1, "frames": count, **settings})


def refused(data: bytes, image: ImageConfig) -> str:
    with pytest.raises(BadPicture) as caught:
        decode(data, image, "x")
    return caught.value.reason


@pytest.mark.parametrize(
    ("total", "frames", "taken"),
    [
        (8, 8, [0, 1, 2, 3, 4, 5, 6, 7]),
        (16, 8, [1, 3, 5, 7, 9, 11, 13, 15]),
        (9, 3, [1, 4, 7]),
        (10, 4, [1, 3, 6, 8]),
        (100, 2, [25, 75]),
        (3, 8, [0, 1, 2, 2, 2, 2, 2, 2]),
        (1, 4, [0, 0, 0, 0]),
    ],
)
def test_which_frames_are_taken(total: int, frames: int, taken: list[int]) -> None:
    assert sampled(total, frames) == taken


@given(st.integers(1, 500), st.integers(1, 100))
def test_frames_are_taken_evenly_each_in_the_middle_of_its_part(total: int, frames: int) -> None:
    taken = sampled(total, frames)
    assert len(taken) == frames
    if total >= frames:
        assert taken == [int((place + 0.5) * total / frames) for place in range(frames)]
        assert taken == [total - 1 - int(np.ceil((place + 0.5) * total / frames) - 1) for place in range(frames)][::-1]
        assert len(set(taken)) == frames
    else:
        assert taken == [*range(total), *[total - 1] * (frames - total)]


@pytest.mark.parametrize("kind", LOSSLESS)
@pytest.mark.parametrize("count", [2, 3, 5, 7])
def test_every_format_gives_its_frames_to_the_pixel(kind: str, count: int) -> None:
    frames = greys(5)
    got = decode(clip(frames, kind), of_frames(count), "x")
    assert got.shape == (count, 5, 4, 1)
    np.testing.assert_array_equal(got[..., 0], [frames[place] for place in sampled(5, count)])


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("PNG", {}),
        ("WEBP", {}),
        ("TIFF", {}),
        *(("TIFF", {"compression": name}) for name in ("tiff_lzw", "tiff_adobe_deflate", "packbits")),
    ],
)
def test_colours_too(kind: str, settings: dict[str, object]) -> None:
    frames = [noise(5, 4, seed=seed) for seed in range(3)]
    np.testing.assert_array_equal(decode(clip(frames, kind, **settings), of_frames(3, channels=3), "x"), frames)


@pytest.mark.parametrize("kind", LOSSLESS)
@pytest.mark.parametrize("disposal", [None, 0, 1])
def test_frames_that_store_only_what_moves_come_out_whole(kind: str, disposal: int | None) -> None:
    ground = noise(12, 12, 1) // 2
    frames = [ground.copy() for _ in range(6)]
    for place, frame in enumerate(frames):
        frame[place : place + 3, 4:7] = 200 + place
    settings = {} if disposal is None or kind != "GIF" else {"disposal": disposal}
    data = clip(frames, kind, **settings)
    np.testing.assert_array_equal(decode(data, of_frames(6, 12, 12), "x")[..., 0], frames)


def test_a_gif_goes_back_to_what_was_before() -> None:
    """Disposal by the ground, and to the frame before, as a viewer shows them."""
    ground = np.full((8, 8), 50, np.uint8)
    spots = []
    for place in range(3):
        spot = Image.new("P", (8, 8), 0)
        spot.putpalette([0, 0, 0, 255, 255, 255] + [0] * 762)
        spot.putpixel((place, place), 1)
        spot.info["transparency"] = 0
        spots.append(spot)
    file = io.BytesIO()
    first = Image.fromarray(ground).convert("P")
    first.save(file, "GIF", save_all=True, append_images=spots, disposal=[1, 3, 3, 3], transparency=0)
    got = decode(file.getvalue(), of_frames(4, 8, 8), "x")[..., 0]
    assert (got[0] == 50).all()
    for place in range(3):
        others = got[place + 1].copy()
        assert others[place, place] == 255
        others[place, place] = 50
        assert (others == 50).all()


def test_a_picture_that_an_apng_shows_elsewhere_is_no_frame() -> None:
    frames = greys(4)
    data = clip(frames, "PNG", default_image=True)
    np.testing.assert_array_equal(decode(data, of_frames(3), "x")[..., 0], frames[1:])
    np.testing.assert_array_equal(decode(data, config(5, 4, channels=1, animated="first"), "x")[..., 0], frames[0])


def test_transparent_pixels_show_the_background() -> None:
    frames = [np.dstack([noise(5, 4, seed=seed), noise(5, 4, 1, seed=seed + 9) // 128 * 255]) for seed in range(3)]
    expected = [np.where(frame[..., 3:] > 0, frame[..., :3], (1, 2, 3)) for frame in frames]
    for kind in ("PNG", "WEBP", "TIFF"):
        settings = {"exact": True} if kind == "WEBP" else {"disposal": 1, "blend": 0} if kind == "PNG" else {}
        got = decode(clip(frames, kind, **settings), of_frames(3, channels=3, background=(1, 2, 3)), "x")
        np.testing.assert_array_equal(got, expected)


def test_deep_pages_keep_their_high_bytes() -> None:
    deep = [np.arange(20, dtype=np.uint16).reshape(5, 4) * 3000 + 77 * place for place in range(3)]
    np.testing.assert_array_equal(decode(clip(deep, "TIFF"), of_frames(3), "x")[..., 0], [d >> 8 for d in deep])


def test_every_frame_is_resized_and_turned_as_a_still_picture_is(tmp_path: Path) -> None:
    frames = [smooth(30, 40), smooth(30, 40)[::-1].copy()]
    folder = tmp_path / "clip"
    folder.mkdir()
    for place, frame in enumerate(frames):
        (folder / f"{place}.jpg").write_bytes(saved(frame, "JPEG", quality=95, exif=exif(6)))
    image = config(8, 6, frames=2, fit="crop")
    alone = [load(folder / f"{place}.jpg", config(8, 6, fit="crop")) for place in range(2)]
    np.testing.assert_array_equal(load(folder, image), alone)
    turned = png_chunks(clip(greys(2), "PNG"))
    turned.insert(1, (b"eXIf", exif(6)))
    expected = [np.rot90(frame, -1) for frame in greys(2)]
    np.testing.assert_array_equal(decode(png_file(turned), of_frames(2, 4, 5), "x")[..., 0], expected)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF"])
def test_a_single_picture_is_refused_or_repeated(kind: str) -> None:
    data = saved(smooth(5, 4), kind, **({"lossless": True} if kind == "WEBP" else {}))
    assert refused(data, of_frames(3)) == STILL
    got = decode(data, of_frames(3, channels=3, stills="repeat"), "x")
    np.testing.assert_array_equal(got, [decode(data, config(5, 4), "x")] * 3)


GIF, PNG, TIFF = (clip(greys(3), kind) for kind in ("GIF", "PNG", "TIFF"))
CHUNKS = png_chunks(PNG)


def changed(kind: bytes, which: int, body: bytes) -> bytes:
    """The APNG with the body of one of its chunks of this kind in place of its own."""
    places = [place for place, (one, _) in enumerate(CHUNKS) if one == kind]
    chunks = list(CHUNKS)
    chunks[places[which]] = kind, body
    return png_file(chunks)


def control(which: int, **numbers: int) -> bytes:
    body = bytearray([body for kind, body in CHUNKS if kind == b"fcTL"][which])
    for name, number in numbers.items():
        struct.pack_into(">I", body, {"width": 4, "height": 8, "x": 12, "y": 16}[name], number)
    return changed(b"fcTL", which, bytes(body))


def body_of(data: bytes) -> bytes:
    """A GIF file after its head and palette."""
    return data[13 + (3 << ((data[10] & 7) + 1) if data[10] & 0x80 else 0) :]


LAST = [body for kind, body in CHUNKS if kind == b"fdAT"][-1]
BAD = {
    "gif cut": (GIF[:-1], "cut off: the GIF file has no trailer"),
    "gif half of its last frame": (GIF[:-9] + b";", "cut off: the GIF file has no trailer"),
    "png cut": (PNG[:-12], "cut off: the PNG file has no end chunk (IEND)"),
    "png more frames than there are": (
        changed(b"acTL", 0, struct.pack(">II", 5, 0)),
        "damaged: the PNG file says that it has 5 frames, and has 3",
    ),
    "png short control": (changed(b"fcTL", 1, bytes(25)), "damaged: its fcTL chunk has a wrong length"),
    "png frame outside": (
        control(1, x=1),
        "damaged: a frame of 4x5 pixels that lies outside the picture",
    ),
    "png frame of nothing": (
        control(1, width=0),
        "damaged: a frame of 0x5 pixels that lies outside the picture",
    ),
    "png cut data": (
        changed(b"fdAT", -1, LAST[:-6]),
        "cut off: the PNG file holds less pixel data than its size needs",
    ),
    "png bad data": (
        changed(b"fdAT", 0, LAST[:6] + bytes([LAST[6] ^ 255]) + LAST[7:]),
        "damaged: the pixel data of the PNG file cannot be inflated",
    ),
    "webp half": (
        (w := clip(greys(3), "WEBP"))[: len(w) // 2],
        "cut off: the WebP file is shorter than its header says",
    ),
    "tiff cut": (TIFF[:-4], None),
}


@pytest.mark.parametrize("name", BAD)
def test_a_damaged_clip_is_refused(name: str) -> None:
    data, reason = BAD[name]
    found = refused(data, of_frames(3))
    assert found.startswith(reason or ("damaged or cut off; the ", "cut off: a page of the TIFF file "))


def test_a_colour_that_is_transparent_wants_samples_of_eight_bits() -> None:
    chunks = list(CHUNKS)
    chunks.insert(1, (b"tRNS", struct.pack(">H", int(greys(1)[0][0, 0]))))
    got = decode(png_file(chunks), of_frames(3, background=(7, 7, 7)), "x")[0, 0, 0, 0]
    assert got == 7
    deep = png_chunks(clip([frame.astype(np.uint16) * 9 for frame in greys(2)], "PNG"))
    deep.insert(1, (b"tRNS", b"\0\1"))
    what = "frames with a transparent colour and samples of 16 bits are not supported; expected 8"
    assert refused(png_file(deep), of_frames(2)) == what


def test_a_frame_larger_than_the_first_is_refused() -> None:
    data = clip(greys(2))[:-1] + body_of(clip(greys(2, 9, 4)))
    assert refused(data, of_frames(3)) == "damaged: frame 3 has 4x9, not 4x5 pixels"


def test_the_number_of_frames_has_a_cap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frames = body_of(GIF)[:-1]
    many = GIF.removesuffix(body_of(GIF)) + frames * 3334 + b";"
    assert refused(many, of_frames(2)) == "a clip of 10002 frames; expected at most 10000"
    monkeypatch.setattr(clips, "MOST_FRAMES", 3)
    folder = frame_folder(tmp_path / "clip", greys(4))
    with pytest.raises(BadPicture) as caught:
        load(folder, of_frames(2))
    assert caught.value.lines() == [f"nettrain: error: {folder}: a clip of 4 frames; expected at most 3"]


@pytest.mark.parametrize("kind", LOSSLESS)
def test_all_that_has_to_be_decoded_has_a_cap(kind: str) -> None:
    """Of an animation every frame up to the last that is taken, of pages only those that are: 46 of 60, or 2."""
    data, image = clip(greys(60), kind), of_frames(2, max_megapixels=20e-6)
    if kind == "TIFF":
        assert decode(data, image, "x").shape == (2, 5, 4, 1)
        return
    what = "46 frames of 4x5 pixels are more than 0.0008 megapixels"
    assert refused(data, image) == f"{what}; data.image.max_megapixels can raise that cap"
    assert decode(data, of_frames(2, max_megapixels=23e-6), "x").shape == (2, 5, 4, 1)


def test_a_gif_of_a_huge_canvas_and_many_tiny_frames_is_refused() -> None:
    frame = b",\0\0\0\0\1\0\1\0\0\2\2L\1\0"
    data = b"GIF89a" + struct.pack("<HH", 5000, 5000) + b"\x80\0\0" + bytes(6) + frame * 500 + b";"
    what = "500 frames of 5000x5000 pixels are more than 1000 megapixels"
    found = refused(data, of_frames(500))
    assert found == f"{what}; data.image.max_megapixels can raise that cap"


class TestFolders:
    def test_frames_stand_in_the_order_of_their_numbers(self, tmp_path: Path) -> None:
        frames = greys(12)
        folder = frame_folder(tmp_path / "clip", frames, "frame {:d}.png")
        np.testing.assert_array_equal(load(folder, of_frames(12))[..., 0], frames)

    def test_what_is_no_picture_is_no_frame(self, tmp_path: Path) -> None:
        folder = frame_folder(tmp_path / "clip", greys(3))
        (folder / "0.txt").write_text("notes")
        (folder / ".0.png").write_bytes(b"hidden")
        (folder / "sub").mkdir()
        np.testing.assert_array_equal(load(folder, of_frames(3))[..., 0], greys(3))

    def test_only_the_frames_that_are_taken_are_read(self, tmp_path: Path) -> None:
        folder = frame_folder(tmp_path / "clip", greys(9))
        for number in range(1, 10):
            if number - 1 not in sampled(9, 3):
                (folder / f"{number}.png").write_bytes(b"no picture")
        np.testing.assert_array_equal(load(folder, of_frames(3))[..., 0], [greys(9)[place] for place in (1, 4, 7)])

    @pytest.mark.parametrize(
        ("files", "reason"),
        [
            ({}, "a folder without pictures; expected the frames of a clip"),
            ({"1.png": png_of(greys(1)[0])}, STILL),
            (
                {"1.png": png_of(greys(1)[0]), "2.png": b"no picture"},
                "frame 2.png: not a picture in a known format; expected one of PNG, JPEG, BMP, GIF, WebP, TIFF",
            ),
            (
                {"1.png": png_of(greys(1)[0]), "2.png": png_of(noise(6, 4, 1))},
                "frame 2.png: frames of several sizes: it has 4x6, the first frame 4x5",
            ),
            (
                {"1.png": png_of(greys(1)[0]), "2.gif": GIF},
                "frame 2.gif: an animation of 3 frames among the frames of a folder",
            ),
        ],
    )
    def test_a_folder_that_is_no_clip_is_refused(self, tmp_path: Path, files: dict[str, bytes], reason: str) -> None:
        folder = tmp_path / "clip"
        folder.mkdir()
        for name, data in files.items():
            (folder / name).write_bytes(data)
        with pytest.raises(BadPicture) as caught:
            load(folder, of_frames(2))
        assert caught.value.lines() == [f"nettrain: error: {folder}: {reason}"]

    def test_a_single_frame_is_repeated_if_so_configured(self, tmp_path: Path) -> None:
        folder = frame_folder(tmp_path / "clip", greys(1))
        np.testing.assert_array_equal(load(folder, of_frames(3, stills="repeat"))[..., 0], greys(1) * 3)

    def test_a_folder_is_no_picture_where_clips_are_not_asked_for(self, tmp_path: Path) -> None:
        with pytest.raises(BadPicture) as caught:
            load(frame_folder(tmp_path / "clip", greys(2)), config(5, 4))
        assert caught.value.reason == "a folder, not a file"

    def test_a_changed_frame_changes_the_stamp(self, tmp_path: Path) -> None:
        folder = frame_folder(tmp_path / "clip", greys(3))
        before = stamp(DISK, str(folder))
        assert stamp(DISK, str(folder)) == before
        (folder / "2.png").write_bytes(png_of(greys(9)[8]))
        assert stamp(DISK, str(folder)) != before
        before = stamp(DISK, str(folder))
        os.remove(folder / "3.png")
        assert stamp(DISK, str(folder)) != before


@given(st.lists(st.tuples(st.text(max_size=5), st.binary(max_size=20)), max_size=5))
def test_frames_together_come_apart_as_they_were(files: list[tuple[str, bytes]]) -> None:
    files = [(name.encode("utf-8", "replace").decode(), data) for name, data in files]
    together = Frames.of(files)
    assert together.apart() == files
    assert Frames.of([*files, ("more", b"")]) != together


def test_names_in_the_order_of_time() -> None:
    names = ["10.png", "9.png", "a2.png", "a10.png", "a02.png", "1.5.png", "1.10.png", "b.png"]
    assert sorted(names, key=in_time) == [
        "1.5.png",
        "1.10.png",
        "9.png",
        "10.png",
        "a02.png",
        "a2.png",
        "a10.png",
        "b.png",
    ]
    long = "9" * 5000  # more digits than Python reads as a number
    assert sorted([f"1{long}.png", f"{long}.png", "0.png", "00.png"], key=in_time) == [
        "0.png",
        "00.png",
        f"{long}.png",
        f"1{long}.png",
    ]


def test_which_files_are_a_clip_together() -> None:
    files = [
        "left/a.gif",
        "left/b/1.png",
        "left/b/10.png",
        "left/b/9.png",
        "left/c/d/1.jpg",
        "left/e/1.gif",
        "left/f.png",
    ]
    asked = []

    def is_still(name: str) -> bool:
        asked.append(name)
        return not name.endswith(".gif")

    assert grouped(files, is_still, 2) == [
        ("left/a.gif", 0),
        ("left/b/", 1),
        ("left/c/d/", 4),
        ("left/e/1.gif", 5),
        ("left/f.png", 6),
    ]
    assert asked == ["left/b/1.png", "left/c/d/1.jpg", "left/e/1.gif"]
    assert grouped(["1.png", "2.png"], is_still, 0) == [(FOLDER, 0)]
    assert grouped([], is_still, 0) == []
