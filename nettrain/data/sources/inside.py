"""What of an archive holds the pictures: the folder that the way down leads to, or the list that lies there."""

from __future__ import annotations

import csv
import io
import os

from nettrain.data.archives.opened import is_archive, located
from nettrain.data.sources import cifar, idx
from nettrain.data.sources.manifest import COLUMNS
from nettrain.data.tree import DISK, Tree
from nettrain.data.walk import Ignored, is_picture
from nettrain.errors import DataError

DEEPEST = 8  # folders with nothing but one folder in them, as archives have them


def settled(path: str) -> str:
    """The path itself; of an archive the path in it at which its pictures are: a folder, or a CSV that lists them.

    Errors   DataError: an archive that cannot be read, or that is refused; two lists.
    """
    tree, name = located(path)
    return path if tree is DISK or name or not is_archive(path) else tree.path(_way_down(tree))


def _way_down(tree: Tree) -> str:
    """The name to which the folders lead of which each is alone in the one above it."""
    name = tree.top
    for _ in range(DEEPEST):
        folders, others = tree.entries(name, Ignored())
        if lists := [other for other in others if _is_list(tree, os.path.join(name, other))]:
            if len(lists) > 1:
                named = tree.path(os.path.join(name, lists[0]))
                raise DataError(f"holds the lists {' and '.join(lists)}; name one of them: {named}", tree.path(name))
            return os.path.join(name, lists[0])
        if len(folders) != 1 or any(map(is_picture, others)) or _is_known(others):
            return name
        below = os.path.join(name, folders[0])
        inner, files = tree.entries(below, Ignored())
        found = inner and not any(map(is_picture, files))
        if not found and not _is_known(files) and not any(_is_list(tree, os.path.join(below, file)) for file in files):
            return name
        name = below
    return name


def _is_known(files: list[str]) -> bool:
    """Whether a folder with these files is one of pixels."""
    return any(map(idx.is_images, files)) or cifar.holds(files)


def _is_list(tree: Tree, name: str) -> bool:
    """Whether a file is a CSV whose first line names the columns path and label."""
    if not name.lower().endswith(".csv"):
        return False
    with io.TextIOWrapper(tree.open(name), encoding="utf-8-sig", errors="replace", newline="") as file:
        try:
            head = next(csv.reader(file), [])
        except csv.Error:
            return False
    return set(COLUMNS[:2]) <= {cell.strip() for cell in head}
