"""Arrays of NumPy: which are read, and what is said of those that are not."""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from data.archives.packing import zipped
from data.sources.making import sample
from untouched import untouched

from nettrain.data.sources.table import list_source
from nettrain.data.wanted import Wanted
from nettrain.errors import DataError

GREY = sample(2)
IMAGES, LABELS = GREY.pixels, np.array(GREY.labels)


def saved(root: Path, **arrays: Any) -> Path:
    np.savez(root / "a.npz", **arrays)
    return root / "a.npz"


def saved_as(array: npt.ArrayLike) -> bytes:
    """A file with one array."""
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def error(path: Path | str, several: bool = False) -> str:
    with pytest.raises(DataError) as caught:
        list_source(path, Wanted(several))
    return str(caught.value).removeprefix(f"{path}: ")


@pytest.mark.parametrize("kind", [np.int8, np.uint16, np.int64, ">i4"])
@pytest.mark.parametrize("shape", [(-1,), (-1, 1)])
def test_labels_are_numbers(tmp_path: Path, kind: Any, shape: tuple[int, ...]) -> None:
    path = saved(tmp_path, images=IMAGES[..., None], labels=LABELS.reshape(shape).astype(kind))
    with untouched(tmp_path):
        found = list_source(path)
        assert found.reader.read("00003", 1 << 20).data == IMAGES[3].tobytes()
    assert (found.classes, found.labels.tolist()) == (("0", "1", "2"), [0, 0, 1, 1, 2, 2])


def test_labels_are_texts_or_have_names(tmp_path: Path) -> None:
    texts = np.array(["owl", "cat", "owl", "cat", "e\u0301", "cat"])
    found = list_source(saved(tmp_path, images=IMAGES, labels=texts))
    assert (found.classes, found.labels.tolist()) == (("cat", "owl", "\xe9"), [1, 0, 1, 0, 2, 0])
    names = np.array([b"owl", b"cat", b"ant"])
    found = list_source(saved(tmp_path, images=IMAGES, labels=LABELS, classes=names))
    assert (found.classes, found.labels.tolist()) == (("ant", "cat", "owl"), [2, 2, 1, 1, 0, 0])


def test_a_picture_may_have_several_labels(tmp_path: Path) -> None:
    rows = np.array([[1, 0, 1], [0, 0, 0], [0, 1, 0], [1, 1, 1], [0, 0, 1], [1, 0, 0]], bool)
    for labels in (rows, rows.astype(np.uint8)):
        found = list_source(
            saved(tmp_path, images=IMAGES, labels=labels, classes=np.array(["c", "a", "b"])), Wanted(several=True)
        )
        assert found.classes == ("a", "b", "c")
        assert (found.labels == rows[:, [1, 2, 0]]).all()


def test_splits_and_groups_are_columns(tmp_path: Path) -> None:
    split = np.array(["train", "train", "train", "val", "test", "train"])
    group = np.array(["a", " a", "b", "c", "e\u0301", "\xe9"])
    found = list_source(saved(tmp_path, images=IMAGES, labels=LABELS, split=split, group=group))
    assert (found.splits, found.groups) == (tuple(split.tolist()), ("a", "a", "b", "c", "\xe9", "\xe9"))


SHAPES = "expected uint8 (N,H,W), (N,H,W,1), (N,H,W,3) or (N,H,W,4), or clips (N,T,H,W,C) of so many channels"
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no labels": ({"images": IMAGES}, "has no array 'labels'; expected images and labels, got images"),
    "other names": (
        {"x_train": IMAGES, "y_train": LABELS},
        "has no array 'images'; expected images and labels, got x_train, y_train",
    ),
    "nothing": ({}, "has no array 'images'; expected images and labels, got nothing"),
    "floats": (
        {"images": IMAGES.astype(np.float32), "labels": LABELS},
        f"its images are float32 (6, 8, 8); {SHAPES}",
    ),
    "two channels": (
        {"images": np.zeros((6, 8, 8, 2), np.uint8), "labels": LABELS},
        f"its images are uint8 (6, 8, 8, 2); {SHAPES}",
    ),
    "flat": ({"images": IMAGES.reshape(6, 64), "labels": LABELS}, f"its images are uint8 (6, 64); {SHAPES}"),
    "no pictures": ({"images": IMAGES[:0], "labels": LABELS[:0]}, "its images are uint8 (0, 8, 8), which is none"),
    "fewer labels": ({"images": IMAGES, "labels": LABELS[:5]}, "holds 5 labels, but 6 pictures"),
    "one label": ({"images": IMAGES, "labels": np.int64(3)}, "holds 1 labels, but 6 pictures"),
    "labels that are no numbers": (
        {"images": IMAGES, "labels": LABELS / 2},
        "its labels are float64 (6,); expected numbers or text (N), or truth values (N,K) with data.labels: several",
    ),
    "several labels": (
        {"images": IMAGES, "labels": np.eye(6, dtype=bool)},
        "its labels are bool (6, 6); expected numbers or text (N), or truth values (N,K) with data.labels: several",
    ),
    "negative": (
        {"images": IMAGES, "labels": LABELS - 1},
        "it has the label -1; expected numbers from 0",
    ),
    "more than names": (
        {"images": IMAGES, "labels": LABELS, "classes": np.array(["a", "b"])},
        "it has the label 2; expected numbers from 0 to 1, as classes has names",
    ),
    "names of nothing": (
        {"images": IMAGES, "labels": np.array(list("ababab")), "classes": np.array(["a", "b"])},
        "its labels are texts, so that classes has nothing to name; leave one of them out",
    ),
    "numbers for names": (
        {"images": IMAGES, "labels": LABELS, "classes": np.arange(3)},
        "its classes are int64 (3,); expected texts, one after another",
    ),
    "names that differ in case": (
        {"images": IMAGES, "labels": LABELS, "classes": np.array(["a", "A", "b"])},
        "the classes 'a' and 'A' differ only in case; expected each class once",
    ),
    "a class without pictures": (
        {"images": IMAGES, "labels": LABELS, "classes": np.array(["a", "b", "c", "d"])},
        "d: no picture is of this class; expected some",
    ),
    "another split": (
        {"images": IMAGES, "labels": LABELS, "split": np.array(["train"] * 5 + ["dev"])},
        "its split has 'dev'; expected train, val or test",
    ),
    "a group without a name": (
        {"images": IMAGES, "labels": LABELS, "group": np.array(["x", " ", "y", "y", "", "z"])},
        "its group of picture 1 is missing; expected a name, its own for a picture that belongs to no other",
    ),
    "a class without a name": (
        {"images": IMAGES, "labels": np.array(["", "a", "b", "", "a", "b"])},
        "a class has no name; expected one",
    ),
    "fewer groups": (
        {"images": IMAGES, "labels": LABELS, "group": np.array(["x"] * 5)},
        "its group has 5 entries, but there are 6 pictures",
    ),
    "Python objects": (
        {"images": IMAGES, "labels": np.array([{"run": "me"}] * 6)},
        "its labels are Python objects (pickle), which are never read; save plain numbers or texts",
    ),
    "pictures as objects": (
        {"images": np.array([None, 1]), "labels": LABELS},
        "its images are Python objects (pickle), which are never read; save plain numbers or texts",
    ),
    "another order": (
        {"images": np.asfortranarray(IMAGES), "labels": LABELS},
        "its images lie in Fortran's order; save np.ascontiguousarray(images)",
    ),
}


