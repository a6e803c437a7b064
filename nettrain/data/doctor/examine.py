"""From a config's data to what is wrong with it: list it as fit does, look at every picture, and say what was found."""

from __future__ import annotations

import contextlib
import os
import unicodedata
from collections.abc import Callable, Mapping

import numpy as np

from nettrain.arrays.threads import get_threads
from nettrain.data.clip_listing import as_clips
from nettrain.data.config import DataConfig
from nettrain.data.doctor.case import Case
from nettrain.data.doctor.copies import look_alike, same_bytes
from nettrain.data.doctor.folders import Folders, look_round
from nettrain.data.doctor.manifest import read_manifest
from nettrain.data.doctor.material import Material
from nettrain.data.doctor.scan import scan
from nettrain.data.labels import Labels, are_several
from nettrain.data.listing import Listing
from nettrain.data.reader import on_disk
from nettrain.data.roots import find_roots
from nettrain.data.sources.table import Where, list_source
from nettrain.data.split import Split
from nettrain.data.splitting import make_splits
from nettrain.data.walk import Ignored, pictures_below
from nettrain.data.wanted import Wanted
from nettrain.errors import DataError, Fault

Report = Callable[[str, int, int], None]  # what is going on, done, total


def examine(data: DataConfig, seed: int, report: Report, manifest: str | None = None) -> Case:
    """Look at every picture that the data of a config name; nothing is written.

    Errors   ``DataError`` if there is nothing to look at: what the config names is not there, or a list that is none;
             those of ``read_manifest``. ``EnvironmentFault``.
    """
    known = None if manifest is None else read_manifest(manifest)
    roots = find_roots(data)
    where = {"train": roots.train, "val": roots.val, "test": roots.test}
    sources = {key: one for key, one in where.items() if isinstance(one, (str, tuple))}
    folders = {key: look_round(one) for key, one in sources.items() if isinstance(one, str) and os.path.isdir(one)}
    above = None
    if isinstance(data.train, str) and os.path.isdir(data.train) and roots.train != data.train:
        above = look_round(data.train, deeper=False)
    refused: tuple[Fault, ...] = ()
    notes: tuple[str, ...] = ()
    try:
        divided = make_splits(data, seed)
        splits, notes = divided.all(), divided.notes
    except DataError as error:
        refused, splits = error.faults, _undivided(sources, folders, data)
    material = Material(splits, data.image)
    found = scan(material, get_threads(), lambda done, total: report("looking", done, total))
    same = same_bytes(found)
    alike = look_alike(material, found, same, get_threads(), lambda done, total: report("comparing", done, total))
    return Case(material, found, same, alike, folders, above, notes, refused, known)


def _undivided(sources: Mapping[str, Where], folders: Mapping[str, Folders], data: DataConfig) -> tuple[Split, ...]:
    """The pictures of each source as they lie, where fit would not take them so."""
    listings = {
        key: _as_they_lie(folders[key], data.image.frames)
        if key in folders
        else list_source(where, Wanted.by(data), least_classes=1)
        for key, where in sources.items()
    }
    classes = tuple(sorted({name for listing in listings.values() for name in listing.classes}))
    index = {name: place for place, name in enumerate(classes)}
    return tuple(
        Split(key, listing.reader, listing.files, _moved(listing, index), classes) for key, listing in listings.items()
    )


def _as_they_lie(folders: Folders, frames: int | None) -> Listing:
    """The pictures, or clips, below a folder of classes, without those that lie in no class."""
    names = {folder: unicodedata.normalize("NFC", folder) for folder in folders.classes}
    classes = tuple(sorted(set(names.values())))
    found: list[tuple[str, int]] = []
    for folder, name in names.items():
        with contextlib.suppress(DataError):  # which is among the reasons why fit refuses
            below = pictures_below(os.path.join(folders.root, folder), Ignored())
            found += [(f"{folder}/{picture}", classes.index(name)) for picture in below]
    found.sort()
    labels = np.array([label for _, label in found], np.int64)
    files = on_disk(folders.root)
    listing = Listing(files, classes, tuple(path for path, _ in found), labels, Ignored())
    return listing if frames is None else as_clips(listing, files, frames)


def _moved(listing: Listing, index: Mapping[str, int]) -> Labels:
    """The labels of a listing by their places in more classes than it has."""
    places = np.array([index[name] for name in listing.classes], np.int64)
    if not are_several(listing.labels):
        return places[listing.labels]
    labels = np.zeros((len(listing.labels), len(index)), bool)
    labels[:, places] = listing.labels
    return labels
