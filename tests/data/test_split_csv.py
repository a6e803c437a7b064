"""split.csv: its exact text, that any name survives it, and what resuming does with it."""

from __future__ import annotations

import re
import unicodedata

import numpy as np
import pytest
from data.samples import config, folder
from hypothesis import given
from hypothesis import strategies as st

from nettrain.config.fields import FilePath
from nettrain.data.config import DataConfig, SetAside
from nettrain.data.reader import on_disk
from nettrain.data.split import Split, Splits
from nettrain.data.split_csv import Row, keep_splits, read_split_csv, split_csv
from nettrain.data.splitting import make_splits
from nettrain.errors import DataError


def splits_of(root, seed: int = 1, **settings) -> Splits:
    return make_splits(DataConfig(FilePath(root), config(), **settings), seed)


def test_the_text(tmp_path):
    folder(tmp_path / "train", {"a": 2, "b, c": 1})
    folder(tmp_path / "val", {"a": 1, "b, c": 1})
    assert split_csv(splits_of(tmp_path)) == (
        "path,label,split\n"
        "a/000.png,a,train\n"
        "a/001.png,a,train\n"
        '"b, c/000.png","b, c",train\n'
        "../val/a/000.png,a,val\n"
        '"../val/b, c/000.png","b, c",val\n'
    )


NAMES = st.text(st.characters(exclude_characters="\0/", exclude_categories=("Cs",)), min_size=1, max_size=20)
ODD = st.one_of(
    NAMES, st.sampled_from(["\udcff.png", "a\nb", "\x1b[2J", "\\", "\\n", "\\x41", "\r", '"', "\u202e", "'"])
)


@given(st.lists(ODD, min_size=2, max_size=8, unique=True))
def test_any_name_reads_back_and_no_control_byte_is_written(names):
    labels = np.arange(len(names)) % 2
    split = Split("train", on_disk("root"), tuple(names), labels, ("x\u200d", "y"))
    text = split_csv(Splits(split, None, None))
    assert not [char for char in text if char != "\n" and unicodedata.category(char)[0] == "C"]
    assert text.encode()
    expected = tuple(Row(name, split.classes[label], "train") for name, label in zip(names, labels, strict=True))
    assert read_split_csv(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "s.csv:1:1: expected the header path,label,split"),
        ("path,label\n", "s.csv:1:1: expected the header path,label,split"),
        ("path,label,split\na,b\n", "s.csv:2:1: expected path,label,split with split one of train, val, test"),
        ("path,label,split\na,b,dev\n", "s.csv:2:1: expected path,label,split with split one of train, val, test"),
        ('path,label,split\na,"b\n', "s.csv:2:1: not CSV: unexpected end of data"),
    ],
)
def test_what_is_no_split_csv(text, message):
    with pytest.raises(DataError) as caught:
        read_split_csv(text, "s.csv")
    assert str(caught.value) == message


@pytest.mark.parametrize("names", [["val"], ["test"], ["val", "test"]])
def test_a_kept_split_wins_over_the_seed(tmp_path, names):
    root = folder(tmp_path, {"a": 10, "b": 10})
    parts = {name: SetAside("train", 0.3) for name in names}
    text = split_csv(splits_of(root, 1, **parts))
    assert split_csv(splits_of(root, 2, **parts)) != text
    assert split_csv(keep_splits(splits_of(root, 2, **parts), read_split_csv(text))) == text


def test_pictures_that_came_later_are_left_out(tmp_path):
    root = folder(tmp_path / "train", {"a": 3, "b": 3})
    text = split_csv(splits_of(root))
    folder(root, {"a": 5, "b": 3, "new": 2})
    kept = keep_splits(splits_of(root), read_split_csv(text))
    assert split_csv(kept) == text
    assert kept.classes == ("a", "b")
    assert (kept.later, kept.notes) == (4, ())


