"""A CSV that lists pictures or clips: columns path and label; split, if it divides them; group, of what stays so."""

from __future__ import annotations

import csv
import io
import os
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np

from nettrain.config.words import shown
from nettrain.data.clip_listing import Clips
from nettrain.data.clips import FOLDER
from nettrain.data.labels import SEPARATOR, Labels
from nettrain.data.listing import Listing
from nettrain.data.names import unfit_name
from nettrain.data.reader import Files
from nettrain.data.tree import Tree
from nettrain.data.walk import Ignored
from nettrain.data.wanted import A_LOOK, Wanted
from nettrain.errors import DataError, Fault, Place

COLUMNS = ("path", "label", "split", "group")
SPLITS = ("train", "val", "test")
_HEADER = "expected a first line such as path,label or path,label,split"


@dataclass
class _Rows:
    """What the lines of a list say: paths relative to its folder, names of labels, splits, groups; what is wrong."""

    paths: list[str] = field(default_factory=list)
    labels: list[tuple[str, ...]] = field(default_factory=list)
    splits: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)  # where a picture was listed first
    names: dict[str, str] = field(default_factory=dict)  # a class without regard to case: as it was written first


def list_manifest(tree: Tree, name: str, wanted: Wanted, least_classes: int = 2) -> Listing:
    """List the pictures of a CSV, or its clips; none is read, but each must be there.

    Errors   DataError, one fault a line: no such file, not UTF-8, not CSV, columns that are missing, a picture that is
             not there or listed twice, a label that is missing, that has others beside it though each picture has one,
             or that no class can have, a group that is missing; fewer than ``least_classes``.
    Notes    Paths are relative to the folder of the CSV; among clips that of a folder is of one, and its name ends with
             ``/``. Spaces around a label do not count. Columns of other names are passed over, and said to be.
    """
    found, ignored, path = _Rows(), Ignored(), tree.path(name)
    files = Files(tree, os.path.dirname(name) or tree.top)
    try:
        with io.TextIOWrapper(tree.open(name), encoding="utf-8-sig", newline="") as file:
            lines = csv.reader(file, strict=True)
            places = _places(next(lines, []), path, ignored)
            for cells in lines:
                if cells:
                    found.faults += _take(found, cells, places, files, wanted, Place(path, lines.line_num, 1))
    except UnicodeDecodeError as error:
        raise DataError(f"is not UTF-8 ({error.reason} at byte {error.start}); save it as UTF-8", path) from None
    except csv.Error as error:
        raise DataError(f"is not CSV: {error}", Place(path, lines.line_num, 1)) from None
    except OSError as error:
        raise DataError(f"cannot read the list: {error.strerror}", path) from error
    classes = tuple(sorted({name for names in found.labels for name in names}))
    if not found.faults and not found.paths:
        found.faults.append(Fault("lists no pictures; expected a line for each", path))
    elif not found.faults and len(classes) < (least := 1 if wanted.several else least_classes):
        some = f"only one class, {classes[0]!r}" if classes else "no label"
        found.faults.append(Fault(f"has {some}; expected at least {least}", path))
    if found.faults:
        raise DataError(faults=found.faults)
    order = sorted(range(len(found.paths)), key=found.paths.__getitem__)
    labels = _labels([found.labels[place] for place in order], classes, wanted.several)
    splits = tuple(found.splits[place] for place in order) if "split" in places else None
    groups = tuple(found.groups[place] for place in order) if "group" in places else None
    reader = files if wanted.frames is None else Clips(files, wanted.frames)
    return Listing(reader, classes, tuple(found.paths[place] for place in order), labels, ignored, splits, groups)


def held_by(tree: Tree, name: str) -> Wanted:
    """What could be wanted of a list: several labels if one has a ``|``, clips if a path is of a folder.

    Notes    What is wrong with it is left for ``list_manifest`` to say.
    """
    folder, several, clips = os.path.dirname(name), False, False
    with (
        suppress(DataError, UnicodeDecodeError, csv.Error, OSError),
        io.TextIOWrapper(tree.open(name), encoding="utf-8-sig", newline="") as file,
    ):
        lines = csv.reader(file, strict=True)
        places = _places(next(lines, []), name, Ignored())
        for cells in lines:
            if len(cells) == places[""]:
                several |= SEPARATOR in cells[places["label"]]
                clips |= tree.is_folder(os.path.join(folder, cells[places["path"]] or os.curdir))
    return Wanted(several, A_LOOK if clips else None)


def _places(head: Sequence[str], path: str, ignored: Ignored) -> dict[str, int]:
    """Where each column is."""
    names = [name.strip() for name in head]
    where = Place(path, 1, 1)
    if missing := [name for name in COLUMNS[:2] if name not in names]:
        raise DataError(f"has no column {missing[0]}; {_HEADER}, got {shown(','.join(names))}", where)
    if twice := next((name for name in COLUMNS if names.count(name) > 1), None):
        raise DataError(f"has the column {twice} twice; {_HEADER}", where)
    ignored.columns += [name for name in names if name not in COLUMNS]
    return {name: names.index(name) for name in COLUMNS if name in names} | {"": len(names)}


def _take(
    found: _Rows, cells: list[str], places: dict[str, int], files: Files, wanted: Wanted, where: Place
) -> Iterator[Fault]:
    """Put one line with the others; yields what is wrong with it."""
    if len(cells) != places[""]:
        yield Fault(f"has {len(cells)} cells; expected {places['']}, as in the first line", where)
        return
    split = cells[places["split"]].strip() if "split" in places else ""
    names = tuple(unicodedata.normalize("NFC", name.strip()) for name in cells[places["label"]].split(SEPARATOR))
    if wanted.several and names == ("",):
        names = ()
    if "split" in places and split not in SPLITS:
        yield Fault(f"the split is {shown(split)}; expected train, val or test", where)
    group = unicodedata.normalize("NFC", cells[places["group"]].strip()) if "group" in places else ""
    if "group" in places and not group:
        yield Fault("the group is missing; expected a name, its own for a picture that belongs to no other", where)
    yield from _name_faults(found, names, wanted.several, where)
    named = _named(files, cells[places["path"]])
    yield from _path_faults(found, cells[places["path"]], named, files, wanted, where)
    found.paths.append(named)
    found.labels.append(names)
    found.splits.append(split)
    found.groups.append(group)


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
    for name in filter(None, names):
        if wrong := unfit_name(name):
            yield Fault(wrong, where)
        twin = found.names.setdefault(name.casefold(), name)
        if twin != name:
            yield Fault(f"the classes {twin!a} and {name!a} differ only in case; write them the same", where)


def _named(files: Files, text: str) -> str:
    """The path relative to the list's folder, with ``/`` at the end if it is that of a folder."""
    full = os.path.join(files.folder, text or os.curdir)
    relative = os.path.relpath(full, files.folder).replace(os.sep, "/")
    return relative + FOLDER if files.tree.is_folder(full) else relative


def _path_faults(found: _Rows, text: str, named: str, files: Files, wanted: Wanted, where: Place) -> Iterator[Fault]:
    full = os.path.join(files.folder, text)
    if not text:
        yield Fault("the path is missing; expected that of a picture", where)
    elif named.endswith(FOLDER) and wanted.frames is None:
        what = "is a folder; expected the path of a picture, or data.image.frames, for which a folder is a clip"
        yield Fault(f"{shown(text)} {what}", where)
    elif not files.tree.exists(full):
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
