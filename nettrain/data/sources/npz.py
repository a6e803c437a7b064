"""NumPy's .npz: the arrays images and labels, maybe classes, split and group; no array of objects is ever read.

Source   NumPy, "numpy.lib.format", format versions 1.0 and 2.0.
"""

from __future__ import annotations

import io
import math
import os
import tokenize
import unicodedata
import warnings
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from nettrain.config.words import short
from nettrain.data.archives.opened import located
from nettrain.data.archives.zip import Zip
from nettrain.data.listing import Listing
from nettrain.data.sources.manifest import SPLITS
from nettrain.data.sources.records import Records, listed, several_listed
from nettrain.data.tree import DISK
from nettrain.data.walk import Ignored
from nettrain.data.wanted import A_LOOK, Wanted
from nettrain.errors import DataError

Array = npt.NDArray[Any]
MOST_BYTES = 1 << 30  # of an array beside the pictures
MOST_HEADER = 1 << 16  # bytes
EXPECTED = "expected uint8 (N,H,W), (N,H,W,1), (N,H,W,3) or (N,H,W,4), or clips (N,T,H,W,C) of so many channels"
_UNREADABLE = (  # what may come of a header, which is parsed as Python is
    ValueError,
    KeyError,
    TypeError,
    SyntaxError,
    tokenize.TokenError,
    RecursionError,
    MemoryError,
)
_LABELS = "expected numbers or text (N), or truth values (N,K) with data.labels: several"


def fits(path: str) -> bool:
    """Whether a path is such a file."""
    return path.lower().endswith(".npz") and not os.path.isdir(path)


def list_npz(path: str, wanted: Wanted, least_classes: int = 2) -> Listing:
    """List the pictures, or clips, of a file; they stay where they are, and are read one by one.

    Errors   DataError: no such file, no such array, or one of another type or shape; labels without a name; pictures
             where clips are wanted, or clips where pictures are.
    """
    arrays = _Arrays(path)
    reader = arrays.images()
    _check_kind(arrays, reader, wanted)
    labels, names = arrays.read("labels"), arrays.texts("classes")
    if labels.ndim == 2 and labels.shape[1] == 1 and not wanted.several:
        labels = labels[:, 0]
    if labels.shape[:1] != (reader.count,):
        raise arrays.fault(f"holds {len(labels) if labels.ndim else 1} labels, but {reader.count} pictures")
    if wanted.several and labels.ndim == 2 and np.isin(labels, (0, 1)).all():
        if names is not None and len(names) != labels.shape[1]:
            raise arrays.fault(f"its labels are of {labels.shape[1]} classes, but classes names {len(names)}")
        found = several_listed(reader, labels.astype(bool), names)
    elif labels.ndim == 1 and labels.dtype.kind in "iuUS":
        found = listed(reader, *arrays.numbered(labels, names), least_classes)
    else:
        raise arrays.fault(f"its labels are {labels.dtype} {labels.shape}; {_LABELS}")
    splits, groups = arrays.texts("split"), arrays.groups()
    for name, column in (("split", splits), ("group", groups)):
        if column is not None and len(column) != reader.count:
            raise arrays.fault(f"its {name} has {len(column)} entries, but there are {reader.count} pictures")
    if splits is not None and (other := next((split for split in splits if split not in SPLITS), None)) is not None:
        raise arrays.fault(f"its split has {other!r}; expected train, val or test")
    return replace(found, splits=splits, groups=groups)


def pictures(path: str) -> Records:
    """A reader of the pictures, or clips, of a file, whatever their labels.

    Errors   DataError: no such file, no such array, or one of another type or shape.
    """
    return _Arrays(path).images()


def held_by(path: str) -> Wanted:
    """What could be wanted of a file; what is wrong with it is left for ``list_npz`` to say."""
    with suppress(DataError):
        arrays = _Arrays(path)
        labels, clips = arrays.read("labels"), len(arrays.images().shape) == 4
        return Wanted(labels.ndim == 2 and labels.shape[1] > 1, A_LOOK if clips else None)
    return Wanted()


def _check_kind(arrays: _Arrays, reader: Records, wanted: Wanted) -> None:
    """Errors: DataError for clips where pictures are wanted, and the other way round."""
    shape, clips = f"uint8 {(reader.count, *reader.shape)}", len(reader.shape) == 4
    if clips and wanted.frames is None and not wanted.first:
        cure = f"set data.image.frames, to {reader.shape[0]} for all, or data.image.animated: first"
        raise arrays.fault(f"its images are clips, {shape}, but the config wants pictures; {cure}")
    if wanted.frames is not None and not clips and not wanted.stills:
        cure = "leave it out, or set data.image.stills: repeat"
        raise arrays.fault(f"its images are pictures, {shape}, but data.image.frames wants clips, (N,T,H,W,C); {cure}")


