"""From a config to the splits of a run: every source listed, and divided where it is to be divided."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nettrain.config.words import few, together
from nettrain.data.apart import refuse_parted, refuse_shared
from nettrain.data.classes import match
from nettrain.data.config import DataConfig, Fold, SetAside
from nettrain.data.labels import counts
from nettrain.data.listing import Listing
from nettrain.data.roots import Roots, find_roots
from nettrain.data.sources.table import ONE_PICTURE, Where, list_source, parts_of
from nettrain.data.split import Split, Splits, divide, hold_out
from nettrain.data.wanted import Wanted
from nettrain.errors import DataError, Fault, escape

SHOWN = 20  # classes that a note names


def make_splits(config: DataConfig, seed: int) -> Splits:
    """List every folder that the config names and divide what is to be divided; no picture is read.

    Errors   DataError: a fault of the layout, classes of val or test that do not match those of train, a val part that
             would be empty.
    """
    roots = find_roots(config)
    notes = [roots.note] if roots.note else []
    wanted = Wanted.by(config)
    listing = list_source(roots.train, wanted)
    _note(notes, "train", listing)
    parts = _parts(listing, roots, notes)
    train, val, test = parts["train"], parts.get("val"), parts.get("test")
    whole = train.labels
    if isinstance(roots.test, SetAside):  # first, so that another val changes nothing in it
        train, test = divide(train, roots.test, seed, "test")
    if isinstance(roots.val, SetAside):
        train, val = divide(train, roots.val, seed, "val", whole)
    elif isinstance(roots.val, Fold):
        train, val = hold_out(train, roots.val, seed)
    elif roots.val is not None:
        val = _other("val", roots.val, train.classes, wanted, notes)
    if isinstance(roots.test, (str, tuple)):
        test = _other("test", roots.test, train.classes, wanted, notes)
    notes += [_lacks(split, lost) for split in (val, test) if split is not None and (lost := _lost(split))]
    splits = Splits(train, val, test, tuple(notes))
    refuse_shared(train, splits.all()[1:])
    refuse_parted(splits.all())
    return splits


def folder_split(name: str, root: str, classes: tuple[str, ...], wanted: Wanted = ONE_PICTURE) -> Split:
    """A source of pictures, or clips, as a split of a model with these classes.

    Errors   DataError: those of ``make_splits``; a source of several splits, of which one is to be named.
    """
    parts = parts_of(root)
    if len(parts) > 1 and not parts.keys() & set(classes):
        first = parts.get("test", next(iter(parts.values())))[0]
        holds = f"the splits {together(parts)}" if parts.keys() <= {"train", "val", "test"} else together(parts)
        raise DataError(f"holds {holds}; name one of them, such as {escape(first)}", root)
    return _other(name, root, classes, wanted, [])


def _parts(listing: Listing, roots: Roots, notes: list[str]) -> dict[str, Split]:
    """The splits that a list divides its pictures into; train alone if it does not."""
    train = Split("train", listing.reader, listing.files, listing.labels, listing.classes, listing.groups)
    where = roots.train if isinstance(roots.train, str) else listing.root
    if listing.splits is None:
        return {"train": train}
    names = np.array(listing.splits)
    parts = {name: train.only(np.flatnonzero(names == name), name) for name in dict.fromkeys(listing.splits)}
    if "train" not in parts:
        raise DataError("the column split has no picture to train on; expected some with train", where)
    used = [name for name, part in (("val", roots.val), ("test", roots.test)) if part is None and name in parts]
    left = [name for name in ("val", "test") if name in parts and name not in used]
    told = f"data.train: uses {', '.join(['train', *used])} of its column split"
    notes.append(f"{told}; {', '.join(left)} {'is' if len(left) == 1 else 'are'} left out" if left else told)
    if lost := _lost(parts["train"]):
        message = "no picture to train on has this label; expected at least one"
        raise DataError(faults=[Fault(message, where, name) for name in lost])
    return {name: parts[name] for name in ("train", *used)}


def _other(name: str, where: Where, classes: tuple[str, ...], wanted: Wanted, notes: list[str]) -> Split:
    listing = list_source(where, wanted, least_classes=1)
    if listing.splits is not None:
        message = "has a column split, which divides the pictures of data.train; take it out here, where all are used"
        raise DataError(message, where if isinstance(where, str) else listing.root)
    _note(notes, name, listing)
    return Split(name, listing.reader, listing.files, match(classes, listing, name), classes, listing.groups)


def _lost(split: Split) -> list[str]:
    """The classes of which a split has no picture."""
    there = counts(split.labels, len(split.classes)).tolist()
    return [name for name, many in zip(split.classes, there, strict=True) if not many]


def _lacks(split: Split, lost: Sequence[str]) -> str:
    named = few([escape(name) for name in lost], SHOWN)
    return f"data.{split.name}: has no picture of {named}, so it cannot judge them"


def _note(notes: list[str], name: str, listing: Listing) -> None:
    if listing.ignored:
        notes.append(f"data.{name}: {listing.ignored}")
