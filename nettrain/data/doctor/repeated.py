"""What is wrong where one picture is there more than once: in two classes, on two sides of a split, or just twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from nettrain.config.words import some
from nettrain.data.doctor.case import Case
from nettrain.data.doctor.seen import Seen

Group = Sequence[int]


def same_in_classes(case: Case) -> Iterator[Seen]:
    yield from _in_classes(case, case.same)


def alike_in_classes(case: Case) -> Iterator[Seen]:
    yield from _in_classes(case, case.alike)


def same_in_splits(case: Case) -> Iterator[Seen]:
    yield from _in_splits(case, case.same)


def alike_in_splits(case: Case) -> Iterator[Seen]:
    yield from _in_splits(case, case.alike)


def copies(case: Case) -> Iterator[Seen]:
    yield from _within(case, case.same, "copy")


def versions(case: Case) -> Iterator[Seen]:
    yield from _within(case, case.alike, "version")


def _in_classes(case: Case, groups: Sequence[Group]) -> Iterator[Seen]:
    for group in groups:
        labels = _firsts(case.material.label, group)
        if len(labels) > 1:
            yield _seen(case, group, f"labelled {' and '.join(label or 'nothing' for label in labels)}", labels)


def _in_splits(case: Case, groups: Sequence[Group]) -> Iterator[Seen]:
    for group in groups:
        splits = _firsts(case.material.split, group)
        if len(splits) > 1:
            yield _seen(case, group, f"in {' and '.join(splits)}", splits)


def _within(case: Case, groups: Sequence[Group], what: str) -> Iterator[Seen]:
    for group in groups:
        if len(_firsts(case.material.label, group)) == len(_firsts(case.material.split, group)) == 1:
            yield _seen(case, group, some(len(group), what), {})


def _seen(case: Case, group: Group, message: str, firsts: Mapping[str, int]) -> Seen:
    places = dict.fromkeys((*firsts.values(), *group))
    return Seen(tuple(case.material.name(place) for place in group), message, tuple(places))


def _firsts(what: Callable[[int], str], group: Group) -> dict[str, int]:
    """Each label or split of a group with its first picture."""
    found: dict[str, int] = {}
    for place in group:
        found.setdefault(what(place), place)
    return found
