"""Files of many pictures as raw pixels, for those who want the pictures alone, not their labels: a row a kind."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable

from nettrain.data.archives.opened import located
from nettrain.data.sources import cifar, idx, npz
from nettrain.data.sources.inside import settled
from nettrain.data.sources.records import Records

_KINDS: tuple[tuple[Callable[[str], bool], Callable[[str], Records]], ...] = (  # known by the name, opened by the path
    (lambda name: name.lower().endswith(".npz"), npz.pictures),
    (idx.is_images, idx.pictures),
    (cifar.is_batch, cifar.pictures),
)
_opened: weakref.WeakValueDictionary[tuple[object, ...], Records] = weakref.WeakValueDictionary()


def pixels_of(path: str) -> Records | None:
    """The pictures of a file of many; None for any other path, and where nothing is.

    Errors   DataError: a file that is not what its name says.
    Notes    A reader that somebody holds is given again, as long as its file has not changed.
    """
    opens = next((opens for is_one, opens in _KINDS if is_one(path)), None)
    if opens is None:
        return None
    tree, name = located(path)
    if not tree.exists(name) or tree.is_folder(name):
        return None
    key = (os.path.abspath(path), path, tree.stamp(name))
    if (found := _opened.get(key)) is None:
        found = _opened[key] = opens(path)
    return found


def files_of_pixels(folder: str) -> list[str]:
    """The paths of such files in a folder, or where the folders of an archive lead to; none if it holds other things.

    Errors   DataError: files of several data sets, files of pickle, an archive with two lists.
    """
    inside = settled(folder)
    kind = next((kind for kind in (idx, cifar) if kind.fits(inside)), None)
    return [] if kind is None else [path for paths in kind.parts(inside).values() for path in paths]
