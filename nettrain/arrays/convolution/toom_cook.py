"""The small matrices of Winograd's minimal filtering, from the points at which polynomials are evaluated.

y = At [(G w) * (Bt x)] gives ``OUTPUTS`` results of a filter of ``TAPS`` weights from ``POINTS_IN_ALL`` products:
input, filter and output are polynomials, multiplied by their values at that many points, the last of them infinity.

Source   Winograd, "Arithmetic Complexity of Computations", 1980, chapter IV; Lavin, Gray, "Fast Algorithms for
         Convolutional Neural Networks", 2015, section 4.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cache

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]

OUTPUTS, TAPS = 4, 3
POINTS_IN_ALL = OUTPUTS + TAPS - 1
THIRDS = (0, 2, -2, 4, -4)  # and infinity: 3 to 5 times more exact than 0, +-1, +-2
POINTS = tuple(Fraction(thirds, 3) for thirds in THIRDS)


@cache
def matrices() -> tuple[F64, F64, F64]:
    """At (4,6), G (6,3) and Bt (6,6), each number the float64 that is nearest: the same on every machine.

    Notes    row k of Bt is the polynomial, lowest power first, that is 1 at point k and 0 at the others; that of
             infinity is 0 at all of them, with a highest coefficient of 1.
    """
    to_points = [[*_through(POINTS[:k] + POINTS[k + 1 :], POINTS[k]), Fraction(0)] for k in range(len(POINTS))]
    return _powers(OUTPUTS).T, _powers(TAPS), np.array([*to_points, _through(POINTS)], np.float64)


def _through(zeros: Sequence[Fraction], one: Fraction | None = None) -> list[Fraction]:
    """Coefficients, lowest power first, of the polynomial with these zeros that is 1 at ``one``, or begins with 1."""
    found = [Fraction(1)]
    for zero in zeros:
        found = [up - zero * here for up, here in zip([Fraction(0), *found], [*found, Fraction(0)], strict=True)]
    at_one = Fraction(1) if one is None else sum((c * one**power for power, c in enumerate(found)), Fraction(0))
    return [coefficient / at_one for coefficient in found]


def _powers(count: int) -> F64:
    """Each point to the powers 0 .. count - 1; infinity has the highest power alone."""
    return np.array([*([p**j for j in range(count)] for p in POINTS), [0] * (count - 1) + [1]], np.float64)


def filter_transform(*, flipped: bool) -> F64:
    """(36,9): a filter of 3x3 weights to its values at every pair of points (column point first); ``flipped`` turns it
    by half a circle first."""
    _, G, _ = matrices()
    pairs: F64 = np.einsum("ar,bs->bars", G, G)
    return (pairs[:, :, ::-1, ::-1] if flipped else pairs).reshape(POINTS_IN_ALL**2, TAPS**2)
