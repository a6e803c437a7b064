"""How pictures are divided: by chance within each class, the same every time, nothing lost, nothing twice."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from data.samples import config, folder
from hypothesis import given, settings
from hypothesis import strategies as st

from nettrain.config.fields import FilePath
from nettrain.data.config import DataConfig, Fold, SetAside
from nettrain.data.reader import on_disk
from nettrain.data.split import Split, divide, hold_out
from nettrain.data.splitting import folder_split, make_splits
from nettrain.errors import DataError


def split_of(counts: list[int]) -> Split:
    labels = np.repeat(np.arange(len(counts)), counts)
    files = tuple(f"{label}/{place:05d}.png" for place, label in enumerate(labels))
    return Split("train", on_disk("root"), files, labels, tuple(str(label) for label in range(len(counts))))


@settings(max_examples=200, deadline=None)
@given(
    counts=st.lists(st.integers(1, 40), min_size=2, max_size=6),
    fraction=st.floats(0.01, 0.99),
    stratify=st.booleans(),
    seed=st.integers(0, 2**40),
)
def test_a_division_loses_and_repeats_nothing(counts, fraction, stratify, seed):
    whole = split_of(counts)
    part = SetAside("train", fraction, stratify)
    try:
        train, val = divide(whole, part, seed)
    except DataError:
        spare = sum(counts) - len(counts)
        assert (1 in counts) if stratify else (int(sum(counts) * fraction + 0.5) == 0 or spare == 0)
        return
    assert sorted(train.files + val.files) == list(whole.files)
    assert list(train.files) == sorted(train.files)
    assert list(val.files) == sorted(val.files)
    labels = dict(zip(whole.files, whole.labels, strict=True))
    for split in (train, val):
        assert [labels[file] for file in split.files] == split.labels.tolist()
    assert (np.bincount(train.labels, minlength=len(counts)) >= 1).all()
    if stratify:
        wanted = [min(max(int(count * fraction + 0.5), 1), count - 1) for count in counts]
        assert np.bincount(val.labels, minlength=len(counts)).tolist() == wanted
    else:
        wanted = min(int(sum(counts) * fraction + 0.5), sum(counts) - len(counts))
        assert len(val.files) == wanted


def test_seeds_differ_and_repeat():
    part = SetAside("train", 0.3)
    chosen = [divide(split_of([50, 50]), part, seed)[1].files for seed in (1, 1, 2)]
    assert chosen[0] == chosen[1] != chosen[2]


def test_what_goes_to_val_does_not_depend_on_other_classes():
    part = SetAside("train", 0.3)
    few, many = (divide(split_of(counts), part, 5)[1].files for counts in ([50, 7], [50, 90]))
    assert [file for file in few if file[0] == "0"] == [file for file in many if file[0] == "0"]


def test_a_fraction_that_leaves_nothing():
    with pytest.raises(DataError) as caught:
        divide(split_of([4, 4]), SetAside("train", 0.05, False), 1)
    assert str(caught.value) == (
        "root: data.val.fraction 0.05 of 8 pictures in 2 classes leaves none to validate on; raise it, or add pictures"
    )


def test_stratified_no_class_is_without_validation():
    train, val = divide(split_of([40, 2, 3]), SetAside("train", 0.05), 1)
    assert np.bincount(val.labels).tolist() == [2, 1, 1]
    assert np.bincount(train.labels).tolist() == [38, 1, 2]


def test_classes_with_a_single_picture_are_listed():
    with pytest.raises(DataError) as caught:
        divide(split_of([4, 1, 3, 1]), SetAside("train", 0.5), 1)
    what = "has a single picture, so none is left to validate on; add pictures, or set data.val.stratify: false"
    assert str(caught.value).splitlines() == [f"root/1: {what}", f"root/3: {what}"]
    train, val = divide(split_of([4, 1, 3, 1]), SetAside("train", 0.5, False), 1)
    assert (np.bincount(train.labels, minlength=4) >= 1).all()
    assert len(val.files) == 5


def test_a_part_to_test_on_is_set_aside_first_and_each_is_a_part_of_all():
    whole = split_of([20, 40])
    train, test = divide(whole, SetAside("train", 0.25), 1, "test")
    assert (test.name, np.bincount(test.labels).tolist()) == ("test", [5, 10])
    train, val = divide(train, SetAside("train", 0.25), 1, "val", whole.labels)
    assert (val.name, np.bincount(val.labels).tolist(), np.bincount(train.labels).tolist()) == (
        "val",
        [5, 10],
        [10, 20],
    )
    assert sorted((*train.files, *val.files, *test.files)) == sorted(whole.files)


@pytest.mark.parametrize("val", [None, SetAside("train", 0.2), SetAside("train", 0.5, False)])
def test_another_val_changes_nothing_in_test(tmp_path, val):
    root = folder(tmp_path, {"a": 10, "b": 20})
    splits = make_splits(DataConfig(FilePath(root), config(), val=val, test=SetAside("train", 0.2)), 1)
    alone = make_splits(DataConfig(FilePath(root), config(), test=SetAside("train", 0.2)), 1)
    assert splits.test is not None
    assert alone.test is not None
    assert splits.test.files == alone.test.files
    assert sum(len(split.files) for split in splits.all()) == 30


def test_a_class_of_two_pictures_cannot_be_parted_in_three(tmp_path):
    root = folder(tmp_path, {"a": 2, "b": 9})
    part = SetAside("train", 0.2)
    with pytest.raises(DataError) as caught:
        make_splits(DataConfig(FilePath(root), config(), val=part, test=part), 1)
    assert str(caught.value) == (
        f"{root}/a: has a single picture beside those that are set aside already, so none is left to validate on; "
        "add pictures, or set data.val.stratify: false"
    )
    with pytest.raises(DataError) as caught:
        divide(split_of([4, 1]), part, 1, "test")
    assert str(caught.value).endswith("so none is left to test on; add pictures, or set data.test.stratify: false")


def test_splits_of_folders(tmp_path):
    for name, count in (("train", 6), ("val", 2), ("test", 3)):
        folder(tmp_path / name, {"a": count, "b": count})
    (tmp_path / "val" / "notes.txt").touch()
    splits = make_splits(DataConfig(FilePath(tmp_path), config()), 1)
    assert [(split.name, len(split.files)) for split in splits.all()] == [("train", 12), ("val", 4), ("test", 6)]
    assert splits.classes == ("a", "b")
    assert splits.notes == (
        "data.train: uses train/, val/, test/ found in it",
        "data.val: ignored 1 file '.txt'",
    )
    assert splits.train.path(0) == f"{tmp_path}/train/a/000.png"


def test_val_is_none_unless_it_is_named(tmp_path):
    folder(tmp_path / "train", {"a": 1, "b": 1})
    folder(tmp_path / "test", {"a": 1, "b": 1})
    splits = make_splits(DataConfig(FilePath(tmp_path / "train"), config()), 1)
    assert (splits.val, splits.test) == (None, None)


@pytest.mark.parametrize("name", ["val", "test"])
def test_classes_of_other_folders_must_match(tmp_path, name):
    train, other = folder(tmp_path / "x", {"a": 1, "b": 1}), folder(tmp_path / "y", {"a": 1})
    with pytest.raises(DataError) as caught:
        make_splits(DataConfig(FilePath(train), config(), **{name: FilePath(other)}), 1)
    assert str(caught.value) == f"{other}: the classes of {name} do not match: missing 'b'"


def test_a_folder_for_a_model_takes_the_models_order(tmp_path):
    split = folder_split("data", str(folder(tmp_path, {"a": 1, "b": 2})), ("b", "a"))
    assert split.classes == ("b", "a")
    assert split.labels.tolist() == [1, 0, 0]


@settings(max_examples=100, deadline=None)
@given(counts=st.lists(st.integers(5, 40), min_size=1, max_size=6), of=st.integers(2, 5), seed=st.integers(0, 2**40))
def test_each_picture_is_in_one_fold_and_folds_are_even(counts, of, seed):
    whole = split_of(counts)
    folds = [hold_out(whole, Fold(fold, of), seed) for fold in range(1, of + 1)]
    assert sorted(file for _, val in folds for file in val.files) == list(whole.files)
    for train, val in folds:
        assert val.name == "val"
        assert sorted(train.files + val.files) == list(whole.files)
        assert list(val.files) == sorted(val.files)
    for labels in [*(np.bincount(val.labels, minlength=len(counts)) for _, val in folds)]:
        assert ((labels >= np.array(counts) // of) & (labels <= -(-np.array(counts) // of))).all()
    sizes = [len(val.files) for _, val in folds]
    assert max(sizes) - min(sizes) <= 1


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(st.booleans(), min_size=3, max_size=3), min_size=12, max_size=60), st.integers(2, 4))
def test_with_several_labels_too_each_picture_is_in_one_fold(rows, of):
    labels = np.array([[True] * 3] * of + rows)  # every label has a picture a fold
    whole = replace(split_of([1] * len(labels)), labels=labels, classes=("a", "b", "c"))
    folds = [hold_out(whole, Fold(fold, of), 1)[1] for fold in range(1, of + 1)]
    assert sorted(file for val in folds for file in val.files) == sorted(whole.files)
    rarest = labels.sum(axis=0).argmin()
    there = [int(val.labels[:, rarest].sum()) for val in folds]
    assert max(there) - min(there) <= 1


def test_folds_are_even_in_each_of_several_labels():
    """120 pictures whose rarest labels come together, as they would not by chance."""
    places = np.arange(120)
    labels = np.stack([places % 2 == 0, places % 3 == 0, places % 12 == 0, places % 24 == 0, places < 10], axis=1)
    whole = replace(split_of([1] * 120), labels=labels, classes=tuple("abcde"))
    for seed in (1, 2, 3):
        folds = [hold_out(whole, Fold(fold, 5), seed)[1] for fold in range(1, 6)]
        there = np.array([val.labels.sum(axis=0) for val in folds])
        assert (np.ptp(there, axis=0) <= 1).all(), there
        assert {len(val.files) for val in folds} <= {23, 24, 25}


def test_folds_hang_on_the_seed_alone():
    whole = split_of([10, 10])
    assert hold_out(whole, Fold(1, 3), 1)[1].files == hold_out(whole, Fold(1, 3), 1)[1].files
    assert hold_out(whole, Fold(1, 3), 1)[1].files != hold_out(whole, Fold(1, 3), 2)[1].files


def test_a_class_that_has_no_folder_is_called_by_its_name():
    listed = replace(split_of([4, 1]), files=("a.png", "b.png", "c.png", "d.png", "e.png"))
    with pytest.raises(DataError, match=r"^class '1': has 1 picture, fewer than the 2 folds; "):
        hold_out(listed, Fold(1, 2), 1)


def test_classes_that_are_too_small_for_the_folds_are_listed():
    with pytest.raises(DataError) as caught:
        hold_out(split_of([4, 9, 1]), Fold(1, 5), 1)
    assert [str(fault) for fault in caught.value.faults] == [
        "root/0: has 4 pictures, fewer than the 5 folds; add pictures, or ask for fewer folds",
        "root/2: has 1 picture, fewer than the 5 folds; add pictures, or ask for fewer folds",
    ]
