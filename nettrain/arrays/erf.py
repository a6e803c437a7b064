"""The error function, by Cody's rational approximations: about one unit in the last place of float64, NumPy alone.

Source   W. J. Cody, "Rational Chebyshev Approximations for the Error Function", Mathematics of Computation 23, 1969;
         the coefficients and the two-part exponential are those of his program CALERF in SPECFUN.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]

# each pair: numerator and denominator, highest power last in CALERF's order (its last coefficient leads)
_A = (3.16112374387056560e00, 1.13864154151050156e02, 3.77485237685302021e02, 3.20937758913846947e03)
_A_LEAD = 1.85777706184603153e-1
_B = (2.36012909523441209e01, 2.44024637934444173e02, 1.28261652607737228e03, 2.84423683343917062e03)
_C = (
    5.64188496988670089e-1, 8.88314979438837594e00, 6.61191906371416295e01, 2.98635138197400131e02,
    8.81952221241769090e02, 1.71204761263407058e03, 2.05107837782607147e03, 1.23033935479799725e03,
)  # fmt: skip
_C_LEAD = 2.15311535474403846e-8
_D = (
    1.57449261107098347e01, 1.17693950891312499e02, 5.37181101862009858e02, 1.62138957456669019e03,
    3.29079923573345963e03, 4.36261909014324716e03, 3.43936767414372164e03, 1.23033935480374942e03,
)  # fmt: skip
_P = (3.05326634961232344e-1, 3.60344899949804439e-1, 1.25781726111229246e-1, 1.60837851487422766e-2,
      6.58749161529837803e-4)  # fmt: skip
_P_LEAD = 1.63153871373020978e-2
_Q = (2.56852019228982242e00, 1.87295284992346725e00, 5.27905102951428412e-1, 6.05183413124413191e-2,
      2.33520497626869185e-3)  # fmt: skip
_SMALL, _LARGE = 0.46875, 4.0  # where one approximation hands over to the next
_SATURATED = 6.0  # erf is 1 in float64 from here on
_ONE_OVER_ROOT_PI = 0.56418958354775628695


def erf(x: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x, number by number; NaN stays NaN.

    Notes    float32 is computed in float64 and rounded once.
    """
    wide = np.asarray(x, np.float64)
    y = np.abs(wide)
    result = np.where(np.isnan(wide), wide, np.copysign(1.0, wide))
    small, middle = y <= _SMALL, (y > _SMALL) & (y <= _LARGE)
    large = (y > _LARGE) & (y < _SATURATED)
    result[small] = _near_zero(wide[small])
    result[middle] = np.copysign(1.0 - _tail(y[middle], _ratio(y[middle], _C, _C_LEAD, _D)), wide[middle])
    result[large] = np.copysign(1.0 - _tail(y[large], _asymptotic(y[large])), wide[large])
    return result.astype(x.dtype)


def _ratio(x: F64, upper: tuple[float, ...], lead: float, lower: tuple[float, ...]) -> F64:
    """A quotient of two polynomials by Horner's rule; the denominator's leading coefficient is 1."""
    above, below = lead * x, x.copy()
    for a, b in zip(upper[:-1], lower[:-1], strict=True):
        above = (above + a) * x
        below = (below + b) * x
    return (above + upper[-1]) / (below + lower[-1])


def _near_zero(x: F64) -> F64:
    return x * _ratio(x * x, _A, _A_LEAD, _B)


def _asymptotic(y: F64) -> F64:
    inverse = 1.0 / (y * y)
    return (_ONE_OVER_ROOT_PI - inverse * _ratio(inverse, _P, _P_LEAD, _Q)) / y


def _tail(y: F64, factor: F64) -> F64:
    """exp(-y^2) times a factor, the square cut in two so that its rounding error is not amplified."""
    coarse = np.trunc(y * 16.0) / 16.0
    return np.asarray(np.exp(-coarse * coarse) * np.exp(-(y - coarse) * (y + coarse)) * factor, np.float64)
