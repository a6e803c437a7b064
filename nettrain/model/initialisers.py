"""Initialisers, by Keras's names: random weights, each number a pure function of seed, parameter name and place.

``fan_in`` and ``fan_out`` count the numbers that flow into one output, and out of one input, of a weight. The
``*_normal`` of He, Glorot and LeCun are cut at two standard deviations and rescaled so that the variance is the one
named, as in Keras.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from nettrain.arrays import hash as counter_hash
from nettrain.config.fields import Chosen, NoSettings, Positive, Record
from nettrain.config.words import first_sentence

F64 = npt.NDArray[np.float64]
Fans = tuple[int, int]
Draw = Callable[[int], F64]  # so many numbers

CHUNK = 1 << 16  # numbers drawn at a time
TRUNCATED_DEVIATION = 0.87962566103423978  # of a standard normal cut at -2 and 2


@dataclass(frozen=True)
class NormalConfig(Record, short="stddev", aliases={"std": "stddev"}):
    """Settings of ``normal``: the standard deviation, around 0."""

    stddev: Positive = 0.05


@dataclass(frozen=True)
class UniformConfig(Record, short="limit", aliases={"bound": "limit"}):
    """Settings of ``uniform``: numbers from -limit to limit."""

    limit: Positive = 0.05


@dataclass(frozen=True)
class FilledConfig(Record, short="value"):
    """Settings of ``constant``: the same number everywhere."""

    value: float = 0.0


def _truncated(seed: int, purpose: str, places: npt.NDArray[np.int64]) -> F64:
    """Standard normal numbers between -2 and 2: one outside is drawn again with the next counter."""
    values = counter_hash.normal(seed, purpose, places, 0)
    draw = 0
    while (outside := np.flatnonzero(np.abs(values) > 2)).size:
        draw += 1
        values[outside] = counter_hash.normal(seed, purpose, places[outside], draw)
    return values


def _scaled_normal(variance: Callable[[Fans], float]) -> Callable[..., F64]:
    def draw(settings: Record, fans: Fans, seed: int, purpose: str, places: npt.NDArray[np.int64]) -> F64:
        return _truncated(seed, purpose, places) * (math.sqrt(variance(fans)) / TRUNCATED_DEVIATION)

    draw.__doc__ = f"Normal, cut at two standard deviations: {first_sentence(variance).lower()}."
    return draw


def _scaled_uniform(variance: Callable[[Fans], float]) -> Callable[..., F64]:
    def draw(settings: Record, fans: Fans, seed: int, purpose: str, places: npt.NDArray[np.int64]) -> F64:
        return _between(math.sqrt(3 * variance(fans)), seed, purpose, places)

    draw.__doc__ = f"Uniform around 0: {first_sentence(variance).lower()}."
    return draw


def _between(limit: float, seed: int, purpose: str, places: npt.NDArray[np.int64]) -> F64:
    return (2 * counter_hash.uniform(seed, purpose, places) - 1) * limit


def _normal(settings: NormalConfig, fans: Fans, seed: int, purpose: str, places: npt.NDArray[np.int64]) -> F64:
    """Normal around 0, of the standard deviation given."""
    return counter_hash.normal(seed, purpose, places) * settings.stddev


def _uniform(settings: UniformConfig, fans: Fans, seed: int, purpose: str, places: npt.NDArray[np.int64]) -> F64:
    """Uniform between -limit and limit."""
    return _between(settings.limit, seed, purpose, places)


def _constant(value: float) -> Callable[..., F64]:
    def draw(settings: Record, fans: Fans, seed: int, purpose: str, places: npt.NDArray[np.int64]) -> F64:
        return np.full(len(places), value)

    draw.__doc__ = f"{value:g} everywhere."
    return draw


def _filled(settings: FilledConfig, fans: Fans, seed: int, purpose: str, places: npt.NDArray[np.int64]) -> F64:
    """The number given, everywhere."""
    return np.full(len(places), settings.value)


def he(fans: Fans) -> float:
    """Variance 2 / fan_in.  Source: He, Zhang, Ren, Sun, "Delving Deep into Rectifiers", 2015, equation 10."""
    return 2 / fans[0]


def glorot(fans: Fans) -> float:
    """Variance 2 / (fan_in + fan_out).  Source: Glorot, Bengio, "Understanding the difficulty of training deep
    feedforward neural networks", 2010, equation 12."""
    return 2 / (fans[0] + fans[1])


def lecun(fans: Fans) -> float:
    """Variance 1 / fan_in.  Source: LeCun, Bottou, Orr, Müller, "Efficient BackProp", 1998, section 4.6."""
    return 1 / fans[0]


INITIALISERS: dict[str, tuple[type[Record], Callable[..., F64]]] = {
    "he_normal": (NoSettings, _scaled_normal(he)),
    "he_uniform": (NoSettings, _scaled_uniform(he)),
    "glorot_normal": (NoSettings, _scaled_normal(glorot)),
    "glorot_uniform": (NoSettings, _scaled_uniform(glorot)),
    "lecun_normal": (NoSettings, _scaled_normal(lecun)),
    "lecun_uniform": (NoSettings, _scaled_uniform(lecun)),
    "normal": (NormalConfig, _normal),
    "uniform": (UniformConfig, _uniform),
    "zeros": (NoSettings, _constant(0.0)),
    "ones": (NoSettings, _constant(1.0)),
    "constant": (FilledConfig, _filled),
}


def initialise(out: npt.NDArray[Any], chosen: Chosen, name: str, fans: Fans, seed: int) -> None:
    """Write the first values of a parameter, as its initialiser says.

    Shapes   ``out`` any, C-contiguous.
    Cost     memory for ``CHUNK`` numbers, however many there are.
    """
    draw, flat = INITIALISERS[chosen.kind][1], out.reshape(-1)
    for start in range(0, flat.size, CHUNK):
        places = np.arange(start, min(start + CHUNK, flat.size))
        flat[places[0] : places[-1] + 1] = draw(chosen.settings, fans, seed, f"model/{name}", places)
