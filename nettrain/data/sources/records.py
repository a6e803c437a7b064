"""Pictures, or clips, of one size that lie one after another in a file: raw pixels, known by their number."""

from __future__ import annotations

import math
import os
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nettrain.data.bad_picture import BadPicture
from nettrain.data.listing import Listing
from nettrain.data.names import unfit_name
from nettrain.data.reader import Item
from nettrain.data.reading import too_long
from nettrain.data.spans import DamagedSource, Span, Stamp
from nettrain.data.walk import Ignored
from nettrain.errors import DataError, Fault

I64 = npt.NDArray[np.int64]
DIGITS = 5  # that a number has at least, so that names keep their order


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class Records:
    """A reader of N pictures (H,W,C), or clips (T,H,W,C), each of ``every`` bytes of the file, the first at ``start``.

    Notes    ``planes``: a channel after another, (C,H,W), as it lies there; an item is always (H,W,C).
    """

    root: str
    span: Span
    start: int
    every: int
    count: int
    shape: tuple[int, ...]
    planes: bool = False

    @property
    def parts(self) -> tuple[str, ...]:
        return (self.root,)

    @property
    def names(self) -> tuple[str, ...]:
        """The numbers 0 .. N - 1, all with as many digits."""
        return tuple(map(self.named, range(self.count)))

    def named(self, number: int) -> str:
        """The name of a picture."""
        digits = max(DIGITS, len(str(self.count - 1)))
        return f"{number:0{digits}d}"

    def holds(self, name: str) -> bool:
        """Whether this is the name of a picture."""
        return name.isascii() and name.isdigit() and len(name) == len(self.named(0)) and int(name) < self.count

    def read(self, name: str, most: int) -> Item:
        size, number = math.prod(self.shape), int(name)
        if size > most:
            raise too_long(self.where(name), most)
        try:
            data = self.span.read(size, self.start + number * self.every)
        except DamagedSource as problem:
            raise BadPicture(self.where(name), f"its file {problem}") from None
        if len(data) < size:
            raise BadPicture(self.where(name), f"its file is cut off: {len(data)} of {size} bytes are there")
        if self.planes:
            height, width, channels = self.shape
            data = np.frombuffer(data, np.uint8).reshape(channels, height, width).transpose(1, 2, 0).tobytes()
        return Item(data, self.shape)

    def where(self, name: str) -> str:
        return os.path.join(self.root, name)

    def stamp(self, name: str) -> Stamp:
        return self.span.stamp

    def ordered(self, names: Sequence[str]) -> range:
        return range(len(names))

    def holding(self, names: Sequence[str]) -> list[str]:
        return []  # nothing can be written into a file by a name


def listed(reader: Records, labels: I64, names: Sequence[str] | None, least_classes: int) -> Listing:
    """Pictures with numbers for labels, (N,), which ``names`` are the names of; without, each number is its own.

    Errors   DataError: names that no class can have, fewer than ``least_classes``.
    """
    if names is None:
        there, labels = np.unique(labels, return_inverse=True)
        names = [str(number) for number in there.tolist()]
    classes, order = _in_order(reader, names)
    if len(classes) < least_classes:
        raise DataError(f"holds only one class, {classes[0]!r}; expected at least {least_classes}", reader.root)
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    return Listing(reader, classes, reader.names, place[labels], Ignored())


def several_listed(reader: Records, labels: npt.NDArray[np.bool_], names: Sequence[str] | None) -> Listing:
    """Pictures with any number of K labels each, (N,K). Errors: DataError without a class, or for names unfit."""
    if not labels.shape[1]:
        raise DataError("its labels are of no class; expected a column for each", reader.root)
    classes, order = _in_order(reader, names or [str(number) for number in range(labels.shape[1])])
    return Listing(reader, classes, reader.names, labels[:, order], Ignored())


def _in_order(reader: Records, names: Sequence[str]) -> tuple[tuple[str, ...], list[int]]:
    """The names of classes in code-point order, and the place where each stood before."""
    names = [unicodedata.normalize("NFC", name) for name in names]
    faults = [Fault(wrong, reader.root) for wrong in map(unfit_name, names) if wrong]
    twins: dict[str, str] = {}
    for name in names:
        if (twin := twins.setdefault(name.casefold(), name)) is not name:
            what = (
                f"the classes {twin!a} and {name!a} differ only in case" if twin != name else f"{name!a} is there twice"
            )
            faults.append(Fault(f"{what}; expected each class once", reader.root))
    if faults:
        raise DataError(faults=faults)
    order = sorted(range(len(names)), key=names.__getitem__)
    return tuple(names[place] for place in order), order
