"""What is not as a manifest says: pictures that have changed, are missing, or have come since."""

from __future__ import annotations

from collections.abc import Iterator

from nettrain.config.words import some
from nettrain.data.doctor.case import Case
from nettrain.data.doctor.manifest import words
from nettrain.data.doctor.seen import Seen


def changed(case: Case) -> Iterator[Seen]:
    if case.manifest is None:
        return
    for place in range(len(case.material)):
        expected = case.manifest.sums.get(name := case.material.name(place))
        there = case.sum_of(place)
        if expected is not None and there is not None and there != expected:
            yield Seen((name,), words(there, expected), (place,))


def missing(case: Case) -> Iterator[Seen]:
    if case.manifest is not None:
        for name in case.manifest.missing(case.material):
            yield Seen((name,), "in the manifest, and no longer there", (), (name,))


def added(case: Case) -> Iterator[Seen]:
    if case.manifest is None:
        return
    unknown: dict[str, list[int]] = {}
    for place in range(len(case.material)):
        if (name := case.material.name(place)) not in case.manifest.sums:
            unknown.setdefault(name.partition("/")[0], []).append(place)
    for source, places in unknown.items():
        if not case.manifest.lists(source):
            yield Seen(
                (source,), f"all {some(len(places), 'picture')} of {source}: the manifest lists none", tuple(places)
            )
            continue
        for place in places:
            yield Seen((case.material.name(place),), "not in the manifest", (place,))
