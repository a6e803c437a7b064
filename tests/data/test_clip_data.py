"""Clips on their way from a folder to the network: listed, decoded into any cache, measured, augmented, batched."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from data.clip_samples import clip, frame_folder, greys
from data.samples import config, png_of

from nettrain.config.fields import Chosen
from nettrain.data.augment.random_crop import RandomCropConfig
from nettrain.data.augment.random_horizontal_flip import RandomHorizontalFlipConfig
from nettrain.data.batches import Batches
from nettrain.data.cache import Pictures, cache_bytes, decode
from nettrain.data.config import DataConfig, ImageConfig
from nettrain.data.fingerprint import data_fingerprint
from nettrain.data.inputs import pictures_named
from nettrain.data.normalize import Normalization, measure
from nettrain.data.split import Split
from nettrain.data.splitting import folder_split, make_splits
from nettrain.data.wanted import Wanted
from nettrain.errors import DataError

FRAMES = 4
SHAPE = (FRAMES, 5, 4, 1)
AUGMENT = (
    Chosen("random_crop", RandomCropConfig(2)),
    Chosen("random_horizontal_flip", RandomHorizontalFlipConfig()),
)


def frames_of(seed: int, count: int = FRAMES) -> list[np.ndarray]:
    return greys(count + seed)[seed:]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two classes: animations of several formats, and folders of frames, deeper and less deep."""
    for place, label in enumerate(("left", "right")):
        folder = tmp_path / "data" / label
        folder.mkdir(parents=True)
        (folder / "a.gif").write_bytes(clip(frames_of(10 * place), "GIF"))
        (folder / "b.png").write_bytes(clip(frames_of(10 * place + 1), "PNG"))
        frame_folder(folder / "c", frames_of(10 * place + 2))
        (folder / "day").mkdir()
        (folder / "day" / "d.webp").write_bytes(clip(frames_of(10 * place + 3), "WEBP"))
        frame_folder(folder / "day" / "e", frames_of(10 * place + 4, 3), "frame-{:d}.png")
    return tmp_path / "data"


def image(**settings: object) -> ImageConfig:
    return config(5, 4, **{"channels": 1, "frames": FRAMES, **settings})


def split_of(root: Path) -> Split:
    return folder_split("data", str(root), ("left", "right"), Wanted(frames=FRAMES))


def pictures(root: Path, cache: str = "ram", workers: int = 1) -> Pictures:
    return decode(split_of(root), image(), "error", cache, workers)  # type: ignore[arg-type]


NAMES = ("a.gif", "b.png", "c/", "day/d.webp", "day/e/")


def test_a_folder_of_frames_is_one_item_and_an_animation_another(root: Path) -> None:
    splits = make_splits(DataConfig(train=str(root), image=image()), 1)  # type: ignore[arg-type]
    assert splits.train.files == tuple(f"{label}/{name}" for label in ("left", "right") for name in NAMES)
    assert splits.train.labels.tolist() == [0] * 5 + [1] * 5
    still = make_splits(DataConfig(train=str(root), image=config(5, 4)), 1)  # type: ignore[arg-type]
    assert len(still.train.files) == 2 * (3 + 4 + 3)


