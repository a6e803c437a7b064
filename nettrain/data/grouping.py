"""Which groups of pictures go to which side so that each class keeps its share, and no group is parted.

All sums are of whole numbers, so that a division is the same on every machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import numpy.typing as npt

from nettrain.data.labels import Labels, are_several

I64 = npt.NDArray[np.int64]
Tally = dict[int, int]  # of one group: so many pictures of each class that it has
_SCALE = 10**12  # of weights, which are whole numbers


def part_of_groups(
    labels: Labels, groups: Sequence[str], wanted: I64 | None, total: int, order: Callable[[int], I64]
) -> tuple[list[int], list[int]]:
    """The places of pictures to set aside, and the classes of which none is.

    Shapes   ``wanted (K)`` pictures of each class; None if all that counts is ``total``, how many there are in all.
    Notes    ``order`` puts so many groups in order. Groups without any label fill up to the total.
    """
    ids, classes = _tallied(labels, groups)
    sizes = np.bincount(ids).tolist()
    tried = order(len(sizes)).tolist()
    if wanted is None:
        chosen = _set_aside([{0: size} for size in sizes], [total], tried, classes)
    else:
        chosen = _set_aside(classes, wanted.tolist(), tried, classes)
        missing = total - sum(sizes[group] for group in chosen)
        for group in (group for group in tried if not classes[group]):
            if sizes[group] < 2 * missing:  # which brings it nearer to the total
                chosen.append(group)
                missing -= sizes[group]
    lost = _sum(classes).keys() - _sum(classes[group] for group in chosen).keys()
    return np.flatnonzero(np.isin(ids, chosen)).tolist(), sorted(lost)


def folds_of_groups(
    labels: Labels, groups: Sequence[str], folds: int, order: Callable[[int], I64]
) -> tuple[I64, list[int]]:
    """The fold of each picture, (N,) 0 .. ``folds`` - 1, and the classes that are in fewer groups, or all in one."""
    ids, tallies = _tallied(labels, groups)
    fold_of = np.array(_dealt(tallies, np.bincount(ids).tolist(), folds, order(len(tallies)).tolist()), np.int64)
    spread = _spread(tallies)
    inside = _spread(
        {one: 1 for group in np.flatnonzero(fold_of == fold) for one in tallies[group]} for fold in range(folds)
    )
    return fold_of[ids], sorted(one for one in spread if spread[one] < folds or inside[one] < 2)


def _tallied(labels: Labels, groups: Sequence[str]) -> tuple[I64, list[Tally]]:
    """The group of each picture, (N,), numbered in code-point order of names; and what each group holds."""
    index = {name: place for place, name in enumerate(sorted(set(groups)))}
    ids = np.array([index[name] for name in groups], np.int64)
    tallies: list[Tally] = [{} for _ in index]
    several = are_several(labels)
    for place, group in enumerate(ids.tolist()):
        for one in np.flatnonzero(labels[place]).tolist() if several else [int(labels[place])]:
            tallies[group][one] = tallies[group].get(one, 0) + 1
    return ids, tallies


def _set_aside(
    tallies: Sequence[Tally], wanted: Sequence[int], order: Iterable[int], classes: Sequence[Tally]
) -> list[int]:
    """Groups, tried in this order, that together hold about ``wanted`` pictures of each class.

    Notes    A group is taken if it brings the sum of squared relative differences down. A class that has none by then
             gets its smallest group, the classes with the fewest groups first. Of every class of ``classes``, which
             tally the same groups, at least one picture stays behind.
    """
    order = list(order)
    left = _sum(classes)
    weights = [_SCALE // max(1, count) ** 2 for count in wanted]
    taken = [0] * len(wanted)
    chosen: list[int] = []

    def take(group: int) -> None:
        chosen.append(group)
        for one, count in tallies[group].items():
            taken[one] += count
        for one, count in classes[group].items():
            left[one] -= count

    def may_go(group: int) -> bool:
        return all(left[one] > count for one, count in classes[group].items())

    for group in order:
        gain = sum((2 * (wanted[one] - taken[one]) - n) * n * weights[one] for one, n in tallies[group].items())
        if gain > 0 and may_go(group):
            take(group)
    groups_of = _spread(tallies)
    for one in sorted(groups_of, key=lambda one: (groups_of[one], one)):
        if wanted[one] and not taken[one]:
            able = [group for group in order if one in tallies[group] and group not in chosen and may_go(group)]
            if able:
                take(min(able, key=lambda group: sum(tallies[group].values())))
    return chosen


def _dealt(tallies: Sequence[Tally], sizes: Sequence[int], folds: int, order: Iterable[int]) -> list[int]:
    """The fold of each group, 0 .. ``folds`` - 1, such that the pictures of each class are spread evenly.

    Notes    The largest groups first, each to the fold that has the fewest pictures of its classes; of equals in this
             order. ``sizes`` are pictures in a group, which decide between folds that are equal otherwise.
    Source   the greedy rule of scikit-learn's StratifiedGroupKFold.
    """
    totals = _sum(tallies)
    weights = {one: _SCALE // max(1, count // folds) ** 2 for one, count in totals.items()}
    loads: list[Tally] = [{} for _ in range(folds)]
    full = [0] * folds
    fold_of = [0] * len(tallies)
    for group in sorted(order, key=lambda group: -sizes[group]):
        costs = [
            (sum((2 * load.get(one, 0) + n) * n * weights[one] for one, n in tallies[group].items()), full[fold], fold)
            for fold, load in enumerate(loads)
        ]
        *_, fold = min(costs)
        fold_of[group] = fold
        full[fold] += sizes[group]
        for one, count in tallies[group].items():
            loads[fold][one] = loads[fold].get(one, 0) + count
    return fold_of


def _sum(tallies: Iterable[Tally]) -> Tally:
    found: Tally = {}
    for tally in tallies:
        for one, count in tally.items():
            found[one] = found.get(one, 0) + count
    return found


def _spread(tallies: Iterable[Tally]) -> Tally:
    """In how many groups each class is."""
    return _sum(dict.fromkeys(tally, 1) for tally in tallies)
