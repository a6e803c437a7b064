"""split.csv: every picture of a run with its label and split, written once and kept when the run is resumed."""

from __future__ import annotations

import csv
import io
import os
import re
from dataclasses import dataclass

import numpy as np

from nettrain.data.fingerprint import OTHERS, PUT_BACK
from nettrain.data.labels import SEPARATOR, Labels, are_several, label_text
from nettrain.data.split import Split, Splits
from nettrain.errors import DataError, Fault, Place, escape

HEADER = ["path", "label", "split"]
_NAMES = ("train", "val", "test")
_ESCAPED = re.compile(r"\\(\\|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8}|[nrt])")


@dataclass(frozen=True, slots=True)
class Row:
    """One picture: ``path`` is relative to the train folder, with ``/``; several labels have ``|`` between."""

    path: str
    label: str
    split: str


def split_csv(splits: Splits) -> str:
    """The text of split.csv: rows by split (train, val, test), then by path in code-point order.

    Notes    paths are relative to the train folder, so those of another folder begin with ``../`` or so. Backslashes,
             control characters and bytes that are not UTF-8 are written as Python's ``\\\\``-escapes.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    for split in splits.all():
        prefix = _prefix(split, splits.train)
        for file, label in zip(split.files, split.labels, strict=True):
            writer.writerow([written(prefix + file), written(label_text(label, split.classes)), split.name])
    return text.getvalue()


def read_split_csv(text: str, where: str = "split.csv") -> tuple[Row, ...]:
    """The rows of a split.csv.

    Errors   DataError with ``where`` and the line: another header, a row that is not path, label, split.
    """
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows = []
    try:
        if next(lines, None) != HEADER:
            raise DataError("expected the header path,label,split", Place(where, 1, 1))
        for cells in lines:
            if len(cells) != 3 or cells[2] not in _NAMES:
                raise DataError(
                    "expected path,label,split with split one of train, val, test", Place(where, lines.line_num, 1)
                )
            rows.append(Row(meant(cells[0]), meant(cells[1]), cells[2]))
    except csv.Error as problem:
        raise DataError(f"not CSV: {problem}", Place(where, lines.line_num, 1)) from None
    return tuple(rows)


def keep_splits(found: Splits, rows: tuple[Row, ...], *, exactly: bool = False) -> Splits:
    """The splits that ``rows`` record, out of the pictures that the folders hold now; none is read.

    Errors   DataError, one fault a picture: recorded, but no longer there, or with another label. Where they have to be
             ``exactly`` those, by path, label and split: one line with how many came, are gone or are recorded as
             something else, and the first of each.
    Notes    pictures that came later are left out; how many they are is in ``later``.
    """
    root, matched = found.train.root, _match(found, rows)
    if exactly:
        _refuse_others(matched, root)
    gone, kept = "the run was started with this picture, but it is no longer there", matched.kept
    faults = [Fault(gone, path) for path in matched.gone]
    faults += [
        Fault(f"the run was started with label {was!r}, but now it is {label!r}", path)
        for path, was, label in matched.renamed
    ]
    if faults:
        raise DataError(faults=faults)
    if not kept["train"]:
        raise DataError("the run's split.csv lists no picture to train on", root)
    several = are_several(found.train.labels)
    names = (row.label.split(SEPARATOR) if several else [row.label] for row in rows)
    classes = tuple(sorted({name for found in names for name in found if name}))
    val, test = (_gathered(name, kept[name], classes) if kept[name] else None for name in _NAMES[1:])
    train = _gathered("train", kept["train"], classes)
    return Splits(train, val, test, found.notes, recorded=True, later=len(matched.came))


def still_there(found: Splits, rows: tuple[Row, ...], name: str) -> Split | None:
    """The pictures that ``rows`` record for a split as far as the folders hold them now; None if they hold none."""
    kept = _match(found, rows).kept[name]
    return _gathered(name, kept, found.train.classes) if kept else None


def _refuse_others(matched: _Matched, root: str) -> None:
    labels = [f"{path}: {label!r}, which was {was!r}" for path, was, label in matched.renamed]
    parts = [
        _told(matched.came, "came since", "came since"),
        _told(matched.gone, "is gone", "are gone"),
        _told(labels, "has another label", "have another label"),
    ]
    if not any(parts):  # for where a fraction is set aside, one that comes or goes moves others
        parts = [_told(matched.moved, "is in another split", "are in another split")]
    if differing := ", ".join(filter(None, parts)):
        raise DataError(f"{OTHERS}: {differing}; {PUT_BACK}", root)


def _told(named: list[str], one: str, many: str) -> str:
    if len(named) < 2:
        return "".join(f"1 picture {one} ({name})" for name in named)
    return f"{len(named)} pictures {many} (such as {named[0]})"


@dataclass(frozen=True, slots=True)
class _Matched:
    """Recorded pictures beside those that are there: ``kept`` by split, with the place in the split it is found in.

    Full paths of those that are ``gone``, that ``came``, that are ``renamed``, with the label before and now, and that
    ``moved`` to another split.
    """

    kept: dict[str, list[tuple[Split, int]]]
    gone: list[str]
    came: list[str]
    renamed: list[tuple[str, str, str]]
    moved: list[str]


def _match(found: Splits, rows: tuple[Row, ...]) -> _Matched:
    root = found.train.root
    there: dict[tuple[str, str], dict[str, tuple[Split, int]]] = {}  # by split: lists may share a picture
    for split in found.all():
        prefix, pool = _prefix(split, found.train), _pool(found, split.name)
        for place, file in enumerate(split.files):
            there.setdefault((pool, prefix + file), {})[split.name] = split, place
    matched = _Matched({name: [] for name in _NAMES}, [], [], [], [])
    for row in rows:
        where = os.path.normpath(os.path.join(root, row.path))
        listed = there.get((_pool(found, row.split), row.path))
        if not listed:
            matched.gone.append(where)
            continue
        split, place = listed.pop(row.split if row.split in listed else min(listed))
        if (label := label_text(split.labels[place], split.classes)) != row.label:
            matched.renamed.append((where, row.label, label))
        if split.name != row.split:
            matched.moved.append(f"{where}: {split.name}, which was {row.split}")
        matched.kept[row.split].append((split, place))
    matched.came.extend(os.path.normpath(split.path(place)) for one in there.values() for split, place in one.values())
    return matched


def _pool(found: Splits, name: str) -> str:
    """Where a split's pictures are taken from: out of train where it is a part of it, which one may have changed.

    Notes    other splits may share a folder, so that a picture is looked for in its own split alone.
    """
    split = next((split for split in found.all() if split.name == name), None)
    return "train" if split is not None and split.reader.parts == found.train.reader.parts else name


def _gathered(name: str, members: list[tuple[Split, int]], classes: tuple[str, ...]) -> Split:
    index = {label: place for place, label in enumerate(classes)}
    files = tuple(split.files[place] for split, place in members)
    return Split(name, members[0][0].reader, files, _labels(members, index), classes)


def _labels(members: list[tuple[Split, int]], index: dict[str, int]) -> Labels:
    if not are_several(members[0][0].labels):
        return np.array([index[split.classes[split.labels[place]]] for split, place in members], np.int64)
    labels = np.zeros((len(members), len(index)), bool)
    for row, (split, place) in enumerate(members):
        labels[row, [index[split.classes[k]] for k in np.flatnonzero(split.labels[place])]] = True
    return labels


def _prefix(split: Split, train: Split) -> str:
    if split.reader.parts == train.reader.parts:
        return ""
    return os.path.relpath(split.root, train.root).replace(os.sep, "/") + "/"


def written(text: str) -> str:
    """A path or a name as a cell of a CSV: with escapes, so that no control character is in it."""
    return "".join("\\\\" if char == "\\" else escape(char) for char in text)


def meant(text: str) -> str:
    """The path or name that ``written`` wrote."""
    return _ESCAPED.sub(lambda found: found[0].encode("ascii").decode("unicode_escape"), text)
