"""Windows that slide over pictures: size, stride, dilation, the padding rules, and how many places they leave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Pair = tuple[int, int]
Padding = Literal["same", "valid", "keras_same"] | int


@dataclass(frozen=True, slots=True)
class Window:
    """A window of R x S pixels.

    Units    pixels; pairs are (rows, columns).
    Notes    ``same`` pads dilation * (size - 1) in all, whatever the stride: half of it, rounded down, before and the
             rest after. ``keras_same`` pads so that ceil(H / stride) places are left. ``valid`` pads nothing; a
             number pads that much on every side.
    """

    size: Pair
    stride: Pair = (1, 1)
    dilation: Pair = (1, 1)
    padding: Padding = "valid"

    @property
    def span(self) -> Pair:
        """Pixels from the first to the last row and column that a window touches."""
        return (self.dilation[0] * (self.size[0] - 1) + 1, self.dilation[1] * (self.size[1] - 1) + 1)

    def pads(self, height: int, width: int) -> tuple[Pair, Pair]:
        """Pixels added (before, after) along rows and along columns."""
        return self._pad(0, height), self._pad(1, width)

    def output_size(self, height: int, width: int) -> Pair:
        """P and Q, the places that the window has.

        Errors   ``ValueError`` if it has none.
        """
        P, Q = self._places(0, height), self._places(1, width)
        if P < 1 or Q < 1:
            padded = tuple(n + sum(self._pad(axis, n)) for axis, n in enumerate((height, width)))
            raise ValueError(
                f"a window of {self.span[0]}x{self.span[1]} leaves no pixels of a {height}x{width} picture"
                f" ({padded[0]}x{padded[1]} with padding); expected a smaller window, stride or more padding"
            )
        return P, Q

    def _pad(self, axis: int, length: int) -> Pair:
        return pads_along(length, self.span[axis], self.stride[axis], self.padding)

    def _places(self, axis: int, length: int) -> int:
        return places_along(length, self.span[axis], self.stride[axis], self.padding)


def pads_along(length: int, span: int, stride: int, padding: Padding) -> Pair:
    """What a window that touches ``span`` of an axis adds (before, after)."""
    if isinstance(padding, int):
        return padding, padding
    if padding == "valid":
        return 0, 0
    total = span - 1
    if padding == "keras_same":
        total = max((-(-length // stride) - 1) * stride + span - length, 0)
    return total // 2, total - total // 2


def places_along(length: int, span: int, stride: int, padding: Padding) -> int:
    """How many places it has along that axis; 0 if none."""
    room = length + sum(pads_along(length, span, stride, padding)) - span
    return room // stride + 1 if room >= 0 else 0
