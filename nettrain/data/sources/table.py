"""Where labelled pictures may come from, a row each: how a path is recognised, and what lists it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from nettrain.data.listing import Listing, list_classes
from nettrain.data.names import unfit_among_several
from nettrain.data.sources.manifest import list_manifest
from nettrain.data.tree import DISK
from nettrain.errors import DataError, Fault


@dataclass(frozen=True)
class Source:
    """A kind of source: ``fits`` recognises its path, ``read`` lists it with labels, (N) or several (N,K).

    ``what`` it is on the disk, and what is ``expected`` of it, are for errors.
    """

    what: str
    expected: str
    fits: Callable[[str], bool]
    read: Callable[[str, bool, int], Listing]


def _folder(path: str, several: bool, least_classes: int) -> Listing:
    """One folder a class; where a picture may have several labels, it has this one."""
    listing = list_classes(DISK, path, least_classes)
    if not several:
        return listing
    unfit = ((os.path.join(path, name), unfit_among_several(name)) for name in listing.classes)
    if faults := [Fault(why, where) for where, why in unfit if why is not None]:
        raise DataError(faults=faults)
    return replace(listing, labels=np.eye(len(listing.classes), dtype=bool)[listing.labels])


def _csv(path: str, several: bool, least_classes: int) -> Listing:
    return list_manifest(DISK, path, several, least_classes)


def _is_csv(path: str) -> bool:
    return path.lower().endswith(".csv") and not os.path.isdir(path)


SOURCES: dict[str, Source] = {  # the first that fits; the last says what is wrong with a path that is like none
    "csv": Source("file", "a CSV with the columns path and label", _is_csv, _csv),
    "folder": Source("folder", "a folder with one folder of pictures a class", lambda path: True, _folder),
}


def list_source(path: str | os.PathLike[str], several: bool = False, least_classes: int = 2) -> Listing:
    """The labelled pictures of a source, none of them read.

    Errors   DataError: those of the source.
    """
    path = os.fspath(path)
    return source_of(path).read(path, several, least_classes)


def source_of(path: str) -> Source:
    """The kind of source that a path is."""
    return next(source for source in SOURCES.values() if source.fits(path))
