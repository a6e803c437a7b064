"""CIFAR's binary files: their parts, the names of the classes, faults; the Python version is refused."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from data.archives.packing import packed
from data.samples import config
from data.sources.making import as_cifar_100, put, records, sample
from untouched import untouched

from nettrain.config.fields import FilePath
from nettrain.data.config import DataConfig
from nettrain.data.sources.table import list_source
from nettrain.data.split import Splits
from nettrain.data.split_csv import split_csv
from nettrain.data.splitting import make_splits
from nettrain.errors import DataError

NAMES = b"frog\ncat\nowl\n\n"
TEN = {
    **{f"data_batch_{number}.bin": records(sample(1, 32, 3, seed=number)) for number in (1, 2, 10)},
    "test_batch.bin": records(sample(2, 32, 3, seed=9)),
    "batches.meta.txt": NAMES,
    "readme.html": b"<html>",
}


def splits(path: Path | str) -> Splits:
    return make_splits(DataConfig(FilePath(path), config()), 1)


def error(path: Path | str) -> str:
    with pytest.raises(DataError) as caught:
        splits(path)
    return str(caught.value)


@pytest.mark.parametrize("ending", ["", ".tar.gz", ".zip"])
def test_the_parts_of_cifar_10_are_joined(tmp_path: Path, ending: str) -> None:
    path = put(tmp_path / "cifar-10-batches-bin", TEN)
    if ending:
        path = packed(tmp_path / f"a{ending}", {f"cifar-10-batches-bin/{name}": data for name, data in TEN.items()})
    with untouched(tmp_path / "cifar-10-batches-bin"):
        found = splits(path)
    used = "data_batch_1.bin, data_batch_2.bin, data_batch_10.bin, test_batch.bin"
    assert found.notes == (f"data.train: uses {used} found in it",)
    assert found.classes == ("cat", "frog", "owl")
    assert [(split.name, len(split.files)) for split in found.all()] == [("train", 9), ("test", 6)]
    assert split_csv(found).splitlines()[1:3] == [
        "data_batch_1.bin/00000,frog,train",
        "data_batch_1.bin/00001,cat,train",
    ]
    item = found.train.reader.read("data_batch_2.bin/00002", 1 << 20)
    assert item.shape == (32, 32, 3)
    assert (np.frombuffer(item.data, np.uint8).reshape(32, 32, 3) == sample(1, 32, 3, seed=2).pixels[2]).all()


def test_cifar_100_has_fine_labels(tmp_path: Path) -> None:
    as_cifar_100(tmp_path, sample(1, 32, 3, names=["z", "b", "c"]))
    found = list_source(tmp_path / "train.bin")
    assert (found.classes, found.labels.tolist()) == (("b", "c", "z"), [2, 0, 1])


def test_without_names_the_numbers_are_the_classes(tmp_path: Path) -> None:
    put(tmp_path, {"test_batch.bin": TEN["test_batch.bin"]})
    assert list_source(tmp_path / "test_batch.bin").classes == ("0", "1", "2")


def test_a_folder_of_both_sets_is_no_single_one(tmp_path: Path) -> None:
    put(tmp_path, TEN)
    with pytest.raises(DataError) as caught:
        list_source(tmp_path)
    names = "data_batch_1.bin and test_batch.bin"
    assert str(caught.value) == f"{tmp_path}: holds {names}; name one of them: {tmp_path}/test_batch.bin"


def test_files_that_are_wrong_are_one_line(tmp_path: Path) -> None:
    path = put(tmp_path, TEN) / "data_batch_2.bin"
    path.write_bytes(path.read_bytes()[:-1])
    assert error(tmp_path) == f"{path}: has 9218 bytes, not a number of records of 3073 bytes each"
    path.write_bytes(b"")
    assert error(tmp_path) == f"{path}: has 0 bytes, not a number of records of 3073 bytes each"
    path.write_bytes(bytes([3]) + bytes(3072))
    assert error(tmp_path) == f"{path}: record 0 has label 3, but batches.meta.txt names 3 classes"


@pytest.mark.parametrize("ending", ["", ".tar.gz"])
@pytest.mark.parametrize(
    ("files", "instead"),
    [
        (("data_batch_1", "data_batch_2", "test_batch", "batches.meta"), "cifar-10-binary.tar.gz"),
        (("train", "test", "meta", "file.txt~"), "cifar-100-binary.tar.gz"),
    ],
)
def test_the_python_version_is_refused(tmp_path: Path, ending: str, files: tuple[str, ...], instead: str) -> None:
    contents = dict.fromkeys(files, pickle.dumps({b"data": [1]}, protocol=2))
    root = put(tmp_path / "py", contents)
    path = root
    if ending:
        path = packed(tmp_path / f"a{ending}", {f"py/{name}": data for name, data in contents.items()})
    what = "is of CIFAR's Python version (pickle), which is never read, since reading it runs what stands in it"
    with untouched(root):
        assert error(path) == f"{path}{'/py' if ending else ''}: {what}; expected the binary version, {instead}"
        first = f"{path}{'/py' if ending else ''}/{files[0]}"
        assert error(first) == f"{first}: {what}; expected the binary version, {instead}"


def test_folders_that_are_called_so_are_classes(tmp_path: Path) -> None:
    made = sample(1, names=["train.bin", "test_batch"])
    put(tmp_path, {**made.files, "train.bin/1.png": next(iter(made.files.values())), "test.bin": b"x"})
    assert list_source(tmp_path).classes == ("test_batch", "train.bin")
