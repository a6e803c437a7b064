"""What pictures to train on and pictures to judge on may not share: a picture, or a group of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from nettrain.data.reader import Reader
from nettrain.data.sources.joined import real_places
from nettrain.errors import DataError


class Side(Protocol):
    """The pictures of a split, each maybe with the group that it belongs to."""

    @property
    def name(self) -> str: ...
    @property
    def reader(self) -> Reader: ...
    @property
    def files(self) -> tuple[str, ...]: ...
    @property
    def groups(self) -> tuple[str, ...] | None: ...


def refuse_shared(train: Side, others: Iterable[Side]) -> None:
    """Errors: DataError for a picture that is listed to train on and to judge on."""
    for other in others:
        if shared := shared_pictures(train, other):
            first = shared[0]
            some = f"{len(shared)} pictures, such as {first!r}, are" if len(shared) > 1 else f"{first!r} is"
            what = f"{some} listed to train on and in {other.name}; take it out of one"
            raise DataError(what, other.reader.root)


def shared_pictures(one: Side, other: Side) -> list[str]:
    """The pictures of one that are among those of the other, whichever way leads to them: their names in one."""
    ours = real_places(one.reader, one.files)
    return [ours[place] for place in sorted(real_places(other.reader, other.files).keys() & ours)]


def refuse_parted(sides: Iterable[Side]) -> None:
    """Errors: DataError for a group that is on two sides."""
    seen: dict[str, tuple[str, str]] = {}
    for side in sides:
        for file, group in zip(side.files, side.groups or (), strict=False):
            name, first = seen.setdefault(group, (side.name, file))
            if name != side.name:
                what = f"the group {group!r} is in {name} and in {side.name}, such as {first!r} and {file!r}"
                raise DataError(f"{what}; all pictures of a group belong to one", side.reader.where(file))
