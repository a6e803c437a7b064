"""The splits of a run: which picture is trained on, which one validates, which one tests."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from nettrain.arrays.hash import permutation
from nettrain.data.config import Fold, SetAside
from nettrain.data.grouping import folds_of_groups, part_of_groups
from nettrain.data.labels import Labels, are_several, counts
from nettrain.data.reader import Reader
from nettrain.data.stratify import dealt, stratified
from nettrain.errors import DataError, Fault

I64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """N labelled pictures, the names that ``reader`` reads.

    Shapes   ``labels``, (N,) int64 or several (N,K) bool, of ``classes``.
    Notes    pictures of one of ``groups``, if there are such, are never parted.
    """

    name: str
    reader: Reader
    files: tuple[str, ...]
    labels: Labels
    classes: tuple[str, ...]
    groups: tuple[str, ...] | None = None

    @property
    def root(self) -> str:
        """The path that the files' names are relative to."""
        return self.reader.root

    def path(self, place: int) -> str:
        """The full path of one picture."""
        return self.reader.where(self.files[place])

    def where(self, label: int) -> str:
        """Where a class is, for messages: its folder, or its name where a list says what belongs to it."""
        name = self.classes[label]
        in_folder = any(file.startswith(f"{name}/") for file in self.files)
        return os.path.join(self.root, name) if in_folder else f"class {name!r}"

    def only(self, places: I64, name: str | None = None) -> Split:
        """The pictures at these places, in that order."""
        files = tuple(self.files[place] for place in places)
        groups = None if self.groups is None else tuple(self.groups[place] for place in places)
        return replace(self, name=name or self.name, files=files, labels=self.labels[places], groups=groups)


@dataclass(frozen=True, slots=True)
class Splits:
    """The splits of a run, and ``notes`` for the user: what was recognised and what was passed over.

    ``recorded`` says that they are those of a run's split.csv, ``later`` how many that came since are left out.
    """

    train: Split
    val: Split | None
    test: Split | None
    notes: tuple[str, ...] = ()
    recorded: bool = False
    later: int = 0

    @property
    def classes(self) -> tuple[str, ...]:
        return self.train.classes

    def all(self) -> tuple[Split, ...]:
        """Those that are there, in the order train, val, test."""
        return tuple(split for split in (self.train, self.val, self.test) if split is not None)


PURPOSE = {"val": "validate", "test": "test"}


def divide(
    split: Split, part: SetAside, seed: int, name: Literal["val", "test"] = "val", whole: Labels | None = None
) -> tuple[Split, Split]:
    """Set a part of the pictures aside: (train, val or test), each still in code-point order.

    Shapes   ``whole``, (M,) or (M,K), are the labels of all that the fraction is of; those of ``split`` if not given.
    Errors   DataError if the part would be empty or, stratified, would lack a class because that has a single picture.
    Notes    the count is rounded to the nearest, a half upwards; stratified, within each class, and at least 1. At
             least one picture of every class stays in train. Which ones go depends on the seed and on their places in
             code-point order. Where a picture may have several labels, see ``stratify.py``; groups, ``grouping.py``.
    """
    labels, kinds = split.labels, len(split.classes)
    places = np.arange(len(labels))
    left = counts(labels, kinds)
    every = labels if whole is None else whole
    of, pictures = counts(every, kinds), len(every)
    if part.stratify and (lone := [place for place, count in enumerate(left) if count < 2]):
        cure = f"so none is left to {PURPOSE[name]} on; add pictures, or set data.{name}.stratify: false"
        beside = {
            place: "" if of[place] == left[place] else " beside those that are set aside already" for place in lone
        }
        has = ("has no picture", "has a single picture")
        faults = (f"{has[left[place]]}{beside[place]}, {cure}" for place in lone)
        where = (split.where(place) for place in lone)
        raise DataError(faults=[Fault(message, at) for message, at in zip(faults, where, strict=True)])
    wanted, total = np.maximum((of * part.fraction + 0.5).astype(np.int64), 1), int(pictures * part.fraction + 0.5)

    def order(length: int) -> I64:
        return permutation(length, seed, f"data.{name}", 0)

    chosen: list[int] = []
    if split.groups is not None:
        chosen, lost = part_of_groups(labels, split.groups, wanted if part.stratify else None, total, order)
        if lost and part.stratify:
            what = f"is in no group that can be set aside, so none is left to {PURPOSE[name]} on"
            cure = f"add pictures of other groups, or set data.{name}.stratify: false"
            raise DataError(faults=[Fault(f"{what}; {cure}", split.where(place)) for place in lost])
    elif part.stratify and are_several(labels):
        chosen = stratified(labels, wanted, total, order(len(labels)))
    else:
        groups = [places[labels == index] for index in range(kinds)] if part.stratify else [places]
        for index, group in enumerate(groups):
            most = int(wanted[index]) if part.stratify else total
            for place in group[permutation(len(group), seed, f"data.{name}", index)]:
                if most and (left[labels[place]] > 1).all():
                    chosen.append(int(place))
                    left[labels[place]] -= 1
                    most -= 1
    if not chosen:
        raise DataError(
            f"data.{name}.fraction {part.fraction:g} of {pictures} pictures in {kinds} classes leaves "
            f"none to {PURPOSE[name]} on; raise it, or add pictures",
            split.root,
        )
    inside = np.zeros(len(labels), bool)
    inside[chosen] = True
    return split.only(places[~inside]), split.only(places[inside], name)


def hold_out(split: Split, part: Fold, seed: int) -> tuple[Split, Split]:
    """One fold set aside to validate on: (train, val), each still in code-point order.

    Errors   DataError for a class with fewer pictures than there are folds.
    Notes    The pictures of a class are dealt to the folds in an order that depends on the seed alone, each class going
             on where the one before it ended: so the folds differ by one picture at most, and in each class too.
             Where a picture may have several labels, see ``stratify.py``.
    """
    pictures = counts(split.labels, len(split.classes))
    if few := [place for place, count in enumerate(pictures) if count < part.of]:
        message = "has {} picture{}, fewer than the {} folds; add pictures, or ask for fewer folds"
        raise DataError(
            faults=[
                Fault(
                    message.format(pictures[place], "" if pictures[place] == 1 else "s", part.of),
                    split.where(place),
                )
                for place in few
            ]
        )
    places = np.arange(len(split.labels))
    inside = _folds(split, part.of, seed) == part.fold - 1
    return split.only(places[~inside]), split.only(places[inside], "val")


def _folds(split: Split, of: int, seed: int) -> I64:
    """The fold of each picture, from 0.  Errors: DataError for a class that is in too few groups."""
    if split.groups is not None:
        folds, few = folds_of_groups(
            split.labels, split.groups, of, lambda length: permutation(length, seed, "data.folds", 0)
        )
        message = f"is not in enough groups for {of} folds; add pictures of other groups, or ask for fewer folds"
        if few:
            raise DataError(faults=[Fault(message, split.where(place)) for place in few])
        return folds
    if are_several(split.labels):
        return dealt(split.labels, of, permutation(len(split.labels), seed, "data.folds", 0))
    folds, before = np.empty(len(split.labels), np.int64), 0
    for index in range(len(split.classes)):
        group = np.flatnonzero(split.labels == index)
        order = permutation(len(group), seed, "data.folds", index)
        folds[group[order]] = (before + np.arange(len(group))) % of
        before += len(group)
    return folds
