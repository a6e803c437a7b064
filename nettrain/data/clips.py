"""Clips: which frames of a source are taken, and folders of frames, each of which is one clip."""

from __future__ import annotations

import hashlib
import os
import re
import struct
from collections.abc import Callable, Sequence

from nettrain.data.bad_picture import BadPicture
from nettrain.data.spans import Stamp
from nettrain.data.tree import NO_STAMP, Tree
from nettrain.data.walk import Ignored, is_picture
from nettrain.errors import DataError

MOST_FRAMES = 10_000  # that a clip may have, however many of them are taken
FOLDER = "/"  # what the name of a folder of frames ends with, among those of files
_DIGITS = re.compile("([0-9]+)")
_COUNT = struct.Struct("<I")
_LENGTHS = struct.Struct("<IQ")  # of a name and of a file


def sampled(total: int, frames: int) -> list[int]:
    """Which of ``total`` frames stand for ``frames`` of them: frame i is number floor((i + 0.5) total / frames).

    Notes    Those are the ones in the middle of as many equal parts. A clip that has fewer gives all of them, and then
             its last one again and again.
    """
    if total < frames:
        return [min(place, total - 1) for place in range(frames)]
    return [(2 * place + 1) * total // (2 * frames) for place in range(frames)]


class Frames(bytes):
    """The frames of a folder, one after another, with their names: told from the bytes of a file by this type."""

    @classmethod
    def of(cls, files: Sequence[tuple[str, bytes]]) -> Frames:
        pieces = [_COUNT.pack(len(files))]
        for name, data in files:
            written = name.encode("utf-8", "surrogateescape")
            pieces += [_LENGTHS.pack(len(written), len(data)), written, data]
        return cls(b"".join(pieces))

    def apart(self) -> list[tuple[str, bytes]]:
        """The name and the bytes of each."""
        (count,), place = _COUNT.unpack_from(self), _COUNT.size
        files = []
        for _ in range(count):
            named, length = _LENGTHS.unpack_from(self, place)
            place += _LENGTHS.size
            name = self[place : place + named].decode("utf-8", "surrogateescape")
            files.append((name, self[place + named : place + named + length]))
            place += named + length
        return files


def in_time(name: str) -> tuple[list[tuple[int, str]], str]:
    """The key of a frame's name in the order of time, in which ``2.png`` comes before ``10.png``.

    Notes    A number is told by how many digits it has, then by these, as it may have more than can be read as one.
    """
    parts = [part.lstrip("0") if place % 2 else part for place, part in enumerate(_DIGITS.split(name))]
    return [(len(part) if place % 2 else 0, part) for place, part in enumerate(parts)], name


def frame_files(tree: Tree, folder: str) -> list[str]:
    """The names of the frames in a folder, in their order.  Errors: DataError if it cannot be listed."""
    return sorted(filter(is_picture, tree.entries(folder, Ignored())[1]), key=in_time)


def read_frames(tree: Tree, folder: str, frames: int, most: int) -> Frames:
    """Those files of a folder that ``frames`` of its frames are in, of at most ``most`` bytes in all.

    Errors   BadPicture: none, more than the most there may be, one that cannot be read; EnvironmentFault.
    Notes    The others are not read, so that a long clip costs no more than a short one.
    """
    names, where = frame_files(tree, folder), tree.path(folder)
    if not names:
        raise BadPicture(where, "a folder without pictures; expected the frames of a clip")
    if len(names) > MOST_FRAMES:
        raise BadPicture(where, too_many(len(names)))
    files, left = list[tuple[str, bytes]](), most
    for place in sorted(set(sampled(len(names), frames))):
        files.append((names[place], tree.read(os.path.join(folder, names[place]), left)))
        left -= len(files[-1][1])
    return Frames.of(files)


def too_many(frames: int) -> str:
    """The reason to refuse a clip of so many frames."""
    return f"a clip of {frames} frames; expected at most {MOST_FRAMES}"


def stamp(tree: Tree, folder: str) -> Stamp:
    """What tells a changed folder of frames: three numbers that hang on the names of its frames and on their stamps."""
    try:
        names = frame_files(tree, folder)
    except DataError:
        return NO_STAMP
    told = repr([(name, tree.stamp(os.path.join(folder, name))) for name in names])
    first, second, third = struct.unpack_from("<qqq", hashlib.sha256(told.encode("utf-8", "surrogateescape")).digest())
    return first, second, third


def grouped(files: Sequence[str], is_still: Callable[[str], bool], above: int) -> list[tuple[str, int]]:
    """The clips among picture files, each with the place of a file of it; in code-point order of their names.

    Notes    A folder that lies below ``above`` others is one clip if the first of its own pictures is a still one;
             ``is_still`` is asked about that. Every other file is a clip by itself.
    """
    folders: dict[str, list[int]] = {}
    for place, file in enumerate(files):
        folders.setdefault(file.rpartition("/")[0], []).append(place)
    clips = []
    for folder, places in folders.items():
        first = min(places, key=lambda place: in_time(files[place]))
        depth = folder.count("/") + 1 if folder else 0
        if depth >= above and is_still(files[first]):
            clips.append((folder + FOLDER, first))
        else:
            clips += [(files[place], place) for place in places]
    return sorted(clips)
