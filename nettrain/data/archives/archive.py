"""An archive as a tree of folders and files: looked through once, then read from any place, and never extracted.

What could lead out of it, or says one thing twice, is refused whole: a name with ``..``, an absolute one, a link, a
device, a name that stands there twice, what is encrypted or was made to fill the memory.
"""

from __future__ import annotations

import bisect
import io
import os
from abc import ABC, abstractmethod
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from nettrain.config.words import shown
from nettrain.data.bad_picture import BadPicture
from nettrain.data.formats.others import LOOK, named
from nettrain.data.reading import too_long
from nettrain.data.spans import DamagedSource, OpenFile, Span, Stamp
from nettrain.data.walk import Ignored, is_ignored, is_picture
from nettrain.errors import DataError

I64 = npt.NDArray[np.int64]
MOST_TEXT = 1 << 28  # bytes of a list in an archive
_NONE = np.empty((0, 0), np.int64)


@dataclass(frozen=True, slots=True)
class Member:
    """What an archive says of a member: where it is in it, ``numbers`` as its kind has them; ``wrong``: it is no file.

    Notes    The name of a folder ends with ``/``.
    """

    name: str
    numbers: tuple[int, ...] = ()
    wrong: str = ""


class Archive(ABC):
    """A tree whose files lie in one file of the disk; kinds say how members are found, and how one is read.

    Errors   DataError, one line: no archive, damaged, or with members that are refused.
    """

    top = ""
    what = "archive"
    content = ""  # what a file is called that begins as this kind does

    def __init__(self, path: str) -> None:
        self._path, self._file = path, OpenFile(path)
        names: list[str] = []
        numbers, hidden, wrong = array("q"), set[str](), list[Member]()
        try:
            for member in _plain(self._members(), hidden):
                names.append(member.name)
                numbers.extend(member.numbers)
                if member.wrong:
                    wrong.append(member)
        except DamagedSource as problem:
            raise DataError(f"{problem}{self._other_content()}; expected a whole {self.what}", path) from None
        order = sorted(range(len(names)), key=names.__getitem__)
        self._names = tuple(map(names.__getitem__, order))
        self._numbers = np.array(numbers, np.int64).reshape(len(names), -1)[order] if names else _NONE
        self._hidden = sorted(hidden)
        self._check(wrong)

    @abstractmethod
    def _members(self) -> Iterator[Member]:
        """The members in the order of the archive, wrong ones too.  Errors: DamagedSource."""

    def _other_content(self) -> str:
        """What the file is instead, as far as its first bytes tell."""
        what = named(self._file.read(LOOK, 0))
        return f"; it begins as {what} does" if what not in ("", self.content) else ""

    def _check(self, wrong: list[Member]) -> None:
        """Errors: DataError with the first member that is refused, and how many more there are."""
        pairs = zip(self._names, self._names[1:], strict=False)
        twice = [Member(one, (), "is there twice; expected each name once") for one, other in pairs if one == other]
        folders = {name.rpartition("/")[0] for name in self._names}
        while above := {folder.rpartition("/")[0] for folder in folders} - folders:
            folders |= above
        both = [Member(name, (), "is a folder, too; expected one of them") for name in self._names if name in folders]
        if wrong := wrong + twice + both:
            raise DataError(f"its member {shown(wrong[0].name)} {wrong[0].wrong}{_more(len(wrong) - 1)}", self._path)

    @abstractmethod
    def _read(self, place: int) -> bytes:
        """The whole member at a place among the names.  Errors: DamagedSource."""

    @abstractmethod
    def _size(self, place: int) -> int:
        """How many bytes it takes to read it."""

    @abstractmethod
    def _span(self, place: int) -> Span:
        """The member, to be read from any place in it; looked through before, if it has a checksum."""

    @abstractmethod
    def _starts(self) -> I64:
        """Where in the archive each member lies."""

    # the tree

    def path(self, name: str) -> str:
        return os.path.join(self._path, name) if name else self._path

    def exists(self, name: str) -> bool:
        return self._find(name) is not None or self.is_folder(name)

    def is_folder(self, name: str) -> bool:
        below = _below(_normal(name))
        place = bisect.bisect_left(self._names, below)
        return not below or any(name.startswith(below) for name in self._names[place : place + 1])

    def entries(self, folder: str, ignored: Ignored) -> tuple[list[str], list[str]]:
        below = _below(_normal(folder))
        ignored.hidden += sum(below.startswith(_below(os.path.dirname(name))) for name in self._hidden)
        folders, others = list[str](), list[str]()
        place, end = self._range(below)
        while place < end:
            child, slash, _ = self._names[place][len(below) :].partition("/")
            if child:
                (folders if slash else others).append(child)
            place = bisect.bisect_left(self._names, f"{below}{child}0", place) if slash else place + 1  # 0 follows /
        return sorted(folders), others

    def pictures_below(self, folder: str, ignored: Ignored) -> list[str]:
        below = _below(_normal(folder))
        ignored.hidden += sum(name.startswith(below) for name in self._hidden)
        pictures = []
        for name in self._names[slice(*self._range(below))]:
            if is_picture(name):
                pictures.append(name[len(below) :])
            elif not name.endswith("/"):
                ignored.other[os.path.splitext(name)[1].lower()] += 1
        return pictures

    def read(self, name: str, most: int) -> bytes:
        place = self._place(name)
        if self._size(place) > most:
            raise too_long(self.path(name), most)
        try:
            return self._read(place)
        except DamagedSource as problem:
            raise BadPicture(self.path(name), f"in the archive it {problem}") from None

    def open(self, name: str) -> BinaryIO:
        return io.BytesIO(self.read(name, MOST_TEXT))

    def span(self, name: str) -> Span:
        try:
            return self._span(self._place(name))
        except DamagedSource as problem:
            raise BadPicture(self.path(name), f"in the archive it {problem}") from None

    def stamp(self, name: str) -> Stamp:
        return self._file.stamp

    def ordered(self, folder: str, names: Sequence[str]) -> I64:
        starts = self._starts()
        places = [self._first(os.path.join(folder, name)) for name in names]
        return np.argsort([-1 if place is None else starts[place] for place in places], kind="stable")

    def holding(self, folder: str, names: Sequence[str]) -> list[str]:
        return []  # nothing can be written into a file by a name

    def _range(self, below: str) -> tuple[int, int]:
        """The places of the names that begin so."""
        if not below:
            return 0, len(self._names)
        return bisect.bisect_left(self._names, below), bisect.bisect_left(self._names, f"{below[:-1]}0")

    def _find(self, name: str) -> int | None:
        name = _normal(name)
        place = bisect.bisect_left(self._names, name)
        return place if self._names[place : place + 1] == (name,) else None

    def _first(self, name: str) -> int | None:
        """The place of a file among the names, or of the first one in a folder."""
        if not name.endswith("/"):
            return self._find(name)
        place, end = self._range(_below(_normal(name)))
        return place if place < end else None

    def _place(self, name: str) -> int:
        if (place := self._find(name)) is None:
            raise BadPicture(self.path(name), "no such file in the archive")
        return place


