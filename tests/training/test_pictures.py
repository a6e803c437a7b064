"""The pictures of a training: those that only test are looked through, and nothing of them stays."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest
from commands import MLP
from data.samples import folder
from training.setting_up import document_of

from nettrain.errors import DataError
from nettrain.training.pictures import list_splits, look_through

PICTURES, SIDE = 64, 256


def test_nothing_of_pictures_that_are_looked_through_stays_in_memory(tmp_path: Path) -> None:
    folder(tmp_path / "data/train", {"a": 2, "b": 2})
    folder(tmp_path / "data/test", {"a": PICTURES // 2, "b": PICTURES // 2})
    bad = tmp_path / "data/test/a/000.png"
    bad.write_bytes(b"")
    text = MLP.format(data="data").replace("size: [8, 8]", f"size: [{SIDE}, {SIDE}]")
    strict = document_of(text, tmp_path)
    skipping = document_of(text.replace("data:\n", "data:\n  on_bad_image: skip\n"), tmp_path)
    test = list_splits(strict).test
    assert test is not None
    with pytest.raises(DataError) as caught:
        look_through(test, strict.config.data, lambda what, done, total: None)
    assert str(caught.value) == f"{bad}: the file is empty (0 bytes)"
    seen: list[tuple[str, int, int]] = []
    tracemalloc.start()
    try:
        found = look_through(test, skipping.config.data, lambda *report: seen.append(report))
        left, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [(one.path, one.reason) for one in found] == [("a/000.png", "the file is empty (0 bytes)")]
    assert seen[-1] == ("decoding test", PICTURES, PICTURES)
    assert left < SIDE * SIDE
    assert peak < PICTURES * SIDE * SIDE / 2
