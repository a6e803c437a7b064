"""Groups are never parted, and each class keeps its share as well as groups allow, the same on every machine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from data.samples import config
from data.sources.making import manifest, put
from hypothesis import given
from hypothesis import strategies as st
from untouched import untouched

from nettrain.config.fields import FilePath
from nettrain.data.config import DataConfig, Fold, SetAside
from nettrain.data.labels import counts
from nettrain.data.reader import on_disk
from nettrain.data.split import Split, divide, hold_out
from nettrain.data.split_csv import keep_splits, read_split_csv, split_csv
from nettrain.data.splitting import make_splits
from nettrain.errors import DataError


def split_of(pairs: list[tuple[int, int]], kinds: int = 3) -> Split:
    """Pictures by (class, group)."""
    labels = np.array([label for label, _ in pairs])
    groups = tuple(f"g{group}" for _, group in pairs)
    files = tuple(f"{place:04d}.png" for place in range(len(pairs)))
    return Split("train", on_disk("root"), files, labels, tuple("abcdefgh"[:kinds]), groups)


PAIRS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 12)), min_size=6, max_size=80)


def groups_of(split: Split) -> set[str]:
    assert split.groups is not None
    return set(split.groups)


@given(PAIRS, st.floats(0.05, 0.95), st.booleans(), st.integers(0, 2**40))
def test_no_group_is_on_both_sides(pairs: list[tuple[int, int]], fraction: float, stratify: bool, seed: int) -> None:
    whole = split_of(pairs)
    if not counts(whole.labels, 3).all():
        return
    try:
        train, val = divide(whole, SetAside("train", fraction, stratify), seed)
    except DataError:
        return
    assert sorted(train.files + val.files) == list(whole.files)
    assert not groups_of(train) & groups_of(val)
    assert counts(train.labels, 3).all()
    if stratify:
        assert counts(val.labels, 3).all()


@given(PAIRS, st.integers(2, 4), st.integers(0, 2**40))
def test_folds_hold_each_group_once(pairs: list[tuple[int, int]], folds: int, seed: int) -> None:
    whole = split_of(pairs)
    if not counts(whole.labels, 3).all():
        return
    seen: list[str] = []
    for fold in range(1, folds + 1):
        try:
            train, val = hold_out(whole, Fold(fold, folds), seed)
        except DataError:
            return
        assert not groups_of(train) & groups_of(val)
        assert counts(train.labels, 3).all()
        seen += val.files
    assert sorted(seen) == list(whole.files)


def test_each_class_keeps_its_share() -> None:
    whole = split_of([(label, 40 * label + place // 3) for label in range(3) for place in range(60 * (label + 1))])
    val = divide(whole, SetAside("train", 0.2), 1)[1]
    assert counts(val.labels, 3).tolist() == [12, 24, 36]
    folds = [counts(hold_out(whole, Fold(fold, 5), 1)[1].labels, 3).tolist() for fold in range(1, 6)]
    assert folds == [[12, 24, 36]] * 5
    assert divide(whole, SetAside("train", 0.2), 1)[1].files == val.files
    assert divide(whole, SetAside("train", 0.2), 2)[1].files != val.files


@pytest.mark.parametrize("kinds", [1, 2])
def test_pictures_without_any_of_several_labels_are_set_aside_too(kinds: int) -> None:
    """Of 100 groups of three pictures, one in four with labels."""
    labels = np.zeros((300, kinds), bool)
    labels[::12] = True
    whole = replace(split_of([(0, place // 3) for place in range(300)], kinds), labels=labels)
    train, val = divide(whole, SetAside("train", 0.2), 1)
    assert not groups_of(train) & groups_of(val)
    assert (len(val.files), val.labels.any(axis=1).sum()) == (60, 5)


def test_what_groups_do_not_allow_is_one_line() -> None:
    whole = split_of([(0, 0), (0, 1), (0, 2), (1, 0), (1, 0), (1, 0)], kinds=2)
    with pytest.raises(DataError) as caught:
        divide(whole, SetAside("train", 0.5), 1)
    cure = "add pictures of other groups, or set data.val.stratify: false"
    assert str(caught.value) == (
        f"class 'b': is in no group that can be set aside, so none is left to validate on; {cure}"
    )
    with pytest.raises(DataError) as caught:
        hold_out(whole, Fold(1, 2), 1)
    what = "is not in enough groups for 2 folds; add pictures of other groups, or ask for fewer folds"
    assert str(caught.value) == f"class 'b': {what}"


def listed(root: Path, rows: list[tuple[str, ...]], name: str = "list.csv") -> FilePath:
    put(root, {row[0]: b"" for row in rows[1:]})
    return FilePath(put(root, {name: manifest(rows)}) / name)


def test_a_list_says_which_pictures_belong_together(tmp_path: Path) -> None:
    rows = [("path", "label", "group"), *((f"{n:02d}.png", "ab"[n % 2], f" person {n // 4} ") for n in range(40))]
    path = listed(tmp_path, rows)
    with untouched(tmp_path):
        found = make_splits(DataConfig(path, config(), val=SetAside("train", 0.2), test=SetAside("train", 0.2)), 1)
        sides = [{int(file[:2]) // 4 for file in split.files} for split in found.all()]
        assert [len(side) for side in sides] == [6, 2, 2]
        assert set.union(*sides) == set(range(10))
        text = split_csv(found)
        other = make_splits(DataConfig(path, config(), val=SetAside("train", 0.4), test=SetAside("train", 0.2)), 2)
        assert split_csv(keep_splits(other, read_split_csv(text))) == text


def test_a_column_split_that_parts_a_group_is_refused(tmp_path: Path) -> None:
    rows = [
        ("path", "label", "split", "group"),
        ("a.png", "x", "train", "p"),
        ("b.png", "y", "train", "q"),
        ("c.png", "y", "test", "p"),
    ]
    with pytest.raises(DataError) as caught:
        make_splits(DataConfig(listed(tmp_path, rows), config()), 1)
    what = "the group 'p' is in train and in test, such as 'a.png' and 'c.png'; all pictures of a group belong to one"
    assert str(caught.value) == f"{tmp_path}/c.png: {what}"
    other = listed(tmp_path, [("path", "label", "group"), ("d.png", "x", "q"), ("e.png", "y", "z")], "val.csv")
    with pytest.raises(DataError) as caught:
        make_splits(DataConfig(listed(tmp_path, rows[:3]), config(), val=other), 1)
    assert "the group 'q' is in train and in val, such as 'b.png' and 'd.png'" in str(caught.value)
