"""The items of a source, read by name from any thread: picture files, or pixels as they lie in a file of many."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from nettrain.data.spans import Stamp
from nettrain.data.tree import DISK, I64, Tree

U8 = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Item:
    """An item as it lies in its source: the bytes of a picture file or, with a ``shape``, uint8 pixels.

    Shapes   (H,W,C) of a picture, (T,H,W,C) of a clip.
    """

    data: bytes
    shape: tuple[int, ...] | None = None

    @property
    def sha256(self) -> U8:
        """What it is known by: the SHA-256 of its bytes, (32,) uint8; of pixels with a line before: ``H W C``.

        Notes    a third of the memory that its hexadecimal digits take.
        """
        head = b"" if self.shape is None else f"{' '.join(map(str, self.shape))}\n".encode()
        return np.frombuffer(hashlib.sha256(head + self.data if head else self.data).digest(), np.uint8)


class Reader(Protocol):
    """What reads the items of a source by their names; every method may be called by several threads at once.

    ``root`` is what names are relative to, for people; ``parts`` are the paths that they hang on: a source with the
    same ones has the same items.
    """

    @property
    def root(self) -> str: ...
    @property
    def parts(self) -> tuple[str, ...]: ...

    def read(self, name: str, most: int) -> Item:
        """One item, a file of at most ``most`` bytes.

        Errors   BadPicture: not there, damaged, too long. EnvironmentFault: the system cannot read.
        """

    def where(self, name: str) -> str:
        """The path of an item, for people."""

    def stamp(self, name: str) -> Stamp:
        """What tells a changed item without reading it; see ``tree.py``."""

    def ordered(self, names: Sequence[str]) -> I64 | range:
        """The places of names in the order in which reading them takes the least time."""

    def holding(self, names: Sequence[str]) -> list[str]:
        """Folders of the disk that hold these items: nothing is ever written into them."""


@dataclass(frozen=True, slots=True)
class Files:
    """Picture files of a tree, by names relative to a folder in it; a list may name files beside it, too."""

    tree: Tree
    folder: str

    @property
    def root(self) -> str:
        return self.tree.path(self.folder)

    @property
    def parts(self) -> tuple[str, ...]:
        return (self.root,)

    def read(self, name: str, most: int) -> Item:
        return Item(self.tree.read(os.path.join(self.folder, name), most))

    def where(self, name: str) -> str:
        return os.path.join(self.root, name)

    def stamp(self, name: str) -> Stamp:
        return self.tree.stamp(os.path.join(self.folder, name))

    def ordered(self, names: Sequence[str]) -> I64 | range:
        return self.tree.ordered(self.folder, names)

    def holding(self, names: Sequence[str]) -> list[str]:
        return self.tree.holding(self.folder, names)


def on_disk(folder: str | os.PathLike[str]) -> Files:
    """The files of a folder."""
    return Files(DISK, os.fspath(folder))
