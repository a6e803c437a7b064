"""Several sources as one: their classes united by name, the pictures of each under a name of its own."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import permutations

import numpy as np
import numpy.typing as npt

from nettrain.data.labels import Labels, are_several
from nettrain.data.listing import Listing
from nettrain.data.reader import Item, Reader
from nettrain.data.spans import Stamp
from nettrain.data.walk import Ignored
from nettrain.errors import DataError, Fault

I64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Joined:
    """A reader of several: a name is that of one of ``readers``, a slash, and the name that this one knows.

    Notes    ``parts`` are the sources themselves: two lists in one folder hang on the same files, by other names.
    """

    readers: Mapping[str, Reader]
    parts: tuple[str, ...]

    @property
    def root(self) -> str:
        """The lowest folder that holds all of them."""
        return os.path.commonpath([os.path.abspath(reader.root) for reader in self.readers.values()])

    def read(self, name: str, most: int) -> Item:
        reader, inner = self._of(name)
        return reader.read(inner, most)

    def where(self, name: str) -> str:
        reader, inner = self._of(name)
        return reader.where(inner)

    def stamp(self, name: str) -> Stamp:
        reader, inner = self._of(name)
        return reader.stamp(inner)

    def ordered(self, names: Sequence[str]) -> I64:
        order = [np.empty(0, np.int64)]
        for tag, reader in self.readers.items():
            places = np.array([place for place, name in enumerate(names) if name.startswith(f"{tag}/")], np.int64)
            inner = reader.ordered([names[place][len(tag) + 1 :] for place in places])
            order.append(places[np.asarray(inner, np.int64)])
        return np.concatenate(order)

    def holding(self, names: Sequence[str]) -> list[str]:
        found = {tag: [name[len(tag) + 1 :] for name in names if name.startswith(f"{tag}/")] for tag in self.readers}
        return [place for tag, inner in found.items() if inner for place in self.readers[tag].holding(inner)]

    def _of(self, name: str) -> tuple[Reader, str]:
        tag = next(tag for tag in self.readers if name.startswith(f"{tag}/"))
        return self.readers[tag], name[len(tag) + 1 :]


def joined(listings: Mapping[str, Listing], least_classes: int) -> Listing:
    """The pictures of several sources, given by their paths.

    Errors   DataError: a picture that is in two of them, classes that differ only in case, fewer than
             ``least_classes``; a column split that only some have.
    Notes    A group of the same name is the same group; where a source has none, each picture is one.
    """
    tags = dict(zip(_tags(list(listings)), listings.values(), strict=True))
    reader = Joined({tag: listing.reader for tag, listing in tags.items()}, tuple(map(os.path.abspath, listings)))
    classes = tuple(sorted({name for listing in listings.values() for name in listing.classes}))
    _refuse(listings, classes, least_classes)
    files = [f"{tag}/{file}" for tag, listing in tags.items() for file in listing.files]
    order = sorted(range(len(files)), key=files.__getitem__)
    labels = np.concatenate([_labels(listing, classes) for listing in listings.values()])[order]
    splits, groups = (_columns(tags, name) for name in ("splits", "groups"))
    return Listing(
        reader,
        classes,
        tuple(files[place] for place in order),
        labels,
        _ignored(listings.values()),
        None if splits is None else tuple(splits[place] for place in order),
        None if groups is None else tuple(groups[place] for place in order),
    )


def _tags(paths: Sequence[str]) -> list[str]:
    """The ends of paths, as short as tells them apart: so that a name does not change when all are moved."""
    whole = [os.path.abspath(path).strip(os.sep).split(os.sep) for path in paths]
    for length in range(1, max(map(len, whole)) + 1):
        tags = ["/".join(parts[-length:]) for parts in whole]
        if not any(f"{one}/".startswith(f"{other}/") for one, other in permutations(tags, 2)):
            return tags
    return [f"{number}/{path}" for number, path in enumerate("/".join(parts) for parts in whole)]  # one in another


def _refuse(listings: Mapping[str, Listing], classes: Sequence[str], least_classes: int) -> None:
    faults = []
    if len({listing.splits is None for listing in listings.values()}) > 1:
        path = next(path for path, listing in listings.items() if listing.splits is not None)
        faults.append(Fault("has a column split, and what it is joined with has none; take it out, or add one", path))
    twins: dict[str, str] = {}
    for name in classes:
        if (twin := twins.setdefault(name.casefold(), name)) != name:
            what = f"the classes {twin!a} and {name!a} differ only in case; write them the same"
            faults.append(Fault(what, next(path for path, one in listings.items() if name in one.classes)))
    if len(classes) < least_classes:
        faults.append(
            Fault(f"holds only one class, {classes[0]!r}; expected at least {least_classes}", next(iter(listings)))
        )
    if not faults:
        there: dict[str, str] = {}
        for path, listing in listings.items():
            places = real_places(listing.reader, listing.files)
            if shared := next((place for place in places if place in there), None):
                what = f"the picture {places[shared]!r} is in {there[shared]} too; leave one of them out"
                faults.append(Fault(what, path))
            there.update(dict.fromkeys(places, path))
    if faults:
        raise DataError(faults=faults)


def real_places(reader: Reader, files: Sequence[str]) -> dict[str, str]:
    """Files by where they are, whichever way leads to the folder of each."""
    if isinstance(reader, Joined):
        found: dict[str, str] = {}
        for tag, inner in reader.readers.items():
            mine = [file[len(tag) + 1 :] for file in files if file.startswith(f"{tag}/")]
            found.update({place: f"{tag}/{file}" for place, file in real_places(inner, mine).items()})
        return found
    real = cache(os.path.realpath)  # of folders, in which many lie
    parts = ((os.path.split(os.path.join(reader.root, file)), file) for file in files)
    return {os.path.join(real(folder), name): file for (folder, name), file in parts}


def _labels(listing: Listing, classes: Sequence[str]) -> Labels:
    index = {name: place for place, name in enumerate(classes)}
    places = np.array([index[name] for name in listing.classes], np.int64)
    if not are_several(listing.labels):
        return places[listing.labels]
    labels = np.zeros((len(listing.files), len(classes)), bool)
    labels[:, places] = listing.labels
    return labels


def _columns(tags: Mapping[str, Listing], name: str) -> list[str] | None:
    """A column of all, if one has it; a picture without a group is one by itself, by a name that no list can hold."""
    columns = {tag: getattr(listing, name) for tag, listing in tags.items()}
    if all(column is None for column in columns.values()):
        return None
    return [
        value
        for tag, column in columns.items()
        for value in (column or [f"\0{tag}/{file}" for file in tags[tag].files])
    ]


def _ignored(listings: Iterable[Listing]) -> Ignored:
    found = Ignored()
    for listing in listings:
        found.hidden += listing.ignored.hidden
        found.other += listing.ignored.other
        found.columns += [name for name in listing.ignored.columns if name not in found.columns]
    return found
