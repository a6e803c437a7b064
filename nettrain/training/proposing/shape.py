"""The size that pictures of an unknown folder are made into, how they are fitted into it, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

I64 = npt.NDArray[np.int64]

SIDES = ((2_000, 128), (8_000, 96), (1 << 62, 64))  # up to so many pictures, at most such a side
SMALL = 64  # pictures that all have one size up to this are taken as they are
SHORTEST = 8  # pixels of a side
ALIKE = 0.05  # by which the shapes of nearly all may differ and still be one
LONG = 1.8  # times as long as high, or the other way: cut to a square, too much would be lost


@dataclass(frozen=True)
class Shape:
    """The size (H, W) that pictures get, how they are fitted, and why."""

    size: tuple[int, int]
    fit: Literal["stretch", "crop", "pad"]
    why: str

    @classmethod
    def of(cls, sizes: I64, pictures: int) -> Shape:
        """For pictures of these sizes (n,2), of which there are so many in all."""
        heights, widths = sizes.T
        if len(np.unique(sizes, axis=0)) == 1 and sizes.min() >= SHORTEST and sizes.max() <= SMALL:
            height, width = map(int, sizes[0])
            return cls((height, width), "stretch", f"every picture has {width}x{height} pixels: taken as it is")
        most = next(side for limit, side in SIDES if pictures <= limit)
        side = _rounded(min(most, float(np.median(sizes.min(axis=1)))))
        ratios = widths / heights
        ratio = float(np.median(ratios))
        span = _span(widths, heights)
        cost = f"{side} pixels a side keep the training of {pictures:,} pictures to minutes; more show more, and cost"
        if np.mean(np.abs(ratios / ratio - 1) <= ALIKE) >= 0.95 and 1 / 3 <= ratio <= 3:
            size = (side, _rounded(side * ratio)) if ratio >= 1 else (_rounded(side / ratio), side)
            return cls(size, "stretch", f"{span}, all of one shape, which is kept; {cost}")
        if np.median(np.maximum(ratios, 1 / ratios)) > LONG:
            return cls((side, side), "pad", f"{span}, long ones: pad keeps all of each, with white around it; {cost}")
        return cls((side, side), "crop", f"{span}: crop takes the middle of each, and keeps its shape; {cost}")


def _rounded(side: float) -> int:
    """A multiple of 8 pixels, or the number itself where it is small."""
    return max(SHORTEST, int(side) // 8 * 8 if side >= 16 else int(side))


def _span(widths: I64, heights: I64) -> str:
    """The sizes there are: ``pictures have 40x30 to 640x480 pixels``."""
    order = np.argsort(widths * heights, kind="stable")
    small, large = (f"{widths[place]}x{heights[place]}" for place in (order[0], order[-1]))
    return f"pictures have {small} pixels" if small == large else f"pictures have {small} to {large} pixels"