@pytest.mark.parametrize("fault", WRONG)
def test_what_is_wrong_is_one_line(tmp_path: Path, fault: str) -> None:
    arrays, what = WRONG[fault]
    path = saved(tmp_path, **arrays)
    found = error(path)
    assert found.removeprefix(f"{path}/") == what


def test_a_file_that_is_damaged_is_one_line(tmp_path: Path) -> None:
    path = saved(tmp_path, images=IMAGES, labels=LABELS)
    whole = path.read_bytes()
    path.write_bytes(whole[:-30])
    assert error(path) == "is no zip archive, or cut off: it has no directory at its end; expected a whole zip archive"
    path = zipped(tmp_path / "b.npz", {"images.npy": b"no array", "labels.npy": b""})
    what = "its images are no array (the magic string is not correct; expected b'\\x93NUMPY', got b'no arr')"
    assert error(path) == what
    with zipfile.ZipFile(saved(tmp_path, images=IMAGES)) as made:
        short = made.read("images.npy")[:-1]
    path = zipped(tmp_path / "c.npz", {"images.npy": short, "labels.npy": b""})
    assert error(path) == "its images are cut off: 383 of 384 bytes are there"


HEADERS = {
    "a bracket that stays open": b"{'descr': '|u1', 'fortran_order': False, 'shape': (6, 8, 8",
    "a text that stays open": b"{'descr': '|u1",
    "indented": b"if 1:\n   a\n  b",
    "too deep": b"[" * 9000,
    "no keys": b"[1]",
    "a type of nothing": b"{'descr': [()], 'fortran_order': False, 'shape': (6, 8, 8)}",
    "numbers of nothing": b"{'descr': '|u1', 'fortran_order': False, 'shape': (6, None)}",
}


@pytest.mark.parametrize("header", HEADERS)
def test_a_header_that_is_none_is_one_short_line(tmp_path: Path, header: str) -> None:
    data = b"\x93NUMPY\1\0" + struct.pack("<H", len(HEADERS[header])) + HEADERS[header]
    for name, arrays in (("images", {}), ("labels", {"images.npy": saved_as(IMAGES)})):
        path = zipped(tmp_path / f"{name}.npz", {"labels.npy": saved_as(LABELS), **arrays, f"{name}.npy": data})
        found = error(path)
        assert found.startswith(f"its {name} are no array (")
        assert len(found.splitlines()) == 1
        assert len(found) < 150


def test_a_header_that_python_2_wrote_is_read_without_a_word(tmp_path: Path) -> None:
    old = saved_as(IMAGES).replace(b"(6, 8, 8), ", b"(6L, 8L, 8)")
    path = zipped(tmp_path / "a.npz", {"images.npy": old, "labels.npy": saved_as(LABELS)})
    with warnings.catch_warnings(action="error"):
        assert len(list_source(path).files) == 6


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_byte_of_a_picture_that_has_changed_is_found(tmp_path: Path, method: int) -> None:
    bright = np.full((6, 8, 8), 200, np.uint8)
    path = zipped(tmp_path / "a.npz", {"images.npy": saved_as(bright), "labels.npy": saved_as(LABELS)}, method)
    data = bytearray(path.read_bytes())
    at = data.index(b"\xc8\xc8\xc8") if method == zipfile.ZIP_STORED else data.index(b"PK\1\2") + 16
    data[at] ^= 1  # of the pixels, or of their checksum
    path.write_bytes(data)
    assert error(path) == f"{path}/images.npy: in the archive it is damaged: its CRC-32 is another one"


def test_one_in_an_archive_is_refused(tmp_path: Path) -> None:
    zipped(tmp_path / "a.zip", {"in/a.npz": saved(tmp_path, images=IMAGES, labels=LABELS).read_bytes()})
    assert error(f"{tmp_path}/a.zip/in/a.npz") == "lies in an archive; an .npz is one itself: take it out, and name it"
