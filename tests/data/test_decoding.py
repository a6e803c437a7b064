"""How many threads decode: one where files are small, because they would take turns; all of them otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest
from data.samples import config, noise, png_of
from data.sources.making import put

from nettrain.data.decoding import LOOKED_AT, MANY, SMALL, threads_for
from nettrain.data.reader import on_disk

SMALL_PNG, LARGE_PNG = png_of(noise(8, 8)), png_of(noise(64, 64))


@pytest.mark.parametrize(
    ("data", "many", "threads"),
    [
        (SMALL_PNG, MANY, 1),
        (SMALL_PNG, MANY - 1, 4),
        (LARGE_PNG, MANY, 4),
        (b"", MANY, 4),  # which says nothing of the others
    ],
)
def test_small_files_are_decoded_by_one_thread(tmp_path: Path, data: bytes, many: int, threads: int) -> None:
    assert len(SMALL_PNG) < SMALL < len(LARGE_PNG)
    names = [f"{number:03}.png" for number in range(many)]
    put(tmp_path, dict.fromkeys(names[:LOOKED_AT], data))  # the others are not even there
    reader = on_disk(str(tmp_path))
    assert threads_for(reader, names, config(), 4) == threads
    assert threads_for(reader, names, config(), 1) == 1


def test_a_file_that_is_not_there_is_no_matter(tmp_path: Path) -> None:
    put(tmp_path, {"1.png": SMALL_PNG})
    assert threads_for(on_disk(str(tmp_path)), [f"{number}.png" for number in range(MANY)], config(), 4) == 1