class _Arrays:
    """The arrays in a file, by name."""

    def __init__(self, path: str) -> None:
        if located(path)[0] is not DISK:
            raise DataError("lies in an archive; an .npz is one itself: take it out, and name it", path)
        self._path, self._zip = path, Zip(path)

    def fault(self, what: str) -> DataError:
        return DataError(what, self._path)

    def images(self) -> Records:
        """A reader of the pictures, or clips; one of a single frame each is of pictures."""
        self._there("images")
        span = self._zip.span("images.npy")
        shape, kind, start = self._header("images", span.read(MOST_HEADER, 0))
        if kind != np.uint8 or len(shape) not in (3, 4, 5) or (len(shape) > 3 and shape[-1] not in (1, 3, 4)):
            raise self.fault(f"its images are {kind} {shape}; {EXPECTED}")
        count, *of_each = shape if len(shape) > 3 else (*shape, 1)
        size = math.prod(of_each)
        if not count or not size:
            raise self.fault(f"its images are {kind} {shape}, which is none")
        if span.size != start + count * size:
            raise self.fault(f"its images are cut off: {span.size - start} of {count * size} bytes are there")
        single = len(of_each) == 4 and of_each[0] == 1
        return Records(self._path, span, start, size, count, tuple(of_each[1:] if single else of_each))

    def read(self, name: str) -> Array:
        """An array, whole."""
        self._there(name)
        data = self._zip.read(f"{name}.npy", MOST_BYTES)
        shape, kind, start = self._header(name, data)
        count = math.prod(shape)
        if len(data) != start + count * kind.itemsize or not kind.itemsize:
            raise self.fault(f"its {name} are cut off: {len(data) - start} of {count * kind.itemsize} bytes are there")
        return np.frombuffer(data, kind, count, start).reshape(shape)

    def texts(self, name: str) -> tuple[str, ...] | None:
        """An array of texts, if it is there."""
        if not self._zip.exists(f"{name}.npy"):
            return None
        found = self.read(name)
        if found.ndim != 1 or found.dtype.kind not in "US":
            raise self.fault(f"its {name} are {found.dtype} {found.shape}; expected texts, one after another")
        return self._decoded(name, found)

    def groups(self) -> tuple[str, ...] | None:
        """The groups, if there are such, by the names that lists have for them."""
        if (found := self.texts("group")) is None:
            return None
        groups = tuple(unicodedata.normalize("NFC", name.strip()) for name in found)
        if "" in groups:
            cure = "expected a name, its own for a picture that belongs to no other"
            raise self.fault(f"its group of picture {groups.index('')} is missing; {cure}")
        return groups

    def numbered(
        self, labels: Array, names: Sequence[str] | None
    ) -> tuple[npt.NDArray[np.int64], Sequence[str] | None]:
        """Labels as numbers, and what these are the names of."""
        if labels.dtype.kind in "US":
            there, numbers = np.unique(labels, return_inverse=True)
            if names is not None:
                raise self.fault("its labels are texts, so that classes has nothing to name; leave one of them out")
            return numbers.astype(np.int64), self._decoded("labels", there)
        low, high = int(labels.min()), int(labels.max())
        if low < 0 or high >= (1 << 62 if names is None else len(names)):
            last = "" if names is None else f" to {len(names) - 1}, as classes has names"
            raise self.fault(f"it has the label {low if low < 0 else high}; expected numbers from 0{last}")
        return labels.astype(np.int64), names

    def _decoded(self, name: str, texts: Array) -> tuple[str, ...]:
        try:
            return tuple(text.decode() if isinstance(text, bytes) else text for text in texts.tolist())
        except UnicodeDecodeError:
            raise self.fault(f"its {name} are not UTF-8") from None

    def _there(self, name: str) -> None:
        if not self._zip.exists(f"{name}.npy"):
            there = self._zip.entries("", Ignored())[1]
            have = ", ".join(other.removesuffix(".npy") for other in there[:10]) or "nothing"
            raise self.fault(f"has no array {name!r}; expected images and labels, got {have}")

    def _header(self, name: str, data: bytes) -> tuple[tuple[int, ...], np.dtype[Any], int]:
        """Shape and type of an array, and where its numbers begin."""
        file = io.BytesIO(data[:MOST_HEADER])
        try:
            version = np.lib.format.read_magic(file)
            read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}[version]
            with warnings.catch_warnings(action="ignore"):  # of numbers as Python 2 wrote them
                shape, fortran, kind = read(file)
        except _UNREADABLE as error:
            raise self.fault(f"its {name} are no array ({short(str(*error.args[:1]), 100)})") from None
        if kind.hasobject:
            raise self.fault(
                f"its {name} are Python objects (pickle), which are never read; save plain numbers or texts"
            )
        if fortran and len(shape) > 1:
            raise self.fault(f"its {name} lie in Fortran's order; save np.ascontiguousarray({name})")
        return shape, kind, file.tell()
