"""Where the pictures of a source lie that nobody has described: which part of it is train, val and test."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace

import numpy as np

from nettrain.data.archives.opened import located
from nettrain.data.listing import Listing
from nettrain.data.sources.inside import settled
from nettrain.data.sources.table import ONE_PICTURE, SOURCES, kind_within, list_source, parts_of
from nettrain.data.split_names import SPLIT_NAMES
from nettrain.data.splitting import folder_split
from nettrain.data.walk import Ignored, is_picture
from nettrain.data.wanted import A_LOOK, Wanted
from nettrain.errors import DataError, escape

DEEPEST = 8  # folders with nothing but one folder in them, as archives leave behind


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """The pictures to train on, paths of those to validate and test on where there are such, and what is passed by.

    Notes    ``path`` is what names the pictures to train on, a source of this ``kind``, which brings the splits
             ``given`` itself. ``left_out`` are sentences for the user. ``wanted`` is what the pictures were listed as.
    """

    kind: str
    path: str
    train: Listing
    val: str | None = None
    test: str | None = None
    given: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    wanted: Wanted = ONE_PICTURE

    def as_clips(self) -> Layout:
        """The same, of clips.  Errors: those of ``list_source``."""
        wanted = replace(self.wanted, frames=A_LOOK)
        listing = list_source(self.path, wanted)
        return replace(self, train=_trained(listing), wanted=wanted)


def find_layout(path: str) -> Layout:
    """Look for pictures: in a source, or for one folder a class in ``path`` itself, in its ``train/``, or further down.

    Errors   DataError: those of ``list_source``.
    Notes    ``val/`` and ``test/``, by any of their names, count only where their classes are those of train.
    """
    inside = settled(path)
    kind = kind_within(inside)
    found = _folders(inside) if kind == "folder" else _source(kind, inside)
    return replace(found, path=path) if found.path == inside else found


def _source(kind: str, path: str) -> Layout:
    """The pictures of what is no folder of classes."""
    parts = parts_of(path)
    if parts and ("train" in parts or len(parts) == 1):
        train = parts.get("train", next(iter(parts.values())))
        given = tuple(name for name in ("val", "test") if name in parts and "train" in parts)
        return Layout(kind, path, list_source(train[0] if len(train) == 1 else tuple(train)), given=given)
    wanted = SOURCES[kind].holds(path)
    listing = list_source(path, wanted)
    given = tuple(name for name in ("val", "test") if name in (listing.splits or ()))
    return Layout(kind, path, _trained(listing), given=given, wanted=wanted)


def _trained(listing: Listing) -> Listing:
    """What of a listing is to train on."""
    if listing.splits is None:
        return listing
    places = np.flatnonzero(np.array(listing.splits) == "train")
    return replace(listing, files=tuple(listing.files[place] for place in places), labels=listing.labels[places])


def _folders(root: str) -> Layout:
    """One folder a class, maybe below folders of splits."""
    folders, loose = _inside(root)
    for _ in range(DEEPEST):
        below = os.path.join(root, folders[0]) if len(folders) == 1 and not loose else None
        if below is None or not (inner := _inside(below))[0] or inner[1]:
            break
        root, (folders, loose) = below, inner
    named = {
        split: [name for wanted in names for name in folders if name.lower() == wanted]
        for split, names in SPLIT_NAMES.items()
    }
    if not named["train"] or not _is_split(root, named, folders):
        return Layout("folder", root, list_source(root))
    top = os.path.join(root, named["train"][0])
    train = list_source(top)
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
    return Layout("folder", top, train, found["val"], found["test"], (), tuple(left_out))


def _inside(folder: str) -> tuple[list[str], list[str]]:
    """The folders in a folder, and the pictures that lie in it directly.  Errors: DataError if it is none."""
    tree, name = located(folder)
    if not tree.is_folder(name):
        list_source(folder)  # which says what is wrong
    folders, others = tree.entries(name, Ignored())
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
