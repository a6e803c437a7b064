"""What parts that look at pictures through a window have in common."""

from __future__ import annotations

from nettrain.arrays.windows import Window
from nettrain.autograd.epilogue import Part
from nettrain.autograd.signature import ShapeError, show
from nettrain.autograd.tensor import Shape


class WindowPart(Part):
    """A part that looks at each picture through a window."""

    def __init__(self, window: Window) -> None:
        self.window = window

    def output_shape(self, shape: Shape) -> Shape:
        N, H, W, C = picture_shape(self.name, shape)
        try:
            return (N, *self.window.output_size(int(H), int(W)), C)
        except ValueError as error:
            raise ShapeError(f"{self.name}: {error}") from None

    def open(self, shape: tuple[int, ...], pieces: int, recorded: bool) -> None:
        self.size = shape[1], shape[2]


def picture_shape(name: str, shape: Shape) -> Shape:
    """The shape (N,H,W,C) that a part of this name wants. Errors: ``ShapeError`` for other axes."""
    if len(shape) != 4:
        raise ShapeError(f"{name}: x {show(shape)} has {len(shape)} axes; expected x (N, H, W, C)")
    return shape
