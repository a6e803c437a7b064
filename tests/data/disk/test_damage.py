"""Entries of the disk cache that are damaged, before they are opened or while they are in use."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from data.disk.cached import entry, facts, through_disk
from data.samples import overwritten, png_of

from nettrain.errors import EnvironmentFault

IN_USE = {
    "a byte of a picture": (lambda path: overwritten(path, b"\x80", 17 * 16 + 3), "changed"),
    "cut off within a picture": (lambda path: os.truncate(path, 17 * 16 + 3), "been cut off"),
    "cut off before it": (lambda path: os.truncate(path, 0), "been cut off"),
}


@pytest.mark.parametrize(("damage", "how"), IN_USE.values(), ids=IN_USE)
@pytest.mark.parametrize("earlier", [False, True], ids=["new", "from an earlier run"])
def test_a_cache_that_changes_while_it_is_in_use_is_one_line_and_then_made_anew(
    root: Path, kept: Path, damage: Callable[[Path], object], how: str, earlier: bool
) -> None:
    (root / "a/017.png").write_bytes(png_of(np.zeros((4, 4, 1), np.uint8)))
    if earlier:
        through_disk(root)
    pictures = through_disk(root)
    good = facts(pictures)
    damage(entry(kept))
    with pytest.raises(EnvironmentFault) as caught:
        pictures.take(np.array([17, 0]))
    cure = "do the same again, or resume the run: they are then decoded anew"
    what = f"these decoded pictures have {how} while they were in use, number 17 first"
    assert caught.value.lines() == [f"nettrain: error: {entry(kept)}: {what}; {cure}"]
    assert facts(through_disk(root)) == good


def test_a_disk_that_cannot_be_read_any_more_is_one_line(
    root: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = through_disk(root)

    def broken(handle: int, length: int, place: int) -> bytes:
        raise OSError(errno.EIO, "broken")

    monkeypatch.setattr(os, "pread", broken)
    for action in (lambda: pictures.take(np.array([0])), lambda: through_disk(root)):
        with pytest.raises(EnvironmentFault) as caught:
            action()
        what = "cannot read: the disk reports an input/output error; check the disk"
        assert str(caught.value) == f"{entry(kept)}: {what}"


DAMAGES = {
    "a pixel": lambda data: bytes([data[0] ^ 1]) + data[1:],
    "the last pixel": lambda data: data[: 49 * 16 - 1] + bytes([data[49 * 16 - 1] ^ 128]) + data[49 * 16 :],
    "the index": lambda data: data.replace(b"a/003.png", b"a/004.png", 1),
    "cut off": lambda data: data[:-1],
    "half": lambda data: data[: len(data) // 2],
    "empty": lambda data: b"",
    "longer": lambda data: data + b"\0",
    "pixels missing": lambda data: data[16:],
    "pixels too many": lambda data: bytes(16) + data,
    "a length out of the blue": lambda data: data[:-56] + b"\xff" * 8 + data[-48:],
    "something else": lambda data: b"x" * len(data),
}
HOW = {
    "a pixel": "its pixels have changed, those of block 0 first",
    "the last pixel": "its pixels have changed, those of block 3 first",
    "the index": "its index has changed",
    "pixels missing": "it holds 768 bytes of pixels, where 784 were written",
    "pixels too many": "it holds 800 bytes of pixels, where 784 were written",
    "a length out of the blue": "its index has changed",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_entry_is_found_said_and_made_anew(root: Path, kept: Path, decoded: list[str], damage: str) -> None:
    good = facts(through_disk(root))
    data = entry(kept).read_bytes()
    entry(kept).write_bytes(DAMAGES[damage](data))
    decoded.clear()
    pictures = through_disk(root)
    assert facts(pictures) == good
    assert len(decoded) == 49
    how = HOW.get(damage, "it is cut off, or no file of this version")
    assert pictures.notes[0] == (f"{entry(kept)}: this cache of decoded pictures is damaged: {how}; it is made anew")
    assert len(through_disk(root).notes) == 1
    assert len(decoded) == 49
