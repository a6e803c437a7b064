"""The picture files that paths on a command line mean: files, folders, patterns, archives of any of them."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from nettrain.data.archives.opened import located
from nettrain.data.config import ImageConfig
from nettrain.data.pictures import decode, load, most_bytes
from nettrain.data.tree import DISK, Tree
from nettrain.data.walk import Ignored, pictures_below


class Inside(str):
    """The path of a file in an archive, which stays open as long as this lives."""

    tree: Tree
    name: str

    @classmethod
    def of(cls, tree: Tree, name: str) -> Inside:
        made = cls(tree.path(name))
        made.tree, made.name = tree, name
        return made


def load_named(path: str, image: ImageConfig) -> npt.NDArray[np.uint8]:
    """The pixels of a picture that was named. Shapes and errors as for ``load``."""
    if isinstance(path, Inside):
        return decode(path.tree.read(path.name, most_bytes(image)), image, path)
    return load(path, image)


def pictures_named(paths: Iterable[str]) -> Iterator[str]:
    """Each path's pictures in turn, one at a time, so that there may be any number.

    Errors   ``DataError`` for a folder that cannot be listed, or an archive that is refused.
    Notes    A folder, or an archive, gives the pictures below it in code-point order; a pattern such as ``*.png``
             (``**`` for any depth) its matches, likewise in order; anything else is itself, whether it is there or
             not, so that a missing file gets its row.
    """
    for path in paths:
        if os.path.isdir(path):
            yield from (os.path.join(path, name) for name in pictures_below(path, Ignored()))
        elif not os.path.lexists(path) and glob.has_magic(path) and (found := glob.glob(path, recursive=True)):
            yield from pictures_named(sorted(found))
        elif (inside := located(path))[0] is not DISK:
            yield from _inside(*inside)
        else:
            yield path


def _inside(tree: Tree, name: str) -> Iterator[Inside]:
    """The file of this name in an archive, or the pictures below a folder of it."""
    if not tree.is_folder(name):
        yield Inside.of(tree, name)
        return
    for inner in tree.pictures_below(name, Ignored()):
        yield Inside.of(tree, os.path.join(name, inner))
