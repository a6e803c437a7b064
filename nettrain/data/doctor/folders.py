"""A look round a folder of classes that refuses nothing: what is empty, hidden, misplaced or passed over in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field

from nettrain.data.walk import is_ignored, is_picture

_CLUTTER = frozenset({".DS_Store", ".git", ".ipynb_checkpoints", "Thumbs.db", "__MACOSX", "desktop.ini"})
_APPLE_DOUBLE = "._"  # what a Mac writes beside a file on other disks, by the name of the file


@dataclass(eq=False)
class Folders:
    """What lies below ``root``, as paths relative to it with ``/``.

    Notes    ``classes`` are the folders right below it, with the pictures in each, at any depth; ``direct`` those of
             them that hold pictures themselves. ``inner`` are folders inside class folders that hold pictures,
             ``hidden`` folders and pictures whose name hides them with the pictures in each, ``other`` files in class
             folders that are not taken for pictures, ``loose`` pictures outside of any class.
    """

    root: str
    classes: dict[str, int] = field(default_factory=dict)
    direct: set[str] = field(default_factory=set)
    inner: list[str] = field(default_factory=list)
    hidden: dict[str, int] = field(default_factory=dict)
    other: list[str] = field(default_factory=list)
    loose: list[str] = field(default_factory=list)


def look_round(root: str, deeper: bool = True) -> Folders:
    """Everything below a folder, by name; links are followed, one that leads back is not, nor what cannot be listed.

    Notes    not ``deeper``: only what is hidden or loose right in it. Its folders are no classes, but hold them.
    """
    found = Folders(root)
    for name, is_folder in _entries(root):
        if is_ignored(name):
            _hide(found, name, is_folder)
        elif is_folder and deeper:
            found.classes[name] = 0
            _look_into(found, name)
        elif not is_folder and is_picture(name):
            found.loose.append(name)
    return found


def _look_into(found: Folders, label: str) -> None:
    waiting: list[tuple[str, frozenset[tuple[int, int]]]] = [(label, frozenset())]
    while waiting:
        here, above = waiting.pop()
        full = os.path.join(found.root, here)
        if (identity := _identity(full)) in above:
            continue
        pictures = 0
        for name, is_folder in _entries(full):
            path = f"{here}/{name}" if here else name
            if is_ignored(name):
                _hide(found, path, is_folder)
            elif is_folder:
                waiting.append((path, above | {identity}))
            elif is_picture(name):
                pictures += 1
            else:
                found.other.append(path)
        found.classes[label] += pictures
        if pictures and here == label:
            found.direct.add(label)
        elif pictures:
            found.inner.append(here)


def _hide(found: Folders, path: str, is_folder: bool) -> None:
    """Note a hidden entry, if pictures are lost with it; what systems and tools leave everywhere is no loss."""
    name = os.path.basename(path)
    if name in _CLUTTER or name.startswith(_APPLE_DOUBLE):
        return
    if not is_folder:
        count = int(is_picture(name))
    else:
        below = Folders(os.path.join(found.root, path), {"": 0})
        _look_into(below, "")
        count = below.classes[""]
    if count:
        found.hidden[path] = count


def _entries(folder: str) -> Iterator[tuple[str, bool]]:
    """The names in a folder in code-point order, and whether each is a folder; none if it cannot be listed."""
    try:
        with os.scandir(folder) as there:
            yield from sorted((entry.name, _is_folder(entry)) for entry in there)
    except OSError:
        return


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _identity(folder: str) -> tuple[int, int]:
    try:
        status = os.stat(folder)
    except OSError:
        return (0, 0)
    return status.st_dev, status.st_ino
