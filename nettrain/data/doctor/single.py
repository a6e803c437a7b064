"""What can be wrong with one picture alone: it cannot be read, ends too early, moves, or shows nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from nettrain.data.doctor.case import Case
from nettrain.data.doctor.seen import Seen

_CUT = re.compile(r"(frame .*: |in the archive it is |its file is )?cut off")  # how reasons begin of what ends early
SMALL = 8  # times smaller than the median: so much too small
LONG, LONGER = 4, 2  # times as long as wide, and times as much as the median is


def ends_early(reason: str) -> bool:
    """Whether a picture is bad because it, its frame, or what it lies in is cut off."""
    return _CUT.match(reason) is not None


def unreadable(case: Case) -> Iterator[Seen]:
    for place, reason in sorted(case.scan.reasons.items()):
        if not ends_early(reason):
            yield _one(case, place, reason)


def cut_off(case: Case) -> Iterator[Seen]:
    for place, reason in sorted(case.scan.reasons.items()):
        if ends_early(reason):
            yield _one(case, place, reason)


def animated(case: Case) -> Iterator[Seen]:
    image = case.material.image
    if image.animated == "error" and image.frames is None:
        for place in _where(case.scan.frames > 1):
            yield _one(case, place, f"{case.scan.frames[place]} frames")


def constant(case: Case) -> Iterator[Seen]:
    for place in _where(case.scan.flat):
        yield _one(case, place, "all of its pixels are the same")


def tiny(case: Case) -> Iterator[Seen]:
    longest = case.scan.sizes.max(axis=1)
    usual = _median(longest[case.scan.good])
    for place in _where(case.scan.good & (longest * SMALL <= usual)):
        yield _one(case, place, f"{_size(case, place)} pixels; half of the pictures have {usual:.0f} or more on a side")


def elongated(case: Case) -> Iterator[Seen]:
    shape = case.scan.sizes.max(axis=1) / np.maximum(case.scan.sizes.min(axis=1), 1)
    usual = _median(shape[case.scan.good])
    for place in _where(case.scan.good & (shape >= max(LONG, LONGER * usual))):
        yield _one(case, place, f"{_size(case, place)} pixels")


def _one(case: Case, place: int, message: str) -> Seen:
    return Seen((case.material.name(place),), message, (place,))


def _where(which: npt.NDArray[np.bool_]) -> Iterable[int]:
    places: list[int] = np.flatnonzero(which).tolist()
    return places


def _median(values: npt.NDArray[Any]) -> float:
    return float(np.median(values)) if len(values) else 0.0


def _size(case: Case, place: int) -> str:
    height, width = case.scan.sizes[place]
    return f"{width}x{height}"
