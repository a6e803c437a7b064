"""Which folders a run uses, named or recognised."""

from __future__ import annotations

import pytest
from data.samples import config, folder

from nettrain.config.fields import FilePath
from nettrain.data.config import DataConfig, SetAside
from nettrain.data.roots import Roots, find_roots
from nettrain.errors import DataError


def data(root, **settings) -> DataConfig:
    return DataConfig(FilePath(root), config(), **settings)


@pytest.mark.parametrize("val", ["val", "valid", "validation"])
def test_split_folders_are_recognised(tmp_path, val):
    for name in ("train", val, "test", ".cache"):
        folder(tmp_path / name, {"a": 1, "b": 1})
    note = f"data.train: uses train/, {val}/, test/ found in it"
    expected = Roots(f"{tmp_path}/train", f"{tmp_path}/{val}", f"{tmp_path}/test", note)
    assert find_roots(data(tmp_path)) == expected


def test_what_the_config_names_wins(tmp_path):
    for name in ("train", "val", "valid", "test"):
        folder(tmp_path / name, {"a": 1, "b": 1})
    part, other = SetAside("train", 0.1), folder(tmp_path / "train/elsewhere", {"a": 1, "b": 1})
    roots = find_roots(data(tmp_path, val=part, test=FilePath(other)))
    note = "data.train: uses train/ found in it; test/, val/, valid/ are left out"
    assert roots == Roots(f"{tmp_path}/train", part, str(other), note)


@pytest.mark.parametrize(
    ("val", "said"),
    [
        (SetAside("train", 0.1), "uses train/, test/ found in it; val/ is left out"),
        (FilePath("val"), "uses train/, test/ found in it"),
        (FilePath("test"), "uses train/, test/ found in it; val/ is left out"),
        (None, "uses train/, val/, test/ found in it"),
    ],
)
def test_the_note_says_what_is_left_out(tmp_path, val, said):
    for name in ("train", "val", "test"):
        folder(tmp_path / name, {"a": 1, "b": 1})
    val = FilePath(tmp_path / val) if isinstance(val, FilePath) else val
    assert find_roots(data(tmp_path, val=val)).note == f"data.train: {said}"


def refused(config: DataConfig) -> list[tuple[str, str]]:
    with pytest.raises(DataError) as caught:
        find_roots(config)
    return [(fault.key, fault.message) for fault in caught.value.faults]


def test_every_folder_that_is_absent_is_named_at_once(tmp_path):
    layout = "expected a folder with one folder of pictures a class"
    where = tmp_path / "no"
    assert refused(data(where, val=FilePath(where / "val"), test=FilePath(where / "test"))) == [
        ("data.train", f"no such folder '{where}'; {layout}"),
        ("data.val", f"no such folder '{where}/val'; {layout}, or {{from: train, fraction: 0.1}}"),
        ("data.test", f"no such folder '{where}/test'; {layout}, or {{from: train, fraction: 0.1}}"),
    ]


@pytest.mark.parametrize("recognised", [True, False])
def test_the_training_pictures_are_no_other_split(tmp_path, recognised):
    train = folder(tmp_path / "train", {"a": 1, "b": 1})
    (tmp_path / "link").symlink_to(train)
    config = data(train, val=FilePath(train), test=FilePath(tmp_path / "link"))
    if recognised:
        (tmp_path / "link").unlink()
        (tmp_path / "test").symlink_to(train)
        config = data(tmp_path, val=FilePath(train))
    what = "these are the training pictures; name another folder, or set a part aside with {from: train, fraction: 0.1}"
    assert refused(config) == [("data.val", what), ("data.test", what)]


def test_a_part_of_train_wins_over_a_folder_called_test(tmp_path):
    for name in ("train", "test"):
        folder(tmp_path / name, {"a": 1, "b": 1})
    part = SetAside("train", 0.1)
    note = "data.train: uses train/ found in it; test/ is left out"
    assert find_roots(data(tmp_path, test=part)) == Roots(f"{tmp_path}/train", None, part, note)


def test_two_folders_that_could_be_val(tmp_path):
    for name in ("train", "val", "validation"):
        folder(tmp_path / name, {"a": 1, "b": 1})
    with pytest.raises(DataError) as caught:
        find_roots(data(tmp_path))
    assert str(caught.value) == (
        f"{tmp_path}: val/ and validation/ could both be the validation pictures; name one in data.val"
    )


@pytest.mark.parametrize(("train", "val", "test"), [("Training", "dev", "Testing"), ("TRAIN", "Valid", "test")])
def test_splits_by_their_other_names(tmp_path, train, val, test):
    for name in (train, val, test):
        folder(tmp_path / name, {"a": 1, "b": 1})
    note = f"data.train: uses {train}/, {val}/, {test}/ found in it"
    root = str(tmp_path)
    assert find_roots(data(tmp_path)) == Roots(f"{root}/{train}", f"{root}/{val}", f"{root}/{test}", note)


@pytest.mark.parametrize(
    ("one", "other", "what", "key"),
    [("Train", "train", "training", "train"), ("test", "testing", "test", "test"), ("dev", "val", "validation", "val")],
)
def test_two_folders_that_could_be_the_same_split(tmp_path, one, other, what, key):
    for name in {"train", one, other}:
        folder(tmp_path / name, {"a": 1, "b": 1})
    with pytest.raises(DataError) as caught:
        find_roots(data(tmp_path))
    told = f"{one}/ and {other}/ could both be the {what} pictures; name one in data.{key}"
    assert str(caught.value) == f"{tmp_path}: {told}"


def test_a_class_called_train_is_a_class(tmp_path):
    folder(tmp_path, {"bus": 1, "train": 1, "test": 1})
    assert find_roots(data(tmp_path)) == Roots(str(tmp_path), None, None)
