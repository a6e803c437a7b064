"""The layer that puts zeros around pictures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from nettrain.arrays.padding import Pads
from nettrain.autograd.epilogue import Part
from nettrain.autograd.tensor import Shape
from nettrain.config.fields import Limit, Record
from nettrain.model.layer import PartLayer, Pass
from nettrain.model.layers.window_settings import LARGEST
from nettrain.ops.zero_pad import ZeroPad

Side = Annotated[int, Limit(0, LARGEST)]  # pixels
Sides = Side | tuple[Side, Side]


@dataclass(frozen=True)
class ZeroPadding2dConfig(Record, short="padding"):
    """Settings of ``zero_padding2d``, in pixels: of every side; [rows, columns]; or [[top, bottom], [left, right]]."""

    padding: Side | tuple[Sides, Sides] = 1

    def faults(self, given: frozenset[str]) -> Iterator[tuple[str, str]]:
        if self.pads == ((0, 0), (0, 0)):
            yield "padding", "pads nothing; leave the layer out"

    @property
    def pads(self) -> Pads:
        """(top, bottom), (left, right)."""
        both = (self.padding,) * 2 if isinstance(self.padding, int) else self.padding
        rows, columns = ((side, side) if isinstance(side, int) else side for side in both)
        return rows, columns


class ZeroPadding2d(PartLayer):
    """Rows and columns of zeros around each picture.  Shapes: (N, H, W, C) -> (N, P, Q, C)."""

    takes = "(H,W,C)"

    def __init__(self, settings: ZeroPadding2dConfig, shape: Shape) -> None:
        self.pads = settings.pads

    def part(self, now: Pass) -> Part:
        return ZeroPad(self.pads)
