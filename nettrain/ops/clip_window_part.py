"""What parts that look at clips through a window have in common, and the shapes that parts of clips want."""

from __future__ import annotations

from nettrain.arrays.clip_windows import ClipWindow
from nettrain.autograd.epilogue import Part
from nettrain.autograd.signature import ShapeError, show
from nettrain.autograd.tensor import Shape


class ClipWindowPart(Part):
    """A part that looks at each clip through a window."""

    def __init__(self, window: ClipWindow) -> None:
        self.window = window

    def output_shape(self, shape: Shape) -> Shape:
        if len(shape) != 5:
            raise ShapeError(f"{self.name}: x {show(shape)} has {len(shape)} axes; expected x (N, T, H, W, C)")
        N, T, H, W, C = shape
        try:
            return (N, *self.window.output_size(int(T), int(H), int(W)), C)
        except ValueError as error:
            raise ShapeError(f"{self.name}: {error}") from None


def picture_or_clip(name: str, shape: Shape) -> Shape:
    """The shape of pictures or of clips that a part of this name wants. Errors: ``ShapeError`` for other axes."""
    if len(shape) not in (4, 5):
        wanted = "expected x (N, H, W, C) or (N, T, H, W, C)"
        raise ShapeError(f"{name}: x {show(shape)} has {len(shape)} axes; {wanted}")
    return shape


def frames_first(name: str, shape: Shape) -> Shape:
    """A shape whose second axis are frames. Errors: ``ShapeError`` for one with fewer than three."""
    if len(shape) < 3:
        raise ShapeError(f"{name}: x {show(shape)} has {len(shape)} axes; expected x (N, T, ..., C)")
    return shape
