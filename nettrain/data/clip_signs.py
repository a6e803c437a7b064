"""Whether folders of pictures that nobody has described are clips: by their names, and by how alike they are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from nettrain.data.bad_picture import BadPicture
from nettrain.data.caps import most_bytes
from nettrain.data.clips import in_time
from nettrain.data.config import ImageConfig
from nettrain.data.formats.found import Damaged
from nettrain.data.pictures import from_item
from nettrain.data.reader import Reader
from nettrain.data.still import inspected

FEWEST = 3  # pictures of a folder that are taken for frames
TRIED = 24  # folders of which two frames are looked at
ALIKE = 0.5  # times what pictures of two folders differ by: so much two frames in a row may, in most folders
LOOK = ImageConfig((32, 32))  # what each is made to compare them
_NUMBERED = re.compile(r"(.*?)([0-9]{1,15})([^0-9]*)")  # more digits than a number has exactly are no count of frames


def series(files: Sequence[str]) -> dict[str, list[str]]:
    """The folders inside class folders whose pictures are numbered one after another, in the order of time."""
    folders: dict[str, list[str]] = {}
    for file in files:
        folders.setdefault(file.rpartition("/")[0], []).append(file)
    return {folder: sorted(names, key=in_time) for folder, names in folders.items() if "/" in folder and _run(names)}


def _run(names: Sequence[str]) -> bool:
    """Whether names differ in one number alone, the last, which goes up by the same every time."""
    parts = [_NUMBERED.fullmatch(name.rpartition("/")[2]) for name in names]
    found = [part.groups() for part in parts if part is not None]
    if len(found) < max(len(names), FEWEST) or len({(before, after) for before, _, after in found}) > 1:
        return False
    return len(np.unique(np.diff(np.sort([float(number) for _, number, _ in found])))) == 1


def go_on(reader: Reader, folders: Sequence[Sequence[str]]) -> bool:
    """Whether in each folder the second picture is much like the first, as frames in a row are.

    Notes    Some folders are tried, spread over all. Alike are those that differ by less than half of what the first
             ones of two folders differ by, the median of each. Most have to be folders of still pictures.
    """
    places = np.unique(np.linspace(0, len(folders) - 1, min(len(folders), TRIED)).astype(np.int64))
    tried = [(_small(reader, folders[place][0]), _small(reader, folders[place][1])) for place in places]
    pairs = [(one, other) for one, other in tried if one is not None and other is not None]
    if len(pairs) < max(2, len(tried) // 2 + 1):
        return False
    first = [one for one, _ in pairs]
    within = [_differ(one, other) for one, other in pairs]
    between = [_differ(one, other) for one, other in pairwise(first)]
    return bool(np.median(within) < ALIKE * np.median(between))


def _small(reader: Reader, name: str) -> npt.NDArray[np.float64] | None:
    """A still picture, made small; None if it is none."""
    try:
        item = reader.read(name, most_bytes(LOOK))
        _, found = inspected(item.data)
        return from_item(item, LOOK, reader.where(name)).astype(np.float64) if found.frames == 1 else None
    except (BadPicture, Damaged):
        return None


def _differ(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> float:
    return float(np.abs(one - other).mean())
