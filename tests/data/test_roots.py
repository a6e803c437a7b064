"""Which folders a run uses, named or recognised."""

from __future__ import annotations

import pytest
from data.samples import config, folder

from nettrain.config.fields import FilePath
from nettrain.data.config import DataConfig, ValFraction
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
    part = ValFraction("train", 0.1)
    roots = find_roots(data(tmp_path, val=part, test=FilePath("/elsewhere")))
    assert roots == Roots(f"{tmp_path}/train", part, "/elsewhere", "data.train: uses train/ found in it")


def test_two_folders_that_could_be_val(tmp_path):
    for name in ("train", "val", "validation"):
        folder(tmp_path / name, {"a": 1, "b": 1})
    with pytest.raises(DataError) as caught:
        find_roots(data(tmp_path))
    assert str(caught.value) == (
        f"{tmp_path}: val/ and validation/ could both be the validation pictures; name one in data.val"
    )


def test_a_class_called_train_is_a_class(tmp_path):
    folder(tmp_path, {"bus": 1, "train": 1, "test": 1})
    assert find_roots(data(tmp_path)) == Roots(str(tmp_path), None, None)