@pytest.mark.parametrize("cache", ["ram", "disk", "none"])
@pytest.mark.parametrize("workers", [1, 3])
def test_every_cache_gives_the_frames_of_every_clip(
    root: Path, tmp_path: Path, cache: str, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NETTRAIN_CACHE", str(tmp_path / "cache"))
    found = pictures(root, cache, workers)
    assert found.shape == SHAPE
    got = found.take(np.arange(10))
    assert got.shape == (10, *SHAPE)
    for place in range(2):
        for number in range(5):
            expected = frames_of(10 * place + number, 3 if number == 4 else FRAMES)
            expected += expected[-1:] * (FRAMES - len(expected))
            np.testing.assert_array_equal(got[5 * place + number, ..., 0], expected)
    if cache == "disk":
        again = pictures(root, cache, workers)
        assert "decoded by an earlier run" in again.notes[0]
        np.testing.assert_array_equal(again.take(np.arange(10)), got)


def test_the_disk_cache_sees_a_frame_that_changed(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETTRAIN_CACHE", str(tmp_path / "cache"))
    before = pictures(root, "disk")
    (root / "left/c/2.png").write_bytes(png_of(greys(99)[98]))
    after = pictures(root, "disk")
    assert "1 decoded, 9 from an earlier run" in after.notes[0]
    np.testing.assert_array_equal(after.take(np.array([2]))[0, 1, ..., 0], greys(99)[98])
    assert data_fingerprint([after]) != data_fingerprint([before])


def test_a_frame_that_changes_in_between_is_seen_without_a_cache(root: Path) -> None:
    found = pictures(root, "none")
    (root / "left/c/2.png").write_bytes(png_of(greys(99)[98]))
    with pytest.raises(DataError) as caught:
        found.take(np.array([2]))
    assert caught.value.lines() == [f"nettrain: error: {root}/left/c/: the file has changed since it was checked"]


def test_the_cache_of_clips_takes_all_their_frames() -> None:
    assert cache_bytes(10, image()) == 10 * np.prod(SHAPE)


def test_mean_and_deviation_are_over_the_pixels_of_all_frames(root: Path) -> None:
    found = pictures(root)
    pixels = found.take(np.arange(10)).astype(np.float64) / 255
    measured = measure(found)
    assert measured.mean == pytest.approx((pixels.mean(),))
    assert measured.std == pytest.approx((pixels.std(),))
    normal = Normalization((0.5,), (0.25,)).apply(found.take(np.arange(3)))
    assert normal.shape == (3, *SHAPE)
    np.testing.assert_allclose(normal, (pixels[:3] - 0.5) / 0.25, rtol=1e-5)


def test_all_frames_of_a_clip_are_augmented_alike(root: Path) -> None:
    """As a picture with a channel a frame would be: one draw moves and turns all of it."""
    found = pictures(root)
    batches = Batches(found, 4, 3, Normalization((0.0,), (1.0,)), AUGMENT)
    clips = found.take(np.arange(10))
    at, order = np.arange(10), batches.order(2)
    got = batches.augmented(clips, 2, at, order)
    assert got.shape == clips.shape
    by_channel = batches.augmented(np.ascontiguousarray(clips[..., 0].transpose(0, 2, 3, 1)), 2, at, order)
    np.testing.assert_array_equal(got[..., 0], by_channel.transpose(0, 3, 1, 2))
    assert (got != clips).any()


def test_batches_are_of_clips_and_do_not_hang_on_where_they_begin(root: Path) -> None:
    batches = Batches(pictures(root), 4, 3, Normalization((0.0,), (1.0,)), AUGMENT)
    whole = list(batches.training(1))
    assert [batch.images.shape for batch in whole] == [(4, *SHAPE), (4, *SHAPE), (2, *SHAPE)]
    later = list(batches.training(1, 4))
    assert [batch.images.tobytes() for batch in later] == [batch.images.tobytes() for batch in whole[1:]]
    assert next(iter(batches.in_order())).images.shape == (4, *SHAPE)


def test_what_a_command_line_means_by_paths(root: Path) -> None:
    def named(*paths: Path | str) -> list[str]:
        return list(pictures_named(map(str, paths), clips=True))

    left = [f"{root}/left/{name}" for name in NAMES]
    assert named(root / "left") == left
    assert named(root / "left/c") == [f"{root}/left/c"]
    assert named(f"{root}/left/c/", root / "left/a.gif") == [f"{root}/left/c/", f"{root}/left/a.gif"]
    assert named(root / "*/day") == [
        f"{root}/{label}/day/{name}" for label in ("left", "right") for name in ("d.webp", "e/")
    ]
    assert len(list(pictures_named([str(root / "left")]))) == 10  # for a model of still pictures: every file


NO_FIRST = "has no effect with frames, which takes animations as clips; leave it out"


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ({"frames": 4, "animated": "first"}, ("animated", NO_FIRST)),
        ({"stills": "repeat"}, ("stills", "has no effect without frames; leave it out")),
        ({"frames": 4, "animated": "error", "stills": "error"}, None),
        ({"frames": 4, "stills": "repeat"}, None),
    ],
)
def test_keys_without_an_effect_are_faults(settings: dict[str, object], fault: tuple[str, str] | None) -> None:
    found = list(config(5, **settings).faults(frozenset(settings)))
    assert found == ([] if fault is None else [fault])
