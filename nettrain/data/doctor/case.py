"""All that is known of a patient before anything is said: the pictures, what they are like, and how they lie."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from nettrain.data.doctor.folders import Folders
from nettrain.data.doctor.manifest import Manifest, Sum
from nettrain.data.doctor.material import Material
from nettrain.data.doctor.scan import Scan
from nettrain.errors import Fault


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """What the kinds of finding are looked for in.

    Notes    ``same`` and ``alike`` are groups of places: of the same bytes, and of pictures that look the same though
             their bytes differ. ``folders`` are by the key that they are named under; ``above`` is the folder that
             they were recognised in. ``notes`` are those of the listing, for the user. ``refused`` is why nothing could
             be divided as fit would; where it is empty, the splits are those of fit.
    """

    material: Material
    scan: Scan
    same: Sequence[Sequence[int]]
    alike: Sequence[Sequence[int]]
    folders: Mapping[str, Folders]
    above: Folders | None = None
    notes: tuple[str, ...] = ()
    refused: tuple[Fault, ...] = ()
    manifest: Manifest | None = None

    def all_folders(self) -> Iterator[tuple[str, Folders]]:
        """Those of each key, and the one above them, as ``data``."""
        yield from self.folders.items()
        if self.above is not None:
            yield "data", self.above

    def sum_of(self, place: int) -> Sum | None:
        """What is known of a picture's file; None if it could not be read."""
        if not self.scan.read[place]:
            return None
        return Sum(int(self.scan.bytes[place]), self.scan.digests[place].tobytes())

    def sums(self) -> Iterator[tuple[str, Sum]]:
        """The name and sum of each file that could be read, once, however many splits it is in."""
        seen: set[str] = set()
        for place in range(len(self.material)):
            name, known = self.material.name(place), self.sum_of(place)
            if known is not None and name not in seen:
                seen.add(name)
                yield name, known
