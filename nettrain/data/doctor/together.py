"""What pictures are like together: how many a class has, which sizes and pixel layouts there are, what is turned."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from nettrain.config.words import some
from nettrain.data.doctor.case import Case
from nettrain.data.doctor.seen import Seen
from nettrain.data.labels import counts

UNEVEN = 10  # times as many pictures as the smallest class


def uneven(case: Case) -> Iterator[Seen]:
    for split in case.material.splits:
        pictures = counts(split.labels, len(split.classes))
        there = np.flatnonzero(pictures)  # a class without any is another fault
        if not len(there):
            continue
        least, most = there[pictures[there].argmin()], there[pictures[there].argmax()]
        if pictures[most] > UNEVEN * pictures[least]:
            largest = f"{split.classes[most]} has {some(int(pictures[most]), 'picture')}"
            yield Seen((split.name,), f"in {split.name}, {largest}, {split.classes[least]} {pictures[least]}")


def sizes(case: Case) -> Iterator[Seen]:
    good = np.flatnonzero(case.scan.good)
    found, times = np.unique(case.scan.sizes[good], axis=0, return_counts=True)
    if len(found) < 2:
        return
    area = case.scan.sizes[good].astype(np.int64).prod(axis=1)
    ends = int(good[area.argmin()]), int(good[area.argmax()])
    (low_h, low_w), (high_h, high_w) = (case.scan.sizes[place] for place in ends)
    height, width = found[times.argmax()]
    usual = f"{times.max()} of {len(good)} are {width}x{height}"
    yield Seen((), f"{len(found)} sizes, {low_w}x{low_h} to {high_w}x{high_h} pixels; {usual}", ends)


def layouts(case: Case) -> Iterator[Seen]:
    good = np.flatnonzero(case.scan.good)
    times = np.bincount(case.scan.layouts[good], minlength=1)
    if np.count_nonzero(times) < 2:
        return
    order = np.argsort(-times, kind="stable")
    text = ", ".join(f"{times[number]} {case.scan.layout_names[number]}" for number in order if times[number])
    yield Seen((), text, tuple(good[case.scan.layouts[good] != order[0]].tolist()))


def turned(case: Case) -> Iterator[Seen]:
    places = np.flatnonzero(case.scan.turns != 1)
    if len(places):
        values = ", ".join(map(str, np.unique(case.scan.turns[places]).tolist()))
        yield Seen((), f"EXIF orientation {values}", tuple(places.tolist()))