def _plain(members: Iterator[Member], hidden: set[str]) -> Iterator[Member]:
    """Members by their plain names, without those that are hidden: the topmost name that hides each goes to ``hidden``.

    Notes    The folder that such a one lies in is there all the same, as on the disk. A name that leads elsewhere, or
             that no file can have, is ``wrong``, whatever it is of.
    """
    folders = set()
    for member in members:
        parts = member.name.split("/")
        if ".." in parts or not parts[0] or parts[0][1:] == ":":
            how = "leads out of it" if ".." in parts else "has an absolute path"
            yield Member(member.name, member.numbers, f"{how}; expected names below its top")
            continue
        if "\0" in member.name:
            yield Member(member.name, member.numbers, "has a NUL in its name, as no file can")
            continue
        parts = [part for part in parts if part not in ("", ".")]
        depth = next((depth for depth, part in enumerate(parts, 1) if is_ignored(part)), 0)
        wrong = "" if depth else member.wrong
        if depth:
            hidden.add("/".join(parts[:depth]))
            del parts[depth - 1 :]
        elif not member.name.endswith(("/", "/.")) and member.name != ".":
            name = "/".join(parts)
            yield member if name == member.name else replace(member, name=name)
            continue
        if (name := "/".join(parts)) and (wrong or name not in folders):
            folders.add(name)
            yield Member(f"{name}/", member.numbers, wrong)


def _normal(name: str) -> str:
    """A name as members have it; one that leads out of the archive stays one that is not there."""
    if ".." in name or "//" in name or "./" in name or name.endswith(("/", ".")):
        normal = os.path.normpath(name)
        return "" if normal == "." else normal
    return name


def _below(folder: str) -> str:
    return f"{folder}/" if folder else ""


def _more(count: int) -> str:
    return "" if not count else f", and {count} more {'is' if count == 1 else 'are'} not as they should be"
