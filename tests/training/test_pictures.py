"""The pictures of a training: those that only test leave nothing behind, those of a finished run are compared."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest
from commands import MLP
from data.samples import folder
from training.setting_up import document_of

from nettrain.data.split_csv import read_split_csv, split_csv
from nettrain.errors import DataError
from nettrain.training.pictures import check_pictures, list_splits, look_through
from nettrain.training.prepare import prepare

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
    assert [(one.path, one.reason) for one in found.bad] == [("a/000.png", "the file is empty (0 bytes)")]
    assert seen[-1] == ("decoding test", PICTURES, PICTURES)
    assert left < SIDE * SIDE
    assert peak < PICTURES * SIDE * SIDE / 2


@pytest.mark.parametrize(("on_bad", "doing"), [("error", "comparing"), ("skip", "decoding")])
def test_to_compare_pictures_none_is_decoded_unless_that_decides_which_count(
    tmp_path: Path, on_bad: str, doing: str
) -> None:
    root = folder(tmp_path / "data/train", {"a": 4, "b": 4})
    text = MLP.format(data="data").replace("data:\n", f"data:\n  on_bad_image: {on_bad}\n")
    document, seen = document_of(text, tmp_path), list[str]()
    prepared = prepare(document, lambda what, done, total: None)
    rows = read_split_csv(split_csv(prepared.splits))

    def check(known: bool) -> None:
        check_pictures(document, rows, prepared.fingerprint, known, lambda what, done, total: seen.append(what))

    check(known=False)
    assert [*dict.fromkeys(seen)] == [f"{doing} train", f"{doing} val"]
    (root / "a/000.png").write_bytes((root / "a/001.png").read_bytes())
    with pytest.raises(DataError) as caught:
        check(known=False)
    what = "the pictures are not those that the run was started with: the names are the same, but not what is in the"
    assert str(caught.value) == f"{root}: {what} files; put them back as they were, or start a new run"
    seen.clear()
    check(known=True)
    assert seen == []
