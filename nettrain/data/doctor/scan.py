"""The one pass over all pictures: each is read, hashed and looked at, and numbers are all that is kept of it."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

import numpy as np
import numpy.typing as npt

from nettrain.data.bad_picture import BadPicture
from nettrain.data.decoding import CHUNK, DIGEST_BYTES, counted
from nettrain.data.doctor.look import Look, looked
from nettrain.data.doctor.material import Material
from nettrain.data.doctor.phash import SIDE, perceptual_hashes

LEAST_SIDE = 16  # pixels: smaller pictures have too little in them to tell one that is like another from a copy
FAINT = 4.0  # of 255: standard deviation of grey below which a hash would be of noise


class Scan:
    """What a pass has found out.

    Shapes   all (N): ``bytes`` of each file, ``digests (N,32)`` their SHA-256, ``hashes`` perceptual ones, which count
             where ``comparable``; ``sizes (N,2)`` (H, W) as stored; ``frames``; ``turns``, EXIF's 1 to 8; ``layouts``,
             places in ``layout_names``; ``flat``, whether all pixels are the same; ``good``, whether it can be used.
    Notes    ``reasons`` say of each bad picture, by its place, why it is one; ``read`` is false where not even its
             bytes could be read.
    """

    def __init__(self, total: int) -> None:
        self.bytes = np.zeros(total, np.int64)
        self.digests = np.zeros((total, DIGEST_BYTES), np.uint8)
        self.hashes = np.zeros(total, np.uint64)
        self.comparable = np.zeros(total, bool)
        self.sizes = np.zeros((total, 2), np.int32)
        self.frames = np.zeros(total, np.int32)
        self.turns = np.ones(total, np.uint8)
        self.layouts = np.zeros(total, np.int16)
        self.flat = np.zeros(total, bool)
        self.good = np.zeros(total, bool)
        self.read = np.zeros(total, bool)
        self.reasons: dict[int, str] = {}
        self.layout_names: list[str] = []


def scan(material: Material, workers: int = 1, progress: Callable[[int, int], None] | None = None) -> Scan:
    """Look at every picture on ``workers`` threads; the result does not depend on their number.

    Errors   ``EnvironmentFault``; a bad picture is no error here.
    Notes    ``progress(done, total)`` is called from this thread; what it raises ends the pass.
    """
    total, found = len(material), Scan(len(material))
    names: dict[str, int] = {}  # of layouts, numbered as they come, and in order at the end
    lock, order = Lock(), material.ordered()

    def chunk(start: int) -> int:
        places = order[start : start + CHUNK]
        small = np.empty((len(places), SIDE, SIDE, 3), np.uint8)
        for number, place in enumerate(places.tolist()):
            if (look := _one(material, place, found)) is not None:
                small[number] = look.small
                with lock:
                    found.layouts[place] = names.setdefault(look.layout, len(names))
        good = found.good[places]
        if material.image.frames is None:  # clips that only motion tells apart may have a frame in common
            _hash(found, places[good], small[good])
        return len(places)

    counted(chunk, range(0, total, CHUNK), workers, total, progress)
    found.layout_names = sorted(names)
    if names:
        found.layouts[:] = np.argsort([names[name] for name in found.layout_names])[found.layouts]
    return found


def _one(material: Material, place: int, found: Scan) -> Look | None:
    """Look at one picture, and put down what can be said in numbers; None if it is bad."""
    try:
        item = material.read(place)
        found.bytes[place], found.digests[place], found.read[place] = len(item.data), item.sha256, True
        look = looked(item, material.path(place), material.image)
    except BadPicture as problem:
        found.reasons[place] = problem.reason
        return None
    found.sizes[place] = look.height, look.width
    found.frames[place], found.turns[place], found.good[place] = look.frames, look.orientation, True
    found.flat[place] = look.flat
    return look


def _hash(found: Scan, places: npt.NDArray[np.int64], small: npt.NDArray[np.uint8]) -> None:
    if not len(places):
        return
    found.hashes[places] = perceptual_hashes(small)
    faint = small.mean(axis=3).std(axis=(1, 2)) < FAINT
    found.comparable[places] = ~faint & (found.sizes[places].min(axis=1) >= LEAST_SIDE)
