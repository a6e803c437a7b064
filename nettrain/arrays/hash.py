"""All randomness: a vectorised counter hash, so that any number can be asked for again by (seed, purpose, counters).

Nothing here has a state. A draw is a pure function of its counters; resuming a run is therefore arithmetic, and no
draw depends on how many others were made before it.

Source   the finaliser of SplitMix64: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA
         2014, figure 16.
"""

from __future__ import annotations

import hashlib
import math
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

Counter = int | npt.NDArray[Any]
U64 = npt.NDArray[np.uint64]
F64 = npt.NDArray[np.float64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S11 = (np.uint64(n) for n in (30, 27, 31, 11))


def _mix(z: U64) -> U64:
    z = z ^ (z >> _S30)
    z = z * _MIX_1
    z = z ^ (z >> _S27)
    z = z * _MIX_2
    return z ^ (z >> _S31)


@lru_cache(maxsize=1024)
def _key(seed: int, purpose: str) -> int:
    digest = hashlib.sha256(f"{seed}:{purpose}".encode()).digest()
    return int.from_bytes(digest[:8], "little")


def bits(seed: int, purpose: str, *counters: Counter) -> U64:
    """64 random bits for each combination of counters.

    Shapes   the counters broadcast against each other; the result has their common shape (() becomes (1,)).
    """
    state: U64 = np.full(1, _key(seed, purpose), np.uint64)
    for counter in counters:
        state = _mix((state ^ np.asarray(counter).astype(np.uint64)) + _GOLDEN)
    return _mix(state)


def uniform(seed: int, purpose: str, *counters: Counter) -> F64:
    """Numbers in [0, 1) with 53 random bits; shapes as for ``bits``."""
    return (bits(seed, purpose, *counters) >> _S11).astype(np.float64) * 2.0**-53


def integers(high: int, seed: int, purpose: str, *counters: Counter) -> npt.NDArray[np.int64]:
    """Whole numbers in [0, high); shapes as for ``bits``. The bias is below high / 2**53."""
    return (uniform(seed, purpose, *counters) * high).astype(np.int64)


def normal(seed: int, purpose: str, *counters: Counter) -> F64:
    """Standard normal numbers; shapes as for ``bits``.

    Source   Box, Muller, "A Note on the Generation of Random Normal Deviates", 1958.
    """
    radius = np.sqrt(-2.0 * np.log1p(-uniform(seed, purpose + "/radius", *counters)))
    return np.asarray(radius * np.cos(2.0 * np.pi * uniform(seed, purpose + "/angle", *counters)), np.float64)


def gamma(alpha: float, seed: int, purpose: str, *counters: Counter) -> F64:
    """Numbers with the gamma distribution of shape ``alpha`` and scale 1; shapes as for ``bits``.

    Notes    a number depends on its own counters alone, however many others are asked for with it: logarithms, cosines
             and powers are of one number at a time, because a vectorised one may round otherwise for other lengths.
    Source   Marsaglia, Tsang, "A Simple Method for Generating Gamma Variables", 2000; below 1 their section 6.
    """
    d = alpha + (alpha < 1) - 1.0 / 3.0
    shape = np.broadcast_shapes(*(np.shape(counter) for counter in counters)) or (1,)
    places = [np.broadcast_to(np.asarray(counter), shape).ravel() for counter in counters]
    found = np.empty(int(np.prod(shape)))
    left = np.arange(len(found))
    attempt = 0
    while len(left):
        here = [place[left] for place in places]
        draws = (uniform(seed, purpose + what, *here, attempt) for what in ("/gamma/radius", "/gamma/angle", "/taken"))
        found[left] = [_attempted(d, *one) for one in zip(*(draw.tolist() for draw in draws), strict=True)]
        left, attempt = left[found[left] == 0.0], attempt + 1
    if alpha < 1:
        below = uniform(seed, purpose + "/below", *places)
        found *= [(1.0 - number) ** (1.0 / alpha) for number in below.tolist()]
    return found.reshape(shape)


def _attempted(d: float, radius: float, angle: float, taken: float) -> float:
    """A number of the gamma distribution of shape d + 1/3, or 0 if these three uniform ones make none."""
    x = math.sqrt(-2.0 * math.log1p(-radius)) * math.cos(2.0 * math.pi * angle)
    root = 1.0 + x / math.sqrt(9.0 * d)
    v = root * root * root
    fits = v > 0 and math.log1p(-taken) < 0.5 * x * x + d - d * v + d * math.log(v)
    return d * v if fits else 0.0


def permutation(length: int, seed: int, purpose: str, *counters: int) -> npt.NDArray[np.int64]:
    """An order of 0 .. length - 1: the places sorted by their random bits, ties by place."""
    return np.argsort(bits(seed, purpose, *counters, np.arange(length)), kind="stable")
