"""What is wrong with how pictures lie in folders: empty, hidden, misplaced, passed over, other classes, twins."""

from __future__ import annotations

import os
import unicodedata
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence

import numpy as np

from nettrain.config.words import few, some
from nettrain.data.doctor.case import Case
from nettrain.data.doctor.folders import Folders
from nettrain.data.doctor.seen import Seen
from nettrain.data.split_names import split_named

_SHOWN = 5  # names in one line


def empty(case: Case) -> Iterator[Seen]:
    for source, folders in case.folders.items():
        for label, pictures in folders.classes.items():
            if not pictures:
                yield _at(source, folders, label, "no picture in it")


def misplaced(case: Case) -> Iterator[Seen]:
    for source, folders in case.all_folders():
        if folders.loose:
            where = tuple(os.path.join(folders.root, name) for name in folders.loose)
            above = folders is case.above
            message = f"in no class: right in the folder of the {'splits' if above else 'classes'}"
            yield Seen(tuple(f"{source}/{name}" for name in folders.loose), message, (), where)
        holders = _holders(folders)
        for label in holders:
            alone = len(folders.classes) == 1
            message = "the classes seem to be the folders in it" if alone else "a split among the classes"
            yield _at(source, folders, label, message)
        known = {_folded(label): label for label in folders.classes}
        for path in folders.inner:
            label, *below = path.split("/")
            other = known.get(_folded(below[-1]), label)
            if _folded(other) != _folded(label) and label not in holders:
                yield _at(source, folders, path, f"its pictures count as {label}, not as {other}")


def hidden(case: Case) -> Iterator[Seen]:
    for source, folders in case.all_folders():
        for path, pictures in folders.hidden.items():
            yield _at(source, folders, path, f"{some(pictures, 'picture')} that nobody uses")


def passed_over(case: Case) -> Iterator[Seen]:
    for source, folders in case.folders.items():
        suffixes = Counter(os.path.splitext(path)[1].lower() or "no suffix" for path in folders.other)
        if suffixes:
            text = ", ".join(f"{count} {suffix}" for suffix, count in sorted(suffixes.items()))
            yield Seen((source,), text, (), tuple(os.path.join(folders.root, path) for path in folders.other))


def twin_classes(case: Case) -> Iterator[Seen]:
    for source, folders in case.folders.items():
        for twins in _twins(folders.classes):
            names = tuple(f"{source}/{name}" for name in twins)
            yield Seen(names, _how(twins), (), tuple(os.path.join(folders.root, name) for name in twins))


def twin_names(case: Case) -> Iterator[Seen]:
    total, found = len(case.material), list[Seen]()
    keys = np.fromiter((hash(_key(case.material.name(place))) for place in range(total)), np.int64, total)
    order = np.argsort(keys, kind="stable")
    for group in np.split(order, np.flatnonzero(np.diff(keys[order])) + 1):
        if len(group) < 2:
            continue
        names = {case.material.name(place): int(place) for place in group}  # a picture may be listed in two splits
        for twins in _twins(names, _key):
            found.append(Seen(tuple(twins), _how(twins), tuple(names[name] for name in twins)))
    yield from sorted(found, key=lambda seen: seen.about)  # hashes come in another order in every process


def other_classes(case: Case) -> Iterator[Seen]:
    with_pictures = {
        source: {unicodedata.normalize("NFC", label) for label, pictures in folders.classes.items() if pictures}
        for source, folders in case.folders.items()
    }
    ours = with_pictures.pop("train", set())
    for source, classes in with_pictures.items():
        if ours and classes != ours:
            parts = [f"without {_listed(ours - classes)}"] if ours - classes else []
            parts += [f"with {_listed(classes - ours)}, which train has not"] if classes - ours else []
            yield Seen((source,), " and ".join(parts), (), (case.folders[source].root,))


def refused(case: Case) -> Iterator[Seen]:
    """What fit says, where nothing else here explains it."""
    if any(True for find in (empty, misplaced, twin_classes, other_classes) for _ in find(case)):
        return
    for fault in case.refused:
        where = str(fault.where) if fault.where else ""
        names = (_named(case, where), fault.message.replace(where, "") if where else fault.message)
        yield Seen(names, fault.message, (), (where,) if where else ())


def _named(case: Case, path: str) -> str:
    """A path as names have it: by its key; empty if it lies below none."""
    for source, folders in case.all_folders():
        if path == folders.root or path.startswith(os.path.join(folders.root, "")):
            return f"{source}/{os.path.relpath(path, folders.root)}"
    return ""


def _at(source: str, folders: Folders, path: str, message: str) -> Seen:
    return Seen((f"{source}/{path}",), message, (), (os.path.join(folders.root, path),))


def _folded(name: str) -> str:
    return name.casefold() if name.isascii() else unicodedata.normalize("NFC", name).casefold()


def _key(path: str) -> tuple[str, str]:
    """What the names of twins in one folder have in common."""
    folder, _, name = path.rpartition("/")
    return folder, _folded(name)


def _twins(names: Iterable[str], key: Callable[[str], Hashable] = _folded) -> list[list[str]]:
    """The names that differ only in case or Unicode normal form, together."""
    found: dict[Hashable, list[str]] = {}
    for name in sorted(names):
        found.setdefault(key(name), []).append(name)
    return [twins for twins in found.values() if len(twins) > 1]


def _how(twins: Sequence[str]) -> str:
    forms = {unicodedata.normalize("NFC", name) for name in twins}
    return "differ only in Unicode form" if len(forms) == 1 else "differ only in case"


def _holders(folders: Folders) -> list[str]:
    """Class folders that seem to hold classes, and not pictures: a split among them, or one folder around all."""
    inside: dict[str, set[str]] = {label: set() for label in folders.classes}
    for path in folders.inner:
        label, first = path.split("/")[:2]
        inside[label].add(first)
    holders = []
    for label, inner in inside.items():
        others = {*folders.classes, *(name for other, names in inside.items() if other != label for name in names)}
        is_split = split_named(label) and inner & (others - {label})
        is_around = len(folders.classes) == 1 and len(inner) > 1
        if label not in folders.direct and (is_split or is_around):
            holders.append(label)
    return holders


def _listed(names: set[str]) -> str:
    return few(sorted(names), _SHOWN)
