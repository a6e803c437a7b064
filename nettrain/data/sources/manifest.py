"""A CSV that lists pictures: the columns path and label, and split if it is to divide them."""

from __future__ import annotations

import csv
import os
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from nettrain.config.words import shown
from nettrain.data.labels import SEPARATOR, Labels
from nettrain.data.listing import Listing
from nettrain.data.names import unfit_name
from nettrain.data.walk import Ignored
from nettrain.errors import DataError, Fault, Place

COLUMNS = ("path", "label", "split")
SPLITS = ("train", "val", "test")
_KEPT_FOR_LATER = "group"  # pictures that belong together; until it is heeded, it must not be passed over
_HEADER = "expected a first line such as path,label or path,label,split"


@dataclass
class _Rows:
    """What the lines of a list say: paths relative to its folder, names of labels, splits; and what is wrong."""

    paths: list[str] = field(default_factory=list)
    labels: list[tuple[str, ...]] = field(default_factory=list)
    splits: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)  # where a picture was listed first
    names: dict[str, str] = field(default_factory=dict)  # a class without regard to case: as it was written first


def list_manifest(path: str, several: bool, least_classes: int = 2) -> Listing:
    """List the pictures of a CSV; none is read, but each must be there.

    Errors   DataError, one fault a line: no such file, not UTF-8, not CSV, columns that are missing, a picture that is
             not there or listed twice, a label that is missing, that has others beside it though each picture has one,
             or that no class can have; fewer than ``least_classes``.
    Notes    Paths are relative to the folder of the CSV. Spaces around a label do not count. Columns of other names are
             passed over, and said to be.
    """
    found, ignored = _Rows(), Ignored()
    root = os.path.dirname(path) or os.curdir
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            lines = csv.reader(file, strict=True)
            places = _places(next(lines, []), path, ignored)
            for cells in lines:
                if cells:
                    found.faults += _take(found, cells, places, root, several, Place(path, lines.line_num, 1))
    except UnicodeDecodeError as error:
        raise DataError(f"is not UTF-8 ({error.reason} at byte {error.start}); save it as UTF-8", path) from None
    except csv.Error as error:
        raise DataError(f"is not CSV: {error}", Place(path, lines.line_num, 1)) from None
    except OSError as error:
        raise DataError(f"cannot read the list: {error.strerror}", path) from error
    classes = tuple(sorted({name for names in found.labels for name in names}))
    if not found.faults and not found.paths:
        found.faults.append(Fault("lists no pictures; expected a line for each", path))
    elif not found.faults and len(classes) < (least := 1 if several else least_classes):
        some = f"only one class, {classes[0]!r}" if classes else "no label"
        found.faults.append(Fault(f"has {some}; expected at least {least}", path))
    if found.faults:
        raise DataError(faults=found.faults)
    order = sorted(range(len(found.paths)), key=found.paths.__getitem__)
    labels = _labels([found.labels[place] for place in order], classes, several)
    splits = tuple(found.splits[place] for place in order) if "split" in places else None
    return Listing(root, classes, tuple(found.paths[place] for place in order), labels, ignored, splits)


def _places(head: Sequence[str], path: str, ignored: Ignored) -> dict[str, int]:
    """Where each column is."""
    names = [name.strip() for name in head]
    where = Place(path, 1, 1)
    if missing := [name for name in COLUMNS[:2] if name not in names]:
        raise DataError(f"has no column {missing[0]}; {_HEADER}, got {shown(','.join(names))}", where)
    if twice := next((name for name in COLUMNS if names.count(name) > 1), None):
        raise DataError(f"has the column {twice} twice; {_HEADER}", where)
    if _KEPT_FOR_LATER in names:
        cure = "divide the pictures by a column split, or leave it out"
        raise DataError(f"a column {_KEPT_FOR_LATER} is not understood by this version; {cure}", where)
    ignored.columns += [name for name in names if name not in COLUMNS]
    return {name: names.index(name) for name in COLUMNS if name in names} | {"": len(names)}


def _take(
    found: _Rows, cells: list[str], places: dict[str, int], root: str, several: bool, where: Place
) -> Iterator[Fault]:
    """Put one line with the others; yields what is wrong with it."""
    if len(cells) != places[""]:
        yield Fault(f"has {len(cells)} cells; expected {places['']}, as in the first line", where)
        return
    split = cells[places["split"]].strip() if "split" in places else ""
    names = tuple(unicodedata.normalize("NFC", name.strip()) for name in cells[places["label"]].split(SEPARATOR))
    if several and names == ("",):
        names = ()
    if "split" in places and split not in SPLITS:
        yield Fault(f"the split is {shown(split)}; expected train, val or test", where)
    yield from _name_faults(found, names, several, where)
    yield from _path_faults(found, cells[places["path"]], root, where)
    relative = os.path.relpath(os.path.join(root, cells[places["path"]]), root).replace(os.sep, "/")
    found.paths.append(relative)
    found.labels.append(names)
    found.splits.append(split)


def _name_faults(found: _Rows, names: tuple[str, ...], several: bool, where: Place) -> Iterator[Fault]:
    if not several and len(names) > 1:
        yield Fault(
            f"{len(names)} labels, {shown(SEPARATOR.join(names))}; expected one, or data.labels: several", where
        )
        return
    if "" in names:
        cure = "" if several else ", or data.labels: several"
        yield Fault(f"a label is missing; expected {'a name' if several else 'one'}{cure}", where)
    elif len(set(names)) < len(names):
        yield Fault(f"a label is there twice, {shown(SEPARATOR.join(names))}", where)
    for name in names:
        if wrong := unfit_name(name):
            yield Fault(wrong, where)
        twin = found.names.setdefault(name.casefold(), name)
        if twin != name:
            yield Fault(f"the classes {twin!a} and {name!a} differ only in case; write them the same", where)


def _path_faults(found: _Rows, text: str, root: str, where: Place) -> Iterator[Fault]:
    full = os.path.join(root, text)
    if not text or os.path.isdir(full):
        yield Fault(f"{shown(text)} is no file; expected the path of a picture", where)
    elif not os.path.exists(full):
        yield Fault(f"no such file {shown(text)}; paths are relative to the folder of the CSV", where)
    else:
        first = found.lines.setdefault(os.path.normpath(full), where.line)
        if first != where.line:
            cure = "several labels stand in one line, with | between"
            yield Fault(f"{shown(text)} is listed twice, first in line {first}; {cure}", where)


def _labels(rows: list[tuple[str, ...]], classes: tuple[str, ...], several: bool) -> Labels:
    index = {name: place for place, name in enumerate(classes)}
    if not several:
        return np.array([index[names[0]] for names in rows], np.int64)
    labels = np.zeros((len(rows), len(classes)), bool)
    for place, names in enumerate(rows):
        labels[place, [index[name] for name in names]] = True
    return labels
