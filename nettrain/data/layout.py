"""Where the pictures of a folder lie that nobody has described: which part of it is train, val and test."""

from __future__ import annotations

import os
from dataclasses import dataclass

from nettrain.data.listing import Listing, list_folder
from nettrain.data.split import folder_split
from nettrain.data.walk import Ignored, entries, is_picture
from nettrain.errors import DataError, escape

NAMES = {
    "train": ("train", "training"),
    "val": ("val", "valid", "validation", "dev"),
    "test": ("test", "testing"),
}
DEEPEST = 8  # folders with nothing but one folder in them, as archives leave behind


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """The pictures to train on, folders with those to validate and test on where there are such, and what is passed by.

    Notes    ``left_out`` are sentences for the user.
    """

    train: Listing
    val: str | None
    test: str | None
    left_out: tuple[str, ...] = ()


def find_layout(root: str) -> Layout:
    """Look for one folder a class: in ``root`` itself, in its ``train/``, or in the one folder that it holds.

    Errors   DataError: those of ``list_folder``.
    Notes    ``val/`` and ``test/``, by any of their names, count only where their classes are those of train.
    """
    folders, loose = _inside(root)
    for _ in range(DEEPEST):
        below = os.path.join(root, folders[0]) if len(folders) == 1 and not loose else None
        if below is None or not (inner := _inside(below))[0] or inner[1]:
            break
        root, (folders, loose) = below, inner
    named = {
        split: [name for wanted in names for name in folders if name.lower() == wanted]
        for split, names in NAMES.items()
    }
    if not named["train"] or not _is_split(root, named, folders):
        return Layout(list_folder(root), None, None)
    train = list_folder(os.path.join(root, named["train"][0]))
    others = set(folders).difference(*named.values())
    left_out = [f"{escape(name)}/ is not used" for name in sorted(others)]
    found: dict[str, str | None] = {"val": None, "test": None}
    for split in found:
        for name in named[split]:
            path = os.path.join(root, name)
            if found[split] is not None:
                left_out.append(f"{escape(name)}/ is not used beside {escape(os.path.basename(found[split] or ''))}/")
            elif reason := _misfit(path, train.classes):
                left_out.append(f"{escape(name)}/ is not used: {reason}")
            else:
                found[split] = path
    return Layout(train, found["val"], found["test"], tuple(left_out))


def _inside(folder: str) -> tuple[list[str], list[str]]:
    """The folders in a folder, and the pictures that lie in it directly.  Errors: DataError if it is none."""
    if not os.path.isdir(folder):
        list_folder(folder)  # which says what is wrong
    folders, others = entries(folder, Ignored())
    return folders, [name for name in others if is_picture(name)]


def _is_split(root: str, named: dict[str, list[str]], folders: list[str]) -> bool:
    """Whether ``train/`` holds the classes, rather than being one, such as of trains beside cars."""
    if len(folders) == sum(map(len, named.values())):
        return True
    inner, loose = _inside(os.path.join(root, named["train"][0]))
    return len(inner) > 1 and not loose


def _misfit(path: str, classes: tuple[str, ...]) -> str:
    """Why a folder cannot judge a model of these classes, or nothing."""
    try:
        folder_split(os.path.basename(path), path, classes)
    except DataError as error:
        return escape(error.faults[0].message)
    return ""
