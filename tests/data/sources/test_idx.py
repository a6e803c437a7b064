"""IDX files: what is read beside what, which is for what, and every fault on one line."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from data.archives.packing import packed
from data.samples import config
from data.sources.making import idx, mnist, put, sample
from untouched import untouched

from nettrain.config.fields import FilePath
from nettrain.data.config import DataConfig
from nettrain.data.sources.table import list_source
from nettrain.data.splitting import make_splits
from nettrain.errors import DataError

GREY = sample()


def error(path: Path | str) -> str:
    with pytest.raises(DataError) as caught:
        list_source(path)
    return str(caught.value)


@pytest.mark.parametrize("packing", ["", ".zip", ".tar.gz"])
def test_a_folder_of_the_family_is_train_and_test(tmp_path: Path, packing: str) -> None:
    root = tmp_path / "data"
    mnist(root / "top", GREY)
    mnist(root / "top", GREY, ending=".gz")  # the same, packed: one of them is read
    mnist(root / "top", sample(2, seed=2), "t10k", ".gz")
    path = root / "top"
    if packing:
        files = {f"top/{file.name}": file.read_bytes() for file in path.iterdir()}
        path = packed(tmp_path / f"a{packing}", files)
    with untouched(root):
        splits = make_splits(DataConfig(FilePath(path), config()), 1)
    assert splits.notes == ("data.train: uses train-images-idx3-ubyte, t10k-images-idx3-ubyte.gz found in it",)
    assert [(split.name, len(split.files)) for split in splits.all()] == [("train", 18), ("test", 6)]
    assert splits.train.files[:2] == ("00000", "00001")
    top = "/top" if packing else ""
    assert splits.train.path(1) == f"{path}{top}/train-images-idx3-ubyte/00001"


def test_files_of_others_go_by_their_own_names(tmp_path: Path) -> None:
    path = mnist(tmp_path, GREY, "emnist-letters-train")
    assert list_source(path).classes == ("0", "1", "2")
    assert list_source(tmp_path).root == str(path)
    mnist(tmp_path, GREY, "emnist-digits-train")
    names = "emnist-digits-train-images-idx3-ubyte and emnist-letters-train-images-idx3-ubyte"
    what = f"{tmp_path}: holds {names}; name one of them: {tmp_path}/emnist-digits-train-images-idx3-ubyte"
    assert error(tmp_path) == what


def test_a_folder_of_both_sets_is_no_single_one(tmp_path: Path) -> None:
    mnist(tmp_path, GREY)
    mnist(tmp_path, GREY, "t10k")
    names = "t10k-images-idx3-ubyte and train-images-idx3-ubyte"
    assert error(tmp_path) == f"{tmp_path}: holds {names}; name one of them: {tmp_path}/t10k-images-idx3-ubyte"


def test_numbers_are_classes_in_the_order_of_their_names(tmp_path: Path) -> None:
    made = sample(1, names="abcdefghijkl")
    found = list_source(mnist(tmp_path, made))
    assert found.classes[:4] == ("0", "1", "10", "11")
    assert [found.classes[label] for label in found.labels] == [str(number) for number in range(12)]


IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"


def changed(name: str, change: Callable[[bytes], bytes]) -> Callable[[Path], object]:
    return lambda root: (root / name).write_bytes(change((root / name).read_bytes()))


FAULTS: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "no labels": (
        lambda root: (root / LABELS).unlink(),
        IMAGES,
        f"no file {LABELS} or {LABELS}.gz with the labels lies beside it",
    ),
    "fewer labels": (
        changed(LABELS, lambda data: idx([0, 1, 2])),
        LABELS,
        f"holds 3 labels, but {IMAGES} 18 pictures",
    ),
    "cut off": (
        changed(IMAGES, lambda data: data[:-1]),
        IMAGES,
        "is cut off: its header promises 18 x 8 x 8 bytes",
    ),
    "too long": (
        changed(IMAGES, lambda data: data + b"x"),
        IMAGES,
        "goes on behind the 18 x 8 x 8 bytes that its header promises",
    ),
    "empty": (
        changed(IMAGES, lambda data: b""),
        IMAGES,
        "is no IDX file: it does not begin with two zeros and its axes",
    ),
    "floats": (
        changed(IMAGES, lambda data: data[:2] + b"\x0d" + data[3:]),
        IMAGES,
        "holds float32; expected unsigned bytes",
    ),
    "an unknown kind": (
        changed(IMAGES, lambda data: data[:2] + b"\x77" + data[3:]),
        IMAGES,
        "holds numbers of kind 119; expected unsigned bytes",
    ),
    "axes": (
        changed(IMAGES, lambda data: data[:3] + b"\x04" + data[4:]),
        IMAGES,
        "has 4 axes; expected 3, N, H, W",
    ),
    "sizes without end": (
        changed(IMAGES, lambda data: data[:4] + b"\xff" * 12 + data[16:]),
        IMAGES,
        "is cut off: its header promises 4294967295 x 4294967295 x 4294967295 bytes",
    ),
    "none": (
        lambda root: put(root, {IMAGES: struct.pack(">2xBB3I", 8, 3, 0, 8, 8), LABELS: idx([])}),
        IMAGES,
        "holds 0 pictures of 8x8 pixels; expected some",
    ),
    "one class": (
        changed(LABELS, lambda data: idx([3] * 18)),
        IMAGES,
        "holds only one class, '3'; expected at least 2",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_file_that_is_not_what_it_should_be_is_one_line(tmp_path: Path, fault: str) -> None:
    make, where, what = FAULTS[fault]
    mnist(tmp_path, GREY)
    make(tmp_path)
    assert error(tmp_path / IMAGES) == f"{tmp_path}/{where}: {what}"


def test_damage_in_a_packed_file_is_one_line(tmp_path: Path) -> None:
    path = mnist(tmp_path, GREY, ending=".gz")
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    assert error(path) == f"{path}: is cut off"
    path.write_bytes(b"no gzip" + whole)
    assert error(path) == f"{path}: is damaged: Error -3 while decompressing data: incorrect header check"
    other = gzip.compress(b"x" * 2000)
    path.write_bytes(other)
    assert error(path) == f"{path}: is no IDX file: it does not begin with two zeros and its axes"
