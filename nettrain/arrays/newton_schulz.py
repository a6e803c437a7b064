"""A matrix whose singular values are all brought to about 1, by products alone."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from nettrain.arrays.norm import sum_of_squares

Array = npt.NDArray[Any]

COEFFICIENTS = (3.4445, -4.7750, 2.0315)  # Jordan's: they lift small singular values the fastest
SMALLEST_NORM = 1e-7


def square_numbers(rows: int, columns: int) -> int:
    """How many numbers each of the two square matrices has that ``orthogonalize`` works with."""
    return min(rows, columns) ** 2


def multiplications(rows: int, columns: int, iterations: int) -> int:
    """How many multiplications and additions ``orthogonalize`` makes."""
    small, large = sorted((rows, columns))
    return iterations * small**2 * (2 * large + small)


def orthogonalize(
    x: Array, other: Array, squares: tuple[Array, Array], memory: npt.NDArray[np.float64], iterations: int
) -> Array:
    """``x`` with its singular values between about 0.7 and 1.2, in its own memory or that of ``other``.

    x <- x / |x|, so that none is above 1; then, so often: A = x x^T, x <- a x + (b A + c A^2) x.

    Shapes   x (M,N), C-contiguous; other (M,N); each of squares (min(M,N)**2 or more,); all are overwritten.
    Notes    Where there are more rows than columns, A = x^T x stands on the right: no transposed copy is made. Each
             product is one of BLAS on one thread, so the bits follow from the numbers alone.
    Source   Jordan et al., "Muon: An Optimizer for Hidden Layers in Neural Networks", 2024; Bernstein, Newhouse, "Old
             Optimizer, New Norm: An Anthology", 2024, appendix A.
    """
    a, b, c = COEFFICIENTS
    tall = x.shape[0] > x.shape[1]
    side = min(x.shape)
    gram, polynomial = (square[: side * side].reshape(side, side) for square in squares)
    x *= 1 / max(math.sqrt(sum_of_squares(x.reshape(-1), memory)), SMALLEST_NORM)
    for _ in range(iterations):
        if tall:
            np.matmul(x.T, x, out=gram)
        else:
            np.matmul(x, x.T, out=gram)
        np.matmul(gram, gram, out=polynomial)
        polynomial *= c
        gram *= b
        polynomial += gram
        polynomial.reshape(-1)[:: side + 1] += a
        if tall:
            np.matmul(x, polynomial, out=other)
        else:
            np.matmul(polynomial, x, out=other)
        x, other = other, x
    return x
