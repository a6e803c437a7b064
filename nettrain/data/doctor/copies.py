"""Which pictures are the same, to the byte or to the eye: groups of places."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from nettrain.arrays.threads import Workers
from nettrain.data.doctor.alike import OTHERS, Others, are_alike, centred, correlations
from nettrain.data.doctor.groups import Groups
from nettrain.data.doctor.look import looked
from nettrain.data.doctor.material import Material
from nettrain.data.doctor.near import NEAR_BITS, near_pairs
from nettrain.data.doctor.scan import Scan

U8 = npt.NDArray[np.uint8]

_PAIRS = 256  # that are compared before the next pictures are read


def same_bytes(found: Scan) -> list[list[int]]:
    """Groups of good pictures whose files are the same, each in order, by their first."""
    places = np.flatnonzero(found.good)
    words = found.digests[places].view("<u8")  # (n,4)
    order = np.lexsort(words.T)
    edges = np.flatnonzero((words[order][1:] != words[order][:-1]).any(axis=1)) + 1
    return sorted(sorted(places[group].tolist()) for group in np.split(order, edges) if len(group) > 1)


def look_alike(
    material: Material,
    found: Scan,
    same: Sequence[Sequence[int]],
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> list[list[int]]:
    """Groups of pictures that look the same though their files differ; copies of a file are in the group with it.

    Errors   ``DataError`` for a file that has gone since the pass, ``EnvironmentFault``.
    Notes    pictures whose hashes are near are read once more and compared, so that two that have little more in
             common than their hash are told apart. None of them is kept.
    """
    copies = {group[0]: group for group in same}
    first = found.comparable.copy()
    for group in same:
        first[list(group[1:])] = False
    places, groups = np.flatnonzero(first), Groups(len(material))
    ones, others = (places[ends] for ends in near_pairs(found.hashes[places], NEAR_BITS))

    def again(place: int) -> U8:
        return looked(material.read(place), material.path(place), material.image).small

    with Workers(workers, "nettrain-doctor") as pool:
        sample = places[np.unique(np.linspace(0, len(places) - 1, min(len(places), OTHERS)).astype(int))]
        if len(ones):
            rest = Others(np.stack(list(pool.map(again, sample.tolist()))), found.hashes[sample], NEAR_BITS)
        for start in range(0, len(ones), _PAIRS):
            pairs = np.stack([ones[start : start + _PAIRS], others[start : start + _PAIRS]], axis=1)
            needed, ends = np.unique(pairs, return_inverse=True)
            rows = centred(np.stack(list(pool.map(again, needed.tolist()))))
            nearest = rest.nearest(rows, found.hashes[needed])
            for one, other in ends.reshape(-1, 2).tolist():
                correlation = float(correlations(rows[[one]], rows[[other]])[0, 0])
                if are_alike(correlation, max(nearest[one], nearest[other])):
                    groups.join(int(needed[one]), int(needed[other]))
            if progress is not None:
                progress(min(start + _PAIRS, len(ones)), len(ones))
    return [sorted(copy for place in group for copy in copies.get(place, [place])) for group in groups]