def test_pictures_that_are_gone_are_listed(tmp_path):
    root = folder(tmp_path / "train", {"a": 3, "b": 3})
    folder(tmp_path / "val", {"a": 2, "b": 2})
    rows = read_split_csv(split_csv(splits_of(tmp_path)))
    (root / "a" / "001.png").unlink()
    (tmp_path / "val" / "b" / "000.png").unlink()
    with pytest.raises(DataError) as caught:
        keep_splits(splits_of(tmp_path), rows)
    gone = "the run was started with this picture, but it is no longer there"
    assert str(caught.value).splitlines() == [
        f"{tmp_path}/train/a/001.png: {gone}",
        f"{tmp_path}/val/b/000.png: {gone}",
    ]


CHANGES = {
    "nothing": ([], [], ""),
    "one more": (["train/a/9.png"], [], "1 picture came since ({root}/train/a/9.png)"),
    "more of each": (
        ["train/a/9.png", "val/b/8.png"],
        ["train/a/001.png", "train/b/000.png", "val/a/001.png"],
        "2 pictures came since (such as {root}/train/a/9.png), 3 pictures are gone (such as {root}/train/a/001.png)",
    ),
    "a class": (["train/c/0.png", "val/c/0.png"], [], "2 pictures came since (such as {root}/train/c/0.png)"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_other_pictures_are_refused_in_one_line_where_they_must_be_the_same(tmp_path, change):
    folder(tmp_path / "train", {"a": 4, "b": 4})
    folder(tmp_path / "val", {"a": 2, "b": 2})
    rows = read_split_csv(split_csv(splits_of(tmp_path)))
    more, less, told = CHANGES[change]
    for name in more:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    for name in less:
        (tmp_path / name).unlink()
    if not told:
        kept = keep_splits(splits_of(tmp_path), rows, exactly=True)
        assert (read_split_csv(split_csv(kept)), kept.recorded, kept.later) == (rows, True, 0)
        return
    with pytest.raises(DataError) as caught:
        keep_splits(splits_of(tmp_path), rows, exactly=True)
    what = f"the pictures are not those that the run was started with: {told.format(root=tmp_path)}"
    assert str(caught.value) == f"{tmp_path}/train: {what}; put them back as they were, or start a new run"


def test_pictures_in_another_split_are_refused_where_they_must_be_the_same(tmp_path):
    root = folder(tmp_path, {"a": 10, "b": 10})
    rows = read_split_csv(split_csv(splits_of(root, 1, val=SetAside("train", 0.3))))
    keep_splits(splits_of(root, 1, val=SetAside("train", 0.3)), rows, exactly=True)
    with pytest.raises(DataError) as caught:
        keep_splits(splits_of(root, 2, val=SetAside("train", 0.3)), rows, exactly=True)
    swapped = "(train, which was val|val, which was train)"
    assert re.search(rf"\d pictures are in another split \(such as .*/a/0\d\d\.png: {swapped}\); ", str(caught.value))
    (root / "b/new.png").touch()
    with pytest.raises(DataError) as caught:
        keep_splits(splits_of(root, 1, val=SetAside("train", 0.3)), rows, exactly=True)
    assert f"started with: 1 picture came since ({root}/b/new.png); put" in str(caught.value)


@pytest.mark.parametrize("shared", ["val and test", "three names for two folders"])
def test_splits_that_share_a_folder_are_kept_apart(tmp_path, shared):
    root = tmp_path / "data"
    for name, count in (("train", 4), ("test", 3)):
        folder(root / name, {"a": count, "b": count})
    (tmp_path / "link").symlink_to(root / "test")
    val = FilePath(root / "test" if shared == "val and test" else tmp_path / "link")
    text = split_csv(splits_of(root, val=val))
    assert text.count(",val\n") == text.count(",test\n") == 6
    kept = keep_splits(splits_of(root, val=val), read_split_csv(text))
    assert split_csv(kept) == text
    assert [(split.name, len(split.files)) for split in kept.all()] == [("train", 8), ("val", 6), ("test", 6)]
