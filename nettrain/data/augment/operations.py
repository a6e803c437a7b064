"""The operations that policies draw from, each with one magnitude a picture, and how strong each may be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
import numpy.typing as npt

from nettrain.data.augment.colour import saturation
from nettrain.data.augment.curves import auto_contrasted, brightness, contrast, equalized, posterized, solarized
from nettrain.data.augment.filters import sharpened
from nettrain.data.augment.geometry import affine_maps
from nettrain.data.augment.sampler import transformed

U8 = npt.NDArray[np.uint8]
F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Operation = Callable[[U8, F64, tuple[int, ...]], U8]  # pictures, a magnitude of each, what fills a gap

NEEDS_COLOURS = "color"


def _moved(images: U8, fill: tuple[int, ...], **how: F64) -> U8:
    n, height, width, _ = images.shape
    return transformed(images, affine_maps((height, width), n, **how), fill)


def shear_x(images: U8, magnitudes: F64, fill: tuple[int, ...]) -> U8:
    """Each row further to the left than the one above; the upper left corner stays."""
    return _moved(images, fill, shear_x=magnitudes, shift_x=-magnitudes * images.shape[1] / 2)


def shear_y(images: U8, magnitudes: F64, fill: tuple[int, ...]) -> U8:
    """Each column further up than the one before; the upper left corner stays."""
    return _moved(images, fill, shear_y=magnitudes, shift_y=-magnitudes * images.shape[2] / 2)


OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        "identity": lambda images, magnitudes, fill: images,
        "shear_x": shear_x,
        "shear_y": shear_y,
        "translate_x": lambda images, magnitudes, fill: _moved(images, fill, shift_x=np.trunc(magnitudes)),
        "translate_y": lambda images, magnitudes, fill: _moved(images, fill, shift_y=np.trunc(magnitudes)),
        "rotate": lambda images, magnitudes, fill: _moved(images, fill, degrees=-magnitudes),
        "brightness": lambda images, magnitudes, fill: brightness(images, 1.0 + magnitudes),
        NEEDS_COLOURS: lambda images, magnitudes, fill: saturation(images, 1.0 + magnitudes),
        "contrast": lambda images, magnitudes, fill: contrast(images, 1.0 + magnitudes),
        "sharpness": lambda images, magnitudes, fill: sharpened(images, 1.0 + magnitudes),
        "posterize": lambda images, magnitudes, fill: posterized(images, np.rint(magnitudes).astype(np.int64)),
        "solarize": lambda images, magnitudes, fill: solarized(images, magnitudes),
        "auto_contrast": lambda images, magnitudes, fill: auto_contrasted(images),
        "equalize": lambda images, magnitudes, fill: equalized(images),
    }
)


@dataclass(frozen=True, slots=True)
class Span:
    """How strong an operation may be: from ``weakest`` to ``strongest``; ``signed`` is one that goes both ways.

    ``of`` says that these are parts of a side of the picture, in pixels.
    """

    weakest: float = 0.0
    strongest: float = 0.0
    signed: bool = False
    of: Literal["width", "height"] | None = None

    def magnitudes(self, bins: int, size: tuple[int, int]) -> F64:
        """The magnitudes, weakest first, for pictures of (H, W) ``size``."""
        side = {"height": size[0], "width": size[1], None: 1}[self.of]
        return np.linspace(self.weakest, self.strongest, bins) * side


Space = Mapping[str, Span]


def space_of(turn: float, shear: float, across: Span, down: Span, enhance: float, bits: Span) -> Space:
    """A space of all operations: the strongest turn, in degrees, shear and enhancement, and spans of the others."""
    return MappingProxyType(
        {
            "identity": Span(),
            "shear_x": Span(0, shear, signed=True),
            "shear_y": Span(0, shear, signed=True),
            "translate_x": across,
            "translate_y": down,
            "rotate": Span(0, turn, signed=True),
            **{name: Span(0, enhance, signed=True) for name in ENHANCING},
            "posterize": bits,
            "solarize": Span(255, 0),
            "auto_contrast": Span(),
            "equalize": Span(),
        }
    )


ENHANCING = ("brightness", NEEDS_COLOURS, "contrast", "sharpness")


def for_channels(space: Space, channels: int) -> Space:
    """The operations that do something to pictures of so many channels."""
    return {name: span for name, span in space.items() if channels > 1 or name != NEEDS_COLOURS}


def operated(images: U8, space: Space, kinds: I64, bins: F64 | I64, signs: F64, of: int, fill: tuple[int, ...]) -> U8:
    """One operation on each picture, in a new array.

    Shapes   ``kinds (N,)`` are places in the space, ``bins (N,)`` those of magnitudes, ``of`` so many, and
             ``signs (N,)`` 1 or -1.
    """
    out = images.copy()
    for place, (name, span) in enumerate(space.items()):
        chosen = np.flatnonzero(kinds == place)
        if len(chosen):
            strengths = span.magnitudes(of, images.shape[1:3])[bins[chosen]]
            out[chosen] = OPERATIONS[name](
                images[chosen], strengths * signs[chosen] if span.signed else strengths, fill
            )
    return out
