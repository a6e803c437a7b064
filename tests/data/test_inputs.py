"""The pictures that paths on a command line mean."""

from __future__ import annotations

import os
from itertools import islice, repeat
from pathlib import Path

import pytest

from nettrain.data.inputs import pictures_named
from nettrain.errors import DataError


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in (
        "b.png",
        "a.png",
        "é.jpg",
        "notes.txt",
        "d/2.png",
        "d/10.png",
        "d/e/1.gif",
        "d/.hidden.png",
        "[x].png",
        "x.png",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


MEANINGS = {
    "a.png": ["a.png"],
    "notes.txt": ["notes.txt"],
    "gone.png": ["gone.png"],
    "d": ["d/10.png", "d/2.png", "d/e/1.gif"],
    "d/": ["d/10.png", "d/2.png", "d/e/1.gif"],
    "./d": ["./d/10.png", "./d/2.png", "./d/e/1.gif"],
    "*.png": ["[x].png", "a.png", "b.png", "x.png"],
    "?.png": ["a.png", "b.png", "x.png"],
    "[ab].png": ["a.png", "b.png"],
    "[x].png": ["[x].png"],  # there is a file of this very name
    "**/*.png": ["[x].png", "a.png", "b.png", "d/10.png", "d/2.png", "x.png"],
    "nothing*": ["nothing*"],
    "d*": ["d/10.png", "d/2.png", "d/e/1.gif"],  # a pattern may match a folder
    "": [""],
}


@pytest.mark.parametrize("path", MEANINGS)
def test_a_path_means(here: Path, path: str) -> None:
    assert list(pictures_named([path])) == MEANINGS[path]


def test_order_and_repetition_are_kept(here: Path) -> None:
    assert list(pictures_named(["b.png", "d", "a.png", "b.png"])) == [
        "b.png",
        "d/10.png",
        "d/2.png",
        "d/e/1.gif",
        "a.png",
        "b.png",
    ]


def test_bytes_that_are_not_utf8_are_kept(here: Path) -> None:
    name = os.fsdecode(b"\xff.png")
    Path(name).touch()
    assert list(pictures_named([name])) == [name]
    assert name in list(pictures_named(["*.png"]))


def test_there_may_be_any_number(here: Path) -> None:
    assert list(islice(pictures_named(repeat("a.png")), 3)) == ["a.png"] * 3


def test_a_link_that_leads_back_is_an_error(here: Path) -> None:
    Path("d/e/up").symlink_to("../../d")
    with pytest.raises(DataError) as caught:
        list(pictures_named(["d"]))
    assert str(caught.value) == "d/e/up: a link that leads back to a folder it lies in; remove it"
