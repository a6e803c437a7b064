"""Every kind of source gives the same pictures, in the same order, with the same labels; nothing is ever written."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from data.samples import config
from data.sources.making import COLOUR, GREY, sample
from untouched import untouched

from nettrain.data.cache import decode
from nettrain.data.sources.table import SOURCES, list_source, source_of
from nettrain.data.split import Split

CASES = [("grey", kind) for kind in GREY] + [("colour", kind) for kind in COLOUR]


@pytest.mark.parametrize("cache", ["ram", "disk", "none"])
@pytest.mark.parametrize(("colours", "kind"), CASES)
def test_every_source_gives_the_same_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, colours: str, kind: str, cache: str
) -> None:
    monkeypatch.setenv("NETTRAIN_CACHE", str(tmp_path / "cache"))
    made = sample() if colours == "grey" else sample(4, 32, 3)
    path = (GREY if colours == "grey" else COLOUR)[kind](tmp_path / "data", made)
    image = config(made.pixels.shape[1], channels=1 if colours == "grey" else 3)
    with untouched(tmp_path / "data"):
        for _ in range(2):  # from the disk cache the second time
            found = list_source(path)
            split = Split("train", found.reader, found.files, found.labels, found.classes)
            pictures = decode(split, image, cache=cache, workers=2)  # type: ignore[arg-type]
            assert (found.classes, found.labels.tolist()) == (("0", "1", "2"), list(made.labels))
            taken = pictures.take(np.arange(len(found.files))).reshape(made.pixels.shape)
            assert (taken == made.pixels).all()
    assert all(os.path.dirname(found.reader.where(name)).startswith(str(tmp_path)) for name in found.files)


def test_every_kind_is_among_them(tmp_path: Path) -> None:
    kinds = {id(source_of(str(make(tmp_path / kind, sample())))) for kind, make in GREY.items()}
    kinds |= {id(source_of(str(make(tmp_path / kind, sample(1, 32, 3))))) for kind, make in COLOUR.items()}
    assert kinds == {id(source) for source in SOURCES.values()}
