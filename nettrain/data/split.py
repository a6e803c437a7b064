"""The splits of a run: which picture is trained on, which one validates, which one tests."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from nettrain.arrays.hash import permutation
from nettrain.data.classes import match
from nettrain.data.config import DataConfig, Fold, SetAside
from nettrain.data.listing import Listing, list_folder
from nettrain.data.roots import find_roots
from nettrain.errors import DataError, Fault

I64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """N labelled picture files: ``files`` relative to ``root``, ``labels (N,) int64`` into ``classes``."""

    name: str
    root: str
    files: tuple[str, ...]
    labels: I64
    classes: tuple[str, ...]

    def path(self, place: int) -> str:
        """The full path of one picture."""
        return os.path.join(self.root, self.files[place])

    def only(self, places: I64, name: str | None = None) -> Split:
        """The pictures at these places, in that order."""
        files = tuple(self.files[place] for place in places)
        return replace(self, name=name or self.name, files=files, labels=self.labels[places])


@dataclass(frozen=True, slots=True)
class Splits:
    """The splits of a run, and ``notes`` for the user: what was recognised and what was passed over."""

    train: Split
    val: Split | None
    test: Split | None
    notes: tuple[str, ...] = ()

    @property
    def classes(self) -> tuple[str, ...]:
        return self.train.classes

    def all(self) -> tuple[Split, ...]:
        """Those that are there, in the order train, val, test."""
        return tuple(split for split in (self.train, self.val, self.test) if split is not None)


def make_splits(config: DataConfig, seed: int) -> Splits:
    """List every folder that the config names and divide what is to be divided; no picture is read.

    Errors   DataError: a fault of the layout, classes of val or test that do not match those of train, a val part that
             would be empty.
    """
    roots = find_roots(config)
    notes = [roots.note] if roots.note else []
    listing = list_folder(roots.train)
    _note(notes, "train", listing)
    train = Split("train", listing.root, listing.files, listing.labels, listing.classes)
    val = test = None
    if isinstance(roots.test, SetAside):  # first, so that another val changes nothing in it
        train, test = divide(train, roots.test, seed, "test")
    if isinstance(roots.val, SetAside):
        train, val = divide(train, roots.val, seed, "val", listing.labels)
    elif isinstance(roots.val, Fold):
        train, val = hold_out(train, roots.val, seed)
    elif roots.val is not None:
        val = _other("val", roots.val, train.classes, notes)
    if isinstance(roots.test, str):
        test = _other("test", roots.test, train.classes, notes)
    return Splits(train, val, test, tuple(notes))


def folder_split(name: str, root: str, classes: tuple[str, ...]) -> Split:
    """A folder of pictures as a split of a model that has these classes; errors as for ``make_splits``."""
    return _other(name, root, classes, [])


PURPOSE = {"val": "validate", "test": "test"}


def divide(
    split: Split, part: SetAside, seed: int, name: Literal["val", "test"] = "val", whole: I64 | None = None
) -> tuple[Split, Split]:
    """Set a part of the pictures aside: (train, val or test), each still in code-point order.

    Shapes   ``whole (M,)`` are the labels of all that the fraction is of; those of ``split`` if not given.
    Errors   DataError if the part would be empty or, stratified, would lack a class because that has a single picture.
    Notes    the count is rounded to the nearest, a half upwards; stratified, within each class, and at least 1. At
             least one picture of every class stays in train. Which ones go depends on the seed and on their places in
             code-point order.
    """
    labels, kinds = split.labels, len(split.classes)
    places = np.arange(len(labels))
    groups = [places[labels == index] for index in range(kinds)] if part.stratify else [places]
    left = np.bincount(labels, minlength=kinds)
    of = np.bincount(labels if whole is None else whole, minlength=kinds)
    if part.stratify and (lone := [place for place, count in enumerate(left) if count < 2]):
        cure = f"so none is left to {PURPOSE[name]} on; add pictures, or set data.{name}.stratify: false"
        beside = {
            place: "" if of[place] == left[place] else " beside those that are set aside already" for place in lone
        }
        faults = (f"has a single picture{beside[place]}, {cure}" for place in lone)
        where = (os.path.join(split.root, split.classes[place]) for place in lone)
        raise DataError(faults=[Fault(message, at) for message, at in zip(faults, where, strict=True)])
    chosen: list[int] = []
    for index, group in enumerate(groups):
        total = int(of[index]) if part.stratify else int(of.sum())
        wanted = max(int(total * part.fraction + 0.5), int(part.stratify))
        for place in group[permutation(len(group), seed, f"data.{name}", index)]:
            if wanted and left[labels[place]] > 1:
                chosen.append(int(place))
                left[labels[place]] -= 1
                wanted -= 1
    if not chosen:
        raise DataError(
            f"data.{name}.fraction {part.fraction:g} of {int(of.sum())} pictures in {kinds} classes leaves "
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
    """
    counts = np.bincount(split.labels, minlength=len(split.classes))
    if few := [place for place, count in enumerate(counts) if count < part.of]:
        message = "has {} picture{}, fewer than the {} folds; add pictures, or ask for fewer folds"
        raise DataError(
            faults=[
                Fault(
                    message.format(counts[place], "" if counts[place] == 1 else "s", part.of),
                    os.path.join(split.root, split.classes[place]),
                )
                for place in few
            ]
        )
    places, dealt = np.arange(len(split.labels)), 0
    folds = np.empty(len(places), np.int64)
    for index in range(len(split.classes)):
        group = places[split.labels == index]
        order = permutation(len(group), seed, "data.folds", index)
        folds[group[order]] = (dealt + np.arange(len(group))) % part.of
        dealt += len(group)
    inside = folds == part.fold - 1
    return split.only(places[~inside]), split.only(places[inside], "val")


def _other(name: str, root: str, classes: tuple[str, ...], notes: list[str]) -> Split:
    listing = list_folder(root, least_classes=1)
    _note(notes, name, listing)
    return Split(name, listing.root, listing.files, match(classes, listing, name), classes)


def _note(notes: list[str], name: str, listing: Listing) -> None:
    if listing.ignored:
        notes.append(f"data.{name}: {listing.ignored}")
