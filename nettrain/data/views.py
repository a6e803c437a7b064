"""Test-time augmentation: the views of a picture that a network's probabilities are averaged over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from nettrain.data.augment.alternating_flip import MIRRORING
from nettrain.data.config import DataConfig

Array = npt.NDArray[Any]

TURNING = "random_vertical_flip"
PART = 32  # a picture is shifted by one of so many parts of its side, at least a pixel
WAYS = ((0, 0), (-1, -1), (-1, 1), (1, -1), (1, 1))  # of a shift: as it is, and towards each corner


@dataclass(frozen=True)
class Views:
    """A picture as it is and shifted towards its corners, each ``mirrored`` and ``upside_down`` too where they say so.

    Units   ``shift`` is how far, in pixels, down and to the right.
    """

    shift: tuple[int, int]
    mirrored: bool
    upside_down: bool = False

    @classmethod
    def known_to(cls, data: DataConfig) -> Views:
        """Those that a network trained so takes for the same picture: flipped only as it has learnt them.

        Notes    A 2 in a mirror is no 2, and the config knows. A shift of a thirty-second is nothing to any picture.
        """
        height, width = data.image.size
        kinds = {chosen.kind for chosen in data.augment}
        shift = max(1, height // PART), max(1, width // PART)
        return cls(shift, not kinds.isdisjoint(MIRRORING), TURNING in kinds)

    @property
    def count(self) -> int:
        return len(WAYS) * (1 + self.mirrored) * (1 + self.upside_down)

    def of(self, images: Array) -> Iterator[Array]:
        """Every view of N pictures, in the same order each time.

        Shapes   (N,...,H,W,C) -> the same.
        Notes    Where a shift leaves a gap, the pixels at the border stand again.
        """
        sides = [images, np.flip(images, -2)] if self.mirrored else [images]
        for side in [*sides, *(np.flip(side, -3) for side in sides)] if self.upside_down else sides:
            for ways in WAYS:
                shifted = side
                for axis, way, pixels in zip((-3, -2), ways, self.shift, strict=True):
                    length = images.shape[axis]
                    shifted = shifted.take(np.clip(np.arange(length) - way * pixels, 0, length - 1), axis)
                yield shifted

    def row(self) -> dict[str, Any]:
        """As JSON has it."""
        flips = {"mirrored": self.mirrored, "upside_down": self.upside_down}
        return {"views": self.count, "shift": list(self.shift), **flips}

    def __str__(self) -> str:
        down, right = self.shift
        far = f"{down} pixel{'' if down == 1 else 's'}" if down == right else f"{down} and {right} pixels"
        flips = [word for word, seen in (("mirrored", self.mirrored), ("upside down", self.upside_down)) if seen]
        return f"{self.count} views, shifted by {far}{', and ' if flips else ''}{' and '.join(flips)}"
