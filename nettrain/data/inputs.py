"""The picture files, or clips, that paths on a command line mean: files, folders, patterns, archives of any of them."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from nettrain.data.archives.opened import located
from nettrain.data.caps import most_bytes
from nettrain.data.clip_listing import clips_in
from nettrain.data.clips import FOLDER, read_frames
from nettrain.data.config import ImageConfig
from nettrain.data.pictures import decode, load
from nettrain.data.reader import Files, on_disk
from nettrain.data.tree import DISK, Tree
from nettrain.data.walk import Ignored, pictures_below


class Inside(str):
    """The path of a file in an archive, or of a folder of frames, which stays open as long as this lives."""

    tree: Tree
    name: str

    @classmethod
    def of(cls, tree: Tree, name: str) -> Inside:
        made = cls(tree.path(name))
        made.tree, made.name = tree, name
        return made


def one_named(path: str) -> str:
    """The picture or clip of this name, also one in an archive, which then stays open as long as that lives.

    Errors   ``DataError`` for an archive that is refused.
    """
    tree, name = located(path)
    return path if tree is DISK or not name else Inside.of(tree, name)


def load_named(path: str, image: ImageConfig) -> npt.NDArray[np.uint8]:
    """The pixels of a picture that was named. Shapes and errors as for ``load``."""
    if not isinstance(path, Inside):
        return load(path, image)
    if image.frames is not None and path.tree.is_folder(path.name):
        return decode(read_frames(path.tree, path.name, image.frames, most_bytes(image)), image, path)
    return decode(path.tree.read(path.name, most_bytes(image)), image, path)


def pictures_named(paths: Iterable[str], clips: bool = False) -> Iterator[str]:
    """Each path's pictures in turn, one at a time, so that there may be any number; or its ``clips``.

    Errors   ``DataError`` for a folder that cannot be listed, or an archive that is refused.
    Notes    A folder, or an archive, gives the pictures below it in code-point order; a pattern such as ``*.png``
             (``**`` for any depth) its matches, likewise in order; anything else is itself, whether it is there or
             not, so that a missing file gets its row. A folder whose first picture is a still one is one clip, named
             as it is.
    """
    for path in paths:
        if os.path.isdir(path):
            names = pictures_below(path, Ignored())
            if clips:
                names = clips_in(on_disk(path), names)
            yield from (path if name == FOLDER else os.path.join(path, name) for name in names)
        elif not os.path.lexists(path) and glob.has_magic(path) and (found := glob.glob(path, recursive=True)):
            yield from pictures_named(sorted(found), clips)
        elif (inside := located(path))[0] is not DISK:
            yield from _inside(*inside, clips)
        else:
            yield path


def _inside(tree: Tree, name: str, clips: bool) -> Iterator[Inside]:
    """The file of this name in an archive, or the pictures or clips below a folder of it."""
    if not tree.is_folder(name):
        yield Inside.of(tree, name)
        return
    names = tree.pictures_below(name, Ignored())
    for inner in clips_in(Files(tree, name), names) if clips else names:
        yield Inside.of(tree, name if inner == FOLDER else os.path.join(name, inner))
