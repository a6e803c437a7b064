"""The small matrices of Winograd's minimal filtering, from the points at which polynomials are evaluated.

y = At [(G w) * (Bt x)] gives ``OUTPUTS`` results of a filter of ``TAPS`` weights from ``POINTS_IN_ALL`` products:
input, filter and output are polynomials, multiplied by their values at that many points, the last of them infinity.

Source   Winograd, "Arithmetic Complexity of Computations", 1980, chapter IV; Lavin, Gray, "Fast Algorithms for
         Convolutional Neural Networks", 2015, section 4.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]

OUTPUTS, TAPS = 4, 3
POINTS_IN_ALL = OUTPUTS + TAPS - 1
POINTS = (0.0, 2 / 3, -2 / 3, 4 / 3, -4 / 3)  # and infinity: 3 to 5 times more exact than 0, +-1, +-2


@cache
def matrices() -> tuple[F64, F64, F64]:
    """At (4,6), G (6,3) and Bt (6,6) in float64, by solving the identity that defines Bt from the other two."""
    A, G = _powers(OUTPUTS), _powers(TAPS)
    products = np.stack([A[:, i] * G[:, j] for i in range(OUTPUTS) for j in range(TAPS)])
    wanted = np.array([[float(k == i + j) for k in range(POINTS_IN_ALL)] for i in range(OUTPUTS) for j in range(TAPS)])
    return A.T, G, np.linalg.lstsq(products, wanted, rcond=None)[0]


def _powers(count: int) -> F64:
    """Each point to the powers 0 .. count - 1; infinity has the highest power alone."""
    return np.array([[point**j for j in range(count)] for point in POINTS] + [[0.0] * (count - 1) + [1.0]])


def filter_transform(*, flipped: bool) -> F64:
    """(36,9): a filter of 3x3 weights to its values at every pair of points (column point first); ``flipped`` turns it
    by half a circle first."""
    _, G, _ = matrices()
    pairs: F64 = np.einsum("ar,bs->bars", G, G)
    return (pairs[:, :, ::-1, ::-1] if flipped else pairs).reshape(POINTS_IN_ALL**2, TAPS**2)
