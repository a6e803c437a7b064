"""Where a path leads: to a file or folder of the disk, or into an archive that stands on the way."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable

from nettrain.data.archives.archive import Archive
from nettrain.data.archives.tar import Tar, TarBz2, TarGz, TarXz
from nettrain.data.archives.zip import Zip
from nettrain.data.tree import DISK, Tree

ARCHIVES: dict[str, Callable[[str], Archive]] = {
    ".zip": Zip,
    ".tar": Tar,
    ".tar.gz": TarGz,
    ".tgz": TarGz,
    ".tar.xz": TarXz,
    ".txz": TarXz,
    ".tar.bz2": TarBz2,
    ".tbz2": TarBz2,
    ".tbz": TarBz2,
}
_opened: weakref.WeakValueDictionary[tuple[object, ...], Archive] = weakref.WeakValueDictionary()


def is_archive(path: str) -> bool:
    """Whether a file of this name is taken for an archive."""
    return path.lower().endswith(tuple(ARCHIVES))


def located(path: str) -> tuple[Tree, str]:
    """The tree that a path leads into, and the name there; of an archive itself the name is empty.

    Errors   DataError: an archive that cannot be read, or that is refused.
    """
    head = path
    while head and not os.path.lexists(head):
        head = os.path.dirname(head)
    if head and is_archive(head) and not os.path.isdir(head):
        return open_archive(head), path[len(head) :].strip("/")
    return DISK, path


def open_archive(path: str) -> Archive:
    """An archive of the disk: the one that is open already, as long as somebody holds it and its file has not changed.

    Errors   DataError.
    """
    key = (os.path.abspath(path), path, DISK.stamp(path))
    if (found := _opened.get(key)) is None:
        lowered = path.lower()
        make = next(make for suffix, make in ARCHIVES.items() if lowered.endswith(suffix))
        found = _opened[key] = make(path)
    return found
