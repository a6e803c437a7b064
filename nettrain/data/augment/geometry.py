"""Maps from where a pixel is to where it was: turns, shears, shifts and scales around the middle; and perspective.

Points are in pixels from the upper left corner, x to the right and y down; pixel (0, 0) has its middle at (0.5, 0.5).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]
DIGITS = (
    15  # after the point, so that a turn by 90 degrees is one: the float64 of 90 degrees is not quite a right angle
)


def affine_maps(
    size: tuple[int, int],
    n: int,
    degrees: F64 | None = None,
    shift_x: F64 | None = None,
    shift_y: F64 | None = None,
    scale: F64 | None = None,
    shear_x: F64 | None = None,
    shear_y: F64 | None = None,
) -> F64:
    """Of n pictures of (H, W) ``size``: sheared, scaled, turned clockwise around the middle, then shifted.

    Shapes   each argument (n,), the result (n,6), as ``sampler.transformed`` takes it.
    Units    degrees; shifts in pixels; scale is a factor; shears are the pixels that a row, or column, moves further
             than the one before it.
    Notes    a point p goes to M (p - middle) + middle + shift; M = turn * scale * SHy * SHx, SHx = [1 -shear_x; 0 1],
             SHy = [1 0; -shear_y 1]; the map is its inverse.
    Source   torchvision, ``functional.affine``, with tan(shear) for the shear angles.
    """
    height, width = size
    zeros = np.zeros(n)
    x, y = (zeros if shift is None else shift for shift in (shift_x, shift_y))
    sx, sy = (zeros if shear is None else shear for shear in (shear_x, shear_y))
    cos, sin = (
        (zeros + 1.0, zeros) if degrees is None else (of_degrees(math.cos, degrees), of_degrees(math.sin, degrees))
    )
    by = 1.0 if scale is None else 1.0 / scale
    a, b = cos * by, sin * by  # the turn and the scale undone: [a b; -b a]
    c, d = -b + sy * a, a + sy * b  # then the shear of columns
    a, b = a + sx * c, b + sx * d  # and that of rows
    mid_x, mid_y = width / 2, height / 2
    to_x, to_y = x + mid_x, y + mid_y
    return np.stack([a, b, mid_x - a * to_x - b * to_y, c, d, mid_y - c * to_x - d * to_y], axis=1)


def of_degrees(function: Callable[[float], float], degrees: F64) -> F64:
    """Sine or cosine, of one number at a time: a vectorised one may round otherwise for other lengths."""
    return np.array([round(function(math.radians(angle)), DIGITS) for angle in degrees.tolist()])


def perspective_maps(size: tuple[int, int], corners: F64) -> F64:
    """Of pictures of (H, W) ``size`` whose corners come to lie elsewhere.

    Shapes   corners (N,4,2): the new (x, y) of the upper left, upper right, lower right and lower left corner; the
             result (N,8), as ``sampler.transformed`` takes it.
    Notes    the four have to make a convex quadrilateral, in this order.
    Source   Heckbert, "Fundamentals of Texture Mapping and Image Warping", 1989, section 2.2.3: the map from the unit
             square, and its inverse by the adjoint matrix.
    """
    height, width = size
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = corners.transpose(1, 2, 0)
    dx1, dy1, dx2, dy2 = x1 - x2, y1 - y2, x3 - x2, y3 - y2
    sum_x, sum_y = x0 - x1 + x2 - x3, y0 - y1 + y2 - y3
    area = dx1 * dy2 - dx2 * dy1
    g, h = (sum_x * dy2 - dx2 * sum_y) / area, (dx1 * sum_y - sum_x * dy1) / area
    a, b, c = x1 - x0 + g * x1, x3 - x0 + h * x3, x0
    d, e, f = y1 - y0 + g * y1, y3 - y0 + h * y3, y0
    whole = a * e - b * d
    rows = [width * (e - f * h), width * (c * h - b), width * (b * f - c * e)]
    rows += [height * (f * g - d), height * (a - c * g), height * (c * d - a * f)]
    rows += [d * h - e * g, b * g - a * h]
    return np.asarray(np.stack(rows, axis=1) / whole[:, None])


def are_convex(corners: F64) -> npt.NDArray[np.bool_]:
    """Whether four corners (N,4,2) go round clockwise, as seen, without a turn back."""
    ahead = np.roll(corners, -1, axis=1) - corners
    after = np.roll(ahead, -1, axis=1)
    return np.asarray((ahead[..., 0] * after[..., 1] - ahead[..., 1] * after[..., 0] > 0).all(axis=1))
