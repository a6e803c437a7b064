"""The picture files below a folder, in code-point order of their paths, and what was passed over."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field

from nettrain.data.formats.table import SUFFIXES
from nettrain.errors import DataError

_SYSTEM = frozenset({"Thumbs.db", "desktop.ini", "__MACOSX"})


@dataclass
class Ignored:
    """What was passed over: entries that are hidden or an operating system's, files by suffix, columns of a list."""

    hidden: int = 0
    other: Counter[str] = field(default_factory=Counter)
    columns: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.hidden or self.other or self.columns)

    def __str__(self) -> str:
        """Such as ``ignored 2 hidden or system entries, 3 files '.pdf'``; empty if nothing was passed over."""
        parts = [f"{self.hidden} hidden or system {'entry' if self.hidden == 1 else 'entries'}"] if self.hidden else []
        for suffix, count in sorted(self.other.items()):
            parts.append(f"{count} {'file' if count == 1 else 'files'} {f'{suffix!r}' if suffix else 'without suffix'}")
        if self.columns:
            few = ", ".join(repr(name) for name in self.columns[:10]) + (", ..." if len(self.columns) > 10 else "")
            parts.append(f"{'column' if len(self.columns) == 1 else 'columns'} {few}")
        return f"ignored {', '.join(parts)}" if parts else ""


def is_ignored(name: str) -> bool:
    """Whether an entry of this name is never looked at: hidden, ``Thumbs.db``, ``desktop.ini``, ``__MACOSX``."""
    return name.startswith(".") or name in _SYSTEM


def is_picture(name: str) -> bool:
    """Whether a file of this name counts as a picture when a folder is listed; a named file is always tried."""
    return os.path.splitext(name)[1].lower() in SUFFIXES


def entries(folder: str, ignored: Ignored) -> tuple[list[str], list[str]]:
    """The names of (sub-folders, other entries) of one folder, each in code-point order, links followed."""
    folders: list[str] = []
    others: list[str] = []
    try:
        with os.scandir(folder) as found:
            for entry in found:
                if is_ignored(entry.name):
                    ignored.hidden += 1
                else:
                    (folders if _is_folder(entry) else others).append(entry.name)
    except OSError as problem:
        raise DataError(f"cannot list the folder: {problem.strerror}", folder) from problem
    return sorted(folders), sorted(others)


def pictures_below(folder: str, ignored: Ignored) -> list[str]:
    """Paths of the pictures at any depth, relative to ``folder``, with ``/``.

    Errors   DataError: a folder that cannot be listed, a link that leads back to a folder it lies in.
    Notes    links to files and folders are followed, also out of ``folder``. A link to nothing counts as a picture if
             it is called like one, so that decoding names it.
    """
    pictures: list[str] = []
    waiting: list[tuple[str, frozenset[tuple[int, int]]]] = [("", frozenset())]
    while waiting:
        below, above = waiting.pop()
        here = os.path.join(folder, below[:-1]) if below else folder
        identity = _identity(here)
        if identity in above:
            raise DataError("a link that leads back to a folder it lies in; remove it", here)
        folders, others = entries(here, ignored)
        for name in others:
            if is_picture(name):
                pictures.append(below + name)
            else:
                ignored.other[os.path.splitext(name)[1].lower()] += 1
        waiting += [(below + name + "/", above | {identity}) for name in folders]
    return sorted(pictures)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads back to itself
        return False


def _identity(folder: str) -> tuple[int, int]:
    try:
        status = os.stat(folder)
    except OSError as problem:
        raise DataError(f"cannot list the folder: {problem.strerror}", folder) from problem
    return status.st_dev, status.st_ino
