"""Folders and files by name, wherever they lie: on the disk, or in an archive."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import BinaryIO, Protocol

import numpy as np
import numpy.typing as npt

from nettrain.data.reading import read
from nettrain.data.spans import OpenFile, Span, Stamp
from nettrain.data.walk import Ignored, entries, pictures_below

I64 = npt.NDArray[np.int64]
NO_STAMP: Stamp = (-1, -1, -1)  # of what cannot be looked at


class Tree(Protocol):
    """Folders and files with ``/`` between their names; any method may be called by several threads at once.

    ``top`` is the name of the folder that a name without a folder lies in.
    Errors   what is listed or opened, DataError; what is read, BadPicture, which is one too; EnvironmentFault.
    """

    @property
    def top(self) -> str: ...
    def path(self, name: str) -> str:
        """The path that people know it by."""

    def exists(self, name: str) -> bool: ...
    def is_folder(self, name: str) -> bool: ...

    def entries(self, folder: str, ignored: Ignored) -> tuple[list[str], list[str]]:
        """The names of (sub-folders, other entries) of one folder, each in code-point order."""

    def pictures_below(self, folder: str, ignored: Ignored) -> list[str]:
        """Paths of the pictures at any depth, relative to ``folder``, in code-point order."""

    def read(self, name: str, most: int) -> bytes:
        """All bytes of a file of at most ``most`` bytes."""

    def open(self, name: str) -> BinaryIO:
        """A file as a stream."""

    def span(self, name: str) -> Span:
        """A file, to be read from any place in it."""

    def stamp(self, name: str) -> Stamp:
        """What tells a changed file; NO_STAMP for one that cannot be looked at."""

    def ordered(self, folder: str, names: Sequence[str]) -> I64 | range:
        """The places of names below a folder in the order in which reading them takes the least time."""

    def holding(self, folder: str, names: Sequence[str]) -> list[str]:
        """Folders of the disk that hold these files: nothing is ever written into them."""


class Disk:
    """The file system: a name is a path, as the system has it."""

    top = os.curdir

    def path(self, name: str) -> str:
        return name

    def exists(self, name: str) -> bool:
        return os.path.exists(name)

    def is_folder(self, name: str) -> bool:
        return os.path.isdir(name)

    def entries(self, folder: str, ignored: Ignored) -> tuple[list[str], list[str]]:
        return entries(folder, ignored)

    def pictures_below(self, folder: str, ignored: Ignored) -> list[str]:
        return pictures_below(folder, ignored)

    def read(self, name: str, most: int) -> bytes:
        return read(name, most)

    def open(self, name: str) -> BinaryIO:
        return open(name, "rb")

    def span(self, name: str) -> Span:
        return OpenFile(name)

    def stamp(self, name: str) -> Stamp:
        try:
            status = os.stat(name)
        except (OSError, ValueError):
            return NO_STAMP
        return status.st_size, status.st_mtime_ns, status.st_ctime_ns

    def ordered(self, folder: str, names: Sequence[str]) -> range:
        return range(len(names))

    def holding(self, folder: str, names: Sequence[str]) -> list[str]:
        """The lowest folder with all of them or, where that is ``folder`` or above it, each folder that holds some.

        Notes    A list may name files anywhere: what is above the list too is no folder of pictures.
        """
        folders = {os.path.abspath(os.path.join(folder, os.path.dirname(name))) for name in names}
        lowest = os.path.commonpath(folders)
        return sorted(folders) if os.path.commonpath([lowest, os.path.abspath(folder)]) == lowest else [lowest]


DISK = Disk()
