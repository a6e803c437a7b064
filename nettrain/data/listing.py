"""A folder per class: the classes, their picture files, and every fault of the layout at once."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from nettrain.data.labels import Labels
from nettrain.data.names import unfit_name
from nettrain.data.walk import Ignored, entries, is_picture, pictures_below
from nettrain.errors import DataError, Fault

_LAYOUT = "expected one folder of pictures per class, such as {}"


@dataclass(frozen=True, slots=True, eq=False)
class Listing:
    """Labelled pictures, none of them read.

    Shapes   ``files`` are N paths relative to ``root`` with ``/``, in code-point order; ``labels``, (N,) int64 or
             several (N,K) bool, are of ``classes``, names after Unicode NFC, in code-point order.
    Notes    ``splits`` says of each file which split it is of, if the source does.
    """

    root: str
    classes: tuple[str, ...]
    files: tuple[str, ...]
    labels: Labels
    ignored: Ignored
    splits: tuple[str, ...] | None = None


def list_folder(root: str | os.PathLike[str], least_classes: int = 2) -> Listing:
    """List a folder that has one sub-folder a class, with pictures at any depth in it.

    Errors   DataError, one fault a line: no such folder, not a folder, pictures outside a class folder, no class
             folders, fewer than ``least_classes``, a class without pictures, names that are not UTF-8, that have
             control characters, or that differ only in Unicode form or in case.
    Notes    what is passed over, and how links are treated: see ``walk.py``.
    """
    root = os.fspath(root)
    if not os.path.isdir(root):
        what = "is not a folder" if os.path.exists(root) else "no such folder"
        raise DataError(f"{what}; {_LAYOUT.format(example(root))}", root)
    ignored = Ignored()
    folders, others = entries(root, ignored)
    loose = [name for name in others if is_picture(name)]
    for name in set(others) - set(loose):
        ignored.other[os.path.splitext(name)[1].lower()] += 1
    names = {folder: unicodedata.normalize("NFC", folder) for folder in folders}
    faults = list(_layout_faults(root, names, loose, least_classes))
    classes = sorted(set(names.values()))
    index = {name: place for place, name in enumerate(classes)}
    found: list[tuple[str, int]] = []
    for folder in folders if not loose else ():
        pictures = pictures_below(os.path.join(root, folder), ignored)
        if not pictures:
            faults.append(
                Fault("this class folder holds no picture; add some, or remove it", os.path.join(root, folder))
            )
        found += [(f"{folder}/{picture}", index[names[folder]]) for picture in pictures]
    if faults:
        raise DataError(faults=faults)
    found.sort()
    labels = np.array([label for _, label in found], np.int64)
    return Listing(root, tuple(classes), tuple(path for path, _ in found), labels, ignored)


def example(root: str) -> str:
    """A path that shows the layout expected below ``root``."""
    return os.path.join(root, "cat", "1.png")


def _layout_faults(root: str, names: dict[str, str], loose: list[str], least: int) -> Iterator[Fault]:
    if loose:
        count = f"{len(loose)} {'picture lies' if len(loose) == 1 else 'pictures lie'}"
        yield Fault(f"{count} in the folder itself, such as {loose[0]!r}; {_LAYOUT.format(example(root))}", root)
    elif not names:
        yield Fault(f"holds no class folders; {_LAYOUT.format(example(root))}", root)
    elif len(names) < least:
        yield Fault(f"holds only one class, {next(iter(names))!r}; expected at least {least}", root)
    twins: dict[str, str] = {}
    for folder, name in names.items():
        where = os.path.join(root, folder)
        if wrong := unfit_name(name):
            yield Fault(wrong, where)
        twin = twins.setdefault(name.casefold(), folder)
        if twin != folder:
            how = "Unicode form" if names[twin] == name else "case"
            yield Fault(f"the class folders {twin!a} and {folder!a} differ only in {how}; merge or rename one", root)
