"""What shows that folders of pictures are clips: names that go up by one, and frames that are alike."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from data.clip_samples import clip, frame_folder
from data.samples import noise

from nettrain.data.clip_signs import go_on, series
from nettrain.data.reader import on_disk


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["1.png", "10.png", "2.png", "3.png", *(f"{place}.png" for place in range(4, 10))], True),
        (["f000.jpg", "f005.jpg", "f010.jpg"], True),
        (["day2-shot8.png", "day2-shot9.png", "day2-shot10.png"], True),
        (["1.png", "2.png", "4.png"], False),
        (["1.png", "2.png", "3.jpg"], False),
        (["a1.png", "a2.png", "b3.png"], False),
        (["1.png", "2.png", "other.png"], False),
        (["1.png", "2.png"], False),
        (["1" * 5000 + "1.png", "1" * 5000 + "2.png", "1" * 5000 + "3.png"], True),
    ],
)
def test_frames_are_numbered_one_after_another(names: list[str], found: bool) -> None:
    there = series([f"left/a/{name}" for name in names])
    assert list(there) == (["left/a"] if found else [])
    assert series([f"left/{name}" for name in names]) == {}, "in the folder of a class"


def test_frames_come_in_the_order_of_time() -> None:
    assert series([f"x/y/{number}.png" for number in (10, 11, 9)]) == {"x/y": [f"x/y/{n}.png" for n in (9, 10, 11)]}


def made(root: Path, folders: int, drift: int) -> list[list[str]]:
    """Folders of three frames of noise, each of which differs from the one before by so much at most."""
    found = []
    for number in range(folders):
        first = noise(16, 16, 1, seed=number).astype(np.int64)
        change = [noise(16, 16, 1, seed=100 + 10 * number + time).astype(np.int64) % (drift + 1) for time in range(3)]
        frame_folder(root / f"{number}", [np.clip(first + one, 0, 255).astype(np.uint8) for one in change])
        found.append([f"{number}/{frame}.png" for frame in (1, 2, 3)])
    return found


@pytest.mark.parametrize(("drift", "found"), [(0, True), (30, True), (255, False)])
def test_frames_in_a_row_are_much_alike(tmp_path: Path, drift: int, found: bool) -> None:
    assert go_on(on_disk(tmp_path), made(tmp_path, 5, drift)) is found


def test_what_cannot_be_compared_is_no_sign(tmp_path: Path) -> None:
    folders = made(tmp_path, 5, 0)
    assert not go_on(on_disk(tmp_path), folders[:1]), "nothing to compare it with"
    for number in (0, 1):
        (tmp_path / f"{number}/2.png").write_bytes(b"")
    assert go_on(on_disk(tmp_path), folders), "most are"
    (tmp_path / "2/1.png").write_bytes(clip([noise(4, 4, 1), noise(4, 4, 1, seed=2)], "PNG"))
    assert not go_on(on_disk(tmp_path), folders)
