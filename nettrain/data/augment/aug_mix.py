"""AugMix: several chains of operations on every picture, mixed with one another and with the picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt

from nettrain.config.fields import Limit
from nettrain.data.augment.draw import Draw
from nettrain.data.augment.operations import ENHANCING, Span, for_channels, operated, space_of
from nettrain.data.augment.settings import Alpha, Faults, Fill, FillingConfig, filling

STRENGTHS = 10
DEEPEST = 3  # operations of a chain whose depth is drawn
_ALL = space_of(
    turn=30,
    shear=0.3,
    across=Span(0, 1 / 3, signed=True, of="width"),
    down=Span(0, 1 / 3, signed=True, of="height"),
    enhance=0.9,
    bits=Span(4, 0),
)
SPACE = {name: span for name, span in _ALL.items() if name != "identity"}


@dataclass(frozen=True)
class AugMixConfig(FillingConfig):
    """``mixture_width`` chains of ``chain_depth`` operations, -1 for 1 to 3 by chance, each of a strength by chance.

    ``severity`` is how many of ten strengths are drawn from; ``alpha`` how evenly chains and picture are mixed: the
    larger, the more; ``all_ops: false`` leaves brightness, contrast, color and sharpness out; ``fill``, 0..255 or one
    number a channel, is what shows where a picture was moved away.
    """

    severity: Annotated[int, Limit(1, STRENGTHS)] = 3
    mixture_width: Annotated[int, Limit(1, 10)] = 3
    chain_depth: Annotated[int, Limit(-1, 10)] = -1
    alpha: Alpha = 1.0
    all_ops: bool = True
    fill: Fill = 0

    def faults(self, given: frozenset[str]) -> Faults:
        if self.chain_depth == 0:
            yield "chain_depth", f"expected at least 1, or -1 for 1 to {DEEPEST} by chance, got 0"


def aug_mix(images: npt.NDArray[np.uint8], config: AugMixConfig, draw: Draw) -> npt.NDArray[np.uint8]:
    """Mix each picture with several chains of operations on it, in shares by chance.

    Shapes   (N,H,W,C) -> (N,H,W,C), a new array.
    Notes    of one channel, ``color`` is not among the operations.
    Source   Hendrycks et al., "AugMix", 2020, algorithm 1; operations and ranges are torchvision's.
    """
    channels = images.shape[3]
    space = for_channels(SPACE, channels)
    if not config.all_ops:
        space = {name: span for name, span in space.items() if name not in ENHANCING}
    kept = draw.shares(config.alpha, 2, 0)[:, 0]
    shares = draw.shares(config.alpha, config.mixture_width, 1) * (1.0 - kept[:, None])
    total = _weighted(images, kept)
    for chain in range(config.mixture_width):
        total += _weighted(_chained(images, config, draw.within(f".{chain}"), space), shares[:, chain])
    np.rint(total, out=total)
    np.clip(total, 0, 255, out=total)
    return total.astype(np.uint8)


def _chained(
    images: npt.NDArray[np.uint8], config: AugMixConfig, draw: Draw, space: Mapping[str, Span]
) -> npt.NDArray[np.uint8]:
    """Each picture after a chain of operations."""
    fill = filling(config.fill, images.shape[3])
    fixed = np.full(len(draw), config.chain_depth)
    depths = fixed if config.chain_depth > 0 else 1 + draw.integers(DEEPEST, 0)
    out = images.copy()
    for turn in range(int(depths.max(initial=0))):
        going = np.flatnonzero(depths > turn)
        here = draw.only(going)
        kinds, bins = here.integers(len(space), 3 * turn + 1), here.integers(config.severity, 3 * turn + 2)
        out[going] = operated(out[going], space, kinds, bins, here.signs(3 * turn + 3), STRENGTHS, fill)
    return out


def _weighted(images: npt.NDArray[np.uint8], shares: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    return np.multiply(images, shares.astype(np.float32)[:, None, None, None], dtype=np.float32)
