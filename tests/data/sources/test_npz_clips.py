"""Arrays of NumPy with an axis of time: clips, which are not taken for pictures, nor pictures for clips."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from data.samples import config
from data.sources.making import sample
from untouched import untouched

from nettrain.data.cache import decode
from nettrain.data.sources.table import list_source
from nettrain.data.split import Split
from nettrain.data.wanted import Wanted
from nettrain.errors import DataError

GREY = sample(2)
IMAGES, LABELS = GREY.pixels, np.array(GREY.labels)


def saved(root: Path, **arrays: Any) -> Path:
    np.savez(root / "a.npz", **arrays)
    return root / "a.npz"


CLIPS = np.random.default_rng(1).integers(0, 256, (6, 5, 8, 8, 1), np.uint8)


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_images_with_an_axis_of_time_are_clips(tmp_path: Path, channels: int, save: Any) -> None:
    clips = np.random.default_rng(1).integers(0, 256, (6, 5, 8, 8, channels), np.uint8)
    save(tmp_path / "a.npz", images=clips, labels=LABELS)
    with untouched(tmp_path):
        found = list_source(tmp_path / "a.npz", Wanted(frames=3))
        split = Split("train", found.reader, found.files, found.labels, found.classes)
        pixels = decode(split, config(8, channels=channels, frames=3)).take(np.arange(6))
    np.testing.assert_array_equal(pixels, clips[:, [0, 2, 4]])
    first = list_source(tmp_path / "a.npz", Wanted(first=True))
    split = Split("train", first.reader, first.files, first.labels, first.classes)
    pixels = decode(split, config(8, channels=channels, animated="first")).take(np.arange(6))
    np.testing.assert_array_equal(pixels, clips[:, 0])


def test_clips_are_not_pictures_nor_pictures_clips(tmp_path: Path) -> None:
    path = saved(tmp_path, images=CLIPS, labels=LABELS)
    cure = "set data.image.frames, to 5 for all, or data.image.animated: first"
    what = "its images are clips, uint8 (6, 5, 8, 8, 1), but the config wants pictures"
    with pytest.raises(DataError) as caught:
        list_source(path)
    assert str(caught.value) == f"{path}: {what}; {cure}"
    path = saved(tmp_path, images=IMAGES, labels=LABELS)
    with pytest.raises(DataError) as caught:
        list_source(path, Wanted(frames=3))
    what = "its images are pictures, uint8 (6, 8, 8, 1), but data.image.frames wants clips, (N,T,H,W,C)"
    assert str(caught.value) == f"{path}: {what}; leave it out, or set data.image.stills: repeat"
    found = list_source(path, Wanted(frames=3, stills=True))
    split = Split("train", found.reader, found.files, found.labels, found.classes)
    pixels = decode(split, config(8, channels=1, frames=3, stills="repeat")).take(np.arange(6))
    np.testing.assert_array_equal(pixels, np.repeat(IMAGES[:, None, :, :, None], 3, axis=1))


def test_clips_of_a_single_frame_are_pictures(tmp_path: Path) -> None:
    found = list_source(saved(tmp_path, images=CLIPS[:, :1], labels=LABELS))
    item = found.reader.read("00002", 1 << 20)
    assert (item.shape, item.data) == ((8, 8, 1), CLIPS[2, 0].tobytes())
