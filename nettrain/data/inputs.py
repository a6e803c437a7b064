"""The pictures, or clips, that paths on a command line mean: files, folders, patterns, and what lies in one file."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator
from typing import Self

import numpy as np
import numpy.typing as npt

from nettrain.data.archives.opened import located
from nettrain.data.bad_picture import BadPicture
from nettrain.data.caps import most_bytes
from nettrain.data.clip_listing import clips_in
from nettrain.data.clips import FOLDER, read_frames
from nettrain.data.config import ImageConfig
from nettrain.data.pictures import decode, from_item, load
from nettrain.data.reader import Files, on_disk
from nettrain.data.sources.pixels import files_of_pixels, pixels_of
from nettrain.data.sources.records import Records
from nettrain.data.tree import DISK, Tree
from nettrain.data.walk import Ignored, pictures_below
from nettrain.errors import DataError

PICTURE_AXES = 3


class Inside(str):
    """The path of a file in an archive, or of a folder of frames, which stays open as long as this lives."""

    tree: Tree
    name: str

    @classmethod
    def of(cls, tree: Tree, name: str) -> Self:
        made = cls(tree.path(name))
        made.tree, made.name = tree, name
        return made


class Record(str):
    """The path of a picture in a file of many, which stays open as long as this lives."""

    records: Records
    name: str

    @classmethod
    def of(cls, records: Records, name: str) -> Self:
        made = cls(records.where(name))
        made.records, made.name = records, name
        return made


class NoPicture(str):
    """A path that means no picture, and why."""

    reason: str

    @classmethod
    def of(cls, path: str, reason: str) -> Self:
        made = cls(path)
        made.reason = reason
        return made


def load_named(path: str, image: ImageConfig) -> npt.NDArray[np.uint8]:
    """The pixels of a picture that was named. Shapes and errors as for ``load``.

    Notes    Nothing is said of settings that would take a picture: a model's are those that it was trained with.
    """
    try:
        return _loaded(path, image)
    except BadPicture as problem:
        raise BadPicture(problem.path, problem.what) from None


def _loaded(path: str, image: ImageConfig) -> npt.NDArray[np.uint8]:
    if isinstance(path, NoPicture):
        raise BadPicture(path, path.reason)
    if isinstance(path, Record):
        if len(path.records.shape) > PICTURE_AXES and image.frames is None and image.animated == "error":
            raise BadPicture(path, f"a clip of {path.records.shape[0]} frames, where a single picture is wanted")
        return from_item(path.records.read(path.name, most_bytes(image)), image, path)
    if not isinstance(path, Inside):
        return load(path, image)
    if image.frames is not None and path.tree.is_folder(path.name):
        return decode(read_frames(path.tree, path.name, image.frames, most_bytes(image)), image, path)
    return decode(path.tree.read(path.name, most_bytes(image)), image, path)


def pictures_named(paths: Iterable[str], clips: bool = False) -> Iterator[str]:
    """Each path's pictures in turn, one at a time, so that there may be any number; or its ``clips``.

    Errors   ``DataError`` for a folder that cannot be listed.
    Notes    A folder, or an archive, gives the pictures below it in code-point order, or those of the files of pixels
             that it holds; such a file its pictures; a pattern such as ``*.png`` (``**`` for any depth) its matches,
             likewise in order; anything else is itself, whether it is there or not, so that a missing file, and an
             archive that is refused, get their row. A folder whose first picture is a still one is one clip.
    """
    for path in paths:
        if os.path.isdir(path):
            yield from _of_folder(path, clips)
        elif _is_pattern(path) and (found := glob.glob(path, recursive=True)):
            yield from pictures_named(sorted(found), clips)
        else:
            try:
                tree, name = located(path)
            except DataError as error:
                yield NoPicture.of(path, error.faults[0].message)
                continue
            if tree is not DISK and tree.is_folder(name):
                yield from _inside(tree, name, clips)
            elif tree is DISK and _is_pattern(path):
                yield NoPicture.of(path, "no such file, and none that this pattern matches")
            else:
                yield from _of_file(path)


def _is_pattern(path: str) -> bool:
    return "\0" not in path and glob.has_magic(path) and not os.path.lexists(path)


def picture_named(path: str, clips: bool = False) -> str:
    """The one picture, or clip, that a path means; of one that means several, or none, why that is so."""
    try:
        tree, name = located(path)
        found = _single(path)
    except DataError as error:
        return NoPicture.of(path, error.faults[0].message)
    if isinstance(found, Records):
        return NoPicture.of(path, f"holds several pictures; name one, such as {found.where(found.named(0))}")
    if tree is DISK or clips or not tree.is_folder(name):
        return found
    return NoPicture.of(path, "a folder, not a file" if name else "an archive; name a picture in it")


def _of_folder(path: str, clips: bool) -> Iterator[str]:
    """The pictures, or clips, below a folder of the disk."""
    names = pictures_below(path, Ignored())
    if not names:
        yield from _of_pixels(path)
    for name in clips_in(on_disk(path), names) if clips else names:
        yield path if name == FOLDER else os.path.join(path, name)


def _inside(tree: Tree, folder: str, clips: bool) -> Iterator[str]:
    """The pictures, or clips, below a folder of an archive."""
    names = tree.pictures_below(folder, Ignored())
    if not names:
        yield from _of_pixels(tree.path(folder))
    for name in clips_in(Files(tree, folder), names) if clips else names:
        yield Inside.of(tree, folder if name == FOLDER else os.path.join(folder, name))


def _of_pixels(folder: str) -> Iterator[str]:
    for path in files_of_pixels(folder):
        yield from _of_file(path)


def _of_file(path: str) -> Iterator[str]:
    """The pictures of a file of many, or the one that a path means."""
    try:
        found = _single(path)
    except DataError as error:
        found = NoPicture.of(path, error.faults[0].message)
    if isinstance(found, Records):
        yield from (Record.of(found, name) for name in found.names)
    else:
        yield found


def _single(path: str) -> str | Records:
    """What a path that is no folder means: a file, a picture in one of many, or all of its pictures.

    Errors   DataError: a file that is not what its name says.
    """
    if (records := pixels_of(path)) is not None:
        return records
    file, name = os.path.split(path)
    if (records := pixels_of(file)) is not None:
        if records.holds(name):
            return Record.of(records, name)
        first, last = records.named(0), records.named(records.count - 1)
        return NoPicture.of(path, f"no such picture in the file; expected {first} to {last}")
    tree, inner = located(path)
    return path if tree is DISK else Inside.of(tree, inner)
