"""IDX, the format of the MNIST family: a file of pictures and one of labels, each with a header, plain or in gzip.

Source   LeCun, Cortes, Burges, "The MNIST database of handwritten digits", section "FILE FORMATS".
"""

from __future__ import annotations

import math
import os
import re
import struct
from collections.abc import Mapping, Sequence

import numpy as np

from nettrain.data.archives.opened import located
from nettrain.data.archives.unpacked import Unpacked
from nettrain.data.listing import Listing
from nettrain.data.sources.records import Records, listed
from nettrain.data.spans import DamagedSource, Span
from nettrain.data.tree import Tree
from nettrain.data.walk import Ignored
from nettrain.data.wanted import Wanted
from nettrain.errors import DataError

_IMAGES = re.compile(r"(?:(?P<set>.*)[-_.])?images[-._]idx3[-._]ubyte(?:\.gz)?")
_SPLITS = {"train": "train", "t10k": "test", "test": "test"}  # how a set is called, and what it is
_UNSIGNED_BYTES = 8
_KINDS = {9: "signed bytes", 11: "int16", 12: "int32", 13: "float32", 14: "float64"}
MOST_LABELS = 1 << 30


def is_images(name: str) -> bool:
    """Whether a file of this name holds pictures: ``train-images-idx3-ubyte.gz`` and the like."""
    return _IMAGES.fullmatch(os.path.basename(name)) is not None


def fits(path: str) -> bool:
    """Whether a path is a file of pictures, or a folder with such files."""
    tree, name = located(path)
    return any(map(is_images, tree.entries(name, Ignored())[1])) if tree.is_folder(name) else is_images(path)


def parts(path: str) -> Mapping[str, Sequence[str]]:
    """The files of pictures in a folder, by what they are for; of a file nothing.

    Errors   DataError: files of several data sets.
    """
    tree, name = located(path)
    if not tree.is_folder(name):
        return {}
    found: dict[str, list[str]] = {}
    for file in filter(is_images, tree.entries(name, Ignored())[1]):  # a packed one comes behind the same unpacked
        one = found.setdefault(_split_of(file), [])
        if file.removesuffix(".gz") not in one:
            one.append(file)
    if several := next((files for files in found.values() if len(files) > 1), None):
        raise DataError(f"holds {' and '.join(several)}; name one of them: {path.rstrip('/')}/{several[0]}", path)
    return {split: [tree.path(os.path.join(name, files[0]))] for split, files in found.items()}


def list_idx(path: str, wanted: Wanted, least_classes: int = 2) -> Listing:
    """List the pictures of a file (or of the only one in a folder), whose labels are in the file beside it.

    Errors   DataError: no labels, or as many as there are pictures; a header that is none; a file that is cut off.
    """
    if len(found := parts(path)) > 1:
        named = [os.path.basename(files[0]) for files in found.values()]
        raise DataError(f"holds {' and '.join(named)}; name one of them: {path.rstrip('/')}/{named[0]}", path)
    path = next((files[0] for files in found.values()), path)
    tree, name = located(path)
    labels_name = _labels_beside(tree, name)
    reader = pictures(path)
    labels, (labelled,) = _opened(tree, labels_name, 1)
    if reader.count != labelled:
        where = tree.path(labels_name)
        raise DataError(f"holds {labelled} labels, but {os.path.basename(name)} {reader.count} pictures", where)
    if labelled > MOST_LABELS:
        raise DataError(f"holds {labelled} labels; expected at most {MOST_LABELS}", tree.path(labels_name))
    numbers = np.frombuffer(labels.read(labelled, 8), np.uint8).astype(np.int64)
    return listed(reader, numbers, None, least_classes)


def pictures(path: str) -> Records:
    """A reader of the pictures of a file, whatever their labels.

    Errors   DataError: a header that is none; a file that is cut off, or without pictures.
    """
    tree, name = located(path)
    images, (count, height, width) = _opened(tree, name, 3)
    if not count or not height * width:
        raise DataError(f"holds {count} pictures of {height}x{width} pixels; expected some", path)
    return Records(path, images, 16, height * width, count, (height, width, 1))


def _split_of(file: str) -> str:
    """What a file of pictures is for, by its name; itself where that does not say."""
    found = _IMAGES.fullmatch(file)
    last = re.split(r"[-_.]", (found and found["set"]) or "")[-1]
    return _SPLITS.get(last, file)


def _labels_beside(tree: Tree, name: str) -> str:
    """The file of labels beside one of pictures, plain or packed."""
    folder, file = os.path.split(name)
    before, _, after = file.rpartition("images")
    plain = f"{before}labels{after.replace('idx3', 'idx1')}".removesuffix(".gz")
    for wanted in (plain, f"{plain}.gz"):
        if tree.exists(os.path.join(folder, wanted)):
            return os.path.join(folder, wanted)
    raise DataError(f"no file {plain} or {plain}.gz with the labels lies beside it", tree.path(name))


def _opened(tree: Tree, name: str, axes: int) -> tuple[Span, list[int]]:
    """The bytes of a file, and the numbers of its axes.  Errors: DataError."""
    span = tree.span(name)
    try:
        if name.endswith(".gz"):
            span = Unpacked(span, "gzip")
        head = span.read(4 + 4 * axes, 0)
        if len(head) < 4 + 4 * axes or head[:2] != b"\0\0":
            raise DamagedSource("is no IDX file: it does not begin with two zeros and its axes")
        if head[2] != _UNSIGNED_BYTES:
            raise DamagedSource(f"holds {_KINDS.get(head[2], f'numbers of kind {head[2]}')}; expected unsigned bytes")
        if head[3] != axes:
            raise DamagedSource(f"has {head[3]} axes; expected {axes}, {'N, H, W' if axes == 3 else 'N'}")
        numbers = [int(number) for number in struct.unpack(f">{axes}I", head[4:])]
        size = len(head) + math.prod(numbers)
        if size >= 1 << 62 or span.read(1, size - 1) == b"":
            raise DamagedSource(f"is cut off: its header promises {' x '.join(map(str, numbers))} bytes")
        if span.read(1, size):
            raise DamagedSource(f"goes on behind the {' x '.join(map(str, numbers))} bytes that its header promises")
    except DamagedSource as problem:
        raise DataError(str(problem), tree.path(name)) from None
    return span, numbers
