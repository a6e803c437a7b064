"""Where labelled pictures may come from, a row each: how a path is recognised, and what lists it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from nettrain.data.archives.opened import ARCHIVES, located
from nettrain.data.clip_listing import as_clips
from nettrain.data.labels import are_several, counts
from nettrain.data.listing import Listing, list_classes
from nettrain.data.names import unfit_among_several
from nettrain.data.reader import Files
from nettrain.data.sources import cifar, idx, npz
from nettrain.data.sources.inside import settled
from nettrain.data.sources.joined import joined
from nettrain.data.sources.manifest import held_by, list_manifest
from nettrain.data.split_names import split_named
from nettrain.data.walk import Ignored
from nettrain.data.wanted import Wanted
from nettrain.errors import DataError, Fault

Where = str | tuple[str, ...]  # a path, or several whose pictures are joined
ONE_PICTURE = Wanted()


@dataclass(frozen=True)
class Source:
    """A kind of source: ``fits`` recognises its path, ``read`` lists what is wanted with labels, (N) or several (N,K).

    ``what`` it is on the disk, and what is ``expected`` of it, are for errors. ``parts`` says what of it is for what:
    paths under names such as train, val or test; nothing for what is not divided. ``holds`` says what could be wanted
    of it, where a look at it tells.
    """

    what: str
    expected: str
    fits: Callable[[str], bool]
    read: Callable[[str, Wanted, int], Listing]
    parts: Callable[[str], Mapping[str, Sequence[str]]] = lambda path: {}
    holds: Callable[[str], Wanted] = lambda path: ONE_PICTURE


def _folder_parts(path: str) -> Mapping[str, Sequence[str]]:
    """``train/`` and others below a folder that holds nothing but them."""
    tree, name = located(path)
    folders = tree.entries(name, Ignored())[0] if tree.is_folder(name) else []
    found: dict[str, list[str]] = {}
    for folder in folders:
        if (split := split_named(folder)) is None:
            return {}
        found.setdefault(split, []).append(os.path.join(path, folder))
    return found if "train" in found else {}


def _suffix(*suffixes: str) -> Callable[[str], bool]:
    return lambda path: path.lower().endswith(suffixes) and not os.path.isdir(path)


def _within(path: str, wanted: Wanted, least_classes: int) -> Listing:
    path = settled(path)
    return _inner(path).read(path, wanted, least_classes)


def _folders(path: str, wanted: Wanted, least_classes: int) -> Listing:
    tree, name = located(path)
    listing = list_classes(tree, name, least_classes)
    return listing if wanted.frames is None else as_clips(listing, Files(tree, name), wanted.frames)


def _parts_within(path: str) -> Mapping[str, Sequence[str]]:
    path = settled(path)
    return _inner(path).parts(path)


def _inner(path: str) -> Source:
    """What lies in an archive."""
    return SOURCES[kind_within(path)]


_PACKED = "of pictures, one folder a class, or with a CSV that lists them"
SOURCES: dict[str, Source] = {  # the first that fits; the last says what is wrong with a path that is like none
    "csv": Source(
        "file",
        "a CSV with the columns path and label",
        _suffix(".csv"),
        lambda path, wanted, least: list_manifest(*located(path), wanted, least),
        holds=lambda path: held_by(*located(path)),
    ),
    "npz": Source("file", "an .npz with the arrays images and labels", npz.fits, npz.list_npz, holds=npz.held_by),
    "idx": Source("file", "an IDX file of pictures with its labels beside it", idx.fits, idx.list_idx, idx.parts),
    "cifar": Source("file", "a binary file of CIFAR", cifar.fits, cifar.list_cifar, cifar.parts),
    "zip": Source("file", f"a zip archive {_PACKED}", _suffix(".zip"), _within, _parts_within),
    "tar": Source("file", f"a tar archive {_PACKED}", _suffix(*(set(ARCHIVES) - {".zip"})), _within, _parts_within),
    "folder": Source(
        "folder",
        "a folder with one folder of pictures a class",
        lambda path: True,
        _folders,
        _folder_parts,
    ),
}


def list_source(where: Where | os.PathLike[str], wanted: Wanted = ONE_PICTURE, least_classes: int = 2) -> Listing:
    """The labelled pictures, or clips, of a source, or of several that are joined, none of them read.

    Errors   DataError: those of the source; a class without pictures.
    """
    paths = where if isinstance(where, tuple) else (os.fspath(where),)
    if twice := next((path for path in paths if paths.count(path) > 1), None):
        raise DataError("is named twice; expected each source once", twice)
    if len(paths) == 1:
        listing = _listed(paths[0], wanted, least_classes)
    else:
        listing = joined({path: _listed(path, wanted, 1) for path in paths}, 1 if wanted.several else least_classes)
    there = counts(listing.labels, len(listing.classes)).tolist()
    if lost := [name for name, count in zip(listing.classes, there, strict=True) if not count and not wanted.several]:
        raise DataError(
            faults=[Fault("no picture is of this class; expected some", listing.root, name) for name in lost]
        )
    return listing


def source_of(path: str) -> Source:
    """The kind of source that a path is."""
    return next(source for source in SOURCES.values() if source.fits(path))


def is_source(path: str) -> bool:
    """Whether a path is a folder, of the disk or in an archive, or a file of a kind that lists pictures."""
    tree, name = located(path)
    return tree.is_folder(name) or source_of(path) is not SOURCES["folder"]


def kind_within(path: str) -> str:
    """The kind of source that a path is, whether it leads into an archive or not."""
    return next(kind for kind, source in SOURCES.items() if kind not in ("zip", "tar") and source.fits(path))


def parts_of(path: str) -> Mapping[str, Sequence[str]]:
    """What of a source is for what, by its own names: paths, to be joined where there are several."""
    return source_of(path).parts(path)


def _listed(path: str, wanted: Wanted, least_classes: int) -> Listing:
    """One source; where a picture may have several labels, one that has a single label each gives it that."""
    listing = source_of(path).read(path, wanted, least_classes)
    if not wanted.several or are_several(listing.labels):
        return listing
    unfit = ((os.path.join(path, name), unfit_among_several(name)) for name in listing.classes)
    if faults := [Fault(why, where) for where, why in unfit if why is not None]:
        raise DataError(faults=faults)
    return replace(listing, labels=np.eye(len(listing.classes), dtype=bool)[listing.labels])
