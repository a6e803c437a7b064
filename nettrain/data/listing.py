"""A folder per class: the classes, their picture files, and every fault of the layout at once."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from nettrain.data.archives.opened import is_archive
from nettrain.data.labels import Labels
from nettrain.data.names import unfit_name
from nettrain.data.no_folder import no_folder
from nettrain.data.reader import Files, Reader
from nettrain.data.tree import DISK, Tree
from nettrain.data.walk import Ignored, is_picture
from nettrain.errors import DataError, Fault

_LAYOUT = "expected one folder of pictures per class, such as {}"


@dataclass(frozen=True, slots=True, eq=False)
class Listing:
    """Labelled pictures, none of them read.

    Shapes   ``files`` are the N names that ``reader`` reads, paths with ``/``, in code-point order; ``labels``, (N,)
             int64 or several (N,K) bool, are of ``classes``, names after Unicode NFC, in code-point order.
    Notes    ``splits`` says of each file which split it is of, and ``groups`` what it must not be parted from, if the
             source does.
    """

    reader: Reader
    classes: tuple[str, ...]
    files: tuple[str, ...]
    labels: Labels
    ignored: Ignored
    splits: tuple[str, ...] | None = None
    groups: tuple[str, ...] | None = None

    @property
    def root(self) -> str:
        """The path that the files' names are relative to."""
        return self.reader.root


def list_folder(root: str | os.PathLike[str], least_classes: int = 2) -> Listing:
    """List a folder of the disk; see ``list_classes``."""
    return list_classes(DISK, os.fspath(root), least_classes)


def list_classes(tree: Tree, folder: str, least_classes: int = 2) -> Listing:
    """List a folder that has one sub-folder a class, with pictures at any depth in it.

    Errors   DataError, one fault a line: no such folder, not a folder, pictures outside a class folder, no class
             folders, fewer than ``least_classes``, a class without pictures, names that are not UTF-8, that have
             control characters, or that differ only in Unicode form or in case.
    Notes    what is passed over, and how links are treated: see ``walk.py``.
    """
    root = tree.path(folder)
    if not tree.is_folder(folder):
        raise DataError(no_folder(tree, folder, _LAYOUT.format(example(root))), root)
    ignored = Ignored()
    folders, others = tree.entries(folder, ignored)
    loose = [name for name in others if is_picture(name)]
    for name in set(others) - set(loose):
        ignored.other[os.path.splitext(name)[1].lower()] += 1
    names = {name: unicodedata.normalize("NFC", name) for name in folders}
    archive = next(filter(is_archive, others), None) if tree is DISK else None
    wrapped = _is_wrapper(tree, folder, folders)
    faults = list(_layout_faults(root, names, loose, least_classes, archive, wrapped))
    classes = sorted(set(names.values()))
    index = {name: place for place, name in enumerate(classes)}
    found: list[tuple[str, int]] = []
    for name in folders if not loose else ():
        pictures = tree.pictures_below(os.path.join(folder, name), ignored)
        if not pictures:
            faults.append(Fault("this class folder holds no picture; add some, or remove it", os.path.join(root, name)))
        found += [(f"{name}/{picture}", index[names[name]]) for picture in pictures]
    if faults:
        raise DataError(faults=faults)
    found.sort()
    labels = np.array([label for _, label in found], np.int64)
    return Listing(Files(tree, folder), tuple(classes), tuple(path for path, _ in found), labels, ignored)


def example(root: str) -> str:
    """A path that shows the layout expected below ``root``."""
    return os.path.join(root, "cat", "1.png")


def _is_wrapper(tree: Tree, folder: str, folders: list[str]) -> bool:
    """Whether all that a folder holds is one folder with others in it, as archives leave behind."""
    if len(folders) != 1:
        return False
    inner, others = tree.entries(os.path.join(folder, folders[0]), Ignored())
    return len(inner) > 1 and not any(map(is_picture, others))


def _layout_faults(
    root: str, names: dict[str, str], loose: list[str], least: int, archive: str | None, wrapped: bool
) -> Iterator[Fault]:
    if loose:
        count = f"{len(loose)} {'picture lies' if len(loose) == 1 else 'pictures lie'}"
        yield Fault(f"{count} in the folder itself, such as {loose[0]!r}; {_LAYOUT.format(example(root))}", root)
    elif not names:
        other = "" if archive is None else f"; to take what is in {archive!r}, name it: {os.path.join(root, archive)}"
        yield Fault(f"holds no class folders; {_LAYOUT.format(example(root))}{other}", root)
    elif len(names) < least:
        lone = next(iter(names))
        below = f"; if the classes are the folders in it, name {os.path.join(root, lone)}" if wrapped else ""
        yield Fault(f"holds only one class, {lone!r}; expected at least {least}{below}", root)
    twins: dict[str, str] = {}
    for folder, name in names.items():
        where = os.path.join(root, folder)
        if wrong := unfit_name(name):
            yield Fault(wrong, where)
        twin = twins.setdefault(name.casefold(), folder)
        if twin != folder:
            how = "Unicode form" if names[twin] == name else "case"
            yield Fault(f"the class folders {twin!a} and {folder!a} differ only in {how}; merge or rename one", root)
