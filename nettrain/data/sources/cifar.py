"""CIFAR's binary files: records of one label (CIFAR-100: two) and 32x32 pixels, a colour after another.

Source   Krizhevsky, "The CIFAR-10 dataset", section "Binary version".
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from nettrain.data.archives.opened import located
from nettrain.data.listing import Listing
from nettrain.data.sources.joined import joined
from nettrain.data.sources.records import Records, listed
from nettrain.data.spans import DamagedSource, Span
from nettrain.data.tree import Tree
from nettrain.data.walk import Ignored
from nettrain.data.wanted import Wanted
from nettrain.errors import DataError

SHAPE = (32, 32, 3)
PIXELS = 32 * 32 * 3
TOGETHER = 4096  # records whose labels are read at a time
MOST_NAMES = 1 << 20  # bytes of a file of names
_TEN = re.compile(r"data_batch_\d+\.bin|test_batch\.bin")
_HUNDRED = re.compile(r"train\.bin|test\.bin")
_PICKLES = {  # what a folder of the Python version holds, and what is to be had instead
    "cifar-10-binary.tar.gz": re.compile(r"data_batch_\d+|test_batch|batches\.meta"),
    "cifar-100-binary.tar.gz": re.compile(r"train|test|meta"),
}
_NAMES = {1: "batches.meta.txt", 2: "fine_label_names.txt"}  # by the labels that a record has


def is_batch(name: str) -> bool:
    """Whether a file is called like one of CIFAR's."""
    return _labels_of(name) > 0


def _labels_of(name: str) -> int:
    """How many labels a record of a file has, by its name; 0 if it is no file of CIFAR's."""
    file = os.path.basename(name)
    return 1 if _TEN.fullmatch(file) else 2 if _HUNDRED.fullmatch(file) else 0


def fits(path: str) -> bool:
    """Whether a path is one of these files, or a folder of nothing but files, with such among them."""
    tree, name = located(path)
    if not tree.is_folder(name):
        return is_batch(path) or _instead(tree, name) is not None
    folders, others = tree.entries(name, Ignored())
    return not folders and holds(others)


def holds(files: Sequence[str]) -> bool:
    """Whether these are the files of a folder of CIFAR's, in either version."""
    return any(map(is_batch, files)) or _pickled(files) is not None


def _pickled(files: Sequence[str]) -> str | None:
    """What is to be had instead of the Python version, if these are its files."""
    kinds = _PICKLES.items()
    return next((other for other, name in kinds if sum(name.fullmatch(file) is not None for file in files) > 1), None)


def _instead(tree: Tree, name: str) -> str | None:
    """What is to be had instead of a file of the Python version, or of a folder of them."""
    if tree.is_folder(name):
        folders, others = tree.entries(name, Ignored())
        return None if folders or any(map(is_batch, others)) else _pickled(others)
    folder, file = os.path.split(name)
    found = _pickled(tree.entries(folder or tree.top, Ignored())[1]) if "." not in file and tree.exists(name) else None
    return found if found is not None and _PICKLES[found].fullmatch(file) else None


def parts(path: str) -> Mapping[str, Sequence[str]]:
    """The files in a folder, by what they are for; of a file nothing.

    Errors   DataError: files of pickle.
    """
    tree, name = located(path)
    if (other := _instead(tree, name)) is not None:
        what = "is of CIFAR's Python version (pickle), which is never read, since reading it runs what stands in it"
        raise DataError(f"{what}; expected the binary version, {other}", path)
    files = list(filter(is_batch, tree.entries(name, Ignored())[1])) if tree.is_folder(name) else []
    found: dict[str, list[str]] = {}
    for file in sorted(files, key=lambda file: (len(file), file)):  # data_batch_10 behind data_batch_9
        found.setdefault("test" if file.startswith("test") else "train", []).append(tree.path(os.path.join(name, file)))
    return dict(sorted(found.items(), reverse=True))


def list_cifar(path: str, wanted: Wanted, least_classes: int = 2) -> Listing:
    """List the pictures of a file (or of those in a folder), with the names of classes that lie beside it.

    Errors   DataError: a size that no number of records has, a label without a name, files of pickle; a folder with
             files to train and to test on.
    Notes    Without names the numbers are the classes. Of CIFAR-100 the fine labels count.
    """
    if len(found := parts(path)) > 1:
        first, other = (os.path.basename(files[0]) for files in found.values())
        raise DataError(f"holds {first} and {other}; name one of them: {path.rstrip('/')}/{other}", path)
    files = next(iter(found.values()), [path])
    if len(files) == 1:
        return _list_file(files[0], least_classes)
    return joined({file: _list_file(file, 1) for file in files}, least_classes)


def _list_file(path: str, least_classes: int) -> Listing:
    """Errors: those of ``list_cifar``."""
    reader = pictures(path)
    tree, name = located(path)
    before = _labels_of(name)
    names = _names(tree, os.path.join(os.path.dirname(name), _NAMES[before]))
    try:
        labels = _labels(reader.span, reader.count, reader.every, before - 1)
    except DamagedSource as problem:
        raise DataError(str(problem), path) from None
    if names is not None and (over := np.flatnonzero(labels >= len(names))).size:
        first = int(over[0])
        what = f"record {first} has label {labels[first]}, but {_NAMES[before]} names {len(names)} classes"
        raise DataError(what, path)
    return listed(reader, labels, names, least_classes)


def pictures(path: str) -> Records:
    """A reader of the pictures of a file, whatever their labels.

    Errors   DataError: a size that no number of records has.
    """
    tree, name = located(path)
    before, span = _labels_of(name), tree.span(name)
    every = before + PIXELS
    count, rest = divmod(span.size, every)
    if rest or not count:
        raise DataError(f"has {span.size} bytes, not a number of records of {every} bytes each", path)
    return Records(path, span, before, every, count, SHAPE, planes=True)


def _labels(span: Span, count: int, every: int, place: int) -> npt.NDArray[np.int64]:
    """The label at a place in each record."""
    found = []
    for start in range(0, count, TOGETHER):
        length = min(TOGETHER, count - start) * every
        data = span.read(length, start * every)
        if len(data) < length:
            raise DamagedSource(f"is cut off: {start * every + len(data)} of {count * every} bytes are there")
        found.append(np.frombuffer(data, np.uint8).reshape(-1, every)[:, place].astype(np.int64))
    return np.concatenate(found)


def _names(tree: Tree, file: str) -> list[str] | None:
    """The names of the classes, a line each, if they are there."""
    if not tree.exists(file):
        return None
    text = tree.read(file, MOST_NAMES).decode("utf-8", "surrogateescape")
    return [line.strip() for line in text.splitlines() if line.strip()]
